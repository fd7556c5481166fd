import Configuration
import Foundation

/// What identifies an input file whatever its name: its length and its hash.
public struct InputDigest: Hashable, Sendable {
  /// Length in bytes, as stored.
  public var bytes: UInt64
  /// SHA-256 of the bytes as stored, in hexadecimal.
  public var sha256: String

  /// What is known of a file.
  public init(bytes: UInt64, sha256: String) {
    self.bytes = bytes
    self.sha256 = sha256
  }

  /// Reads a file from beginning to end; `nil` for what is no regular file, as standard input and pipes,
  /// which can be read only once, or cannot be read.
  ///
  /// The replay reads the same file at the same time, so that the disk is asked once. Other tasks get their
  /// turn after each piece.
  public static func of(path: String) async -> InputDigest? {
    // Looked at before it is opened: opening a pipe would already disturb who writes to it.
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var hash = SHA256()
    var length: UInt64 = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let got = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { return nil }
      if got == 0 { break }
      buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
      length += UInt64(got)
      await Task.yield()
      if Task.isCancelled { return nil }
    }
    return InputDigest(bytes: length, sha256: hash.hexDigest())
  }
}
