public import Foundation

/// What a node has to tell the aggregator, and when: a pure state machine that is told what was counted, what came back
/// and the time, and answers what to send.
///
/// One message is under way at a time; the next one goes when the answer has come, or has not for
/// ``Options/patience``. What is new replaces what was not sent yet, so nothing queues up but alerts, which are bounded.
public struct NodeReport: Sendable {
  /// Options, times in ms.
  public struct Options: Sendable, Hashable {
    /// Time between two messages without new bursts or alerts.
    public var period: Int64 = 500
    /// Time after which a message without an answer is sent again.
    public var patience: Int64 = 1000
    /// Time between two attempts of a node that was refused.
    public var pause: Int64 = 5000
    /// Alerts that may wait; further ones are counted as lost to the aggregator.
    public var mostAlerts = 10_000
    /// The defaults.
    public init() {}
  }

  /// Which node it is.
  public struct Identity: Sendable, Hashable {
    /// The node, counted from 0.
    public var node: UInt32
    /// Nodes of the farm.
    public var nodes: UInt32
    /// Which process of the node it is: another one at each start.
    public var instance: String
    /// Version of Spillway.
    public var version: String
    /// Hash of the effective configuration.
    public var configuration: String

    /// An identity; see the properties.
    public init(node: UInt32, nodes: UInt32, instance: String, version: String, configuration: String) {
      self.node = node
      self.nodes = nodes
      self.instance = instance
      self.version = version
      self.configuration = configuration
    }
  }

  /// What the aggregator thinks of the node.
  public enum Verdict: Sendable, Hashable {
    /// It has not answered yet.
    case none
    /// It takes the counts.
    case accepted
    /// It does not, and says why.
    case refused(String)
  }

  /// Most bursts in a message.
  private static let mostBursts = 64
  /// Most alerts in a message, and their bytes.
  private static let mostAlertsInMessage = 256
  private static let mostAlertBytes = 4 << 20

  private let identity: Identity
  private let options: Options
  /// What the aggregator thinks of the node.
  public private(set) var verdict = Verdict.none
  /// Where the farm was when the aggregator first answered; nil before, and where it does not know.
  public private(set) var farm: FarmBurst?
  /// Alerts that found no room.
  public private(set) var alertsLost: UInt64 = 0

  private var sequence: UInt64 = 0
  /// The message under way and when it was sent.
  private var underWay: (sequence: UInt64, at: Int64)?
  private var lastSent: Int64?
  /// The last message that was answered.
  private var answered: UInt64 = 0
  private var settled: (counts: [UInt8], bursts: Int)?
  /// The message that first had the settled counts; nil before they were sent.
  private var settledSequence: UInt64?
  private var isSettledHeld = true
  private var provisional: [UInt8]?
  private var bursts: [[UInt8]] = []
  private var heldBursts = 0
  private var alerts: [[UInt8]] = []
  /// Number of the first alert that waits.
  private var firstAlert: UInt64 = 0
  private var place: FarmBurst?
  private var dataTime: Int64?
  private var drops: UInt64?
  private var hasEnded = false
  /// The first message that said so.
  private var endSequence: UInt64?
  private var isEndHeld = false

  /// A node that has counted nothing yet.
  public init(_ identity: Identity, options: Options = Options()) {
    self.identity = identity
    self.options = options
  }

  // MARK: What it is told

  /// Takes the counts at the end of a burst, with the bursts that have ended since the last call.
  public mutating func settle(counts: Data, newBursts: [Data]) {
    bursts += newBursts.map { Array($0) }
    settled = (Array(counts), bursts.count)
    settledSequence = nil
    isSettledHeld = false
    provisional = nil
  }

  /// Takes the counts within a burst: for the eye, as they are replaced at its end.
  public mutating func show(counts: Data) { provisional = Array(counts) }

  /// Takes a candidate.
  public mutating func add(alert line: String) {
    guard alerts.count < options.mostAlerts else {
      alertsLost += 1
      return
    }
    alerts.append(Array(line.utf8))
  }

  /// Notes where the node is.
  public mutating func note(place: FarmBurst) { self.place = place }

  /// Notes where the node is, how far its data are, in ns since 1970, and the packets that were dropped before they were
  /// read; nil leaves what was noted before.
  public mutating func note(place: FarmBurst?, dataTime: Int64, drops: UInt64?) {
    self.place = place ?? self.place
    self.dataTime = dataTime
    self.drops = drops ?? self.drops
  }

  /// The run has ended; the counts of its last call of ``settle(counts:newBursts:)`` are the last ones.
  public mutating func end() {
    hasEnded = true
    place?.isOpen = false
    provisional = nil
  }

  /// Whether the aggregator holds all that there was to tell.
  public var isDone: Bool {
    isEndHeld && isSettledHeld && heldBursts == bursts.count && alerts.isEmpty
  }

  // MARK: What it sends

  /// The message that is due; nil where none is.
  ///
  /// - Parameter now: a time in ms, of any clock that does not go back.
  public mutating func next(now: Int64) -> [UInt8]? {
    if let underWay {
      guard now - underWay.at >= options.patience else { return nil }
      self.underWay = nil
    }
    var message: NodeMessage
    switch verdict {
    case .none: message = self.message(.hello)
    case .refused:
      guard lastSent.map({ now - $0 >= options.pause }) ?? true else { return nil }
      message = self.message(.hello)
    case .accepted:
      let isNew =
        !isSettledHeld || heldBursts < bursts.count || !alerts.isEmpty || hasEnded && !isEndHeld
      guard isNew || lastSent.map({ now - $0 >= options.period }) ?? true else { return nil }
      message = self.message(hasEnded ? .ended : .running)
      fill(&message)
    }
    guard let bytes = try? message.encoded(), bytes.count <= FarmFrame.mostBytes else { return nil }
    underWay = (sequence, now)
    lastSent = now
    return bytes
  }

  private mutating func message(_ phase: NodeMessage.Phase) -> NodeMessage {
    sequence += 1
    var header = NodeMessage.Header(
      node: identity.node, nodes: identity.nodes, instance: identity.instance, version: identity.version,
      configuration: identity.configuration, sequence: sequence, phase: phase)
    header.alertsLost = alertsLost
    header.place = place
    header.dataTime = dataTime
    header.drops = drops
    return NodeMessage(header: header)
  }

  /// Adds what is new: bursts first, counts once all of their bursts go with them or are held, alerts as they fit.
  private mutating func fill(_ message: inout NodeMessage) {
    message.header.firstBurst = heldBursts
    message.bursts = Array(bursts[heldBursts...].prefix(Self.mostBursts))
    let isWhole = heldBursts + message.bursts.count == bursts.count
    if isWhole, let settled, !isSettledHeld {
      message.counts = settled.counts
      message.header.isSettled = true
      message.header.bursts = settled.bursts
      settledSequence = settledSequence ?? sequence
    } else if isWhole, let provisional {
      message.counts = provisional
      message.header.bursts = bursts.count
      // Sent once: what it shows is old by the next time.
      self.provisional = nil
    }
    // The end is told with the last settled counts, or behind them.
    if hasEnded, isWhole {
      endSequence = endSequence ?? sequence
    } else if hasEnded {
      message.header.phase = .running
    }
    message.header.firstAlert = firstAlert
    var size = 0
    message.alerts = Array(
      alerts.prefix(Self.mostAlertsInMessage).prefix(while: { line in
        size += line.count
        return size <= Self.mostAlertBytes
      }))
  }

  /// Takes an answer; what is none is ignored.
  public mutating func receive(_ bytes: [UInt8]) {
    guard let reply = try? FarmReply(bytes), reply.instance == identity.instance, reply.sequence <= sequence
    else { return }
    if reply.sequence == underWay?.sequence { underWay = nil }
    // An answer that was overtaken says what was held before. One to an earlier message than the last is news all the
    // same, where answers take longer than the patience.
    guard reply.sequence > answered else { return }
    answered = reply.sequence
    if let refusal = reply.refusal {
      verdict = .refused(refusal)
      return
    }
    if verdict == .none, farm == nil { farm = reply.place }
    verdict = .accepted
    heldBursts = min(reply.bursts, bursts.count)
    if settled != nil { isSettledHeld = settledSequence.map { reply.settled >= $0 } ?? false }
    let taken = min(UInt64(alerts.count), reply.alerts - min(firstAlert, reply.alerts))
    alerts.removeFirst(Int(taken))
    firstAlert += taken
    isEndHeld = endSequence.map { reply.sequence >= $0 } ?? false
  }
}
