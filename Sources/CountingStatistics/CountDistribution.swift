#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A distribution of a count, which gives its quantiles by its cumulative sum.
public protocol CountDistribution: Sendable {
  /// The expected count.
  var expectedCount: Double { get }
  /// About one standard deviation of the count; only where the search for a quantile begins.
  var spread: Double { get }
  /// ln P(N ≤ n). Throws only without convergence.
  func logCumulative(upTo n: Int) throws -> Double
  /// ln P(N = n). Throws only without convergence.
  func logTerm(of n: Int) throws -> Double
}

extension CountDistribution {
  /// P(N ≤ n). Throws only without convergence.
  public func cumulative(upTo n: Int) throws -> Double { exp(try logCumulative(upTo: n)) }

  /// P(N = n). Throws only without convergence.
  public func probability(of n: Int) throws -> Double { exp(try logTerm(of: n)) }

  /// The smallest n with P(N ≤ n) ≥ `probability`.
  ///
  /// Throws for a probability outside (0, 1) or a mean above 10¹⁵, where counts are no longer exact.
  public func quantile(_ probability: Double) throws -> Int {
    try InputCheck.probability(probability, "quantile")
    guard expectedCount <= 1e15, spread <= 1e15 else {
      throw StatisticsError.invalidInput(
        name: "Poisson mean", value: "\(expectedCount)", expected: "at most 1e15 for a quantile")
    }
    let spread = spread + 1
    let centre = expectedCount - spread * (try NormalDistribution.inverseSurvival(probability))
    var low = max(-1, Int((centre - spread).rounded(.down)))
    var high = max(0, Int((centre + spread).rounded(.up)))
    var step = Int(spread)
    while low >= 0, try cumulative(upTo: low) >= probability {
      low = max(-1, low - step)
      step *= 2
    }
    step = Int(spread)
    while try cumulative(upTo: high) < probability {
      guard high < 1 << 60 else {
        throw StatisticsError.notConverged("quantile of a count of mean \(expectedCount)")
      }
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
