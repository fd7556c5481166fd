#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The Poisson distribution of one mean, accurate for tiny and huge means and far into both tails.
public struct PoissonDistribution: Sendable, Hashable {
  /// Expected number of events.
  public let mean: Double

  /// The distribution of mean `mean`; throws if it is negative or not finite.
  public init(mean: Double) throws {
    try InputCheck.mean(mean, "Poisson mean")
    self.mean = mean
  }

  /// ln P(N = n); -∞ where impossible.
  public func logProbability(of n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    if mean == 0 { return n == 0 ? 0 : -.infinity }
    return IncompleteGamma.logWeight(Double(n), mean)
  }

  /// P(N = n).
  public func probability(of n: Int) -> Double { exp(logProbability(of: n)) }

  /// ln P(N ≤ n). Throws only without convergence.
  public func logCumulative(upTo n: Int) throws -> Double {
    guard n >= 0 else { return -.infinity }
    return try IncompleteGamma.logTails(shape: Double(n) + 1, x: mean).upper
  }

  /// ln P(N ≥ n). Throws only without convergence.
  public func logSurvival(from n: Int) throws -> Double {
    guard n > 0 else { return 0 }
    return try IncompleteGamma.logTails(shape: Double(n), x: mean).lower
  }

  /// P(N ≥ n). Throws only without convergence.
  public func survival(from n: Int) throws -> Double { exp(try logSurvival(from: n)) }
}

extension PoissonDistribution: CountDistribution {
  /// The mean.
  public var expectedCount: Double { mean }
  /// The square root of the mean.
  public var spread: Double { mean.squareRoot() }
  /// ln P(N = n).
  public func logTerm(of n: Int) -> Double { logProbability(of: n) }
}
