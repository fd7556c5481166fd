#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

import RandomNumbers

extension CombinedCLs {
  /// CLs of one strength by toys: a cross-check of the sums, which it shares nothing with but the statistic.
  public struct Toys: Sendable, Hashable {
    /// The strength tested.
    public let strength: Double
    /// Fraction of toys with the signal that rank at most as high as what was seen.
    public let withSignal: Double
    /// The same without signal.
    public let withoutSignal: Double
    /// Seed and number of toys, for each of the two.
    public let toys: ResultOrigin.Toys

    /// CLs; nil where no toy without signal ranks so low.
    public var cls: Double? { withoutSignal > 0 ? withSignal / withoutSignal : nil }

    /// Statistical uncertainty of ``cls``, one standard deviation.
    public var uncertainty: Double? {
      guard withSignal > 0, withoutSignal > 0 else { return nil }
      let n = Double(toys.count)
      let relative = (1 - withSignal) / (n * withSignal) + (1 - withoutSignal) / (n * withoutSignal)
      return withSignal / withoutSignal * relative.squareRoot()
    }
  }

  /// CLs of a strength by `count` toys with and as many without signal, each with its own backgrounds and
  /// efficiencies.
  ///
  /// Throws for a strength that is not positive and finite, for no toys, and for channels of more than 10⁹ events.
  public func toys(strength: Double, seed: UInt64, count: Int) throws -> Toys {
    try InputCheck.positive(strength, "strength")
    guard count > 0 else {
      throw StatisticsError.invalidInput(name: "number of toys", value: "\(count)", expected: "1 or more")
    }
    for channel in channels {
      let most = channel.background.value + channel.background.uncertainty + strength * channel.signal
      guard most <= 1e9 else {
        throw StatisticsError.invalidInput(
          name: "events of channel '\(channel.name)'", value: "\(most)", expected: "at most 1e9 for toys")
      }
    }
    // Without background a count has no finite weight: these counts rank first, by their sum.
    let weights: [Double?] = try channels.map { channel in
      guard ordering != .count else { return 1 }
      let background = try channel.referenceBackground()
      return background > 0 ? log1p(strength * channel.yield / background) : nil
    }
    let seen = Self.rank(channels.map { Double($0.observed) }, weights)
    func fraction(_ strength: Double, _ stream: UInt64) throws -> Double {
      var below = 0
      for toy in 0..<count {
        var random = CounterRandom(seed: seed, stream: stream, index: UInt64(toy))
        let counts = channels.map { channel in
          random.poisson(
            random.draw(channel.background) + strength * channel.signal * random.draw(channel.efficiency))
        }
        let rank = Self.rank(counts, weights)
        if rank.pure < seen.pure || rank.pure == seen.pure && rank.statistic <= seen.statistic * (1 + 1e-11) {
          below += 1
        }
      }
      return Double(below) / Double(count)
    }
    return Toys(
      strength: strength, withSignal: try fraction(strength, 0), withoutSignal: try fraction(0, 1),
      toys: ResultOrigin.Toys(seed: seed, count: count))
  }

  private static func rank(_ counts: [Double], _ weights: [Double?]) -> (pure: Double, statistic: Double) {
    zip(counts, weights).reduce((0, 0)) { sum, channel in
      guard let weight = channel.1 else { return (sum.0 + channel.0, sum.1) }
      return (sum.0, sum.1 + channel.0 * weight)
    }
  }
}
