import NA62Formats
import SpillwayTestSupport
import Testing

@Suite("TEL62 payloads")
struct TEL62Tests {
  @Test("known answer")
  func knownAnswer() throws {
    // Board 7, FPGA 2; frame of 3 words at 0x1234; leading TDC 1 channel 5, trailing TDC 3 channel 31.
    let bytes: [UInt8] = [
      0x01, 0x05, 0x07, 0x09, 0x01, 0xFF, 0x02, 0x00, 0x34, 0x12, 0x03, 0x00,
      0x10, 0x00, 0x28, 0x41, 0xFF, 0xFF, 0xFF, 0x53,
    ]
    let decoded = decodeTEL62(bytes, timestamp: 0xABCD_1300)
    #expect(decoded.result.status == .good)
    #expect(decoded.result.subID == 7)
    let base: UInt64 = 0xABCD_1000 * 256
    #expect(
      decoded.edges == [
        TDCEdge(time: base + 0x10, channel: 32 * 9 + 5, isLeading: true),
        TDCEdge(time: base + 0x7FFFF, channel: 32 * 11 + 31, isLeading: false),
      ])
    let frame = TEL62Encoder.Frame(timestamp: 0x1234, words: [0x4128_0010, 0x53FF_FFFF])
    let encoder = TEL62Encoder(
      subID: 7, triggerType: 5, format: 9, fpgas: [.init(id: 2, frames: [frame])])
    #expect(try encoder.bytes() == bytes)
  }

  @Test(
    "states",
    arguments: [
      ([], BoardStatus.bad, nil as UInt8?),
      ([1, 2, 3], .bad, nil),
      ([0x01, 0x80, 3, 0], .special, nil),
      ([0x00, 0x7F, 3, 0], .bad, 3),
      ([0x1F, 0, 3, 0], .bad, 3),
      ([0x01, 0, 3, 0], .bad, 3),
      (words(0x01, 0xFF00), .good, 0),
      (words(0x01, 0xFF01), .bad, 0),
      (words(0x01, 0xFF01, 0), .bad, 0),
      (words(0x01, 0xFF01, 0x1_0000), .good, 0),
      (words(0x01, 0xFF01, 0x2_0000), .bad, 0),
      (words(0x01, 0xFF01, 0x2_0000, 0), .good, 0),
      (words(0x03, 0xFF00), .bad, 0),
      (words(0x03, 0xFF00, 0xFF00), .good, 0),
    ])
  func states(bytes: [UInt8], status: BoardStatus, subID: UInt8?) {
    let result = decodeTEL62(bytes).result
    #expect(result.status == status)
    #expect(result.subID == subID)
  }

  @Test("a word behind the payload is bad, and the edges so far stay")
  func edgesBeforeFault() {
    let decoded = decodeTEL62(words(0x01, 0xFF01, 0x4_0000, 0x4000_0001, 0x4000_0002))
    #expect(decoded.result.status == .bad)
    #expect(decoded.edges.map(\.time) == [1, 2])
  }

  @Test("error block: skipped, empty, absent with the flag cleared")
  func errorBlocks() {
    let skipped = decodeTEL62(words(0x03, 0x0100_FF00, 0x2_0001, 0xDEAD, 0x1_FF01, 0x2_0000, 0x4000_0009))
    #expect(skipped.result.status == .good)
    #expect(skipped.edges == [TDCEdge(time: 9, channel: 128, isLeading: true)])
    #expect(skipped.result.clearedErrorFlags == SIMD4(repeating: -1))
    #expect(decodeTEL62(words(0x03, 0x0100_FF00, 0, 0x1_FF00)).result.status == .bad)
    let absent = decodeTEL62(words(0x03, 0x0100_FF00, 0x0101_FF00))
    #expect(absent.result.status == .good)
    #expect(absent.result.clearedErrorFlags == SIMD4(4, 8, -1, -1))
    // One word left for one FPGA left: never taken for an error block, whatever its bits 15 to 8.
    let counted = decodeTEL62(words(0x03, 0x0100_FF00, 0x0001_0000))
    #expect(counted.result.status == .good)
    #expect(counted.result.clearedErrorFlags == SIMD4(4, -1, -1, -1))
  }

  @Test(
    "frame time across multiples of 2^16",
    arguments: [
      (0x0002_F123, 0xF800, 0x2_F800), (0x0002_F123, 0x0000, 0x3_0000), (0x0002_F123, 0x0FFF, 0x3_0800),
      (0x0002_F123, 0x1000, 0x2_1000), (0x0002_0FFF, 0xF000, 0x1_F000), (0x0002_0FFF, 0xFFFF, 0x1_F800),
      (0x0002_0FFF, 0xEFFF, 0x2_E800), (0x0002_1000, 0xF000, 0x2_F000), (0x0002_EFFF, 0x0000, 0x2_0000),
      (0xFFFF_F000, 0x0000, 0), (0x0000_0000, 0xF000, 0xFFFF_F000),
    ] as [(UInt32, UInt32, UInt64)])
  func frameTimes(timestamp: UInt32, frame: UInt32, expected: UInt64) {
    let decoded = decodeTEL62(words(1, 0xFF01, 0x2_0000 | frame, 0x4000_0000), timestamp: timestamp)
    #expect(decoded.edges.map(\.time) == [expected * 256])
  }

  @Test("random edges come back")
  func roundTrip() throws {
    var random = SplitMix64(seed: 62)
    for _ in 0..<300 {
      let timestamp = UInt32.random(in: 0x2_0000...0xFFF0_0000, using: &random)
      var edges: [TDCEdge] = []
      for fpga in 0..<4 {
        for _ in 0..<Int.random(in: 0..<12, using: &random) {
          let near = Int64(timestamp) + Int64.random(in: -1500...1500, using: &random)
          let fine = UInt64.random(in: 0..<256, using: &random)
          let channel = UInt16(fpga * 128 + Int.random(in: 0..<128, using: &random))
          edges.append(
            TDCEdge(time: UInt64(near) * 256 + fine, channel: channel, isLeading: .random(using: &random)))
        }
      }
      let encoder = try TEL62Encoder(edges: edges, timestamp: timestamp, subID: 11)
      let decoded = decodeTEL62(try encoder.bytes(), timestamp: timestamp)
      #expect(decoded.result.status == .good)
      #expect(decoded.edges == edges)
    }
  }

  @Test("what cannot be encoded is refused")
  func refusals() {
    let far = TDCEdge(time: 0x50_0000 * 256, channel: 0, isLeading: true)
    #expect(
      failure { () throws(FormatError) in
        _ = try TEL62Encoder(edges: [far], timestamp: 0x2_0000, subID: 0)
      }?.offset == 0)
    let long = TEL62Encoder.Frame(timestamp: 0, words: Array(repeating: 0, count: 0xFFFF))
    #expect(
      failure { () throws(FormatError) in
        _ = try TEL62Encoder(subID: 0, fpgas: [.init(id: 0, frames: [long])]).bytes()
      } != nil)
  }
}

@Suite("STRAW SRB payloads")
struct SRBTests {
  static let known: [UInt8] = [
    0xA3, 0x05, 0x20, 0x00, 0x0A, 0x00, 0x00, 0x00,
    0x43, 0x00, 0x64, 0x00, 0xDF, 0x3F, 0x00, 0x00,
    1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ]

  @Test("known answer")
  func knownAnswer() {
    let decoded = decodeSRB(Self.known, timestamp: 11)
    let p = ClockTicks.strawPeriod
    #expect(decoded.status == .good)
    #expect(
      decoded.edges == [
        SRB.Edge(time: 3.0 * p / 32 - p, channel: 0x301, isLeading: true),
        SRB.Edge(time: 4.0 * p / 32 + p, channel: 0x301, isLeading: false),
        SRB.Edge(time: 31.0 * p / 32 + p, channel: 0x3FF, isLeading: true),
      ])
    var encoder = SRBEncoder(board: 3, firstSlotTime: 10, flags: 5, triggerType: 5)
    let appended = [
      encoder.append(.init(fineTime: 3, straw: 1, isLeading: true), slot: 0),
      encoder.append(.init(fineTime: 4, straw: 1, isLeading: false), slot: 2),
      encoder.append(.init(fineTime: 31, straw: 255, isLeading: true), slot: 2),
      encoder.append(.init(fineTime: 31, straw: 255, isLeading: true), slot: 16),
    ]
    #expect(appended == [true, true, true, false])
    #expect(encoder.bytes == Self.known)
  }

  @Test(
    "states",
    arguments: [
      ([0, 0, 0], BoardStatus.bad, 0),
      ([0, 0, 24, 0], .bad, 0),
      ([0, 0, 24, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16), .good, 0),
      ([0, 0, 28, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16), .bad, 0),
      ([0, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16), .bad, 0),
      ([0, 0, 255, 255, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16), .bad, 0),
      // More edges in the slots than announced: null edges, up to two per word of the payload.
      ([0, 0, 24, 0, 0, 0, 0, 0, 12] + [UInt8](repeating: 0, count: 15), .good, 12),
      ([0, 0, 24, 0, 0, 0, 0, 0, 13] + [UInt8](repeating: 0, count: 15), .bad, 0),
    ])
  func states(bytes: [UInt8], status: BoardStatus, count: Int) {
    let decoded = decodeSRB(bytes)
    #expect(decoded.status == status)
    #expect(decoded.edges.count == count)
    #expect(decoded.edges.allSatisfy { !$0.isLeading && $0.channel == 0 })
  }

  @Test("random edges come back")
  func roundTrip() throws {
    var random = SplitMix64(seed: 4)
    for board in 0..<UInt8(32) {
      let timestamp = UInt32.random(in: 100...UInt32.max - 100, using: &random)
      var encoder = SRBEncoder(board: board, firstSlotTime: timestamp - 8, flags: board % 8)
      for slot in 0..<16 {
        for _ in 0..<Int.random(in: 0..<9, using: &random) {
          let edge = SRBEncoder.Edge(
            fineTime: .random(in: 0..<32, using: &random), straw: .random(in: 0...255, using: &random),
            isLeading: .random(using: &random))
          let appended = encoder.append(edge, slot: slot)
          #expect(appended)
        }
      }
      let decoded = decodeSRB(encoder.bytes, timestamp: timestamp)
      #expect(decoded.status == .good)
      let again = try SRBEncoder(
        edges: decoded.edges, timestamp: timestamp, board: board, firstSlotTime: timestamp - 8,
        flags: board % 8)
      #expect(again == encoder)
      let tree = dissect(encoder.bytes) { Dissector.srb($0) }
      #expect(tree.errors.isEmpty)
    }
  }

  @Test("edges outside the slots or of other boards are refused")
  func refusals() {
    for (time, channel) in [(-1.0, 0), (500, 0), (.nan, 0), (.infinity, 0), (1, 256)] as [(Double, UInt16)] {
      let edge = SRB.Edge(time: time, channel: channel, isLeading: true)
      #expect(
        failure { () throws(FormatError) in
          _ = try SRBEncoder(edges: [edge], timestamp: 0, board: 0, firstSlotTime: 0)
        } != nil)
    }
  }
}
