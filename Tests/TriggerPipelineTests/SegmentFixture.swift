import EventBuilding
import Foundation
import L0Trigger
import L1Trigger
import NA62Formats
import NIOConcurrencyHelpers
import PacketCapture
import Selections
import SpillwayTestSupport
import Testing

@testable import TriggerPipeline

/// Streams of several bursts, and what a run says of each segment of them.
enum SegmentFixture {
  typealias Packet = PipelineFixture.Packet
  static let start: Int64 = 1_500_000_000_000_000_000

  /// The packets of one burst at a time: the shipped stream of 104 events, an end-of-burst trigger, and primitives
  /// beside them.
  static func burst(at time: Int64, ends: Bool = true, primitives: Int = 1400) throws -> [Packet] {
    var packets = try events.get().map { shifted($0, by: time - start) }
    packets += try primitivePackets.get().prefix(primitives).map {
      shifted($0, by: time - 1_535_000_000_000_000_000)
    }
    if ends { packets.append(endOfBurst(at: time + 12_000_000)) }
    return packets.sorted { $0.time < $1.time }
  }

  private static let events = Result {
    try PipelineFixture.packets(RepositoryPaths.replay("ordered-100.pcap.gz"))
  }
  private static let primitivePackets = Result {
    try PipelineFixture.packets(RepositoryPaths.replay("l0-2018.pcap.gz"))
  }

  static func shifted(_ packet: Packet, by nanoseconds: Int64) -> Packet {
    var packet = packet
    packet.time += nanoseconds
    return packet
  }

  /// A packet of L0TP with the end-of-burst trigger.
  static func endOfBurst(at time: Int64, event: UInt32 = 104) -> Packet {
    var encoder = L0MEPEncoder(firstEvent: event, source: .l0tp, subID: 0)
    let record = L0TPRecord.trigger(.endOfBurst, L0DataType(rawValue: 0x23))
    _ = encoder.append(payload: record.bytes, timestamp: 1 << 28, isLastOfBurst: true)
    let frame = UDPFrameBuilder().frame(payload: encoder.bytes)
    return Packet(time: time, frame: frame, originalLength: frame.count)
  }

  /// Bursts at so many seconds.
  static func bursts(_ seconds: [Double], ends: Bool = true) throws -> [Packet] {
    try seconds.flatMap { try burst(at: start + Int64($0 * 1e9), ends: ends) }
  }

  /// What came out of one segment.
  struct Segment: Sendable, Equatable {
    var rows = ""
    var l0 = ""
    var builder = BuilderBooks()
    var capture = CaptureBooks()
    var l0Books = L0Books()
    var l0Counters = L0MenuCounters()
    var bursts: [String] = []
    var selections: [PhysicsAccount] = []
    var carry: PipelineCarry?
    var reason: SegmentEnd.Reason?
  }

  /// What a test runs with.
  struct Setup: Sendable {
    var workers = 1
    var batchEvents = 256
    var slabSize = 256 << 10
    var limit: UInt64?
    var resuming: PipelineCarry?
    var hasL0 = true
    var scratch = StrawScratch.clean
    var counters = CounterScope.run
    var firstBurst: UInt32 = 1
    /// Called at each end of a segment.
    var atEnd: @Sendable (Int) throws -> Void = { _ in }
    var atL0: @Sendable () throws -> Void = {}
    var feed = PacketFeed()
    var monitor = PipelineMonitor()
  }

  static let l0Menu = Result { try TriggerMenu.load(path: RepositoryPaths.menu("kaon-2018.yaml")).l0 }

  /// The menu with counters of its own, and a lottery.
  static func configuration() throws -> L1Configuration {
    var configuration = try PipelineFixture.menu("stateful").configuration
    configuration.bypassProbability = 0.2
    return configuration
  }

  static func selections() throws -> SelectionSetup {
    try SelectionSetup(
      set: PhysicsSelectionSet.load(paths: [RepositoryPaths.path("Configs/selections/first-counting.yaml")]),
      reconstruction: "")
  }

  static func row(_ event: BuiltEvent, _ decision: L1Decision) -> String {
    "\(event.run) \(event.burst) \(event.number) \(decision.word.rawValue) \(decision.masks)\n"
  }

  static func row(_ slice: L0Slice) -> String {
    slice.triggers[0].map { "\(slice.burst) \($0.timestamp) \($0.fineTime) \($0.flags)\n" }.joined()
  }

  /// Runs a capture; the segments with what came out of each.
  static func run(_ path: String, _ setup: Setup = Setup()) async throws -> [Segment] {
    try await run(setup) {
      var options = CaptureOptions()
      options.slabSize = setup.slabSize
      let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: options)
      return { try reader.next() }
    }
  }

  static func run(
    _ setup: Setup, source: @Sendable @escaping () throws -> (() throws -> PacketBatch?)
  ) async throws -> [Segment] {
    let menu = try PipelineFixture.menu("stateful")
    var options = TriggerPipeline.Options()
    options.workers = setup.workers
    options.batchEvents = setup.batchEvents
    options.eventLimit = setup.limit
    var configuration = try configuration()
    configuration.strawScratch = setup.scratch
    configuration.counters = setup.counters
    options.builder.burst.firstBurst = setup.firstBurst
    let pipeline = TriggerPipeline(
      configuration: configuration, layout: menu.layout, maps: menu.detectors.maps, options: options,
      selections: try selections())
    let state = NIOLockedValueBox<(segments: [Segment], open: Segment)>(([], Segment()))
    var l0Options = L0Pipeline.Options()
    l0Options.emulator.counters = setup.counters
    l0Options.emulator.firstBurst = setup.firstBurst
    let l0 = L0Pipeline(menus: [try #require(try l0Menu.get())], options: l0Options)
    let branch = TriggerPipeline.L0Branch(pipeline: l0) { output in
      try setup.atL0()
      state.withLockedValue { state in
        for slice in output.slices {
          state.open.l0 += row(slice)
          state.open.l0Books += slice.books
          state.open.l0Counters += slice.menuCounters[0]
          if slice.endsBurst { state.open.bursts.append("L0 \(slice.burst)") }
        }
      }
    }
    let total = try await pipeline.run(
      source: source, feed: setup.feed, l0: setup.hasL0 ? branch : nil, resuming: setup.resuming,
      monitor: setup.monitor,
      take: { judged in
        state.withLockedValue { state in
          state.open.rows += zip(judged.batch.events, judged.decisions).map { row($0, $1) }.joined()
          state.open.builder += judged.batch.books
          state.open.capture += judged.batch.captureBooks
          state.open.bursts += judged.batch.endedBursts.map { "\($0.burst): \($0.events)" }
        }
      },
      segment: { end in
        let number = state.withLockedValue { state in
          state.open.carry = end.carry
          state.open.reason = end.reason
          state.open.selections = end.selections?.engine.accounts ?? []
          // L0 and the events end their bursts in no fixed order.
          state.open.bursts.sort()
          state.segments.append(state.open)
          state.open = Segment()
          return state.segments.count
        }
        try setup.atEnd(number)
      })
    let (segments, open) = state.withLockedValue { ($0.segments, $0.open) }
    // With a limit of events L0 has come further.
    if setup.limit == nil { #expect(open == Segment(), "something came behind the last end") }
    var accounts = segments.first?.selections ?? []
    for segment in segments.dropFirst() {
      for i in accounts.indices { try accounts[i].merge(segment.selections[i]) }
    }
    #expect(total?.engine.accounts == accounts)
    return segments
  }

  /// Writes packets to a capture, calls `body` with its path.
  static func withCapture<R>(_ packets: [Packet], _ body: (String) async throws -> R) async throws -> R {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try PipelineFixture.write(packets, to: "\(directory)/stream.pcap")
      return try await body("\(directory)/stream.pcap")
    }
  }
}
