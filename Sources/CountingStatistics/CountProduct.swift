#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A product and quotient of counts, f · n₁ n₂ … / (m₁ m₂ …): what estimates a background from a sideband, from
/// three other regions, or from two rates in random coincidence.
public struct CountProduct: Sendable, Hashable {
  /// The counts multiplied.
  public let numerators: [Int]
  /// The counts divided by.
  public let denominators: [Int]
  /// The factor f.
  public let factor: Double
  /// The relative uncertainty of f, as the width of its logarithm.
  public let factorUncertainty: Double

  /// A product of counts.
  ///
  /// Throws for negative counts, a denominator of 0 (there is no upper limit then: widen that region), a factor
  /// that is not positive, and a relative uncertainty that is negative or not finite.
  public init(
    numerators: [Int], denominators: [Int] = [], factor: Double = 1, factorUncertainty: Double = 0
  ) throws {
    for count in numerators { try InputCheck.count(count, "count of the background estimate") }
    guard !numerators.isEmpty else {
      throw StatisticsError.invalidInput(name: "numerators", value: "none", expected: "at least one count")
    }
    for count in denominators where count <= 0 {
      throw StatisticsError.invalidInput(
        name: "count in a denominator", value: "\(count)",
        expected: "at least 1, without which the background has no upper limit; widen that region")
    }
    try InputCheck.positive(factor, "factor of the background estimate")
    guard factorUncertainty.isFinite, factorUncertainty >= 0 else {
      throw StatisticsError.invalidInput(
        name: "relative uncertainty of the factor", value: "\(factorUncertainty)",
        expected: "a finite number, 0 or more")
    }
    self.numerators = numerators
    self.denominators = denominators
    self.factor = factor
    self.factorUncertainty = factorUncertainty
  }

  /// The estimate: the counts as they are.
  public var value: Double {
    let above = numerators.reduce(factor) { $0 * Double($1) }
    return denominators.reduce(above) { $0 / Double($1) }
  }

  /// The textbook standard deviation, value · √(Σ 1/n + Σ 1/m + σ_f²), for uncorrelated counts. Of little worth
  /// below some 10 events, and 0 where a numerator is 0.
  public var standardDeviation: Double { value > 0 ? value * relativeVariance.squareRoot() : 0 }

  private var relativeVariance: Double {
    (numerators + denominators).reduce(factorUncertainty * factorUncertainty) { $0 + 1 / Double($1) }
  }

  /// The estimate as a quantity for limits: the auxiliary count of the same value and relative precision,
  /// m = 1 / (Σ 1/n + Σ 1/m + σ_f²).
  ///
  /// With a numerator of 0 it is an auxiliary count of 0, whose mean 1/τ is what one more event in each
  /// numerator would give. Throws where that is no finite number.
  public func quantity() throws -> UncertainQuantity {
    guard value > 0 else {
      let one = try CountProduct(
        numerators: numerators.map { $0 + 1 }, denominators: denominators, factor: factor)
      return try UncertainQuantity(auxiliaryCount: 0, ratio: 1 / one.value)
    }
    return try UncertainQuantity(value, uncertainty: standardDeviation, shape: .auxiliaryCount)
  }

  /// The interval of the true product: where -2 ln of the profile likelihood ratio is at most the quantile of χ²
  /// with one degree of freedom; asymptotic, and for a single count it is narrower than the exact one of
  /// ``SidebandEstimate``. With a numerator of 0, where that fails, the deviance goes up to -ln[(1 - CL)/2], which is
  /// exact for a single count of 0.
  ///
  /// Throws for a confidence level outside (0, 1), or without convergence.
  public func interval(
    confidenceLevel: Double = ConfidenceInterval.oneSigma
  ) throws -> ConfidenceInterval {
    try InputCheck.confidenceLevel(confidenceLevel)
    let tail = 0.5 * (1 - confidenceLevel)
    let z = try NormalDistribution.inverseSurvival(tail)
    let target = value > 0 ? 0.5 * z * z : -log(tail)
    return ConfidenceInterval(
      lower: value > 0 ? try end(target, above: false) : 0, upper: try end(target, above: true),
      confidenceLevel: confidenceLevel, method: .countProduct, tail: .central)
  }

  /// The product at which the likelihood has fallen by `target`.
  ///
  /// The means that fit best with a given product are n + t and m - t, and ln f shifted by t σ_f², with one t
  /// for all (the Lagrange multiplier of ln of the product); both product and deviance rise with t from 0 up.
  private func end(_ target: Double, above: Bool) throws -> Double {
    guard target > 0 else { return value }
    let bound =
      above ? Double(denominators.min() ?? .max) : -Double(numerators.min() ?? 0)
    func deviance(_ t: Double) -> BracketedRoot.Point {
      var sum = 0.5 * t * t * factorUncertainty * factorUncertainty
      var slope = t * factorUncertainty * factorUncertainty
      for n in numerators {
        sum += StirlingDeviance.halfDeviance(Double(n), Double(n) + t)
        slope += t / (Double(n) + t)
      }
      for m in denominators {
        sum += StirlingDeviance.halfDeviance(Double(m), Double(m) - t)
        slope += t / (Double(m) - t)
      }
      return BracketedRoot.Point(value: sum - target, slope: slope)
    }
    var far = above ? 1.0 : bound
    if above {
      while far < bound, deviance(far).value < 0 { far *= 2 }
      far = min(far, bound)
    }
    let t = try BracketedRoot.close(min(0, far), max(0, far), rising: above, deviance)
    let product = numerators.reduce(factor * exp(t * factorUncertainty * factorUncertainty)) {
      $0 * (Double($1) + t)
    }
    return denominators.reduce(product) { $0 / (Double($1) - t) }
  }
}

extension CountProduct {
  /// The background in region A from the three others, N_B N_C / N_D, where the two variables that divide the
  /// regions are independent; throws for negative counts, and for none in D.
  public static func abcd(b: Int, c: Int, d: Int) throws -> CountProduct {
    try CountProduct(numerators: [b, c], denominators: [d])
  }

  /// Random coincidences of two kinds of events, R₁ R₂ Δt T, from their counts in the live time T (s) and the
  /// window Δt (s) in which one of either makes a pair: n₁ n₂ Δt / T.
  ///
  /// `coincidenceTime` is the live time in which coincidences were looked for, if not that of the counts;
  /// `windowUncertainty` is relative. Throws for negative counts and for times that are not positive.
  public static func randomCoincidences(
    first: Int, second: Int, window: Double, liveTime: Double, coincidenceTime: Double? = nil,
    windowUncertainty: Double = 0
  ) throws -> CountProduct {
    try InputCheck.positive(window, "coincidence window in seconds")
    try InputCheck.positive(liveTime, "live time in seconds")
    let time = coincidenceTime ?? liveTime
    try InputCheck.positive(time, "live time of the coincidences in seconds")
    return try CountProduct(
      numerators: [first, second], factor: window / liveTime * (time / liveTime),
      factorUncertainty: windowUncertainty)
  }
}
