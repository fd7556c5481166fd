import Foundation
import RandomNumbers
import Testing

@testable import CountingStatistics

@Suite("Combination of channels")
struct CombinedCLsTests {
  private func channel(
    _ n: Int, _ b: Double, _ w: Double, sigma: Double = 0, _ shape: UncertainQuantity.Shape = .gamma,
    efficiency: UncertainQuantity = .one
  ) throws -> CountingChannel {
    try CountingChannel(
      name: "c", observed: n, signal: w,
      background: sigma > 0 ? UncertainQuantity(b, uncertainty: sigma, shape: shape) : UncertainQuantity(b),
      efficiency: efficiency)
  }

  private func limit(_ channels: [CountingChannel], _ cl: Double = 0.9) throws -> Double {
    try CombinedCLs(channels: channels, confidenceLevel: cl).upperLimit().upper
  }

  // MARK: Where the answer is known

  @Test("One channel is the single experiment, to the last bit")
  func oneChannel() throws {
    for n in [0, 1, 4, 30] {
      let known = try limit([channel(n, 1.5, 2)])
      #expect(
        known == (try PoissonCLs.upperLimit(observed: n, background: 1.5, confidenceLevel: 0.9).upper / 2))
      let efficiency = try UncertainQuantity(0.7, uncertainty: 0.1, shape: .logNormal)
      let one = try CombinedCLs(
        channels: [channel(n, 3, 4, sigma: 1, .gaussian, efficiency: efficiency)], confidenceLevel: 0.95)
      var expected = try MarginalCLs(
        background: UncertainQuantity(3, uncertainty: 1), efficiency: efficiency, confidenceLevel: 0.95)
      #expect(try one.upperLimit().upper == expected.upperLimit(observed: n).upper / 4)
      #expect(try one.cls(strength: 0.8) == expected.cls(signal: 3.2, observed: n))
      let single = try expected.expectedLimits()
      #expect(try one.expectedUpperLimit(deviations: 0).upper == single.median.upper / 4)
      #expect(try one.expectedUpperLimit(deviations: 2).upper == single.plusTwoSigma.upper / 4)
    }
  }

  @Test("Channels with the same signal over background are the summed experiment")
  func equalRatios() throws {
    let sum = try PoissonCLs.upperLimit(observed: 6, background: 3.5, confidenceLevel: 0.9).upper / 7
    let split = try limit([channel(1, 0.5, 1), channel(3, 1, 2), channel(2, 2, 4)])
    #expect(isClose(split, sum, relative: 1e-14))
    // Gamma distributions of the same rate add up to one.
    let uncertain = try limit([channel(1, 1, 1, sigma: 0.5), channel(4, 2, 2, sigma: 0.5.squareRoot())])
    let summed = try MarginalCLs.upperLimit(
      observed: 5, background: UncertainQuantity(3, uncertainty: 0.75.squareRoot(), shape: .gamma),
      confidenceLevel: 0.9)
    #expect(isClose(uncertain, summed.upper / 3, relative: 1e-10))
  }

  @Test("Without any count the single-event sensitivities add as inverses, for any background")
  func singleEventSensitivities() throws {
    let ses = [1.2e-11, 3.4e-11, 0.9e-10]
    for (backgrounds, sigma) in [
      ([0.0, 0, 0], 0.0), ([0.1, 0, 2], 0), ([0.3, 1, 60], 0.2), ([2_000, 1_000, 3], 0),
    ] {
      let channels = try zip(ses, backgrounds).map { try channel(0, $1, 1 / $0, sigma: $1 > 0 ? sigma : 0) }
      let combined = try CombinedCLs(channels: channels, confidenceLevel: 0.9)
      #expect(isClose(1 / combined.yield, 1 / ses.reduce(0) { $0 + 1 / $1 }, relative: 1e-14))
      #expect(isClose(try combined.upperLimit().upper, -log(0.1) / combined.yield, relative: 1e-11))
    }
  }

  @Test("Without background only the sum of counts matters, whatever the weights")
  func noBackground() throws {
    let expected = try PoissonCLs.upperLimit(observed: 4, background: 0, confidenceLevel: 0.9).upper / 8
    #expect(isClose(try limit([channel(1, 0, 5), channel(3, 0, 3)]), expected, relative: 1e-13))
  }

  @Test("By the sum of the counts, known channels are one of the summed signal and background")
  func byCount() throws {
    let combined = try CombinedCLs(
      channels: [channel(3, 0.5, 1), channel(0, 1.5, 2), channel(2, 0, 1)], ordering: .count,
      confidenceLevel: 0.9)
    let sum = try PoissonCLs.upperLimit(observed: 5, background: 2, confidenceLevel: 0.9).upper / 4
    #expect(isClose(try combined.upperLimit().upper, sum, relative: 1e-14))
    #expect(combined.ordering == .count)
  }

  @Test("A channel of next to no sensitivity splits ties only, and an empty sensitive one lowers the limit")
  func informative() throws {
    let alone = try limit([channel(3, 1.5, 1, sigma: 0.3)])
    let split = try limit([channel(3, 1.5, 1, sigma: 0.3), channel(4, 4, 1e-7)])
    #expect(split < alone)
    #expect(try split > limit([channel(2, 1.5, 1, sigma: 0.3)]))
    #expect(try limit([channel(3, 1.5, 1, sigma: 0.3), channel(0, 0.1, 2)]) < alone)
  }

  // MARK: Against loops over all outcomes

  private func poisson(_ n: Int, _ mean: Double) -> Double {
    mean == 0 ? (n == 0 ? 1 : 0) : exp(Double(n) * log(mean) - mean - lgamma(Double(n) + 1))
  }

  /// CLs of three known channels by a loop over 60 counts of each.
  private func looped(_ channels: [CountingChannel], _ strength: Double) -> Double {
    let weights = channels.map { log1p(strength * $0.yield / $0.background.value) }
    func statistic(_ n: [Int]) -> Double { zip(n, weights).reduce(0) { $0 + Double($1.0) * $1.1 } }
    let seen = statistic(channels.map(\.observed)) + 1e-9
    var (signal, background) = (0.0, 0.0)
    for i in 0..<60 {
      for j in 0..<60 {
        for k in 0..<60 where statistic([i, j, k]) <= seen {
          let n = [i, j, k]
          signal += zip(n, channels).reduce(1) {
            $0 * poisson($1.0, $1.1.background.value + strength * $1.1.yield)
          }
          background += zip(n, channels).reduce(1) { $0 * poisson($1.0, $1.1.background.value) }
        }
      }
    }
    return signal / background
  }

  @Test("CLs is that of a loop over all outcomes")
  func bruteForce() throws {
    for (counts, strength) in [([1, 0, 2], 0.7), ([0, 3, 5], 1.6), ([4, 4, 4], 2.5), ([0, 0, 9], 0.2)] {
      let channels = [
        try channel(counts[0], 0.2, 1), try channel(counts[1], 1.3, 1.1, efficiency: UncertainQuantity(0.6)),
        try channel(counts[2], 5, 2),
      ]
      let cls = try CombinedCLs(channels: channels, confidenceLevel: 0.9).cls(strength: strength)
      #expect(isClose(cls, looped(channels, strength), relative: 1e-10), "\(counts)")
    }
  }

  @Test("A count without background ranks above all background")
  func pureChannel() throws {
    // P(pure < 1) + P(pure = 1) P(n ≤ 2 | other), over 1.
    let strength = 1.3
    let combined = try CombinedCLs(channels: [channel(1, 0, 0.5), channel(2, 3, 1)], confidenceLevel: 0.9)
    let other = (0...2).reduce(0) { $0 + poisson($1, 3 + strength) }
    let expected = poisson(0, 0.5 * strength) + poisson(1, 0.5 * strength) * other
    #expect(isClose(try combined.cls(strength: strength), expected, relative: 1e-12))
    let none = try CombinedCLs(channels: [channel(0, 0, 0.5), channel(2, 3, 1)], confidenceLevel: 0.9)
    let below = (0...2).reduce(0) { $0 + poisson($1, 3) }
    #expect(
      isClose(try none.cls(strength: strength), poisson(0, 0.5 * strength) * other / below, relative: 1e-12))
  }

  @Test("Averaging over uncertainties is that of a sum over their values")
  func uncertainChannels() throws {
    let efficiency = try UncertainQuantity(0.6, uncertainty: 0.1)
    let channels = [
      try channel(1, 0.4, 1, sigma: 0.2), try channel(3, 2, 1, sigma: 0.5, .gaussian, efficiency: efficiency),
    ]
    let strength = 1.9
    let weights = channels.map { log1p(strength * $0.yield / $0.background.value) }
    func term(_ channel: CountingChannel, _ n: Int, _ strength: Double) throws -> Double {
      try channel.background.expectation { b in
        try channel.efficiency.expectation { poisson(n, b + strength * channel.signal * $0) }
      }
    }
    func below(_ strength: Double) throws -> Double {
      var sum = 0.0
      for i in 0..<20 {
        for j in 0..<20
        where Double(i) * weights[0] + Double(j) * weights[1] <= weights[0] + 3 * weights[1] + 1e-9 {
          sum += try term(channels[0], i, strength) * term(channels[1], j, strength)
        }
      }
      return sum
    }
    let expected = try below(strength) / below(0)
    let cls = try CombinedCLs(channels: channels, confidenceLevel: 0.9).cls(strength: strength)
    #expect(isClose(cls, expected, relative: 1e-9))
  }

  @Test(
    "The terms of a channel are those of the single experiment, also for wide efficiencies and many counts")
  func terms() throws {
    for shape in [UncertainQuantity.Shape.gaussian, .logNormal, .gamma] {
      let efficiency = try UncertainQuantity(0.6, uncertainty: 0.1, shape: shape)
      for (b, signal) in [
        (try UncertainQuantity(2, uncertainty: 0.5), 3.0), (try UncertainQuantity(0.01), 90),
      ] {
        var source = CombinedSource(background: b, weight: 2, efficiency: efficiency)
        var counts = try MarginalCounts(background: b, efficiency: efficiency, reach: 11)
        let terms = try source.terms(strength: signal / 2, upTo: 140)
        for n in [0, 1, 7, 40, 90, 140] where terms.values[n] > 1e-12 {
          let expected = try counts.logProbability(of: n, signal: signal)
          #expect(abs(terms.logScale + log(terms.values[n]) - expected) < 1e-9, "\(shape), \(signal), \(n)")
        }
      }
    }
  }

  @Test("Expected limits exclude with CLs at the quantile of a loop over all outcomes")
  func expectedLimits() throws {
    let channels = [try channel(7, 0.2, 1), try channel(0, 1.3, 1), try channel(2, 4, 1.5)]
    let combined = try CombinedCLs(channels: channels, confidenceLevel: 0.9)
    let ends = try (-2...2).map { try combined.expectedUpperLimit(deviations: Double($0)) }
    for (index, limit) in ends.enumerated() {
      #expect(limit.method == .expectedCombinedCLs)
      func cls(_ strength: Double) -> Double {
        let weights = channels.map { log1p(strength * $0.yield / $0.background.value) }
        var outcomes: [(x: Double, signal: Double, background: Double)] = []
        for i in 0..<15 {
          for j in 0..<22 {
            for k in 0..<35 {
              let n = [i, j, k]
              outcomes.append(
                (
                  zip(n, weights).reduce(0) { $0 + Double($1.0) * $1.1 },
                  zip(n, channels).reduce(1) {
                    $0 * poisson($1.0, $1.1.background.value + strength * $1.1.yield)
                  },
                  zip(n, channels).reduce(1) { $0 * poisson($1.0, $1.1.background.value) }
                ))
            }
          }
        }
        outcomes.sort { $0.x < $1.x }
        var (signal, background) = (0.0, 0.0)
        let quantile = 0.5 * erfc(-Double(index - 2) / 2.0.squareRoot())
        for outcome in outcomes {
          signal += outcome.signal
          background += outcome.background
          if background >= quantile { break }
        }
        return signal / background
      }
      // The ranking steps with the strength, so CLs crosses 0.1 within a small change of it.
      #expect(cls(limit.upper * (1 - 1e-6)) >= 0.1 - 1e-6 && cls(limit.upper * (1 + 1e-6)) <= 0.1 + 1e-6)
    }
    #expect(ends[0].upper < ends[2].upper && ends[2].upper < ends[4].upper)
  }

  // MARK: Properties

  @Test("The order of channels does not matter, to the last bit")
  func order() throws {
    let efficiency = try UncertainQuantity(0.9, uncertainty: 0.05)
    let channels = [
      try channel(1, 0.016, 3, sigma: 0.002, .gaussian), try channel(3, 1.1, 2),
      try channel(0, 0.4, 1, sigma: 0.3, efficiency: efficiency), try channel(2, 1.1, 2),
      try channel(0, 0, 0.5),
    ]
    let forward = try CombinedCLs(channels: channels, confidenceLevel: 0.9)
    for shift in 1..<5 {
      let turned = Array(channels[shift...] + channels[..<shift])
      for other in [turned, turned.reversed()] {
        let combined = try CombinedCLs(channels: other, confidenceLevel: 0.9)
        #expect(combined.channels == forward.channels)
        #expect(try combined.upperLimit() == forward.upperLimit())
        #expect(try combined.cls(strength: 1.1) == forward.cls(strength: 1.1))
        #expect(
          try combined.toys(strength: 1, seed: 4, count: 50) == forward.toys(strength: 1, seed: 4, count: 50))
      }
    }
  }

  @Test("CLs crosses 1 - CL at the limit, and more counts never tighten it")
  func limitsAndCounts() throws {
    var last = 0.0
    for n in 0..<6 {
      let combined = try CombinedCLs(
        channels: [channel(n, 0.3, 1), channel(2, 1.7, 1), channel(8, 6, 1.4)], confidenceLevel: 0.95)
      let upper = try combined.upperLimit().upper
      #expect(try combined.cls(strength: upper * (1 + 1e-9)) <= 0.05 + 1e-9)
      #expect(try combined.cls(strength: upper * (1 - 1e-9)) >= 0.05 - 1e-9)
      #expect(upper > last)
      last = upper
    }
  }

  @Test("Splitting by quality is better than adding up, if what was seen is what was expected")
  func splitting() throws {
    let split = [try channel(0, 0.1, 2), try channel(9, 9, 1)]
    #expect(try limit(split) < limit([channel(9, 9.1, 3)]))
  }

  @Test("Toys agree with the exact sums")
  func toys() throws {
    let efficiency = try UncertainQuantity(0.8, uncertainty: 0.1, shape: .logNormal)
    let channels = [
      try channel(1, 0.4, 1, sigma: 0.2, .gaussian), try channel(3, 2, 1, sigma: 0.5, efficiency: efficiency),
      try channel(41, 45, 5), try channel(1, 0, 0.3),
    ]
    for seen in [channels, Array(channels.dropLast())] {
      let combined = try CombinedCLs(channels: seen, confidenceLevel: 0.9)
      let exact = try combined.cls(strength: 1.5)
      let toys = try combined.toys(strength: 1.5, seed: 20_261_123, count: 20_000)
      #expect(toys.toys == ResultOrigin.Toys(seed: 20_261_123, count: 20_000))
      #expect(abs(try #require(toys.cls) - exact) < 4 * (try #require(toys.uncertainty)))
    }
  }

  @Test("Drawn numbers have the mean and variance of their distributions")
  func draws() throws {
    var random = CounterRandom(seed: 7, stream: 1, index: 0)
    let count = 40_000
    func check(_ name: String, _ mean: Double, _ variance: Double, _ draw: (inout CounterRandom) -> Double) {
      var (sum, squares) = (0.0, 0.0)
      for _ in 0..<count {
        let x = draw(&random) - mean
        sum += x
        squares += x * x
      }
      let n = Double(count)
      #expect(abs(sum / n) < 5 * (variance / n).squareRoot(), "\(name)")
      #expect(abs(squares / n / variance - 1) < 0.08, "\(name)")
    }
    for mean in [0.02, 3, 29.9, 30, 250, 1e6] { check("Poisson \(mean)", mean, mean) { $0.poisson(mean) } }
    for shape in [0.3, 1, 40] { check("gamma \(shape)", shape, shape) { $0.gamma(shape) } }
    check("normal", 0, 1) { $0.normal() }
  }

  // MARK: What a result says, and refusals

  @Test("A result says statistic, method, level, outcome and channels")
  func origin() throws {
    let two = try CombinedCLs(channels: [channel(1, 0.5, 1), channel(3, 4, 0.7)], confidenceLevel: 0.95)
    let limit = try two.upperLimit()
    #expect(limit.method == .combinedCLs && limit.tail == .oneSidedUpperCLs && limit.confidenceLevel == 0.95)
    #expect(limit.ordering.rawValue == "by likelihood ratio of the tested signal to none")
    #expect(limit.channels.count == 2 && limit.lower == 0)
    let one = try CombinedCLs(channels: [channel(1, 0.5, 1)], confidenceLevel: 0.95).upperLimit()
    #expect(one.method == .exactCLs && one.ordering == .count)
  }

  @Test("What has no meaning is refused, and too many outcomes with the way out")
  func refusals() throws {
    #expect(throws: StatisticsError.self) { try channel(-1, 1, 1) }
    let two = try CombinedCLs(channels: [channel(1, 1, 1), channel(0, 1, 2)], confidenceLevel: 0.9)
    for weight in [-1, Double.nan, .infinity] {
      #expect(throws: StatisticsError.self) { try channel(1, 1, weight) }
    }
    #expect(throws: StatisticsError.self) { try channel(1, 1, 1, efficiency: UncertainQuantity(1.5)) }
    for cl in [0, 1, Double.nan] {
      #expect(throws: StatisticsError.self) { try limit([channel(1, 1, 1)], cl) }
    }
    #expect(throws: StatisticsError.self) { try limit([]) }
    #expect(throws: StatisticsError.self) { try channel(1, 1, 0) }
    #expect(throws: StatisticsError.self) {
      try CombinedCLs(channels: [channel(1, 1, 1)], ordering: .posterior, confidenceLevel: 0.9)
    }
    #expect(throws: StatisticsError.self) { try two.expectedUpperLimit(deviations: .nan) }
    for strength in [-1, Double.nan, .infinity] {
      #expect(throws: StatisticsError.self) { try two.cls(strength: strength) }
      #expect(throws: StatisticsError.self) { try two.toys(strength: strength, seed: 1, count: 1) }
    }
    #expect(throws: StatisticsError.self) { try two.toys(strength: 1, seed: 1, count: 0) }
    #expect(throws: StatisticsError.self) { try limit([channel(.max, 1, 1), channel(.max, 1, 2)]) }
    #expect(throws: StatisticsError.self) { try limit([channel(.max, 1, 1), channel(.max, 1, 1)]) }
    let many = try (1...12).map { try channel(50, 50, Double($0)) }
    do {
      _ = try limit(many)
      Issue.record("twelve channels of 50 events were summed")
    } catch let error as StatisticsError {
      #expect(error.description.contains("asymptotic combination"))
    }
  }
}
