import CountingStatistics
import Foundation
import Testing

@Suite("Combination of channels")
struct CombinedCLsTests {
  private func channel(
    _ n: Int, _ s: Double, _ b: Double, _ sigma: Double = 0, _ relative: Double = 0
  ) throws -> CountingChannel {
    try CountingChannel(
      name: "c", observed: n, signal: s, background: try UncertainQuantity(b, uncertainty: sigma),
      efficiency: try UncertainQuantity(1, uncertainty: relative))
  }

  private func limit(_ channels: [CountingChannel], _ ordering: OrderingRule = .likelihoodRatio) throws
    -> Double
  {
    var combined = try CombinedCLs(channels: channels, ordering: ordering, confidenceLevel: 0.9)
    return try combined.upperLimit().upper
  }

  @Test("One channel is the single count, whatever the ordering")
  func oneChannel() throws {
    for (n, b, sigma, relative) in [(0, 1.0, 0.0, 0.0), (3, 1.65, 0, 0), (3, 1, 0.3, 0), (5, 2, 0.5, 0.1)] {
      let single = try MarginalCLs.upperLimit(
        observed: n, background: try UncertainQuantity(b, uncertainty: sigma),
        efficiency: try UncertainQuantity(1, uncertainty: relative), confidenceLevel: 0.9
      ).upper
      for ordering in [OrderingRule.count, .likelihoodRatio] {
        let got = try limit([channel(n, 2, b, sigma, relative)], ordering)
        #expect(isClose(2 * got, single, relative: 1e-9), "\(n), \(b), \(ordering)")
      }
    }
  }

  @Test("Equal channels are their sum")
  func equalChannels() throws {
    let whole = try limit([channel(3, 2, 2)])
    #expect(isClose(try limit([channel(1, 1, 1), channel(2, 1, 1)]), whole, relative: 1e-9))
    #expect(isClose(try limit([channel(3, 1, 1), channel(0, 1, 1)]), whole, relative: 1e-9))
    #expect(isClose(try limit([channel(3, 1, 0.5), channel(0, 1, 1.5)], .count), whole, relative: 1e-9))
  }

  @Test("With nothing seen anywhere the limit is that of the summed signal")
  func nothingSeen() throws {
    let got = try limit([channel(0, 1, 0.5, 0.1), channel(0, 3, 2), channel(0, 0.5, 0)])
    #expect(isClose(got, -log(0.1) / 4.5, relative: 1e-9))
  }

  /// Two channels by a plain double sum.
  @Test("Two unequal channels agree with a plain sum over their outcomes")
  func doubleSum() throws {
    let (s, b, n) = ([1.0, 2.0], [0.5, 3.0], [1, 3])
    var combined = try CombinedCLs(
      channels: [channel(n[0], s[0], b[0]), channel(n[1], s[1], b[1])], confidenceLevel: 0.9)
    for strength in [0.5, 1.5, 3] {
      let w = [log1p(strength * s[0] / b[0]), log1p(strength * s[1] / b[1])]
      let seen = w[0] * Double(n[0]) + w[1] * Double(n[1])
      var (with, without) = (0.0, 0.0)
      for i in 0..<60 {
        for j in 0..<60 where w[0] * Double(i) + w[1] * Double(j) <= seen + 1e-9 {
          with +=
            try PoissonDistribution(mean: b[0] + strength * s[0]).probability(of: i)
            * PoissonDistribution(mean: b[1] + strength * s[1]).probability(of: j)
          without +=
            try PoissonDistribution(mean: b[0]).probability(of: i)
            * PoissonDistribution(mean: b[1]).probability(of: j)
        }
      }
      #expect(isClose(try combined.cls(strength: strength), with / without, relative: 1e-9))
    }
  }

  @Test("A channel without sensitivity only splits ties, and an empty sensitive one lowers the limit")
  func informative() throws {
    let alone = try limit([channel(3, 1, 1.5, 0.3)])
    let split = try limit([channel(3, 1, 1.5, 0.3), channel(4, 1e-7, 4)])
    #expect(split < alone)
    #expect(try split > limit([channel(2, 1, 1.5, 0.3)]))
    #expect(try limit([channel(3, 1, 1.5, 0.3), channel(0, 2, 0.1)]) < alone)
  }

  @Test("Many events are refused with the way out, and nonsense by name")
  func refusals() throws {
    #expect(throws: StatisticsError.self) { try limit([channel(100_000, 1, 1e5), channel(90_000, 2, 9e4)]) }
    #expect(throws: StatisticsError.self) { try CombinedCLs(channels: [], confidenceLevel: 0.9) }
    #expect(throws: StatisticsError.self) {
      try CombinedCLs(channels: [channel(1, 1, 1)], ordering: .posterior, confidenceLevel: 0.9)
    }
    #expect(throws: StatisticsError.self) {
      try CombinedCLs(channels: [channel(1, 1, 1)], confidenceLevel: 2)
    }
    var one = try CombinedCLs(channels: [channel(1, 1, 1)], confidenceLevel: 0.9)
    #expect(throws: StatisticsError.self) { try one.cls(strength: -1) }
    #expect(try one.cls(strength: 0) == 1)
  }
}
