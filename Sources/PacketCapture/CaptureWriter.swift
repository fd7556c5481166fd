public import NA62Formats

/// Writes a classic pcap file.
public final class CaptureWriter {
  /// Resolution of the time stamps.
  public enum Precision: Sendable {
    /// 1 µs; finer parts are cut off.
    case microseconds
    /// 1 ns.
    case nanoseconds
  }

  /// Packets written so far.
  public private(set) var packetCount: UInt64 = 0
  private let sink: FileSink
  private let precision: Precision
  private let snapLength: Int

  /// Creates or empties the file at `path` (`-` for standard output) and writes the header.
  ///
  /// Frames longer than `snapLength` bytes are cut. Throws where the file cannot be written.
  public init(
    path: String, precision: Precision = .nanoseconds, link: LinkType = .ethernet, snapLength: Int = 262_144
  ) throws(CaptureError) {
    self.precision = precision
    self.snapLength = min(max(1, snapLength), 262_144)
    sink = try FileSink(path: path)
    try sink.write(precision == .nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4 as UInt32)
    try sink.write(2 as UInt16)
    try sink.write(4 as UInt16)
    try sink.write(0 as UInt64)
    try sink.write(UInt32(self.snapLength))
    try sink.write(UInt32(link.rawValue))
  }

  /// Writes one frame with its data time; `originalLength` is its length on the wire in bytes, if cut.
  ///
  /// Throws where the file cannot be written, or the time is not one that pcap can hold (1970 to 2106).
  public func write(
    frame: some Collection<UInt8>, time: DataTime, originalLength: Int? = nil
  ) throws(CaptureError) {
    let (seconds, nanoseconds) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    guard nanoseconds >= 0, let seconds = UInt32(exactly: seconds) else {
      throw .cannotWrite(path: sink.path, reason: "pcap has no time stamp for \(time.nanoseconds) ns")
    }
    let length = min(frame.count, snapLength)
    try sink.write(seconds)
    try sink.write(UInt32(precision == .nanoseconds ? nanoseconds : nanoseconds / 1000))
    try sink.write(UInt32(length))
    try sink.write(UInt32(clamping: max(frame.count, originalLength ?? 0)))
    try sink.write(frame.prefix(length))
    packetCount += 1
  }

  /// Hands what is buffered to the system. Throws where it cannot be written.
  public func flush() throws(CaptureError) { try sink.flush() }

  /// Flushes and closes the file. Throws where it cannot be written.
  public func close() throws(CaptureError) { try sink.close() }
}
