import Foundation
import Testing

@testable import CountingStatistics

@Suite("Posterior of a signal")
struct SignalPosteriorTests {
  private func upper(
    _ n: Int, _ b: UncertainQuantity, _ e: UncertainQuantity, _ prior: SignalPosterior.Prior,
    _ cl: Double = 0.9
  ) throws -> Double {
    try SignalPosterior(observed: n, background: b, efficiency: e, prior: prior)
      .upperLimit(confidenceLevel: cl).upper
  }

  private func upper(
    _ n: Int, _ b: UncertainQuantity, _ prior: SignalPosterior.Prior, _ cl: Double = 0.9
  ) throws -> Double { try upper(n, b, .one, prior, cl) }

  // MARK: Known background and efficiency

  @Test("A flat prior over a known background gives the reference table", arguments: CLsReference.rows)
  func flatTable(_ row: CLsReference.Row) throws {
    for (background, expected) in zip(CLsReference.backgrounds, row.limits) {
      let limit = try upper(row.observed, UncertainQuantity(background), .flat, row.confidenceLevel)
      #expect(abs(limit - expected) < 6e-7)
    }
  }

  @Test("A flat prior over a known background gives the limit of CLs, also for huge and tiny numbers")
  func flatIsCLs() throws {
    for n in [0, 1, 2, 7, 50, 1_000, 1_000_000] {
      for b in [0, 1e-12, 0.016, 3, 60, 1e5, 1e6] {
        for cl in [0.5, 0.9, 0.999_99] {
          let expected = try PoissonCLs.upperLimit(observed: n, background: b, confidenceLevel: cl).upper
          #expect(
            isClose(try upper(n, UncertainQuantity(b), .flat, cl), expected, relative: 1e-9), "\(n), \(b)")
        }
      }
    }
  }

  @Test("No event gives -ln(1 - CL) with a flat prior, for any background, over the efficiency")
  func noEvent() throws {
    for b in [0, 0.5, 1e5] {
      #expect(isClose(try upper(0, UncertainQuantity(b), .flat, 0.95), -log(0.05)))
      #expect(isClose(try upper(0, UncertainQuantity(b), UncertainQuantity(0.4), .flat), -log(0.1) / 0.4))
    }
  }

  /// By scipy; the first is half the 90 % quantile of χ² with one degree of freedom.
  @Test(
    "The Jeffreys prior gives the quantile of its gamma distribution",
    arguments: [
      (0, 0, 0.9, 1.3527717270477),
      (0, 0.016, 0.9, 1.4597040722668),
      (1, 0.016, 0.9, 3.1114171203959),
      (3, 1, 0.9, 5.0710115437704),
      (5, 5, 0.95, 5.8668522230033),
      (20, 7.03, 0.9, 19.444338821971),
      (50, 30, 0.95, 32.730777848932),
    ])
  func jeffreys(_ row: (Int, Double, Double, Double)) throws {
    #expect(isClose(try upper(row.0, UncertainQuantity(row.1), .jeffreys, row.2), row.3, relative: 1e-12))
  }

  /// Central and shortest interval at 90 %, by scipy.
  private static let intervals:
    [(SignalPosterior.Prior, Int, Double, central: [Double], shortest: [Double])] = [
      (.flat, 0, 0, [0.051293294387551, 2.995732273554], [0, 2.302585092994]),
      (.flat, 1, 0.016, [0.3398443196148, 4.7280178666234], [0.067909222063841, 3.9147623708456]),
      (.flat, 3, 1, [0.51891386642142, 6.7823826024482], [0, 5.7114911285936]),
      (.flat, 20, 7.03, [7.0425214557976, 22.032061310537], [6.4636001623289, 21.292230393956]),
      (.jeffreys, 0, 0, [0.0019660700000098, 1.9207294103471], [0, 1.3527717270477]),
      (.jeffreys, 1, 0.016, [0.16352034679405, 3.8930474656345], [0, 3.1114171203959]),
      (.jeffreys, 3, 1, [0.34667350363304, 6.0923531406057], [0, 5.0710115437704]),
      (.jeffreys, 20, 7.03, [6.6336345024358, 21.44126745216], [6.055702837089, 20.700329416661]),
    ]

  @Test("Central and shortest intervals agree with many digits")
  func intervals() throws {
    for row in Self.intervals {
      let posterior = try SignalPosterior(observed: row.1, background: UncertainQuantity(row.2), prior: row.0)
      let central = try posterior.centralInterval(confidenceLevel: 0.9)
      let shortest = try posterior.shortestInterval(confidenceLevel: 0.9)
      #expect(isClose(central.lower, row.central[0], relative: 1e-11), "\(row)")
      #expect(isClose(central.upper, row.central[1], relative: 1e-11), "\(row)")
      // The end of the shortest interval is where two densities meet: half the digits of the probabilities.
      #expect(isClose(shortest.lower, row.shortest[0], relative: 1e-8), "\(row)")
      #expect(isClose(shortest.upper, row.shortest[1], relative: 1e-8), "\(row)")
      #expect(shortest.upper - shortest.lower < central.upper - central.lower)
    }
  }

  @Test("Intervals hold their level and the ends of the shortest have equal density, at extremes too")
  func extremes() throws {
    for prior in SignalPosterior.Prior.allCases {
      for (n, b) in [(0, 1e-12), (0, 1e6), (3, 1e-12), (1_000_000, 1e-12), (1_000_000, 1e6), (12, 1e5)] {
        let posterior = try SignalPosterior(observed: n, background: UncertainQuantity(b), prior: prior)
        for interval in [
          try posterior.centralInterval(confidenceLevel: 0.9),
          try posterior.shortestInterval(confidenceLevel: 0.9),
        ] {
          let held = try posterior.survival(above: interval.lower) - posterior.survival(above: interval.upper)
          #expect(abs(held - 0.9) < 1e-9, "\(prior) \(n) \(b) \(interval.origin.tail)")
        }
        let shortest = try posterior.shortestInterval(confidenceLevel: 0.9)
        let (low, high) = (
          try posterior.density(at: shortest.lower), try posterior.density(at: shortest.upper)
        )
        #expect(shortest.lower == 0 ? low >= high : isClose(low, high, relative: 1e-6), "\(prior) \(n) \(b)")
      }
    }
  }

  // MARK: Uncertain background and efficiency

  /// Flat prior, 90 %: upper limit and central interval by sums of scipy's incomplete gamma functions over
  /// 600 × 600 Gauss-Legendre points of background and efficiency.
  private static let marginal: [(Int, UncertainQuantity?, UncertainQuantity?, [Double])] = [
    (
      3, try? UncertainQuantity(1.0, uncertainty: 0.3),
      try? UncertainQuantity(1.0),
      [5.744393453945, 6.817481399212, 0.5152444714049]
    ),
    (
      3, try? UncertainQuantity(1.0, uncertainty: 0.3, shape: .gamma),
      try? UncertainQuantity(1.0),
      [5.744567091813, 6.817438703455, 0.5173352428137]
    ),
    (
      3, try? UncertainQuantity(1.0, uncertainty: 0.3, shape: .logNormal),
      try? UncertainQuantity(1.0),
      [5.707861430742, 6.780544838043, 0.4951075313831]
    ),
    (
      1, try? UncertainQuantity(auxiliaryCount: 0, ratio: 2.0),
      try? UncertainQuantity(1.0),
      [3.613688833677, 4.465750072728, 0.1738612586435]
    ),
    (
      3, try? UncertainQuantity(1.0),
      try? UncertainQuantity(0.5, uncertainty: 0.1, shape: .gamma),
      [12.70475776285, 15.40721048375, 1.069951923286]
    ),
    (
      3, try? UncertainQuantity(1.0),
      try? UncertainQuantity(0.5, uncertainty: 0.15, shape: .logNormal),
      [13.69746771042, 16.91655726316, 1.061299918277]
    ),
    (
      3, try? UncertainQuantity(1.0),
      try? UncertainQuantity(0.5, uncertainty: 0.05),
      [11.73346828513, 14.00998057792, 1.04581082453]
    ),
    (
      5, try? UncertainQuantity(2.0, uncertainty: 0.5),
      try? UncertainQuantity(0.8, uncertainty: 0.2, shape: .logNormal),
      [10.53363686615, 12.69310300358, 0.9930839578077]
    ),
    (
      0, try? UncertainQuantity(0.3, uncertainty: 0.1, shape: .gamma),
      try? UncertainQuantity(0.8, uncertainty: 0.2, shape: .gamma),
      [3.318288023597, 4.421106001351, 0.06850812600851]
    ),
    (
      2, try? UncertainQuantity(0.0),
      try? UncertainQuantity(0.5, uncertainty: 0.15, shape: .logNormal),
      [12.84407741279, 15.78151517002, 1.626261769715]
    ),
  ]

  @Test("Uncertainties are averaged over: flat prior against double sums", arguments: marginal.indices)
  func flatMarginal(_ index: Int) throws {
    let (n, b, e, expected) = Self.marginal[index]
    let posterior = try SignalPosterior(
      observed: n, background: try #require(b), efficiency: try #require(e), prior: .flat)
    let central = try posterior.centralInterval(confidenceLevel: 0.9)
    #expect(isClose(try posterior.upperLimit(confidenceLevel: 0.9).upper, expected[0], relative: 1e-9))
    #expect(isClose(central.upper, expected[1], relative: 1e-9))
    #expect(isClose(central.lower, expected[2], relative: 1e-9))
  }

  /// Jeffreys prior, 90 % upper limit by Gauss-Legendre sums over signal, background and efficiency.
  private static let marginalJeffreys: [(Int, UncertainQuantity?, UncertainQuantity?, Double)] = [
    (
      3, try? UncertainQuantity(1.0, uncertainty: 0.3),
      try? UncertainQuantity(1.0), 5.101490771113
    ),
    (
      1, try? UncertainQuantity(auxiliaryCount: 0, ratio: 2.0),
      try? UncertainQuantity(1.0), 2.640814223192
    ),
    (
      3, try? UncertainQuantity(1.0),
      try? UncertainQuantity(0.5, uncertainty: 0.1, shape: .gamma), 11.02095651094
    ),
    (
      5, try? UncertainQuantity(2.0, uncertainty: 0.5),
      try? UncertainQuantity(0.8, uncertainty: 0.2, shape: .logNormal), 9.36448499587
    ),
  ]

  @Test(
    "Uncertainties are averaged over: Jeffreys prior against triple sums", arguments: marginalJeffreys.indices
  )
  func jeffreysMarginal(_ index: Int) throws {
    let (n, b, e, expected) = Self.marginalJeffreys[index]
    #expect(isClose(try upper(n, try #require(b), try #require(e), .jeffreys), expected, relative: 1e-8))
  }

  /// `stat-reference-values.json`, block `poisson_background_on_off_model`: RooStats' BayesianCalculator, whose
  /// own integration and scan leave the last digit open.
  @Test("The on-off model agrees with RooStats", arguments: OnOffReference.models)
  func rooStats(_ row: OnOffReference.Model) throws {
    let background = try UncertainQuantity(row.background, uncertainty: row.sigma, shape: .auxiliaryCount)
    #expect(abs(try upper(row.observed, background, .flat) - row.bayesUpper) < 6e-3)
  }

  @Test("With a flat prior and a known efficiency it is the marginalised CLs")
  func flatIsMarginalCLs() throws {
    for shape in [UncertainQuantity.Shape.gaussian, .logNormal, .gamma, .auxiliaryCount] {
      for (n, b, s) in [(0, 0.5, 0.1), (3, 1.0, 0.9), (20, 7.03, 0.94), (2_000, 1_900, 40.0), (2, 60, 9.0)] {
        let background = try UncertainQuantity(b, uncertainty: s, shape: shape)
        let expected = try MarginalCLs.upperLimit(
          observed: n, background: background, efficiency: UncertainQuantity(0.5), confidenceLevel: 0.9
        ).upper
        let got = try upper(n, background, UncertainQuantity(0.5), .flat)
        #expect(isClose(got, expected, relative: 1e-9), "\(background), \(n): \(got), not \(expected)")
      }
    }
  }

  @Test("With a flat prior a gamma efficiency is one of a shape less by one in CLs")
  func gammaEfficiency() throws {
    // 1/ε times a gamma density of shape k is one of shape k - 1, at the same rate.
    let (k, rate) = (30.0, 50.0)
    let efficiency = try UncertainQuantity(k / rate, uncertainty: k.squareRoot() / rate, shape: .gamma)
    let shifted = try UncertainQuantity(
      (k - 1) / rate, uncertainty: (k - 1).squareRoot() / rate, shape: .gamma)
    for n in [0, 1, 8] {
      let background = try UncertainQuantity(1.5, uncertainty: 0.4)
      let expected = try MarginalCLs.upperLimit(
        observed: n, background: background, efficiency: shifted, confidenceLevel: 0.95)
      #expect(isClose(try upper(n, background, efficiency, .flat, 0.95), expected.upper, relative: 1e-9))
    }
  }

  @Test("Far above the count, and with an efficiency hardly known, a posterior is right or refused")
  func wideEfficiency() throws {
    // By the count 0 the background drops out: the flat limit is that of the efficiency alone.
    let efficiency = try UncertainQuantity(0.5, uncertainty: 0.25, shape: .gamma)
    let alone = try upper(0, UncertainQuantity(0), efficiency, .flat)
    let shifted = try UncertainQuantity(0.375, uncertainty: 0.25 * 0.75.squareRoot(), shape: .gamma)
    let exact = try MarginalCLs.upperLimit(
      observed: 0, background: UncertainQuantity(0), efficiency: shifted, confidenceLevel: 0.9)
    #expect(isClose(alone, exact.upper, relative: 1e-9))
    for b in [10, 3_000, 1e5] {
      #expect(isClose(try upper(0, UncertainQuantity(b), efficiency, .flat), alone, relative: 1e-9))
    }
    let unknown = try UncertainQuantity(0.3, uncertainty: 0.3, shape: .gamma)
    #expect(throws: StatisticsError.self) { try upper(5, UncertainQuantity(10), unknown, .flat) }
    #expect(try upper(5, UncertainQuantity(10), unknown, .jeffreys).isFinite)
    // A density that rises without end towards an efficiency of 0 makes for signals beyond any number.
    let less = try UncertainQuantity(0.3, uncertainty: 0.4, shape: .gamma)
    #expect(throws: StatisticsError.self) { try upper(5, UncertainQuantity(10), less, .jeffreys) }
  }

  @Test("A small uncertainty changes little, and a large count of an uncertain background stays right")
  func continuity() throws {
    for prior in SignalPosterior.Prior.allCases {
      for (n, b) in [(0, 0.3), (4, 1.0), (1_000_000, 1e6), (40, 0.001)] {
        let known = try upper(n, UncertainQuantity(b), prior)
        let nearly = try upper(n, UncertainQuantity(b, uncertainty: 1e-4 * b), prior)
        #expect(isClose(known, nearly, relative: 1e-2), "\(prior) \(n) \(b): \(known) \(nearly)")
        if b < 10 { #expect(isClose(known, nearly, relative: 1e-6)) }
      }
    }
  }

  @Test(
    "Shortest intervals over an uncertain background hold their level and are not longer than central ones")
  func shortestMarginal() throws {
    for prior in SignalPosterior.Prior.allCases {
      for (n, b) in [
        (0, try UncertainQuantity(auxiliaryCount: 0, ratio: 2)),
        (6, try UncertainQuantity(auxiliaryCount: 0, ratio: 2)),
        (9, try UncertainQuantity(2, uncertainty: 1, shape: .logNormal)),
      ] {
        let posterior = try SignalPosterior(observed: n, background: b, prior: prior)
        let shortest = try posterior.shortestInterval(confidenceLevel: 0.9)
        let central = try posterior.centralInterval(confidenceLevel: 0.9)
        let held = try posterior.survival(above: shortest.lower) - posterior.survival(above: shortest.upper)
        #expect(abs(held - 0.9) < 1e-9)
        #expect(shortest.upper - shortest.lower <= central.upper - central.lower)
      }
    }
  }

  @Test("The expected limits are the limits at the quantiles of the count")
  func expected() throws {
    let bands = try SignalPosterior.expectedLimits(
      background: UncertainQuantity(3), prior: .jeffreys, confidenceLevel: 0.9)
    #expect(bands.median.observed == 3)
    #expect(bands.minusTwoSigma.observed == 0 && bands.plusTwoSigma.observed == 7)
    #expect(try bands.median.upper == upper(3, UncertainQuantity(3), .jeffreys))
  }

  // MARK: What a result says, and refusals

  @Test("A result says prior, tail, level and inputs")
  func origin() throws {
    let background = try UncertainQuantity(1, uncertainty: 0.3, shape: .gamma)
    let posterior = try SignalPosterior(observed: 3, background: background, prior: .jeffreys)
    let limit = try posterior.upperLimit(confidenceLevel: 0.95)
    #expect(limit.method.rawValue == "Bayesian, Jeffreys prior" && limit.tail == .oneSidedUpper)
    #expect(limit.origin.ordering == .posterior && limit.confidenceLevel == 0.95)
    #expect(limit.origin.inputs.background == background && limit.observed == 3)
    #expect(try posterior.centralInterval(confidenceLevel: 0.9).origin.tail == .central)
    #expect(try posterior.shortestInterval(confidenceLevel: 0.9).origin.tail == .shortest)
    #expect(SignalPosterior.Prior.flat.method == .bayesianFlat)
  }

  @Test("What has no meaning, or no end, is refused")
  func refusals() throws {
    let one = try UncertainQuantity(1)
    #expect(throws: StatisticsError.self) { try upper(-1, one, .flat) }
    #expect(throws: StatisticsError.self) { try upper(0, one, UncertainQuantity(0), .flat) }
    #expect(throws: StatisticsError.self) { try upper(0, one, UncertainQuantity(1.1), .flat) }
    for cl in [0, 1, 90, Double.nan] {
      #expect(throws: StatisticsError.self) { try upper(0, one, .flat, cl) }
    }
    // A density at an efficiency of 0 leaves room for any signal.
    #expect(throws: StatisticsError.self) {
      try upper(1, one, UncertainQuantity(0.5, uncertainty: 0.2), .flat)
    }
    let wide = try UncertainQuantity(0.5, uncertainty: 0.6, shape: .gamma)
    #expect(throws: StatisticsError.self) { try upper(1, one, wide, .flat) }
    let posterior = try SignalPosterior(observed: 1, background: one, prior: .flat)
    for signal in [-1, Double.nan, .infinity] {
      #expect(throws: StatisticsError.self) { try posterior.survival(above: signal) }
      #expect(throws: StatisticsError.self) { try posterior.density(at: signal) }
    }
    let both = try UncertainQuantity(0.5, uncertainty: 0.05, shape: .gamma)
    #expect(throws: StatisticsError.self) {
      try upper(1_001, UncertainQuantity(900, uncertainty: 30), both, .flat)
    }
  }
}
