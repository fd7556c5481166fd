import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import NIOConcurrencyHelpers
import Testing

@testable import TriggerPipeline

/// Streams with L1 data, and what the pipeline stores of them.
private enum Stream {
  /// L0TP, the farm's own L1 block; two LKr boards and one of MUV1 behind L1.
  static let layout = EventLayout(
    sources: [.init(id: .l0tp, fragments: 1), .init(id: .l1, fragments: 1)],
    l1Sources: [.init(id: .lkr, fragments: 3), .init(id: .muv1, fragments: 1)])

  /// A packet of a capture, at a second and a place within it.
  static func packet(
    _ payload: [UInt8], port: UInt16 = 58913, at nanoseconds: Int64 = 0
  ) -> PipelineFixture.Packet {
    var builder = UDPFrameBuilder()
    builder.destinationPort = port
    let frame = builder.frame(payload: payload)
    return PipelineFixture.Packet(time: nanoseconds, frame: frame, originalLength: frame.count)
  }

  /// One board's packet of one event.
  static func board(
    _ source: SourceID, _ event: UInt32, _ payload: [UInt8], timestamp: UInt32 = 1000, isLast: Bool = false,
    at nanoseconds: Int64 = 0
  ) -> PipelineFixture.Packet {
    packet(
      ScriptedPacket(source, first: event, [payload], timestamp: timestamp, isLast: isLast).payload,
      at: nanoseconds)
  }

  /// A physics trigger; without flags L1 rejects it.
  static func l0tp(
    _ event: UInt32, flags: UInt16 = 1, word: UInt8 = 1, timestamp: UInt32 = 1000, isLast: Bool = false,
    at nanoseconds: Int64 = 0
  ) -> PipelineFixture.Packet {
    let record = L0TPRecord(fineTime: 7, dataType: .physics, word: L0Word(rawValue: word), flags: flags)
    return board(.l0tp, event, record.bytes, timestamp: timestamp, isLast: isLast, at: nanoseconds)
  }

  /// A CREAM fragment.
  static func cream(_ event: UInt32, _ source: SourceID, slot: UInt16, _ payload: [UInt8]) -> [UInt8] {
    L1Packet.encode(
      event: event, source: source, timestamp: 1000, subID: slot, l0Word: L0Word(rawValue: 1),
      payload: payload)
  }

  static func creams(_ fragments: [UInt8]..., at nanoseconds: Int64 = 0) -> PipelineFixture.Packet {
    packet(fragments.flatMap { $0 }, port: 58915, at: nanoseconds)
  }

  /// What came out of a run.
  struct Outcome: Sendable, Equatable {
    var stored: [StoredRecord] = []
    var files: [String: [UInt8]] = [:]
    var l1Books = L1DataBooks()
    var builder = BuilderBooks()
    var capture = CaptureBooks()
    var l1Unfinished: [UnfinishedEvent] = []
    var counts: [HLTStatistics] = []
    var bursts: [BurstSummary] = []
    var writer = BurstFileWriter.Books()
    var words: [UInt8] = []
  }

  /// Runs packets, in the order of the list, through the whole pipeline and to burst files.
  static func run(
    _ packets: [PipelineFixture.Packet], layout: EventLayout = layout,
    configuration: L1Configuration? = nil, workers: Int = 1, batchEvents: Int = 256, slabSize: Int = 1 << 20,
    limit: Int = 512 << 20, stores: Bool = true
  ) async throws -> Outcome {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/a.pcap"
      try PipelineFixture.write(packets, to: path)
      return try await run(
        source: {
          var options = CaptureOptions()
          options.slabSize = slabSize
          return try CaptureReader(inputs: [CaptureInput(path: path)], options: options)
        }, directory: directory, layout: layout, configuration: configuration, workers: workers,
        batchEvents: batchEvents, limit: limit, stores: stores)
    }
  }

  /// Runs a source of packets.
  static func run(
    source: @Sendable @escaping () throws -> any PacketSource, directory: String,
    layout: EventLayout = layout, configuration: L1Configuration? = nil, workers: Int = 1,
    batchEvents: Int = 256, limit: Int = 512 << 20, stores: Bool = true
  ) async throws -> Outcome {
    var configuration = configuration ?? L1Configuration()
    configuration.autoFlagFactor = 0
    var options = TriggerPipeline.Options()
    options.workers = workers
    options.batchEvents = batchEvents
    options.storesEvents = stores
    options.maximumPendingL1Bytes = limit
    options.builder.run = 8000
    let pipeline = TriggerPipeline(
      configuration: configuration, layout: layout, maps: try PipelineFixture.menu("default").detectors.maps,
      options: options)
    let taken = NIOLockedValueBox<[JudgedBatch]>([])
    try await pipeline.run(
      source: {
        let source = try source()
        return { try source.next() }
      },
      take: { judged in taken.withLockedValue { $0.append(judged) } })
    let writer = try BurstFileWriter(directory: "\(directory)/bursts")
    var out = Outcome()
    for judged in taken.withLockedValue({ $0 }) {
      try writer.add(judged)
      out.stored += judged.stored
      out.l1Books += judged.l1Books
      #expect(judged.l1Books.closes)
      out.builder += judged.batch.books
      out.capture += judged.batch.captureBooks
      out.l1Unfinished += judged.l1Unfinished
      out.counts += judged.endedBursts.map(\.counts)
      out.bursts += judged.endedBursts.map(\.burst)
      out.words += judged.decisions.map(\.word.rawValue)
    }
    for file in writer.files {
      out.files[URL(fileURLWithPath: file).lastPathComponent] = Array(
        try Data(contentsOf: URL(fileURLWithPath: file)))
    }
    out.writer = writer.books
    #expect(out.l1Books.closes && out.builder.closes && out.capture.closes && out.writer.closes)
    #expect(out.l1Books.fragmentsPending == 0 && out.l1Books.eventsPending == 0)
    #expect(out.l1Books.fragments == out.builder.l1Fragments)
    #expect(out.writer.events == UInt64(out.stored.count))
    return out
  }

  /// A number in little-endian bytes.
  static func le(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
}

@Suite("Stored events and their L1 data")
struct StoredDataTests {
  private static let lkr0 = Stream.cream(5, .lkr, slot: 0x123, [1, 2, 3, 4])
  private static let lkr1 = Stream.cream(5, .lkr, slot: 0x124, [5, 6, 7, 8, 9, 10, 11, 12])
  /// 28 bytes: NA62 leaves it out.
  private static let empty = Stream.cream(5, .lkr, slot: 0x125, [UInt8](repeating: 0xEE, count: 12))
  private static let muv1 = Stream.cream(5, .muv1, slot: 0x41, [13])

  /// The event of l1.md 7.1, put together by hand.
  private static func known(triggerWord: UInt64, lkr: [UInt8], muv1: [UInt8], startOfBurst: UInt64 = 0)
    -> [UInt8]
  {
    let record = L0TPRecord(fineTime: 7, dataType: .physics, word: L0Word(rawValue: 1), flags: 1).bytes
    let block: [UInt8] = [12, 7, 0, 2, 1, 0, 1, 0, 0, 0, 0, 0]
    let body: [[UInt8]] = [
      Stream.le(96, 2) + [0, 1] + Stream.le(1000, 4) + record,
      Stream.le(20, 2) + [0, 1] + Stream.le(1000, 4) + block, lkr, muv1,
    ]
    let length = 32 + 16 + body.reduce(0) { $0 + $1.count } + 4
    var event = Stream.le(5, 3) + [0x62] + Stream.le(UInt64(length / 4), 4) + Stream.le(1, 4)
    event += Stream.le(1000, 4) + Stream.le(triggerWord, 3) + [0, 7, 4, 0, 0] + Stream.le(0, 4)
    event += Stream.le(startOfBurst, 4)
    var offset = 48
    for (id, part) in zip([0x40, 0x44, 0x24, 0x28] as [UInt8], body) {
      event += Stream.le(UInt64(offset / 4), 3) + [id]
      offset += part.count
    }
    return event + body.flatMap { $0 } + Stream.le(5, 3) + [0]
  }

  @Test("L1 data are stored behind the L0 sources, raw, in order of arrival, 28-byte LKr fragments left out")
  func known() async throws {
    let packets = [
      Stream.l0tp(5), Stream.creams(Self.muv1, Self.lkr1), Stream.creams(Self.empty),
      Stream.creams(Self.lkr0),
    ]
    let out = try await Stream.run(packets)
    // Mask 0 has no algorithm: it accepts, and says so (bits 0 and 4).
    #expect(out.words == [0x11])
    #expect(
      out.stored == [
        StoredRecord(
          run: 8000, burst: 1,
          bytes: Self.known(triggerWord: 0x00_1101, lkr: Self.lkr1 + Self.lkr0, muv1: Self.muv1))
      ])
    #expect(out.l1Books.fragmentsUsed == 4 && out.l1Books.eventsComplete == 1)
    #expect(out.counts.map(\.requestsToCREAMs) == [1])
    #expect(out.counts.map(\.eventsToMerger) == [1])
    let event = Self.known(triggerWord: 0x00_1101, lkr: Self.lkr1 + Self.lkr0, muv1: Self.muv1)
    var file = Stream.le(1, 4) + Stream.le(1, 4) + Stream.le(8000, 4) + Stream.le(1, 4)
    file += Stream.le(5, 4) + Stream.le(0x1101, 4) + Stream.le(7, 4)
    #expect(out.files == ["na62raw_0-00-008000-0001.dat": file + event])
  }

  @Test("an event without all its data is not stored, unless it is the last of its burst")
  func missing() async throws {
    let lost = try await Stream.run([Stream.l0tp(5), Stream.creams(Self.lkr1, Self.muv1)])
    #expect(lost.stored.isEmpty && lost.files.isEmpty)
    #expect(lost.l1Unfinished.map(\.received) == [[1, 1]])
    #expect(lost.l1Unfinished.map(\.reason) == [.burstEnd])
    #expect(lost.l1Books.fragmentsUnfinished == 2 && lost.l1Books.eventsBurstEnd == 1)

    let last = try await Stream.run([Stream.l0tp(5, isLast: true), Stream.creams(Self.lkr1, Self.muv1)])
    // A missing fragment: event 5, source LKr, 4 words, timestamp all ones, sub-ID 0, L0 word 0x23.
    let blank: [UInt8] = [5, 0, 0, 0x24, 4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0x23, 0]
    #expect(
      last.stored.map(\.bytes) == [
        Self.known(triggerWord: 0xFE_FE23, lkr: Self.lkr1 + blank + blank, muv1: Self.muv1)
      ])
    #expect(last.l1Books.eventsBurstEnd == 1)
    #expect(last.counts.map(\.eventsToMerger) == [1])
  }

  @Test("an unfinished last event that L1 never saw is stored as it is, without timestamp")
  func unfinishedLast() async throws {
    let layout = EventLayout(
      sources: [.init(id: .chod, fragments: 2), .init(id: .l0tp, fragments: 1)],
      l1Sources: [.init(id: .muv1, fragments: 1)])
    let out = try await Stream.run(
      [
        Stream.board(.chod, 3, [1, 2, 3, 4], isLast: true),
        Stream.board(.chod, 4, [1, 2, 3, 4]), Stream.l0tp(3, isLast: true),
      ], layout: layout)
    let record = L0TPRecord(fineTime: 7, dataType: .physics, word: L0Word(rawValue: 1), flags: 1).bytes
    var event = Stream.le(3, 3) + [0x62] + Stream.le(45, 4) + Stream.le(1, 4) + Stream.le(0, 4)
    event += [0x23, 0xFE, 0xFE, 0, 0, 3, 0, 0] + Stream.le(0, 8)
    event += Stream.le(11, 3) + [0x18] + Stream.le(16, 3) + [0x40] + Stream.le(40, 3) + [0x28]
    event += Stream.le(12, 2) + [0, 1] + Stream.le(1000, 4) + [1, 2, 3, 4]
    event += [8, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]
    event += Stream.le(96, 2) + [0, 1] + Stream.le(1000, 4) + record
    event += [3, 0, 0, 0x28, 4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0x23, 0]
    #expect(out.stored.map(\.bytes) == [event + [3, 0, 0, 0]])
    #expect(out.words.isEmpty)
    #expect(out.builder.eventsUnfinished == 2)
  }

  @Test("data of events that L1 rejects, or that are complete, are not requested; copies are duplicates")
  func columns() async throws {
    let out = try await Stream.run([
      Stream.creams(Self.lkr0), Stream.l0tp(5), Stream.l0tp(6, flags: 0),
      Stream.creams(Stream.cream(6, .lkr, slot: 1, []), Self.muv1, Self.muv1),
      Stream.creams(Self.lkr0, Stream.cream(5, .muv2, slot: 1, []), Self.lkr0, Self.lkr0),
      Stream.creams(Self.lkr0),
    ])
    #expect(out.words == [0x11, 0])
    #expect(out.l1Books.fragments == 9)
    #expect(out.l1Books.fragmentsNotRequested == 3)
    #expect(out.l1Books.fragmentsDuplicate == 1)
    #expect(out.l1Books.fragmentsUnknownSource == 1)
    #expect(out.l1Books.fragmentsUsed == 4)
    #expect(out.stored.count == 1)
  }

  @Test("without L1 sources events are stored at once, and L1 packets are of an unknown source")
  func noL1Sources() async throws {
    let layout = EventLayout(sources: Stream.layout.sources)
    let out = try await Stream.run([Stream.l0tp(5), Stream.creams(Self.lkr0)], layout: layout)
    #expect(out.stored.count == 1)
    #expect(out.l1Books == L1DataBooks())
    #expect(out.builder.rejected.reduce(0, +) == 1)
    #expect(out.counts.map(\.requestsToCREAMs) == [0])
  }

  /// A stream of two bursts in which CREAM packets are lost, doubled and moved.
  private static func random(_ seed: UInt64) -> [PipelineFixture.Packet] {
    var generator = SplitMix64(seed: seed)
    var packets: [PipelineFixture.Packet] = []
    for burst in 0..<2 {
      var part: [PipelineFixture.Packet] = []
      var late: [(place: Int, packet: PipelineFixture.Packet)] = []
      for event in 0..<40 as Range<UInt32> {
        let word: UInt8 = event == 0 ? 0x22 : event == 39 ? 0x23 : 1
        part.append(
          Stream.l0tp(
            event, flags: generator.oneIn(3) ? 0 : 1, word: word, timestamp: 400 * event, isLast: event == 39)
        )
        for (source, slot) in [(.lkr, 1), (.lkr, 2), (.lkr, 3), (.muv1, 1)] as [(SourceID, UInt16)] {
          guard !generator.oneIn(25) else { continue }
          let payload = (0..<(4 * generator.below(6))).map { UInt8(truncatingIfNeeded: $0 + Int(event)) }
          let packet = Stream.creams(Stream.cream(event, source, slot: slot, payload))
          for _ in 0...(generator.oneIn(20) ? 1 : 0) {
            late.append((part.count + generator.below(8), packet))
          }
        }
      }
      for (place, packet) in late.sorted(by: { $0.place > $1.place }) {
        part.insert(packet, at: min(place, part.count))
      }
      for i in part.indices { part[i].time = Int64(burst) * 20_000_000_000 + Int64(i) * 1000 }
      packets += part
    }
    return packets
  }

  @Test(
    "workers, batches and slabs change no byte of what is stored", arguments: 1...4 as ClosedRange<UInt64>)
  func invariance(_ seed: UInt64) async throws {
    let packets = Self.random(seed)
    let reference = try await Stream.run(packets)
    #expect(reference.files.count == 2)
    #expect(reference.bursts.map(\.burst) == [1, 2])
    #expect(reference.l1Books.eventsComplete > 20 && reference.l1Books.eventsBurstEnd > 0)
    #expect(reference.l1Books.fragmentsDuplicate > 0 && reference.l1Books.fragmentsNotRequested > 0)
    for (workers, batchEvents, slabSize) in [(2, 1, 1 << 20), (7, 5, 2048), (3, 0, 4096), (1, 0, 700)] {
      let out = try await Stream.run(
        packets, workers: workers, batchEvents: batchEvents, slabSize: slabSize)
      #expect(out == reference, "\(workers) workers, batches of \(batchEvents), slabs of \(slabSize)")
    }
    let counted = try await Stream.run(packets, batchEvents: 3, stores: false)
    #expect(counted.stored.isEmpty)
    #expect(counted.l1Books == reference.l1Books && counted.l1Unfinished == reference.l1Unfinished)
    let tight = try await Stream.run(packets, limit: 1500)
    #expect(tight.l1Books.eventsPendingLimit > 0)
    #expect(tight == (try await Stream.run(packets, workers: 3, batchEvents: 1, slabSize: 700, limit: 1500)))
    #expect(try await Stream.run(packets, stores: false).l1Books == reference.l1Books)
  }

  @Test("burst files replayed and written again are the same, with their runs and bursts")
  func again() async throws {
    let first = try await Stream.run(Self.random(9))
    try await RepositoryPaths.withTemporaryDirectory { directory in
      var paths: [String] = []
      for (name, bytes) in first.files {
        paths.append("\(directory)/\(name)")
        // As of bursts 17 and 40: in the header of the file and in each event.
        var file = bytes
        let burst: UInt8 = file[12] == 1 ? 17 : 40
        file[12] = burst
        let parsed = try BurstFile(file.span.bytes)
        for entry in parsed.entries { file[entry.offset + 8] = burst }
        try Data(file).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
      }
      let input = try ReplayInput(arguments: paths, filter: nil)
      #expect(input.isBurstFiles)
      #expect(input.files.map(\.burst) == [17, 40] && input.files.map(\.run) == [8000, 8000])
      let second = try await Stream.run(
        source: { try input.open(layout: Stream.layout) }, directory: "\(directory)/2")
      #expect(second.bursts.map(\.burst) == [17, 40])
      #expect(second.bursts.map(\.run) == [8000, 8000])
      #expect(second.bursts.map(\.startOfBurst) == first.bursts.map(\.startOfBurst))
      #expect(Set(second.stored.map(\.burst)) == [17, 40])
      // But for the number of the burst, byte by byte; 28-byte fragments, which are not stored, were not made.
      let third = try await Stream.run(
        source: {
          try ReplayInput(
            arguments: second.files.keys.map { "\(directory)/2/bursts/\($0)" }, filter: nil
          ).open(layout: Stream.layout, run: 9)
        }, directory: "\(directory)/3")
      #expect(third.stored.map(\.run) == second.stored.map { _ in 9 })
      #expect(third.stored.map(\.bytes) == second.stored.map(\.bytes))
    }
  }
}

@Suite("What the farm adds to stored events")
struct StoredExtrasTests {
  /// A board's payload with one FPGA whose error flag announces a block that is not there.
  private static let flagged: [UInt8] =
    Stream.le(0x0000_0001, 4) + Stream.le(0x0300_FF00, 4)

  private func payloads(_ out: Stream.Outcome, _ source: SourceID) throws -> [[UInt8]] {
    let bytes = try #require(out.stored.first?.bytes)
    let event = try StoredEvent(bytes.span.bytes, l1Sources: [])
    let found = try #require(event.sources.first { $0.id == source })
    return found.fragments.map { Array(bytes[$0.payload]) }
  }

  private func run(_ mask: L1Mask, ktag: [[UInt8]], lav: [[UInt8]] = []) async throws -> Stream.Outcome {
    var configuration = L1Configuration()
    configuration.masks[0] = mask
    // Mask 1 has no algorithm: it keeps the event whatever mask 0 says.
    let layout = EventLayout(sources: [
      .init(id: .ktag, fragments: ktag.count), .init(id: .lav, fragments: max(1, lav.count)),
      .init(id: .l0tp, fragments: 1), .init(id: .l1, fragments: 1),
    ])
    let packets =
      ktag.map { Stream.board(.ktag, 1, $0) }
      + (lav.isEmpty ? [Self.flagged] : lav).map { Stream.board(.lav, 1, $0) }
    return try await Stream.run(
      packets + [Stream.l0tp(1, flags: 3)], layout: layout, configuration: configuration)
  }

  @Test("the error flag that NA62's decoder clears is cleared where an algorithm decoded, and only there")
  func errorFlags() async throws {
    let cleared = Array(Self.flagged[..<7]) + [0x02]
    var mask = L1Mask()
    mask[.ktag].isEnabled = true
    let out = try await run(mask, ktag: [Self.flagged, [1], Self.flagged])
    // The second board is bad: the third is not looked at. LAV does not run.
    #expect(try payloads(out, .ktag) == [cleared, [1], Self.flagged])
    #expect(try payloads(out, .lav) == [Self.flagged])
    let none = try await run(L1Mask(), ktag: [Self.flagged])
    #expect(try payloads(none, .ktag) == [Self.flagged])
  }

  @Test("of LAV the boards up to the third hit are decoded")
  func errorFlagsOfLAV() async throws {
    var mask = L1Mask()
    mask[.lav].isEnabled = true
    mask[.lav].processID = 0
    let timestamp: UInt32 = 1000
    var edges: [TDCEdge] = []
    for channel in [0, 2, 4] as [UInt16] {
      edges.append(TDCEdge(time: UInt64(timestamp) * 256 + 7, channel: channel, isLeading: true))
      edges.append(TDCEdge(time: UInt64(timestamp) * 256 + 9, channel: channel, isLeading: false))
    }
    let hits = try TEL62Encoder(edges: edges, timestamp: timestamp, subID: 3).bytes()
    let cleared = Array(Self.flagged[..<7]) + [0x02]
    let out = try await run(mask, ktag: [Self.flagged], lav: [Self.flagged, hits, Self.flagged])
    #expect(try payloads(out, .lav) == [cleared, hits, Self.flagged])
    #expect(try payloads(out, .ktag) == [Self.flagged])
  }

  @Test("the end-of-burst record of L1 is at the end of the NSTD block of the end-of-burst event")
  func endOfBurst() async throws {
    let layout = EventLayout(sources: [
      .init(id: .l0tp, fragments: 1), .init(id: .l1, fragments: 1), .init(id: .nstd, fragments: 1),
      .init(id: .muv3, fragments: 1),
    ])
    let seconds: Int64 = 1_500_000_000_000_000_000
    var packets: [PipelineFixture.Packet] = []
    for (i, word) in [0x22, 1, 1, 1, 0x23].enumerated() {
      let event = UInt32(i)
      packets.append(Stream.board(.muv3, event, [], isLast: i == 4, at: seconds))
      packets.append(
        Stream.l0tp(
          event, flags: [0, 5, 0, 4, 0][i], word: UInt8(word), isLast: i == 4,
          at: seconds + Int64(i) * 1_000_000_000))
    }
    // Event 9: its flags contradict each other.
    packets.append(Stream.board(.muv3, 9, [], isLast: true, at: seconds + 4_500_000_000))
    packets.append(Stream.l0tp(9, at: seconds + 4_500_000_000))
    let out = try await Stream.run(packets, layout: layout)
    #expect(out.words == [0x20, 0x11, 0, 0x11, 0x20])
    let bytes = try #require(out.files["na62raw_1500000000-00-008000-0001.dat"])
    let file = try BurstFile(bytes.span.bytes)
    #expect(file.run == 8000 && file.burst == 1)
    #expect(file.entries.map(\.event) == [0, 1, 3, 4])
    #expect(file.entries.map(\.triggerWord) == [0x2022, 0x1101, 0x1101, 0x2023])
    var records: [EOBTriggerRecord] = []
    for index in file.entries.indices {
      let range = try file.range(ofEntry: index, in: bytes.span.bytes)
      let event = try StoredEvent(bytes.span.bytes.extracting(range), l1Sources: [])
      #expect(event.header.startOfBurst == 1_500_000_000)
      let nstd = try #require(event.sources.first { $0.id == .nstd }?.fragments.first)
      #expect(nstd.payload.count == (index == 3 ? 4 + 264 : 4))
      guard index == 3 else { continue }
      let begin = range.lowerBound + nstd.payload.lowerBound + 4
      records.append(try EOBTriggerRecord(bytes.span.bytes.extracting(begin..<(begin + 264))))
    }
    let record = try #require(records.first)
    #expect(record.level == .l1 && record.node == 0 && record.timestamp == 1_500_000_004)
    let expected: [EOBTriggerRecord.Counter: UInt32] = [
      .corruptedHeader: 1, .input: 5, .special: 2, .control: 0, .periodics: 0, .physics: 5,
      .physicsByMultipleMasks: 1, .requestToCreams: 0, .output: 4, .accepted: 2, .timeout: 0, .allDisabled: 2,
      .bypass: 2, .flagAlgo: 0, .autoPass: 0,
    ]
    #expect(record.counters == expected)
    #expect(record.masks[0] == .init(input: 1, accepted: 1))
    #expect(record.masks[2] == .init(input: 2, accepted: 2))
    #expect(out.counts.first?.words[0x11] == 2 && out.counts.first?.words[0x20] == 2)
    #expect(out.counts.first?.words[0] == 0)
    #expect(out.counts.first?.eventsToMerger == 4)
  }
}
