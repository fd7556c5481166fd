import Crypto
import Foundation
import Glibc

/// The key of a run's seals: 32 random bytes in a file of its own, which only its owner may read.
struct SealKey {
  let key: SymmetricKey

  /// A new key, in a new file.
  static func make(path: String) throws(RunStoreError) -> SealKey {
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw RunStoreError(
        "\(path): cannot be written (\(String(cString: strerror(errno)))); "
          + "check that the directory exists and is yours to write")
    }
    let key = SymmetricKey(size: .bits256)
    let text = key.withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() + "\n" }
    let written = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    let code = errno
    guard close(descriptor) == 0, written == text.utf8.count else {
      throw RunStoreError(
        "\(path): writing failed (\(String(cString: strerror(code)))); make room, or write elsewhere")
    }
    return SealKey(key: key)
  }

  /// The key in a file.
  static func read(path: String) throws(RunStoreError) -> SealKey {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw RunStoreError(
        "\(path): cannot be read; without the key nothing can be opened: put it back, or run again")
    }
    let digits = data.filter { $0 > 0x20 }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: digits.count - digits.count % 2, by: 2) {
      let pair = String(
        decoding: digits[digits.startIndex + place..<digits.startIndex + place + 2], as: UTF8.self)
      guard let byte = UInt8(pair, radix: 16) else { break }
      bytes.append(byte)
    }
    guard bytes.count == 32, digits.count == 64 else {
      throw RunStoreError("\(path): expected 64 hexadecimal digits; put the run's own key back")
    }
    return SealKey(key: SymmetricKey(data: bytes))
  }
}
