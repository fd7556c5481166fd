#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Mixture likelihood ratios of a Poisson process whose expectation is known at every moment.
///
/// With an exponential mixture of mean s₀ over the signal rate, c = 1/s₀ and T = B/b̄, all integrals are
/// ratios of Poisson sums to Poisson terms (`Docs/Sequential.md`, section 2). Every function returns ln E.
enum PoissonEProcess {
  /// Signal above 0 against background only: E = c/(c+T) · P(X ≤ N)/P(X = N), X of mean b̄(c+T).
  static func excess(
    observed: Int, background: Double, rate: Double, typicalSignal: Double
  ) throws -> Double {
    let mean = rate / typicalSignal + background
    let ratio = try logSumRatio(observed, mean)
    return ratio - log1p(background / rate * typicalSignal)
  }

  /// A rate below the expected one, uniform from 0 to it: E = P(X > N) / (B P(X = N)), X of mean B.
  static func deficit(observed: Int, background: Double) throws -> Double {
    guard background > 0 else { return observed == 0 ? 0 : -log(Double(observed) + 1) }
    let tail = try IncompleteGamma.logTails(shape: Double(observed) + 1, x: background).lower
    // For B far below N the tail is its first term, B/(N+1) times the term, and may underflow before it.
    guard tail.isFinite else { return -log(Double(observed) + 1) }
    return tail - IncompleteGamma.logWeight(Double(observed), background) - log(background)
  }

  /// Signals below `signal` against it: what excludes it from above.
  static func below(_ signal: Double, _ counts: SequentialCounts, _ e: SequentialExperiment) throws -> Double
  {
    let c = 1 / e.typicalSignal
    let total = e.backgroundRate + signal
    let expected = counts.background + signal * counts.exposure
    let exposure = expected / total
    let shape = Double(counts.observed) + 1
    let upper = c * total + expected
    let lower = e.backgroundRate * (c + exposure)
    let between = try logBetween(shape, lower, upper)
    // ln(e^{cs} - 1), without overflow.
    let logNorm = signal * c + StirlingDeviance.logOneMinusExp(-signal * c)
    return -log1p(exposure * e.typicalSignal) + between
      - IncompleteGamma.logWeight(Double(counts.observed), upper) - logNorm
  }

  /// Signals above `signal` against it: what excludes it from below; never more than the mixture gives, and
  /// equal to it where signal exposure and background keep their nominal ratio.
  static func above(_ signal: Double, _ counts: SequentialCounts, _ e: SequentialExperiment) throws -> Double
  {
    let mean =
      (e.backgroundRate + signal) / e.typicalSignal + counts.background + signal * counts.exposure
    let longest = max(counts.exposure, counts.background / e.backgroundRate)
    return try logSumRatio(counts.observed, mean) - log1p(longest * e.typicalSignal)
  }

  /// ln[P(X ≤ n) / P(X = n)] for X of mean `mean`.
  static func logSumRatio(_ n: Int, _ mean: Double) throws -> Double {
    guard n > 0 else { return 0 }
    let cumulative = try IncompleteGamma.logTails(shape: Double(n) + 1, x: mean).upper
    // The sum contains its last term; rounding must not say otherwise.
    return max(0, cumulative - IncompleteGamma.logWeight(Double(n), mean))
  }

  /// ln[P(a, y) - P(a, x)] for x < y, from the tails that keep their digits.
  private static func logBetween(_ a: Double, _ x: Double, _ y: Double) throws -> Double {
    let low = try IncompleteGamma.logTails(shape: a, x: x)
    let high = try IncompleteGamma.logTails(shape: a, x: y)
    if x > a { return low.upper + StirlingDeviance.logOneMinusExp(min(0, high.upper - low.upper)) }
    if y < a { return high.lower + StirlingDeviance.logOneMinusExp(min(0, low.lower - high.lower)) }
    return log(max(0, 1 - exp(low.lower) - exp(high.upper)))
  }
}
