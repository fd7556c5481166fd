/// The limits expected if there is only background: quantiles over the distribution of the count.
///
/// "Expected" means here the quantile of the limit itself. Because the limit grows with the count, that is
/// the limit at the quantile of the count, and no toys are needed. (Asymptotic limits have formulas of their
/// own; see ``AsymptoticCLs``.)
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
  public let method: StatisticalMethod

  /// The quantiles of any limit that grows with the count, over any distribution of the count under
  /// background only.
  ///
  /// Throws what `limit` throws, and as ``CountDistribution/quantile(_:)``.
  public init<Counts: CountDistribution>(counts: Counts, limit: (Int) throws -> Limit) throws {
    func at(_ z: Double) throws -> Limit {
      try limit(try counts.quantile(NormalDistribution.survival(-z)))
    }
    try self.init(method: .expectedFullSum, at)
  }

  /// The limits at each number of standard deviations, by the formula of `method`.
  init(method: StatisticalMethod, _ at: (Double) throws -> Limit) rethrows {
    minusTwoSigma = try at(-2)
    minusOneSigma = try at(-1)
    median = try at(0)
    plusOneSigma = try at(1)
    plusTwoSigma = try at(2)
    self.method = method
  }

  /// Mean limit over the outcomes, in events: Σ P(n) s(n), the sum of Feldman and Cousins' "sensitivity" with any
  /// limit.
  ///
  /// Throws what `limit` throws, and for a mean count or spread above 10⁶.
  public static func mean<Counts: CountDistribution>(
    counts: Counts, limit: (Int) throws -> Limit
  ) throws -> Double {
    guard counts.expectedCount <= 1e6, counts.spread <= 1e6 else {
      throw StatisticsError.invalidInput(
        name: "background", value: "\(counts.expectedCount)", expected: "at most 1e6 for the full sum")
    }
    let reach = 9 * counts.spread + 30
    let first = max(0, Int(counts.expectedCount - reach))
    var sum = 0.0
    for n in first...Int(counts.expectedCount + reach) {
      sum += try counts.probability(of: n) * limit(n).upper
    }
    return sum
  }
}

extension PoissonCLs {
  /// Median expected limit with its bands, under background only.
  ///
  /// Throws as ``upperLimit(observed:background:confidenceLevel:)``.
  public static func expectedLimits(background: Double, confidenceLevel: Double) throws -> ExpectedLimits {
    try ExpectedLimits(counts: PoissonDistribution(mean: background)) {
      try upperLimit(observed: $0, background: background, confidenceLevel: confidenceLevel)
    }
  }

  /// Mean limit over background-only outcomes, in events.
  ///
  /// Throws as ``upperLimit(observed:background:confidenceLevel:)``, and for a background above 10⁶.
  public static func meanExpectedLimit(background: Double, confidenceLevel: Double) throws -> Double {
    try ExpectedLimits.mean(counts: PoissonDistribution(mean: background)) {
      try upperLimit(observed: $0, background: background, confidenceLevel: confidenceLevel)
    }
  }
}
