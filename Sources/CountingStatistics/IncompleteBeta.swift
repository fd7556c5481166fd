#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The regularised incomplete beta function I(x; a, b), in the logit of x so that both ends keep digits.
enum IncompleteBeta {
  /// ln I(x; a, b) and its derivative in u = ln[x / (1 - x)], for a, b > 0.
  static func logLower(_ a: Double, _ b: Double, logit u: Double) throws -> BracketedRoot.Point {
    let x = 1 / (1 + exp(-u))
    let y = 1 / (1 + exp(u))
    let weight = logWeight(a, b, x, y)
    let value: Double
    if x < (a + 1) / (a + b + 2) {
      value = min(0, weight - log(a) + log(try fraction(a, b, x)))
    } else {
      let upper = min(0, weight - log(b) + log(try fraction(b, a, y)))
      value = StirlingDeviance.logOneMinusExp(upper)
    }
    return BracketedRoot.Point(value: value, slope: exp(weight - value))
  }

  /// ln[xᵃ yᵇ Γ(a + b) / (Γ(a) Γ(b))], by the saddle-point expansion.
  static func logWeight(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
    let n = a + b
    return StirlingDeviance.stirlingError(n) - StirlingDeviance.stirlingError(a)
      - StirlingDeviance.stirlingError(b) - StirlingDeviance.halfDeviance(a, n * x)
      - StirlingDeviance.halfDeviance(b, n * y) + 0.5 * (log(a) + log(b) - log(n) - StirlingDeviance.logTwoPi)
  }

  /// The continued fraction of I(x; a, b), by the modified Lentz method.
  private static func fraction(_ a: Double, _ b: Double, _ x: Double) throws -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    if abs(d) < tiny { d = tiny }
    d = 1 / d
    var h = d
    for i in 1...2_000_000 {
      let m = Double(i)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 + even * d
      if abs(d) < tiny { d = tiny }
      c = 1 + even / c
      if abs(c) < tiny { c = tiny }
      d = 1 / d
      h *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 + odd * d
      if abs(d) < tiny { d = tiny }
      c = 1 + odd / c
      if abs(c) < tiny { c = tiny }
      d = 1 / d
      let change = d * c
      h *= change
      if abs(change - 1) < 4e-16 { return h }
    }
    throw StatisticsError.notConverged("continued fraction of I(\(x); \(a), \(b))")
  }
}
