import AlertDelivery
import Alerting
import EventBuilding
import Foundation
import L0Trigger
import Monitoring
import NA62Formats
import NIOConcurrencyHelpers
import PacketCapture
import RateMonitoring
import TriggerPipeline

/// The packets on their way from the reader to the monitor, which looks at them once they have become events.
///
/// The pipeline bounds what is under way, and so what lies here.
final class PacketTap: Sendable {
  private let packets = NIOLockedValueBox<[PacketBatch]>([])

  /// Puts a batch that was read.
  func put(_ batch: PacketBatch) { packets.withLockedValue { $0.append(batch) } }

  /// Takes what was put.
  func take() -> [PacketBatch] {
    packets.withLockedValue { packets in
      defer { packets = [] }
      return packets
    }
  }
}

/// What follows a run while it goes on: rates and what is wrong with them, messages and where they go, and the
/// snapshot for the dashboard.
///
/// It is told by the last stages of the pipeline, and does with a batch what has to be done in order; the rest, a
/// snapshot some times a second, is for people and changes no result.
actor LiveMonitor {
  /// What it must know of the run.
  struct Run: Sendable {
    /// The head of the page, as it is at the start.
    var status: RunStatus
    /// The menu's L1; nil with L0 alone.
    var makesReport: (@Sendable (ReplayAccount) throws -> ReplayReport)?
    /// The pipeline's health.
    var health: @Sendable () -> [HealthDocument.Stage] = { [] }
    /// Packets that the kernel and the interface dropped; nil for a recording.
    var drops: @Sendable () -> (kernel: UInt64, interface: UInt64)? = { nil }
    /// How late packets are, 99th percentile in µs.
    var lateness: @Sendable () -> Double? = { nil }
  }

  /// What it remembers between two bursts, to be kept with a checkpoint of the run.
  struct State: Codable {
    fileprivate var rates: RateMonitor.State
    fileprivate var rules: RuleEngine.State
    fileprivate var lost: QualityBaseline
    fileprivate var messages: UInt64
    fileprivate var bursts: UInt64
  }

  /// Messages that the page shows.
  private static let shownMessages = 200
  /// Events that are kept to be drawn.
  private static let keptScenes = 64
  /// Time from one snapshot to the next.
  private static let period = Duration.milliseconds(500)
  /// The counts of a snapshot may take one of so many parts of the time: what they cost grows with the bursts.
  private static let restBetweenCounts = 20

  /// Where packets are put on their way in.
  nonisolated let tap = PacketTap()
  /// Where the newest snapshot is.
  nonisolated let hub: MonitorHub
  private var rates: RateMonitor
  private var engine: RuleEngine
  private let dispatcher: AlertDispatcher?
  private let outbox: Outbox?
  private let run: Run
  private let clock: WallClock
  private let isLive: Bool
  private var status: RunStatus
  /// The newest messages, newest first, with the keys under which they are delivered.
  private var shown: [(key: String, entry: AlertDocument.Entry)] = []
  private var total: UInt64 = 0
  private var counts = CountsDocument(selections: [])
  private var books: [HealthDocument.Account] = []
  private var bytes: UInt64?
  private var dataTime: DataTime?
  private var nextSnapshot = ContinuousClock.now
  private var nextCounts = ContinuousClock.now
  private var countedBursts = -1
  private var lost = QualityBaseline()
  /// Events that were candidates, the oldest first.
  private var scenes: [(place: EventPlace, scene: EventScene)] = []
  /// Messages that the ledger has not yet.
  private var unrecorded: [AlertMessage] = []
  private let ratesFile: RatesFile?

  init(
    run: Run, rates: RateMonitor, engine: RuleEngine, hub: MonitorHub, outbox: Outbox?,
    dispatcher: AlertDispatcher?, clock: WallClock, ratesFile: sending RatesFile?
  ) {
    self.ratesFile = ratesFile
    self.run = run
    self.rates = rates
    self.engine = engine
    self.hub = hub
    self.outbox = outbox
    self.dispatcher = dispatcher
    self.clock = clock
    status = run.status
    status.isTest = engine.isTest
    isLive = run.status.source == .live
  }

  // MARK: What it is told

  /// Takes a judged batch with the alerts that it raised, and the account with it.
  func take(_ judged: JudgedBatch, alerts: [AlertRecord], account: ReplayAccount) async throws {
    keep(judged.scenes)
    var inputs: [AlertInput] = []
    for packets in tap.take() { inputs += try rates.add(packets).map { Self.input($0) } }
    inputs += try rates.add(judged).map { Self.input($0) }
    try ratesFile?.write(rates.takeEnded())
    inputs += alerts.map { .candidate($0, regions: $0.regions) }
    for burst in judged.endedBursts {
      inputs += lost.changes(account, at: burst.burst.end)
      inputs.append(.burst(from: burst.burst.begin, to: burst.burst.end))
      status.run = burst.burst.run
      status.bursts += 1
    }
    if let event = judged.batch.events.last {
      status.run = event.run
      status.burst = event.burst
    }
    dataTime = judged.batch.watermark
    if isLive { inputs.append(.arrived(judged.batch.watermark, now: WallClock.system.now())) }
    try await tell(inputs)
    try await publishIfDue(account)
  }

  /// Takes what L0 gave, where there is no L1.
  func take(_ output: L0Pipeline.Output) async throws {
    guard let packets = output.packets, output.isFirst else { return }
    let findings = try rates.add(packets)
    try ratesFile?.write(rates.takeEnded())
    if let last = packets.datagrams.last { dataTime = last.time }
    if let burst = output.slices.last?.burst { status.burst = burst }
    status.bursts += UInt64(output.slices.count { $0.endsBurst })
    try await tell(findings.map { Self.input($0) })
    try await publishIfDue(nil)
  }

  /// The wall clock goes on: the page sees that the run lives, and the silence of a live source is found.
  func tick() async throws {
    // Not the clock of the records, which SOURCE_DATE_EPOCH may hold still.
    if isLive { try await tell([.wallClock(now: WallClock.system.now())]) }
    guard status.state == .running, ContinuousClock.now >= nextSnapshot else { return }
    try await publish()
  }

  /// Returns when all messages so far are in the outbox: before a checkpoint is written.
  func sync() async throws { try await dispatcher?.sync() }

  /// The data have ended: what rates and rules still have to say is said.
  func endData() async throws {
    try await tell(try rates.finish().map { Self.input($0) })
    try ratesFile?.write(rates.takeEnded())
    try ratesFile?.close()
    try await post(engine.finish(wallTime: clock.now()))
  }

  /// The results are there, and the last snapshot is taken.
  func finish(_ state: RunStatus.State, account: ReplayAccount?) async throws {
    status.state = state
    if let account { try count(account) }
    try await publish()
  }

  /// The scene of a candidate that is shown, while it is kept.
  func scene(of id: String) -> EventScene? {
    guard let place = shown.first(where: { $0.entry.id == id }).flatMap({ EventPlace($0.entry) }) else {
      return nil
    }
    return scenes.last { $0.place == place }?.scene
  }

  // MARK: Checkpoints

  /// What it remembers, to be kept with a checkpoint.
  var state: State {
    State(
      rates: rates.state, rules: engine.state, lost: lost, messages: total, bursts: status.bursts)
  }

  /// Goes on from a state; throws where it is of other bands.
  func restore(_ state: State) throws(RateMonitoringError) {
    try rates.restore(state.rates)
    engine.state = state.rules
    lost = state.lost
    total = state.messages
    status.bursts = state.bursts
  }

  /// The files that grow, with their lengths, once what was written is on the disk.
  func files() throws -> [String: UInt64] { try ratesFile?.lengths() ?? [:] }

  /// The messages since the last call, for the ledger.
  func takeMessages() -> [AlertMessage] {
    defer { unrecorded = [] }
    return unrecorded
  }

  private func keep(_ new: [EventScene]) {
    for scene in new {
      scenes.append((EventPlace(burst: scene.event.burst, event: scene.event.number), scene))
    }
    if scenes.count > Self.keptScenes { scenes.removeFirst(scenes.count - Self.keptScenes) }
  }

  /// The newest snapshot.
  var snapshot: MonitorSnapshot? { hub.latest }

  // MARK: Messages

  private func tell(_ inputs: [AlertInput]) async throws {
    let now = clock.now()
    var messages: [AlertMessage] = []
    for input in inputs { messages += engine.add(input, wallTime: now) }
    try await post(messages)
  }

  private func post(_ messages: [AlertMessage]) async throws {
    guard !messages.isEmpty else { return }
    total += UInt64(messages.count)
    if ratesFile != nil { unrecorded += messages }
    shown.insert(contentsOf: messages.reversed().map { ($0.key, entry($0)) }, at: 0)
    // What is over is one line with what it was.
    for message in messages where message.isFiring == false {
      for i in shown.indices where shown[i].key == message.refersTo { shown[i].entry.isFiring = false }
    }
    // What still fires stays in sight.
    while shown.count > Self.shownMessages, let last = shown.lastIndex(where: { $0.entry.isFiring != true }) {
      shown.remove(at: last)
    }
    try await dispatcher?.submit(messages)
  }

  private func entry(_ message: AlertMessage) -> AlertDocument.Entry {
    let event = message.candidate?.event
    let quantities = message.candidate?.quantities.map { ($0.name, Self.text($0.value)) } ?? []
    return AlertDocument.Entry(
      id: message.key.replacing("/", with: ":"), rule: message.rule, kind: message.kind.rawValue,
      severity: message.severity.rawValue,
      isFiring: message.isFiring, text: message.title, dataTime: message.dataTime.rfc3339,
      wallTime: message.wallTime.rfc3339, run: event?.run, burst: event?.burst, event: event?.number,
      quantities: Dictionary(quantities, uniquingKeysWith: { first, _ in first }),
      refersTo: message.refersTo?.replacing("/", with: ":"), pending: dispatcher == nil ? [] : message.sinks)
  }

  private static func text(_ value: AlertRecord.Quantity.Value) -> String {
    switch value {
    case .number(let number): "\(number)"
    case .integer(let integer): "\(integer)"
    case .flag(let flag): flag ? "yes" : "no"
    }
  }

  private static func input(_ finding: RateFinding) -> AlertInput {
    .condition(
      AlertCondition(
        key: "\(finding.kind.rawValue) \(finding.line)",
        labels: [
          .init("line", finding.line.name), .init("level", finding.line.level.rawValue),
          .init("kind", finding.kind.rawValue),
        ], isFiring: finding.isFiring, text: finding.text, observed: Double(finding.observed),
        expected: finding.expected,
        falseAlarm: .init(finding.falseAlarmRate * 3600, per: .hour), dataTime: finding.dataTime,
        selection: finding.line.level == .selection ? finding.line.name : nil))
  }

  // MARK: The snapshot

  private func publishIfDue(_ account: ReplayAccount?) async throws {
    guard ContinuousClock.now >= nextSnapshot else { return }
    if let account, ContinuousClock.now >= nextCounts { try count(account) }
    try await publish()
  }

  /// Takes counts and books out of the account.
  private func count(_ account: ReplayAccount) throws {
    let begin = ContinuousClock.now
    guard let report = try run.makesReport?(account) else { return }
    books = SnapshotBuilder.books(report)
    bytes = account.capture.bytes
    // Counts change at the ends of bursts only.
    if account.bursts.count != countedBursts {
      countedBursts = account.bursts.count
      counts = SnapshotBuilder.counts(report)
    }
    nextCounts = .now + (ContinuousClock.now - begin) * Self.restBetweenCounts
  }

  private func publish() async throws {
    if let outbox, !shown.isEmpty {
      let states = try await outbox.deliveries(keys: shown.map(\.key))
      for i in shown.indices {
        guard let state = states[shown[i].key] else { continue }
        shown[i].entry.delivered = state.delivered
        shown[i].entry.pending = state.pending
      }
    }
    let drawn = Set(scenes.map(\.place))
    for i in shown.indices {
      shown[i].entry.hasDisplay = EventPlace(shown[i].entry).map(drawn.contains) == true
    }
    status.dataTime = dataTime?.rfc3339
    let drops = run.drops()
    let deliveries = await dispatcher?.state()
    status.wallTime = clock.now().rfc3339
    hub.publish(
      MonitorSnapshot(
        status: status, rates: SnapshotBuilder.rates(rates.snapshot()), counts: counts,
        alerts: alerts(deliveries),
        health: HealthDocument(
          books: books, stages: run.health(), kernelDrops: drops?.kernel, interfaceDrops: drops?.interface,
          lateness: run.lateness(),
          alertsPending: (deliveries?.waiting ?? 0)
            + Int(clamping: deliveries?.sinks.reduce(0) { $0 + $1.books.pending } ?? 0),
          memory: ProcessMemory.resident, bytes: bytes)))
    nextSnapshot = .now + Self.period
  }

  private func alerts(_ deliveries: AlertDispatcher.State?) -> AlertDocument {
    AlertDocument(
      total: total, entries: shown.map(\.entry),
      rules: engine.rules.rules.map { rule in
        .init(
          rule: rule.name, raised: engine.books(rule: rule.name).sent,
          firing: shown.count { $0.entry.rule == rule.name && $0.entry.isFiring == true })
      },
      sinks: (deliveries?.sinks ?? []).map { sink in
        .init(
          name: sink.name, delivered: sink.books.delivered, pending: sink.books.pending,
          failed: sink.retries + sink.books.refused)
      })
  }
}

/// Burst and event of a candidate.
private struct EventPlace: Hashable {
  var burst: UInt32
  var event: UInt32

  init(burst: UInt32, event: UInt32) {
    self.burst = burst
    self.event = event
  }

  /// That of a message; nil where it is of no event.
  init?(_ entry: AlertDocument.Entry) {
    guard let burst = entry.burst, let event = entry.event else { return nil }
    self.init(burst: burst, event: event)
  }
}

/// What was lost up to the last burst, so that the loss of each burst is told by itself.
private struct QualityBaseline: Codable {
  private var datagrams: UInt64 = 0
  private var rejected: [UInt64] = []
  private var flushed: UInt64 = 0
  private var events: UInt64 = 0
  private var unfinished: [UnfinishedReason: UInt64] = [:]

  /// What came and was lost since the last call.
  mutating func changes(_ account: ReplayAccount, at time: DataTime) -> [AlertInput] {
    let books = account.builder
    var packets: [QualityCounts.Loss] = []
    for (i, (reason, count)) in zip(PacketRejection.allCases, books.rejected).enumerated() {
      let before = rejected.indices.contains(i) ? rejected[i] : 0
      if count > before { packets.append(.init(reason.rawValue, count - before)) }
    }
    if books.flushed > flushed { packets.append(.init("flushed", books.flushed - flushed)) }
    var lost: [QualityCounts.Loss] = []
    for reason in UnfinishedReason.allCases {
      let (now, before) = (account.unfinished[reason] ?? 0, unfinished[reason] ?? 0)
      if now > before { lost.append(.init(reason.rawValue, now - before)) }
    }
    defer {
      datagrams = books.datagrams
      rejected = books.rejected
      flushed = books.flushed
      events = books.events
      unfinished = account.unfinished
    }
    return [
      .quality(
        QualityCounts(
          items: "datagrams", received: books.datagrams - min(datagrams, books.datagrams), losses: packets,
          dataTime: time)),
      .quality(
        QualityCounts(
          items: "events", received: books.events - min(events, books.events), losses: lost, dataTime: time)),
    ]
  }
}
