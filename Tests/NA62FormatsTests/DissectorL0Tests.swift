import NA62Formats
import Testing

@Suite("Dissector of L0")
struct DissectorL0Tests {
  private static func packet(_ format: MTP.Format) -> [UInt8] {
    var encoder = MTPEncoder(timestamp: 0x1234, source: .rich, subID: 3, format: format)
    _ = encoder.append(Primitive(timestamp: 0x12_3456, fineTime: 7, identifier: 0x4101))
    _ = encoder.append(Primitive(timestamp: 0x12_3457, fineTime: 8, identifier: 0xC000))
    return encoder.bytes
  }

  private static func field(_ node: FieldNode?, _ name: String) -> String? {
    node?.children.first { $0.name == name }?.value
  }

  @Test(
    "shows primitives with time, bits and calibration flag, in both formats", arguments: MTP.Format.allCases)
  func primitives(format: MTP.Format) {
    let tree = dissect(Self.packet(format)) { span in
      Dissector.mtp(span, format: format) { $0 == .rich && $1 == 14 ? "RICH" : nil }
    }
    #expect(tree.errors.isEmpty)
    #expect(Self.field(tree, "timestamp") == "4660")
    #expect(Self.field(tree, "source ID") == "0x1c RICH")
    #expect(Self.field(tree, "source sub-ID") == "3")
    let primitives = tree.children.filter { $0.name == "primitive" }
    #expect(
      primitives.map(\.value) == [
        "t 1193046 + 7/256, bit 0, bit 8, RICH", "t 1193047 + 8/256, calibration",
      ])
    #expect(primitives.map { Self.field($0, "primitive ID") } == ["0x4101", "0xc000"])
    #expect(primitives.map { Self.field($0, "calibration") } == ["0", "1"])
    #expect(primitives.map(\.offset) == (format == .words32 ? [12, 16] : [8, 16]))
    #expect(tree.children.contains { $0.name == "timestamp word" } == (format == .words32))
  }

  @Test("says what is wrong with a packet of primitives")
  func faults() {
    let good = Self.packet(.words32)
    let long = dissect(good + [1, 2]) { Dissector.mtp($0) }
    #expect(long.errors.map(\.value) == ["the packet has 22 bytes"])
    #expect(long.children.contains { $0.name == "left over" && $0.value == "2 bytes" && $0.offset == 20 })
    let cut = dissect(Array(good.prefix(16))) { Dissector.mtp($0) }
    #expect(cut.errors.map(\.value) == ["the packet has 16 bytes", "the packet has 1 primitives"])
    #expect(dissect([1, 2, 3]) { Dissector.mtp($0) }.errors.count == 1)
  }

  @Test("shows every field of a trigger")
  func trigger() {
    var event = L0TPEvent(record: .init(fineTime: 9, dataType: .physics, word: L0Word(rawValue: 1), flags: 5))
    event.identifiers = (0..<21).map { UInt16(0x100 + $0) }
    event.fineTimes = (0..<21).map { UInt8(50 + $0) }
    event.previousTimestamp = 1234
    event.previousWord = 0x22
    event.primitiveCounts = [1, 2, 3, 255]
    event.internalTimestamp = 5678
    let tree = dissect(event.bytes) { Dissector.l0tp($0) }
    #expect(tree.errors.isEmpty)
    #expect(Self.field(tree, "trigger flags") == "0x5")
    #expect(Self.field(tree, "timestamp of the event before") == "1234")
    #expect(Self.field(tree, "trigger word of the event before") == "0x22")
    #expect(Self.field(tree, "NewCHOD primitives since the event before") == "255")
    #expect(Self.field(tree, "internal timestamp") == "5678")
    let slots = tree.children.filter { $0.name == "slot" }
    #expect(slots.map(\.value) == ["N", "N-1", "N+1"])
    #expect(Self.field(slots[1], "primitive ID C") == "0x109")
    #expect(Self.field(slots[2], "fine time G") == "70")
    // The places are those of the bytes.
    for node in slots.flatMap(\.children) {
      let bytes = event.bytes[node.offset..<(node.offset + node.length)]
      let value = bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
      #expect(node.value == (node.length == 2 ? "0x" + String(value, radix: 16) : "\(value)"))
    }
    let short = dissect(Array(event.bytes.prefix(24))) { Dissector.l0tp($0) }
    #expect(short.errors.isEmpty && short.children.count == 4)
  }

  @Test("shows every field of the end of a burst")
  func endOfBurst() {
    var end = L0TPEndOfBurst()
    end.fixedLatency = 4000
    end.fineTimeBits = 2
    end.controlPost = 77
    end.primitives[6] = 1_000_000
    end.masks[15].factor = 3
    end.masks[15].pre = 30
    end.masks[15].mask[2] = 0xBFFF
    let tree = dissect(end.bytes) { Dissector.l0tp($0) }
    #expect(tree.name == "L0TP end of burst")
    #expect(tree.errors.isEmpty)
    #expect(Self.field(tree, "fixed latency") == "4000")
    #expect(Self.field(tree, "control triggers after downscaling") == "77")
    #expect(Self.field(tree, "primitives G") == "1000000")
    let masks = tree.children.filter { $0.name == "mask" }
    #expect(masks.map(\.value) == (0..<15).map { "\($0), off" } + ["15"])
    #expect(Self.field(masks[15], "triggers before downscaling") == "30")
    #expect(Self.field(masks[15], "mask C") == "0xbfff")
    #expect(masks[15].offset + masks[15].length == 840)
    // Any other 840 bytes are a trigger with bytes behind it.
    var other = end.bytes
    other[1] = 0
    #expect(dissect(other) { Dissector.l0tp($0) }.children.last?.name == "left over")
  }
}
