import NA62Formats
import PacketCapture
import Testing

@Suite struct FragmentTests {
  static let payload = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

  private func pieces(_ identification: UInt16 = 9) -> [[UInt8]] {
    var builder = UDPFrameBuilder()
    builder.identification = identification
    return builder.fragments(payload: Self.payload, mtu: 800)
  }

  private func run(
    _ frames: [[UInt8]], seconds: [UInt32]? = nil, _ options: CaptureOptions = CaptureOptions()
  )
    throws -> Everything
  {
    let scratch = try Scratch()
    let packets = frames.enumerated().map { index, frame in
      Packet(seconds: seconds?[index] ?? UInt32(index + 1), frame: frame)
    }
    return try Everything([try scratch.file("a", pcap(packets))], options)
  }

  @Test func fragmentsInAnyOrderMakeTheDatagram() throws {
    let pieces = pieces()
    #expect(pieces.count == 4)
    for seed in 0..<24 {
      var random = SplitMix(state: UInt64(seed))
      let all = try run(pieces.shuffled(using: &random))
      #expect(all.payloads == [Self.payload])
      #expect(all.books.fragmentsUsed == 4 && all.books.reassembled == 1)
      #expect(all.datagrams[0].time.nanoseconds == 4_000_000_000)
      #expect(all.datagrams[0].packet.number == 4)
      #expect(all.datagrams[0].sourcePort == 50000)
      #expect(all.datagrams[0].frameLength == 14 + 20 + 8 + 3000)
    }
  }

  @Test func theSynthesisedFrameReadsAsAWholeDatagram() throws {
    let scratch = try Scratch()
    let packets = pieces().map { Packet(seconds: 1, frame: $0) }
    let reader = try CaptureReader(inputs: [CaptureInput(path: try scratch.file("a", pcap(packets)))])
    let batch = try #require(try reader.next())
    let datagram = batch.datagrams[0]
    let bytes = Array(batch.bytes[datagram.frameOffset..<datagram.frameOffset + datagram.frameLength])
    var builder = UDPFrameBuilder()
    builder.identification = 9
    #expect(bytes == builder.frame(payload: Self.payload))
  }

  @Test func anIdenticalCopyIsDropped() throws {
    let pieces = pieces()
    let all = try run([pieces[0], pieces[1], pieces[0], pieces[2], pieces[3]])
    #expect(all.payloads == [Self.payload])
    #expect(all.books.fragmentsDuplicate == 1 && all.reasons.isEmpty)
  }

  @Test func aSecondLastFragmentDiscardsTheDatagram() throws {
    let pieces = pieces()
    let all = try run([pieces[0], pieces[3], pieces[3], pieces[1]])
    #expect(all.payloads.isEmpty)
    #expect(all.books.fragmentsDuplicateLast == 3 && all.books.fragmentsUnfinished == 1)
    #expect(
      all.reasons == [
        .fragmentDuplicateLast, .fragmentDuplicateLast, .fragmentDuplicateLast, .fragmentUnfinished,
      ])
  }

  @Test func overlapsAndContradictionsDiscardTheDatagram() throws {
    let builder = UDPFrameBuilder()
    func piece(_ offset: Int, _ length: Int, _ more: Bool, _ fill: UInt8 = 0) -> [UInt8] {
      builder.fragment(bytes: [UInt8](repeating: fill, count: length), offset: offset, moreFragments: more)
    }
    let cases = [
      [piece(0, 64, true), piece(56, 64, true)],
      [piece(56, 64, true), piece(0, 64, true)],
      [piece(0, 64, true), piece(0, 64, true, 1)],
      [piece(0, 64, true), piece(0, 56, true)],
      [piece(64, 10, false), piece(128, 64, true)],
      [piece(128, 64, true), piece(64, 10, false)],
    ]
    for frames in cases {
      let all = try run(frames)
      #expect(all.books.fragmentsOverlapping == 2)
      #expect(all.reasons == [.fragmentOverlap, .fragmentOverlap])
    }
  }

  @Test func fragmentsThatNeverMeetAreUnfinishedAtTheEnd() throws {
    let pieces = pieces()
    let all = try run([pieces[0], pieces[2]])
    #expect(all.books.fragmentsUnfinished == 2)
    #expect(all.reasons == [.fragmentUnfinished, .fragmentUnfinished])
    #expect(all.rejectedFrames == [pieces[0], pieces[2]])
  }

  @Test func fragmentsTimeOutInDataTime() throws {
    let pieces = pieces()
    let others = self.pieces(10)
    let all = try run(
      [pieces[0], others[0], pieces[1], pieces[2], pieces[3]], seconds: [1, 32, 33, 34, 35])
    #expect(all.payloads.isEmpty && all.books.fragmentsUnfinished == 5)
    #expect(try run(pieces, seconds: [1, 2, 3, 31]).payloads == [Self.payload])
  }

  @Test func theOldestIsGivenUpWhereTheTableIsFull() throws {
    var options = CaptureOptions()
    options.maximumPendingFragments = 2
    let (a, b, c) = (pieces(1), pieces(2), pieces(3))
    let all = try run([a[0], b[0], c[0]] + b[1...] + c[1...], options)
    #expect(all.payloads.count == 2)
    #expect(all.books.fragmentsEvicted == 1 && all.reasons == [.fragmentEvicted])
    var few = CaptureOptions()
    few.maximumPendingFragmentBytes = 1000
    #expect(try run([a[0], b[0]], few).books.fragmentsEvicted == 1)
  }

  @Test func aPurgeGivesUpWhatWaits() throws {
    let scratch = try Scratch()
    let frames = pieces()
    let path = try scratch.file(
      "a",
      pcap([frames[0], frame("x"), frames[1], frames[2], frames[3]].map { Packet(seconds: 1, frame: $0) }))
    var options = CaptureOptions()
    options.maximumDatagramsPerBatch = 1
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: options)
    let first = try #require(try reader.next())
    #expect(first.books.fragmentsPending == 1 && first.books.closes)
    reader.purge()
    let second = try #require(try reader.next())
    #expect(second.books.fragmentsUnfinished == 4 && second.books.closes)
    #expect(second.rejects.count == 4)
    #expect(try reader.next() == nil)
    #expect(reader.books.closes && reader.books.fragmentsPending == 0)
  }

  @Test func aReassembledDatagramWithABadUDPLengthIsRejected() throws {
    var frames = pieces()
    frames[0][38] = 0xff
    let all = try run(frames)
    #expect(all.payloads.isEmpty && all.books.fragmentsMalformed == 4)
  }

  @Test func aSmallSlabChangesNothing() throws {
    var frames: [[UInt8]] = []
    for n in 0..<20 { frames += pieces(UInt16(n)) + [frame("between \(n)")] }
    frames += [pieces(99)[0]]
    var options = CaptureOptions()
    options.pauseNanoseconds = .max
    let large = try run(frames, options)
    for size in [1024, 3000, 5000] {
      options.slabSize = size
      let small = try run(frames, options)
      #expect(small.payloads == large.payloads)
      #expect(small.books == large.books && small.reasons == large.reasons)
      #expect(small.batches > large.batches)
    }
  }

  @Test func noBatchReachesOverAPauseAndNothingElseChanges() throws {
    // Two datagrams a second, the second of each in fragments: with each second a batch begins.
    var (frames, seconds) = ([[UInt8]](), [UInt32]())
    for n in 0..<6 as Range<UInt32> {
      let some = [frame("whole \(n)")] + pieces(UInt16(n))
      frames += some
      seconds += some.map { _ in n }
    }
    var whole = CaptureOptions()
    whole.pauseNanoseconds = 2_000_000_000
    let one = try run(frames, seconds: seconds, whole)
    let cut = try run(frames, seconds: seconds)
    #expect(cut.batches >= 6)
    #expect(cut.payloads == one.payloads && cut.books == one.books && cut.payloads.count == 12)
    let scratch = try Scratch()
    let path = try scratch.file("paused", pcap(zip(frames, seconds).map { Packet(seconds: $1, frame: $0) }))
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    while let batch = try reader.next() {
      #expect(batch.books.closes)
      #expect(Set(batch.datagrams.map { $0.time.nanoseconds / 1_000_000_000 }).count == 1)
    }
  }

  @Test func theReassemblerAloneIsBoundedAndForgetsNothing() {
    var reassembler = FragmentReassembler(maximumDatagrams: 8, maximumBytes: 10_000, timeoutNanoseconds: 1000)
    var random = SplitMix(state: 1)
    var given = 0
    for n in 0..<20_000 {
      let key = FragmentKey(
        source: 1, destination: 2, protocolNumber: 17,
        identification: UInt16.random(in: 0..<16, using: &random))
      let length = 8 * Int.random(in: 1...20, using: &random)
      let outcome = reassembler.add(
        Fragment(
          key: key, time: DataTime(nanoseconds: Int64(n * 20)), packet: PacketReference(input: 0, number: 1),
          link: .rawIP, frame: ContiguousArray(repeating: 0, count: 20 + length), originalLength: 20 + length,
          headerOffset: 0, payloadOffset: 20, payloadLength: length,
          fragmentOffset: 8 * Int.random(in: 0...40, using: &random), isLast: Bool.random(using: &random)))
      given += outcome.isDuplicate ? 1 : 0
      given += outcome.completed?.fragments.count ?? 0
      given += outcome.discarded.reduce(0) { $0 + $1.fragments.count }
      #expect(given + reassembler.pendingFragments == n + 1)
      #expect(reassembler.pendingDatagrams <= 8 && reassembler.pendingBytes <= 10_000)
    }
    given += reassembler.purge().reduce(0) { $0 + $1.fragments.count }
    #expect(given == 20_000)
    #expect(reassembler.pendingFragments == 0 && reassembler.pendingBytes == 0)
  }
}
