public import CountingStatistics

/// Cut flow, regions, histograms, scans and count of one selection: a commutative monoid under
/// ``merge(_:)``, whose empty element is a fresh accumulator.
///
/// It holds one part of the events; ``PhysicsAccount`` keeps the open and the sealed part.
public struct PhysicsAccumulator: Sendable, Equatable, Mergeable {
  /// How many events lie in a region.
  public struct RegionCount: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Whether its events are sealed while the selection is blind.
    public let isBlind: Bool
    /// The events.
    public fileprivate(set) var events: UInt64 = 0
  }

  /// How far the events come.
  public private(set) var flow: CutFlow
  /// The regions in their order.
  public private(set) var regions: [RegionCount]
  /// Selected events in no region.
  public private(set) var outside: UInt64 = 0
  /// Selected events that lay in several regions of an exclusive set, and count in the first.
  public private(set) var ambiguous: UInt64 = 0
  /// The histograms in the order of the file.
  public private(set) var histograms: [Histogram]
  /// The mass scans in the order of the file.
  public private(set) var scans: [MassScan]
  /// The counting experiment; nil where the selection feeds none.
  public private(set) var counting: CountingState?
  /// By burst: events that are selected (column 0), that count in the experiment (1), and that lie in each
  /// region (2 and on). A period is a burst of a run: see ``period(run:burst:)``.
  public private(set) var bursts: PeriodCounts
  /// Hash of the selection.
  public let selectionHash: String

  let plan: FillPlan

  /// Where the histograms and scans find their numbers.
  struct FillPlan: Sendable, Equatable {
    let histogramSlots: [SIMD2<Int>]
    let histogramStages: [Int]
    let scanSlots: [SIMD2<Int>]
    let scanRegions: [UInt64]
    let countingRegions: UInt64
    /// Whether a scan, or the count, is of events that are sealed while the selection is blind.
    let areScansBlind: [Bool]
    let isCountingBlind: Bool
  }

  /// Nothing seen yet.
  public init(_ selection: PhysicsSelection) {
    flow = CutFlow(selection: selection.name, conditionLabels: selection.stepLabels)
    regions = selection.regions.map { RegionCount(name: $0.name, isBlind: $0.isBlind) }
    histograms = selection.histograms.map(\.empty)
    scans = selection.scans.map(\.empty)
    counting = selection.counting.map { CountingState(experiment: $0.experiment) }
    bursts = PeriodCounts(columns: 2 + selection.regions.count)
    selectionHash = selection.hash
    let blind = selection.plan.constants.blindRegions
    // Without a blind region a blind selection seals all that it selects.
    func isSealed(_ regions: UInt64) -> Bool { blind == 0 || regions & blind != 0 }
    plan = FillPlan(
      histogramSlots: selection.plan.program.histogramSlots,
      histogramStages: selection.histograms.map(\.stage),
      scanSlots: selection.plan.program.scanSlots, scanRegions: selection.scans.map(\.region),
      countingRegions: selection.counting?.regions ?? 0,
      areScansBlind: selection.scans.map { isSealed($0.region) },
      isCountingBlind: isSealed(selection.counting?.regions ?? 0) || selection.counting?.regions == 0)
  }

  /// Whether the books close: the cut flow's, and each selected event is in a region or outside.
  public var isClosed: Bool {
    let inRegions = regions.reduce(outside) { $0 + $1.events }
    guard flow.isClosed, inRegions >= flow.selected, outside <= flow.selected else { return false }
    guard let counting else { return true }
    let observed = UInt64(exactly: counting.observed)
    return plan.countingRegions == 0 ? observed == flow.selected : observed ?? .max <= flow.selected
  }

  /// The period of a burst in ``bursts``: runs in their order, and in each its bursts.
  public static func period(run: UInt32, burst: UInt32) -> UInt64 { UInt64(run) << 32 | UInt64(burst) }

  /// Run and burst of a period, as ``period(run:burst:)`` made it.
  public static func runAndBurst(ofPeriod period: UInt64) -> (run: UInt32, burst: UInt32) {
    (UInt32(truncatingIfNeeded: period >> 32), UInt32(truncatingIfNeeded: period))
  }

  /// Adds one event with the numbers of its best candidate; both must be of the accumulator's own
  /// selection. Throws, changing nothing, where the count would overflow.
  public mutating func add(_ outcome: SelectionOutcome, values: [Double], period: UInt64) throws {
    if outcome.isSelected { try count(outcome, period) }
    flow.add(outcome.verdict)
    for index in histograms.indices where outcome.stage >= plan.histogramStages[index] {
      let slots = plan.histogramSlots[index]
      histograms[index].add(values[slots.x], values[slots.y])
    }
    guard outcome.isSelected else { return }
    for index in scans.indices {
      let region = plan.scanRegions[index]
      guard region == 0 || outcome.regions & region != 0 else { continue }
      let slots = plan.scanSlots[index]
      scans[index].add(values[slots.x], values[slots.y])
    }
  }

  private mutating func count(_ outcome: SelectionOutcome, _ period: UInt64) throws {
    let wanted = plan.countingRegions
    let counts = counting != nil && (wanted == 0 || outcome.regions & wanted != 0)
    // 62 regions at most: see SelectionRegion.
    try bursts.add(period: period, kinds: 1 | (counts ? 2 : 0) | outcome.regions << 2)
    if counts { try counting?.add(period: period) }
    if outcome.regions == 0 { outside += 1 }
    if outcome.isAmbiguous { ambiguous += 1 }
    for index in regions.indices where outcome.regions >> UInt64(index) & 1 == 1 {
      regions[index].events += 1
    }
  }

  /// Adds the events of another accumulator; throws, changing nothing, if it is of another selection.
  public mutating func merge(_ other: PhysicsAccumulator) throws {
    guard selectionHash == other.selectionHash else {
      throw SelectionError.differentSelections(flow.selection, other.flow.selection)
    }
    var bursts = bursts
    try bursts.merge(other.bursts)
    if let theirs = other.counting { try counting?.merge(theirs) }
    try flow.merge(other.flow)
    self.bursts = bursts
    outside += other.outside
    ambiguous += other.ambiguous
    for index in regions.indices { regions[index].events += other.regions[index].events }
    for index in histograms.indices { histograms[index].merge(other.histograms[index]) }
    for index in scans.indices { scans[index].merge(other.scans[index]) }
  }

  /// All counts but those by burst, in a fixed order that follows from the declaration: what is stored of them.
  /// The tally of merged accumulators is the sum of their tallies, number by number.
  public var tally: [UInt64] {
    flow.tally + regions.map(\.events) + [outside, ambiguous] + histograms.flatMap(\.tally)
      + scans.flatMap(\.tally)
  }

  /// The accumulator that gave a ``tally`` and ``bursts``; throws where they are not of `selection`.
  public init(_ selection: PhysicsSelection, tally: [UInt64], bursts: PeriodCounts) throws {
    self.init(selection)
    guard try restore(tally[...], bursts) else { throw SelectionError.differentTally(selection.name) }
  }

  private mutating func restore(_ tally: ArraySlice<UInt64>, _ stored: PeriodCounts) throws -> Bool {
    var tally = tally
    guard stored.columns == bursts.columns, flow.restore(&tally), let events = tally.take(regions.count),
      let others = tally.take(2)
    else { return false }
    for index in regions.indices { regions[index].events = events[index] }
    (outside, ambiguous) = (others[0], others[1])
    for index in histograms.indices { guard histograms[index].restore(&tally) else { return false } }
    for index in scans.indices { guard scans[index].restore(&tally) else { return false } }
    bursts = stored
    for place in stored.periods.indices where stored[place, 1] > 0 {
      guard let events = Int(exactly: stored[place, 1]) else { return false }
      try counting?.add(events, period: stored.periods[place])
    }
    return tally.isEmpty
  }

  /// Limit and significance at the count so far; nil where the selection feeds no experiment. Throws only
  /// without convergence.
  public mutating func result() throws -> CountingResult? { try counting?.result() }

  /// The significance that holds however often it is looked at, after bursts that have passed, and the history of
  /// the experiment; nil where the selection feeds none.
  ///
  /// - Parameter periods: All bursts that have passed, in rising order; see ``period(run:burst:)``.
  /// - Throws: `StatisticsError` without convergence.
  public func course(periods: [UInt64]) throws -> (anytime: AnytimeSignificance?, history: CountingHistory)? {
    guard let experiment = counting?.experiment else { return nil }
    let counts = bursts.periods.indices.map { place in
      (period: bursts.periods[place], events: Int(clamping: bursts[place, 1]))
    }
    let history = try CountingHistory(
      experiment, counts: counts.filter { $0.events > 0 }, periods: periods)
    return (history.points.last?.anytime, history)
  }
}

/// What a physics selection has counted, with its sealed events kept apart.
public typealias PhysicsAccount = Blinded<PhysicsAccumulator>

extension Blinded where Part == PhysicsAccumulator {
  /// Nothing seen yet.
  public init(_ selection: PhysicsSelection) { self.init(empty: PhysicsAccumulator(selection)) }

  /// Adds one event to the part that it belongs to; throws, changing nothing, where the count would overflow.
  public mutating func add(_ outcome: SelectionOutcome, values: [Double], period: UInt64) throws {
    try add(isSealed: outcome.isSealed) { try $0.add(outcome, values: values, period: period) }
  }
}
