#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension SequentialExperiment {
  /// ln E at one moment: the natural logarithm of the evidence against background only.
  ///
  /// Under background only, the probability that E ever reaches 1/α is at most α, however often it is looked
  /// at (Ville 1939). Throws for a background that is not positive while there is exposure, or without
  /// convergence.
  public func logEvidence(_ counts: SequentialCounts) throws -> Double {
    let n = counts.observed
    let value: Double
    switch background.kind {
    case .known:
      switch alternative {
      case .excess: value = try excess(n, counts.background)
      case .deficit: value = try PoissonEProcess.deficit(observed: n, background: counts.background)
      case .either:
        value = LogSum.mean([
          try excess(n, counts.background),
          try PoissonEProcess.deficit(observed: n, background: counts.background),
        ])
      }
    case .bounded(let factor, _): value = try excess(n, counts.background * factor)
    case .parallel(let ratio):
      value = try BinomialEProcess.excess(on: n, off: counts.sideband, ratio: ratio)
    case .auxiliary(let count, let ratio, let shape):
      value = try AuxiliaryEProcess.excess(
        observed: n, exposure: counts.background, count: count, auxiliary: ratio * backgroundRate,
        shape: shape, typical: typicalSignal / backgroundRate)
    }
    guard !value.isNaN, value < .infinity else {
      throw StatisticsError.notConverged(
        "evidence of '\(name)' at \(n) events over \(counts.background) expected ones")
    }
    return value
  }

  private func excess(_ n: Int, _ background: Double) throws -> Double {
    try PoissonEProcess.excess(
      observed: n, background: background, rate: backgroundRate, typicalSignal: typicalSignal)
  }

  /// Whether evidence can grow without an event, so that looks between events count.
  var growsBetweenEvents: Bool { alternative != .excess }
}
