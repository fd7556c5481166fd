#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Garwood's central interval of a Poisson mean (F. Garwood, Biometrika 28 (1936) 437).
public enum GarwoodInterval {
  /// The interval of the mean, in events, after `count` were seen; the lower end of count 0 is 0.
  ///
  /// Throws for a negative count, a confidence level outside (0, 1), or without convergence.
  public static func of(
    count: Int, confidenceLevel: Double = ConfidenceInterval.oneSigma
  ) throws -> ConfidenceInterval {
    try InputCheck.count(count, "count")
    try InputCheck.confidenceLevel(confidenceLevel)
    let logTail = log1p(-confidenceLevel) - 0.6931471805599453
    let n = Double(count)
    return ConfidenceInterval(
      lower: count == 0 ? 0 : try IncompleteGamma.inverseLower(shape: n, logProbability: logTail),
      upper: count == 0 ? -logTail : try IncompleteGamma.inverseUpper(shape: n + 1, logProbability: logTail),
      confidenceLevel: confidenceLevel, method: .garwood, tail: .central)
  }
}
