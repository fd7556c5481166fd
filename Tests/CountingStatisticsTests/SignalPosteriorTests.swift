import CountingStatistics
import Foundation
import Testing

@Suite("Posterior of a signal")
struct SignalPosteriorTests {
  @Test("Flat-prior limits over an auxiliary count are RooStats'", arguments: OnOffReference.models)
  func rooStats(_ row: OnOffReference.Model) throws {
    let background = try UncertainQuantity(row.background, uncertainty: row.sigma, shape: .auxiliaryCount)
    let limit = try SignalPosterior(observed: row.observed, background: background, prior: .flat)
      .upperLimit(confidenceLevel: 0.9)
    #expect(abs(limit.upper - row.bayesUpper) < 6e-3, "\(limit.upper)")
    #expect(limit.method == .bayesianFlat && limit.tail == .oneSidedUpper)
  }

  @Test("With a flat prior the limit is that of CLs, for known and uncertain backgrounds")
  func flatIsCLs() throws {
    for n in [0, 1, 3, 20, 100] {
      for background in [
        try UncertainQuantity(0), try UncertainQuantity(2.5), try UncertainQuantity(2.5, uncertainty: 0.8),
        try UncertainQuantity(1e-12, uncertainty: 1e-13, shape: .gamma),
        try UncertainQuantity(2.5, uncertainty: 0.8, shape: .logNormal),
      ] {
        for level in [0.5, 0.9, 0.99] {
          let bayes = try SignalPosterior(observed: n, background: background, prior: .flat)
            .upperLimit(confidenceLevel: level)
          let cls = try MarginalCLs.upperLimit(
            observed: n, background: background, confidenceLevel: level)
          #expect(isClose(bayes.upper, cls.upper, relative: 1e-8), "\(n), \(background), \(level)")
        }
      }
    }
  }

  /// Without background Jeffreys' posterior is a gamma distribution of shape n + 1/2.
  @Test("Jeffreys' limit without background is the gamma quantile of n + 1/2")
  func jeffreys() throws {
    for n in [0, 1, 5, 50] {
      let posterior = try SignalPosterior(
        observed: n, background: try UncertainQuantity(0), prior: .jeffreys)
      let limit = try posterior.upperLimit(confidenceLevel: 0.9)
      #expect(isClose(try IncompleteGamma.upper(shape: Double(n) + 0.5, x: limit.upper), 0.1, relative: 1e-8))
      let central = try posterior.centralInterval(confidenceLevel: 0.9)
      #expect(
        isClose(try IncompleteGamma.lower(shape: Double(n) + 0.5, x: central.lower), 0.05, relative: 1e-7))
      #expect(
        isClose(try IncompleteGamma.upper(shape: Double(n) + 0.5, x: central.upper), 0.05, relative: 1e-7))
      #expect(limit.method == .bayesianJeffreys)
    }
    let flat = try SignalPosterior(observed: 3, background: .one, prior: .flat).upperLimit(
      confidenceLevel: 0.9)
    let other = try SignalPosterior(observed: 3, background: .one, prior: .jeffreys)
      .upperLimit(confidenceLevel: 0.9)
    #expect(other.upper < flat.upper)
  }

  @Test("The shortest interval is no longer than the central one, and starts at 0 without an excess")
  func shortest() throws {
    for (n, b) in [(0, 1.0), (1, 3), (5, 1), (20, 7.03)] {
      let posterior = try SignalPosterior(
        observed: n, background: try UncertainQuantity(b, uncertainty: 0.2 * b), prior: .flat)
      let central = try posterior.centralInterval(confidenceLevel: 0.9)
      let shortest = try posterior.shortestInterval(confidenceLevel: 0.9)
      #expect(shortest.upper - shortest.lower <= central.upper - central.lower)
      if Double(n) < b { #expect(shortest.lower == 0) }
      #expect(shortest.origin.tail == .shortest)
    }
    // Without background the ends of the shortest interval have equal density sⁿ e⁻ˢ.
    let ten = try SignalPosterior(observed: 10, background: try UncertainQuantity(0), prior: .flat)
      .shortestInterval(confidenceLevel: 0.9)
    #expect(abs(10 * log(ten.upper / ten.lower) - (ten.upper - ten.lower)) < 1e-4)
  }

  @Test("An uncertain efficiency raises the limit, and a nearly known one does not")
  func efficiency() throws {
    let background = try UncertainQuantity(1, uncertainty: 0.3)
    for shape in [UncertainQuantity.Shape.gaussian, .logNormal, .gamma] {
      let narrow = try SignalPosterior(
        observed: 3, background: background,
        efficiency: try UncertainQuantity(1, uncertainty: 1e-4, shape: shape), prior: .flat)
      let wide = try SignalPosterior(
        observed: 3, background: background,
        efficiency: try UncertainQuantity(1, uncertainty: 0.15, shape: shape), prior: .flat)
      let known = try SignalPosterior(observed: 3, background: background, prior: .flat)
      let limits = try [known, narrow, wide].map { try $0.upperLimit(confidenceLevel: 0.9).upper }
      #expect(isClose(limits[0], limits[1], relative: 1e-6))
      #expect(limits[2] > limits[0])
    }
  }

  @Test("Extremes give numbers, and what has no meaning is refused")
  func hostile() throws {
    for (n, b, sigma) in [(1_000_000, 1e6, 1e3), (1_000_000, 1e-12, 0), (0, 1e6, 1e5), (3, 1e6, 0)] {
      for prior in SignalPosterior.Prior.allCases {
        let limit = try SignalPosterior(
          observed: n, background: try UncertainQuantity(b, uncertainty: sigma), prior: prior
        ).upperLimit(confidenceLevel: 0.9)
        #expect(limit.upper.isFinite && limit.upper > 0, "\(n), \(b), \(prior)")
      }
    }
    #expect(throws: StatisticsError.self) {
      try SignalPosterior(observed: -1, background: .one, prior: .flat)
    }
    #expect(throws: StatisticsError.self) {
      try SignalPosterior(
        observed: 1, background: .one, efficiency: try UncertainQuantity(1, uncertainty: 0.3), prior: .flat)
    }
    let posterior = try SignalPosterior(observed: 1, background: .one, prior: .flat)
    for level in [0, 1, Double.nan] {
      #expect(throws: StatisticsError.self) { try posterior.upperLimit(confidenceLevel: level) }
      #expect(throws: StatisticsError.self) { try posterior.shortestInterval(confidenceLevel: level) }
    }
  }
}
