#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The distribution of a Poisson count whose mean is not known exactly: P(N = j) = E[e⁻ᵇ bʲ / j!] over the
/// distribution of b.
///
/// With a gamma distribution of b (also from an auxiliary count) it is a negative binomial, in closed form;
/// otherwise each number is an integral, to some 1e-12.
public struct CountMixture: Sendable, Hashable {
  /// The mean of the count, with its uncertainty.
  public let mean: UncertainQuantity

  /// The count of mean `mean`.
  public init(mean: UncertainQuantity) { self.mean = mean }

  /// ln P(N = n); -∞ where impossible. Throws only without convergence.
  public func logProbability(of n: Int) throws -> Double {
    guard n >= 0 else { return -.infinity }
    if mean.isKnown { return Self.logPoisson(n, mean.value) }
    if let (shape, rate) = mean.gammaParameters {
      return NegativeBinomial.logProbability(of: n, shape: shape, scale: 1 / rate)
    }
    return try mean.logExpectation { Self.logPoisson(n, $0) }
  }

  /// ln P(N ≥ n). Throws only without convergence.
  public func logSurvival(from n: Int) throws -> Double {
    guard n > 0 else { return 0 }
    if let (shape, rate) = closedForm {
      return try IncompleteBeta.logLower(Double(n), shape, logit: -log(rate)).value
    }
    return min(0, try mean.logExpectation { try IncompleteGamma.logTails(shape: Double(n), x: $0).lower })
  }

  /// ln P(N ≤ n | N is this count and a Poisson count of mean `added` together).
  func logCumulative(upTo n: Int, added: Double) throws -> Double {
    if added == 0, let (shape, rate) = closedForm {
      return try IncompleteBeta.logLower(shape, Double(n) + 1, logit: log(rate)).value
    }
    return min(
      0, try mean.logExpectation { try IncompleteGamma.logTails(shape: Double(n) + 1, x: added + $0).upper })
  }

  /// ln P(N = n | N is this count and a Poisson count of mean `added` together); needs few digits where it is
  /// only a slope.
  func logProbability(of n: Int, added: Double, relative: Double) throws -> Double {
    try mean.logExpectation(relative: relative) { Self.logPoisson(n, added + $0) }
  }

  /// ln of the Poisson term, also for a mean of 0.
  static func logPoisson(_ n: Int, _ mean: Double) -> Double {
    if mean == 0 { return n == 0 ? 0 : -.infinity }
    return IncompleteGamma.logWeight(Double(n), mean)
  }

  /// The gamma distribution behind a closed form that is quick; nil for other shapes, and where the integral
  /// needs fewer steps.
  private var closedForm: (shape: Double, rate: Double)? {
    guard let parameters = mean.gammaParameters, parameters.shape < 1e7 else { return nil }
    return parameters
  }
}

extension CountMixture: CountDistribution {
  /// The central value of the mean.
  public var expectedCount: Double { mean.value }
  /// From the Poisson fluctuation and the uncertainty of the mean.
  public var spread: Double { (mean.value + mean.uncertainty * mean.uncertainty).squareRoot() }
  /// ln P(N = n). Throws only without convergence.
  public func logTerm(of n: Int) throws -> Double { try logProbability(of: n) }
  /// ln P(N ≤ n). Throws only without convergence.
  public func logCumulative(upTo n: Int) throws -> Double {
    n < 0 ? -.infinity : try logCumulative(upTo: n, added: 0)
  }
}

/// The negative binomial distribution: a Poisson count whose mean is gamma distributed.
enum NegativeBinomial {
  /// ln P(N = n) for a mean of gamma shape `shape` and scale `scale` (1 / rate).
  static func logProbability(of n: Int, shape: Double, scale: Double) -> Double {
    guard n > 0 else { return -shape * log1p(scale) }
    guard scale > 0 else { return -.infinity }
    let x = scale / (1 + scale)
    let k = Double(n)
    return IncompleteBeta.logWeight(k, shape, x, 1 / (1 + scale)) - log(k)
  }
}
