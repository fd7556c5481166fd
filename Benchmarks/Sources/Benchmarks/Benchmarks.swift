import CPcapBare
import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import TriggerPipeline

/// Measures reading, building and L1 against named peers in the same run, and reports ratios.
///
///     swift run -c release --package-path Benchmarks Benchmarks [CAPTURE] [MENU]
///     swift run -c release --package-path Benchmarks Benchmarks l0 [MENU]
///     swift run -c release --package-path Benchmarks Benchmarks reconstruction [EVENTS [PARTS]]
///     swift run -c release --package-path Benchmarks Benchmarks association [EVENTS]
///     swift run -c release --package-path Benchmarks Benchmarks simulate [CONFIGURATION]
///     swift run -c release --package-path Benchmarks Benchmarks sequential [RUNS]
///     swift run -c release --package-path Benchmarks Benchmarks statistics [RUNS]
///     swift run -c release --package-path Benchmarks Benchmarks drift [SAMPLES]
///     swift run -c release --package-path Benchmarks Benchmarks coverage
///     swift run -c release --package-path Benchmarks Benchmarks clock [SECONDS]
///     swift run -c release --package-path Benchmarks Benchmarks live [SECONDS]     (as root)
@main
struct Benchmarks {
  static func main() async throws {
    let arguments = CommandLine.arguments
    if arguments.count > 1, arguments[1] == "l0" {
      let menu = arguments.count > 2 ? arguments[2] : "Configs/menus/kaon-2018.yaml"
      return try await L0Benchmark(menu: menu).run()
    }
    if arguments.count > 1, arguments[1] == "reconstruction" {
      let count = arguments.count > 2 ? Int(arguments[2]) ?? 2000 : 2000
      let benchmark = try ReconstructionBenchmark(count: count)
      return arguments.count > 3 ? try benchmark.run(arguments[3].split(separator: ",")) : try benchmark.run()
    }
    if arguments.count > 1, arguments[1] == "association" {
      let count = arguments.count > 2 ? Int(arguments[2]) ?? 1000 : 1000
      return try AssociationBenchmark(count: count).run()
    }
    if arguments.count > 1, arguments[1] == "simulate" {
      let burst = arguments.count > 2 ? arguments[2] : "Configs/simulation/kaon-2018.yaml"
      return try await SimulationBenchmark(burst: burst).run()
    }
    if arguments.count > 1, arguments[1] == "sequential" {
      return try SequentialBenchmark(runs: arguments.count > 2 ? Int(arguments[2]) ?? 2000 : 2000).run()
    }
    if arguments.count > 1, arguments[1] == "drift" {
      return try await DriftBenchmark(samples: arguments.count > 2 ? Int(arguments[2]) ?? 200_000 : 200_000)
        .run()
    }
    if arguments.count > 1, arguments[1] == "statistics" {
      return try StatisticsBenchmark(runs: arguments.count > 2 ? Int(arguments[2]) ?? 200 : 200).run()
    }
    if arguments.count > 1, arguments[1] == "coverage" { return try CoverageBenchmark().run() }
    if arguments.count > 1, arguments[1] == "clock" {
      return try await ClockBenchmark(seconds: arguments.count > 2 ? Double(arguments[2]) ?? 10 : 10).run()
    }
    if arguments.count > 1, arguments[1] == "live" {
      return try await LiveBenchmark(seconds: arguments.count > 2 ? Double(arguments[2]) ?? 5 : 5).run()
    }
    if arguments.count > 3, arguments[1] == "live-sender", let rate = Int(arguments[2]),
      let seconds = Double(arguments[3])
    {
      return try await LiveBenchmark.send(rate: rate, seconds: seconds)
    }
    let path = arguments.count > 1 ? arguments[1] : "Replay/ordered-1000.pcap.gz"
    let menu = try L1Menu.load(
      path: arguments.count > 2 ? arguments[2] : "Configs/menus/golden-default.yaml")
    let plain = try unpacked(path)
    defer { try? FileManager.default.removeItem(atPath: plain) }
    print("stream \(path), menu \(menu.name), \(ProcessInfo.processInfo.activeProcessorCount) cores")

    let yardstick = best(of: 7) { fixedTask() }
    print("yardstick: plain loop of 10^8 xorshift steps \(ms(yardstick)) ms")

    // Reading against libpcap's own loop over the same file.
    let bare = best(of: 15) { bareLoop(plain) }
    let reading = try best(of: 15) { _ = try readAndParse(plain) }
    print(
      "read + UDP + MEP parse: \(ms(reading)) ms, pcap_next_ex loop: \(ms(bare)) ms, "
        + "ratio \(ratio(reading, bare)) (limit 1.5)")

    // The whole chain on one thread, reading included, in the time of the thread, as the peer was measured:
    // what else the machine does is not in it. Passes follow one another in one builder and one processor.
    let one = OneThread(menu)
    var events = 0
    let chain = try (0..<21).map { _ in
      let begin = threadSeconds()
      events = try one.pass(plain)
      return (threadSeconds() - begin) / Double(events)
    }.sorted()
    print(
      "read + build + L1, one thread: \(ns(chain[10])) ns/event in the median of 21 passes over \(events) events, "
        + "\(ns(chain[0])) at best (limit 6500); in units of the yardstick's step: "
        + "\(Int(chain[10] / (yardstick / 1e8)))")

    // L1 alone on events in memory, by the number of workers, in turns, so that both meet the same machine.
    let batches = try built(plain, menu)
    // What two threads can be at best here is told by a plain loop in the same turns: where the two cores are
    // one core of the host, that is much less than 2.
    var times: (one: [Double], two: [Double]) = ([], [])
    var plainLoop: (one: [Double], two: [Double]) = ([], [])
    for _ in 0..<31 {
      plainLoop.one.append(await wideTasks(1))
      plainLoop.two.append(await wideTasks(2))
      times.one.append(await l1(batches, menu, workers: 1) / Double(events * repeats))
      times.two.append(await l1(batches, menu, workers: 2) / Double(events * repeats))
    }
    let (alone, both) = (times.one.min() ?? 0, times.two.min() ?? 0)
    print(
      "L1 alone: 1 worker \(ns(alone)) ns/event, 2 workers \(ns(both)) ns/event, at best of 31 turns over "
        + "\(events * repeats) events each, throughput ratio \(ratio(alone, both)) (limit 1.8; a plain loop: "
        + "\(ratio(2 * (plainLoop.one.min() ?? 0), plainLoop.two.min() ?? 1)))")

    // Memory: the peak after one pass and after twenty.
    let before = try await pipelinePasses(plain, menu, passes: 1)
    let after = try await pipelinePasses(plain, menu, passes: 20)
    print("peak memory: 1x \(before / 1024) MiB, 20x \(after / 1024) MiB (more events, same size)")
  }

  static let repeats = 10

  static func ms(_ seconds: Double) -> String { "\((seconds * 1e5).rounded() / 100)" }
  static func ns(_ seconds: Double) -> String { "\(Int(seconds * 1e9))" }
  static func ratio(_ a: Double, _ b: Double) -> String { "\((a / b * 100).rounded() / 100)" }

  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(body) / .seconds(1)
  }

  static func best(of count: Int, _ body: () throws -> Void) rethrows -> Double {
    var times: [Double] = []
    for _ in 0..<count { times.append(try seconds(body)) }
    return times.min() ?? 0
  }

  /// The time that this thread has computed, in s.
  static func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A fixed task, so that figures from different days and machines can be related.
  static func fixedTask() {
    var x: UInt64 = 88_172_645_463_325_252
    for _ in 0..<100_000_000 {
      x ^= x << 13
      x ^= x >> 7
      x ^= x << 17
    }
    if x == 0 { print("never") }
  }

  /// Eight chains of steps that do not wait for one another, on so many threads; returns the time in s.
  static func wideTasks(_ threads: Int) async -> Double {
    let clock = ContinuousClock()
    let begin = clock.now
    await withTaskGroup(of: UInt64.self) { group in
      for thread in 0..<threads {
        group.addTask {
          var x = SIMD8<UInt64>(0, 1, 2, 3, 4, 5, 6, 7) &+ UInt64(thread)
          for _ in 0..<20_000_000 { x = (x &<< 1) ^ (x &+ 0x9E37_79B9) }
          return x.wrappedSum()
        }
      }
      for await sum in group where sum == 1 { print("never") }
    }
    return (clock.now - begin) / .seconds(1)
  }

  static func unpacked(_ path: String) throws -> String {
    let bytes = try readWholeFileDecompressed(path)
    let plain = NSTemporaryDirectory() + "spillway-benchmark-\(getpid()).pcap"
    try bytes.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: plain)) }
    return plain
  }

  static func bareLoop(_ path: String) {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = pcap_open_offline(path, &message) else { return }
    defer { pcap_close(handle) }
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    var sum = 0
    while pcap_next_ex(handle, &header, &data) == 1 { sum &+= Int(header?.pointee.caplen ?? 0) }
    if sum == 1 { print("never") }
  }

  static func readAndParse(_ path: String) throws -> UInt64 {
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    var sum: UInt64 = 0
    while let batch = try reader.next() {
      let storage = batch.bytes
      let bytes = storage.span.bytes
      for datagram in batch.datagrams {
        let payload = bytes.extracting(
          datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength))
        guard L0MEP.validate(payload, isConfigured: { _ in true }) == nil,
          let header = L0MEPHeader(payload)
        else { continue }
        L0MEP.forEachFragment(of: payload, header: header) { sum &+= UInt64($0.timestamp) }
      }
    }
    return sum
  }

  static func builder(_ menu: L1Menu) -> EventBuilder {
    var options = EventBuilder.Options()
    options.l1BlockByteCount = menu.configuration.dataBlockByteCount
    return EventBuilder(layout: menu.layout, options: options)
  }

  /// Reading, building and L1 on one thread, in batches as the pipeline has them.
  struct OneThread {
    private let builder: EventBuilder
    private let processor: L1Processor
    private let batchEvents = TriggerPipeline.Options().batchEvents

    init(_ menu: L1Menu) {
      builder = Benchmarks.builder(menu)
      processor = L1Processor(
        configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps)
    }

    /// Takes a capture through the chain; returns the number of events.
    func pass(_ path: String) throws -> Int {
      let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
      var events = 0
      while let packets = try reader.next() {
        var begin = 0
        while begin < packets.datagrams.count {
          begin = builder.add(packets, begin..<packets.datagrams.count, untilReady: batchEvents)
          let isLast = begin == packets.datagrams.count
          events += processor.process(builder.takeBatch(packets: packets, isLast: isLast)).count
        }
      }
      return events
    }
  }

  static func built(_ path: String, _ menu: L1Menu) throws -> [EventBatch] {
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    let builder = builder(menu)
    var batches: [EventBatch] = []
    while let packets = try reader.next() {
      var begin = 0
      while begin < packets.datagrams.count {
        begin = builder.add(packets, begin..<packets.datagrams.count, untilReady: 16)
        batches.append(builder.takeBatch())
      }
    }
    return batches
  }

  /// The algorithms over all batches, dealt out so that each worker has as many events; returns the time from
  /// begin to end, in s.
  static func l1(_ batches: [EventBatch], _ menu: L1Menu, workers: Int) async -> Double {
    var head = L1Head(menu.configuration)
    let plans = batches.map { batch in batch.events.map { head.plan($0) } }
    var shares = [(events: Int, batches: [Int])](repeating: (0, []), count: workers)
    for (b, batch) in batches.enumerated() {
      let least = shares.indices.min { shares[$0].events < shares[$1].events } ?? 0
      shares[least].events += batch.events.count
      shares[least].batches.append(b)
    }
    let clock = ContinuousClock()
    let begin = clock.now
    await withTaskGroup(of: Int.self) { group in
      for share in shares {
        group.addTask {
          let l1 = L1Worker(
            configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps)
          var kept = 0
          for _ in 0..<repeats {
            for b in share.batches {
              for (event, plan) in zip(batches[b].events, plans[b]) {
                kept += Int(l1.evaluate(event, of: batches[b], plan: plan).passing & 1)
              }
            }
          }
          return kept
        }
      }
      await group.waitForAll()
    }
    return (clock.now - begin) / .seconds(1)
  }

  /// Peak resident memory in KiB after passing the file through the pipeline.
  static func pipelinePasses(_ path: String, _ menu: L1Menu, passes: Int) async throws -> Int {
    let pipeline = TriggerPipeline(
      configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps,
      options: TriggerPipeline.Options())
    try await pipeline.run(source: {
      var pass = 1
      var reader = try CaptureReader(inputs: [CaptureInput(path: path)])
      return {
        while true {
          if let batch = try reader.next() { return batch }
          if pass == passes { return nil }
          pass += 1
          reader = try CaptureReader(inputs: [CaptureInput(path: path)])
        }
      }
    }) { _ in }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss
  }
}
