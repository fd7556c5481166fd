#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import RandomNumbers

/// CLs of a count n with an auxiliary count m of its background, with the background at its conditional fit to
/// the data (as toy-based tools do), and the probability of each outcome (n, m) summed exactly instead of thrown.
///
/// The answer depends on how outcomes are ranked: by the count, the auxiliary count has no say; by q̃, it splits
/// ties of the count, and the limit is lower. So the ordering is an input, and named in the result.
public struct EnumeratedCLs: Sendable {
  /// What went in.
  public let inputs: StatisticalInputs
  /// How outcomes are ranked: ``OrderingRule/count`` or ``OrderingRule/profileLikelihoodRatio``.
  public let ordering: OrderingRule

  private let data: ProfileLikelihood.Channel
  private let auxiliary: (count: Double, ratio: Double)

  /// Most outcomes that are summed.
  private static let maximumOutcomes = 4_000_000.0

  /// The count over a background whose uncertainty is taken as that of an auxiliary count.
  ///
  /// Throws for a negative count, a background without uncertainty (``PoissonCLs`` is exact then), an ordering
  /// that is not one of the two, and where there are more than four million outcomes.
  public init(observed: Int, background: UncertainQuantity, ordering: OrderingRule) throws {
    inputs = try StatisticalInputs(observed: observed, background: background)
    guard ordering == .count || ordering == .profileLikelihoodRatio else {
      throw StatisticsError.invalidInput(
        name: "ordering", value: ordering.rawValue,
        expected: "'\(OrderingRule.count.rawValue)' or '\(OrderingRule.profileLikelihoodRatio.rawValue)'")
    }
    let counts = try OnOffCounts(on: Double(observed), background: background)
    self.ordering = ordering
    auxiliary = (counts.off, counts.ratio)
    data = ProfileLikelihood.Channel(
      observed: counts.on, background: background.value, auxiliary: auxiliary)
    let spread = 20 * (max(counts.on, background.value).squareRoot() + 3)
    guard ordering == .count || spread * 20 * (counts.off.squareRoot() + 3) < Self.maximumOutcomes else {
      throw StatisticsError.invalidInput(
        name: "counts", value: "n \(observed), auxiliary \(counts.off)",
        expected: "at most 4000000 outcomes to sum: use toys, or marginalisation")
    }
  }

  /// CLs of a signal of `signal` events. Throws for a negative or non-finite one, or without convergence.
  public func cls(signal: Double) throws -> Double {
    try InputCheck.mean(signal, "signal")
    guard signal > 0 else { return 1 }
    let with = data.fittedBackground(signal: signal)
    let without = data.fittedBackground(signal: 0)
    if ordering == .count {
      let shape = data.observed + 1
      let above = try IncompleteGamma.logTails(shape: shape, x: signal + with).upper
      return exp(above - (try IncompleteGamma.logTails(shape: shape, x: without).upper))
    }
    // Both hypotheses weigh the same outcomes; only their probabilities differ.
    let threshold = threshold(signal)
    let counts = (Terms(signal + with), Terms(without))
    let auxiliaries = (Terms(auxiliary.ratio * with), Terms(auxiliary.ratio * without))
    let n = min(counts.0.first, counts.1.first)...max(counts.0.last, counts.1.last)
    let m = min(auxiliaries.0.first, auxiliaries.1.first)...max(auxiliaries.0.last, auxiliaries.1.last)
    var (sum, sumWithout) = (0.0, 0.0)
    for i in n {
      var (row, rowWithout) = (0.0, 0.0)
      for j in m where statistic(signal, Double(i), Double(j)) >= threshold {
        row += auxiliaries.0[j]
        rowWithout += auxiliaries.1[j]
      }
      sum += row * counts.0[i]
      sumWithout += rowWithout * counts.1[i]
    }
    guard sumWithout > 0 else { throw StatisticsError.notConverged("CLs of an outcome of no probability") }
    return sum / sumWithout
  }

  /// CLs by toys, with its standard deviation. Throws as ``cls(signal:)``, and for no toys.
  public func toyCLs(signal: Double, toys: ResultOrigin.Toys) throws -> (cls: Double, uncertainty: Double) {
    try InputCheck.positive(signal, "signal")
    try InputCheck.positive(Double(toys.count), "number of toys")
    guard data.observed + signal + auxiliary.count < 1e9 else {
      throw StatisticsError.invalidInput(
        name: "counts", value: "n \(data.observed), signal \(signal), auxiliary \(auxiliary.count)",
        expected: "less than 1e9 together for toys")
    }
    let threshold = threshold(signal)
    func fraction(_ added: Double, stream: UInt64) -> Double {
      let b = data.fittedBackground(signal: added)
      let (n, m) = (Terms(added + b), Terms(auxiliary.ratio * b))
      var passed = 0
      for toy in 0..<toys.count {
        var random = CounterRandom(seed: toys.seed, stream: stream, index: UInt64(toy))
        let (i, j) = (n.draw(random.uniform()), m.draw(random.uniform()))
        let isAsExtreme =
          ordering == .count
          ? Double(i) <= data.observed : statistic(signal, Double(i), Double(j)) >= threshold
        if isAsExtreme { passed += 1 }
      }
      return Double(passed) / Double(toys.count)
    }
    let (with, without) = (fraction(signal, stream: 0), fraction(0, stream: 1))
    guard without > 0 else {
      throw StatisticsError.notConverged("no toy without signal as extreme as the data: throw more")
    }
    let cls = with / without
    let count = Double(toys.count)
    let variance = with * (1 - with) / count + cls * cls * without * (1 - without) / count
    return (cls, variance.squareRoot() / without)
  }

  /// The largest signal, in events, up to which CLs has not fallen to 1 - CL: where CLs jumps because the
  /// ranking changes, the jump. Throws for a level outside (0, 1), or without convergence.
  public func upperLimit(confidenceLevel: Double) throws -> Limit {
    try InputCheck.confidenceLevel(confidenceLevel)
    let step = data.observed + 3
    let upper = try BracketedRoot.find(
      from: step, firstStep: step, rising: false, floor: 0, relative: 1e-10
    ) { BracketedRoot.Point(value: try cls(signal: $0) - (1 - confidenceLevel), slope: .nan) }
    return Limit(
      upper: upper,
      origin: ResultOrigin(
        method: .enumeratedCLs, tail: .oneSidedUpperCLs, ordering: ordering, confidenceLevel: confidenceLevel,
        inputs: inputs))
  }

  /// q̃ of the data less what rounding may do to a tie.
  private func threshold(_ signal: Double) -> Double {
    let q = statistic(signal, data.observed, auxiliary.count)
    return q - 1e-9 * (1 + q)
  }

  /// q̃ of an outcome.
  private func statistic(_ signal: Double, _ n: Double, _ m: Double) -> Double {
    guard signal > n - m / auxiliary.ratio else { return 0 }
    func half(_ s: Double) -> Double {
      let outcome = ProfileLikelihood.Channel(
        observed: n, background: data.background, auxiliary: (m, auxiliary.ratio))
      let b = outcome.fittedBackground(signal: s)
      return StirlingDeviance.halfDeviance(n, s + b) + StirlingDeviance.halfDeviance(m, auxiliary.ratio * b)
    }
    let least = n >= m / auxiliary.ratio ? 0 : half(0)
    return max(0, 2 * (half(signal) - least))
  }

  /// The terms of a Poisson distribution where they are not negligible.
  private struct Terms {
    let first: Int
    let last: Int
    private let terms: [Double]

    init(_ mean: Double) {
      let reach = 9 * mean.squareRoot() + 25
      let first = max(0, Int(min(1e15, mean - reach)))
      let last = Int(min(1e15, mean + reach))
      self.first = first
      self.last = last
      terms = (first...last).map { exp(CountMixture.logPoisson($0, mean)) }
    }

    subscript(_ n: Int) -> Double { n < first || n > last ? 0 : terms[n - first] }

    func draw(_ uniform: Double) -> Int {
      var sum = 0.0
      for (k, term) in terms.enumerated() {
        sum += term
        if uniform < sum { return first + k }
      }
      return last
    }
  }
}
