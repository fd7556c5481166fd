import Detectors
import EventBuilding
import Foundation
import L0Trigger
import L1Trigger
import NA62Formats
import PacketCapture
import Simulation
import SpillwayTestSupport
import NIOConcurrencyHelpers
import Testing
import TriggerPipeline

@Suite("Simulated bursts through the pipeline")
struct SimulationPipelineTests {
  private static func setup(_ menu: L1Menu, _ lines: L0Menu, milliseconds: Double = 0.6) throws
    -> SimulationSetup
  {
    var burst = try BurstConfiguration.load(
      path: RepositoryPaths.path("Configs/simulation/kaon-2018.yaml"))
    burst.scale(intensity: 0.02)
    let channels = ChannelTable([(KaonChannel.threePions, 1.0)])
    let signal = channels.flatMap { burst.signal($0, rate: 40_000) }
    var setup = try SimulationSetup(
      burst: burst, signal: signal,
      response: .load(path: RepositoryPaths.path("Configs/simulation/detectors-2018.yaml")),
      detectors: menu.detectors, l0: lines, l1: menu.configuration, seed: 3,
      stretch: 2e9...(2e9 + milliseconds * 1e6))
    setup.keepsTruth = true
    return setup
  }

  private static func lines() throws -> L0Menu {
    var lines = try L0Menu.load(path: RepositoryPaths.menu("kaon-2018.yaml"))
    // Phases of downscalings run on from burst to burst, and have to agree.
    for i in lines.masks.indices {
      lines.masks[i].downscaling = L0Downscaling(lines.masks[i].number == 1 ? 1 : 2)
    }
    lines.control.downscaling = L0Downscaling(30)
    return lines
  }

  private static func run(
    _ setup: SimulationSetup, workers: Int, bursts: UInt32 = 1, first: UInt32 = 1
  ) async throws -> [SimulatedOutput] {
    let outputs = NIOLockedValueBox<[SimulatedOutput]>([])
    var options = SimulationPipeline.Options()
    options.workers = workers
    options.bursts = bursts
    options.firstBurst = first
    try await SimulationPipeline(setup, options: options).run { output in
      outputs.withLockedValue { $0.append(output) }
    }
    return outputs.withLockedValue { $0 }
  }

  private static func write(_ outputs: [SimulatedOutput], to path: String) throws {
    let writer = try CaptureWriter(path: path)
    for packets in outputs.flatMap(\.packets) {
      for frame in packets.frames {
        try writer.write(
          frame: packets.batch.bytes[frame.offset..<(frame.offset + frame.length)],
          time: DataTime(nanoseconds: frame.time))
      }
    }
    try writer.close()
  }

  @Test("the same bytes for any number of workers")
  func workers() async throws {
    let setup = try Self.setup(L1Menu.load(path: RepositoryPaths.menu("kaon-2018.yaml")), Self.lines())
    let one = try await Self.run(setup, workers: 1)
    #expect(one.reduce(0) { $0 + $1.counts.triggers } > 5)
    for workers in [2, 5] {
      let other = try await Self.run(setup, workers: workers)
      #expect(other.count == one.count)
      for (a, b) in zip(one, other) {
        #expect(a.counts == b.counts && a.packets.count == b.packets.count)
        for (p, q) in zip(a.packets, b.packets) {
          #expect(p.batch.bytes == q.batch.bytes && p.frames == q.frames)
        }
      }
    }
  }

  @Test("a burst made apart has the primitives that it has behind another one")
  func shards() async throws {
    let setup = try Self.setup(L1Menu.load(path: RepositoryPaths.menu("kaon-2018.yaml")), Self.lines())
    func primitives(_ outputs: [SimulatedOutput]) -> [[UInt8]] {
      outputs.flatMap(\.packets).flatMap { packets in
        packets.batch.datagrams.filter { $0.destinationPort == MTP.port }.map {
          Array(packets.batch.bytes[$0.payloadOffset..<($0.payloadOffset + $0.payloadLength)])
        }
      }
    }
    let both = try await Self.run(setup, workers: 2, bursts: 2)
    let second = try await Self.run(setup, workers: 2, first: 2)
    #expect(primitives(both.filter { $0.burst == 2 }) == primitives(second))
    #expect(second.allSatisfy { $0.burst == 2 })
  }

  @Test("a replay gives the decisions of the simulation, and every event and its LKr data are complete")
  func closure() async throws {
    let menu = try L1Menu.load(path: RepositoryPaths.menu("kaon-2018.yaml"))
    let lines = try Self.lines()
    let outputs = try await Self.run(Self.setup(menu, lines, milliseconds: 1.5), workers: 2, bursts: 2)
    let triggers = outputs.flatMap { output in output.triggers.map { (output.burst, $0) } }
    #expect(triggers.count > 20)
    #expect(outputs.reduce(0) { $0 + $1.counts.unfinishedEvents } == 0)
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/burst.pcap.gz"
      try Self.write(outputs, to: path)
      let input = try ReplayInput(arguments: [path], filter: nil)
      let emulated = NIOLockedValueBox<[(UInt32, L0TriggerRecord)]>([])
      let judged = NIOLockedValueBox<[JudgedBatch]>([])
      let branch = TriggerPipeline.L0Branch(pipeline: L0Pipeline(menus: [lines])) { output in
        emulated.withLockedValue { list in
          for slice in output.slices { list += slice.triggers[0].map { (slice.burst, $0) } }
        }
      }
      var options = TriggerPipeline.Options()
      options.workers = 2
      try await TriggerPipeline(
        configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps, options: options
      ).run(
        source: {
          let source = try input.open()
          return { try source.next() }
        }, l0: branch
      ) { batch in judged.withLockedValue { $0.append(batch) } }

      let l0 = emulated.withLockedValue { $0 }
      #expect(l0.map(\.0) == triggers.map(\.0))
      #expect(l0.map(\.1) == triggers.map(\.1.record))

      var books = BuilderBooks()
      var l1Books = L1DataBooks()
      var place = 0
      var events = 0
      for batch in judged.withLockedValue({ $0 }) {
        books += batch.batch.books
        l1Books += batch.l1Books
        #expect(batch.l1Unfinished.isEmpty && batch.batch.unfinished.isEmpty)
        for (event, decision) in zip(batch.batch.events, batch.decisions) {
          events += 1
          guard !event.l0.word.isSpecial else { continue }
          let (burst, trigger) = triggers[place]
          place += 1
          #expect(event.burst == burst && event.number == trigger.event)
          #expect(event.timestamp == trigger.record.timestamp && event.l0.flags == trigger.record.flags)
          #expect(
            event.l0.fineTime == trigger.record.fineTime && event.l0.dataType == trigger.record.dataType)
          #expect(decision == trigger.decision)
        }
      }
      #expect(place == triggers.count && events == triggers.count + 4)
      #expect(books.closes && books.eventsUnfinished == 0 && books.rejected.allSatisfy { $0 == 0 })
      #expect(l1Books.closes && l1Books.events > 4 && l1Books.events == l1Books.eventsComplete)
      #expect(l1Books.fragmentsNotRequested == 0 && l1Books.fragmentsLost == 0)
      #expect(l1Books.fragmentsUsed == 432 * l1Books.events)
    }
  }

  @Test("an error of the writer ends the run")
  func end() async throws {
    struct Stop: Error {}
    let setup = try Self.setup(L1Menu.load(path: RepositoryPaths.menu("kaon-2018.yaml")), Self.lines())
    await #expect(throws: Stop.self) {
      try await SimulationPipeline(setup).run { _ in throw Stop() }
    }
  }
}
