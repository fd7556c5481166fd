import CountingStatistics
import Foundation
import Testing

@Suite("Profile likelihood and asymptotic CLs")
struct ProfileLikelihoodTests {
  private func background(_ row: OnOffReference.Model) throws -> UncertainQuantity {
    try UncertainQuantity(row.background, uncertainty: row.sigma, shape: .auxiliaryCount)
  }

  @Test("Profile likelihood intervals are RooStats'", arguments: OnOffReference.models)
  func intervals(_ row: OnOffReference.Model) throws {
    let interval = try ProfileLikelihoodInterval.of(
      observed: row.observed, background: background(row), confidenceLevel: 0.9)
    #expect(abs(interval.upper - row.profileUpper) < 6e-3, "\(interval.upper)")
    #expect(abs(interval.lower - (row.profileLower ?? 0)) < 6e-3, "\(interval.lower)")
    #expect(interval.origin.method == .profileLikelihood)
  }

  @Test("Asymptotic limits, observed and expected, are RooStats' within the 0.02 that pyhf agrees to")
  func asymptoticLimits() throws {
    for row in OnOffReference.models {
      guard let reference = row.asymptoticCLs else { continue }
      let limit = try AsymptoticCLs.upperLimit(
        observed: row.observed, background: background(row), confidenceLevel: 0.9)
      #expect(abs(limit.upper - reference) < 0.02, "\(row.observed): \(limit.upper)")
      let expected = try AsymptoticCLs.expectedLimits(
        observed: row.observed, background: background(row), confidenceLevel: 0.9)
      for (got, wanted) in zip(
        [expected.minusOneSigma, expected.median, expected.plusOneSigma], row.expected)
      {
        #expect(abs(got.upper - wanted) < 0.02, "\(row.observed): \(got.upper), not \(wanted)")
      }
      #expect(expected.method == .expectedAsymptoticCLs)
      #expect((limit.origin.caution != nil) == (row.background < 10))
    }
  }

  @Test("Two bins with uncorrelated backgrounds have the numbers of pyhf's documentation")
  func twoBins() throws {
    let channels = try OnOffReference.bins.enumerated().map { k, bin in
      try CountingChannel(
        name: "bin \(k)", observed: bin.3, signal: bin.0,
        background: try UncertainQuantity(bin.1, uncertainty: bin.2, shape: .auxiliaryCount))
    }
    let model = try AsymptoticCLs(channels: channels)
    // Within what pyhf's fits leave open, and exactly what they converge to.
    #expect(abs(try model.cls(strength: 1) - OnOffReference.cls) < 1e-5)
    #expect(abs(try model.cls(strength: 1) - OnOffReference.converged.cls) < 1e-8)
    let limit = try model.upperLimit(confidenceLevel: 0.95)
    #expect(abs(limit.upper - OnOffReference.limit) < 2e-5, "\(limit.upper)")
    #expect(limit.caution == nil)
    for (k, deviations) in [-2.0, -1, 0, 1, 2].enumerated() {
      let cls = try model.expectedCLs(strength: 1, deviations: deviations)
      #expect(abs(cls - OnOffReference.expectedCLs[k]) < 1e-5, "\(deviations): \(cls)")
      #expect(abs(cls - OnOffReference.converged.expected[k]) < 1e-8, "\(deviations): \(cls)")
      let expected = try model.expectedUpperLimit(confidenceLevel: 0.95, deviations: deviations)
      #expect(
        abs(expected.upper - OnOffReference.expectedLimits[k]) < 2e-5, "\(deviations): \(expected.upper)")
    }
  }

  @Test("Asymptotic CLs are those of the table that warns of them")
  func warningTable() throws {
    for (n, b, sigma, s, cls, tolerance) in [
      (0, 0.5, 0.1, 2.303, 0.045, 6e-4), (0, 0.5, 0.1, 2.996, 0.020, 2e-3), (3, 1.0, 0.3, 5.7, 0.064, 6e-4),
      (1, 0.016, 0.002, 3.9, 0.047, 6e-4),
    ] {
      let model = try AsymptoticCLs(observed: n, background: try UncertainQuantity(b, uncertainty: sigma))
      let got = try model.cls(strength: s)
      #expect(abs(got - cls) < tolerance, "\(n), \(b): \(got)")
    }
  }

  @Test("√q0 of one on-off count is the Z of Li and Ma")
  func discovery() throws {
    for (n, m, tau) in [(4, 5, 5.0), (17, 40, 10.56), (1, 0, 3)] {
      let background = try UncertainQuantity(auxiliaryCount: m, ratio: tau)
      let z = try AsymptoticCLs(observed: n, background: background).discoverySignificance()
      let liMa = try OnOffCounts(on: Double(n), off: Double(m), ratio: tau).profileLikelihood().z
      #expect(isClose(z, try #require(liMa), relative: 1e-9))
    }
    let deficit = try AsymptoticCLs(observed: 1, background: try UncertainQuantity(5, uncertainty: 1))
    #expect(try deficit.discoverySignificance() == 0 && deficit.bestStrength == 0)
  }

  @Test("Two halves of one channel are the whole")
  func split() throws {
    let whole = try CountingChannel(
      name: "w", observed: 20, signal: 2, background: try UncertainQuantity(12))
    let half = try CountingChannel(name: "h", observed: 10, signal: 1, background: try UncertainQuantity(6))
    let one = try ProfileLikelihoodInterval.of(channels: [whole], confidenceLevel: 0.9)
    let two = try ProfileLikelihoodInterval.of(channels: [half, half], confidenceLevel: 0.9)
    #expect(isClose(one.lower, two.lower, relative: 1e-8) && isClose(one.upper, two.upper, relative: 1e-8))
    let limits = try [[whole], [half, half]].map {
      try AsymptoticCLs(channels: $0).upperLimit(confidenceLevel: 0.9).upper
    }
    #expect(isClose(limits[0], limits[1], relative: 1e-8))
  }

  @Test("Uncertainties of background and efficiency widen the interval, and vanish with it")
  func uncertainties() throws {
    func upper(_ sigma: Double, _ relative: Double) throws -> SignalInterval {
      try ProfileLikelihoodInterval.of(
        observed: 20, background: try UncertainQuantity(7, uncertainty: sigma, shape: .gamma),
        efficiency: try UncertainQuantity(1, uncertainty: relative, shape: .gamma), confidenceLevel: 0.9)
    }
    let known = try ProfileLikelihoodInterval.of(
      observed: 20, background: try UncertainQuantity(7), confidenceLevel: 0.9)
    let narrow = try upper(1e-6, 1e-6)
    #expect(
      isClose(narrow.upper, known.upper, relative: 1e-8) && isClose(narrow.lower, known.lower, relative: 1e-8)
    )
    let wide = try upper(1.5, 1e-6)
    let wider = try upper(1.5, 0.1)
    #expect(wide.upper > known.upper && wide.lower < known.lower)
    #expect(wider.upper > wide.upper && wider.lower < wide.lower)
  }

  @Test("Extreme counts give numbers, and nonsense is refused")
  func hostile() throws {
    for (n, b) in [(1_000_000, 1e6), (1_000_000, 1e-12), (0, 1e6), (0, 1e-12), (3, 1e6)] {
      for sigma in [0, 0.1 * b] {
        let background = try UncertainQuantity(b, uncertainty: sigma)
        let limit = try AsymptoticCLs.upperLimit(observed: n, background: background, confidenceLevel: 0.9)
        #expect(limit.upper.isFinite && limit.upper > 0)
        let interval = try ProfileLikelihoodInterval.of(
          observed: n, background: background, confidenceLevel: 0.9)
        #expect(interval.upper.isFinite && interval.lower >= 0 && interval.upper > interval.lower)
      }
    }
    #expect(throws: StatisticsError.self) { try AsymptoticCLs(channels: []) }
    #expect(throws: StatisticsError.self) {
      try ProfileLikelihoodInterval.of(channels: [], confidenceLevel: 0.9)
    }
    let one = try AsymptoticCLs(observed: 1, background: .one)
    for level in [0, 1, -1, Double.nan] {
      #expect(throws: StatisticsError.self) { try one.upperLimit(confidenceLevel: level) }
    }
    #expect(throws: StatisticsError.self) { try one.cls(strength: .nan) }
    for signal in [0, -1, Double.nan] {
      #expect(throws: StatisticsError.self) {
        try CountingChannel(name: "x", observed: 1, signal: signal, background: .one)
      }
    }
  }
}
