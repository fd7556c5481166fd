#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// CLs of a signal strength common to several independent channels, with all outcomes summed exactly:
/// backgrounds and efficiencies marginalised, outcomes ranked by Q = Σ nᵢ ln(1 + µ sᵢ/bᵢ), the likelihood ratio of
/// signal to no signal, or by the sum of the counts.
///
/// Only outcomes no larger than the one observed need summing, which is quick for few events. For many, use
/// ``AsymptoticCLs``.
public struct CombinedCLs: Sendable {
  /// What went in.
  public let channels: [CountingChannel]
  /// ``OrderingRule/likelihoodRatio`` or ``OrderingRule/count``.
  public let ordering: OrderingRule
  /// The confidence level, such as 0.9.
  public let confidenceLevel: Double

  private var counts: [MarginalCounts]

  private static let maximumOutcomes = 500_000

  /// The channels with a common strength.
  ///
  /// Throws for no channels, an ordering that is not one of the two, or a level outside (0, 1).
  public init(
    channels: [CountingChannel], ordering: OrderingRule = .likelihoodRatio, confidenceLevel: Double
  ) throws {
    try InputCheck.confidenceLevel(confidenceLevel)
    guard !channels.isEmpty else {
      throw StatisticsError.invalidInput(name: "channels", value: "none", expected: "one channel or more")
    }
    guard ordering == .count || ordering == .likelihoodRatio else {
      throw StatisticsError.invalidInput(
        name: "ordering", value: ordering.rawValue,
        expected: "'\(OrderingRule.count.rawValue)' or '\(OrderingRule.likelihoodRatio.rawValue)'")
    }
    self.channels = channels
    self.ordering = ordering
    self.confidenceLevel = confidenceLevel
    let reach = 8.5 + (-2 * log1p(-confidenceLevel)).squareRoot()
    counts = try channels.map {
      try MarginalCounts(background: $0.background, efficiency: $0.efficiency, reach: reach)
    }
  }

  /// CLs of a strength. Throws for a negative one, without convergence, and for more than half a million
  /// outcomes below the one observed.
  public mutating func cls(strength: Double) throws -> Double {
    try InputCheck.mean(strength, "signal strength")
    guard strength > 0 else { return 1 }
    let weights = channels.map { channel in
      // A background of nothing would make any count infinitely like a signal.
      ordering == .count ? 1 : log1p(strength * channel.signal / max(1e-12, channel.background.value))
    }
    let seen = zip(weights, channels).reduce(0) { $0 + $1.0 * Double($1.1.observed) }
    let bound = seen + 1e-9 * (1 + seen)
    var outcomes = [Outcome(value: 0, with: 1, without: 1)]
    for (k, channel) in channels.enumerated() {
      let terms = try terms(k, strength * channel.signal, most: Int(min(1e6, bound / weights[k])))
      guard outcomes.count * terms.count <= 20 * Self.maximumOutcomes else { throw tooMany() }
      var next: [Outcome] = []
      for outcome in outcomes {
        for (n, term) in terms.enumerated() {
          let value = outcome.value + Double(n) * weights[k]
          if value > bound { break }
          next.append(
            Outcome(
              value: value, with: outcome.with * term.with, without: outcome.without * term.without))
        }
      }
      outcomes = Self.merged(next)
      guard outcomes.count <= Self.maximumOutcomes else { throw tooMany() }
    }
    let (with, without) = outcomes.reduce((0.0, 0.0)) { ($0.0 + $1.with, $0.1 + $1.without) }
    guard without > 0 else {
      throw StatisticsError.notConverged("CLs of an outcome whose probability is below 1e-308")
    }
    return with / without
  }

  /// The strength at which CLs falls to 1 - CL. Throws as ``cls(strength:)``.
  public mutating func upperLimit() throws -> StrengthInterval {
    let scale = channels.reduce(0) { max($0, (Double($1.observed) + 3) / ($1.signal * $1.efficiency.value)) }
    let upper = try BracketedRoot.find(
      from: scale, firstStep: scale, rising: false, floor: 0, relative: 1e-11
    ) { BracketedRoot.Point(value: try cls(strength: $0) - (1 - confidenceLevel), slope: .nan) }
    return StrengthInterval(
      lower: 0, upper: upper, method: .combinedCLs, tail: .oneSidedUpperCLs, ordering: ordering,
      confidenceLevel: confidenceLevel, channels: channels, caution: nil)
  }

  private struct Outcome {
    var value: Double
    var with: Double
    var without: Double
  }

  private mutating func terms(
    _ k: Int, _ signal: Double, most: Int
  ) throws -> [(with: Double, without: Double)] {
    var terms: [(with: Double, without: Double)] = []
    let mean = signal * channels[k].efficiency.value + channels[k].background.value
    for n in 0...most {
      guard n <= 1_000 else { throw tooMany() }
      let term = (
        exp(try counts[k].logProbability(of: n, signal: signal)),
        exp(try counts[k].logProbability(of: n, signal: 0))
      )
      terms.append(term)
      // The upper tail is negligible under both.
      if Double(n) > mean, term.0 + term.1 < 1e-18 { break }
    }
    return terms
  }

  /// Outcomes of the same value together: the ranking cannot tell them apart.
  private static func merged(_ outcomes: [Outcome]) -> [Outcome] {
    var merged: [Outcome] = []
    for outcome in outcomes.sorted(by: { $0.value < $1.value }) {
      if let last = merged.last, outcome.value - last.value <= 1e-12 * (1 + last.value) {
        merged[merged.count - 1].with += outcome.with
        merged[merged.count - 1].without += outcome.without
      } else {
        merged.append(outcome)
      }
    }
    return merged
  }

  private func tooMany() -> StatisticsError {
    .invalidInput(
      name: "counts", value: channels.map { "\($0.observed)" }.joined(separator: ", "),
      expected: "few enough for an exact sum over outcomes: use asymptotic CLs")
  }
}
