public import Alerting
import Configuration
public import CountingStatistics
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
  /// The selections with their counts.
  public private(set) var accumulators: [SelectionAccumulator]
  /// Alerts raised.
  public private(set) var alerts: UInt64 = 0
  private let selections: SelectionSet?
  private let identity: RunIdentity
  private var hasL1Sources = false

  /// An empty account.
  public init(selections: SelectionSet?, identity: RunIdentity) {
    self.selections = selections
    self.identity = identity
    accumulators = selections?.accumulators() ?? []
  }

  /// Takes a batch; returns the alerts that it raises, in order.
  ///
  /// - Throws: `SelectionError` or `StatisticsError` when a count overflows.
  public mutating func add(_ judged: JudgedBatch, wallClock: WallClock) throws -> [AlertRecord] {
    var raised: [AlertRecord] = []
    let batch = judged.batch
    for (i, event) in batch.events.enumerated() {
      rates.add(event, judged.evaluations[i], judged.decisions[i])
      guard let selections else { continue }
      let input = SelectionInput(
        event: event, evaluation: judged.evaluations[i], decision: judged.decisions[i])
      for (s, selection) in selections.selections.enumerated() {
        let verdict = selection.verdict(on: input)
        try accumulators[s].add(verdict)
        guard verdict.isSelected, selection.raisesAlert, !selection.isBlind else { continue }
        raised.append(
          try alert(selection, s, event, judged.decisions[i], input, batch, wallClock))
      }
    }
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

  private mutating func alert(
    _ selection: Selection, _ index: Int, _ event: BuiltEvent, _ decision: L1Decision,
    _ input: SelectionInput, _ batch: EventBatch, _ wallClock: WallClock
  ) throws -> AlertRecord {
    let result = try accumulators[index].result()
    let fragments = batch.fragments[
      Int(event.firstFragment)..<(Int(event.firstFragment) + batch.layout.fragmentCount)]
    let packets = Set(fragments.filter { !$0.isVirtual }.map(\.packet)).sorted()
    return AlertRecord(
      selection: selection.name, isBlind: selection.isBlind,
      event: .init(
        run: event.run, burst: event.burst, number: event.number,
        timestamp: ClockTicks(event.timestamp), fineTime: event.l0.fineTime),
      l0: .init(
        dataType: event.l0.dataType.rawValue, word: event.l0.word.rawValue, flags: event.l0.flags),
      l1: .init(
        word: decision.word.rawValue,
        acceptedMasks: (0..<16).filter { decision.masks & 1 << UInt16($0) != 0 }),
      packets: packets.map { .init(input: Int($0.input), number: UInt64($0.number)) },
      quantities: selection.quantities(in: input).map { quantity in
        let value: AlertRecord.Quantity.Value =
          switch quantity.value {
          case .number(let number): .number(number)
          case .integer(let integer): .integer(integer)
          case .flag(let flag): .flag(flag)
          }
        return .init(quantity.name, value)
      },
      state: .init(
        observed: result.observed, background: result.experiment.background,
        upperLimit: result.limit.upper, branchingRatioLimit: result.branchingRatioLimit,
        confidenceLevel: result.limit.confidenceLevel, method: result.limit.method.rawValue,
        tail: result.limit.tail.rawValue, pValue: result.significance.pValue,
        zOneSided: result.significance.zOneSided, zTwoSided: result.significance.zTwoSided),
      dataTime: event.time, wallTime: wallClock.now(), configurationHash: identity.configurationHash,
      input: identity.input)
  }

  /// The results of the counting experiments, in the order of the selections.
  ///
  /// - Throws: `StatisticsError`.
  public mutating func results() throws -> [CountingResult] {
    var out: [CountingResult] = []
    for i in accumulators.indices { out.append(try accumulators[i].result()) }
    return out
  }

  /// Selections of this account.
  public var selectionSet: SelectionSet? { selections }

  /// Whether everything that came in is in exactly one column.
  public var closes: Bool {
    capture.closes && builder.closes && builder.eventsBuilt == rates.events && l1Data.closes
      && l1Data.fragments == builder.l1Fragments && l1Data.events == (hasL1Sources ? rates.kept : 0)
      && accumulators.allSatisfy(\.isClosed)
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
