import NA62Formats
import SpillwayTestSupport
import Testing

@Suite("Stored events, burst files, end of burst")
struct StoredEventTests {
  static let header = StoredEventHeader(
    event: 0x01_0203, burst: 5, timestamp: 0x1122_3344, triggerWord: 0x01_8122, fineTime: 0x7F)

  static let known: [UInt8] = [
    0x03, 0x02, 0x01, 0x62, 19, 0, 0, 0, 5, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 0x22, 0x81, 0x01, 0,
    0x7F, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    10, 0, 0, 0x18, 13, 0, 0, 0x24,
    12, 0, 4, 1, 0x40, 0x33, 0x22, 0x11, 0xA, 0xB, 0xC, 0xD,
    0x01, 0x02, 0x03, 0x24, 0x05, 0x00, 0, 0, 0x04, 0x03, 0x02, 0x01, 0xA5, 0x03, 0x31, 0, 9, 8, 7, 0,
    0x03, 0x02, 0x01, 0,
  ]

  typealias Source = StoredEventEncoder.Source

  @Test("known event")
  func knownAnswer() throws {
    let skipped = [UInt8](repeating: 1, count: 28)
    let bytes = try StoredEventEncoder().encode(
      Self.header,
      sources: [
        Source(id: .chod, fragments: [.l0(subID: 4, timestamp: 0x1122_3340, payload: [10, 11, 12, 13])]),
        Source(
          id: .lkr, stage: .l1, fragments: [.l1(bytes: skipped), .l1(bytes: PacketTests.cream)]),
      ])
    #expect(bytes == Self.known)
    let event = try StoredEvent(bytes.span.bytes, l1Sources: [.lkr])
    #expect(event.header.event == 0x01_0203)
    #expect(event.header.triggerWord == 0x01_8122)
    #expect(event.sources.map(\.id) == [.chod, .lkr])
    #expect(event.sources.map(\.offset) == [40, 52])
    #expect(event.sources.first?.fragments.first?.payload == 48..<52)
    #expect(event.sources.last?.fragments.first?.subID == 0x3A5)
    #expect(event.trailerOffset == 72)
    let tree = dissect(bytes) { Dissector.storedEvent($0, l1Sources: [.lkr]) }
    // The payloads are none of a TEL62 board and of a CREAM.
    #expect(tree.errors.map(\.offset) == [48, 68])
  }

  @Test("missing fragments")
  func missing() throws {
    let bytes = try StoredEventEncoder().encode(
      Self.header,
      sources: [
        Source(id: .chod, fragments: [], missing: 2), Source(id: .lkr, stage: .l1, fragments: [], missing: 1),
      ])
    #expect(Array(bytes[16..<19]) == [0x23, 0xFE, 0xFE])
    #expect(Array(bytes[40..<48]) == [8, 0, 0, 1, 255, 255, 255, 255])
    #expect(
      Array(bytes[56..<72]) == [3, 2, 1, 0x24, 4, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0x23, 0])
    let event = try StoredEvent(bytes.span.bytes, l1Sources: [.lkr])
    #expect(event.sources.flatMap(\.fragments).map(\.isMissing) == [true, true, true])
  }

  @Test(
    "the alignment error",
    arguments: [
      // Payload length; then length of the event in words and place of the second source, as NA62 / as meant.
      (0, 15, 48, 15, 48), (1, 16, 50, 16, 52), (2, 16, 52, 16, 52), (3, 17, 54, 16, 52),
    ])
  func alignment(length: Int, faithful: Int, second: Int, corrected: Int, meant: Int) throws {
    let fragment = StoredEventEncoder.Fragment.l0(
      subID: 1, timestamp: 9, payload: [UInt8](repeating: 7, count: length))
    let sources = [
      Source(id: .chod, fragments: [fragment]),
      Source(id: .rich, fragments: [.l0(subID: 2, timestamp: 9, payload: [])]),
    ]
    let isCut = length % 2 == 1
    for (alignment, words, place) in [
      (StoredEvent.Alignment.faithful, faithful, second), (.corrected, corrected, meant),
    ] {
      let bytes = try StoredEventEncoder(alignment: alignment).encode(Self.header, sources: sources)
      // Misaligned, the second block gets another 2 bytes and is aligned again.
      let event = try StoredEvent(bytes.span.bytes, l1Sources: [], alignment: alignment)
      #expect(event.sources.map(\.offset) == [40, place])
      #expect(event.sources.flatMap(\.fragments).map(\.length) == [8 + length, 8])
      #expect(bytes[36] == UInt8(place / 4))
      #expect(bytes.count == Int(event.header.words) * 4)
      #expect(event.header.words == UInt32(words))
    }
    // Alone, an odd block cuts the trailer.
    let alone = try StoredEventEncoder().encode(Self.header, sources: [sources[0]])
    let event = try StoredEvent(alone.span.bytes, l1Sources: [])
    #expect(event.trailerOffset % 4 == (isCut ? 2 : 0))
    #expect(alone.count - event.trailerOffset == (isCut ? 2 : 4))
  }

  static func random(_ random: inout SplitMix64, event: UInt32? = nil) -> (StoredEventHeader, [Source]) {
    let header = StoredEventHeader(
      event: event ?? .random(in: 0..<1 << 24, using: &random), burst: .random(in: 0...5000, using: &random),
      timestamp: .random(in: 0...0xFFFF_FFFE, using: &random),
      triggerWord: .random(in: 0..<1 << 24, using: &random), fineTime: .random(in: 0...255, using: &random))
    var sources: [Source] = []
    for id in [SourceID.l0tp, .chod, .straw, .nstd] {
      let count = Int.random(in: id == .nstd ? 1...1 : 0...3, using: &random)
      let fragments = (0..<count).map { board in
        StoredEventEncoder.Fragment.l0(
          subID: UInt8(board), timestamp: 77,
          payload: random.bytes(Int.random(in: id == .nstd ? 4...4 : 0...33, using: &random)))
      }
      sources.append(Source(id: id, fragments: fragments))
    }
    let cream = L1Packet.encode(
      event: header.event, source: .lkr, timestamp: 3, subID: 8, l0Word: .gtkPulser,
      payload: random.bytes(Int.random(in: 13...50, using: &random)))
    sources.append(Source(id: .lkr, stage: .l1, fragments: [.l1(bytes: cream)]))
    return (header, sources)
  }

  /// The decoded event as encoder input.
  static func sources(of event: StoredEvent, _ bytes: [UInt8]) -> [Source] {
    event.sources.map { source in
      Source(
        id: source.id, stage: source.stage,
        fragments: source.fragments.map { fragment in
          source.stage == .l1
            ? .l1(bytes: Array(bytes[fragment.offset..<fragment.offset + fragment.length]))
            : .l0(
              subID: UInt8(fragment.subID), timestamp: fragment.timestamp,
              payload: Array(bytes[fragment.payload]))
        })
    }
  }

  @Test("random events come back", arguments: StoredEvent.Alignment.allCases)
  func roundTrip(alignment: StoredEvent.Alignment) throws {
    var random = SplitMix64(seed: 71)
    for _ in 0..<300 {
      let (header, sources) = Self.random(&random)
      let bytes = try StoredEventEncoder(alignment: alignment).encode(header, sources: sources)
      let event = try StoredEvent(bytes.span.bytes, l1Sources: [.lkr], alignment: alignment)
      #expect(Self.sources(of: event, bytes) == sources)
      #expect(event.byteCount == bytes.count)
      #expect(try StoredEventEncoder(alignment: alignment).encode(event.header, sources: sources) == bytes)
    }
  }

  @Test("damaged events are refused")
  func refusals() {
    func error(_ index: Int, _ value: UInt8) -> Int? {
      var bytes = Self.known
      bytes[index] = value
      return failure { () throws(FormatError) in
        _ = try StoredEvent(bytes.span.bytes, l1Sources: [.lkr])
      }?.offset
    }
    #expect(error(3, 0x61) == 3)
    #expect(error(4, 20) == 76)
    #expect(error(4, 5) == 4)
    #expect(error(32, 9) == 32)
    #expect(error(34, 255) == 32)
    #expect(error(36, 12) != nil)
    #expect(error(40, 7) == 40)
    #expect(error(40, 14) == 40)
    #expect(error(56, 3) == 52)
    #expect(error(73, 9) == 73)
    for length in Self.known.indices {
      #expect(
        failure { () throws(FormatError) in
          _ = try StoredEvent(Array(Self.known[..<length]).span.bytes, l1Sources: [.lkr])
        } != nil)
    }
  }

  @Test("known burst file, hostile offsets")
  func burstFile() throws {
    let encoded = try BurstFile.encode(
      run: 8300, burst: 5, events: [Self.known, Self.known], startOfBurst: 0x5A5B_5C5D)
    var event = Self.known
    event.replaceSubrange(28..<32, with: [0x5D, 0x5C, 0x5B, 0x5A])
    let expected: [UInt8] =
      [1, 0, 0, 0, 1, 0, 0, 0, 0x6C, 0x20, 0, 0, 5, 0, 0, 0, 3, 2, 1, 0, 0x22, 0x81, 1, 0, 7, 0, 0, 0]
      + event
    #expect(encoded.bytes == expected)
    #expect(encoded.dropped == 1)
    for words in [0, 6, 8, 26, 0x3FFF_FFFF, 0xFFFF_FFFF] as [UInt32] {
      var bytes = encoded.bytes
      var field: [UInt8] = []
      field.appendLittle(words)
      bytes.replaceSubrange(24..<28, with: field)
      let file = try BurstFile(bytes.span.bytes)
      var failures = 0
      file.forEachEvent(in: bytes.span.bytes, l1Sources: [.lkr]) { _, result in
        if case .failure = result { failures += 1 }
      }
      #expect(failures == 1)
    }
    for count in [2, 0xFFFF_FFFF] as [UInt32] {
      var bytes = Array(encoded.bytes[..<28])
      bytes.replaceSubrange(4..<8, with: words(count))
      #expect(failure { () throws(FormatError) in _ = try BurstFile(bytes.span.bytes) }?.offset == 4)
    }
  }

  @Test("random burst files: by number, second of a number dropped")
  func burstRoundTrip() throws {
    var random = SplitMix64(seed: 72)
    var events: [[UInt8]] = []
    for number in (0..<40).shuffled(using: &random) + [3, 7] {
      let (header, sources) = Self.random(&random, event: UInt32(number))
      events.append(try StoredEventEncoder().encode(header, sources: sources))
    }
    let encoded = try BurstFile.encode(run: 1, burst: 2, events: events)
    #expect(encoded.dropped == 2)
    let file = try BurstFile(encoded.bytes.span.bytes)
    #expect(file.entries.map(\.event) == Array(0..<40))
    var good = 0
    file.forEachEvent(in: encoded.bytes.span.bytes, l1Sources: [.lkr]) { entry, result in
      if case .success(let event) = result, event.header.triggerWord == entry.triggerWord { good += 1 }
    }
    #expect(good == 40)
    let range = try file.range(ofEntry: 3, in: encoded.bytes.span.bytes)
    #expect(Array(encoded.bytes[range]) == events.first { $0[0] == 3 })
  }

  @Test("names")
  func names() {
    #expect(
      BurstFile.name(startOfBurst: 1_500_000_000, merger: 2, run: 8300, burst: 17)
        == "na62raw_1500000000-02-008300-0017.dat")
    #expect(
      BurstFile.name(startOfBurst: 0, merger: 123, run: 1_234_567, burst: 12345, copy: 2)
        == "na62raw_0-123-1234567-12345_2.dat")
  }

  @Test("records of L1 and L2", arguments: EOBTriggerRecord.Level.allCases)
  func records(level: EOBTriggerRecord.Level) throws {
    var record = EOBTriggerRecord(level: level, node: 9, timestamp: 0x0102_0304)
    for (index, counter) in level.counters.enumerated() { record.counters[counter] = UInt32(index + 1) }
    record.masks = (0..<16).map { .init(input: 100 + $0, accepted: 200 + $0) }
    let bytes = record.bytes
    #expect(bytes.count == level.byteCount)
    #expect(level.counters.count == (level == .l1 ? 15 : 13))
    let start: [UInt8] =
      level == .l1
      ? [66, 0, 9, 0x44, 4, 3, 2, 1, 1, 1, 0, 0, 1, 0, 0, 0]
      : [65, 0, 9, 0x48, 4, 3, 2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    #expect(Array(bytes[..<start.count]) == start)
    #expect(Array(bytes.suffix(12)) == [0, 0, 0, 0, 115, 0, 0, 0, 215, 0, 0, 0])
    #expect(try EOBTriggerRecord(bytes.span.bytes) == record)
    for length in bytes.indices {
      #expect(
        failure { () throws(FormatError) in
          _ = try EOBTriggerRecord(Array(bytes[..<length]).span.bytes)
        } != nil)
    }
  }

  @Test("insertion into the NSTD block")
  func insertion() throws {
    var random = SplitMix64(seed: 73)
    var (header, sources) = Self.random(&random)
    sources.insert(Source(id: .l1, fragments: []), at: 3)
    header.triggerWord = 0x01_2023
    let encoder = StoredEventEncoder(alignment: .corrected)
    let bytes = try encoder.encode(header, sources: sources)
    let l1 = EOBTriggerRecord(level: .l1, node: 1, timestamp: 50).bytes
    let chod = EOBHeader(words: 3, block: 0, detector: .chod, timestamp: 50).bytes + [1, 2, 3, 4]
    let late = EOBHeader(words: 2, block: 0, detector: .chod, timestamp: 51).bytes
    let absent = EOBHeader(words: 2, block: 0, detector: .muv3, timestamp: 50).bytes
    let out = try EndOfBurst.insert([l1, late, absent, chod], into: bytes, timestamp: 50)
    #expect(out.count == bytes.count + 276)
    let event = try StoredEvent(out.span.bytes, l1Sources: [.lkr], alignment: .corrected)
    let nstd = try #require(event.sources.first { $0.id == .nstd }?.fragments.first)
    #expect(nstd.length == 12 + 276)
    #expect(Array(out[nstd.payload].dropFirst(4)) == chod + l1)
    #expect(Self.sources(of: event, out).filter { $0.id != .nstd } == sources.filter { $0.id != .nstd })
    header.triggerWord = 0x22
    let other = try encoder.encode(header, sources: sources)
    #expect(try EndOfBurst.insert([l1], into: other, timestamp: 50) == other)
  }
}
