import Foundation
import RandomNumbers
import Testing

@testable import CountingStatistics

@Suite("Sequential evidence")
struct SequentialEvidenceTests {
  private func experiment(
    rate: Double = 1, typical: Double = 1, alternative: SequentialExperiment.Alternative = .excess,
    background: BackgroundKnowledge = .known
  ) throws -> SequentialExperiment {
    try SequentialExperiment(
      name: "x", exposureUnit: "s", backgroundRate: rate, typicalSignal: typical, alternative: alternative,
      background: background)
  }

  private func counts(_ n: Int, _ background: Double, _ exposure: Double = 0, sideband: Int = 0) throws
    -> SequentialCounts
  {
    try SequentialCounts(observed: n, background: background, exposure: exposure, sideband: sideband)
  }

  @Test("Small cases by hand: E = c/(c+T) Σ k-falling(N)/z^k")
  func byHand() throws {
    let e = try experiment()
    #expect(try e.logEvidence(counts(0, 0)) == 0)
    // c = 1, T = 1, z = 2.
    #expect(isClose(try e.logEvidence(counts(0, 1)), log(0.5)))
    #expect(isClose(try e.logEvidence(counts(1, 1)), log(0.5 * 1.5)))
    #expect(isClose(try e.logEvidence(counts(2, 1)), log(0.5 * (1 + 1 + 0.5))))
    let down = try experiment(alternative: .deficit)
    #expect(isClose(try down.logEvidence(counts(0, 1)), log(M_E - 1)))
    #expect(isClose(try down.logEvidence(counts(1, 1)), log(M_E - 2)))
    let both = try experiment(alternative: .either)
    #expect(isClose(try both.logEvidence(counts(1, 1)), log(0.5 * (0.75 + M_E - 2))))
    let beside = try experiment(background: .parallel(ratio: 1))
    // ∫ over p from 1/2 to 1 of 2p/(1/2)^… : on only, 2·2·(1 - 1/4)/2; off only, 2·2·(1/8).
    #expect(isClose(try beside.logEvidence(counts(1, 0)), log(1.5)))
    #expect(isClose(try beside.logEvidence(counts(0, 0, sideband: 1)), log(0.5)))
  }

  @Test(
    "Closed forms equal the integral over the mixture",
    arguments: [(0, 0.5, 1.0), (1, 0.016, 60.0), (5, 1.0, 2.0), (40, 25.0, 0.1), (300, 200.0, 0.2)])
  func closedForms(_ row: (n: Int, background: Double, typical: Double)) throws {
    let e = try experiment(rate: row.background, typical: row.typical)
    let n = Double(row.n)
    func integral(_ signal: Double, from low: Double, to high: Double) throws -> Double {
      let norm = try Quadrature.integral(from: low, to: high, pieces: 64) { exp(-$0 / row.typical) }
      let shift = (row.background + signal)
      return try Quadrature.integral(from: low, to: high, pieces: 64) { s in
        exp(n * log((row.background + s) / shift) - (s - signal) - s / row.typical)
      } / norm
    }
    let far = 60 * max(row.typical, 1) + 20 * n
    let now = try counts(row.n, row.background, 1)
    #expect(isClose(try e.logEvidence(now), log(try integral(0, from: 0, to: far)), relative: 1e-8))
    for s in [0.3, 2, 9] {
      let below = try PoissonEProcess.below(s, now, e)
      #expect(abs(below - log(try integral(s, from: 0, to: s))) < 1e-8)
      let above = try PoissonEProcess.above(s, now, e)
      #expect(abs(above - log(try integral(s, from: s, to: s + far))) < 1e-8)
    }
  }

  /// Σ over the count of P(N) E(N), far enough into the tail.
  private func expectation(_ mean: Double, _ logEvidence: (Int) throws -> Double) throws -> Double {
    let poisson = try PoissonDistribution(mean: mean)
    var sum = 0.0
    for n in 0..<2_000 {
      let term = exp(poisson.logProbability(of: n) + (try logEvidence(n)))
      sum += term
      if Double(n) > mean, term < 1e-14 * sum { break }
    }
    return sum
  }

  @Test("E has expectation 1 under background only, at any exposure")
  func expectationIsOne() throws {
    for (background, typical) in [(0.016, 50.0), (0.5, 1.0), (3.0, 0.7), (20.0, 0.2)] {
      for alternative in SequentialExperiment.Alternative.allCases {
        let e = try experiment(typical: typical, alternative: alternative)
        let mean = try expectation(background) { try e.logEvidence(counts($0, background)) }
        #expect(abs(mean - 1) < 1e-8, "\(alternative) \(background): \(mean)")
      }
    }
  }

  @Test("Tests of a signal have expectation 1 at most, also where background and exposure go apart")
  func signalTestsAreFair() throws {
    let e = try experiment(rate: 0.5, typical: 0.8)
    for (background, exposure) in [(1.0, 2.0), (3.0, 2.0), (0.2, 2.0), (5.0, 0.3)] {
      for s in [0.2, 1, 4] {
        let mean = background + s * exposure
        let below = try expectation(mean) {
          try PoissonEProcess.below(s, counts($0, background, exposure), e)
        }
        #expect(abs(below - 1) < 1e-8, "below \(s): \(below)")
        let above = try expectation(mean) {
          try PoissonEProcess.above(s, counts($0, background, exposure), e)
        }
        #expect(above < 1 + 1e-9, "above \(s): \(above)")
        if background == 1 { #expect(abs(above - 1) < 1e-8) }
      }
    }
  }

  @Test("With a sideband in parallel E has expectation 1 after any number of events")
  func sidebandIsFair() throws {
    for ratio in [0.1, 1, 14.44] {
      let e = try experiment(background: .parallel(ratio: ratio))
      for total in [0, 1, 2, 7, 60] {
        var sum = 0.0
        for on in 0...total {
          let logWeight =
            lgamma(Double(total) + 1) - lgamma(Double(on) + 1) - lgamma(Double(total - on) + 1)
            - Double(on) * log1p(ratio) - Double(total - on) * log1p(1 / ratio)
          sum += exp(logWeight + (try e.logEvidence(counts(on, 1, sideband: total - on))))
        }
        #expect(abs(sum - 1) < 1e-9, "ratio \(ratio), \(total) events: \(sum)")
      }
    }
  }

  @Test("With an auxiliary count E has expectation 1 at most, whatever the background is")
  func auxiliaryIsFair() throws {
    let (ratio, nominal) = (5.0, 1.0)
    for factor in [0.05, 0.5, 1, 2, 8] {
      for passed in [0.0, 0.7, 3] {
        let auxiliary = try PoissonDistribution(mean: ratio * nominal * factor)
        let run = try PoissonDistribution(mean: passed * factor)
        var sum = 0.0
        for m in 0..<120 {
          let e = try experiment(background: .auxiliary(count: m, ratio: ratio))
          for n in 0..<70 where passed > 0 || n == 0 {
            sum += exp(
              auxiliary.logProbability(of: m) + run.logProbability(of: n)
                + (try e.logEvidence(counts(n, passed))))
          }
        }
        #expect(sum < 1 + 1e-9, "factor \(factor), after \(passed): \(sum)")
      }
    }
  }

  @Test("An auxiliary count loses little of the evidence of a known background, and less when it is larger")
  func auxiliaryHasPower() throws {
    func evidence(_ count: Int, shape: Double) throws -> Double {
      try experiment(background: .auxiliary(count: count, ratio: Double(count), shape: shape))
        .logEvidence(counts(15, 3))
    }
    let known = try experiment().logEvidence(counts(15, 3))
    let few = try evidence(10, shape: 10)
    let many = try evidence(1000, shape: 1000)
    #expect(few > 3 && few < many && abs(many - known) < 0.1)
  }

  @Test("The bound of the background is that of its shape, and delta is in each p-value")
  func boundedBackground() throws {
    func factor(_ quantity: UncertainQuantity, _ delta: Double) throws -> Double? {
      guard case .bounded(let factor, _) = try BackgroundKnowledge.bounded(quantity, delta: delta).kind else {
        return nil
      }
      return factor
    }
    let z = try NormalDistribution.inverseSurvival(1e-3)
    #expect(isClose(try #require(try factor(UncertainQuantity(2, uncertainty: 0.5), 1e-3)), 1 + z / 4))
    #expect(
      isClose(
        try #require(try factor(UncertainQuantity(2, uncertainty: 0.5, shape: .logNormal), 1e-3)), exp(z / 4))
    )
    // 1 auxiliary event: the mean with P(X ≤ 1) = 0.05 is 4.743864518.
    #expect(
      isClose(
        try #require(try factor(UncertainQuantity(auxiliaryCount: 1, ratio: 7), 0.05)), 4.743864518,
        relative: 1e-9))
    let e = try experiment(
      background: .bounded(UncertainQuantity(1, uncertainty: 0.2), delta: 1e-3))
    var state = SequentialState(experiment: e)
    try state.add(ExposureSegment(index: 0, exposure: 1, background: 1, unplaced: 200))
    #expect(isClose(try state.significance().pValue, 1e-3, relative: 1e-9))
    #expect(try e.logEvidence(counts(9, 1)) < experiment().logEvidence(counts(9, 1)))
  }

  @Test("Extreme numbers give finite evidence")
  func extremes() throws {
    for rate in [1e-12, 1, 1e6] {
      for typical in [1e-3, 1, 1e6] {
        for alternative in SequentialExperiment.Alternative.allCases {
          let e = try experiment(rate: rate, typical: typical, alternative: alternative)
          for n in [0, 1, 20, 1_000_000, 1_000_000_000] {
            for passed in [0, 1e-12, 0.5, 1e6] {
              let value = try e.logEvidence(counts(n, passed * rate))
              #expect(value.isFinite, "rate \(rate), typical \(typical), n \(n), passed \(passed)")
            }
          }
        }
      }
    }
    for n in [0, 3, 1_000_000] {
      for m in [0, 25, 1_000_000] {
        let beside = try experiment(background: .parallel(ratio: 10))
        #expect(try beside.logEvidence(counts(n, 1, sideband: m)).isFinite)
        let before = try experiment(background: .auxiliary(count: m, ratio: 10))
        #expect(try before.logEvidence(counts(n, 1e-12)).isFinite)
        #expect(try before.logEvidence(counts(n, 1e6)).isFinite)
      }
    }
  }

  @Test("A million events over as many expected ones agree with the normal approximation")
  func largeCounts() throws {
    // ln E of an exponential mixture that is flat there: ln[(c/(c+T)) √(2π) Φ(z) σ … ] with σ² = z.
    let e = try experiment(rate: 1e6, typical: 1e3)
    let n = 1_003_000
    let value = try e.logEvidence(counts(n, 1e6))
    let numeric = try Quadrature.integral(from: 0, to: 12_000, pieces: 200) { s in
      exp(Double(n) * log1p(s / 1e6) - s - s / 1e3) / 1e3
    }
    #expect(abs(value - log(numeric)) < 1e-7)
  }

  @Test("What has no meaning is refused")
  func refusals() {
    for (rate, typical) in [
      (0, 1), (-1, 1), (1, 0), (1, Double.nan), (.infinity, 1), (1e-300, 1e300), (1e300, 1e-300),
    ] {
      #expect(throws: StatisticsError.self) { try experiment(rate: rate, typical: typical) }
    }
    #expect(throws: StatisticsError.self) { try counts(-1, 0) }
    #expect(throws: StatisticsError.self) { try counts(0, -1) }
    #expect(throws: StatisticsError.self) { try counts(0, .nan) }
    #expect(throws: StatisticsError.self) { try counts(0, 0, .infinity) }
    #expect(throws: StatisticsError.self) { try BackgroundKnowledge.parallel(ratio: 0) }
    #expect(throws: StatisticsError.self) { try BackgroundKnowledge.auxiliary(count: -1, ratio: 1) }
    #expect(throws: StatisticsError.self) { try BackgroundKnowledge.auxiliary(count: 1, ratio: 1, shape: 0) }
    #expect(throws: StatisticsError.self) { try BackgroundKnowledge.bounded(UncertainQuantity(1), delta: 0) }
    #expect(throws: StatisticsError.self) {
      try BackgroundKnowledge.bounded(UncertainQuantity(0), delta: 0.1)
    }
    #expect(throws: StatisticsError.self) {
      try experiment(alternative: .deficit, background: .parallel(ratio: 1))
    }
  }
}
