/// The limits expected if there is only background: quantiles over the Poisson distribution of the count.
///
/// "Expected" means here the quantile of the limit itself. Because the limit grows with the count, that is
/// the limit at the quantile of the count, and no toys are needed.
public struct ExpectedLimits: Sendable, Hashable {
  /// Lower edge of the 95.45 % band (quantile of -2 σ).
  public let minusTwoSigma: Limit
  /// Lower edge of the 68.27 % band (quantile of -1 σ).
  public let minusOneSigma: Limit
  /// The median.
  public let median: Limit
  /// Upper edge of the 68.27 % band (quantile of +1 σ).
  public let plusOneSigma: Limit
  /// Upper edge of the 95.45 % band (quantile of +2 σ).
  public let plusTwoSigma: Limit
  /// How the expectation was formed.
  public var method: StatisticalMethod { .expectedCLs }
}

extension PoissonCLs {
  /// Median expected limit with its bands, under background only.
  ///
  /// Throws as ``upperLimit(observed:background:confidenceLevel:)``.
  public static func expectedLimits(background: Double, confidenceLevel: Double) throws -> ExpectedLimits {
    let counts = try PoissonDistribution(mean: background)
    func limit(_ z: Double) throws -> Limit {
      try upperLimit(
        observed: try counts.quantile(NormalDistribution.survival(-z)), background: background,
        confidenceLevel: confidenceLevel)
    }
    return ExpectedLimits(
      minusTwoSigma: try limit(-2), minusOneSigma: try limit(-1), median: try limit(0),
      plusOneSigma: try limit(1), plusTwoSigma: try limit(2))
  }

  /// Mean limit over background-only outcomes, in events: Σ P(n | b) s(n), the sum of Feldman and Cousins'
  /// "sensitivity" with the CLs limit.
  ///
  /// Throws as ``upperLimit(observed:background:confidenceLevel:)``, and for a background above 10⁶.
  public static func meanExpectedLimit(background: Double, confidenceLevel: Double) throws -> Double {
    let counts = try PoissonDistribution(mean: background)
    guard background <= 1e6 else {
      throw StatisticsError.invalidInput(
        name: "background", value: "\(background)", expected: "at most 1e6 for the full sum")
    }
    let reach = 9 * background.squareRoot() + 30
    let first = max(0, Int(background - reach))
    var sum = 0.0
    for n in first...Int(background + reach) {
      let limit = try upperLimit(observed: n, background: background, confidenceLevel: confidenceLevel)
      sum += counts.probability(of: n) * limit.upper
    }
    return sum
  }
}
