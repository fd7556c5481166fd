import CountingStatistics
import Foundation

/// Measures the update of limit, significance and sequential test after each event of a running experiment, tables
/// built on the way included. The named limit is 100 µs at the 99th percentile.
///
///     swift run -c release --package-path Benchmarks Benchmarks statistics [RUNS]
struct StatisticsBenchmark {
  let runs: Int

  func run() throws {
    print("update after an event: CLs limit, p-value and Z, always-valid p-value; \(runs) runs of each")
    print("| background | events | tables, once [µs] | p50 [µs] | p99 [µs] | largest [µs] | p99 / 100 µs |")
    print("|---|---|---|---|---|---|---|")
    for (value, uncertainty, shape, events) in [
      (0.016, 0.0, UncertainQuantity.Shape.known, 10), (0.016, 0.002, .gaussian, 10),
      (0.92, 0.34, .gaussian, 20), (0.92, 0.34, .logNormal, 20), (7.03, 0.94, .gaussian, 50),
      (7.03, 0.94, .gamma, 50), (7.03, 0.94, .auxiliaryCount, 50), (100, 10, .gaussian, 200),
    ] {
      try row(UncertainQuantity(value, uncertainty: uncertainty, shape: shape), events)
    }
    print("\nFeldman-Cousins belts, kept: interval of a count asked for again [µs]")
    for (value, uncertainty) in [(0.016, 0.0), (7.03, 0.94)] {
      let quantity = try UncertainQuantity(value, uncertainty: uncertainty)
      var belt = try FeldmanCousinsBelt(background: quantity, confidenceLevel: 0.9)
      let clock = ContinuousClock()
      let first = try clock.measure { for n in 0...20 { _ = try belt.interval(observed: n) } }
      let again = try clock.measure { for n in 0...20 { _ = try belt.interval(observed: n) } }
      print("  \(quantity): first \(micro(first) / 21), again \(micro(again) / 21)")
    }
  }

  private func row(_ background: UncertainQuantity, _ events: Int) throws {
    let experiment = try CountingExperiment(
      name: "x", expectedBackground: background,
      running: RunningExposure(unit: "bursts", total: 1000, perPeriod: 1))
    let clock = ContinuousClock()
    var times: [Double] = []
    var filling: [Double] = []
    var sum = 0.0
    for _ in 0..<runs {
      var state = CountingState(experiment: experiment)
      filling.append(micro(try clock.measure { try state.prepare() }))
      for event in 0..<events {
        let period = UInt64(event * 1000 / events)
        let time = try clock.measure {
          try state.cover(period: period)
          try state.add(period: period)
          sum += try state.result().limit.upper
          sum += try state.anytime()?.logPValue ?? 0
        }
        times.append(micro(time))
      }
    }
    guard sum.isFinite else { throw StatisticsError.notConverged("benchmark") }
    times.sort()
    filling.sort()
    func quantile(_ q: Double) -> Double { times[min(times.count - 1, Int(q * Double(times.count)))] }
    let p99 = quantile(0.99)
    print(
      "| \(background) | \(events) | \(fixed(filling[filling.count / 2])) | \(fixed(quantile(0.5))) | \(fixed(p99)) | \(fixed(times.last ?? 0)) "
        + "| \(fixed(p99 / 100)) |")
  }

  private func micro(_ time: Duration) -> Double { time / .microseconds(1) }

  private func fixed(_ value: Double) -> String { String(format: "%.2f", value) }
}
