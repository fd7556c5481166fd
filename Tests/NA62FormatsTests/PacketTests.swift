import NA62Formats
import Testing

@Suite("Packets")
struct PacketTests {
  static let mep: [UInt8] = [
    0xFF, 0x01, 0x00, 0x18, 0x1A, 0x00, 0x02, 0x05,
    0x0A, 0x00, 0xFF, 0x00, 0x78, 0x56, 0x34, 0x12, 0xAA, 0xBB,
    0x08, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00,
  ]

  static func rejection(_ change: (inout [UInt8]) -> Void) -> PacketRejection? {
    var bytes = mep
    change(&bytes)
    return L0MEP.validate(bytes.span.bytes) { $0 != SourceID(rawValue: 0x99) }
  }

  @Test("known L0 packet")
  func knownMEP() throws {
    let span = Self.mep.span.bytes
    let decoded = L0MEPHeader(span)
    let header = try #require(decoded)
    #expect(
      header
        == L0MEPHeader(firstEvent: 0x1FF, source: .chod, totalLength: 26, eventCount: 2, subID: 5))
    #expect(Self.rejection { _ in } == nil)
    var fragments: [L0Fragment] = []
    L0MEP.forEachFragment(of: span, header: header) { fragments.append($0) }
    #expect(
      fragments == [
        L0Fragment(
          event: 0x1FF, timestamp: 0x1234_5678, isLastOfBurst: false, payloadOffset: 16, payloadLength: 2),
        L0Fragment(event: 0x200, timestamp: 1, isLastOfBurst: true, payloadOffset: 26, payloadLength: 0),
      ])
    var encoder = L0MEPEncoder(firstEvent: 0x1FF, source: .chod, subID: 5)
    let first = encoder.append(payload: [0xAA, 0xBB], timestamp: 0x1234_5678)
    let second = encoder.append(payload: [], timestamp: 1, isLastOfBurst: true)
    #expect(first && second)
    #expect(encoder.bytes == Self.mep)
  }

  @Test("every rejection of an L0 packet")
  func mepRejections() {
    #expect(Self.rejection { $0 = Array($0[..<7]) } == .tooShort)
    #expect(Self.rejection { $0.append(0) } == .lengthMismatch)
    #expect(Self.rejection { $0[4] = 25 } == .lengthMismatch)
    #expect(Self.rejection { $0[3] = 0x99 } == .unknownSource)
    #expect(Self.rejection { $0[10] = 0 } == .eventNumber)
    #expect(Self.rejection { $0[20] = 1 } == .eventNumber)
    for length in 0..<UInt8(8) { #expect(Self.rejection { $0[8] = length } == .fragmentTooShort) }
    #expect(Self.rejection { $0[8] = 19 } == .fragmentBeyondEnd)
    #expect(Self.rejection { $0[6] = 3 } == .fragmentBeyondEnd)
    #expect(Self.rejection { $0[6] = 1 } == .trailingBytes)
    #expect(Self.rejection { $0[6] = 0 } == .trailingBytes)
    #expect(Self.rejection { $0[3] = 0x40 } == .l0tpTooShort)
    let empty: [UInt8] = [0, 0, 0, 0x18, 8, 0, 0, 0]
    #expect(L0MEP.validate(empty.span.bytes) { _ in true } == nil)
  }

  @Test("L0TP record")
  func l0tp() {
    var bytes = [UInt8](repeating: 0, count: 88)
    (bytes[0], bytes[1], bytes[20], bytes[22], bytes[23]) = (0x7F, 0x10, 0x23, 0x34, 0x12)
    let record = L0TPRecord(
      fineTime: 0x7F, dataType: .control, word: .endOfBurst, flags: 0x1234)
    #expect(L0TPRecord(bytes.span.bytes) == record)
    #expect(record.bytes == bytes)
    #expect(L0TPRecord(Array(bytes[..<23]).span.bytes) == nil)
    let special = (0...255).filter { L0Word(rawValue: UInt8($0)).isSpecial }
    #expect(special == [0x22, 0x23, 0x24, 0x25, 0x30, 0x32])
  }

  static let cream: [UInt8] = [
    0x01, 0x02, 0x03, 0x24, 0x05, 0x00, 0, 0, 0x04, 0x03, 0x02, 0x01, 0xA5, 0x03, 0x31, 0, 9, 8, 7, 0,
  ]

  static func l1(_ bytes: [UInt8]) -> (rejection: PacketRejection?, fragments: [L1Packet.Fragment]) {
    var out: [L1Packet.Fragment] = []
    let why = L1Packet.forEachFragment(
      of: bytes.span.bytes, isConfigured: { $0 == .lkr }, { out.append($0) })
    return (why, out)
  }

  @Test("known L1 packet and its rejections")
  func l1Packet() {
    let sound = Self.l1(Self.cream + Self.cream)
    #expect(sound.rejection == nil)
    #expect(sound.fragments.map(\.offset) == [0, 20])
    #expect(sound.fragments.first?.event == 0x03_0201)
    #expect(sound.fragments.first?.crate == 29)
    #expect(sound.fragments.first?.slot == 5)
    #expect(
      L1Packet.encode(
        event: 0x03_0201, source: .lkr, timestamp: 0x0102_0304, subID: 0x3A5,
        l0Word: .gtkPulser, payload: [9, 8, 7]) == Self.cream)
    func changed(_ index: Int, _ value: UInt8) -> PacketRejection? {
      var bytes = Self.cream
      bytes[index] = value
      let result = Self.l1(bytes)
      #expect(result.rejection == nil || result.fragments.isEmpty)
      return result.rejection
    }
    #expect(Self.l1([]).rejection == .tooShort)
    #expect(Self.l1(Array(Self.cream[..<15])).rejection == .tooShort)
    #expect(changed(3, 0x18) == .unknownSource)
    for words in 0..<UInt8(4) { #expect(changed(4, words) == .fragmentTooShort) }
    #expect(changed(5, 0x40) == nil)  // 16389 words are 20 bytes modulo 65536
    #expect(changed(4, 6) == .fragmentBeyondEnd)
    #expect(changed(5, 0x0A) == .fragmentTooLong)
    #expect(Self.l1(Self.cream + [1]).rejection == .fragmentBeyondEnd)
    var other = Self.cream
    other[3] = 0x18
    #expect(Self.l1(Self.cream + other).rejection == nil)
  }

  @Test("L1 data request")
  func request() throws {
    let bytes: [UInt8] = [
      0, 1, 0, 24, 10, 194, 20, 1, 0, 0, 0, 0, 0x01, 0x02, 0x03, 0x04, 0x7F, 1, 0x81, 0x33, 0, 0x0A, 0x0B,
      0x0C,
    ]
    let trigger = L1DataRequest.Trigger(
      timestamp: 0x0102_0304, fineTime: 0x7F, isZeroSuppressed: true, word: 0x8133, event: 0x0A_0B0C)
    let request = L1DataRequest(address: 0x0AC2_1401, triggers: [trigger])
    #expect(try request.bytes() == bytes)
    #expect(try L1DataRequest(bytes.span.bytes) == request)
    for length in bytes.indices {
      #expect(
        failure { () throws(FormatError) in
          _ = try L1DataRequest(Array(bytes[..<length]).span.bytes)
        } != nil)
    }
    var other = bytes
    other[1] = 2
    #expect(failure { () throws(FormatError) in _ = try L1DataRequest(other.span.bytes) }?.offset == 0)
    let waiting = (0..<UInt32(250)).map {
      L1DataRequest.Trigger(timestamp: $0, fineTime: 0, isZeroSuppressed: false, word: 0, event: $0)
    }
    let requests = L1DataRequest.requests(address: 1, waiting: waiting)
    #expect(requests.map(\.triggers.count) == [100, 100, 50])
    #expect(requests.flatMap(\.triggers) == waiting.reversed())
  }
}
