#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The standard normal distribution, accurate far into its tails.
public enum NormalDistribution {
  /// Probability above `z`.
  public static func survival(_ z: Double) -> Double { 0.5 * erfc(z * 0.5.squareRoot()) }

  /// Natural logarithm of the probability above `z`; finite for every finite z of ordinary size.
  public static func logSurvival(_ z: Double) -> Double {
    if z < 0 { return log1p(-survival(-z)) }
    if z < 30 { return log(survival(z)) }
    // Asymptotic series of Mills' ratio; the first neglected term is below 10⁻¹² at z = 30.
    let r = 1 / (z * z)
    let series = -r * (1 - r * (3 - r * (15 - r * (105 - r * 945))))
    return -0.5 * z * z - log(z) - 0.5 * StirlingDeviance.logTwoPi + log1p(series)
  }

  /// The z above which lies the probability `p` (0 < p < 1). Throws for any other p.
  public static func inverseSurvival(_ p: Double) throws -> Double {
    try InputCheck.probability(p, "tail probability")
    if p > 0.5 { return p == 0.5 ? 0 : -inverseUpperHalf(log1p(-p)) }
    return inverseUpperHalf(log(p))
  }

  /// The z above which lies the probability `exp(logP)`, for any logP below 0, also below the
  /// smallest number of the machine. Throws for a logP that is not negative and finite.
  public static func inverseLogSurvival(_ logP: Double) throws -> Double {
    guard logP < 0, logP.isFinite else {
      throw StatisticsError.invalidInput(
        name: "log of a tail probability", value: "\(logP)", expected: "a finite number below 0")
    }
    if logP > -0.6931471805599453 {
      return -inverseUpperHalf(StirlingDeviance.logOneMinusExp(logP))
    }
    return inverseUpperHalf(logP)
  }

  /// Newton on the concave ln S(z) from the right of the root, where every step moves towards it.
  private static func inverseUpperHalf(_ logP: Double) -> Double {
    var z = max(0, -2 * (logP + 0.6931471805599453)).squareRoot()
    for _ in 0..<200 {
      let logS = logSurvival(z)
      let hazard = exp(-0.5 * (z * z + StirlingDeviance.logTwoPi) - logS)
      let next = z + (logS - logP) / hazard
      if !next.isFinite || abs(next - z) <= 4e-16 * abs(next) { break }
      z = next
    }
    return z
  }
}
