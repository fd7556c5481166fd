import NA62Formats
import PacketCapture
import Testing

@Suite("Fragments at the end of a burst")
struct BurstWatchTests {
  private static let payload = FragmentTests.payload

  /// The four fragments of one datagram; identifications come again in each burst.
  private var pieces: [[UInt8]] {
    var builder = UDPFrameBuilder()
    builder.identification = 9
    return builder.fragments(payload: Self.payload, mtu: 800)
  }

  /// The packet of an L0TP record.
  private func l0tp(_ word: L0Word, event: UInt32, isLast: Bool = false, port: UInt16 = 58913) -> [UInt8] {
    let record = L0TPRecord(fineTime: 0, dataType: [], word: word, flags: 0)
    var encoder = L0MEPEncoder(firstEvent: event, source: .l0tp, subID: 0)
    let fits = encoder.append(payload: record.bytes, timestamp: 0, isLastOfBurst: isLast)
    #expect(fits)
    var builder = UDPFrameBuilder()
    builder.destinationPort = port
    return builder.frame(payload: encoder.bytes)
  }

  private func run(
    _ packets: [(second: UInt32, frame: [UInt8])], _ change: (inout CaptureOptions) -> Void = { _ in }
  )
    throws -> Everything
  {
    let scratch = try Scratch()
    let file = try scratch.file("a", pcap(packets.map { Packet(seconds: $0.second, frame: $0.frame) }))
    var options = CaptureOptions()
    change(&options)
    return try Everything([file], options)
  }

  @Test("a start-of-burst record behind the end of a burst gives up the fragments of the old burst")
  func startOfBurst() throws {
    let packets = [
      (1, pieces[0]), (2, l0tp(.endOfBurst, event: 100, isLast: true)), (3, l0tp(.startOfBurst, event: 0)),
      (4, pieces[1]), (4, pieces[2]), (4, pieces[3]),
    ]
    let all = try run(packets.map { (UInt32($0.0), $0.1) })
    #expect(all.payloads.count == 2)
    #expect(all.books.fragmentsBurstEnd == 1)
    #expect(all.books.fragmentsUnfinished == 3)
    #expect(all.books.reassembled == 0)
    #expect(all.reasons.first == .fragmentBurstEnd)
    #expect(all.rejectedFrames.first == pieces[0])
    // Without the watch the fragments of two bursts are taken for one datagram.
    let mixed = try run(packets.map { (UInt32($0.0), $0.1) }) { $0.burstWatch = nil }
    #expect(mixed.payloads.count == 3 && mixed.books.reassembled == 1)
  }

  @Test("6 s behind the end of a burst the first packet, be it a fragment, ends the wait", arguments: [8, 9])
  func timeAlone(_ second: UInt32) throws {
    let packets: [(UInt32, [UInt8])] = [
      (1, pieces[0]), (2, l0tp(.endOfBurst, event: 100, isLast: true)), (second, pieces[1]),
      (second, pieces[2]), (second, pieces[3]),
    ]
    let all = try run(packets)
    // At 6 s sharp it is not yet the next burst.
    #expect(all.books.fragmentsBurstEnd == (second == 9 ? 1 : 0))
    #expect(all.books.reassembled == (second == 9 ? 0 : 1))
  }

  @Test("the end of a burst in a datagram made of fragments counts as well")
  func fragmentedEnd() throws {
    var builder = UDPFrameBuilder()
    builder.identification = 77
    let record = L0TPRecord(fineTime: 0, dataType: [], word: .startOfBurst, flags: 0)
    var encoder = L0MEPEncoder(firstEvent: 0, source: .l0tp, subID: 0)
    let fits = encoder.append(payload: record.bytes, timestamp: 0)
    #expect(fits)
    let start = builder.fragments(payload: encoder.bytes, mtu: 80)
    #expect(start.count == 2)
    let all = try run(
      [(1, pieces[0]), (2, l0tp(.endOfBurst, event: 100, isLast: true))] + start.map { (3, $0) })
    #expect(all.books.fragmentsBurstEnd == 1)
    #expect(all.books.reassembled == 1)
    #expect(all.payloads.last == encoder.bytes)
  }

  @Test("what is no sound L0TP packet to the L0 port ends nothing")
  func otherPackets() throws {
    var cut = l0tp(.startOfBurst, event: 0)
    cut[14 + 28 + 6] = 2
    for frame in [
      l0tp(.startOfBurst, event: 0, port: 58914), l0tp(.startOfBurst, event: 100), cut, frame("x"),
    ] {
      let all = try run([
        (1, pieces[0]), (2, l0tp(.endOfBurst, event: 100, isLast: true)), (3, frame), (4, pieces[1]),
        (4, pieces[2]), (4, pieces[3]),
      ])
      #expect(all.books.fragmentsBurstEnd == 0 && all.books.reassembled == 1)
    }
  }

  @Test("the place of the change does not depend on batches")
  func batches() throws {
    var packets: [(UInt32, [UInt8])] = []
    for burst in 0..<4 as Range<UInt32> {
      let t = burst * 10
      packets += [
        (t, l0tp(.startOfBurst, event: 0)), (t, pieces[0]), (t + 1, pieces[2]),
        (t + 1, l0tp(.endOfBurst, event: 9, isLast: true)), (t + 2, pieces[1]),
      ]
      if burst == 2 { packets.append((t + 2, pieces[3])) }
    }
    let reference = try run(packets)
    #expect(reference.books.fragmentsBurstEnd == 6 && reference.books.fragmentsUnfinished == 3)
    #expect(reference.books.reassembled == 1)
    for size in [1, 1000, 3000] {
      for most in [1, 3, nil] as [Int?] {
        let all = try run(packets) {
          $0.slabSize = size
          $0.maximumDatagramsPerBatch = most
        }
        #expect(all.books == reference.books)
        #expect(all.payloads == reference.payloads)
        #expect(all.reasons == reference.reasons)
      }
    }
  }
}
