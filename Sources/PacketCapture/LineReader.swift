import Glibc

/// The lines of a text file or of standard input, decompressed on the way if it is gzip or zstd.
///
/// Memory is bounded by the longest line that is allowed.
public final class LineReader {
  /// Name of the input in messages.
  public var path: String { source.path }
  /// Number of the line given last, from 1; 0 before the first.
  public private(set) var lineNumber = 0

  private let source: ByteSource
  private let maximumLength: Int
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  private var start = 0
  private var end = 0
  private var isAtEnd = false

  /// Opens `path`, or standard input for `-`; no line may have more than `maximumLength` bytes.
  ///
  /// Throws `CaptureError` where it cannot be read.
  public init(path: String, maximumLength: Int = 16 << 20) throws(CaptureError) {
    source = try ByteSource(path: path)
    self.maximumLength = max(1, maximumLength)
  }

  /// Calls `body` with the next line, without its line end; `nil` at the end of the file.
  ///
  /// Throws `tooLarge` for a line that is too long, `brokenCompression` where the file breaks, and what `body`
  /// throws.
  public func next<Value>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Value) throws -> Value? {
    var scanned = start
    while true {
      let newline = buffer.withUnsafeBytes { bytes -> Int? in
        guard scanned < end, let base = bytes.baseAddress,
          let found = memchr(base + scanned, 0x0A, end - scanned)
        else { return nil }
        return UnsafeRawPointer(found) - base
      }
      if let newline { return try give(start..<newline, next: newline + 1, body) }
      scanned = end
      if isAtEnd {
        guard start < end else { return nil }
        return try give(start..<end, next: end, body)
      }
      scanned -= start
      try fill()
    }
  }

  private func give<Value>(
    _ range: Range<Int>, next: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Value
  ) throws -> Value {
    guard range.count <= maximumLength else { throw tooLong }
    start = next
    lineNumber += 1
    return try buffer.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  private var tooLong: CaptureError {
    .tooLarge(path: "\(path): line \(lineNumber + 1)", limit: maximumLength)
  }

  /// Moves what is left to the front of the buffer and reads behind it.
  private func fill() throws {
    if start > 0 {
      buffer.withUnsafeMutableBytes { bytes in
        if let base = bytes.baseAddress { memmove(base, base + start, end - start) }
      }
      end -= start
      start = 0
    }
    if end == buffer.count {
      guard end <= maximumLength else { throw tooLong }
      buffer += [UInt8](repeating: 0, count: buffer.count)
    }
    let have = end
    let got = buffer.withUnsafeMutableBytes {
      source.read(UnsafeMutableRawBufferPointer(rebasing: $0[have...]))
    }
    end += got
    guard got == 0 else { return }
    isAtEnd = true
    if let problem = source.problem {
      throw CaptureError.brokenCompression(path: path, offset: source.delivered, message: problem)
    }
  }
}
