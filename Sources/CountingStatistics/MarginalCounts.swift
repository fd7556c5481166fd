#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The distribution of a count of signal and background with uncertain background and efficiency, as a function
/// of the signal. Tables of the background's terms are kept and grow as counts do.
struct MarginalCounts: Sendable {
  let background: CountMixture
  let efficiency: UncertainQuantity

  /// A logarithm of a probability, and its derivative in the signal.
  struct Tail {
    var logProbability: Double
    var slope: Double
  }

  /// Most counts that are summed term by term; above, integrals over the background are quicker.
  private static let maximumTable = 1_000

  private var logTerms: [Double] = []
  private var terms: [Double] = []
  private var sums: [Double] = []
  /// The count that `terms` and `sums` are scaled for, and ln of the factor.
  private var prepared = -1
  private var logScale = 0.0
  /// Coarse to fine averages over the efficiency: the first that holds is used.
  private var signals: [SignalCounts]

  init(background: UncertainQuantity, efficiency: UncertainQuantity, reach: Double) throws {
    try Self.check(efficiency)
    self.background = CountMixture(mean: background)
    self.efficiency = efficiency
    signals = [8, 16, 40].map { SignalCounts(efficiency: efficiency, reach: reach, pieces: $0) }
  }

  static func check(_ efficiency: UncertainQuantity) throws {
    guard efficiency.value > 0, efficiency.value <= 1 else {
      throw StatisticsError.invalidInput(
        name: "efficiency", value: "\(efficiency.value)", expected: "a number above 0 and at most 1")
    }
  }

  /// ln P(N ≤ n) with its derivative in the signal.
  mutating func cumulative(upTo n: Int, signal s: Double) throws -> Tail {
    if s == 0 {
      if n <= Self.maximumTable {
        try prepare(n)
        return Tail(logProbability: min(0, logScale + log(sums[n])), slope: 0)
      }
      return Tail(logProbability: try background.logCumulative(upTo: n), slope: 0)
    }
    guard n <= Self.maximumTable, let use = signals.firstIndex(where: { $0.holds(signal: s, upTo: n + 1) })
    else { return try integrated(n, s) }
    try prepare(n)
    signals[use].compute(signal: s, upTo: n + 1)
    var below = 0.0
    var slope = 0.0
    let counts = signals[use].terms
    for k in 0...n {
      below += counts[k] * sums[n - k]
      slope += Double(k + 1) * counts[k + 1] * terms[n - k]
    }
    return Tail(
      logProbability: min(0, logScale + signals[use].logScale + log(below)), slope: -slope / (s * below))
  }

  /// ln P(N = n).
  mutating func logProbability(of n: Int, signal s: Double) throws -> Double {
    if s == 0, n > Self.maximumTable { return try background.logProbability(of: n) }
    guard n <= Self.maximumTable, let use = signals.firstIndex(where: { $0.holds(signal: s, upTo: n) }) else {
      return try efficiency.logExpectation { e in
        try background.logProbability(of: n, added: s * e, relative: 1e-12)
      }
    }
    try prepare(n)
    if s == 0 { return logTerms[n] }
    signals[use].compute(signal: s, upTo: n)
    let counts = signals[use].terms
    var sum = 0.0
    for k in 0...n { sum += counts[k] * terms[n - k] }
    return logScale + signals[use].logScale + log(sum)
  }

  /// ln P(N ≥ n) of the background, by the sum of its terms where these fall quickly.
  mutating func logSurvival(from n: Int) throws -> Double {
    guard n > 0 else { return 0 }
    guard n < Self.maximumTable, !background.mean.isKnown else { return try background.logSurvival(from: n) }
    try extend(upTo: n)
    let scale = logTerms[n]
    guard scale > -.infinity else { return try background.logSurvival(from: n) }
    var sum = 0.0
    for j in n..<Self.maximumTable {
      if j + 1 >= logTerms.count { try extend(upTo: j + 1) }
      let term = exp(logTerms[j] - scale)
      guard term < 1e290 else { break }
      sum += term
      // Beyond the peak the ratio of two terms grows at most to its limit, so leave room.
      let ratio = exp(logTerms[j + 1] - logTerms[j])
      if ratio < 0.9, term * ratio < 1e-17 * sum { return min(0, scale + log(sum)) }
    }
    return try background.logSurvival(from: n)
  }

  /// Computes the terms of the background up to `n` ahead of their use.
  mutating func extend(upTo n: Int) throws {
    guard logTerms.count <= n else { return }
    let end = n < 8 ? n : max(n, min(Self.maximumTable, 2 * logTerms.count))
    logTerms.reserveCapacity(end + 1)
    for j in logTerms.count...end { logTerms.append(try background.logProbability(of: j)) }
  }

  /// The same as ``cumulative(upTo:signal:)`` by integrals instead of sums.
  private func integrated(_ n: Int, _ s: Double) throws -> Tail {
    let below = try efficiency.logExpectation { e in try background.logCumulative(upTo: n, added: s * e) }
    let slope = try efficiency.logExpectation(relative: 1e-6) { e in
      log(e) + (try background.logProbability(of: n, added: s * e, relative: 1e-6))
    }
    return Tail(logProbability: min(0, below), slope: -exp(slope - below))
  }

  /// Terms and their sums up to n, scaled so that the largest term is 1.
  private mutating func prepare(_ n: Int) throws {
    guard n != prepared else { return }
    try extend(upTo: n)
    let scale = logTerms[0...n].max() ?? 0
    guard scale > -.infinity else {
      throw StatisticsError.notConverged(
        "probability of at most \(n) counts of mean \(background.mean.value)")
    }
    if terms.count <= n {
      terms = [Double](repeating: 0, count: logTerms.count)
      sums = terms
    }
    var sum = 0.0
    for j in 0...n {
      let term = exp(logTerms[j] - scale)
      sum += term
      terms[j] = term
      sums[j] = sum
    }
    logScale = scale
    prepared = n
  }
}
