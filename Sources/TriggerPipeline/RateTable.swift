public import EventBuilding
public import L1Trigger

/// Trigger counts, mask by mask: what a shifter reads rates from. A commutative monoid.
public struct RateTable: Hashable, Sendable, Codable {
  /// The counts of one L0 mask.
  public struct Mask: Hashable, Sendable, Codable {
    /// Physics events that L0 fired this mask for.
    public var l0Input: UInt64 = 0
    /// Of these, events that L1 looked at: not dropped by the global or the mask's reduction.
    public var l1Input: UInt64 = 0
    /// Of these, events that the mask accepted.
    public var l1Accepted: UInt64 = 0
    /// Events in which an algorithm passed in this mask's chain, by `L1Algorithm.rawValue`.
    public var algorithmPassed = [UInt64](repeating: 0, count: 8)
  }

  /// The 16 masks.
  public var masks = [Mask](repeating: Mask(), count: 16)
  /// All events.
  public var events: UInt64 = 0
  /// Events with the physics bit, the periodic bit, the control bit.
  public var physics: UInt64 = 0
  /// Events with the periodic bit.
  public var periodic: UInt64 = 0
  /// Events with the control bit.
  public var control: UInt64 = 0
  /// Special triggers and GTK pulser events.
  public var special: UInt64 = 0
  /// Physics events of more than one mask.
  public var multipleMasks: UInt64 = 0
  /// Events that L1 keeps: word not 0.
  public var kept: UInt64 = 0
  /// Kept events by the bits of the L1 word.
  public var wordBits = [UInt64](repeating: 0, count: 8)
  /// Live time in clock periods: from the lowest to the highest timestamp of each burst. Whole, so that bursts add
  /// up to the same in any order.
  public var liveTicks: UInt64 = 0
  /// Bursts that ended.
  public var bursts: UInt64 = 0

  /// No counts.
  public init() {}

  /// Counts an event.
  public mutating func add(_ event: BuiltEvent, _ evaluation: L1Evaluation, _ decision: L1Decision) {
    events += 1
    let l0 = event.l0
    if l0.word.isSpecial || l0.word == .gtkPulser { special += 1 }
    if l0.dataType.contains(.periodic) { periodic += 1 }
    if l0.dataType.contains(.control) { control += 1 }
    if l0.dataType.contains(.physics) {
      physics += 1
      if l0.flags.nonzeroBitCount > 1 { multipleMasks += 1 }
      var fired = l0.flags
      while fired != 0 {
        let mask = fired.trailingZeroBitCount
        fired &= fired - 1
        masks[mask].l0Input += 1
        guard evaluation.plan.path == .masks, evaluation.plan.reducedMasks & 1 << UInt16(mask) == 0
        else { continue }
        masks[mask].l1Input += 1
        if decision.masks & 1 << UInt16(mask) != 0 { masks[mask].l1Accepted += 1 }
        var words = evaluation.words[mask]
        while words != 0 {
          masks[mask].algorithmPassed[words.trailingZeroBitCount] += 1
          words &= words - 1
        }
      }
    }
    if !decision.word.isEmpty {
      kept += 1
      for bit in 0..<8 where decision.word.rawValue & 1 << UInt8(bit) != 0 { wordBits[bit] += 1 }
    }
  }

  /// Adds the live time of a burst.
  public mutating func add(_ burst: BurstSummary) {
    bursts += 1
    liveTicks += UInt64(burst.timestamps.upperBound - burst.timestamps.lowerBound)
  }

  /// Live time in seconds.
  public var liveTime: Double { Double(liveTicks) * Self.clockPeriod }

  /// Clock period in seconds.
  static let clockPeriod = 24.951059536e-9

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) {
    for mask in 0..<16 {
      a.masks[mask].l0Input += b.masks[mask].l0Input
      a.masks[mask].l1Input += b.masks[mask].l1Input
      a.masks[mask].l1Accepted += b.masks[mask].l1Accepted
      for i in 0..<8 { a.masks[mask].algorithmPassed[i] += b.masks[mask].algorithmPassed[i] }
    }
    a.events += b.events
    a.physics += b.physics
    a.periodic += b.periodic
    a.control += b.control
    a.special += b.special
    a.multipleMasks += b.multipleMasks
    a.kept += b.kept
    for i in 0..<8 { a.wordBits[i] += b.wordBits[i] }
    a.liveTicks += b.liveTicks
    a.bursts += b.bursts
  }
}
