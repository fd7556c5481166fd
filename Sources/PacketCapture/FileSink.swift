import Glibc

/// A buffered output file, or standard output.
final class FileSink {
  /// Name of the output in messages.
  let path: String
  private var descriptor: Int32
  private let closesDescriptor: Bool
  private var buffer: [UInt8] = []

  private static let bufferSize = 256 << 10

  /// Creates or empties the file at `path`; `-` is standard output.
  init(path: String) throws(CaptureError) {
    if path == "-" {
      self.path = "standard output"
      descriptor = 1
      closesDescriptor = false
    } else {
      self.path = path
      closesDescriptor = true
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      if descriptor < 0 { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
    }
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit {
    try? flush()
    if closesDescriptor && descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Adds bytes to the output.
  func write(_ bytes: some Collection<UInt8>) throws(CaptureError) {
    if buffer.count > 0, bytes.count > Self.bufferSize - buffer.count { try flush() }
    buffer.append(contentsOf: bytes)
  }

  /// Adds the bytes of a fixed-width integer in the order of little-endian machines.
  func write(_ value: some FixedWidthInteger) throws(CaptureError) {
    try withUnsafeBytes(of: value.littleEndian) { (bytes) throws(CaptureError) in try write(bytes) }
  }

  /// Hands what is buffered to the system.
  func flush() throws(CaptureError) {
    guard !buffer.isEmpty else { return }
    defer { buffer.removeAll(keepingCapacity: true) }
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: "it is closed") }
    var done = 0
    while done < buffer.count {
      let got = buffer.withUnsafeBytes { bytes in
        Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if got < 0 {
        if errno == EINTR { continue }
        throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
      }
      done += got
    }
  }

  /// Flushes and closes the file.
  func close() throws(CaptureError) {
    guard descriptor >= 0 else { return }
    defer { descriptor = -1 }
    do throws(CaptureError) {
      try flush()
    } catch {
      if closesDescriptor { Glibc.close(descriptor) }
      throw error
    }
    if closesDescriptor, Glibc.close(descriptor) != 0 {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }
}
