import CountingStatistics
import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import RandomNumbers
import RateMonitoring

/// Measures what change detection promises and costs: false alarms, delays, blocks, and the time that the rate monitor
/// takes of an event. `Docs/RateMonitoring.md` has its tables.
///
///     swift run -c release --package-path Benchmarks Benchmarks drift [SAMPLES]
struct DriftBenchmark {
  private let samples: Int
  private static let seed: UInt64 = 20_261_124

  init(samples: Int) { self.samples = samples }

  func run() async throws {
    try runLengths()
    try delays()
    try references()
    try blocks()
    try cost()
  }

  /// The chain against simulation.
  private func runLengths() throws {
    print("\nA. samples between false alarms: asked for, of the chain, simulated over \(samples) samples")
    print("| mean | change | direction | k | h | asked | chain | simulated |")
    print("|---|---|---|---|---|---|---|---|")
    for (mean, ratio, direction) in [
      (0.5, 2.0, RateChange.up), (4, 1.5, .up), (4, 0.5, .down), (50, 1.2, .up), (50, 0.8, .down),
      (2000, 1.05, .up),
    ] {
      let design = try PoissonCUSUM.Design(
        direction: direction, expected: mean, ratio: ratio, averageRunLength: 1000)
      var test = PoissonCUSUM(design)
      var draws = Draws(stream: 1, seed: Self.seed)
      var alarms = 0
      for _ in 0..<samples where test.observe(draws.poisson(mean)) { alarms += 1 }
      let scale = Double(design.scale)
      print(
        "| \(mean) | \(ratio) | \(direction.rawValue) | \(Double(design.reference) / scale) | "
          + "\(Double(design.threshold) / scale) | 1000 | \(fixed(design.averageRunLength, 0)) | "
          + "\(fixed(Double(samples) / Double(max(1, alarms)), 0)) |")
    }
  }

  /// How soon a change is found, in samples.
  private func delays() throws {
    print(
      "\nB. samples to the alarm after a change, 1 false alarm in 10⁶ samples (chain; bound e^h simulated)")
    print(
      "| mean | true change | CUSUM for 1.5 | for 1.2 | threshold of the bound, for 1.5 | p-value of one sample |"
    )
    print("|---|---|---|---|---|---|")
    for mean in [1.0, 10, 100] {
      for change in [1.2, 1.5, 2.0] {
        let lengths = try [1.5, 1.2].map { ratio in
          try PoissonCUSUM.Design(direction: .up, expected: mean, ratio: ratio, averageRunLength: 1e6)
            .averageRunLength(atRatio: change)
        }
        var draws = Draws(stream: 2, seed: Self.seed)
        var (found, steps) = (0, 0)
        var test = try LikelihoodCUSUM(runLength: 1e6)
        while found < 200, steps < samples {
          steps += 1
          let ratio = LikelihoodCUSUM.poisson(count: draws.poisson(mean * change), expected: mean, ratio: 1.5)
          if test.observe(logRatio: ratio) { found += 1 }
        }
        var least = 0
        let poisson = try PoissonDistribution(mean: mean)
        while try poisson.survival(from: least) > 1e-6 { least += 1 }
        let single = 1 / (try PoissonDistribution(mean: mean * change).survival(from: least))
        print(
          "| \(mean) | \(change) | \(fixed(lengths[0], 1)) | \(fixed(lengths[1], 1)) | "
            + "\(found > 0 ? fixed(Double(steps) / Double(found), 1) : "> \(steps)") | \(fixed(single, 1)) |")
      }
    }
  }

  /// False alarms where the reference is short, of a test that takes it as known and of the self-starting one.
  private func references() throws {
    let runs = max(100, samples / 1000)
    print(
      "\nC. false alarms over those accepted (1 in 200 samples), runs of 100 samples behind a reference, \(runs) runs"
    )
    print(
      "| counts of the reference | rate taken as known | self-starting | change by 1.5 found within 100 samples |"
    )
    print("|---|---|---|---|")
    for size in [5.0, 20, 100, 1000] {
      var draws = Draws(stream: 3, seed: Self.seed)
      var (naive, own, found) = (0, 0, 0)
      for _ in 0..<runs {
        let reference = draws.poisson(size)
        let known = Double(max(1, reference)) / size * 10
        var cusum = try LikelihoodCUSUM(runLength: 200)
        var test = try SelfStartingCUSUM(
          direction: .up, reference: reference, exposure: size, runLength: 200)
        for _ in 0..<100 {
          let count = draws.poisson(10)
          naive +=
            cusum.observe(logRatio: LikelihoodCUSUM.poisson(count: count, expected: known, ratio: 1.5))
            ? 1 : 0
          own += try test.observe(count: count, exposure: 10) ? 1 : 0
        }
        test = try SelfStartingCUSUM(direction: .up, reference: reference, exposure: size, runLength: 200)
        for _ in 0..<100 where try test.observe(count: draws.poisson(15), exposure: 10) {
          found += 1
          break
        }
      }
      let accepted = Double(runs) * 100 / 200
      print(
        "| \(Int(size)) | \(fixed(Double(naive) / accepted, 2)) | \(fixed(Double(own) / accepted, 2)) | "
          + "\(fixed(100 * Double(found) / Double(runs), 1)) % |")
    }
  }

  /// False positives of the blocks, and the time they take.
  private func blocks() throws {
    let runs = max(200, samples / 2000)
    print("\nD. Bayesian blocks of a constant rate: fraction with more than one block over p₀, \(runs) runs")
    print("| bins | counts in a bin | p₀ = 0.05 | p₀ = 0.01 | time of one |")
    print("|---|---|---|---|---|")
    for (bins, mean) in [(50, 1.0), (50, 10), (50, 1000), (500, 10)] {
      var fractions: [String] = []
      var seconds = 0.0
      for level in [0.05, 0.01] {
        let prior = try BayesianBlocks.prior(falsePositive: level, bins: bins)
        var draws = Draws(stream: 4, seed: Self.seed)
        var split = 0
        for _ in 0..<runs {
          let data = (0..<bins).map { _ in BayesianBlocks.Bin(count: draws.poisson(mean), exposure: 1) }
          var found = 0
          seconds += try Benchmarks.seconds { found = try BayesianBlocks.blocks(data, prior: prior).count }
          split += found > 1 ? 1 : 0
        }
        fractions.append(fixed(Double(split) / Double(runs) / level, 2))
      }
      print(
        "| \(bins) | \(mean) | \(fractions[0]) | \(fractions[1]) | \(fixed(seconds / Double(2 * runs) * 1e6, 0)) µs |"
      )
    }
  }

  /// What the monitor costs: of a packet, without the events, and of a run length.
  private func cost() throws {
    let menu = try L1Menu.load(path: "Configs/menus/kaon-2018.yaml")
    let reader = try CaptureReader(inputs: [CaptureInput(path: "Replay/kaon-2018.pcap.gz")])
    var batches: [PacketBatch] = []
    while let batch = try reader.next() { batches.append(batch) }
    let packets = batches.reduce(0) { $0 + $1.datagrams.count }
    var options = RateMonitor.Options()
    options.hasEvents = false
    var times: [Double] = []
    for _ in 0..<21 {
      var monitor = try RateMonitor(
        configuration: RateMonitoringConfiguration(), layout: menu.layout, options: options)
      let begin = Benchmarks.threadSeconds()
      for batch in batches { _ = try monitor.add(batch) }
      times.append((Benchmarks.threadSeconds() - begin) / Double(packets))
    }
    times.sort()
    print(
      "\nE. packets of Replay/kaon-2018.pcap.gz (\(packets)): \(fixed(times[10] * 1e9, 1)) ns a packet in the median "
        + "of 21 passes, \(fixed(times[0] * 1e9, 1)) ns at best")
    let design = try Benchmarks.seconds {
      for mean in [1.0, 10, 100] {
        _ = try PoissonCUSUM.Design(direction: .up, expected: mean, ratio: 1.5, averageRunLength: 1e9)
      }
    }
    print("design of a CUSUM: \(fixed(design / 3 * 1e3, 2)) ms")
  }

  private func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// Seeded Poisson counts, by products of uniform numbers in parts of small mean.
  private struct Draws {
    private var draws: CounterRandom

    init(stream: UInt64, seed: UInt64) { draws = CounterRandom(seed: seed, stream: stream, index: 0) }

    mutating func poisson(_ mean: Double) -> UInt64 {
      var (count, left) = (UInt64(0), mean)
      while left > 0 {
        let part = min(left, 500)
        left -= part
        var product = 1 - draws.uniform()
        let end = exp(-part)
        while product > end {
          count += 1
          product *= 1 - draws.uniform()
        }
      }
      return count
    }
  }
}
