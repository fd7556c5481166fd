#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Limits on a signal rate that hold at all times of the run at once, with a known background.
///
/// The family of tests {signal = s} is inverted: each s is tested by the mixture likelihood ratio of the
/// signals below it (for an upper limit) or above it (for a lower one). They hold for any course of
/// background and exposure; they are at their best where the two keep their nominal ratio
/// (`Docs/Sequential.md`, section 4).
public enum ConfidenceSequence {
  /// The upper limit: P(signal rate > limit at any time) ≤ 1 - CL.
  ///
  /// Throws for a background that is not known, without exposure or background so far, for a confidence level
  /// outside (0, 1), or without convergence.
  public static func upperLimit(
    _ counts: SequentialCounts, of experiment: SequentialExperiment, confidenceLevel: Double
  ) throws -> AnytimeLimit {
    try check(counts, experiment, confidenceLevel)
    let rate = try upper(counts, experiment, log1p(-confidenceLevel))
    return try AnytimeLimit(
      signalRate: rate, counts: counts, experiment: experiment, tail: .anytimeUpper, level: confidenceLevel)
  }

  /// The lower limit: P(signal rate < limit at any time) ≤ 1 - CL; 0 as long as background alone is not
  /// excluded.
  ///
  /// Throws as ``upperLimit(_:of:confidenceLevel:)``.
  public static func lowerLimit(
    _ counts: SequentialCounts, of experiment: SequentialExperiment, confidenceLevel: Double
  ) throws -> AnytimeLimit {
    try check(counts, experiment, confidenceLevel)
    let rate = try lower(counts, experiment, log1p(-confidenceLevel))
    return try AnytimeLimit(
      signalRate: rate, counts: counts, experiment: experiment, tail: .anytimeLower, level: confidenceLevel)
  }

  /// The interval with (1 - CL)/2 on each side. Throws as ``upperLimit(_:of:confidenceLevel:)``.
  public static func interval(
    _ counts: SequentialCounts, of experiment: SequentialExperiment, confidenceLevel: Double
  ) throws -> (lower: AnytimeLimit, upper: AnytimeLimit) {
    try check(counts, experiment, confidenceLevel)
    let logAlpha = log1p(-confidenceLevel) - 0.6931471805599453
    func limit(_ rate: Double) throws -> AnytimeLimit {
      try AnytimeLimit(
        signalRate: rate, counts: counts, experiment: experiment, tail: .anytimeCentral,
        level: confidenceLevel)
    }
    return (
      try limit(try lower(counts, experiment, logAlpha)), try limit(try upper(counts, experiment, logAlpha))
    )
  }

  /// The smallest upper limit over the moments of a run, which holds too, for the same reason.
  ///
  /// It never rises again; it may come out below what the data now suggest, where an unlikely run goes on.
  /// Moments without exposure or background are passed over; nil if there is no other.
  public static func smallestUpperLimit(
    _ points: [SequentialPoint], of experiment: SequentialExperiment, confidenceLevel: Double
  ) throws -> AnytimeLimit? {
    var smallest: AnytimeLimit?
    for point in points where point.significance.counts.exposure > 0 {
      let counts = point.significance.counts
      guard counts.background > 0 else { continue }
      let limit = try upperLimit(counts, of: experiment, confidenceLevel: confidenceLevel)
      if smallest.map({ limit.signalRate < $0.signalRate }) ?? true { smallest = limit }
    }
    return smallest
  }

  private static func check(
    _ counts: SequentialCounts, _ experiment: SequentialExperiment, _ confidenceLevel: Double
  ) throws {
    try InputCheck.confidenceLevel(confidenceLevel)
    guard experiment.background == .known else {
      throw StatisticsError.invalidInput(
        name: "background of '\(experiment.name)'", value: experiment.background.description,
        expected: "a known background for a confidence sequence")
    }
    try InputCheck.positive(counts.exposure, "exposure so far")
    try InputCheck.positive(counts.background, "background so far")
  }

  /// Above `start` the evidence against s grows with s: so one root, or `start` itself, which is no less
  /// safe.
  private static func upper(
    _ counts: SequentialCounts, _ e: SequentialExperiment, _ logAlpha: Double
  ) throws -> Double {
    let b = e.backgroundRate
    let n = Double(counts.observed)
    let shortest = min(counts.exposure, counts.background / b)
    let half = 0.5 * (n + 1 - shortest * b)
    let root = (half * half + shortest * b).squareRoot()
    let start = (half > 0 ? half + root : shortest * b / (root - half)) / shortest
    try InputCheck.positive(start, "scale of the limit")
    let atStart = try PoissonEProcess.below(start, counts, e) + logAlpha
    if atStart >= 0 { return start }
    return try BracketedRoot.find(from: start, firstStep: start, rising: true, floor: start) { s in
      let value = try PoissonEProcess.below(s, counts, e)
      let slope =
        counts.exposure - n / (b + s) + expm1(-value) / (e.typicalSignal * expm1(s / e.typicalSignal))
      return BracketedRoot.Point(value: value + logAlpha, slope: slope)
    }
  }

  private static func lower(
    _ counts: SequentialCounts, _ e: SequentialExperiment, _ logAlpha: Double
  ) throws -> Double {
    guard try PoissonEProcess.above(0, counts, e) + logAlpha > 0 else { return 0 }
    let c = 1 / e.typicalSignal
    let n = Double(counts.observed)
    return try BracketedRoot.find(
      from: 0, firstStep: (1 + n.squareRoot()) / counts.exposure, rising: false, floor: 0
    ) { s in
      let value = try PoissonEProcess.above(s, counts, e)
      let mean = c * (e.backgroundRate + s) + counts.background + s * counts.exposure
      let termOverSum = exp(-(try PoissonEProcess.logSumRatio(counts.observed, mean)))
      return BracketedRoot.Point(
        value: value + logAlpha, slope: (c + counts.exposure) * (1 - termOverSum - n / mean))
    }
  }
}

/// One end of a confidence sequence, with all that is needed to read it.
public struct AnytimeLimit: Sendable, Hashable {
  /// The signal rate, in events per unit of exposure.
  public let signalRate: Double
  /// The same in events of the exposure so far, with method, level, tail and inputs.
  public let limit: Limit
  /// The experiment.
  public let experiment: SequentialExperiment

  init(
    signalRate: Double, counts: SequentialCounts, experiment: SequentialExperiment, tail: TailConvention,
    level: Double
  ) throws {
    self.signalRate = signalRate
    self.experiment = experiment
    limit = Limit(
      upper: signalRate * counts.exposure,
      origin: ResultOrigin(
        method: .confidenceSequence, tail: tail, ordering: .mixtureLikelihoodRatio, confidenceLevel: level,
        inputs: try StatisticalInputs(
          observed: counts.observed, background: try UncertainQuantity(counts.background))))
  }
}
