/// A message as it goes over the wire: some parts, each with its length in front.
///
/// `SPWF`, version (1 byte), 3 bytes 0, number of parts (u32), then each part with its length (u32); little-endian. One
/// frame of ZeroMQ holds one message, so that its size is bounded by ``mostBytes``.
enum FarmFrame {
  /// Version of the layout.
  static let version: UInt8 = 1
  /// Longest message.
  static let mostBytes = 16 << 20
  /// Most parts of a message.
  static let mostParts = 1024
  private static let magic: [UInt8] = Array("SPWF".utf8)
  private static let headByteCount = 12

  /// The bytes of a message.
  static func encode(_ parts: [[UInt8]]) -> [UInt8] {
    var bytes = magic + [version, 0, 0, 0]
    bytes.reserveCapacity(headByteCount + parts.reduce(0) { $0 + 4 + $1.count })
    func append(_ number: Int) {
      withUnsafeBytes(of: UInt32(clamping: number).littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(parts.count)
    for part in parts {
      append(part.count)
      bytes += part
    }
    return bytes
  }

  /// The parts of a message; throws where it is none, or of another version.
  static func decode(_ bytes: [UInt8]) throws(FarmError) -> [[UInt8]] {
    guard bytes.count >= headByteCount, bytes.count <= mostBytes, bytes[0..<4].elementsEqual(magic) else {
      throw FarmError("not a message of a farm")
    }
    guard bytes[4] == version else {
      throw FarmError(
        "a message of version \(bytes[4]), expected \(version): use one version of Spillway in a farm")
    }
    var at = 8
    func number() -> Int {
      defer { at += 4 }
      return (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
    let count = number()
    guard count <= mostParts else { throw FarmError("a message of \(count) parts") }
    var parts: [[UInt8]] = []
    for _ in 0..<count {
      guard bytes.count - at >= 4 else { throw FarmError("a message that is cut short") }
      let length = number()
      guard length <= bytes.count - at else { throw FarmError("a message that is cut short") }
      parts.append(Array(bytes[at..<(at + length)]))
      at += length
    }
    guard at == bytes.count else { throw FarmError("a message with bytes behind its end") }
    return parts
  }
}
