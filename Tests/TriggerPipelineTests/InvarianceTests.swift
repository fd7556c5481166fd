import L1Trigger
import PacketCapture
import SpillwayTestSupport
import Testing
import TriggerPipeline

@Suite("What changes no decision")
struct InvarianceTests {
  @Test(
    "any number of workers and any size of batches give the same bytes and the same books",
    arguments: PipelineFixture.streams)
  func workersAndBatches(_ stream: String) async throws {
    let path = RepositoryPaths.replay("\(stream)-100.pcap.gz")
    let reference = try await PipelineFixture.run([path])
    #expect(reference.events == 104)
    for workers in [1, 2, 7] {
      for batchEvents in [1, 256, 0] where workers != 1 || batchEvents != 256 {
        let outcome = try await PipelineFixture.run([path], workers: workers, batchEvents: batchEvents)
        #expect(outcome.table == reference.table, "\(workers) workers, batches of \(batchEvents)")
        #expect(outcome.builder == reference.builder)
        #expect(outcome.capture == reference.capture)
        #expect(outcome.rates == reference.rates)
        #expect(outcome.unfinished == reference.unfinished)
        if batchEvents == 1 { #expect(outcome.batches >= 104 / 8) }
      }
    }
  }

  @Test("with counters of its own a menu gives the same bytes for any number of workers")
  func statefulMenu() async throws {
    let path = RepositoryPaths.replay("shuffled-100.pcap.gz")
    let reference = try await PipelineFixture.run([path], menu: "stateful", runsAlone: true)
    for (workers, batchEvents) in [(2, 1), (7, 5), (3, 0)] {
      let outcome = try await PipelineFixture.run(
        [path], menu: "stateful", workers: workers, batchEvents: batchEvents)
      #expect(outcome.table == reference.table)
    }
  }

  @Test("with the original scratch memory the number of workers changes nothing either")
  func originalScratch() async throws {
    let path = RepositoryPaths.replay("ordered-100.pcap.gz")
    let one = try await PipelineFixture.run([path], scratch: .original)
    let seven = try await PipelineFixture.run([path], scratch: .original, workers: 7, batchEvents: 1)
    #expect(one.table == seven.table)
  }

  @Test("with all corrections the number of workers changes nothing, and the decisions are others")
  func corrections() async throws {
    let all = L1Corrections.named.reduce(into: L1Corrections()) { $0.formUnion($1.value) }
    let path = RepositoryPaths.replay("shuffled-100.pcap.gz")
    let one = try await PipelineFixture.run([path], menu: "refchod", corrections: all)
    #expect(one.events == 104)
    #expect(one.builder.closes)
    for (workers, batchEvents) in [(2, 1), (7, 5), (3, 0)] {
      let outcome = try await PipelineFixture.run(
        [path], menu: "refchod", corrections: all, workers: workers, batchEvents: batchEvents)
      #expect(outcome.table == one.table)
      #expect(outcome.builder == one.builder)
    }
    #expect(try await PipelineFixture.run([path], menu: "refchod").table != one.table)
  }

  @Test("late-copies and distinct-boards of a menu reach the event builder")
  func builderCorrections() async throws {
    let whole = try PipelineFixture.packets(RepositoryPaths.replay("ordered-100.pcap.gz"))
    let count = { (outcome: PipelineFixture.Outcome) in
      (outcome.events, outcome.unfinished.count, outcome.builder.fragmentsDuplicate)
    }
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/late.pcap"
      // The first packet of the first eight events once more, behind the events that follow.
      try PipelineFixture.write(Array(whole[..<300]) + [whole[0]] + Array(whole[300...]), to: path)
      #expect(count(try await PipelineFixture.run([path])) == (104, 8, 0))
      #expect(count(try await PipelineFixture.run([path], corrections: .lateCopies)) == (104, 0, 8))
      // One board of KTAG twice, ahead of all others.
      let board = try #require(whole.first { $0.frame.count > 50 && $0.frame[45] == 0x04 })
      try PipelineFixture.write([board] + whole, to: path)
      let faithful = try await PipelineFixture.run([path])
      let corrected = try await PipelineFixture.run([path], corrections: .distinctBoards)
      #expect(count(faithful) == (104, 0, 8))
      #expect(count(corrected) == (104, 0, 8))
      // The missing board was taken for the duplicate, so that the sectors are others.
      #expect(faithful.table != corrected.table)
    }
  }

  @Test("batches of packets of any size give the same bytes")
  func slabSizes() async throws {
    let path = RepositoryPaths.replay("stress-100.pcap.gz")
    let reference = try await PipelineFixture.run([path], runsAlone: false)
    let small = try await PipelineFixture.run([path], runsAlone: false, slabSize: 4096)
    #expect(small.batches > reference.batches)
    #expect(small.order == reference.order)
    #expect(small.rates == reference.rates)
    #expect(small.builder == reference.builder)
    #expect(small.capture == reference.capture)
  }

  @Test(
    "sources interleaved at random, each in its own order, give the same bytes",
    arguments: ["ordered", "shuffled"])
  func interleaving(_ stream: String) async throws {
    // Four packets' worth of events: 32 of them, and counters that run over all.
    let all = try PipelineFixture.packets(RepositoryPaths.replay("\(stream)-100.pcap.gz"))
    let packets = all.filter { $0.frame.count > 50 && $0.frame[43] == 0 && $0.frame[42] < 32 }
    let source = { (packet: PipelineFixture.Packet) in packet.frame[45] }
    let times = packets.map(\.time)
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/shuffled.pcap"
      try PipelineFixture.write(packets, to: path)
      let reference = try await PipelineFixture.run([path])
      #expect(reference.events == 32)
      var orders: Set<[UInt8]> = []
      for seed in 1...20 as ClosedRange<UInt64> {
        var generator = SplitMix64(seed: seed)
        var queues = Dictionary(grouping: packets, by: source).sorted { $0.key < $1.key }.map {
          $0.value[...]
        }
        var mixed: [PipelineFixture.Packet] = []
        while !queues.isEmpty {
          let i = generator.below(queues.count)
          // Runs of some packets, so that a source can be far ahead.
          for _ in 0...generator.below(12) {
            guard var packet = queues[i].popFirst() else { break }
            packet.time = times[mixed.count]
            mixed.append(packet)
          }
          if queues[i].isEmpty { queues.remove(at: i) }
        }
        orders.insert(mixed.map(source))
        try PipelineFixture.write(mixed, to: path)
        let outcome = try await PipelineFixture.run([path], workers: 1 + Int(seed % 2))
        #expect(outcome.table == reference.table, "seed \(seed)")
        #expect(outcome.builder.closes)
      }
      #expect(orders.count == 20)
    }
  }

  @Test("a limit of events gives the first rows of the whole", arguments: [1, 8, 13, 104, 1000] as [UInt64])
  func eventLimit(_ limit: UInt64) async throws {
    let path = RepositoryPaths.replay("shuffled-100.pcap.gz")
    let reference = try await PipelineFixture.run([path], runsAlone: false)
    var counts: Set<Int> = []
    for (workers, batchEvents) in [(2, 256), (1, 1), (3, 5), (1, 0)] {
      let outcome = try await PipelineFixture.run(
        [path], workers: workers, batchEvents: batchEvents, runsAlone: false, eventLimit: limit)
      // Events that one packet completes together leave together.
      #expect(outcome.events >= min(104, Int(limit)))
      #expect(outcome.events < min(104, Int(limit)) + 8)
      #expect(outcome.order == Array(reference.order.prefix(outcome.events)))
      #expect(outcome.builder.closes)
      counts.insert(outcome.events)
    }
    #expect(counts.count == 1, "the batches decide where the limit is: \(counts)")
  }
}
