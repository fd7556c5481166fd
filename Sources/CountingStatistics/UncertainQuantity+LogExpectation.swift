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
    if isLogarithmic {
      let (start, width) = logarithmicScale
      let sum = try LogConcaveIntegral.logarithm(
        from: -700, to: 700, start: start, step: width, relative: relative
      ) { t in
        logDensity(t) + (try logF(exp(t)))
      }
      return sum - logNorm
    }
    let sum = try LogConcaveIntegral.logarithm(
      from: 0, to: .infinity, start: max(value, 0.5 * uncertainty), step: uncertainty, relative: relative
    ) { x in
      logDensity(x) + (try logF(x))
    }
    return sum - logNorm
  }

  /// ln of the integral of exp(``logDensity(_:)``) over the variable of integration.
  var logNorm: Double {
    if let (k, _) = gammaParameters {
      // ∫ exp(k (t - ln mode) - k (e^(t - ln mode) - 1)) dt = Γ(k) e^k / k^k.
      return StirlingDeviance.stirlingError(k) + 0.5 * (StirlingDeviance.logTwoPi - log(k))
    }
    let halfLog = 0.5 * StirlingDeviance.logTwoPi
    if shape == .logNormal { return halfLog + log(uncertainty / value) }
    return halfLog + log(uncertainty) + NormalDistribution.logSurvival(-value / uncertainty)
  }

  /// Peak and width of the distribution of the logarithm.
  private var logarithmicScale: (start: Double, width: Double) {
    if let (k, rate) = gammaParameters { return (log(k / rate), 1 / k.squareRoot()) }
    return (log(value), uncertainty / value)
  }
}
