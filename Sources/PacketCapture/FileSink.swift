import Glibc

/// A buffered output file, or standard output; a name that ends in `.gz` or `.zst` makes a compressed file.
public final class FileSink {
  /// Name of the output in messages.
  public let path: String
  private var descriptor: Int32
  private let closesDescriptor: Bool
  private var compressor: Compressor?
  private var buffer: [UInt8] = []

  private static let bufferSize = 256 << 10

  /// Creates the file at `path`, or empties it unless it is appended to; `-` is standard output.
  ///
  /// Throws `cannotWrite` where the system refuses.
  public init(path: String, append: Bool = false) throws(CaptureError) {
    if path == "-" {
      self.path = "standard output"
      descriptor = 1
      closesDescriptor = false
    } else {
      self.path = path
      closesDescriptor = true
      descriptor = open(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC) | O_CLOEXEC, 0o666)
      if descriptor < 0 { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
      compressor = Compressor(path: path)
    }
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit {
    try? finish()
    if closesDescriptor && descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Adds bytes to the output. Throws `cannotWrite`.
  public func write(_ bytes: some Collection<UInt8>) throws(CaptureError) {
    if buffer.count > 0, bytes.count > Self.bufferSize - buffer.count { try flush() }
    buffer.append(contentsOf: bytes)
  }

  /// Adds the bytes of a fixed-width integer in the order of little-endian machines.
  func write(_ value: some FixedWidthInteger) throws(CaptureError) {
    try withUnsafeBytes(of: value.littleEndian) { (bytes) throws(CaptureError) in try write(bytes) }
  }

  /// Hands what is buffered to the system, by way of the compressor if there is one. Throws `cannotWrite`.
  public func flush() throws(CaptureError) { try send(isLast: false) }

  /// Hands over what is buffered, and ends the compressed stream.
  private func finish() throws(CaptureError) {
    try send(isLast: true)
    compressor = nil
  }

  private func send(isLast: Bool) throws(CaptureError) {
    defer { buffer.removeAll(keepingCapacity: true) }
    if let compressor {
      guard isLast || !buffer.isEmpty else { return }
      try compressor.compress(buffer, isLast: isLast, path: path) { (bytes) throws(CaptureError) in
        try put(bytes)
      }
    } else if !buffer.isEmpty {
      try put(buffer[...])
    }
  }

  private func put(_ bytes: ArraySlice<UInt8>) throws(CaptureError) {
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: "it is closed") }
    var done = 0
    while done < bytes.count {
      let got = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      if got < 0 {
        if errno == EINTR { continue }
        throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
      }
      done += got
    }
  }

  /// Flushes and closes the file. Throws `cannotWrite`.
  public func close() throws(CaptureError) {
    guard descriptor >= 0 else { return }
    defer { descriptor = -1 }
    do throws(CaptureError) {
      try finish()
    } catch {
      compressor = nil
      if closesDescriptor { Glibc.close(descriptor) }
      throw error
    }
    if closesDescriptor, Glibc.close(descriptor) != 0 {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }
}
