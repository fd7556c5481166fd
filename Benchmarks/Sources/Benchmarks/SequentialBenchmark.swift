import CountingStatistics
import Foundation
import RandomNumbers

/// Measures what the sequential tests promise: false alarms, coverage, power against a test at a fixed time,
/// the price of looking all the time, and the time of an update. `Docs/Sequential.md` has its tables.
///
///     swift run -c release --package-path Benchmarks Benchmarks sequential [RUNS]
struct SequentialBenchmark {
  private let runs: Int
  private static let seed: UInt64 = 20_261_123
  /// One-sided 3 σ.
  private static let threeSigma = NormalDistribution.survival(3)

  init(runs: Int) { self.runs = runs }

  func run() throws {
    try falseAlarms()
    try auxiliaryFalseAlarms()
    try monitorAlarms()
    try power()
    try coverage()
    try price()
    try speed()
  }

  // MARK: - Guarantees

  private func falseAlarms() throws {
    print(
      "\n\(runs) background-only runs, looked at after every event: fraction with p ever ≤ α, in units of α")
    print("| background in a run | typical signal | length | α = 0.1 | 0.01 | 3 σ | fixed-time p, α = 0.01 |")
    print("|---|---|---|---|---|---|---|")
    let levels = [0.1, 0.01, Self.threeSigma]
    for (background, typical, length) in [
      (0.016, 1.0, 1.0), (0.016, 1, 100), (0.3, 3, 1), (1, 2, 1), (1, 2, 30), (7, 3, 1), (7, 10, 1),
      (100, 20, 1),
    ] {
      let e = try experiment(background, typical)
      var below = [0, 0, 0]
      var naive = 0
      for toy in 0..<runs {
        var largest = 0.0
        var least = 0.0
        for (k, t) in times(toy, rate: background, end: length).enumerated() {
          let counts = try SequentialCounts(observed: k + 1, background: background * t, exposure: t)
          largest = max(largest, try e.logEvidence(counts))
          if background < 50 {
            least = min(
              least, try ExcessSignificance(observed: k + 1, background: background * t).logPValue)
          }
        }
        for (i, level) in levels.enumerated() where largest >= -log(level) { below[i] += 1 }
        if least <= log(0.01) { naive += 1 }
      }
      let shares = zip(below, levels).map { fixed(Double($0) / Double(runs) / $1, 3) }
      let peeked = background < 50 ? fixed(Double(naive) / Double(runs) / 0.01, 2) : "-"
      print("| \(background) | \(typical) | \(length) | \(shares.joined(separator: " | ")) | \(peeked) |")
    }
  }

  private func auxiliaryFalseAlarms() throws {
    print(
      "\nThe same with an estimated background (1 in a run, nominal 1 but where said), α = 0.01"
    )
    print("| knowledge | fraction / α |")
    print("|---|---|")
    try row("sideband in parallel, τ = 5", factor: 1) { _, _ in (try .parallel(ratio: 5), 1) }
    for factor in [0.3, 1, 3] {
      try row("auxiliary count, τ = 10, true rate \(factor) x nominal", factor: factor) { m, _ in
        (try .auxiliary(count: m, ratio: 10), 1)
      }
    }
    // What is estimated also sets the expectation of the segments; an estimate of 0 is left at a tenth.
    try row("bound of an auxiliary count, τ = 10, δ = 0.001", factor: 1) { m, _ in
      let count = max(1, m)
      return (
        try .bounded(UncertainQuantity(auxiliaryCount: count, ratio: 10), delta: 0.001), Double(count) / 10
      )
    }
    try row("bound of an estimate with a Gaussian error of 20 %, δ = 0.001", factor: 1) { _, z in
      let estimate = max(0.1, 1 + 0.2 * z)
      return (try .bounded(UncertainQuantity(estimate, uncertainty: 0.2), delta: 0.001), estimate)
    }
  }

  private func row(
    _ name: String, factor: Double, _ knowledge: (Int, Double) throws -> (BackgroundKnowledge, Double)
  ) throws {
    var below = 0
    for toy in 0..<runs {
      let auxiliary = times(toy, stream: 1, rate: 10 * factor, end: 1).count
      var random = CounterRandom(seed: Self.seed, stream: 2, index: UInt64(toy))
      let z = try NormalDistribution.inverseSurvival(max(1e-12, random.uniform()))
      let (background, expected) = try knowledge(auxiliary, z)
      let e = try experiment(1, 3, background: background)
      let side = times(toy, stream: 3, rate: 5, end: 1)
      var largest = 0.0
      for (k, t) in times(toy, rate: factor, end: 1).enumerated() {
        let counts = try SequentialCounts(
          observed: k + 1, background: expected * t, exposure: t,
          sideband: side.count { $0 < t })
        largest = max(largest, try e.logEvidence(counts))
      }
      let p = min(1, exp(-largest) + e.background.delta)
      if p <= 0.01 { below += 1 }
    }
    print("| \(name) | \(fixed(Double(below) / Double(runs) / 0.01, 3)) |")
  }

  private func monitorAlarms() throws {
    print("\nAlarms of a monitor in \(runs / 10) background-only runs of 100 units, over the budget's number")
    print("| background per unit | typical signal | looks for | budget: 1 in | alarms / budget |")
    print("|---|---|---|---|---|")
    for (background, typical, alternative, per) in [
      (0.016, 1.0, SequentialExperiment.Alternative.excess, 1000.0), (0.2, 1, .excess, 100),
      (2, 1, .excess, 100),
      (20, 5, .excess, 100), (20, 5, .either, 100), (20, 5, .deficit, 100),
    ] {
      let e = try experiment(background, typical, alternative: alternative)
      var alarms = 0
      for toy in 0..<runs / 10 {
        let times = times(toy, rate: background, end: 100)
        var monitor = try SequentialMonitor(
          experiment: e, budget: FalseAlarmBudget(alarms: 1, perExposure: per), quietExposure: 10)
        _ = try monitor.observe(
          ExposureSegment(
            index: 0, exposure: 100, background: background * 100, events: times.map { min(1, $0 / 100) }))
        alarms += monitor.alarms
      }
      let share = Double(alarms) / (Double(runs / 10) * 100 / per)
      print("| \(background) | \(typical) | \(alternative) | \(per) | \(fixed(share, 3)) |")
    }
  }

  // MARK: - Power

  private func power() throws {
    let alpha = Self.threeSigma
    let toys = runs / 5
    for background in [0.016, 1, 7] {
      print(
        "\nProbability of an alarm at 3 σ by the end of a run with background \(background), and (mean "
          + "fraction of the run at the alarm); \(toys) runs each")
      let priors = background < 5 ? [1.0, 3, 10] : [3.0, 10, 30]
      let heads = priors.map { "anytime, typical \($0)" }
      print(
        "| signal in the run | at the end only | \(heads.joined(separator: " | ")) | O'Brien-Fleming, 10 looks "
          + "| Pocock, 10 looks |")
      print("|---" + String(repeating: "|---", count: priors.count + 3) + "|")
      let critical = try firstCount(background, alpha)
      let spending: [(Double) -> Double] = [
        { t in
          let z = (try? NormalDistribution.inverseSurvival(alpha / 2)) ?? 0
          return 2 * NormalDistribution.survival(z / t.squareRoot())
        }, { t in alpha * log(1 + (M_E - 1) * t) },
      ]
      let boundaries = try spending.map { try boundary(background, $0) }
      for signal in [0.0, 1, 3, 5, 8, 12, 20] {
        let end = try PoissonDistribution(mean: background + signal).survival(from: critical)
        var cells = [percent(end)]
        for prior in priors {
          let e = try experiment(background, prior)
          var alarms = 0
          var sum = 0.0
          for toy in 0..<toys {
            for (k, t) in times(toy, stream: 5, rate: background + signal, end: 1).enumerated() {
              let counts = try SequentialCounts(observed: k + 1, background: background * t, exposure: t)
              guard try e.logEvidence(counts) >= -log(alpha) else { continue }
              alarms += 1
              sum += t
              break
            }
          }
          cells.append(cell(Double(alarms) / Double(toys), alarms > 0 ? sum / Double(alarms) : nil))
        }
        for boundary in boundaries {
          let (crossed, mean) = try crossing(background + signal, boundary)
          cells.append(cell(crossed, crossed > 0 ? mean : nil))
        }
        print("| \(signal) | \(cells.joined(separator: " | ")) |")
      }
    }
  }

  /// The smallest count whose tail is at most `alpha`.
  private func firstCount(_ mean: Double, _ alpha: Double) throws -> Int {
    var n = 0
    while try PoissonDistribution(mean: mean).survival(from: n) > alpha { n += 1 }
    return n
  }

  private static let looks = 10
  private static let most = 150

  /// Counts at which each of ten looks alarms: exact, by the distribution of the count of runs not yet
  /// stopped.
  private func boundary(_ background: Double, _ spent: (Double) -> Double) throws -> [Int] {
    var boundary: [Int] = []
    var alive = [1.0] + [Double](repeating: 0, count: Self.most)
    var used = 0.0
    for look in 1...Self.looks {
      alive = try stepped(alive, background / Double(Self.looks))
      var tail = 0.0
      var limit = Self.most + 1
      while limit > 0, used + tail + alive[limit - 1] <= spent(Double(look) / Double(Self.looks)) {
        limit -= 1
        tail += alive[limit]
      }
      for n in limit..<max(limit, alive.count) { alive[n] = 0 }
      used += tail
      boundary.append(limit)
    }
    return boundary
  }

  private func crossing(_ mean: Double, _ boundary: [Int]) throws -> (probability: Double, mean: Double) {
    var alive = [1.0] + [Double](repeating: 0, count: Self.most)
    var crossed = 0.0
    var sum = 0.0
    for (look, limit) in boundary.enumerated() {
      alive = try stepped(alive, mean / Double(Self.looks))
      let tail = alive[min(limit, alive.count)...].reduce(0, +)
      for n in min(limit, alive.count)..<alive.count { alive[n] = 0 }
      crossed += tail
      sum += tail * Double(look + 1) / Double(Self.looks)
    }
    return (crossed, crossed > 0 ? sum / crossed : 0)
  }

  private func stepped(_ alive: [Double], _ mean: Double) throws -> [Double] {
    let poisson = try PoissonDistribution(mean: mean)
    let terms = alive.indices.map { poisson.probability(of: $0) }
    var next = [Double](repeating: 0, count: alive.count)
    for (n, p) in alive.enumerated() where p > 0 {
      for k in 0..<(alive.count - n) { next[n + k] += p * terms[k] }
    }
    return next
  }

  // MARK: - Confidence sequences

  private func coverage() throws {
    let toys = runs / 20
    print("\nRuns (of \(toys)) in which the 90 % limit misses the signal at any time: accepted is 10 %")
    print("| background | signal | typical | upper limit | lower limit | CLs looked at all the time |")
    print("|---|---|---|---|---|---|")
    for (background, signal, typical) in [
      (0.016, 1.0, 1.0), (0.016, 3, 3), (1, 0, 3), (1, 2, 3), (1, 5, 3), (7, 3, 3), (7, 10, 10),
    ] {
      let e = try experiment(background, typical)
      var missed = [0, 0, 0]
      for toy in 0..<toys {
        var isMissed = [false, false, false]
        let moments = times(toy, stream: 7, rate: background + signal, end: 2) + [2]
        for (n, t) in moments.enumerated() {
          let before = try SequentialCounts(observed: n, background: background * t, exposure: t)
          let upper = try ConfidenceSequence.upperLimit(before, of: e, confidenceLevel: 0.9)
          if upper.signalRate < signal { isMissed[0] = true }
          let cls = try PoissonCLs.upperLimit(
            observed: n, background: background * t, confidenceLevel: 0.9)
          if cls.upper / t < signal { isMissed[2] = true }
          guard t < 2 else { continue }
          let after = try SequentialCounts(observed: n + 1, background: background * t, exposure: t)
          if try ConfidenceSequence.lowerLimit(after, of: e, confidenceLevel: 0.9).signalRate > signal {
            isMissed[1] = true
          }
        }
        for k in 0..<3 where isMissed[k] { missed[k] += 1 }
      }
      let cells = missed.map { percent(Double($0) / Double(toys)) }
      print("| \(background) | \(signal) | \(typical) | \(cells.joined(separator: " | ")) |")
    }
  }

  private func price() throws {
    print("\nUpper limits at 90 % on the signal of the run so far, in events: the price of looking")
    print("| count | background | CLs, fixed time | anytime, typical 0.3 | 1 | 3 | 10 |")
    print("|---|---|---|---|---|---|---|")
    for (n, background) in [
      (0, 0.016), (1, 0.016), (2, 0.016), (5, 0.016), (0, 1), (1, 1), (3, 1), (7, 7), (20, 7),
    ] {
      var cells = [
        fixed(
          try PoissonCLs.upperLimit(observed: n, background: background, confidenceLevel: 0.9).upper, 2)
      ]
      for typical in [0.3, 1, 3, 10] {
        let limit = try ConfidenceSequence.upperLimit(
          SequentialCounts(observed: n, background: background, exposure: 1),
          of: experiment(background, typical), confidenceLevel: 0.9)
        cells.append(fixed(limit.signalRate, 2))
      }
      print("| \(n) | \(background) | \(cells.joined(separator: " | ")) |")
    }
  }

  // MARK: - Time

  private func speed() throws {
    print("\nTime of an update with p-value and Z, in µs (median, 99th percentile)")
    for (name, rate, burst) in [
      ("rare: an event, then the p-value; 2000 bursts of 0.01", 0.01, false),
      ("rate: a burst of 1000 expected counts, then the p-value", 1000, true),
      ("rate: a burst of 1e6 expected counts, then the p-value", 1e6, true),
    ] {
      for alternative in [SequentialExperiment.Alternative.excess, .either] {
        let e = try experiment(rate, rate / 10, alternative: alternative)
        var state = SequentialState(experiment: e)
        var samples: [Double] = []
        var random = CounterRandom(seed: Self.seed, stream: 9, index: 0)
        var sum = 0.0
        for index in 0..<UInt64(2_000) {
          let noise = 2 * random.uniform() - 1
          let begin = ContinuousClock.now
          try state.set(segment: index, exposure: 1, background: rate)
          if burst {
            try state.add(segment: index, events: Int(rate + noise * rate.squareRoot()))
          } else if index % 100 == 50 {
            try state.add(segment: index, place: random.uniform())
          }
          sum += try state.significance().logPValue
          samples.append((ContinuousClock.now - begin) / .microseconds(1))
        }
        if sum > 0 { print("never") }
        print("  \(name), \(alternative): \(quantiles(samples))")
      }
    }
    let e = try experiment(1, 1)
    var samples: [Double] = []
    var filling = SequentialState(experiment: try experiment(2_000, 100))
    try filling.set(segment: 0, exposure: 1, background: 2_000)
    for k in 0..<2_000 {
      let begin = ContinuousClock.now
      try filling.add(segment: 0, place: Double(k) / 2_000)
      _ = try filling.significance()
      samples.append((ContinuousClock.now - begin) / .microseconds(1))
    }
    print("  2000 events in one burst, the p-value after each: \(quantiles(samples))")
    samples = []
    for k in 0..<5_000 {
      let counts = try SequentialCounts(observed: k % 50, background: 5, exposure: 5)
      let begin = ContinuousClock.now
      _ = try ConfidenceSequence.upperLimit(counts, of: e, confidenceLevel: 0.9)
      samples.append((ContinuousClock.now - begin) / .microseconds(1))
    }
    print("  upper limit, 0 to 49 events: \(quantiles(samples))")
    var monitor = try SequentialMonitor(
      experiment: e, budget: FalseAlarmBudget(alarms: 1, perExposure: 1e4), quietExposure: 10)
    samples = []
    for index in 0..<UInt64(5_000) {
      let segment = try ExposureSegment(index: index, exposure: 1, background: 1, events: [0.3])
      let begin = ContinuousClock.now
      _ = try monitor.observe(segment)
      samples.append((ContinuousClock.now - begin) / .microseconds(1))
    }
    print("  monitor, a segment with one event: \(quantiles(samples))")
  }

  // MARK: - Helpers

  private func experiment(
    _ rate: Double, _ typical: Double, alternative: SequentialExperiment.Alternative = .excess,
    background: BackgroundKnowledge = .known
  ) throws -> SequentialExperiment {
    try SequentialExperiment(
      name: "benchmark", exposureUnit: "runs", backgroundRate: rate, typicalSignal: typical,
      alternative: alternative, background: background)
  }

  /// Arrival times of toy number `toy`.
  private func times(_ toy: Int, stream: UInt64 = 0, rate: Double, end: Double) -> [Double] {
    var random = CounterRandom(seed: Self.seed, stream: stream, index: UInt64(toy))
    var times: [Double] = []
    var t = 0.0
    while true {
      t -= log1p(-random.uniform()) / rate
      guard t < end else { return times }
      times.append(t)
    }
  }

  private func quantiles(_ samples: [Double]) -> String {
    let sorted = samples.sorted()
    return "\(fixed(sorted[sorted.count / 2], 2)), \(fixed(sorted[sorted.count * 99 / 100], 2))"
  }

  private func cell(_ probability: Double, _ mean: Double?) -> String {
    percent(probability) + (mean.map { " (\(fixed($0, 2)))" } ?? "")
  }

  private func percent(_ value: Double) -> String { fixed(value * 100, value < 0.0995 ? 2 : 1) + " %" }

  private func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
