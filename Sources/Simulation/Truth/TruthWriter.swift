public import L0Trigger
public import L1Trigger
public import PacketCapture

/// Writes the truth of a simulation to a file: a ``TruthRecorder`` with its output. A name that ends in `.gz` or
/// `.zst` makes a compressed file.
///
/// It is told in order, by one task; what it writes does not depend on how the calls are cut.
public final class TruthWriter {
  private var recorder: TruthRecorder
  private let sink: FileSink

  /// Creates or empties the file at `path` (`-` for standard output) and writes the header.
  ///
  /// Throws where it cannot be written, as do the other functions.
  public init(path: String, header: TruthHeader) throws(CaptureError) {
    recorder = TruthRecorder(header: header)
    sink = try FileSink(path: path)
  }

  /// Takes events of a burst; see ``TruthRecorder/add(events:hitCounts:burst:)``.
  public func add(events: [SimulatedEvent], hitCounts: [TruthHitCounts], burst: UInt32) throws(CaptureError) {
    recorder.add(events: events, hitCounts: hitCounts, burst: burst)
    try write()
  }

  /// Takes a trigger; see ``TruthRecorder/add(trigger:event:l1:hits:burst:)``.
  public func add(
    trigger: L0TriggerRecord, event: UInt32, l1: L1Decision? = nil, hits: some Sequence<TruthHit>,
    burst: UInt32
  ) throws(CaptureError) {
    recorder.add(trigger: trigger, event: event, l1: l1, hits: hits, burst: burst)
    try write()
  }

  /// Says that all events and triggers before `horizon`, in ns since the start of burst, are told.
  public func advance(horizon: Double) throws(CaptureError) {
    recorder.advance(horizon: horizon)
    try write()
  }

  /// Ends the burst.
  public func endBurst() throws(CaptureError) {
    recorder.endBurst()
    try write()
  }

  /// Ends the burst, if one is open, and closes the file.
  public func close() throws(CaptureError) {
    try endBurst()
    try sink.close()
  }

  private func write() throws(CaptureError) {
    guard recorder.byteCount > 0 else { return }
    try sink.write(recorder.take())
  }
}
