import NA62Formats
import Testing

@Suite("Packets of primitives")
struct MTPTests {
  /// Appends outside of `#expect`, which cannot change what it looks at.
  private func add(_ primitive: Primitive, to encoder: inout MTPEncoder) -> Bool {
    encoder.append(primitive)
  }

  @Test("are laid out as the specification says")
  func layout() {
    var encoder = MTPEncoder(timestamp: 0x01_0203, source: .rich, subID: 5)
    #expect(add(Primitive(timestamp: 0x0001_00AB, fineTime: 0x7F, identifier: 0x4001), to: &encoder))
    #expect(add(Primitive(timestamp: 0x0001_00AC, fineTime: 0x01, identifier: 0x8001), to: &encoder))
    #expect(add(Primitive(timestamp: 0x0001_0100, fineTime: 0x02, identifier: 0x4002), to: &encoder))
    #expect(
      encoder.bytes == [
        0x03, 0x02, 0x01, 0x1C, 28, 0, 3, 5,
        0x00, 0x01, 0x00, 0x00,  // timestamp word: 0x100
        0x7F, 0xAB, 0x01, 0x40,
        0x01, 0xAC, 0x01, 0x80,
        0x01, 0x01, 0x00, 0x00,  // timestamp word: 0x101
        0x02, 0x00, 0x02, 0x40,
      ])
  }

  @Test("come back as they were written, in both formats", arguments: MTP.Format.allCases)
  func roundTrip(format: MTP.Format) {
    var primitives: [Primitive] = []
    for i in 0..<100 {
      primitives.append(
        Primitive(
          timestamp: UInt32(i * 97 + 70_000), fineTime: UInt8(truncatingIfNeeded: i * 31),
          identifier: UInt16(0x100 + i * 301)))
    }
    var encoder = MTPEncoder(timestamp: 270, source: .lkr, format: format)
    for primitive in primitives { #expect(add(primitive, to: &encoder)) }
    let bytes = encoder.bytes
    let header = MTPHeader(bytes.span.bytes)
    #expect(header?.primitiveCount == 100)
    #expect(header.map { Int($0.totalLength) } == bytes.count)
    var read: [Primitive] = []
    let left = header.map { header in
      MTP.forEachPrimitive(of: bytes.span.bytes, header: header, format: format) { read.append($0) }
    }
    #expect(left == 0)
    #expect(read == primitives)
  }

  @Test("take the header's time until a timestamp word comes, and drop its bit 23")
  func initialTime() {
    let header = MTPHeader(timestamp: 0x80_0102, source: .chod, totalLength: 12, primitiveCount: 1, subID: 0)
    let bytes = header.bytes + [9, 8, 0, 0x40]
    var read: [Primitive] = []
    MTP.forEachPrimitive(of: bytes.span.bytes, header: header) { read.append($0) }
    #expect(read == [Primitive(timestamp: 0x0001_0208, fineTime: 9, identifier: 0x4000)])
  }

  @Test("without primitives have 8 or 16 bytes, and none is read from them")
  func empty() {
    let bytes = MTPEncoder(timestamp: 3, source: .chod).bytes
    #expect(bytes.count == 16)
    for count in [8, 16] {
      let packet = Array(bytes.prefix(count))
      guard let header = MTPHeader(packet.span.bytes) else {
        Issue.record("no header")
        return
      }
      var read = 0
      let left = MTP.forEachPrimitive(of: packet.span.bytes, header: header) { _ in read += 1 }
      #expect((read, left) == (0, 0))
    }
  }

  @Test("refuse what the format cannot say")
  func limits() {
    var narrow = MTPEncoder(timestamp: 0, source: .chod)
    #expect(!add(Primitive(timestamp: 0, fineTime: 0, identifier: 0x00FF), to: &narrow))
    for i in 0..<255 {
      #expect(add(Primitive(timestamp: UInt32(i), fineTime: 0, identifier: 0x4000), to: &narrow))
    }
    #expect(!add(Primitive(timestamp: 255, fineTime: 0, identifier: 0x4000), to: &narrow))
    // A timestamp word for each primitive: 1472 bytes are full after 183 of them.
    var wide = MTPEncoder(timestamp: 0, source: .chod)
    var count = 0
    while add(Primitive(timestamp: UInt32(count + 1) << 8, fineTime: 0, identifier: 0x4000), to: &wide) {
      count += 1
    }
    #expect(count == 183)
    #expect(wide.bytes.count == 1472)
    var null = MTPEncoder(timestamp: 0, source: .chod, format: .words64)
    #expect(!add(Primitive(timestamp: 1, fineTime: 0, identifier: 0), to: &null))
  }

  @Test("say how many bytes are left over", arguments: 0..<4)
  func trailing(count: Int) {
    let header = MTPHeader(timestamp: 1, source: .chod, totalLength: 0, primitiveCount: 0, subID: 0)
    let bytes = header.bytes + [1, 2, 3, 0x40] + [UInt8](repeating: 0xFF, count: count)
    #expect(MTP.forEachPrimitive(of: bytes.span.bytes, header: header) { _ in } == count)
  }
}
