public import Alerting
import Configuration
import CountingStatistics
public import EventBuilding
import L1Trigger
import NA62Formats
public import PacketCapture
public import Selections

/// All that a run counts: rates, books, selections, the state of the counting experiments.
///
/// A value: it is told of the judged batches in order and returns the alert records they raise. It does no
/// I/O, and knows no clock but the one it is given.
public struct ReplayAccount: Sendable {
  /// The rates.
  public private(set) var rates = RateTable()
  /// The capture's books.
  public private(set) var capture = CaptureBooks()
  /// The builder's books.
  public private(set) var builder = BuilderBooks()
  /// The books of the L1 data.
  public private(set) var l1Data = L1DataBooks()
  /// The bursts, in order, with what the trigger counted in each.
  public private(set) var bursts: [BurstStatistics] = []
  /// Events given up, by reason.
  public private(set) var unfinished: [UnfinishedReason: UInt64] = [:]
  /// What the selections have counted, once the run has ended.
  public private(set) var selections: SelectionRun?
  /// The books of the events that were reconstructed.
  public private(set) var reconstruction = SelectionBooks()
  /// Alerts raised.
  public private(set) var alerts: UInt64 = 0
  private let setup: SelectionSetup?
  private let identity: RunIdentity
  private var hasL1Sources = false
  /// The counting experiments of the selections that raise alerts, as far as the data have come.
  private var counting: [CountingState?]
  /// Their events by burst: what is stored of them.
  private var alerted: [PeriodCounts]

  /// An empty account.
  public init(selections setup: SelectionSetup?, identity: RunIdentity) {
    self.setup = setup
    self.identity = identity
    alerted = (setup?.set.selections ?? []).map { _ in PeriodCounts(columns: 1) }
    // The state of a blind selection would tell its count.
    counting = (setup?.set.selections ?? []).map(Self.counting)
  }

  /// The counting experiment of which the alerts of a selection tell; nil where they tell of none.
  static func counting(_ selection: PhysicsSelection) -> CountingState? {
    guard selection.raisesAlert, !selection.isBlind, let counting = selection.counting else { return nil }
    var state = CountingState(experiment: counting.experiment)
    // Only to have the tables early: what fails here fails again, and is told, where a result is asked for.
    try? state.prepare()
    return state
  }

  /// Takes a batch; returns the alerts that it raises, in order.
  ///
  /// - Throws: `SelectionError` or `StatisticsError` when a count overflows.
  public mutating func add(_ judged: JudgedBatch, wallClock: WallClock) throws -> [AlertRecord] {
    var raised: [AlertRecord] = []
    let batch = judged.batch
    for (i, event) in batch.events.enumerated() {
      rates.add(event, judged.evaluations[i], judged.decisions[i])
    }
    var nextEnd = 0
    if let findings = judged.findings {
      for finding in findings.findings {
        // A burst that has ended may change what an alert says of its experiment.
        while nextEnd < batch.burstEnds.count, batch.burstEnds[nextEnd].place < finding.place {
          try cover(judged.endedBursts[nextEnd].burst)
          nextEnd += 1
        }
        raised.append(try alert(finding, wallClock))
      }
      reconstruction += findings.books
    }
    for burst in judged.endedBursts[nextEnd...] { try cover(burst.burst) }
    capture += batch.captureBooks
    builder += batch.books
    for event in batch.unfinished { unfinished[event.reason, default: 0] += 1 }
    l1Data += judged.l1Books
    hasL1Sources = !batch.layout.l1Sources.isEmpty
    for burst in judged.endedBursts {
      bursts.append(burst)
      rates.add(burst.burst)
    }
    alerts += UInt64(raised.count)
    return raised
  }

  /// The bursts that have ended, as periods of the counting experiments, in rising order.
  var periods: [UInt64] {
    bursts.map { PhysicsAccumulator.period(run: $0.burst.run, burst: $0.burst.burst) }.sorted()
  }

  /// Takes what the selections have counted, when the run has ended.
  public mutating func finish(_ run: SelectionRun?) { selections = run }

  /// Adds what the selections have counted in a part of the run; throws, changing nothing, where they are others.
  public mutating func add(_ run: SelectionRun?) throws {
    guard let run else { return }
    if selections == nil { selections = run } else { try selections?.merge(run) }
  }

  // MARK: Stored

  /// All that is counted, to be stored; what is sealed is in ``sealedPartials``. Bursts lie apart as well.
  func partial(stored: BurstFileWriter.Books?, l0: L0Partial?) -> RunPartial {
    RunPartial(
      rates: rates, capture: capture, builder: builder, l1Data: l1Data, unfinished: unfinished,
      reconstruction: reconstruction, alerts: alerts, hasL1Sources: hasL1Sources, stored: stored,
      selections: setup.map { setup in
        SelectionPartial(
          hash: setup.hash,
          parts: (selections?.engine.accounts ?? setup.set.accounts()).map { .init($0.open) },
          alerted: alerted.map { .init($0) })
      }, l0: l0, bursts: bursts)
  }

  /// What the blind selections have counted and must not be shown, for the ledger alone.
  public var sealedPartials: [SealedPartial] {
    guard let setup else { return [] }
    let accounts = selections?.engine.accounts ?? setup.set.accounts()
    return zip(setup.set.selections, accounts).filter(\.0.isBlind).map { selection, account in
      SealedPartial(
        account.sealed, (selections?.sealed ?? []).filter { $0.selectionHash == selection.hash },
        values: selection.valueNames.count, bursts: bursts.count)
    }
  }

  /// What a run had counted; throws where it is not of the selections, or not whole.
  ///
  /// - Parameters:
  ///   - partial: What was stored.
  ///   - sealed: What was sealed of the blind selections.
  public init(
    selections setup: SelectionSetup?, identity: RunIdentity, restoring partial: RunPartial,
    sealed: [SealedPartial]
  ) throws {
    self.init(selections: setup, identity: identity)
    rates = partial.rates
    capture = partial.capture
    builder = partial.builder
    l1Data = partial.l1Data
    bursts = partial.bursts
    unfinished = partial.unfinished
    reconstruction = partial.reconstruction
    alerts = partial.alerts
    hasL1Sources = partial.hasL1Sources
    guard setup?.hash == partial.selections?.hash else {
      throw PartialError("the stored counts are of other selections; give the selections of the run")
    }
    guard let setup, let stored = partial.selections else { return }
    let selections = setup.set.selections
    guard stored.parts.count == selections.count, stored.alerted.count == selections.count else {
      throw PartialError.broken("selections")
    }
    var events: [SealedCandidate] = []
    let accounts = try zip(selections, stored.parts).map { selection, part in
      let open = try part.restored(selection)
      guard selection.isBlind else {
        return PhysicsAccount(open: open, sealed: PhysicsAccumulator(selection))
      }
      guard let found = sealed.first(where: { $0.selectionHash == selection.hash }) else {
        throw PartialError.broken("what is sealed of '\(selection.name)'")
      }
      let hidden = try found.restored(selection)
      events += hidden.events
      return PhysicsAccount(open: open, sealed: hidden.part)
    }
    self.selections = SelectionRun(
      engine: try SelectionEngine(setup.set, restoring: accounts),
      timing: SelectionTiming(selections: selections.count), sealed: events)
    alerted = try stored.alerted.map { try $0.restored() }
    for index in counting.indices where counting[index] != nil {
      for period in periods { try counting[index]?.cover(period: period) }
      for place in alerted[index].periods.indices {
        guard let count = Int(exactly: alerted[index][place, 0]) else { throw PartialError.broken("alerts") }
        try counting[index]?.cover(period: alerted[index].periods[place])
        try counting[index]?.add(count, period: alerted[index].periods[place])
      }
    }
  }

  /// Tells the counting experiments that a burst has ended.
  private mutating func cover(_ burst: BurstSummary) throws {
    let period = PhysicsAccumulator.period(run: burst.run, burst: burst.burst)
    for index in counting.indices { try counting[index]?.cover(period: period) }
  }

  private mutating func alert(
    _ finding: SelectionFindings.Finding, _ wallClock: WallClock
  ) throws -> AlertRecord {
    if finding.counts {
      let period = PhysicsAccumulator.period(run: finding.event.run, burst: finding.event.burst)
      try counting[finding.selection]?.cover(period: period)
      try counting[finding.selection]?.add(period: period)
      if counting[finding.selection] != nil { try alerted[finding.selection].add(period: period, kinds: 1) }
    }
    let state = try counting[finding.selection]?.result()
    let anytime = try counting[finding.selection]?.anytime()
    let (event, decision) = (finding.event, finding.decision)
    var record = AlertRecord(
      selection: setup?.set.selections[finding.selection].name ?? "", isBlind: false,
      event: .init(
        run: event.run, burst: event.burst, number: event.number,
        timestamp: ClockTicks(event.timestamp), fineTime: event.l0.fineTime),
      l0: .init(
        dataType: event.l0.dataType.rawValue, word: event.l0.word.rawValue, flags: event.l0.flags),
      l1: .init(
        word: decision.word.rawValue,
        acceptedMasks: (0..<16).filter { decision.masks & 1 << UInt16($0) != 0 }),
      packets: finding.packets.map { .init(input: Int($0.input), number: UInt64($0.number)) },
      quantities: finding.quantities,
      state: state.map { AlertRecord.State($0, anytime) },
      dataTime: event.time, wallTime: wallClock.now(), configurationHash: identity.configurationHash,
      input: identity.input)
    record.regions = openRegions(finding)
    return record
  }

  /// The open regions that hold the event, by name.
  private func openRegions(_ finding: SelectionFindings.Finding) -> [String] {
    guard finding.regions != 0, let selection = setup?.set.selections[finding.selection] else { return [] }
    return selection.regions.enumerated().filter { index, region in
      index < 64 && finding.regions >> UInt64(index) & 1 == 1 && !(selection.isBlind && region.isBlind)
    }.map(\.element.name)
  }

  /// Selections of this account.
  public var selectionSet: PhysicsSelectionSet? { setup?.set }
  /// Hash of the selections and of what their events are reconstructed with.
  public var selectionsHash: String? { setup?.hash }
  /// The inputs by name.
  public var inputName: String { identity.input }

  /// Whether everything that came in is in exactly one column.
  public var closes: Bool {
    RunBooks(capture: capture, builder: builder, l1Data: l1Data, rates: rates, hasL1Sources: hasL1Sources)
      .close && reconstruction.closes && reconstruction.events == reconstructible && selectionsClose
  }

  /// Events that L1 kept and that were to be reconstructed.
  private var reconstructible: UInt64 {
    guard setup?.reconstruction != nil else { return 0 }
    guard hasL1Sources else { return rates.kept }
    return l1Data.eventsComplete + l1Data.eventsBurstEnd + l1Data.eventsPendingLimit
  }

  private var selectionsClose: Bool {
    guard let selections else { return true }
    return selections.engine.accounts.allSatisfy { $0.open.isClosed && $0.sealed.isClosed }
  }
}

extension AlertRecord.State {
  /// What a counting experiment says at a moment.
  init(_ result: CountingResult, _ anytime: AnytimeSignificance?) {
    self.init(
      observed: result.observed, background: result.experiment.background, upperLimit: result.limit.upper,
      branchingRatioLimit: result.branchingRatioLimit, confidenceLevel: result.limit.confidenceLevel,
      method: result.limit.method.rawValue, tail: result.limit.tail.rawValue,
      pValue: result.significance.pValue, zOneSided: result.significance.zOneSided,
      zTwoSided: result.significance.zTwoSided, anytimePValue: anytime?.pValue, anytimeZ: anytime?.zOneSided)
  }
}

/// What a replay is: the identity that all its records carry. Run and burst come with the events.
public struct RunIdentity: Hashable, Sendable {
  /// The inputs by name.
  public var input: String
  /// Hash of the effective configuration.
  public var configurationHash: String

  /// An identity.
  public init(input: String, configurationHash: String) {
    self.input = input
    self.configurationHash = configurationHash
  }
}
