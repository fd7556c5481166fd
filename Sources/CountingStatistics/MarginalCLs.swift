#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The CLs upper limit of a counting experiment whose background and efficiency have uncertainties,
/// marginalised: CLs(s) = P(N ≤ n | s) / P(N ≤ n | 0), with each probability averaged over the distributions of
/// background and efficiency, and outcomes ordered by the count.
///
/// P(N ≤ n | s) = Σ P(S = k | s) P(B ≤ n - k) is a sum of n + 1 terms. With a known efficiency the limit is also
/// the Bayesian one with a flat prior. The value keeps its tables, so a running count asks the same value again;
/// the answer does not depend on what was asked before.
public struct MarginalCLs: Sendable {
  /// The expected background in events.
  public let background: UncertainQuantity
  /// The signal's efficiency relative to that its number of events is given at. It is not cut off at 1.
  public let efficiency: UncertainQuantity
  /// The confidence level, such as 0.9.
  public let confidenceLevel: Double

  private var counts: MarginalCounts

  /// Limits with this background and efficiency.
  ///
  /// Throws for a confidence level outside (0, 1), and an efficiency of 0 or above 1.
  public init(
    background: UncertainQuantity, efficiency: UncertainQuantity = .one, confidenceLevel: Double
  ) throws {
    try InputCheck.confidenceLevel(confidenceLevel)
    self.background = background
    self.efficiency = efficiency
    self.confidenceLevel = confidenceLevel
    counts = try MarginalCounts(
      background: background, efficiency: efficiency,
      reach: 8.5 + (-2 * log1p(-confidenceLevel)).squareRoot())
  }

  /// CLs of a signal of `signal` events. Throws for a negative or non-finite signal, a negative count, or
  /// without convergence.
  public mutating func cls(signal: Double, observed: Int) throws -> Double {
    try InputCheck.mean(signal, "signal")
    try InputCheck.count(observed, "observed count")
    if let e = knownEfficiency, background.isKnown {
      return try PoissonCLs.cls(signal: signal * e, observed: observed, background: background.value)
    }
    guard signal > 0 else { return 1 }
    let below = try counts.cumulative(upTo: observed, signal: signal).logProbability
    return exp(below - (try counts.cumulative(upTo: observed, signal: 0).logProbability))
  }

  /// The signal, in events, at which CLs falls to 1 - CL. Throws for a negative count or without convergence.
  public mutating func upperLimit(observed: Int) throws -> Limit {
    let inputs = try StatisticalInputs(observed: observed, background: background, efficiency: efficiency)
    return Limit(
      upper: try solve(observed),
      origin: ResultOrigin(
        method: background.isKnown && efficiency.isKnown ? .exactCLs : .marginalCLs,
        tail: .oneSidedUpperCLs, ordering: .count, confidenceLevel: confidenceLevel, inputs: inputs))
  }

  /// p-value and Z of the count under background only, averaged over the background's uncertainty.
  ///
  /// The same as ``ExcessSignificance`` to rounding, from the
  /// kept tables. Throws for a negative count or without convergence.
  public mutating func significance(observed: Int) throws -> ExcessSignificance {
    if background.isKnown { return try ExcessSignificance(observed: observed, background: background) }
    let inputs = try StatisticalInputs(observed: observed, background: background)
    return try ExcessSignificance(
      inputs: inputs, method: .marginalPoissonTail, logAbove: try counts.logSurvival(from: observed)
    ) {
      try counts.cumulative(upTo: observed - 1, signal: 0).logProbability
    }
  }

  /// Fills the tables for counts up to `count` (at most 1000) ahead, so that no later event waits for them.
  ///
  /// Throws for a negative count or without convergence.
  public mutating func prepare(upTo count: Int) throws {
    try InputCheck.count(count, "count to prepare for")
    try counts.extend(upTo: min(count, 1_000))
  }

  /// The limit of one count. Throws as ``init(background:efficiency:confidenceLevel:)`` and
  /// ``upperLimit(observed:)``.
  public static func upperLimit(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one,
    confidenceLevel: Double
  ) throws -> Limit {
    var engine = try MarginalCLs(
      background: background, efficiency: efficiency, confidenceLevel: confidenceLevel)
    return try engine.upperLimit(observed: observed)
  }

  /// Median expected limit with its bands, over the background's distribution of the count.
  public mutating func expectedLimits() throws -> ExpectedLimits {
    try ExpectedLimits(counts: counts.background) { try upperLimit(observed: $0) }
  }

  private var knownEfficiency: Double? { efficiency.isKnown ? efficiency.value : nil }

  private mutating func solve(_ observed: Int) throws -> Double {
    let logAlpha = log1p(-confidenceLevel)
    if let e = knownEfficiency {
      if observed == 0 { return -logAlpha / e }
      if background.isKnown {
        return try PoissonCLs.upperLimit(
          observed: observed, background: background.value, confidenceLevel: confidenceLevel
        ).upper / e
      }
    }
    let n = Double(observed)
    let logBelow = try counts.cumulative(upTo: observed, signal: 0).logProbability
    // The limit without uncertainty is near, or half of it if the background pulls it down.
    let spread = (n + 1 + background.uncertainty * background.uncertainty).squareRoot()
    let start = max(-logAlpha, n - background.value + 1.3 * spread) / efficiency.value
    let integrates = observed > 150
    return try BracketedRoot.find(
      from: start, firstStep: 0.3 * spread, rising: false, floor: 0, relative: integrates ? 1e-11 : 1e-13
    ) { signal in
      let tail = try counts.cumulative(upTo: observed, signal: signal)
      return BracketedRoot.Point(value: tail.logProbability - logBelow - logAlpha, slope: tail.slope)
    }
  }
}
