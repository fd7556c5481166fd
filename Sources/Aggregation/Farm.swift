public import Alerting
import EventBuilding
import Foundation
import NA62Formats
public import TriggerPipeline

/// The counts and candidates of the nodes of a farm as one: a pure state machine that is told what came and the time, and
/// answers the nodes.
///
/// - A node's counts are those of its whole run, and the newest replace those before: what is lost, doubled or overtaken
///   on the way changes nothing.
/// - Counts are *settled* at the end of a burst. Those within a burst are shown, and are in no result.
/// - A process that takes the place of another one of its node adds to what that one had settled. What that one had
///   counted of the burst under way is dropped, and said.
/// - A process that reads its stream again from the start replaces what the one before it had settled.
/// - A process of another configuration, one whose place was taken, and one that numbers the bursts in another way than
///   the farm, are refused, and keep what they had settled before.
public struct Farm: Sendable {
  /// Options.
  public struct Options: Sendable {
    /// Nodes.
    public var nodes: UInt32
    /// Hash of the effective configuration that all nodes must have.
    public var configuration: String
    /// Version of Spillway that all nodes must have.
    public var version: String
    /// Nothing counted, under that configuration: what counts must add up with.
    public var empty: RunPartial
    /// Time without a message after which a node is late, in ms.
    public var lateAfter: Int64 = 2000
    /// Time without a message after which a node is lost, in ms.
    public var lostAfter: Int64 = 10_000
    /// How far the data of a node may be behind, in ns of data time.
    public var mostLag: Int64 = 5_000_000_000
    /// How far the times of a burst may be apart from node to node, in ns.
    public var clockTolerance: Int64 = 2_000_000_000
    /// Alerts that are kept.
    public var mostAlerts = 100_000

    /// Options; see the properties.
    public init(nodes: UInt32, configuration: String, version: String, empty: RunPartial) {
      self.nodes = nodes
      self.configuration = configuration
      self.version = version
      self.empty = empty
    }
  }

  /// Most processes of a node: sums of their counts stay in range.
  private static let mostRestarts = 100
  /// Processes of a node whose place was taken that are remembered.
  private static let mostReplaced = 128
  private static let mostBursts = 1 << 17
  private static let mostRefusals = 32

  private struct BurstKey: Hashable {
    var run: UInt32
    var burst: UInt32
  }

  /// A process of a node.
  private struct Instance {
    let name: String
    var sequence: UInt64 = 0
    var heard: Int64
    var phase = NodeMessage.Phase.hello
    var refusal: String?
    var bursts: [BurstStatistics] = []
    /// The counts of complete bursts, and the message that they came with.
    var settled: RunPartial?
    var settledSequence: UInt64 = 0
    /// Newer counts, within a burst.
    var shown: RunPartial?
    var place: FarmBurst?
    var dataTime: Int64?
    var drops: UInt64?
    var alerts: UInt64 = 0
    var alertsMissed: UInt64 = 0
    var alertsLost: UInt64 = 0

    init(name: String, heard: Int64) {
      self.name = name
      self.heard = heard
    }

    var openEvents: UInt64 {
      guard let shown else { return 0 }
      return shown.events - min(settled?.events ?? 0, shown.events)
    }
  }

  private struct Node {
    var current: Instance?
    /// What processes before the current one had settled.
    var before: RunPartial?
    var replaced: [String] = []
    var restarts = 0
    var dropped: UInt64 = 0
    var alerts: UInt64 = 0
    var alertsLost: UInt64 = 0
  }

  private let options: Options
  private var nodes: [Node]
  /// When each burst was, over all nodes that hold it.
  private var times: [BurstKey: ClosedRange<Int64>] = [:]
  /// The candidates, in the order in which they came.
  public private(set) var alerts: [AlertLine] = []
  private var alertIDs: Set<String> = []
  /// Alerts that had no room, or were none.
  public private(set) var alertsLost: UInt64 = 0
  /// The books of the messages.
  public private(set) var books = FarmBooks()
  /// Rises with every change of the counts.
  public private(set) var revision: UInt64 = 0
  private var notes: [String] = []
  /// Who was turned away, and why, to say each once.
  private var refusals: Set<String> = []

  /// A farm of which nothing was heard.
  public init(_ options: Options) {
    self.options = options
    nodes = (0..<options.nodes).map { _ in Node() }
  }

  // MARK: What comes

  /// Takes a message of a node; returns the answer, nil to what is no message.
  ///
  /// - Parameter now: a time in ms, of any clock that does not go back.
  public mutating func receive(_ bytes: [UInt8], now: Int64) -> [UInt8]? {
    books.messages += 1
    let message: NodeMessage
    do { message = try NodeMessage(bytes) } catch {
      books.malformed += 1
      refuse("a sender", "\(error)")
      return nil
    }
    let header = message.header
    var reply = FarmReply(instance: header.instance, sequence: header.sequence)
    if let reason = stranger(header) {
      books.refused += 1
      refuse("a process that says it is node \(header.node)", reason)
      reply.refusal = reason
      return try? reply.encoded()
    }
    let number = Int(header.node)
    admit(header, number, now)
    guard var instance = nodes[number].current else { return nil }
    instance.heard = now
    if let refusal = instance.refusal {
      books.refused += 1
      nodes[number].current = instance
      reply.refusal = refusal
      return try? reply.encoded()
    }
    if header.sequence <= instance.sequence {
      books.repeated += 1
      nodes[number].current = instance
    } else {
      instance.sequence = header.sequence
      nodes[number].current = instance
      do {
        try take(message, number)
        books.taken += 1
      } catch {
        books.refused += 1
        nodes[number].current?.refusal = "\(error)"
        nodes[number].current?.shown = nil
        revision += 1
        note("node \(number): refused: \(error)")
      }
    }
    guard let current = nodes[number].current else { return nil }
    reply.refusal = current.refusal
    reply.settled = current.settledSequence
    reply.bursts = current.bursts.count
    reply.alerts = current.alerts
    reply.place = place
    return try? reply.encoded()
  }

  /// Why a process is not one of this farm; nil where it is.
  private func stranger(_ header: NodeMessage.Header) -> String? {
    guard header.nodes == options.nodes, header.node < options.nodes else {
      return
        "it is node \(header.node) of \(header.nodes), this is a farm of \(options.nodes); give both the same"
    }
    guard header.version == options.version else {
      return "it is Spillway \(printable(header.version)), this is \(options.version); use one version"
    }
    guard header.configuration == options.configuration else {
      return "its configuration hash is \(printable(String(header.configuration.prefix(12)))), that of the "
        + "aggregator is \(options.configuration.prefix(12)); give both the same menu and selections"
    }
    let node = nodes[Int(header.node)]
    guard !node.replaced.contains(header.instance) else {
      return "another process has taken its place as node \(header.node); end one of them"
    }
    if let current = node.current, current.name != header.instance, node.restarts >= Self.mostRestarts {
      return "node \(header.node) has come back \(Self.mostRestarts) times; begin with a new aggregator"
    }
    return nil
  }

  /// Makes a process the current one of its node.
  private mutating func admit(_ header: NodeMessage.Header, _ number: Int, _ now: Int64) {
    if let old = nodes[number].current {
      guard old.name != header.instance else { return }
      retire(old, number)
    }
    nodes[number].current = Instance(name: header.instance, heard: now)
    revision += 1
    note("node \(number): \(nodes[number].restarts == 0 ? "is there" : "is back")")
  }

  /// What a process had settled stays with its node.
  private mutating func retire(_ old: Instance, _ number: Int) {
    var node = nodes[number]
    node.replaced = Array((node.replaced + [old.name]).suffix(Self.mostReplaced))
    node.restarts += 1
    node.alerts += old.alerts - old.alertsMissed
    node.alertsLost += old.alertsMissed + old.alertsLost
    if let settled = old.settled {
      // Bursts in common were looked for when they were settled.
      var sum = node.before
      do { if sum == nil { sum = settled } else { try sum?.merge(settled) } } catch {
        note("node \(number): what its last process settled cannot be added: \(error)")
      }
      node.before = sum
    }
    if old.openEvents > 0 {
      node.dropped += old.openEvents
      note(
        "node \(number): its last process did not live to end burst \(old.place?.burst ?? 0): \(old.openEvents) "
          + "events of it are in no sum")
    }
    nodes[number] = node
  }

  private mutating func take(_ message: NodeMessage, _ number: Int) throws {
    let header = message.header
    guard var instance = nodes[number].current else { return }
    instance.phase = header.phase
    instance.place = header.place ?? instance.place
    instance.dataTime = header.dataTime ?? instance.dataTime
    instance.drops = header.drops
    instance.alertsLost = header.alertsLost
    try takeBursts(message, &instance)
    if let counts = message.counts, header.bursts <= instance.bursts.count {
      let partial = try read(counts, Array(instance.bursts.prefix(header.bursts)))
      if header.isSettled {
        try settle(partial, number)
        instance.settled = partial
        instance.settledSequence = header.sequence
        instance.shown = nil
      } else {
        instance.shown = partial
      }
      revision += 1
    }
    takeAlerts(message, &instance)
    nodes[number].current = instance
  }

  /// Takes the bursts that are new.
  private func takeBursts(_ message: NodeMessage, _ instance: inout Instance) throws {
    let known = instance.bursts.count
    guard message.header.firstBurst <= known else { return }
    for text in message.bursts.dropFirst(known - message.header.firstBurst) {
      guard instance.bursts.count < Self.mostBursts else {
        throw FarmError("more than \(Self.mostBursts) bursts")
      }
      let ended = try RunPartial.burst(data: Data(text))
      let (begin, end) = (ended.burst.begin.nanoseconds, ended.burst.end.nanoseconds)
      // Times from 1970 to 2200, and no burst of a day.
      guard begin >= 0, begin <= end, end < 7_258_118_400_000_000_000, end - begin < 86_400_000_000_000 else {
        throw FarmError("a burst with times that cannot be")
      }
      instance.bursts.append(ended)
    }
  }

  /// Reads counts; throws where they are not whole, do not close or do not add up with those of the farm.
  private func read(_ bytes: [UInt8], _ bursts: [BurstStatistics]) throws -> RunPartial {
    let partial = try RunPartial(data: Data(bytes), ended: bursts)
    guard partial.closes else { throw FarmError("its books do not close") }
    var sum = options.empty
    try sum.merge(node: partial)
    return partial
  }

  /// Compares settled counts with the farm's bursts and with what the node had before.
  private mutating func settle(_ partial: RunPartial, _ number: Int) throws {
    let new = partial.bursts.dropFirst(nodes[number].current?.settled?.bursts.count ?? 0)
    let tolerance = options.clockTolerance
    for ended in new {
      let key = BurstKey(run: ended.burst.run, burst: ended.burst.burst)
      let (begin, end) = (ended.burst.begin.nanoseconds, ended.burst.end.nanoseconds)
      guard let known = times[key] else { continue }
      guard begin <= known.upperBound + tolerance, end >= known.lowerBound - tolerance else {
        throw FarmError(
          "its burst \(key.burst) of run \(key.run) is not that of the farm, by its time; start the node again, "
            + "so that it is told the number of the burst")
      }
    }
    if let before = nodes[number].before, before.overlaps(partial) != nil {
      // The same bursts at the same time: the stream is read again.
      nodes[number].before = nil
      note("node \(number): reads its stream again from the start: what it had settled before is replaced")
    }
    for ended in new {
      let key = BurstKey(run: ended.burst.run, burst: ended.burst.burst)
      let (begin, end) = (ended.burst.begin.nanoseconds, ended.burst.end.nanoseconds)
      let known = times[key] ?? begin...end
      times[key] = min(known.lowerBound, begin)...max(known.upperBound, end)
    }
  }

  private mutating func takeAlerts(_ message: NodeMessage, _ instance: inout Instance) {
    let first = message.header.firstAlert
    if first > instance.alerts {
      // Told to an aggregator before this one.
      instance.alertsMissed += first - instance.alerts
      instance.alerts = first
    }
    let known = instance.alerts - first
    guard known < UInt64(message.alerts.count) else { return }
    for bytes in message.alerts.dropFirst(Int(known)) {
      instance.alerts += 1
      guard let line = AlertLine(String(decoding: bytes, as: UTF8.self)), alerts.count < options.mostAlerts
      else {
        alertsLost += 1
        continue
      }
      if alertIDs.insert(line.id).inserted { alerts.append(line) }
    }
    revision += 1
  }

  // MARK: What it knows

  /// Where the farm is: the place of the node that is furthest.
  public var place: FarmBurst? {
    var first: FarmBurst?
    for node in nodes {
      guard var place = node.current?.place, node.current?.refusal == nil else { continue }
      let key = BurstKey(run: place.run, burst: place.burst)
      if times[key] != nil { place.isOpen = false }
      guard let before = first else {
        first = place
        continue
      }
      if before.isBehind(place) {
        first = place
        if (before.run, before.burst) == (place.run, place.burst) {
          first?.lastEvent = max(before.lastEvent, place.lastEvent)
        }
      } else if (before.run, before.burst) == (place.run, place.burst) {
        first?.lastEvent = max(before.lastEvent, place.lastEvent)
      }
    }
    return first
  }

  /// How the nodes do.
  public func table(now: Int64) -> [FarmNode] {
    let newest = nodes.compactMap { $0.current?.dataTime }.max()
    return nodes.enumerated().map { number, node in
      var shown = FarmNode(node: UInt32(clamping: number))
      shown.restarts = node.restarts
      shown.droppedEvents = node.dropped
      shown.alerts = node.alerts
      shown.alertsLost = node.alertsLost
      shown.bursts = node.before?.bursts.count ?? 0
      shown.events = node.before?.events ?? 0
      guard let instance = node.current else { return shown }
      shown.state = state(of: node, instance, now, newest)
      shown.reason = instance.refusal
      shown.age = now - instance.heard
      shown.place = instance.place
      shown.dataTime = instance.dataTime
      shown.lag = instance.dataTime.flatMap { time in newest.map { $0 &- time } }
      shown.bursts += instance.settled?.bursts.count ?? 0
      shown.events += instance.settled?.events ?? 0
      if isShown(instance, now) { shown.openEvents = instance.openEvents }
      shown.alerts += instance.alerts - instance.alertsMissed
      shown.alertsLost += instance.alertsMissed + instance.alertsLost
      shown.drops = instance.drops
      return shown
    }
  }

  private func state(
    of node: Node, _ instance: Instance, _ now: Int64, _ newest: Int64?
  ) -> FarmNode.State {
    if instance.refusal != nil { return .refused }
    if instance.phase == .ended { return .ended }
    let age = now - instance.heard
    if age > options.lostAfter { return .lost }
    if age > options.lateAfter { return .late }
    if let newest, let time = instance.dataTime, newest &- time > options.mostLag { return .late }
    return node.restarts > 0 && instance.settled == nil ? .back : .running
  }

  /// Whether what a process has counted of the burst under way is shown.
  private func isShown(_ instance: Instance, _ now: Int64) -> Bool {
    instance.refusal == nil && now - instance.heard <= options.lostAfter
  }

  /// Whether every node has told its last counts.
  public var hasEnded: Bool {
    nodes.allSatisfy { $0.current?.phase == .ended && $0.current?.refusal == nil }
  }

  /// The counts of the farm.
  ///
  /// - Parameter shownAt: to add what is counted of the burst under way by nodes that are not lost at this time in ms;
  ///   nil gives the settled counts, which results are made of.
  /// - Throws: `PartialError`, where the counts of two nodes do not add up.
  public func counts(shownAt now: Int64? = nil) throws -> RunPartial {
    var sum = options.empty
    for node in nodes {
      if let before = node.before { try sum.merge(node: before) }
      guard let instance = node.current else { continue }
      var counts = instance.settled
      if let now, isShown(instance, now), let shown = instance.shown { counts = shown }
      guard let counts else { continue }
      // Its own bursts are those of no other process of the node, but of other nodes.
      try sum.merge(node: counts)
    }
    return sum
  }

  /// What has happened since the last call, a line each, for the terminal.
  public mutating func takeNotes() -> [String] {
    defer { notes = [] }
    return notes
  }

  private mutating func note(_ text: String) {
    if notes.count < 1000 { notes.append(text) }
  }

  /// Says who was turned away, and why; each once.
  private mutating func refuse(_ who: String, _ reason: String) {
    let text = "\(who) was refused: \(reason)"
    guard refusals.count < Self.mostRefusals, refusals.insert(text).inserted else { return }
    note(text)
  }

  /// Who was turned away, and why, in the order of the texts.
  public var strangers: [String] { refusals.sorted() }

  /// A text from outside, fit for a terminal.
  private func printable(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value >= 0x20 && $0.value < 0x7F ? Character($0) : "?" })
  }
}
