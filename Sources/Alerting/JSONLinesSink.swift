import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A sink that writes each line with a line end to a file or a descriptor.
///
/// Each delivery is written whole before it returns: interrupted and partial writes go on, and a
/// descriptor that would block is waited for. Deliveries from several tasks never mix.
public final class JSONLinesSink: AlertSink {
  /// What the sink calls its output in errors.
  public let path: String

  private let ownsDescriptor: Bool
  private let descriptor: NIOLockedValueBox<Int32?>

  /// Opens (and creates) the file at `path`, emptied first unless `append` is set.
  ///
  /// Throws ``AlertingError/cannotOpen(path:reason:)``.
  public init(path: String, append: Bool = false) throws {
    guard !path.utf8.contains(0) else {
      throw AlertingError.cannotOpen(path: path, reason: "the path contains a zero byte")
    }
    var opened: Int32
    repeat {
      opened = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0o644)
    } while opened < 0 && errno == EINTR
    guard opened >= 0 else {
      throw AlertingError.cannotOpen(path: path, reason: Self.reason(errno))
    }
    self.path = path
    ownsDescriptor = true
    descriptor = NIOLockedValueBox(opened)
  }

  /// Writes to a descriptor that stays the caller's to close; `name` is its name in errors.
  public init(descriptor: Int32, name: String) {
    path = name
    ownsDescriptor = false
    self.descriptor = NIOLockedValueBox(descriptor)
  }

  deinit {
    descriptor.withLockedValue { current in
      if ownsDescriptor, let open = current { _ = Self.closeDescriptor(open) }
    }
  }

  /// Writes the lines. Throws ``AlertingError/cannotWrite(path:reason:)`` with the path, after which a part
  /// of the lines may have been written, or ``AlertingError/closed(path:)``.
  public func deliver(_ lines: [String]) throws {
    guard !lines.isEmpty else { return }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(lines.reduce(0) { $0 + $1.utf8.count + 1 })
    for line in lines {
      bytes += line.utf8
      bytes.append(UInt8(ascii: "\n"))
    }
    try descriptor.withLockedValue { current in
      guard let open = current else { throw AlertingError.closed(path: path) }
      try bytes.withUnsafeBytes { try writeAll($0, to: open) }
    }
  }

  /// Closes the file, if the sink opened it; later deliveries throw. Throws
  /// ``AlertingError/cannotWrite(path:reason:)`` where the system reports a late write error.
  public func close() throws {
    try descriptor.withLockedValue { current in
      guard let open = current else { return }
      current = nil
      guard ownsDescriptor else { return }
      guard Self.closeDescriptor(open) == 0 || errno == EINTR else {
        throw AlertingError.cannotWrite(path: path, reason: Self.reason(errno))
      }
    }
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer, to open: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest)
      let written = write(open, chunk.baseAddress, chunk.count)
      if written > 0 {
        rest = rest.dropFirst(written)
        continue
      }
      let code = errno
      if written < 0, code == EINTR { continue }
      if written < 0, code == EAGAIN || code == EWOULDBLOCK {
        var waiting = pollfd(fd: open, events: Int16(POLLOUT), revents: 0)
        if poll(&waiting, 1, -1) >= 0 || errno == EINTR { continue }
      }
      throw AlertingError.cannotWrite(
        path: path, reason: written == 0 ? "the system wrote nothing" : Self.reason(code))
    }
  }

  /// `close` of the C library, out of reach of the method of the same name.
  private static func closeDescriptor(_ open: Int32) -> Int32 {
    #if canImport(Glibc)
      Glibc.close(open)
    #elseif canImport(Musl)
      Musl.close(open)
    #else
      Darwin.close(open)
    #endif
  }

  private static func reason(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    _ = strerror_r(code, &buffer, buffer.count)
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.isEmpty ? "system error \(code)" : text
  }
}
