#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Logarithms of the gamma and beta functions, by Stirling's formula with its error.
enum LogGamma {
  /// ln Γ(x) for x > 0.
  static func of(_ x: Double) -> Double {
    (x - 0.5) * log(x) - x + 0.5 * StirlingDeviance.logTwoPi + StirlingDeviance.stirlingError(x)
  }

  /// ln B(a, b), from the deviances, so that large arguments keep their digits.
  static func beta(_ a: Double, _ b: Double) -> Double {
    let n = a + b
    return StirlingDeviance.stirlingError(a) + StirlingDeviance.stirlingError(b)
      - StirlingDeviance.stirlingError(n) + 0.5 * StirlingDeviance.logTwoPi
      + (a - 0.5) * log(a / n) + (b - 0.5) * log(b / n) - 0.5 * log(n)
  }
}

/// Means of numbers given by their logarithms.
enum LogSum {
  /// ln of the mean of exp(terms); -∞ for none.
  static func mean(_ terms: [Double]) -> Double {
    guard let top = terms.max(), top > -.infinity else { return -.infinity }
    guard top < .infinity else { return .infinity }
    var sum = 0.0
    for term in terms { sum += exp(term - top) }
    return top + log(sum / Double(terms.count))
  }
}

/// The signal strengths that discrete mixtures use: each mixture of them is exact, without a quadrature.
enum SignalGrid {
  static let count = 9

  /// Signal over background: the typical one times 1/16 … 16.
  static func excess(_ typical: Double) -> [Double] {
    [0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16].map { $0 * typical }
  }

  /// Signal over background of a loss: -1 is nothing left.
  static let deficit: [Double] = [-1, -0.5, -0.25, -0.125, -0.0625]
}
