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

  /// P(N ≤ n). Throws only without convergence.
  public func cumulative(upTo n: Int) throws -> Double { exp(try logCumulative(upTo: n)) }

  /// ln P(N ≥ n). Throws only without convergence.
  public func logSurvival(from n: Int) throws -> Double {
    guard n > 0 else { return 0 }
    return try IncompleteGamma.logTails(shape: Double(n), x: mean).lower
  }

  /// P(N ≥ n). Throws only without convergence.
  public func survival(from n: Int) throws -> Double { exp(try logSurvival(from: n)) }

  /// The smallest n with P(N ≤ n) ≥ `probability`.
  ///
  /// Throws for a probability outside (0, 1) or a mean above 10¹⁵, where counts are no longer exact.
  public func quantile(_ probability: Double) throws -> Int {
    try InputCheck.probability(probability, "quantile")
    guard mean <= 1e15 else {
      throw StatisticsError.invalidInput(
        name: "Poisson mean", value: "\(mean)", expected: "at most 1e15 for a quantile")
    }
    let spread = mean.squareRoot() + 1
    let centre = mean - spread * (try NormalDistribution.inverseSurvival(probability))
    var low = max(-1, Int((centre - spread).rounded(.down)))
    var high = max(0, Int((centre + spread).rounded(.up)))
    var step = Int(spread)
    while low >= 0, try cumulative(upTo: low) >= probability {
      low = max(-1, low - step)
      step *= 2
    }
    step = Int(spread)
    var extensions = 0
    while try cumulative(upTo: high) < probability {
      extensions += 1
      guard extensions < 25 else { throw StatisticsError.notConverged("quantile of a Poisson mean \(mean)") }
      high += step
      step *= 2
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if try cumulative(upTo: middle) >= probability { high = middle } else { low = middle }
    }
    return high
  }
}
