import Foundation
import NA62Formats
import SpillwayTestSupport
import Testing

@Suite("L1 block, dissector, hostile bytes")
struct DissectorTests {
  /// Mask 3 with CHOD and STRAW.
  static let block: [UInt8] =
    [12, 0x7F, 0x21, 2, 1, 0, 2, 0, 1, 0, 10, 0, 2, 1, 3, 0x40, 4, 0, 5, 0x60]
    + [4, 0, 0, 0xC1, 1, 0, 10, 0x44, 6, 0, 0, 0, 7, 0, 0, 0]
    + [13, 1, 5, 0x41, 1, 0, 10, 0x44] + [UInt8](repeating: 8, count: 44)

  @Test("known L1 block")
  func l1Block() throws {
    let bytes = Self.block
    let block = try L1Block(bytes.span.bytes)
    #expect(block.referenceSource == 1)
    #expect(block.flagMode == 2)
    #expect(block.reductionFactor == 2)
    #expect(block.autoFlagFactor == 10)
    let mask = try #require(block.masks.first)
    #expect(mask.id == 3)
    #expect(mask.reductionFactor == 4)
    #expect(mask.algorithms.map(\.data.count) == [2, 11])
    #expect(mask.algorithms.map(\.usesReference) == [true, false])
    #expect(mask.algorithms.first?.data == [6, 7])
    for length in Self.block.indices {
      #expect(
        failure { () throws(FormatError) in
          _ = try L1Block(Array(Self.block[..<length]).span.bytes)
        } != nil)
    }
    let tree = dissect(Self.block) { Dissector.l1Block($0) }
    #expect(tree.errors.isEmpty)
    #expect(tree.children.last?.children.last?.value == "STRAW")
    let extra = Self.block + [0]
    #expect(failure { () throws(FormatError) in _ = try L1Block(extra.span.bytes) } != nil)
  }

  static let tel62 = words(0x03, 0x0100_FF01, 0x2_1000, 0x4128_0010, 0x2_0001, 0xDEAD, 0x1_FF00)

  static var samples: [[UInt8]] {
    [
      PacketTests.mep, PacketTests.cream, StoredEventTests.known, block, tel62, SRBTests.known,
      EOBTriggerRecord(level: .l1, node: 1, timestamp: 7).bytes,
      L0TPEndOfBurst().bytes, MTPEncoder(timestamp: 3, source: .rich).bytes,
      L1Packet.encode(
        event: 7, source: .lkr, timestamp: 9, subID: 0x23, l0Word: .gtkPulser,
        payload: (try? CREAM.encode(
          [.init(number: 3, samples: [400, 401])], sampleCount: 2, isZeroSuppressed: true)) ?? []),
      (try? BurstFile.encode(run: 1, burst: 1, events: [StoredEventTests.known]).bytes) ?? [],
    ]
  }

  @Test("trees of sound bytes have no errors and the right places")
  func soundTrees() throws {
    let tree = dissect(PacketTests.mep) { Dissector.l0MEP($0) }
    #expect(tree.children.first == FieldNode(name: "event number", value: "511", offset: 0, length: 3))
    #expect(tree.children.filter { $0.name == "fragment" }.count == 2)
    let board = dissect(Self.tel62) { Dissector.tel62($0) }
    #expect(board.errors.isEmpty)
    let fpgas = board.children.filter { $0.name == "FPGA" }
    #expect(fpgas.map(\.offset) == [4, 24])
    #expect(fpgas.map(\.length) == [20, 4])
    let cream = dissect(PacketTests.cream) { Dissector.l1Packet($0) }
    // Its payload is too short for a CREAM's.
    #expect(cream.errors.map(\.value) == ["shorter than its header"])
    let straw = dissect(SRBTests.known) { Dissector.srb($0) }
    #expect(straw.errors.isEmpty)
    let short = dissect([1]) { Dissector.l0tp($0) }
    #expect(!short.errors.isEmpty)
  }

  @Test("a CREAM's payload shows its words and channels, and says what does not agree")
  func cream() throws {
    let payload = try CREAM.encode(
      [.init(number: 3, samples: [400, 401]), .init(number: 31, samples: [16_383, 399])], sampleCount: 2,
      isZeroSuppressed: true)
    let packet = L1Packet.encode(
      event: 7, source: .lkr, timestamp: 9, subID: 0x23, l0Word: .gtkPulser, payload: payload)
    let tree = dissect(packet) { Dissector.l1Packet($0) }
    #expect(tree.errors.isEmpty)
    let board = try #require(tree.children.first?.children.last)
    #expect(board.name == "CREAM" && board.offset == 16 && board.length == payload.count)
    #expect(
      board.children == [
        FieldNode(name: "payload length in words", value: "5", offset: 16, length: 2),
        FieldNode(name: "samples of a channel", value: "2", offset: 18, length: 2),
        FieldNode(name: "zero suppressed", value: "1", offset: 19, length: 1),
        FieldNode(name: "request", value: "0", offset: 19, length: 1),
        FieldNode(name: "channel mask", value: "0x80000008", offset: 20, length: 4),
        FieldNode(name: "channel", value: "3, samples 400 401", offset: 24, length: 4),
        FieldNode(name: "channel", value: "31, samples 16383 399", offset: 28, length: 4),
        FieldNode(name: "checksum", value: "0x0", offset: 32, length: 4),
      ])
    var odd = packet
    odd[20] = 0
    #expect(
      dissect(odd) { Dissector.l1Packet($0) }.errors.map(\.value) == [
        "length does not match channels and samples"
      ])
    // Other boards read after L1 have no CREAM's payload.
    var other = packet
    other[3] = SourceID.gtk.rawValue
    let plain = dissect(other) { Dissector.l1Packet($0) }
    #expect(plain.children.first?.children.last?.value == "\(payload.count) bytes")
  }

  @Test("truncation at every byte")
  func truncation() {
    for sample in Self.samples {
      for length in 0...sample.count { _ = decodeEverything(Array(sample[..<length]), timestamp: 0x1_0000) }
    }
    for length in 0..<PacketTests.mep.count {
      let cut = Array(PacketTests.mep[..<length])
      #expect(L0MEP.validate(cut.span.bytes) { _ in true } != nil)
    }
  }

  @Test("4000 seeded mutations")
  func mutations() {
    var random = SplitMix64(seed: 2026)
    let samples = Self.samples
    var errors = 0
    for index in 0..<4000 {
      var bytes = samples[index % samples.count]
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        guard !bytes.isEmpty else { continue }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] = 0xFF
        case 1: bytes[place] = 0
        case 2: bytes.removeLast(min(bytes.count, Int.random(in: 1...9, using: &random)))
        case 3: bytes += random.bytes(4)
        default: bytes[place] = .random(in: 0...255, using: &random)
        }
      }
      errors += decodeEverything(bytes, timestamp: .random(in: 0...UInt32.max, using: &random))
    }
    #expect(errors > 0)
  }

  struct Line: Decodable {
    enum Part: Decodable {
      case number(Int)
      case text(String)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Int.self) {
          self = .number(value)
        } else {
          self = .text(try container.decode(String.self))
        }
      }
    }

    var kind: String
    var timestamp: UInt32?
    var fragments: [[Part]]?
  }

  static let vectors = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared/golden/l1/vectors.jsonl")

  @Test("golden payloads decode", .enabled(if: FileManager.default.fileExists(atPath: vectors.path)))
  func golden() throws {
    let text = try String(contentsOf: Self.vectors, encoding: .utf8)
    var boards = 0
    for line in text.split(separator: "\n") {
      let event = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
      for fragment in event.fragments ?? [] {
        guard fragment.count == 3, case .text(let source) = fragment[0], case .text(let hex) = fragment[2]
        else { continue }
        let id = try #require(UInt8(source.dropFirst(2), radix: 16))
        let digits = Array(hex)
        let bytes = try stride(from: 0, to: digits.count, by: 2).map {
          try #require(UInt8(String(digits[$0..<$0 + 2]), radix: 16))
        }
        _ = decodeEverything(bytes, timestamp: event.timestamp ?? 0)
        let status: BoardStatus
        let tree: FieldNode
        switch SourceID(rawValue: id) {
        case .l0tp: continue
        case .straw:
          status = decodeSRB(bytes, timestamp: event.timestamp ?? 0).status
          tree = Dissector.srb(bytes.span.bytes)
        default:
          status = decodeTEL62(bytes, timestamp: event.timestamp ?? 0).result.status
          tree = Dissector.tel62(bytes.span.bytes)
        }
        boards += 1
        // The tree finds fault exactly with the payloads that the decoder finds bad.
        #expect(tree.errors.isEmpty == (status != .bad), "\(source) \(hex)")
      }
    }
    #expect(boards > 1000)
  }
}
