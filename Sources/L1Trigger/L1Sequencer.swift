import EventBuilding
import NA62Formats

/// What the counters decide about an event before any algorithm runs.
public struct L1Plan: Hashable, Sendable, BitwiseCopyable {
  /// How an event goes through L1.
  public enum Path: UInt8, Hashable, Sendable, BitwiseCopyable {
    /// Through the masks.
    case masks
    /// A special trigger: kept unlooked at.
    case special
    /// A GTK pulser, or drawn in the bypass lottery: kept unlooked at.
    case bypass
    /// Dropped by the global reduction.
    case reduced
  }
  /// The path.
  public var path: Path
  /// Whether the autopass bit is set.
  public var isAutopass: Bool
  /// Bit m: mask m is fired, and its reduction skips this event.
  public var reducedMasks: UInt16
}

/// The counters that run in the order of the events and need nothing but their L0 records: they are
/// taken care of ahead of the algorithms, so that these can run on any worker (`l1.md` 6.2 to 6.4).
struct L1Sequencer: Sendable {
  private let configuration: L1Configuration
  private var input: UInt64 = 0
  private var reduction = [UInt64](repeating: 0, count: 16)
  private var lottery: UInt64

  init(_ configuration: L1Configuration) {
    self.configuration = configuration
    lottery = configuration.bypassSeed
  }

  var carry: L1Head.Carry { L1Head.Carry(input: input, reduction: reduction, lottery: lottery) }

  /// Goes on from what another one left; counters that are missing are 0.
  mutating func resume(_ carry: L1Head.Carry) {
    input = carry.input
    for (mask, count) in carry.reduction.prefix(reduction.count).enumerated() { reduction[mask] = count }
    lottery = carry.lottery
  }

  /// Begins anew with a burst. The lottery draws otherwise in each, by its number.
  mutating func restart(run: UInt32, burst: UInt32) {
    input = 0
    for mask in reduction.indices { reduction[mask] = 0 }
    lottery = configuration.bypassSeed ^ (UInt64(run) << 32 | UInt64(burst)) &* 0xD6E8_FEB8_6659_FD93
  }

  mutating func plan(_ l0: L0TPRecord) -> L1Plan {
    // The counters may come from a file: they turn over.
    input &+= 1
    let factor = UInt64(configuration.autoFlagFactor)
    var plan = L1Plan(
      path: .masks, isAutopass: configuration.flagMode || (factor != 0 && input % factor == 0),
      reducedMasks: 0)
    if l0.word.isSpecial {
      plan.path = .special
      return plan
    }
    let reductionFactor = UInt64(configuration.reductionFactor)
    if reductionFactor != 0, input % reductionFactor != 0, !isProtected(l0, plan) {
      plan.path = .reduced
      return plan
    }
    if l0.dataType.contains(.periodic) && l0.word == .gtkPulser || drawsBypass() {
      plan.path = .bypass
      return plan
    }
    if l0.dataType.contains(.physics) {
      for mask in 0..<16 where l0.flags & (1 << UInt16(mask)) != 0 {
        reduction[mask] &+= 1
        let factor = UInt64(configuration.masks[mask].reduction)
        if factor != 0, reduction[mask] % factor != 0 { plan.reducedMasks |= 1 << UInt16(mask) }
      }
    }
    return plan
  }

  /// Whether a correction keeps the global reduction from dropping the event.
  private func isProtected(_ l0: L0TPRecord, _ plan: L1Plan) -> Bool {
    configuration.corrections.contains(.protectAutopass) && plan.isAutopass
      || configuration.corrections.contains(.protectPeriodic)
        && (l0.dataType.contains(.periodic) || l0.dataType.contains(.control))
  }

  /// NA62 draws from the C library's generator, seeded with the clock; here a SplitMix64 with a seed.
  private mutating func drawsBypass() -> Bool {
    guard configuration.bypassProbability != 0 else { return false }
    lottery &+= 0x9E37_79B9_7F4A_7C15
    var z = lottery
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-53 <= configuration.bypassProbability
  }
}
