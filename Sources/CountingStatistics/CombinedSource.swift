#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One source of counts in a combination: a channel, or several with the same ratio of signal and background, all
/// of it known, added up.
struct CombinedSource: Sendable {
  let background: UncertainQuantity
  let weight: Double
  let efficiency: UncertainQuantity

  private var logBackground: [Double] = []
  /// Coarse and fine averages over the efficiency.
  private var signals: [SignalCounts]

  init(background: UncertainQuantity, weight: Double, efficiency: UncertainQuantity) {
    self.background = background
    self.weight = weight
    self.efficiency = efficiency
    let isKnown = background.isKnown && efficiency.isKnown
    signals = [8, 40].map { SignalCounts(efficiency: isKnown ? .one : efficiency, reach: 11, pieces: $0) }
  }

  /// Mean and spread of the count at a strength; only to know where to end.
  func scale(strength: Double) -> (mean: Double, variance: Double) {
    let s = strength * weight
    let mean = background.value + s * efficiency.value
    let wide =
      background.uncertainty * background.uncertainty + s * efficiency.uncertainty * s
      * efficiency.uncertainty
    return (mean, mean + wide)
  }

  /// The terms 0...count.
  mutating func terms(strength: Double, upTo count: Int) throws -> CombinedTerms {
    let s = strength * weight
    if background.isKnown, efficiency.isKnown {
      return try added(signal: background.value + s * efficiency.value, count)
    }
    while logBackground.count <= count {
      logBackground.append(try CountMixture(mean: background).logProbability(of: logBackground.count))
    }
    let scale = logBackground[0...count].max() ?? 0
    guard scale > -.infinity else {
      throw StatisticsError.notConverged("probability of at most \(count) counts of mean \(background.value)")
    }
    let terms = CombinedTerms(values: logBackground[0...count].map { exp($0 - scale) }, logScale: scale)
    return s > 0 ? terms.convolved(with: try added(signal: s, count)) : terms
  }

  private mutating func added(signal mean: Double, _ count: Int) throws -> CombinedTerms {
    guard mean > 0 else {
      return CombinedTerms(values: [1] + [Double](repeating: 0, count: count), logScale: 0)
    }
    guard let use = signals.firstIndex(where: { $0.holds(signal: mean, upTo: count) }) else {
      throw CombinedOutcomes.tooLarge(
        "\(count) counts of an efficiency \(efficiency.value) ± \(efficiency.uncertainty) "
          + "(\(efficiency.shape.rawValue))",
        "fewer, or the shape gamma")
    }
    signals[use].compute(signal: mean, upTo: count)
    let (terms, logScale) = (signals[use].terms, signals[use].logScale)
    let largest = terms.max() ?? 0
    guard largest > 0 else { return CombinedTerms(values: terms, logScale: logScale) }
    return CombinedTerms(values: terms.map { $0 / largest }, logScale: logScale + log(largest))
  }
}
