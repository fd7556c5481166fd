/// The counters of one menu's lines: what matched, what the downscaling left, and its phase (`l0tp.md` 4.2).
///
/// This is what most entries touch, so it is a plain piece of memory.
struct LineCounters {
  private struct Line {
    var pre: UInt64 = 0
    var post: UInt64 = 0
    var phase: UInt64 = 0
    var downscaling: L0Downscaling
  }

  /// The masks, and in place 16 the control trigger.
  private var lines: InlineArray<17, Line>
  private let resetsDownscaling: Bool
  /// The number of the burst, for what is drawn by a hash.
  var burst: UInt32
  private var vetoed: UInt64 = 0
  private var fired: UInt64 = 0
  /// Timestamp of the last entry that fired.
  private(set) var lastFired: UInt32 = 0

  init(_ menu: L0Menu, burst: UInt32) {
    lines = InlineArray(repeating: Line(downscaling: L0Downscaling(1)))
    for mask in menu.masks where (0..<16).contains(mask.number) {
      lines[mask.number].downscaling = mask.downscaling
    }
    lines[16].downscaling = menu.control.downscaling
    resetsDownscaling = menu.resetsDownscaling
    self.burst = burst
  }

  /// Counts the matches of an entry and applies the downscalings.
  ///
  /// - Parameters:
  ///   - pattern: the masks that the entry matches, in bit 16 the control condition; not 0.
  ///   - timestamp: the entry's clock periods.
  /// - Returns: the lines that fire.
  @inline(__always)
  mutating func count(_ pattern: UInt32, timestamp: UInt32) -> UInt32 {
    guard lastFired != timestamp else {
      vetoed &+= 1
      return 0
    }
    var bits: UInt32 = 0
    var rest = pattern & 0x1_FFFF
    while rest != 0 {
      let bit = rest.trailingZeroBitCount
      rest &= rest &- 1
      lines[bit].pre &+= 1
      let key = UInt64(burst) << 40 ^ UInt64(timestamp) << 5 ^ UInt64(truncatingIfNeeded: bit)
      if lines[bit].downscaling.fires(phase: &lines[bit].phase, key: key) {
        lines[bit].post &+= 1
        bits |= 1 << UInt32(truncatingIfNeeded: bit)
      }
    }
    if bits != 0 {
      fired &+= 1
      lastFired = timestamp
    }
    return bits
  }

  /// Begins the next burst; the phases of the downscalings go on unless they are to be reset.
  mutating func startBurst() {
    lastFired = 0
    if resetsDownscaling { for bit in 0..<17 { lines[bit].phase = 0 } }
  }

  /// The phases of the downscalings: the masks, and in place 16 control.
  var phases: [UInt64] {
    get { (0..<17).map { lines[$0].phase } }
    set { for (bit, phase) in newValue.prefix(17).enumerated() { lines[bit].phase = phase } }
  }

  /// Moves what was counted since the last call to `counters`.
  mutating func take(into counters: inout L0MenuCounters) {
    for bit in 0..<16 {
      counters.pre[bit] += lines[bit].pre
      counters.post[bit] += lines[bit].post
    }
    counters.controlPre += lines[16].pre
    counters.controlPost += lines[16].post
    counters.fired += fired
    counters.entriesVetoedSameTimestamp += vetoed
    for bit in 0..<17 {
      lines[bit].pre = 0
      lines[bit].post = 0
    }
    fired = 0
    vetoed = 0
  }
}
