import CountingStatistics
import Foundation
import Testing

@Suite("Background estimates")
struct BackgroundEstimateTests {
  @Test("Three regions give the product of their formula, its variance, and an interval around it")
  func abcd() throws {
    let estimate = try CountProduct.abcd(b: 20, c: 30, d: 100)
    #expect(isClose(estimate.value, 6))
    #expect(isClose(estimate.standardDeviation, 6 * (1.0 / 20 + 1.0 / 30 + 1.0 / 100).squareRoot()))
    let interval = try estimate.interval()
    // With many counts the interval is that of the logarithm, to the third order.
    #expect(interval.lower < 6 && interval.upper > 6)
    #expect(interval.upper - 6 > 6 - interval.lower)
    #expect(abs(interval.upper - interval.lower - 2 * estimate.standardDeviation) < 0.05)
    let quantity = try estimate.quantity()
    #expect(isClose(quantity.value, 6) && isClose(quantity.uncertainty, estimate.standardDeviation))
    let large = try CountProduct.abcd(b: 1_000_000, c: 2_000_000, d: 4_000_000)
    #expect(abs(try large.interval().upper - large.value - large.standardDeviation) < 1)
  }

  @Test("The interval of the product covers near its level, summed over all three counts")
  func abcdCoverage() throws {
    let (b, c, d) = (3.0, 4.0, 8.0)
    let counts = try [b, c, d].map { try PoissonDistribution(mean: $0) }
    var covered = 0.0
    var seen = 0.0
    for m in 1..<22 {
      for i in 0..<12 {
        for j in 0..<14 {
          let p = counts[0].probability(of: i) * counts[1].probability(of: j) * counts[2].probability(of: m)
          seen += p
          let interval = try CountProduct.abcd(b: i, c: j, d: m).interval(confidenceLevel: 0.9)
          if interval.lower <= b * c / d, b * c / d <= interval.upper { covered += p }
        }
      }
    }
    #expect(seen > 0.998)
    #expect(covered > 0.88 && covered < 0.95, "\(covered)")
  }

  @Test("A region without events gives an upper limit; one below the line is refused by name")
  func emptyRegions() throws {
    let none = try CountProduct.abcd(b: 0, c: 30, d: 10)
    let interval = try none.interval(confidenceLevel: 0.9)
    #expect(none.value == 0 && interval.lower == 0)
    // A little above the exact limit of the empty region at the central ratio, 2.9957 × 3.
    #expect(interval.upper > 8.98 && interval.upper < 11, "\(interval.upper)")
    let quantity = try none.quantity()
    #expect(quantity.value == 0 && isClose(quantity.uncertainty, 3.1))
    #expect(throws: StatisticsError.self) { try CountProduct.abcd(b: 1, c: 1, d: 0) }
    #expect(throws: StatisticsError.self) { try CountProduct.abcd(b: -1, c: 1, d: 1) }
    #expect(throws: StatisticsError.self) { try CountProduct(numerators: []) }
    #expect(throws: StatisticsError.self) { try CountProduct(numerators: [1], factor: .nan) }
    #expect(throws: StatisticsError.self) {
      try CountProduct(numerators: [1], factor: 1, factorUncertainty: -0.1)
    }
    #expect(try CountProduct.abcd(b: 0, c: 0, d: 1).interval().upper.isFinite)
  }

  @Test("A count of 0 alone has the exact upper end, and a factor's uncertainty widens both ends")
  func limitsOfTheProduct() throws {
    let zero = try CountProduct(numerators: [0]).interval(confidenceLevel: 0.9)
    let exact = try GarwoodInterval.of(count: 0, confidenceLevel: 0.9)
    #expect(isClose(zero.upper, exact.upper, relative: 1e-9))
    let sharp = try CountProduct(numerators: [9], factor: 0.1)
    let vague = try CountProduct(numerators: [9], factor: 0.1, factorUncertainty: 0.3)
    #expect(try vague.interval().lower < sharp.interval().lower)
    #expect(try vague.interval().upper > sharp.interval().upper)
    // Of a factor alone, with as many counts as one likes: exp(± z σ).
    let factor = try CountProduct(numerators: [1_000_000_000_000], factor: 1e-12, factorUncertainty: 0.3)
    #expect(abs(try factor.interval().upper - exp(0.3)) < 1e-4)
    #expect(abs(try factor.interval().lower - exp(-0.3)) < 1e-4)
  }

  @Test("A sideband gives Garwood's interval over its ratio; the ratio of two counts that of the binomial")
  func sidebands() throws {
    let sideband = try SidebandEstimate(count: 4, ratio: 2)
    let garwood = try GarwoodInterval.of(count: 4)
    #expect(try sideband.interval().upper == garwood.upper / 2)
    #expect(try SidebandEstimate(count: 0, ratio: 5).interval(confidenceLevel: 0.9).lower == 0)
    #expect(try sideband.quantity().value == 2)
    // 5 over 9 events at 90 %, by beta quantiles of scipy.
    let ratio = try PoissonRatioInterval.of(first: 5, second: 9, confidenceLevel: 0.9)
    #expect(isClose(ratio.lower, 0.18024406788027916, relative: 1e-9))
    #expect(isClose(ratio.upper, 1.561377865363623, relative: 1e-9))
    let swapped = try PoissonRatioInterval.of(first: 9, second: 5, confidenceLevel: 0.9)
    #expect(isClose(swapped.lower, 1 / ratio.upper, relative: 1e-9))
    #expect(try PoissonRatioInterval.of(first: 0, second: 3).lower == 0)
    #expect(throws: StatisticsError.self) { try PoissonRatioInterval.of(first: 3, second: 0) }
    #expect(throws: StatisticsError.self) { try SidebandEstimate(count: 1, ratio: 0) }
  }

  @Test("Random coincidences: the product of the rates, the window and the live time")
  func coincidences() throws {
    // 1 kHz and 2 kHz for 100 s, 10 ns: 2 pairs.
    let pairs = try CountProduct.randomCoincidences(
      first: 100_000, second: 200_000, window: 1e-8, liveTime: 100)
    #expect(isClose(pairs.value, 2, relative: 1e-9))
    #expect(isClose(pairs.standardDeviation, 2 * (1e-5 + 5e-6).squareRoot(), relative: 1e-9))
    let longer = try CountProduct.randomCoincidences(
      first: 100_000, second: 200_000, window: 1e-8, liveTime: 100, coincidenceTime: 1_000,
      windowUncertainty: 0.1)
    #expect(isClose(longer.value, 20, relative: 1e-9))
    #expect(longer.standardDeviation > 2)
    #expect(throws: StatisticsError.self) {
      try CountProduct.randomCoincidences(first: 1, second: 1, window: 0, liveTime: 1)
    }
  }
}
