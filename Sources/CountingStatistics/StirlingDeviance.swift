#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The two parts of a Poisson or binomial term that stay accurate for huge counts, where the
/// difference of log-gamma functions loses its digits (saddle-point expansion of C. Loader, 2000).
enum StirlingDeviance {
  static let logTwoPi = 1.837877066409345483560659472811

  /// Error of Stirling's formula: ln a! - [(a + 1/2) ln a - a + ln(2π)/2], for a > 0.
  static func stirlingError(_ argument: Double) -> Double {
    var a = argument
    var shift = 0.0
    while a < 16 {
      shift += (a + 0.5) * log1p(1 / a) - 1
      a += 1
    }
    let r = 1 / (a * a)
    let series = 1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r / 1188)))
    return shift + series / a
  }

  /// Half the deviance of a count `x` from its mean: x ln(x/mean) + mean - x, for x ≥ 0 and mean > 0.
  static func halfDeviance(_ x: Double, _ mean: Double) -> Double {
    guard x > 0 else { return mean }
    guard mean > 0 else { return .infinity }
    if abs(x - mean) < 0.1 * (x + mean) {
      var v = (x - mean) / (x + mean)
      var sum = (x - mean) * v
      var term = 2 * x * v
      v *= v
      for j in 1..<200 {
        term *= v
        let next = sum + term / Double(2 * j + 1)
        if next == sum { break }
        sum = next
      }
      return sum
    }
    return x * (log(x) - log(mean)) + mean - x
  }

  /// ln(1 - e^l) for l ≤ 0, without loss at either end.
  static func logOneMinusExp(_ l: Double) -> Double {
    guard l < 0 else { return -.infinity }
    return l > -0.6931471805599453 ? log(-expm1(l)) : log1p(-exp(l))
  }
}
