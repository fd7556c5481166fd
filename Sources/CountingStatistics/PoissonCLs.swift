#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The CLs upper limit of a counting experiment with a known background, exactly.
///
/// CLs(s) = P(N ≤ n | s + b) / P(N ≤ n | b), outcomes ordered by the count. It equals the Bayesian
/// limit with a flat prior in s ≥ 0 (A. L. Read, J. Phys. G 28 (2002) 2693).
public enum PoissonCLs {
  /// CLs of a signal of `signal` events.
  ///
  /// Throws for a negative count, a negative or non-finite mean, or without convergence.
  public static func cls(signal: Double, observed: Int, background: Double) throws -> Double {
    try InputCheck.mean(signal, "signal")
    try check(observed, background)
    return exp(
      try IncompleteGamma.logUpperRatio(shape: Double(observed) + 1, x: background, step: signal))
  }

  /// The signal, in events, at which CLs falls to 1 - `confidenceLevel`.
  ///
  /// Throws for a negative count, a negative or non-finite background, a confidence level outside
  /// (0, 1), or without convergence.
  public static func upperLimit(
    observed: Int, background: Double, confidenceLevel: Double
  ) throws -> Limit {
    try check(observed, background)
    try InputCheck.confidenceLevel(confidenceLevel)
    return Limit(
      upper: try solve(observed, background, logAlpha: log1p(-confidenceLevel)),
      origin: ResultOrigin(
        method: .exactCLs, tail: .oneSidedUpperCLs, ordering: .count, confidenceLevel: confidenceLevel,
        inputs: try StatisticalInputs(observed: observed, background: try UncertainQuantity(background))))
  }

  private static func check(_ observed: Int, _ background: Double) throws {
    try InputCheck.count(observed, "observed count")
    try InputCheck.mean(background, "background")
  }

  private static func solve(_ observed: Int, _ background: Double, logAlpha: Double) throws -> Double {
    if observed == 0 { return -logAlpha }
    let shape = Double(observed) + 1
    if background == 0 { return try IncompleteGamma.inverseUpper(shape: shape, logProbability: logAlpha) }
    // For any background the limit lies between that of n = 0 and, above it, the one of b = 0.
    let start = max(-logAlpha, shape - background)
    let upperRatio = try IncompleteGamma.UpperRatio(shape: shape, x: background)
    return try BracketedRoot.find(
      from: start, firstStep: max(1, shape.squareRoot()), rising: false, floor: 0
    ) { signal in
      let (ratio, logUpper) = try upperRatio.at(step: signal)
      let slope = -exp(IncompleteGamma.logWeight(shape - 1, background + signal) - logUpper)
      return BracketedRoot.Point(value: ratio - logAlpha, slope: slope)
    }
  }
}
