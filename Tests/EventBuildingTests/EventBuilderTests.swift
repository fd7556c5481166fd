import EventBuilding
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Event builder")
struct EventBuilderTests {
  @Test("an event is complete with its last fragment, its fragments in dense order")
  func completeEvent() throws {
    let packets = BuilderFixture.packets(first: 5, timestamp: 4711, at: 9)
    for order in [[0, 1, 2, 3], [3, 1, 0, 2], [1, 2, 3, 0]] {
      let batch = BuilderFixture.build(order.map { packets[$0] })
      let event = try #require(batch.events.first)
      #expect(batch.events.count == 1)
      #expect(event.number == 5)
      #expect(event.burst == 1)
      #expect(event.timestamp == 4711)
      #expect(event.l0 == L0TPRecord(fineTime: 7, dataType: .physics, word: L0Word(rawValue: 1), flags: 1))
      #expect(event.time == DataTime(nanoseconds: 9))
      #expect(!event.isLastOfBurst)
      #expect(BuilderFixture.payload(event, 0, of: batch) == [1, 2, 3, 4, 5])
      #expect(BuilderFixture.payload(event, 1, of: batch) == [6, 7])
      #expect(BuilderFixture.payload(event, 2, of: batch) == [])
      #expect(BuilderFixture.payload(event, 3, of: batch).count == L0TPRecord.byteCount)
      #expect(batch.fragments.map(\.subID) == [0, 1, 0, 0, 0])
      #expect(batch.unfinished.isEmpty)
      #expect(batch.books.fragmentsBuilt == 5)
      #expect(batch.books.closes)
    }
  }

  @Test("within a source the fragments lie in the order of their arrival, not of the boards")
  func arrivalOrder() throws {
    let packets = BuilderFixture.packets(first: 0)
    let batch = BuilderFixture.build([0, 2, 1, 3].map { packets[$0] })
    let event = try #require(batch.events.first)
    #expect(batch.fragments.map(\.subID) == [1, 0, 0, 0, 0])
    #expect(BuilderFixture.payload(event, 0, of: batch) == [6, 7])
    #expect(BuilderFixture.payload(event, 1, of: batch) == [1, 2, 3, 4, 5])
    #expect(batch.fragments.map(\.packet.number) == [2, 3, 4, 1, 1])
  }

  @Test("a duplicate is known by the count of its source alone, and takes the place of a missing board")
  func duplicateByCount() throws {
    let packets = BuilderFixture.packets(first: 0)
    let surplus = BuilderFixture.build([0, 1, 2, 2, 1, 3].map { packets[$0] })
    #expect(surplus.events.count == 1)
    #expect(surplus.books.fragmentsDuplicate == 2)
    #expect(surplus.books.closes)
    // The same board twice: NA62 counts fragments, not boards, so the event is complete.
    let twice = BuilderFixture.build([0, 1, 1, 3].map { packets[$0] })
    #expect(twice.events.count == 1)
    #expect(twice.fragments.map(\.subID) == [0, 0, 0, 0, 0])
    #expect(twice.books.fragmentsDuplicate == 0)
  }

  @Test("a fragment behind its completed event begins the event anew")
  func lateFragment() {
    let packets = BuilderFixture.packets(first: 0)
    let batch = BuilderFixture.build(packets + [packets[3]])
    #expect(batch.events.count == 1)
    #expect(batch.unfinished.map(\.received) == [[0, 1, 0, 0]])
    #expect(batch.books.events == 2)
    #expect(batch.books.closes)
  }

  @Test(
    "distinct boards: a second fragment of a board is a duplicate, and the event waits for the missing one")
  func distinctBoards() {
    var options = EventBuilder.Options()
    options.requiresDistinctBoards = true
    let packets = BuilderFixture.packets(first: 0)
    let twice = BuilderFixture.build([0, 1, 1, 3].map { packets[$0] }, options: options)
    #expect(twice.events.isEmpty)
    #expect(twice.books.fragmentsDuplicate == 1)
    #expect(twice.unfinished.map(\.received) == [[1, 1, 1, 1]])
    #expect(twice.books.closes)
    let completed = BuilderFixture.build([0, 1, 1, 3, 2].map { packets[$0] }, options: options)
    #expect(completed.events.count == 1)
    #expect(completed.fragments.map(\.subID) == [0, 1, 0, 0, 0])
    #expect(completed.books.fragmentsDuplicate == 1)
    #expect(completed.books.closes)
  }

  @Test("late copies: fragments behind their completed event are duplicates, in its burst alone")
  func lateCopies() {
    var options = EventBuilder.Options()
    options.dropsLateCopies = true
    let builder = EventBuilder(layout: BuilderFixture.layout, options: options)
    let packets = BuilderFixture.packets(first: 100)
    let late = BuilderFixture.build(packets + [packets[3], packets[0]], with: builder)
    #expect(late.events.count == 1)
    #expect(late.unfinished.isEmpty)
    #expect(late.books.events == 1)
    // The L0TP's packet stands for the fragment of source 0x44 as well.
    #expect(late.books.fragmentsDuplicate == 3)
    #expect(late.books.closes)
    // The burst has ended: the same number is another event.
    let next = BuilderFixture.build(packets, with: builder)
    #expect(next.events.count == 1)
    #expect(next.books.closes)
    // One that was never completed is no copy.
    let missing = BuilderFixture.build(Array(packets.dropLast()), options: options)
    #expect(missing.unfinished.count == 1)
    #expect(missing.books.fragmentsDuplicate == 0)
  }

  @Test("a contradicting last-of-burst flag loses the fragment and leaves the event incomplete")
  func flagMismatch() {
    var packets = BuilderFixture.packets(first: 3, isLast: true)
    packets[2] = BuilderFixture.packets(first: 3, isLast: false)[2]
    let batch = BuilderFixture.build(packets)
    #expect(batch.events.isEmpty)
    // The mismatch makes the event's flag false, so that the next fragment with the flag contradicts too.
    #expect(batch.books.fragmentsFlagMismatch == 2)
    #expect(batch.books.eventsCorruptedHeader == 1)
    #expect(BuilderFixture.texts(batch.unfinished) == ["3 of burst 1: [1, 0, 1, 1], burst-end"])
    #expect(batch.books.closes)
  }

  @Test("the flag of the last event of a burst is carried on")
  func lastOfBurst() throws {
    let batch = BuilderFixture.build(BuilderFixture.packets(first: 3, isLast: true))
    #expect(try #require(batch.events.first).isLastOfBurst)
  }

  @Test("virtual sources are made of L0TP fragments, before these are added")
  func virtualSources() throws {
    let layout = EventLayout(sources: [
      .init(id: .l0tp, fragments: 1), .init(id: .l1, fragments: 1), .init(id: .l2, fragments: 1),
      .init(id: .nstd, fragments: 1),
    ])
    var options = EventBuilder.Options()
    options.l1BlockByteCount = 36
    let builder = EventBuilder(layout: layout, options: options)
    let batch = BuilderFixture.build([BuilderFixture.packets(first: 0, count: 3)[0]], with: builder)
    #expect(batch.events.map(\.number) == [0, 1, 2])
    for event in batch.events {
      let fragments = batch.fragments[Int(event.firstFragment)..<(Int(event.firstFragment) + 4)]
      #expect(fragments.map(\.isVirtual) == [false, true, true, true])
      #expect(fragments.map(\.length) == [88, 36, 4, 4])
      #expect(Set(fragments.map(\.timestamp)) == [event.timestamp])
    }
    #expect(batch.books.fragments == 12)
    #expect(batch.books.closes)
    // Its own fragment completes the event: nothing is made behind it that would begin the event anew.
    #expect(batch.unfinished.isEmpty)
  }

  @Test("a virtual fragment takes its place before a real one of the same source")
  func virtualBeforeReal() {
    let packets = BuilderFixture.packets(first: 0)
    let foreign = ScriptedPacket(.l1, first: 0, [[9, 9, 9]])
    let batch = BuilderFixture.build([packets[0], foreign] + packets[1...])
    #expect(batch.events.count == 1)
    #expect(batch.books.fragmentsDuplicate == 1)
    #expect(batch.fragments[4].isVirtual)
  }

  @Test("event numbers outside the pool are counted and not built, also those behind 24 bits")
  func outOfRange() {
    var options = EventBuilder.Options()
    options.maximumEvents = 10
    let batch = BuilderFixture.build(BuilderFixture.packets(first: 8, count: 4), options: options)
    #expect(batch.events.map(\.number) == [8, 9])
    #expect(batch.books.fragmentsOutOfRange == 2 * 5)
    #expect(batch.books.closes)
    let wrap = BuilderFixture.build(BuilderFixture.packets(first: 0xFF_FFFF, count: 2))
    #expect(wrap.events.isEmpty)
    #expect(wrap.unfinished.isEmpty)
    #expect(wrap.books.fragmentsOutOfRange == 10)
  }

  @Test("beyond the limit of pending bytes the event that has waited longest is given up")
  func pendingLimit() {
    var options = EventBuilder.Options()
    options.maximumPendingBytes = 900
    // Each pending event holds 256 bytes and the record of L0TP.
    let starts: [UInt32] = [20, 4, 30, 2]
    let packets = starts.map { BuilderFixture.packets(first: $0)[0] }
    let batch = BuilderFixture.build(packets, options: options)
    #expect(batch.unfinished.map(\.number) == [20, 4, 2, 30])
    #expect(batch.unfinished.map(\.reason) == [.pendingLimit, .pendingLimit, .burstEnd, .burstEnd])
    #expect(batch.unfinished.filter { $0.received != [0, 0, 1, 1] }.isEmpty)
    #expect(batch.books.fragmentsUnfinished == 8)
    #expect(batch.books.closes)
  }

  @Test("the memory of finished events is used again, and an event given up leaves nothing behind")
  func memoryIsUsedAgain() throws {
    let builder = EventBuilder(layout: BuilderFixture.layout)
    var whole = BuilderBooks()
    for round in 0..<50 {
      let first = UInt32(round * 3)
      // One event stays without MUV3, two are completed with payloads of their own.
      var packets = Array(BuilderFixture.packets(first: first)[..<3])
      let long = [UInt8](repeating: UInt8(round), count: 3000 + round * 100)
      packets += BuilderFixture.packets(first: first + 1)
      packets += BuilderFixture.packets(first: first + 2)
      packets[8] = ScriptedPacket(.ktag, board: 0, first: first + 2, [long])
      let batch = BuilderFixture.build(packets, with: builder, finishes: false)
      #expect(batch.events.map(\.number) == [first + 1, first + 2])
      let events = Array(batch.events)
      #expect(BuilderFixture.payload(try #require(events.first), 0, of: batch) == [1, 2, 3, 4, 5])
      #expect(BuilderFixture.payload(try #require(events.last), 0, of: batch) == long)
      #expect(BuilderFixture.payload(try #require(events.last), 1, of: batch) == [6, 7])
      #expect(batch.books.closes)
      #expect(batch.books.eventsPending == 1)
      whole += batch.books
    }
    builder.finish()
    let last = builder.takeBatch()
    #expect(last.unfinished.map(\.number) == (0..<50).map { UInt32($0 * 3) })
    whole += last.books
    #expect(whole.closes)
    #expect(whole.eventsPending == 0)
    #expect(whole.fragmentsPending == 0)
  }

  @Test("a batch that is kept is not touched by what is built behind it")
  func batchesAreIndependent() throws {
    let builder = EventBuilder(layout: BuilderFixture.layout)
    let kept = BuilderFixture.build(
      BuilderFixture.packets(first: 0, count: 8), with: builder, finishes: false)
    let bytes = kept.bytes
    for i in 1..<20 {
      _ = BuilderFixture.build(
        BuilderFixture.packets(first: UInt32(8 * i), count: 8, timestamp: 5), with: builder, finishes: false)
    }
    #expect(kept.bytes == bytes)
    #expect(kept.events.map(\.number) == [0, 1, 2, 3, 4, 5, 6, 7])
  }
}

@Suite("Packets that are not built with")
struct PacketRejectionTests {
  @Test("a packet without fragments is sound and adds nothing")
  func emptyPacket() {
    let batch = BuilderFixture.build([
      ScriptedPacket(.l0tp, first: 0, []), ScriptedPacket(.muv3, first: 0, []),
    ])
    #expect(batch.books.l0Packets == 2)
    #expect(batch.books.fragments == 0)
    #expect(batch.books.closes)
    #expect(batch.events.isEmpty)
  }

  @Test("a packet is thrown away whole, with the reason and its place", arguments: PacketRejection.allCases)
  func rejections(_ reason: PacketRejection) {
    var payload = BuilderFixture.packets(first: 0, count: 2)[1].payload
    switch reason {
    case .tooShort: payload = Array(payload[..<7])
    case .lengthMismatch: payload.append(0)
    case .unknownSource: payload[3] = 0x2C
    case .eventNumber: payload[10] = 7
    case .fragmentTooShort: (payload[8], payload[9]) = (7, 0)
    case .fragmentBeyondEnd: payload[9] = 0x20
    case .trailingBytes: payload[6] = 1
    case .l0tpTooShort: payload = ScriptedPacket(.l0tp, first: 0, [[UInt8](repeating: 0, count: 23)]).payload
    case .fragmentTooLong: return  // of L1 packets only, tested with the formats
    }
    let sound = BuilderFixture.packets(first: 9)
    let batch = BuilderFixture.build([sound[0], ScriptedPacket(payload)] + sound[1...])
    #expect(batch.books.rejected == BuilderFixture.only(reason))
    #expect(batch.rejects.map(\.reason) == [reason])
    #expect(batch.rejects.map(\.datagram) == [1])
    #expect(batch.rejects.map(\.packet.number) == [2])
    #expect(batch.events.map(\.number) == [9])
    #expect(batch.unfinished.isEmpty)
    #expect(batch.books.closes)
  }

  @Test("datagrams to other ports are counted only")
  func otherPort() {
    var packets = BuilderFixture.packets(first: 0)
    packets[3].port = 58914
    let batch = BuilderFixture.build(packets)
    #expect(batch.books.otherPort == 1)
    #expect(batch.books.l0Packets == 3)
    #expect(batch.rejects.isEmpty)
    #expect(batch.books.closes)
    var options = EventBuilder.Options()
    options.l0Port = 4000
    for i in packets.indices { packets[i].port = 4000 }
    #expect(BuilderFixture.build(packets, options: options).events.count == 1)
  }

  @Test("with the farm's address set, datagrams for other hosts are counted only")
  func otherHost() {
    var packets = BuilderFixture.packets(first: 0)
    packets.append(packets[3])
    packets[4].host = 0x0A00_0003
    #expect(BuilderFixture.build(packets).books.otherHost == 0)
    var options = EventBuilder.Options()
    options.hostAddress = 0x0A00_0002
    let batch = BuilderFixture.build(packets, options: options)
    #expect(batch.books.otherHost == 1)
    #expect(batch.events.count == 1)
    #expect(batch.unfinished.isEmpty)
    #expect(batch.books.closes)
  }

  @Test("books of the parts, merged in any order, are the books of the whole")
  func booksMerge() {
    var generator = SplitMix64(seed: 11)
    var packets: [ScriptedPacket] = []
    for first in 0..<40 { packets += BuilderFixture.packets(first: UInt32(first)) }
    packets = packets.compactMap { packet in
      var packet = packet
      if generator.oneIn(10) { return nil }
      if generator.oneIn(10) { packet.port = 1 }
      if generator.oneIn(10) { packet.payload.append(0) }
      return packet
    }
    let whole = BuilderFixture.build(packets).books
    let builder = EventBuilder(layout: BuilderFixture.layout)
    var parts: [BuilderBooks] = []
    var rest = packets[...]
    while !rest.isEmpty {
      let count = min(rest.count, 1 + generator.below(9))
      parts.append(BuilderFixture.build(Array(rest.prefix(count)), with: builder, finishes: false).books)
      rest = rest.dropFirst(count)
    }
    builder.finish()
    parts.append(builder.takeBatch().books)
    #expect(parts.filter { !$0.closes }.isEmpty)
    for _ in 0..<5 {
      var sum = BuilderBooks()
      for part in parts.shuffled(using: &generator) { sum += part }
      #expect(sum == whole)
    }
    #expect(whole.closes)
    #expect(whole.datagrams == UInt64(packets.count))
  }
}
