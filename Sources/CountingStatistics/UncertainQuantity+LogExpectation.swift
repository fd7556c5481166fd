#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension UncertainQuantity {
  /// ln of the mean of exp(logF) over the distribution of the quantity, right however small the mean: what
  /// marginalisation means for tail probabilities.
  ///
  /// The product of the two must have one peak in the variable of integration (the quantity, or its logarithm
  /// unless Gaussian); Poisson terms and tails do. Throws what `logF` throws, or without convergence.
  func logExpectation(relative: Double = 1e-12, _ logF: (Double) throws -> Double) throws -> Double {
    guard !isKnown else { return try logF(value) }
    let sum = try LogConcaveIntegral.logarithm(
      from: isLogarithmic ? -700 : -centre, to: isLogarithmic ? 700 : .infinity,
      start: isLogarithmic ? 0 : max(0, 0.5 * uncertainty - centre), step: width, relative: relative
    ) { point in
      logDensity(point) + (try logF(max(0, value(at: point))))
    }
    return sum - logNorm
  }

  /// About the width of the distribution in the variable of integration.
  var width: Double {
    if let (k, _) = gammaParameters { return 1 / k.squareRoot() }
    return isLogarithmic ? uncertainty / value : uncertainty
  }

  /// ln of the integral of exp(``logDensity(_:)``) over the variable of integration.
  var logNorm: Double {
    if let (k, _) = gammaParameters {
      // ∫ exp(k (u + 1 - eᵘ)) du = Γ(k) eᵏ / kᵏ.
      return StirlingDeviance.stirlingError(k) + 0.5 * (StirlingDeviance.logTwoPi - log(k))
    }
    let halfLog = 0.5 * StirlingDeviance.logTwoPi
    if shape == .logNormal { return halfLog + log(uncertainty / value) }
    return halfLog + log(uncertainty) + NormalDistribution.logSurvival(-value / uncertainty)
  }
}
