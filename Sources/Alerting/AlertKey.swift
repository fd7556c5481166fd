import Configuration

/// Makes the identities of messages from what they are about.
enum AlertKey {
  /// The longest key, in bytes.
  static let limit = 200

  /// The parts, joined by `/`. What is not a letter, a digit or one of `-._:` is written as %XX; a long key ends in
  /// its hash instead of its tail. So a key can stand in a header of HTTP or of mail, and different parts give
  /// different keys.
  static func make(_ parts: [String]) -> String {
    let whole = parts.map(escaped).joined(separator: "/")
    guard whole.utf8.count > limit else { return whole }
    let head = String(decoding: whole.utf8.prefix(limit - 65), as: UTF8.self)
    return "\(head)#\(SHA256.hex(of: whole))"
  }

  /// Sixteen digits that stand for a text.
  static func short(_ text: String) -> String { String(SHA256.hex(of: text).prefix(16)) }

  private static func escaped(_ part: String) -> String {
    var text: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in part.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: text.append(byte)
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"): text.append(byte)
      default: text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
