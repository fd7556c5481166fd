import EventBuilding
import Foundation
import L0Trigger
import L1Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@testable import TriggerPipeline

@Suite("Parts of a stream")
struct StreamPartTests {
  private typealias Fixture = SegmentFixture

  private static let layout = Result { try PipelineFixture.menu("stateful").layout }

  /// What a part says, without what tells where in the stream it was.
  private func content(_ segments: [Fixture.Segment]) -> [Fixture.Segment] {
    segments.map { segment in
      var segment = segment
      segment.carry = nil
      segment.reason = nil
      return segment
    }
  }

  /// The first `count` of some packets, of a burst that begins at so many seconds.
  private func burst(_ seconds: Double) throws -> [Fixture.Packet] {
    try Fixture.burst(at: Fixture.start + Int64(seconds * 1e9))
  }

  /// Runs some inputs of a run as a part of it.
  private func run(
    _ paths: [String], _ numbers: [UInt32], _ range: StreamPart.Range = StreamPart.Range(),
    firstBurst: UInt32,
    isFollowed: Bool, singles: StreamPart.SingleBursts? = nil
  ) async throws -> [Fixture.Segment] {
    var setup = Fixture.Setup()
    setup.counters = .burst
    setup.firstBurst = firstBurst
    let layout = try Self.layout.get()
    return try await Fixture.run(setup) {
      let input = try ReplayInput(
        paths: paths, as: InputPlace(numbers: numbers, burstsBefore: 0, isFollowed: isFollowed), filter: nil)
      let part = StreamPart(try input.open(layout: layout), range, singles: singles, layout: layout)
      return { try part.next() }
    }
  }

  /// Four bursts in files of so many.
  private func withBursts(
    files: [[Double]], _ body: ([String], [Fixture.Segment]) async throws -> Void
  ) async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let paths = try files.enumerated().map { index, seconds in
        let path = "\(directory)/\(index).pcap"
        try PipelineFixture.write(seconds.flatMap { try burst($0) }, to: path)
        return path
      }
      var setup = Fixture.Setup()
      setup.counters = .burst
      let layout = try Self.layout.get()
      let whole = try await Fixture.run(setup) {
        let source = try ReplayInput(arguments: paths, filter: nil).open(layout: layout)
        return { try source.next() }
      }
      try await body(paths, whole)
    }
  }

  @Test("with counters of one burst equal bursts have equal decisions; with those of the run they do not")
  func counters() async throws {
    try await withBursts(files: [[0, 20, 41, 60]]) { paths, whole in
      func decisions(_ segment: Fixture.Segment) -> [Substring] {
        // Run and burst stand first.
        segment.rows.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 2)[2] }
      }
      // The lottery draws otherwise in each burst; what it does not touch is the same.
      let all = whole.map(decisions)
      let same = all[0].indices.count { index in all.allSatisfy { $0[index] == all[0][index] } }
      #expect(all[0].count == 104 && same > 30)
      #expect(whole.map(\.l0Counters) == [L0MenuCounters](repeating: whole[0].l0Counters, count: 4))
      let running = try await Fixture.run(paths[0])
      #expect(running.map(\.l0Counters) != whole.map(\.l0Counters))
      #expect(running.map(\.rows) != whole.map(\.rows))
    }
  }

  @Test("captures of one burst each, run alone in any order, are the bursts of one run over all")
  func captures() async throws {
    try await withBursts(files: [[0], [20], [41], [60]]) { paths, whole in
      for index in [2, 0, 3, 1] {
        let singles = StreamPart.SingleBursts(
          paths: [UInt32(index): paths[index]],
          next: index < 3
            ? (paths[index + 1], DataTime(nanoseconds: Fixture.start + [20, 41, 60][index] * 1_000_000_000))
            : nil,
          filter: nil)
        let part = try await run(
          [paths[index]], [UInt32(index)], firstBurst: UInt32(index + 1), isFollowed: index < 3,
          singles: singles)
        #expect(content(part) == content([whole[index]]), "burst \(index + 1)")
      }
      let pair = try await run(
        Array(paths[1...2]), [1, 2], firstBurst: 2, isFollowed: true,
        singles: .init(
          paths: [1: paths[1], 2: paths[2]], next: (paths[3], DataTime(nanoseconds: 0)), filter: nil))
      #expect(content(pair) == content(Array(whole[1...2])))
    }
  }

  @Test("the bursts of captures are found by reading them, and each piece run alone is that of the run")
  func scan() async throws {
    for files in [[[0, 20, 41, 60]], [[0, 20], [41, 60]], [[0], [20, 41], [60]]] as [[[Double]]] {
      try await withBursts(files: files) { paths, whole in
        let scan = try StreamScan(ReplayInput(arguments: paths, filter: nil), layout: Self.layout.get())
        #expect(scan.pieces.map(\.bursts) == [1, 1, 1, 1])
        #expect(scan.pieces.map(\.datagrams) == whole.map(\.capture.datagrams))
        for (index, piece) in scan.pieces.enumerated() {
          let part = try await run(
            piece.inputs.map { paths[$0] }, piece.inputs.map { UInt32($0) },
            StreamPart.Range(skipped: piece.skipped, taken: piece.isLast ? nil : piece.datagrams),
            firstBurst: UInt32(index + 1), isFollowed: index < 3)
          #expect(content(part) == content([whole[index]]), "piece \(index) of \(files)")
        }
        #expect(Set(scan.pieces.flatMap(\.inputs)) == Set(paths.indices))
      }
    }
  }

  @Test("captures that overlap are read together, and bursts without an end are one piece")
  func overlap() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let packets = try burst(0) + burst(20)
      let paths = ["a", "b"].map { "\(directory)/\($0).pcap" }
      try PipelineFixture.write(
        packets.enumerated().filter { $0.offset % 2 == 0 }.map(\.element), to: paths[0])
      try PipelineFixture.write(
        packets.enumerated().filter { $0.offset % 2 == 1 }.map(\.element), to: paths[1])
      let scan = try StreamScan(ReplayInput(arguments: paths, filter: nil), layout: Self.layout.get())
      #expect(scan.pieces.map(\.inputs) == [[0, 1], [0, 1]])
      #expect(scan.pieces.map(\.isLast) == [false, true])
      #expect(scan.pieces[1].skipped == scan.pieces[0].datagrams && scan.pieces[0].skipped == 0)
      try PipelineFixture.write(Fixture.bursts([0, 20], ends: false), to: paths[0])
      let one = try StreamScan(ReplayInput(arguments: [paths[0]], filter: nil), layout: Self.layout.get())
      #expect(one.pieces.count == 1 && one.pieces[0].isLast)
    }
  }

  @Test("a capture that does not hold one burst is refused where the plan takes it to")
  func checked() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      func write(_ name: String, _ packets: [Fixture.Packet]) throws -> String {
        try PipelineFixture.write(packets, to: "\(directory)/\(name)")
        return "\(directory)/\(name)"
      }
      let two = try write("two.pcap", burst(0) + burst(20))
      let one = try write("one.pcap", burst(0))
      let open = try write("open.pcap", Fixture.burst(at: Fixture.start, ends: false))
      let next = try write("next.pcap", burst(41))
      let begin = DataTime(nanoseconds: Fixture.start + 41_000_000_000)
      func refusal(_ path: String, next: (String, DataTime)?) async throws -> String {
        let singles = StreamPart.SingleBursts(
          paths: [0: path], next: next.map { (path: $0.0, begin: $0.1) }, filter: nil)
        do {
          _ = try await run([path], [0], firstBurst: 1, isFollowed: true, singles: singles)
          return ""
        } catch { return "\(error)" }
      }
      #expect(try await refusal(one, next: (next, begin)) == "")
      #expect(try await refusal(one, next: (directory + "/gone.pcap", begin)) == "", "the time says it")
      #expect(try await refusal(one, next: (next, DataTime(nanoseconds: 0))) == "", "its packets say it")
      #expect(try await refusal(two, next: nil).contains("another burst begins with its packet"))
      let unended = try await refusal(open, next: (next, begin))
      #expect(
        unended.contains("open.pcap: its burst does not end ahead of \(next)") && unended.contains("--scan"))
    }
  }

  @Test("an input that is shorter than planned is refused")
  func short() async throws {
    try await withBursts(files: [[0]]) { paths, _ in
      await #expect(throws: CaptureError.self) {
        _ = try await run(
          paths, [0], StreamPart.Range(skipped: 10, taken: 1 << 40), firstBurst: 1, isFollowed: false)
      }
    }
  }
}
