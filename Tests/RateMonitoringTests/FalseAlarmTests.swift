import CountingStatistics
import RandomNumbers
import Testing

@testable import RateMonitoring

/// The stated false-alarm rates, on simulated counts: at the edge of the band, where alarms are most frequent.
struct FalseAlarmTests {
  private static let bursts = 10_000

  private func band(
    _ expectation: RateMonitoringConfiguration.Expectation, _ sample: RateMonitoringConfiguration.Sample
  )
    -> RateMonitoringConfiguration.Band
  {
    .init(line: RateLine(.l0, "a"), expectation: expectation, tolerance: 0.1, change: 1.5, sample: sample)
  }

  /// Alarms of a watch in bursts of 5 s that `draw` makes.
  private func alarms(
    _ watch: StepWatch, _ draw: (inout Counts) -> StepWatch.Sample
  ) throws -> Int {
    var (watch, counts, alarms) = (watch, Counts(), 0)
    for _ in 0..<Self.bursts {
      if let found = try watch.observe(draw(&counts)), found.verdict.isFiring { alarms += 1 }
    }
    return alarms
  }

  @Test(arguments: RateChange.allCases)
  func stepsOfKnownRates(_ direction: RateChange) throws {
    // 1 in 200 bursts for each direction; at one edge the other direction is far away.
    let edge = direction == .up ? 1.1 : 0.9
    for rate in [0.3, 4, 60] {
      let watch = try StepWatch(
        band(.rate(rate), .burst), falseAlarmRate: 0.002, binSeconds: 0.1, burstSeconds: 5)
      let found = try alarms(watch) { counts in
        let seconds = 4 + 2 * counts.uniform()
        return .init(count: counts.poisson(rate * edge * seconds), seconds: seconds, other: 0)
      }
      #expect(found <= 50)
    }
  }

  @Test func stepsOfShortReferences() throws {
    var (draws, found) = (Counts(), 0)
    // The reference has some counts only; each of 500 runs has one of its own.
    for _ in 0..<500 {
      let watch = try StepWatch(
        band(.counts(draws.poisson(12), seconds: 6), .burst), falseAlarmRate: 0.01, binSeconds: 0.1,
        burstSeconds: 5)
      var own = watch
      for _ in 0..<20 {
        let verdict = try own.observe(.init(count: draws.poisson(11), seconds: 5, other: 0))
        if verdict?.verdict.isFiring == true { found += 1 }
      }
    }
    #expect(found <= 500)
  }

  @Test func stepsOfProportionsWhateverTheIntensity() throws {
    let relative = try StepWatch(
      band(.relative(RateLine(.l0, "b"), ratio: 0.2), .burst), falseAlarmRate: 0.002, binSeconds: 0.1,
      burstSeconds: 5)
    #expect(
      try alarms(relative) { counts in
        let intensity = 200 * counts.uniform()
        return .init(
          count: counts.poisson(0.22 * intensity), seconds: 5, other: counts.poisson(intensity))
      } <= 50)
    let part = try StepWatch(
      band(.part(RateLine(.l0, "b"), share: 0.2), .burst), falseAlarmRate: 0.002, binSeconds: 0.1,
      burstSeconds: 5)
    #expect(
      try alarms(part) { counts in
        let (taken, left) = (counts.poisson(0.22 * 150), counts.poisson(0.78 * 150))
        return .init(count: taken, seconds: 5, other: taken + left)
      } <= 50)
  }

  @Test func stepsAlongABurst() throws {
    // 1 in 100 bins of 0.1 s and direction: the chain is exact, so near to it.
    let watch = try StepWatch(
      band(.rate(80), .bin), falseAlarmRate: 0.2, binSeconds: 0.1, burstSeconds: 5)
    let found = try alarms(watch) { counts in
      .init(count: counts.poisson(8.8), seconds: 0.1, other: 0)
    }
    #expect(found <= 100)
    #expect(found >= 20)
  }

  @Test func silences() {
    var (counts, found) = (Counts(), 0)
    // A board of half a packet in a bin: most bins are silent. One look in 100 may find what is none.
    for _ in 0..<200 {
      var watch = SilenceWatch()
      for _ in 0..<100
      where watch.observe(
        counts.poisson(0.5), others: counts.poisson(20), logAlpha: -4.605)?.isFiring == true
      {
        found += 1
      }
    }
    #expect(found <= 200)
    #expect(found > 0)
  }

  @Test func shares() {
    var (counts, found) = (Counts(), 0)
    for _ in 0..<100 {
      var watch = ShareWatch()
      for _ in 0..<100 {
        let own = counts.poisson(3)
        let verdict = watch.observe(own, of: own + counts.poisson(60), tolerance: 0, runLength: 100)
        if verdict?.isFiring == true { found += 1 }
      }
    }
    #expect(found <= 100)
  }

  @Test func aChangeIsFoundAndClears() throws {
    var (counts, watch) = (
      Counts(),
      try StepWatch(band(.rate(20), .burst), falseAlarmRate: 1e-6, binSeconds: 0.1, burstSeconds: 5)
    )
    var states: [RateChange?] = []
    for burst in 0..<60 {
      let rate = burst < 20 ? 20.0 : burst < 40 ? 36 : 20
      _ = try watch.observe(.init(count: counts.poisson(5 * rate), seconds: 5, other: 0))
      states.append(watch.firing)
    }
    #expect(states[19] == nil && states[24] == .up && states[39] == .up && states[44] == nil)
    #expect(states[59] == nil)
  }

  /// Seeded counts.
  private struct Counts {
    private var draws = CounterRandom(seed: 20_261_124, stream: 7, index: 0)

    mutating func uniform() -> Double { draws.uniform() }

    /// By products of uniform numbers, in parts of small mean.
    mutating func poisson(_ mean: Double) -> UInt64 {
      var (count, left) = (UInt64(0), mean)
      while left > 0 {
        let part = min(left, 20)
        left -= part
        var product = 1 - draws.uniform()
        // e^-part, by squaring.
        var end = 1 - part / 1_048_576 + part * part / 2_199_023_255_552
        for _ in 0..<20 { end *= end }
        while product > end {
          count += 1
          product *= 1 - draws.uniform()
        }
      }
      return count
    }
  }
}
