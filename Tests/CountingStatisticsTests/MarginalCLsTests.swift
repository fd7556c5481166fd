import Foundation
import Testing

@testable import CountingStatistics

@Suite("CLs and significance with uncertain background and efficiency")
struct MarginalCLsTests {
  typealias Shape = UncertainQuantity.Shape

  static let shapes: [Shape] = [.gaussian, .logNormal, .gamma, .auxiliaryCount]

  private func limit(
    _ n: Int, _ b: Double, _ sigma: Double, _ relative: Double = 0, _ shape: Shape = .gaussian,
    cl: Double = 0.9
  ) throws -> Double {
    try MarginalCLs.upperLimit(
      observed: n, background: try UncertainQuantity(b, uncertainty: sigma, shape: shape),
      efficiency: relative == 0 ? .one : try UncertainQuantity(1, uncertainty: relative, shape: shape),
      confidenceLevel: cl
    ).upper
  }

  /// Count, background, uncertainty, relative one of the efficiency, limits at 90 % for Gaussian, log-normal and
  /// gamma: sums of scipy's Poisson tails over 4000 Gauss-Legendre nodes.
  @Test(
    "Limits are those of a numerical average by scipy",
    arguments: [
      (3, 1.0, 0.3, 0.0, [5.744393453944809, 5.707861430741766, 5.744567091813212]),
      (20, 7.03, 0.94, 0, [20.12947854048443, 20.067183538315494, 20.128044300299592]),
      (3, 1, 0.3, 0.1, [5.837454452200572, 5.769085442843231, 5.836136396327143]),
      (20, 7.03, 0.94, 0.06, [20.317694241825045, 20.21621450025068, 20.314987291545776]),
      (0, 0.5, 0.1, 0.2, [2.419679175952325, 2.362986098083007, 2.41195490357962]),
    ])
  func limits(_ row: (Int, Double, Double, Double, [Double])) throws {
    for (shape, expected) in zip([Shape.gaussian, .logNormal, .gamma], row.4) {
      let got = try limit(row.0, row.1, row.2, row.3, shape)
      #expect(isClose(got, expected, relative: 2e-12), "\(shape): \(got)")
    }
  }

  /// The same, p-values.
  @Test(
    "p-values are those of a numerical average by scipy",
    arguments: [
      (3, 1.0, 0.3, [0.08839893531772977, 0.09688885604674977, 0.0879402527914094]),
      (20, 7.03, 0.94, [0.00014343940671725108, 0.0001861547779710645, 0.0001570643163575012]),
    ])
  func pValues(_ row: (Int, Double, Double, [Double])) throws {
    for (shape, expected) in zip([Shape.gaussian, .logNormal, .gamma], row.3) {
      let background = try UncertainQuantity(row.1, uncertainty: row.2, shape: shape)
      let result = try ExcessSignificance(observed: row.0, background: background)
      #expect(isClose(result.pValue, expected, relative: 1e-10), "\(shape): \(result.pValue)")
      #expect(result.method == .marginalPoissonTail && result.inputs.background == background)
    }
  }

  @Test("No events give 2.302585 at 90 % for any background, also an uncertain one")
  func noEvents() throws {
    for b in [1e-12, 0.016, 0.5, 7, 1e6] {
      for sigma in [0, 0.1 * b, b] {
        for shape in sigma == 0 ? [Shape.gaussian] : Self.shapes {
          #expect(isClose(try limit(0, b, sigma, 0, shape), 2.302585092994046))
        }
      }
    }
  }

  @Test("Without uncertainty it is the closed form, and it goes there as the uncertainty vanishes")
  func reducesToKnown() throws {
    for (n, b) in [(0, 0.0), (1, 0.016), (3, 1.65), (20, 7.03), (200, 180)] {
      let known = try PoissonCLs.upperLimit(observed: n, background: b, confidenceLevel: 0.9)
      let result = try MarginalCLs.upperLimit(
        observed: n, background: try UncertainQuantity(b), confidenceLevel: 0.9)
      #expect(isClose(result.upper, known.upper) && result.method == .exactCLs)
      guard b > 0, n < 100 else { continue }
      for shape in Self.shapes {
        #expect(isClose(try limit(n, b, 1e-5 * b, 0, shape), known.upper, relative: 1e-8), "\(shape)")
        #expect(isClose(try limit(n, b, 1e-5 * b, 1e-5, shape), known.upper, relative: 1e-8), "\(shape)")
      }
    }
    let excess = try ExcessSignificance(observed: 20, background: 7.03)
    let narrow = try ExcessSignificance(
      observed: 20, background: try UncertainQuantity(7.03, uncertainty: 1e-5, shape: .gamma))
    #expect(isClose(excess.logPValue, narrow.logPValue, relative: 1e-8))
  }

  @Test("The known efficiency divides the limit")
  func knownEfficiency() throws {
    for background in [try UncertainQuantity(2), try UncertainQuantity(2, uncertainty: 0.5)] {
      let full = try MarginalCLs.upperLimit(observed: 4, background: background, confidenceLevel: 0.9)
      let half = try MarginalCLs.upperLimit(
        observed: 4, background: background, efficiency: try UncertainQuantity(0.5), confidenceLevel: 0.9)
      #expect(isClose(half.upper, 2 * full.upper))
    }
  }

  @Test("Limits grow with count, level and efficiency's uncertainty, and fall with the background")
  func monotonic() throws {
    for shape in Self.shapes {
      for n in [0, 1, 3, 10, 40] {
        for (b, sigma) in [(0.5, 0.2), (3.0, 1.0), (20.0, 4.0)] {
          let here = try limit(n, b, sigma, 0.1, shape)
          #expect(try limit(n + 1, b, sigma, 0.1, shape) > here)
          #expect(try limit(n, b, sigma, 0.1, shape, cl: 0.95) > here)
          #expect(try limit(n, b, sigma, 0.2, shape) > here)
          #expect(try limit(n, 2 * b, sigma, 0.1, shape) <= here * (1 + 1e-10))
        }
      }
    }
  }

  @Test("Sums and integrals give the same numbers")
  func sumsAgreeWithIntegrals() throws {
    for shape in Self.shapes {
      let background = try UncertainQuantity(30, uncertainty: 5, shape: shape)
      let efficiency = try UncertainQuantity(1, uncertainty: 0.15, shape: shape)
      var counts = try MarginalCounts(background: background, efficiency: efficiency, reach: 11)
      for (n, s) in [(5, 3.0), (5, 60), (40, 20.0), (60, 45.0), (90, 60), (60, 110)] {
        let sum = try counts.cumulative(upTo: n, signal: s)
        let integral = try efficiency.logExpectation { e in
          try CountMixture(mean: background).logCumulative(upTo: n, added: s * e)
        }
        #expect(abs(sum.logProbability - integral) < 1e-10, "\(shape), \(n), \(s)")
        let step = 1e-4 * s
        let high = try counts.cumulative(upTo: n, signal: s + step).logProbability
        let low = try counts.cumulative(upTo: n, signal: s - step).logProbability
        #expect(isClose(sum.slope, (high - low) / (2 * step), relative: 1e-6), "\(shape), \(n), \(s)")
      }
      for n in [0, 1, 10, 30, 60] {
        let sum = try counts.logSurvival(from: n)
        let integral = try CountMixture(mean: background).logSurvival(from: n)
        #expect(abs(sum - integral) < 1e-10, "\(shape), \(n)")
      }
    }
  }

  @Test("A running count gives the batch answer to the last bit")
  func incrementalEqualsBatch() throws {
    for shape in Self.shapes {
      let background = try UncertainQuantity(4, uncertainty: 1, shape: shape)
      var running = try MarginalCLs(background: background, confidenceLevel: 0.9)
      try running.prepare(upTo: 10)
      for n in [0, 1, 2, 3, 7, 4, 30, 12, 0] {
        var fresh = try MarginalCLs(background: background, confidenceLevel: 0.9)
        #expect(try running.upperLimit(observed: n) == fresh.upperLimit(observed: n))
        #expect(try running.significance(observed: n) == fresh.significance(observed: n))
        let direct = try ExcessSignificance(observed: n, background: background)
        #expect(abs(try running.significance(observed: n).logPValue - direct.logPValue) < 1e-10)
      }
    }
  }

  @Test("Expected limits are the limits at the quantiles of the averaged count")
  func expected() throws {
    let background = try UncertainQuantity(3, uncertainty: 1, shape: .gamma)
    var engine = try MarginalCLs(background: background, confidenceLevel: 0.9)
    let bands = try engine.expectedLimits()
    let counts = CountMixture(mean: background)
    var sum = 0.0
    for n in 0...bands.median.observed { sum += try counts.probability(of: n) }
    let last = try counts.probability(of: bands.median.observed)
    #expect(sum >= 0.5 && sum - last < 0.5)
    #expect(bands.minusTwoSigma.upper <= bands.minusOneSigma.upper)
    #expect(bands.plusOneSigma.upper < bands.plusTwoSigma.upper)
    #expect(try bands.median == engine.upperLimit(observed: bands.median.observed))
    #expect(bands.method == .expectedFullSum)
  }

  @Test("Extremes are right: many events, next to no background, a background far above the count")
  func extremes() throws {
    for shape in Self.shapes {
      #expect(isClose(try limit(3, 1e-12, 1e-13, 0, shape), 6.680783068254865, relative: 1e-9))
      #expect(try limit(0, 1e6, 1e5, 0.1, shape) > 2.3)
      let s = try limit(1_000_000, 1e6, 1e3, 0, shape)
      #expect(s > 2_200 && s < 2_500, "\(shape): \(s)")
      let empty = try limit(1_000_000, 1e-12, 1e-13, 0, shape)
      #expect(isClose(empty, 1_001_283.4, relative: 1e-5), "\(shape): \(empty)")
      let few = try limit(3, 1e6, 1e3, 0, shape)
      #expect(few > 2.3 && few < 2.32, "\(shape): \(few)")
    }
    let p = try ExcessSignificance(
      observed: 1_000_000, background: try UncertainQuantity(1e6, uncertainty: 1e3))
    #expect(abs(p.pValue - 0.5) < 0.01)
    let tiny = try ExcessSignificance(
      observed: 3, background: try UncertainQuantity(1e-12, uncertainty: 1e-13, shape: .gamma))
    #expect(isClose(tiny.pValue, 1e-36 / 6 * 1.01 * 1.02, relative: 1e-9))
  }

  @Test("What has no meaning is refused")
  func refusals() throws {
    let b = try UncertainQuantity(1, uncertainty: 0.1)
    for level in [0, 1, -0.1, 90, Double.nan] {
      #expect(throws: StatisticsError.self) { try MarginalCLs(background: b, confidenceLevel: level) }
    }
    for e in [0, 1.1] {
      #expect(throws: StatisticsError.self) {
        try MarginalCLs(background: b, efficiency: try UncertainQuantity(e), confidenceLevel: 0.9)
      }
    }
    var engine = try MarginalCLs(background: b, confidenceLevel: 0.9)
    #expect(throws: StatisticsError.self) { try engine.upperLimit(observed: -1) }
    #expect(throws: StatisticsError.self) { try engine.significance(observed: -1) }
    #expect(throws: StatisticsError.self) { try engine.cls(signal: -1, observed: 1) }
    #expect(throws: StatisticsError.self) { try engine.cls(signal: .nan, observed: 1) }
    #expect(throws: StatisticsError.self) { try engine.prepare(upTo: -1) }
  }
}
