/// A background from a count in a sideband where τ times the background is expected.
public struct SidebandEstimate: Sendable, Hashable {
  /// The count in the sideband.
  public let count: Int
  /// Expected sideband events per expected background event, τ.
  public let ratio: Double

  /// A sideband; throws for a negative count or a ratio that is not positive and finite.
  public init(count: Int, ratio: Double) throws {
    try InputCheck.count(count, "sideband count")
    try InputCheck.positive(ratio, "ratio of sideband to background")
    self.count = count
    self.ratio = ratio
  }

  /// The background with its uncertainty, for limits.
  public func quantity() throws -> UncertainQuantity {
    try UncertainQuantity(auxiliaryCount: count, ratio: ratio)
  }

  /// The exact central interval of the background (Garwood's of the count, over τ); from 0 for no event.
  ///
  /// Throws for a confidence level outside (0, 1), or without convergence.
  public func interval(
    confidenceLevel: Double = ConfidenceInterval.oneSigma
  ) throws -> ConfidenceInterval {
    let events = try GarwoodInterval.of(count: count, confidenceLevel: confidenceLevel)
    return ConfidenceInterval(
      lower: events.lower / ratio, upper: events.upper / ratio, confidenceLevel: confidenceLevel,
      method: events.method, tail: events.tail)
  }
}

/// The ratio of two Poisson means from their counts: given the sum, the first count is binomial, so the interval
/// of its probability p gives that of the ratio p / (1 - p), exactly (J. Przyborowski, H. Wilenski, Biometrika 31
/// (1940) 313).
public enum PoissonRatioInterval {
  /// The central interval of mean(first) / mean(second); the lower end is 0 for no first event.
  ///
  /// Throws for negative counts, no second event (the ratio has no upper limit then), a confidence level outside
  /// (0, 1), or without convergence.
  public static func of(
    first: Int, second: Int, confidenceLevel: Double = ConfidenceInterval.oneSigma
  ) throws -> ConfidenceInterval {
    try InputCheck.count(first, "first count")
    guard second > 0 else {
      throw StatisticsError.invalidInput(
        name: "second count", value: "\(second)",
        expected: "at least 1, without which the ratio has no upper limit")
    }
    let (trials, overflow) = first.addingReportingOverflow(second)
    guard !overflow else { throw StatisticsError.countOverflow("\(first) + \(second)") }
    let p = try ClopperPearsonInterval.of(passed: first, trials: trials, confidenceLevel: confidenceLevel)
    // 1 - p of the failures, so that neither end loses its digits.
    let q = try ClopperPearsonInterval.of(passed: second, trials: trials, confidenceLevel: confidenceLevel)
    return ConfidenceInterval(
      lower: p.lower / q.upper, upper: p.upper / q.lower, confidenceLevel: confidenceLevel,
      method: .conditionalBinomial, tail: .central)
  }
}
