#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension UncertainQuantity {
  /// The mean of `f` over the distribution of the quantity, which is cut off at `bound` (as 1 for an
  /// efficiency): what marginalisation over it means.
  ///
  /// Throws what `f` throws, without convergence, and where the distribution has nothing below the bound.
  func expectation(bound: Double = .infinity, _ f: (Double) throws -> Double) throws -> Double {
    guard !isKnown else { return try f(value) }
    let (low, high) = support
    let end = min(high, bound)
    guard end > low else {
      throw StatisticsError.invalidInput(
        name: "value", value: "\(value) ± \(uncertainty)",
        expected: "a distribution with a part below \(bound)")
    }
    // In the variable in which the distribution is smooth, so that no singularity at 0 is in the way.
    let (from, to) = isLogarithmic ? (log(low / centre), log(end / centre)) : (low - centre, end - centre)
    let norm = try Quadrature.integral(from: from, to: to, pieces: 16) { exp(logDensity($0)) }
    guard norm > 0 else {
      throw StatisticsError.notConverged("distribution of \(value) ± \(uncertainty)")
    }
    let sum = try Quadrature.integral(from: from, to: to, pieces: 16) {
      try exp(logDensity($0)) * f(value(at: $0))
    }
    return sum / norm
  }

  /// Whether the variable of integration is the logarithm of the quantity.
  var isLogarithmic: Bool { shape != .gaussian }

  /// Shape and rate of the gamma distribution that ``Shape/gamma`` and ``Shape/auxiliaryCount`` stand for;
  /// nil for the others.
  var gammaParameters: (shape: Double, rate: Double)? {
    guard let (count, ratio) = auxiliary else { return nil }
    switch shape {
    case .gamma: return (count, ratio)
    case .auxiliaryCount: return (count + 1, ratio)
    case .known, .gaussian, .logNormal: return nil
    }
  }

  /// Where the distribution has all but some 1e-16 of its probability.
  private var support: (low: Double, high: Double) {
    if let (k, rate) = gammaParameters {
      // In ln x the lower tail falls as exp(k ln x); the upper as exp(-rate x).
      let mode = k / rate
      return (mode * exp(-9 / k.squareRoot() - 40 / k), mode + (9 * k.squareRoot() + 45) / rate)
    }
    if shape == .logNormal {
      let width = 8.5 * uncertainty / value
      return (value * exp(-width), value * exp(width))
    }
    return (max(0, value - 8.5 * uncertainty), value + 8.5 * uncertainty)
  }

  /// The quantity at the origin of the variable of integration: the peak of its distribution, or the value.
  var centre: Double {
    guard let (k, rate) = gammaParameters else { return value }
    return k / rate
  }

  /// The quantity at a point of the variable of integration: its distance from ``centre``, or the logarithm of
  /// its ratio to it. So measured, a narrow distribution keeps its digits.
  func value(at point: Double) -> Double { isLogarithmic ? centre * exp(point) : centre + point }

  /// Logarithm of the density in the variable of integration, 0 at its origin.
  func logDensity(_ point: Double) -> Double {
    if let (k, _) = gammaParameters {
      if abs(point) < 1e-3 {
        // u - (eᵘ - 1), without the difference of nearly equal numbers.
        return -k * point * point * (0.5 + point * (1.0 / 6 + point * (1.0 / 24 + point / 120)))
      }
      return k * (point - expm1(point))
    }
    let pull = isLogarithmic ? point * value / uncertainty : point / uncertainty
    return -0.5 * pull * pull
  }
}
