import EventBuilding
import NA62Formats
import PacketCapture
import TriggerPipeline

/// Recordings that are read again and again.
struct LoopedInput: SessionInput {
  let input: ReplayInput
  /// Passes; nil without end.
  let count: UInt32?

  var warnings: [CaptureWarning] { input.warnings }
  var isBurstFiles: Bool { input.isBurstFiles }
  var saysBursts: Bool { input.saysBursts }
  var files: [(path: String, run: UInt32?, burst: UInt32?)] { input.files }
  var description: String {
    "\(input), \(count.map { "\($0) times" } ?? "again and again")"
  }

  func open(
    layout: EventLayout?, run: UInt32?, widePrimitives: Set<SourceID>
  ) throws(CaptureError) -> any PacketSource {
    try RepeatedSource(count: count) { [input] () throws(CaptureError) -> any PacketSource in
      try input.open(layout: layout, run: run, widePrimitives: widePrimitives)
    }
  }
}
