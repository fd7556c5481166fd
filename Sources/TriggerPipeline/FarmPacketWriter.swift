public import L0Trigger
import NA62Formats
public import PacketCapture

/// Writes what the L0 trigger processor sends to the farm as a capture: so that a stream of primitives gets
/// the decisions that a recorded one has.
///
/// The addresses are those of the hardware's single-computer setting (`l0tp.md` 5.1). A packet's time is that
/// of the newest packet which the emulation had seen when it sent the triggers in it.
public final class FarmPacketWriter {
  private let writer: CaptureWriter
  private var output: FarmOutput
  private let index: Int
  private var frame = UDPFrameBuilder()
  private var totals = (L0MenuCounters(), L0AlignmentCounters())
  private var time = DataTime(nanoseconds: 0)

  /// Makes the file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - menu: the menu whose triggers are written.
  ///   - index: its place among those of the pipeline.
  /// - Throws: `CaptureError`.
  public init(path: String, menu: L0Menu, index: Int = 0) throws(CaptureError) {
    writer = try CaptureWriter(path: path)
    output = FarmOutput(menu: menu)
    self.index = index
    frame.sourceAddress = 0xC0A8_0107
    frame.destinationAddress = 0xC0A8_0114
    frame.sourcePort = FarmOutput.sourcePort
    frame.destinationPort = FarmOutput.port
  }

  /// Writes the packets that became full.
  ///
  /// - Throws: `CaptureError`.
  public func add(_ given: L0Pipeline.Output) throws(CaptureError) {
    if let last = given.packets?.datagrams.last { time = max(time, last.time) }
    for slice in given.slices {
      totals.0 += slice.menuCounters[index]
      totals.1 += slice.alignmentCounters[index]
      for packet in output.packets(of: slice, menu: index, totals: totals) {
        try writer.write(frame: frame.frame(payload: packet), time: time)
      }
      if slice.endsBurst { totals = (L0MenuCounters(), L0AlignmentCounters()) }
    }
  }

  /// Closes the file.
  ///
  /// - Throws: `CaptureError`.
  public func close() throws(CaptureError) { try writer.close() }
}
