#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Alarms whose false-alarm rate is bounded, however long it runs: a state machine over segments in order.
///
/// It is the Shiryaev-Roberts e-detector (Shin, Ramdas, Rinaldo 2022) in continuous exposure: new likelihood
/// ratios start all the time, at the rate of the budget, and an alarm is given when their sum reaches 1; then
/// it starts again from 0. Under background only, the expected number of alarms up to any stopping time is at
/// most the budget times the expected exposure up to it (`Docs/Sequential.md`, section 5).
///
/// With a bounded background that holds as far as the bound does; δ does not enter.
///
/// Its alarms are a function of the segments in order: for shards, merge their ``SequentialState`` and use
/// ``actions(over:budget:quietExposure:)``.
public struct SequentialMonitor: Sendable {
  /// What is to be done after a segment.
  public enum Action: Sendable, Hashable {
    /// An alarm, the first or a renewed one.
    case alert(SequentialAlert)
    /// The exposure set for quiet has passed without another alarm, in this segment.
    case cleared(segment: UInt64)
  }

  /// The experiment.
  public let experiment: SequentialExperiment
  /// The accepted rate of false alarms.
  public let budget: FalseAlarmBudget
  /// Exposure without a renewed alarm after which an alert is cleared.
  public let quietExposure: Double
  /// Counts, background and exposure so far.
  public private(set) var counts = SequentialCounts.zero
  /// Alarms so far.
  public private(set) var alarms = 0
  /// Whether an alarm was given that is not cleared.
  public private(set) var isAlerting = false
  /// How near the next alarm is: the sum of the likelihood ratios, 1 at an alarm.
  public var level: Double { ratios.reduce(0, +) / Double(ratios.count) }

  private let excesses: [Double]
  private let factor: Double
  private var ratios: [Double]
  private var lastIndex: UInt64?
  private var lastAlarm = SequentialCounts.zero

  /// A monitor at the beginning of a run.
  ///
  /// Throws for a background measured in parallel or by an auxiliary count (give its upper bound instead),
  /// and for a quiet exposure that is not positive and finite.
  public init(
    experiment: SequentialExperiment, budget: FalseAlarmBudget, quietExposure: Double
  ) throws {
    try InputCheck.positive(quietExposure, "quiet exposure of '\(experiment.name)'")
    switch experiment.background.kind {
    case .known: factor = 1
    case .bounded(let bound, _): factor = bound
    case .parallel, .auxiliary:
      throw StatisticsError.invalidInput(
        name: "background of '\(experiment.name)'", value: experiment.background.description,
        expected: "a known background or its upper bound for a monitor")
    }
    self.experiment = experiment
    self.budget = budget
    self.quietExposure = quietExposure
    let excess = SignalGrid.excess(experiment.typicalSignal / experiment.backgroundRate)
    switch experiment.alternative {
    case .excess: excesses = excess
    case .deficit: excesses = SignalGrid.deficit
    case .either: excesses = excess + SignalGrid.deficit
    }
    ratios = [Double](repeating: 0, count: excesses.count)
  }

  /// Goes through the next segment; returns what is to be done, in order: nothing, mostly.
  ///
  /// Throws, changing nothing, for a segment that is not behind the last one or whose exposure is not known,
  /// and where a sum leaves the range of its numbers.
  public mutating func observe(_ segment: ExposureSegment) throws -> [Action] {
    guard let exposure = segment.exposure, let background = segment.background else {
      throw StatisticsError.invalidInput(
        name: "exposure of segment \(segment.index)", value: "unknown",
        expected: "a number before it is observed")
    }
    guard lastIndex.map({ segment.index > $0 }) ?? true else {
      throw StatisticsError.invalidInput(
        name: "segment", value: "\(segment.index)",
        expected: "one behind the last segment, \(lastIndex ?? 0)")
    }
    let begin = counts
    guard (begin.background + background * factor).isFinite, (begin.exposure + exposure).isFinite else {
      throw StatisticsError.invalidInput(
        name: "exposure or background up to segment \(segment.index)", value: "infinite",
        expected: "sums within the range of numbers")
    }
    var next = self
    next.lastIndex = segment.index
    var actions: [Action] = []
    var passed = 0.0
    try segment.forEachStep { place, events, sideband, isEnd in
      let part = place - passed
      // Starts inside a last stretch with unplaced events would need their order: they start before it.
      let isBatch = isEnd && events > 0
      next.advance(exposure: exposure * part, background: background * part * factor, startsFirst: isBatch)
      passed = place
      next.counts.background = begin.background + background * place
      next.counts.exposure = begin.exposure + exposure * place
      next.counts.observed = try ExposureSegment.sum(next.counts.observed, events, segment.index)
      next.counts.sideband = try ExposureSegment.sum(next.counts.sideband, sideband, segment.index)
      next.count(events)
      next.decide(segment.index, place, &actions)
    }
    self = next
    return actions
  }

  /// The actions of a whole run, from its merged state: the same whatever the order in which it was learnt.
  ///
  /// Segments whose exposure is not known are passed over. Throws as
  /// ``init(experiment:budget:quietExposure:)`` and ``observe(_:)``.
  public static func actions(
    over state: SequentialState, budget: FalseAlarmBudget, quietExposure: Double
  ) throws -> [Action] {
    var monitor = try SequentialMonitor(
      experiment: state.experiment, budget: budget, quietExposure: quietExposure)
    var actions: [Action] = []
    for segment in state.segments where segment.exposure != nil {
      actions += try monitor.observe(segment)
    }
    return actions
  }

  /// Without an event each ratio falls (or grows, for a deficit) exponentially, and new ones start evenly.
  private mutating func advance(exposure: Double, background: Double, startsFirst: Bool) {
    let started = bounded(budget.rate * exposure)
    for k in ratios.indices {
      let x = excesses[k] * background
      let fall = bounded(exp(-x))
      let meanFall = abs(x) < 1e-9 ? 1 - 0.5 * x : bounded(-expm1(-x) / x)
      ratios[k] =
        startsFirst ? bounded((ratios[k] + started) * fall) : bounded(ratios[k] * fall + started * meanFall)
    }
  }

  private mutating func count(_ events: Int) {
    guard events > 0 else { return }
    for k in ratios.indices where ratios[k] > 0 {
      // By logarithms: 1 + s/b to the power of the number of events may leave the range.
      let gain = Double(events) * log1p(excesses[k])
      ratios[k] = bounded(exp(min(700, log(ratios[k]) + gain)))
    }
  }

  /// A smaller ratio is safe too, and infinities never meet zeros.
  private func bounded(_ ratio: Double) -> Double { min(ratio, 1e290) }

  private mutating func decide(_ segment: UInt64, _ place: Double, _ actions: inout [Action]) {
    let reached = level
    if reached >= 1 {
      alarms += 1
      actions.append(
        .alert(
          SequentialAlert(
            number: alarms, isRenewed: isAlerting, segment: segment, place: place, level: reached,
            counts: counts, sinceLastAlarm: counts.since(lastAlarm))))
      isAlerting = true
      lastAlarm = counts
      ratios = [Double](repeating: 0, count: ratios.count)
    } else if isAlerting, counts.exposure - lastAlarm.exposure >= quietExposure {
      isAlerting = false
      actions.append(.cleared(segment: segment))
    }
  }
}

/// An alarm of a ``SequentialMonitor``.
public struct SequentialAlert: Sendable, Hashable {
  /// Its number in the run, from 1.
  public let number: Int
  /// Whether the alarm before it was not yet cleared.
  public let isRenewed: Bool
  /// The segment in which it came.
  public let segment: UInt64
  /// The fraction of the segment that had passed.
  public let place: Double
  /// The sum of the likelihood ratios, 1 or more.
  public let level: Double
  /// Counts, background and exposure at the alarm.
  public let counts: SequentialCounts
  /// The same since the alarm before it, or since the beginning.
  public let sinceLastAlarm: SequentialCounts
}

extension SequentialCounts {
  fileprivate func since(_ other: SequentialCounts) -> SequentialCounts {
    SequentialCounts(
      unchecked: observed - other.observed, sideband - other.sideband,
      max(0, background - other.background), max(0, exposure - other.exposure))
  }
}
