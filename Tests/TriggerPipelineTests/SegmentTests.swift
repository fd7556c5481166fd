import EventBuilding
import Foundation
import L0Trigger
import L1Trigger
import NA62Formats
import NIOConcurrencyHelpers
import PacketCapture
import SpillwayTestSupport
import Testing

@testable import TriggerPipeline

private struct Stop: Error, Equatable { var place: String }

@Suite("Segments of a stream")
struct SegmentTests {
  private typealias Fixture = SegmentFixture

  /// Checks that a run goes on from each of its carries, by way of JSON, with what is left, and nothing else.
  private func checkResumes(_ path: String, _ whole: [Fixture.Segment]) async throws {
    for k in 0..<(whole.count - 1) {
      let carry = try #require(whole[k].carry)
      var setup = Fixture.Setup()
      setup.resuming = try JSONDecoder().decode(PipelineCarry.self, from: JSONEncoder().encode(carry))
      #expect(setup.resuming == carry)
      (setup.workers, setup.batchEvents) = k % 2 == 0 ? (3, 16) : (1, 0)
      #expect(try await Fixture.run(path, setup) == Array(whole[(k + 1)...]), "from segment \(k)")
    }
  }

  @Test("bursts with a pause between them are segments, and what came out of each is all of its burst")
  func clean() async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20, 41, 60])) { path in
      let whole = try await Fixture.run(path)
      #expect(whole.map(\.reason) == [.burst, .burst, .burst, .input])
      #expect(
        whole.map(\.bursts) == (1...4).map { ["\($0): 104", "L0 \($0)"] })
      for (i, segment) in whole.enumerated() {
        #expect(segment.builder.closes && segment.builder.eventsPending == 0)
        #expect(segment.builder.eventsBuilt == 104 && segment.builder.eventsUnfinished == 1)
        #expect(segment.capture.closes && segment.capture.datagrams == segment.builder.datagrams)
        #expect(segment.l0Books.closes && segment.l0Books.pending == 0)
        #expect(segment.carry?.segments == UInt64(i + 1))
        #expect(segment.carry?.events?.events == UInt64(104 * (i + 1)))
        #expect(segment.carry?.events?.head.input == UInt64(104 * (i + 1)))
        #expect(segment.l0.count > 100)
      }
      // What counters carry over makes equal bursts unequal.
      #expect(whole[0].rows.dropFirst(0) != whole[1].rows)
      #expect(whole[0].l0Counters != whole[1].l0Counters)
      try await checkResumes(path, whole)
    }
  }

  @Test("a live burst ends in the pause behind it, 6 s after its end-of-burst trigger, with the same results")
  func endsInPause() async throws {
    let first = try Fixture.burst(at: Fixture.start)
    let second = try Fixture.burst(at: Fixture.start + 20_000_000_000)
    let end = Fixture.start + 12_000_000
    /// What a capture gives: packets, and empty batches with the time that has passed.
    @Sendable func source(_ pauses: [Int64]) -> (() throws -> PacketBatch?) {
      func batch(_ packets: [PipelineFixture.Packet]) -> PacketBatch {
        PacketBatch(
          packets.map {
            ScriptedPacket(
              Array($0.frame[42..<(34 + (Int($0.frame[38]) << 8 | Int($0.frame[39])))]), at: $0.time,
              port: UInt16($0.frame[36]) << 8 | UInt16($0.frame[37]))
          })
      }
      var batches = [batch(first)]
      batches += pauses.map {
        PacketBatch(bytes: [], datagrams: [], watermark: DataTime(nanoseconds: end + $0))
      }
      batches.append(batch(second))
      return {
        batches.isEmpty ? nil : batches.removeFirst()
      }
    }
    var segmented = SegmentedSource(
      source([1_000_000_000, 6_100_000_000, 6_200_000_000]),
      cutter: SegmentCutter(layout: try PipelineFixture.menu("stateful").layout), skipping: 0)
    var marks: [Bool] = []
    while let batch = try segmented.next() { marks.append(batch.beginsSegment) }
    #expect(marks == [false, false, true, false, false])
    let whole = try await Fixture.run(Fixture.Setup()) { source([]) }
    #expect(whole.count == 2)
    for pauses: [Int64] in [[1_000_000_000], [6_100_000_000], [5_000_000_000, 6_100_000_000, 9_000_000_000]] {
      #expect(try await Fixture.run(Fixture.Setup()) { source(pauses) } == whole)
    }
  }

  @Test("a stream in segments gives what builder, L1 and L0 give that know of none")
  func uncut() async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20, 41])) { path in
      let menu = try PipelineFixture.menu("stateful")
      let l0Menu = try #require(try Fixture.l0Menu.get())
      let builder = EventBuilder(layout: menu.layout)
      let processor = L1Processor(
        configuration: try Fixture.configuration(), layout: menu.layout, maps: menu.detectors.maps)
      let emulator = L0Emulator(menus: [l0Menu])
      var (rows, l0, books, counters) = ("", "", BuilderBooks(), L0MenuCounters())
      func take(_ events: EventBatch) {
        rows += zip(events.events, processor.process(events)).map { Fixture.row($0, $1.decision) }.joined()
        books += events.books
        for slice in emulator.take() {
          l0 += Fixture.row(slice)
          counters += slice.menuCounters[0]
        }
      }
      let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
      while let batch = try reader.next() {
        builder.add(batch, 0..<batch.datagrams.count)
        emulator.add(batch, 0..<batch.datagrams.count)
        take(builder.takeBatch(packets: batch))
      }
      builder.finish()
      emulator.finish()
      take(builder.takeBatch())
      let whole = try await Fixture.run(path)
      #expect(whole.count == 3)
      #expect(whole.map(\.rows).joined() == rows)
      #expect(whole.map(\.l0).joined() == l0)
      #expect(whole.reduce(into: BuilderBooks()) { $0 += $1.builder } == books)
      #expect(whole.reduce(into: L0MenuCounters()) { $0 += $1.l0Counters } == counters)
    }
  }

  @Test(
    "workers and batches change no segment", arguments: [(1, 1, 8 << 10), (3, 16, 1 << 20), (3, 0, 3000)])
  func invariance(_ workers: Int, _ batchEvents: Int, _ slabSize: Int) async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20])) { path in
      var setup = Fixture.Setup()
      (setup.workers, setup.batchEvents, setup.slabSize) = (workers, batchEvents, slabSize)
      let whole = try await Fixture.run(path, setup)
      let reference = try await Fixture.run(path)
      #expect(whole.map(\.rows) == reference.map(\.rows))
      #expect(whole.map(\.l0) == reference.map(\.l0))
      #expect(whole.map(\.carry) == reference.map(\.carry))
      #expect(whole.map(\.selections) == reference.map(\.selections))
      #expect(whole.map(\.builder) == reference.map(\.builder))
      #expect(whole.map(\.capture) == reference.map(\.capture))
    }
  }

  @Test("where something of the carry is lost the rest is another")
  func wrongCarry() async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20])) { path in
      let whole = try await Fixture.run(path)
      let right = try #require(whole[0].carry)
      func rest(_ change: (inout PipelineCarry) -> Void) async throws -> Fixture.Segment {
        var setup = Fixture.Setup()
        var carry = right
        change(&carry)
        setup.resuming = carry
        return try #require(try await Fixture.run(path, setup).first)
      }
      #expect(try await rest { _ in } == whole[1])
      let changes: [(inout PipelineCarry) -> Void] = [
        { $0.events?.head.input += 1 }, { $0.events?.head.lottery += 1 },
        { $0.events?.head.reduction[1] += 1 }, { $0.events?.tail.accepted += 1 },
        { $0.events?.tail.downscaling[0] += 1 }, { $0.events?.builder.burst += 1 },
      ]
      for (i, change) in changes.enumerated() {
        #expect(try await rest(change).rows != whole[1].rows, "change \(i)")
      }
      #expect(try await rest { $0.l0?.burst += 1 }.bursts != whole[1].bursts)
      #expect(
        try await rest { $0.l0?.phases = [Array(repeating: 0, count: 17)] }.l0Counters != whole[1].l0Counters)
      // Hostile values change results, and nothing else.
      let hostile = try await rest {
        $0.events?.head.input = .max
        $0.events?.head.reduction = [.max]
        $0.events?.tail.accepted = .max
        $0.events?.tail.downscaling = Array(repeating: .max, count: 500)
        $0.events?.builder.burst = .max
        $0.l0?.phases = [Array(repeating: .max, count: 99)]
        $0.l0?.lastSlots = [[.max], [1]]
        $0.l0?.burst = .max
        $0.segments = .max
      }
      #expect(hostile.builder.closes && hostile.l0Books.closes)
    }
  }

  @Test("where bursts cannot be told apart cleanly the stream is one segment")
  func unclean() async throws {
    for packets in [
      // No end-of-burst trigger.
      try Fixture.bursts([0, 20], ends: false),
      // The next burst follows at once: its start-of-burst record ends the one before.
      try Fixture.bursts([0, 0.3]),
      // Primitives alone.
      try Fixture.bursts([0, 20]).filter { $0.frame[36] == 0xE6 && $0.frame[37] == 0x22 },
    ] {
      try await Fixture.withCapture(packets) { path in
        let whole = try await Fixture.run(path)
        #expect(whole.map(\.reason) == [.input])
      }
    }
  }

  @Test("a pause of half a second is enough for a start-of-burst record, and none in a burst is a cut")
  func pauses() async throws {
    var packets = try Fixture.bursts([0, 1])
    // A pause in the second burst.
    for i in packets.indices where packets[i].time > Fixture.start + 1_005_000_000 {
      packets[i].time += 700_000_000
    }
    // The packet of the record ahead of all others of its burst.
    packets.removeAll { $0.frame[36] == 0xE6 && $0.frame[37] == 0x22 }
    let second = try #require(packets.firstIndex { $0.time > Fixture.start + 1_000_000_000 })
    let record = try #require(packets[second...].firstIndex { $0.frame[45] == SourceID.l0tp.rawValue })
    var first = packets.remove(at: record)
    first.time = packets[second].time
    packets.insert(first, at: second)
    try await Fixture.withCapture(packets) { path in
      let whole = try await Fixture.run(path)
      #expect(whole.map(\.bursts) == [["1: 104"], ["2: 104"]])
    }
  }

  @Test(
    "ends of burst twice, and times that jump, lose nothing and can be resumed",
    arguments: 1...4 as ClosedRange<UInt64>)
  func hostile(_ seed: UInt64) async throws {
    var random = SplitMix64(seed: seed)
    var packets = try Fixture.bursts([0, 20, 40])
    for _ in 0..<12 {
      let i = random.below(packets.count)
      switch random.below(3) {
      case 0: packets.insert(Fixture.endOfBurst(at: packets[i].time, event: UInt32(random.below(120))), at: i)
      case 1: packets[i].time += Int64(random.below(50) - 25) * 1_000_000_000
      default: packets[i].frame[random.below(packets[i].frame.count)] ^= UInt8(1 << random.below(8))
      }
    }
    try await Fixture.withCapture(packets) { path in
      let whole = try await Fixture.run(path)
      #expect(whole.allSatisfy { $0.builder.closes && $0.l0Books.closes })
      let capture = whole.reduce(into: CaptureBooks()) { $0 += $1.capture }
      #expect(capture.closes && capture.packets == UInt64(packets.count))
      #expect(whole.reduce(0) { $0 + $1.builder.datagrams } == capture.datagrams)
      try await checkResumes(path, whole)
    }
  }

  @Test("where the input names its bursts each is a segment")
  func named() async throws {
    let lists = try [(7, 0.0), (7, 0.1), (9, 0.2), (3, 0.3)].map { (burst, time) in
      (UInt32(burst), try Fixture.bursts([time], ends: false))
    }
    let source: @Sendable () throws -> (() throws -> PacketBatch?) = {
      var left = lists[...]
      return {
        guard let (burst, packets) = left.popFirst() else { return nil }
        return PipelineFixture.batch(packets, burst: burst)
      }
    }
    let whole = try await Fixture.run(Fixture.Setup(), source: source)
    #expect(whole.map(\.bursts) == [["7: 208", "L0 7"], ["9: 104", "L0 9"], ["3: 104", "L0 3"]])
    #expect(whole.map { $0.builder.datagrams } == [2, 1, 1].map { UInt64($0 * lists[0].1.count) })
    var setup = Fixture.Setup()
    setup.resuming = whole[0].carry
    #expect(try await Fixture.run(setup, source: source) == Array(whole[1...]))
  }

  @Test("a failure at the end of a segment, and one of L0, end the run", arguments: [1, 3])
  func failures(_ workers: Int) async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20, 40])) { path in
      var setup = Fixture.Setup()
      setup.workers = workers
      setup.atEnd = { if $0 == 2 { throw Stop(place: "end") } }
      await #expect(throws: Stop(place: "end")) { try await Fixture.run(path, setup) }
      setup.atEnd = { _ in }
      let calls = NIOLockedValueBox(0)
      setup.atL0 = {
        let count = calls.withLockedValue {
          $0 += 1
          return $0
        }
        if count == 4 { throw Stop(place: "L0") }
      }
      await #expect(throws: Stop(place: "L0")) { try await Fixture.run(path, setup) }
    }
  }

  @Test("a run with a limit of events ends as stopped, and one that goes on keeps the limit")
  func limit() async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20, 40])) { path in
      var setup = Fixture.Setup()
      setup.hasL0 = false
      setup.limit = 150
      let whole = try await Fixture.run(path, setup)
      #expect(whole.map(\.reason) == [.burst, .stopped])
      #expect(whole.map { $0.builder.eventsBuilt } == [104, 48])
      setup.resuming = whole[0].carry
      #expect(try await Fixture.run(path, setup).map(\.rows) == [whole[1].rows])
      setup = Fixture.Setup()
      setup.limit = 150
      #expect(try await Fixture.run(path, setup).last?.reason == .stopped)
    }
  }

  @Test("a feed that is stopped ends the segment as stopped")
  func stopped() async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20, 40])) { path in
      var setup = Fixture.Setup()
      let feed = PacketFeed()
      setup.feed = feed
      setup.atEnd = { if $0 == 1 { feed.stop() } }
      let whole = try await Fixture.run(path, setup)
      // What was read by then is taken.
      #expect(whole.last?.reason == (feed.wasStopped ? .stopped : .input))
      #expect(whole[0].reason == .burst)
    }
  }

  @Test("a state that does not fit is refused, and says why")
  func refused() async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20])) { path in
      let right = try #require(try await Fixture.run(path)[0].carry)
      func refusal(_ change: (inout PipelineCarry, inout Fixture.Setup) -> Void) async -> CarryError? {
        var (carry, setup) = (right, Fixture.Setup())
        change(&carry, &setup)
        setup.resuming = carry
        do {
          _ = try await Fixture.run(path, setup)
          return nil
        } catch { return error as? CarryError }
      }
      #expect(await refusal { carry, _ in carry.version = 2 } == .version(2))
      #expect(await refusal { _, setup in setup.hasL0 = false } == .otherMenu)
      #expect(await refusal { carry, _ in carry.events = nil } == .otherMenu)
      #expect(await refusal { carry, _ in carry.events?.remembersEvents = true } == .remembersEvents)
      let count = right.datagrams * 2
      #expect(
        await refusal { carry, _ in carry.datagrams = .max } == .inputTooShort(datagrams: count, wanted: .max)
      )
      var setup = Fixture.Setup()
      setup.scratch = .original
      #expect(try await Fixture.run(path, setup)[0].carry?.canResume == false)
    }
  }

  @Test("primitives alone, in named bursts, can be resumed too")
  func primitivesAlone() async throws {
    let menu = try #require(try Fixture.l0Menu.get())
    let lists = try [5, 6, 7].map { burst in
      (
        UInt32(burst),
        try Fixture.burst(at: Fixture.start).filter { $0.frame[36] == 0xE6 && $0.frame[37] == 0x22 }
      )
    }
    func run(_ carry: PipelineCarry?) async throws -> (text: [String], carries: [PipelineCarry]) {
      let state = NIOLockedValueBox<(text: [String], carries: [PipelineCarry])>(([""], []))
      try await L0Pipeline(menus: [menu]).run(
        source: {
          var left = lists[...]
          return { left.popFirst().map { PipelineFixture.batch($0.1, burst: $0.0) } }
        }, resuming: carry,
        take: { output in
          state.withLockedValue { state in
            for slice in output.slices { state.text[state.text.count - 1] += Fixture.row(slice) }
          }
        },
        segment: { end in
          state.withLockedValue {
            $0.carries.append(end.carry)
            $0.text.append("")
          }
        })
      return state.withLockedValue { $0 }
    }
    let whole = try await run(nil)
    #expect(whole.carries.map(\.segments) == [1, 2, 3])
    #expect(whole.text.map { $0.split(separator: "\n").count > 5 } == [true, true, true, false])
    for k in 0..<2 {
      let rest = try await run(whole.carries[k])
      #expect(rest.text == Array(whole.text[(k + 1)...]))
      #expect(rest.carries == Array(whole.carries[(k + 1)...]))
    }
  }

  @Test("each stage tells of its batches while the run goes on")
  func health() async throws {
    try await Fixture.withCapture(Fixture.bursts([0, 20])) { path in
      var setup = Fixture.Setup()
      setup.workers = 2
      let monitor = setup.monitor
      #expect(monitor.health.stages.isEmpty)
      let names = NIOLockedValueBox<[String]>([])
      setup.atEnd = { _ in names.withLockedValue { $0 = monitor.health.stages.map(\.name) } }
      _ = try await Fixture.run(path, setup)
      #expect(
        names.withLockedValue { $0 } == ["l0", "l0-results", "build", "l1", "verdict", "select", "results"])
      for stage in monitor.health.stages {
        #expect(stage.batches > 2 && stage.busyNanoseconds > 0 && stage.waiting <= stage.capacity, "\(stage)")
        #expect(stage.workers == (["l1", "select"].contains(stage.name) ? 2 : 1))
      }
    }
  }
}

@Suite("Where a stream is cut")
struct SegmentCutterTests {
  private func cuts(_ packets: [ScriptedPacket], sizes: [Int]) -> [Int] {
    var cutter = SegmentCutter()
    var (cuts, done, turn) = ([Int](), 0, 0)
    while done < packets.count {
      let batch = PacketBatch(Array(packets[done..<min(packets.count, done + sizes[turn % sizes.count])]))
      var begin = 0
      while let cut = cutter.nextCut(in: batch, from: begin) {
        cuts.append(done + cut)
        begin = cut + 1
      }
      done += batch.datagrams.count
      turn += 1
    }
    return cuts
  }

  @Test(
    "depends on the stream alone, and a new cutter at a cut finds the rest",
    arguments: 1...40 as ClosedRange<UInt64>)
  func anyBatches(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var packets: [ScriptedPacket] = []
    var time: Int64 = 0
    for _ in 0..<400 {
      time +=
        [1, 1000, 300_000_000, 700_000_000, 3_000_000_000, 7_000_000_000, -2_000_000_000][random.below(7)]
      let word = [L0Word(rawValue: 1), .startOfBurst, .endOfBurst][random.below(3)]
      var packet = ScriptedPacket(
        .l0tp, first: UInt32(random.below(40)), [L0TPRecord.trigger(word, .physics).bytes],
        isLast: word == .endOfBurst, at: time)
      if random.oneIn(3) { packet.port = MTP.port }
      packets.append(packet)
    }
    let whole = cuts(packets, sizes: [400])
    #expect(!whole.isEmpty)
    #expect(cuts(packets, sizes: [1]) == whole)
    #expect(cuts(packets, sizes: [3, 17, 1, 40]) == whole)
    for (i, cut) in whole.enumerated() {
      #expect(cuts(Array(packets[cut...]), sizes: [5]).map { $0 + cut } == Array(whole[(i + 1)...]))
    }
  }
}
