public import PacketCapture

/// Reads the same inputs again and again, as one stream: each pass has its data times behind those of the pass
/// before, and bursts of its own.
///
/// A pass begins a whole number of seconds after the one before, by its length and a gap, so that a stream of several
/// passes looks as one that was recorded so. The inputs are opened anew for each pass: nothing of one meets anything of
/// another, and the burst under way ends with it (`PacketBatch.pass`). Where inputs say their bursts, those of a pass
/// follow those of the pass before.
public final class RepeatedSource: PacketSource {
  /// Time between two passes, in ns of data time, at least.
  ///
  /// Longer than what tells one burst from the next (`BurstTracker.Options.cleanAfter`).
  public static let gap: Int64 = 7_000_000_000
  private static let second: Int64 = 1_000_000_000

  /// What was noticed so far; what every pass says is said once.
  public private(set) var warnings: [CaptureWarning] = []
  /// Passes begun.
  public private(set) var passes: UInt32 = 0
  private let count: UInt32?
  private let open: () throws(CaptureError) -> any PacketSource
  private var source: (any PacketSource)?
  /// How much later this pass is than the first, in ns.
  private var shift: Int64 = 0
  /// What the pass so far had: times as they were recorded.
  private var times: ClosedRange<Int64>?
  private var bursts: ClosedRange<UInt32>?
  private var burstShift: UInt32 = 0
  private var hadPackets = false

  /// A source of `count` passes, or of passes without end.
  ///
  /// - Parameter open: opens the inputs at their beginning.
  public init(count: UInt32?, open: @escaping () throws(CaptureError) -> any PacketSource)
    throws(CaptureError)
  {
    self.count = count
    self.open = open
    source = try open()
    passes = 1
  }

  /// The next batch; nil behind the last pass, or behind one without packets.
  public func next() throws(CaptureError) -> PacketBatch? {
    while let source {
      if let batch = try source.next() { return take(batch) }
      for warning in source.warnings where !warnings.contains(warning) { warnings.append(warning) }
      self.source = nil
      guard hadPackets, passes < count ?? .max else { return nil }
      rewind()
      self.source = try open()
    }
    return nil
  }

  private func take(_ batch: PacketBatch) -> PacketBatch {
    if batch.books.packets > 0 { hadPackets = true }
    if let first = batch.datagrams.first?.time.nanoseconds {
      var (low, high) = times.map { ($0.lowerBound, $0.upperBound) } ?? (first, first)
      for datagram in batch.datagrams {
        low = min(low, datagram.time.nanoseconds)
        high = max(high, datagram.time.nanoseconds)
      }
      times = low...high
    }
    if let burst = batch.burst?.burst {
      bursts = bursts.map { min($0.lowerBound, burst)...max($0.upperBound, burst) } ?? burst...burst
    }
    guard passes > 1 else { return batch }
    var burst = batch.burst
    burst?.burst &+= burstShift
    if let start = burst?.startOfBurst, start > 0 {
      burst?.startOfBurst = UInt32(clamping: Int64(start) + shift / Self.second)
    }
    return batch.repeated(pass: passes - 1, later: shift, burst: burst)
  }

  /// Goes over to the next pass.
  private func rewind() {
    // Times may be damaged; beyond centuries all passes have the last time that there is.
    let length = times.map { $0.upperBound.subtractingReportingOverflow($0.lowerBound) }
    let period = min(length.map { $0.overflow ? .max : $0.partialValue } ?? 0, .max / 2) + Self.gap
    let sum = shift.addingReportingOverflow((period / Self.second + 1) * Self.second)
    shift = sum.overflow ? .max : sum.partialValue
    if let bursts { burstShift &+= bursts.upperBound - bursts.lowerBound &+ 1 }
    times = nil
    bursts = nil
    hadPackets = false
    passes += 1
  }
}
