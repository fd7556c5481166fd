import Crypto
import Foundation

/// Seals what must not be seen yet: AES-256-GCM, with all lengths rounded up so that a size tells nothing.
///
/// A box can be opened only with the key of its run and for the selection that it was sealed for: both are
/// authenticated with it, so boxes cannot be swapped.
struct SealedBox {
  /// Bytes that a length is rounded up to; the declaration of a selection says how many of them it needs.
  static let block = 1 << 18
  /// What stands before the content: its length.
  private static let header = 8

  private let key: SymmetricKey

  init(key: SymmetricKey) { self.key = key }

  /// The content, padded to `size` bytes, sealed.
  func seal(_ content: [UInt8], size: Int, context: String) throws -> Data {
    guard content.count + Self.header <= size else {
      throw RunStoreError("what is sealed has \(content.count) bytes, more than the \(size) set aside")
    }
    var plain = withUnsafeBytes(of: UInt64(content.count).littleEndian) { Data($0) }
    plain.append(contentsOf: content)
    plain.append(Data(count: size - plain.count))
    // The nonce is of 96 bits, so the combined form is always there.
    guard let sealed = try AES.GCM.seal(plain, using: key, authenticating: Data(context.utf8)).combined else {
      throw RunStoreError("the nonce has a length that no box has")
    }
    return sealed
  }

  /// The content of a box; nil if it was sealed with another key, for something else, or was changed since.
  func open(_ box: Data, context: String) -> [UInt8]? {
    guard let sealed = try? AES.GCM.SealedBox(combined: box),
      let plain = try? AES.GCM.open(sealed, using: key, authenticating: Data(context.utf8)),
      plain.count >= Self.header
    else { return nil }
    let bytes = [UInt8](plain)
    let length = (0..<Self.header).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    guard let length = Int(exactly: length), length <= bytes.count - Self.header else { return nil }
    return Array(bytes[Self.header..<(Self.header + length)])
  }

  /// The code that a text has under the key, as hexadecimal digits.
  func code(of text: String) -> String {
    HMAC<Crypto.SHA256>.authenticationCode(for: Data(text.utf8), using: key)
      .map { String(format: "%02x", $0) }.joined()
  }
}
