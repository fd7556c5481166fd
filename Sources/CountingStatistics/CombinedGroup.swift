#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Channels whose counts have the same weight in the test statistic, so that only their sum matters.
struct CombinedGroup: Sendable {
  /// Signal for each unit of strength over background; infinite without background.
  let ratio: Double
  /// Their observed count.
  let observed: Int
  private(set) var sources: [CombinedSource]

  init(ratio: Double, observed: Int, sources: [CombinedSource]) {
    self.ratio = ratio
    self.observed = observed
    self.sources = sources
  }

  /// Most counts of a group.
  static let maximumCount = 100_000
  /// Most counts where they are summed term by term with others.
  static let maximumSummedCount = 4_000

  /// The weight of one count in the test statistic: ln of the likelihood ratio.
  func logRatio(strength: Double) -> Double { log1p(strength * ratio) }

  /// The terms 0...count.
  mutating func terms(strength: Double, upTo count: Int) throws -> CombinedTerms {
    let isSimple = sources.count == 1 && sources[0].background.isKnown && sources[0].efficiency.isKnown
    guard count <= (isSimple ? Self.maximumCount : Self.maximumSummedCount) else {
      throw CombinedOutcomes.tooLarge("\(count) counts of one channel", "fewer")
    }
    var sum: CombinedTerms?
    for index in sources.indices {
      let terms = try sources[index].terms(strength: strength, upTo: count)
      sum = sum?.convolved(with: terms) ?? terms
    }
    return sum ?? CombinedTerms(values: [1], logScale: 0)
  }

  /// The count from which on the terms are negligible: below exp(`logThreshold`) together, at a strength and
  /// without signal.
  mutating func end(strength: Double, logThreshold: Double) throws -> Int {
    let (mean, variance) = sources.map { $0.scale(strength: strength) }
      .reduce((0, 0)) { ($0.0 + $1.mean, $0.1 + $1.variance) }
    guard mean + 10 * variance.squareRoot() < Double(Self.maximumCount) else {
      throw CombinedOutcomes.tooLarge("a channel of \(mean) expected events", "fewer")
    }
    var count = Int(mean + 8 * variance.squareRoot() + 20)
    while true {
      var isNegligible = true
      for s in [strength, 0] {
        let terms = try terms(strength: s, upTo: count)
        // Beyond the mean the terms fall faster than 1/k², so what follows is at most about k times the last.
        let last = terms.logScale + log(terms.values[count]) + log(Double(count + 1))
        if last > logThreshold { isNegligible = false }
      }
      if isNegligible { return count }
      count += count / 3 + 10
    }
  }
}
