import NA62Formats

/// Writes raw primitive files: the inverse of `PrimitiveFileReader`.
public final class PrimitiveFileWriter {
  private let directory: String
  private let run: UInt32
  private var sinks: [PrimitiveFile.Prefix: FileSink] = [:]
  private var burst: UInt32

  /// Packets written.
  public private(set) var packets: UInt64 = 0
  /// Packets that such a file cannot hold: of no known source, or whose length is not that of the header.
  public private(set) var refused: UInt64 = 0

  /// A writer of the files of a run into a directory that is there, beginning with a burst.
  public init(directory: String, run: UInt32, burst: UInt32) {
    self.directory = directory
    self.run = run
    self.burst = burst
  }

  /// Writes a packet to the file of its detector.
  ///
  /// Throws where the file cannot be written.
  public func write(_ payload: RawSpan) throws(CaptureError) {
    let header = MTPHeader(payload)
    guard let header, Int(header.totalLength) == payload.byteCount, payload.byteCount <= MTP.maximumByteCount,
      let prefix = PrimitiveFile.Prefix.allCases.first(where: { $0.sources.contains(header.source) })
    else {
      refused += 1
      return
    }
    let sink: FileSink
    if let open = sinks[prefix] {
      sink = open
    } else {
      sink = try FileSink(path: "\(directory)/\(PrimitiveFile.name(prefix, run: run, burst: burst))")
      sinks[prefix] = sink
    }
    try sink.write(payload.withUnsafeBytes { Array($0) })
    packets += 1
  }

  /// Ends the burst; what follows goes to the files of burst `next`.
  ///
  /// Throws where a file cannot be written.
  public func startBurst(_ next: UInt32) throws(CaptureError) {
    try close()
    burst = next
  }

  /// Closes the files. Throws where one cannot be written.
  public func close() throws(CaptureError) {
    let open = sinks
    sinks = [:]
    for prefix in PrimitiveFile.Prefix.allCases { try open[prefix]?.close() }
  }
}
