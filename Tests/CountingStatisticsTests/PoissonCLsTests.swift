import CountingStatistics
import Foundation
import Testing

@Suite struct PoissonCLsTests {
  private func limit(_ n: Int, _ b: Double, _ cl: Double) throws -> Double {
    try PoissonCLs.upperLimit(observed: n, background: b, confidenceLevel: cl).upper
  }

  @Test(arguments: CLsReference.rows)
  func limitsAgreeWithTheReferenceTable(_ row: CLsReference.Row) throws {
    for (background, expected) in zip(CLsReference.backgrounds, row.limits) {
      #expect(abs(try limit(row.observed, background, row.confidenceLevel) - expected) < 6e-7)
    }
  }

  /// By mpmath with 50 digits.
  @Test(arguments: [
    (1, 0.016, 0.9, 3.8738793804445557), (3, 0, 0.9, 6.6807830682558636),
    (3, 1, 0.9, 5.7114911285935739), (3, 3, 0.9, 4.3623880328769085),
    (20, 7.03, 0.9, 20.015148859713581), (1, 0.152, 0.95, 4.6045754732953202),
    (3, 1.65, 0.9, 5.1739941588782684), (20, 1e5, 0.9, 2.3030456922217375),
    (2, 1e-12, 0.9, 5.3223203378332099), (1000, 1000, 0.95, 63.716763260021088),
    (5, 50, 0.99, 5.0791616359167205),
  ])
  func limitsAgreeWithManyDigits(_ row: (Int, Double, Double, Double)) throws {
    #expect(isClose(try limit(row.0, row.1, row.2), row.3))
  }

  @Test func noEventsGiveTheSameLimitForAnyBackground() throws {
    for b in [0, 1e-12, 0.5, 7, 1e5, 1e15, 1e300] {
      #expect(isClose(try limit(0, b, 0.9), -log(0.1)))
    }
  }

  @Test func withoutBackgroundItIsTheFlatPriorGammaQuantile() throws {
    for n in [0, 1, 5, 100, 10_000] {
      let s = try limit(n, 0, 0.95)
      #expect(isClose(try IncompleteGamma.upper(shape: Double(n) + 1, x: s), 0.05, relative: 1e-9))
    }
  }

  @Test func clsAtTheLimitIsOneMinusTheLevel() throws {
    for n in [1, 4, 60, 2_000, 1_000_000] {
      for b in [1e-12, 0.3, 45, 1e5, 999_000] {
        let s = try limit(n, b, 0.9)
        #expect(isClose(try PoissonCLs.cls(signal: s, observed: n, background: b), 0.1, relative: 1e-8))
      }
    }
  }

  @Test func limitGrowsWithCountAndLevelAndFallsWithBackground() throws {
    let backgrounds = [0, 0.1, 1, 5, 20, 100]
    for n in 0..<40 {
      for b in backgrounds {
        #expect(try limit(n + 1, b, 0.9) > limit(n, b, 0.9))
        #expect(try limit(n, b, 0.95) > limit(n, b, 0.9))
      }
      for (less, more) in zip(backgrounds, backgrounds.dropFirst()) {
        #expect(try limit(n, more, 0.9) <= limit(n, less, 0.9))
      }
    }
  }

  @Test func extremesGiveFiniteLimits() throws {
    for n in [0, 1, 20, 1_000_000, 1_000_000_000, .max] {
      for b in [0, 1e-300, 1e-12, 1e5, 1e9, 1e17] {
        for cl in [1e-12, 0.5, 0.999_999_999] {
          let s = try limit(n, b, cl)
          #expect(s.isFinite && s > 0, "n \(n), b \(b), CL \(cl)")
        }
      }
    }
  }

  @Test func resultNamesMethodLevelTailAndInputs() throws {
    let result = try PoissonCLs.upperLimit(observed: 3, background: 1, confidenceLevel: 0.95)
    #expect(result.method == .exactCLs)
    #expect(result.method.rawValue.contains("ordered by count"))
    #expect(result.tail.rawValue == "one-sided upper, CLs")
    #expect(result.confidenceLevel == 0.95 && result.observed == 3 && result.background == 1)
  }

  @Test func inputsWithoutMeaningAreRefused() {
    for (n, b, cl) in [
      (-1, 0, 0.9), (0, -0.1, 0.9), (0, Double.nan, 0.9), (0, Double.infinity, 0.9), (0, 0, 0),
      (0, 0, 1), (0, 0, Double.nan), (0, 0, 90),
    ] {
      #expect(throws: StatisticsError.self) { try limit(n, b, cl) }
    }
    #expect(throws: StatisticsError.self) {
      try PoissonCLs.cls(signal: -1, observed: 0, background: 0)
    }
    #expect(
      throws: StatisticsError.invalidInput(
        name: "confidence level", value: "90.0", expected: "a number above 0 and below 1, such as 0.9")
    ) { try limit(0, 0, 90) }
  }

  @Test func expectedLimitsAreTheQuantilesOfTheFullSum() throws {
    let b = 3.0
    let expected = try PoissonCLs.expectedLimits(background: b, confidenceLevel: 0.9)
    #expect(expected.median.observed == 3)
    #expect(expected.minusTwoSigma.observed == 0)
    #expect(expected.minusOneSigma.observed == 1)
    #expect(expected.plusOneSigma.observed == 5)
    #expect(expected.plusTwoSigma.observed == 7)
    #expect(try expected.median.upper == limit(3, b, 0.9))
    #expect(expected.method == .expectedFullSum)
    let none = try PoissonCLs.expectedLimits(background: 0, confidenceLevel: 0.9)
    #expect(none.minusTwoSigma == none.plusTwoSigma)
  }

  @Test func meanExpectedLimitLiesBetweenItsBands() throws {
    #expect(isClose(try PoissonCLs.meanExpectedLimit(background: 0, confidenceLevel: 0.9), -log(0.1)))
    let bands = try PoissonCLs.expectedLimits(background: 7, confidenceLevel: 0.9)
    let mean = try PoissonCLs.meanExpectedLimit(background: 7, confidenceLevel: 0.9)
    #expect(mean > bands.minusOneSigma.upper && mean < bands.plusOneSigma.upper)
  }
}
