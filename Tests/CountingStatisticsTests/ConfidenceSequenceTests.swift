import Foundation
import Testing

@testable import CountingStatistics

@Suite("Confidence sequence")
struct ConfidenceSequenceTests {
  private func experiment(rate: Double = 0.5, typical: Double = 1) throws -> SequentialExperiment {
    try SequentialExperiment(
      name: "x", exposureUnit: "runs", backgroundRate: rate, typicalSignal: typical)
  }

  private func counts(_ n: Int, _ background: Double, _ exposure: Double) throws -> SequentialCounts {
    try SequentialCounts(observed: n, background: background, exposure: exposure)
  }

  @Test("Without events the limit is that of (e^{2x} - 1)/(2(e^x - 1)) = 1/α, whatever the background")
  func byHand() throws {
    // c = T = 1: (e^x + 1)/2 = 10, x = ln 19.
    for rate in [1e-12, 0.5, 30, 1e5] {
      let limit = try ConfidenceSequence.upperLimit(
        counts(0, rate, 1), of: experiment(rate: rate), confidenceLevel: 0.9)
      #expect(isClose(limit.signalRate, log(19), relative: 1e-8), "\(rate): \(limit.signalRate)")
      #expect(limit.limit.tail == .anytimeUpper && limit.limit.method == .confidenceSequence)
      #expect(limit.limit.upper == limit.signalRate)
    }
  }

  @Test("The limits are where the evidence crosses 1/α, and lie outside of those at a fixed time")
  func crossing() throws {
    for n in [0, 1, 2, 7, 40] {
      for rate in [0.016, 1, 12] {
        let e = try experiment(rate: rate)
        let now = try counts(n, rate, 1)
        for level in [0.7, 0.9, 0.99] {
          let upper = try ConfidenceSequence.upperLimit(now, of: e, confidenceLevel: level).signalRate
          #expect(abs(try PoissonEProcess.below(upper, now, e) + log1p(-level)) < 1e-8)
          let fixed = try PoissonCLs.upperLimit(observed: n, background: rate, confidenceLevel: level)
          if Double(n) >= rate { #expect(upper > fixed.upper) }
          let lower = try ConfidenceSequence.lowerLimit(now, of: e, confidenceLevel: level).signalRate
          #expect(lower < upper)
          if lower > 0 { #expect(abs(try PoissonEProcess.above(lower, now, e) + log1p(-level)) < 1e-8) }
          // Background alone is excluded exactly when the test says so.
          #expect((lower > 0) == (try e.logEvidence(now) > -log1p(-level)))
          let both = try ConfidenceSequence.interval(now, of: e, confidenceLevel: level)
          #expect(both.lower.signalRate <= lower && both.upper.signalRate >= upper)
          #expect(both.upper.limit.tail == .anytimeCentral)
        }
      }
    }
  }

  @Test("No signal above the limit is left, also where background and exposure go apart")
  func limitIsTheSupremum() throws {
    let e = try experiment(rate: 2, typical: 1.5)
    for (n, background, exposure) in [(0, 9.0, 1.0), (9, 9.0, 1.0), (3, 0.1, 5.0), (30, 4.0, 1.0)] {
      let now = try counts(n, background, exposure)
      let upper = try ConfidenceSequence.upperLimit(now, of: e, confidenceLevel: 0.9).signalRate
      let lower = try ConfidenceSequence.lowerLimit(now, of: e, confidenceLevel: 0.9).signalRate
      for k in 1..<400 {
        let above = upper * (1 + 1e-6 + Double(k * k) * 1e-3)
        #expect(try PoissonEProcess.below(above, now, e) >= -log(0.1) - 1e-9)
        let below = lower * (1 - 1e-6) * Double(k) / 400
        if lower > 0 { #expect(try PoissonEProcess.above(below, now, e) >= -log(0.1) - 1e-9) }
      }
    }
  }

  @Test("Both limits hold at all times of a run at once, in more than 90 % of runs each")
  func simultaneousCoverage() throws {
    let e = try experiment(rate: 1, typical: 2)
    let toys = 1_500
    for signal in [0, 2.0] {
      var missedAbove = 0
      var missedBelow = 0
      for toy in 0..<toys {
        var random = SequentialToys(seed: 3, toy: toy)
        let times = random.times(rate: 1 + signal, end: 3)
        var isAbove = false
        var isBelow = false
        // The upper limit is lowest just before an event, the lower one highest just behind it.
        for (n, t) in (times + [3]).enumerated() {
          if try ConfidenceSequence.upperLimit(counts(n, t, t), of: e, confidenceLevel: 0.9).signalRate
            < signal
          {
            isAbove = true
          }
          if try ConfidenceSequence.lowerLimit(counts(n + 1, t, t), of: e, confidenceLevel: 0.9).signalRate
            > signal, t < 3
          {
            isBelow = true
          }
        }
        missedAbove += isAbove ? 1 : 0
        missedBelow += isBelow ? 1 : 0
      }
      #expect(missedAbove <= toys / 10 && missedBelow <= toys / 10, "\(missedAbove), \(missedBelow)")
      if signal > 0 { #expect(missedAbove > toys / 200 && missedBelow > toys / 200) }
    }
  }

  @Test("The smallest limit of a run never rises")
  func intersection() throws {
    var state = SequentialState(experiment: try experiment())
    var last = Double.infinity
    #expect(
      try ConfidenceSequence.smallestUpperLimit([], of: state.experiment, confidenceLevel: 0.9) == nil)
    for index in 0..<UInt64(12) {
      try state.set(segment: index, exposure: index == 0 ? 0 : 0.2, background: index == 0 ? 0 : 0.1)
      if index > 7 { try state.add(segment: index, events: 3) }
      guard index > 0 else { continue }
      let smallest = try #require(
        try ConfidenceSequence.smallestUpperLimit(
          state.history(), of: state.experiment, confidenceLevel: 0.9))
      let now = try ConfidenceSequence.upperLimit(
        state.counts(), of: state.experiment, confidenceLevel: 0.9)
      #expect(smallest.signalRate <= last && smallest.signalRate <= now.signalRate)
      last = smallest.signalRate
    }
  }

  @Test("Extreme numbers give finite limits; what has no meaning is refused")
  func extremes() throws {
    for rate in [1e-12, 1, 1e6] {
      let e = try experiment(rate: rate)
      for n in [0, 1, 20, 1_000_000] {
        for exposure in [1e-3, 1, 1e3] {
          for level in [1e-9, 0.5, 0.999999] {
            let now = try counts(n, rate * exposure, exposure)
            let ends = try ConfidenceSequence.interval(now, of: e, confidenceLevel: level)
            #expect(ends.upper.signalRate.isFinite && ends.upper.signalRate > ends.lower.signalRate)
          }
        }
      }
    }
    let e = try experiment()
    for (now, level) in [
      (try counts(0, 0, 0), 0.9), (try counts(0, 1, 0), 0.9), (try counts(0, 0, 1), 0.9),
      (try counts(0, 1, 1), 0), (try counts(0, 1, 1), 1), (try counts(0, 1, 1), .nan),
    ] {
      #expect(throws: StatisticsError.self) {
        try ConfidenceSequence.upperLimit(now, of: e, confidenceLevel: level)
      }
    }
    let beside = try SequentialExperiment(
      name: "x", exposureUnit: "s", backgroundRate: 1, typicalSignal: 1, background: .parallel(ratio: 2))
    #expect(throws: StatisticsError.self) {
      try ConfidenceSequence.lowerLimit(counts(1, 1, 1), of: beside, confidenceLevel: 0.9)
    }
  }
}
