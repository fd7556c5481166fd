import NA62Formats
import PacketCapture

/// A recorded stream again and again, as a run of several bursts.
public enum LoopedCapture {
  /// Writes a capture `copies` times behind each other, each 20 s of data time later than the one before: longer
  /// than any burst, so that each copy is a burst of its own; the first one is copy `first`.
  public static func write(_ path: String, copies: Int, to target: String, from first: Int = 0) throws {
    let writer = try CaptureWriter(path: target)
    for copy in first..<(first + copies) {
      let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: CaptureOptions())
      while let batch = try reader.next() {
        for datagram in batch.datagrams {
          let frame = batch.bytes[datagram.frameOffset..<(datagram.frameOffset + datagram.frameLength)]
          try writer.write(
            frame: Array(frame),
            time: DataTime(nanoseconds: datagram.time.nanoseconds + Int64(copy) * 20_000_000_000))
        }
      }
    }
    try writer.close()
  }
}
