import Crypto

/// The hash function SHA-256 (FIPS 180-4), fed piece by piece: that of swift-crypto, under the names of this project.
public struct SHA256: Sendable {
  private var hash = Crypto.SHA256()

  /// A hash of nothing yet.
  public init() {}

  /// Feeds the bytes of a span.
  public mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
  }

  /// Feeds the bytes of a buffer, which must be valid during the call.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    update(bytes.bytes)
  }

  /// Feeds an array of bytes.
  public mutating func update(_ bytes: [UInt8]) {
    update(bytes.span.bytes)
  }

  /// Feeds the UTF-8 bytes of a text.
  public mutating func update(_ text: String) {
    update(Array(text.utf8))
  }

  /// The 32 bytes of the hash of all that was fed; more can be fed afterwards.
  public func digest() -> [UInt8] { Array(hash.finalize()) }

  /// The hash of all that was fed, as 64 lower-case hexadecimal digits.
  public func hexDigest() -> String { Self.hex(digest()) }

  /// The hash of an array of bytes, as 64 lower-case hexadecimal digits.
  public static func hex(of bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest()
  }

  /// The hash of the UTF-8 bytes of a text, as 64 lower-case hexadecimal digits.
  public static func hex(of text: String) -> String { hex(of: Array(text.utf8)) }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
