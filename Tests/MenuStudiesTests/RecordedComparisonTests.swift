import L0Trigger
import MenuStudies
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Against recorded decisions")
struct RecordedComparisonTests {
  /// A record of a test.
  private struct Record {
    var timestamp: UInt32
    var record: L0TPRecord
  }

  private static let options: MenuStudy.Options = {
    var options = MenuStudy.Options()
    options.comparesRecorded = true
    options.keepsDisagreements = true
    return options
  }()

  /// Packets of the processor with eight records each, from event `first` on.
  private static func packets(_ records: [Record], first: UInt32 = 0, at nanoseconds: Int64)
    -> [ScriptedPacket]
  {
    stride(from: 0, to: records.count, by: 8).map { begin in
      var encoder = L0MEPEncoder(firstEvent: first + UInt32(begin), source: .l0tp, subID: 3)
      for record in records[begin..<min(records.count, begin + 8)] {
        let fits = encoder.append(payload: record.record.bytes, timestamp: record.timestamp)
        precondition(fits, "a record of a test does not fit")
      }
      return ScriptedPacket(encoder.bytes, at: nanoseconds)
    }
  }

  /// What a menu sends, as the processor would have recorded it.
  private static func records(_ menu: L0Menu, _ packets: [ScriptedPacket]) -> [Record] {
    StudyFixture.slices([menu], packets).flatMap { slice in
      slice.triggers[0].map {
        Record(
          timestamp: $0.timestamp,
          record: L0TPRecord(
            fineTime: $0.fineTime, dataType: $0.dataType, word: L0Word(rawValue: $0.word), flags: $0.flags))
      }
    }
  }

  private static let special = [
    Record(timestamp: 0, record: .trigger(.startOfBurst, L0DataType(rawValue: 0x22), flags: 0x22))
  ]

  @Test("a menu agrees with what it recorded itself", arguments: [1, 10, 100_000])
  func agrees(step: Int) {
    let menu = StudyFixture.menus(1)[0]
    let primitives = StudyFixture.random(seed: 3).packets()
    let records = Self.special + Self.records(menu, primitives)
    let stream = primitives + Self.packets(records, at: 100_000_000)
    let result = StudyFixture.study([menu], stream, step: step, options: Self.options)
    let counts = result.comparisons[0]
    #expect(counts.all.both == UInt64(records.count - 1))
    #expect(counts.all.onlyEmulated + counts.all.onlyRecorded + counts.otherLines == 0)
    #expect(counts.examples.elements.isEmpty)
    #expect(result.recorded.special == 1)
    #expect(result.recorded.closes)
  }

  @Test("missing, additional and changed records are found, event by event")
  func disagrees() throws {
    let menu = StudyFixture.menu()
    let primitives = StudyFixture.coincidences().packets()
    var records = Self.records(menu, primitives)
    #expect(records.count == 92)
    records.remove(at: 5)
    records[10].record.flags = 0x0003
    records.insert(Record(timestamp: records[20].timestamp + 7, record: .physics(0x0001)), at: 21)
    records.append(
      Record(timestamp: 99_000, record: .trigger(L0Word(rawValue: 0x31), .periodic)))
    let recorded = Self.packets(Self.special + records, at: 100_000_000)
    var study = MenuStudy(menus: [menu], options: Self.options)
    var reader = RecordedDecisionReader()
    _ = StudyFixture.slices([menu], primitives + recorded + [recorded[3]]) { batch, slices in
      let decisions = reader.decisions(in: batch)
      study.add(slices, recorded: decisions, books: reader.books)
    }
    study.finish()
    let counts = study.result.comparisons[0]
    #expect(counts.all == RecordedCounts.Line(both: 91, onlyEmulated: 1, onlyRecorded: 1))
    #expect(counts.otherLines == 1)
    #expect(counts.lines[0] == RecordedCounts.Line(both: 91, onlyEmulated: 1, onlyRecorded: 1))
    #expect(counts.lines[1].onlyRecorded == 1)
    #expect(study.result.recorded.otherSources == 1)
    #expect(study.result.recorded.duplicates == 8)
    #expect(study.result.recorded.closes)
    let disagreements = study.takeDisagreements()
    #expect(disagreements.map(\.kind) == ["only emulated", "other lines", "only recorded"])
    #expect(disagreements.map(\.timestamp) == [800, 1400, 2407])
    // The RICH sends the second of the seven packets of each frame.
    #expect(disagreements[0].primitivePacket == PacketReference(input: 0, number: 800 / 256 * 7 + 2))
    #expect(disagreements[0].recordPacket == nil)
    #expect(disagreements[2].recordPacket != nil)
    #expect(disagreements == counts.examples.elements)
    #expect(study.takeDisagreements().isEmpty)
  }

  @Test("each burst is compared with its own records")
  func bursts() {
    let menu = StudyFixture.menu()
    var stream: [ScriptedPacket] = []
    for burst in 0..<3 {
      let start = Int64(burst) * 16_000_000_000
      let primitives = StudyFixture.coincidences(40 + burst).packets(at: start)
      let end = Record(timestamp: 20_000, record: .trigger(.endOfBurst, L0DataType(rawValue: 0x23)))
      var records = Self.special + Self.records(menu, primitives) + [end]
      if burst == 1 { records.remove(at: 4) }
      stream += primitives + Self.packets(records, at: start + 4_000_000_000)
    }
    for step in [1, 100, 100_000] {
      let result = StudyFixture.study([menu], stream, step: step, options: Self.options)
      let counts = result.comparisons[0]
      #expect(result.bursts == 3)
      #expect(counts.all.onlyEmulated == 1)
      #expect(counts.all.onlyRecorded == 0)
      #expect(counts.all.both == result.menus[0].triggers.sent - 1)
      #expect(counts.examples.elements.map(\.burst) == [2])
      #expect(result.recorded.special == 6)
    }
  }

  @Test("a stream without records has only emulated triggers")
  func noRecords() {
    let primitives = StudyFixture.coincidences().packets()
    let result = StudyFixture.study([StudyFixture.menu()], primitives, options: Self.options)
    #expect(result.comparisons[0].all.onlyEmulated == 92)
    #expect(result.recorded.books.packets == 0)
  }

  @Test("debugging packets and broken packets are counted, not read")
  func broken() {
    var debugging = L0MEPEncoder(firstEvent: 1, source: .l0tp, subID: 0xFF)
    _ = debugging.append(payload: L0TPRecord.physics(1).bytes, timestamp: 5)
    var short = L0MEPEncoder(firstEvent: 1, source: .l0tp, subID: 3)
    _ = short.append(payload: [1, 2, 3], timestamp: 5)
    var other = L0MEPEncoder(firstEvent: 1, source: .ktag, subID: 0)
    _ = other.append(payload: [1, 2, 3], timestamp: 5)
    var reader = RecordedDecisionReader()
    let packets = [debugging.bytes, short.bytes, other.bytes].map { ScriptedPacket($0) }
    #expect(reader.decisions(in: StudyFixture.batch(packets[...])).isEmpty)
    #expect((reader.books.packets, reader.books.debugging, reader.books.rejected) == (2, 1, 1))
  }

  @Test("any bytes are counted", arguments: 0..<20)
  func hostile(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    let menu = StudyFixture.menu()
    var stream = StudyFixture.coincidences(20).packets()
    let records = Self.packets(Self.records(menu, stream), at: 0)
    for record in records {
      var bytes = record.payload
      for _ in 0..<random.below(4) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      if random.oneIn(3) { bytes.removeLast(random.below(bytes.count)) }
      stream.insert(ScriptedPacket(bytes), at: random.below(stream.count))
    }
    let result = StudyFixture.study([menu], stream, step: 1 + random.below(30), options: Self.options)
    #expect(result.recorded.closes)
    let all = result.comparisons[0].all
    #expect(all.both + all.onlyRecorded == result.recorded.compared)
    #expect(all.both + all.onlyEmulated == result.menus[0].triggers.sent)
  }
}
