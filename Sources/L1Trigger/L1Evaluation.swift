/// What the algorithms and the chain logic say of an event, before the downscalings.
public struct L1Evaluation: Hashable, Sendable, BitwiseCopyable {
  /// What the counters had decided before.
  public var plan: L1Plan
  /// The quantities of the algorithms that the fired masks ran.
  public var info = L1EventInfo()
  /// For each mask, bit `L1Algorithm.rawValue`: the algorithm's word after its logic.
  public var words = SIMD16<UInt8>(repeating: 0)
  /// Bit m: mask m passes before its downscaling.
  public var passing: UInt16 = 0
  /// Whether some fired mask has no algorithm.
  public var allDisabled = false
  /// Whether some mask's chain timed out.
  public var timeout = false
  /// Whether some mask with flagged algorithms passed.
  public var flagged = false

  init(plan: L1Plan) { self.plan = plan }
}

/// What a mask needs for its chain, made once from its settings (`l1.md` 6.1).
struct MaskLogic: Sendable {
  var enabled: UInt8 = 0
  var cut: UInt8 = 0
  var count = 0
  var flagged = 0
  var downscaled: UInt8 = 0
  var hasTimeoutMark = false

  init(_ mask: L1Mask, isListed: Bool) {
    var flags: UInt8 = 0
    var order = 0
    for algorithm in L1Algorithm.decisionOrder {
      let settings = mask[algorithm]
      if settings.isEnabled {
        enabled |= algorithm.bit
        order += settings.processID
      }
      if settings.isFlagged { flags |= algorithm.bit }
      if settings.isDownscaled { downscaled |= algorithm.bit }
    }
    count = enabled.nonzeroBitCount
    cut = enabled & ~flags
    flagged = (enabled & flags).nonzeroBitCount
    hasTimeoutMark = isListed && order != count * (count - 1) / 2
  }
}
