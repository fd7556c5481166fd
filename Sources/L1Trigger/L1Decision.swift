/// The 8-bit L1 word: any bit keeps the event (`l1.md` 6.3).
public struct L1Word: OptionSet, Hashable, Sendable, BitwiseCopyable {
  /// The word.
  public let rawValue: UInt8
  /// A word with the given bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// A mask accepted the event.
  public static let accepted = L1Word(rawValue: 0x01)
  /// A chain timed out, or is configured wrongly.
  public static let timeout = L1Word(rawValue: 0x08)
  /// A fired mask has no algorithm.
  public static let allDisabled = L1Word(rawValue: 0x10)
  /// Special, periodic, control or drawn: not decided by the masks.
  public static let bypass = L1Word(rawValue: 0x20)
  /// A flagging mask passed.
  public static let flagged = L1Word(rawValue: 0x40)
  /// Autopass.
  public static let autopass = L1Word(rawValue: 0x80)
}

/// The verdict on one event.
public struct L1Decision: Hashable, Sendable, BitwiseCopyable {
  /// The L1 word.
  public var word: L1Word
  /// Bit m: mask m accepted the event.
  public var masks: UInt16
  /// Whether the data of the calorimeters may be read out zero-suppressed.
  public var isZeroSuppressed: Bool
  /// Whether the L1 data block is written.
  public var writesBlock: Bool
}

/// The counters that follow the algorithms, in the order of the events: downscalings and the statistics
/// of the trigger (`l1.md` 6.3, 6.4, 3.5).
struct L1Finisher: Sendable {
  private let configuration: L1Configuration
  private let logic: [MaskLogic]
  private var accepted: UInt64 = 0
  private var downscaling = [UInt64](repeating: 0, count: 16 * 8)

  init(_ configuration: L1Configuration) {
    self.configuration = configuration
    logic = configuration.masks.map { MaskLogic($0, isListed: false) }
  }

  var carry: L1Tail.Carry { L1Tail.Carry(accepted: accepted, downscaling: downscaling) }

  /// Goes on from what another one left; counters that are missing are 0.
  mutating func resume(_ carry: L1Tail.Carry) {
    accepted = carry.accepted
    for (place, count) in carry.downscaling.prefix(downscaling.count).enumerated() {
      downscaling[place] = count
    }
  }

  /// Begins anew.
  mutating func restart() {
    accepted = 0
    for place in downscaling.indices { downscaling[place] = 0 }
  }

  /// The verdict on the next event; `isBypassed` says that its record is of a periodic or control trigger.
  mutating func decide(isBypassed: Bool, _ evaluation: L1Evaluation) -> L1Decision {
    let auto: L1Word = evaluation.plan.isAutopass ? .autopass : []
    switch evaluation.plan.path {
    case .special:
      return L1Decision(
        word: auto.union(.bypass), masks: 0, isZeroSuppressed: false, writesBlock: true)
    case .reduced:
      return L1Decision(word: [], masks: 0, isZeroSuppressed: false, writesBlock: false)
    case .bypass:
      return L1Decision(word: auto.union(.bypass), masks: 0, isZeroSuppressed: true, writesBlock: true)
    case .masks: break
    }
    var masks: UInt16 = 0
    for mask in 0..<16 where evaluation.passing & (1 << UInt16(mask)) != 0 {
      let words = evaluation.words[mask]
      let logic = logic[mask]
      if words & logic.downscaled != 0 {
        if configuration.corrections.contains(.everyDownscaling) {
          let passed = L1Algorithm.allCases.filter { words & logic.downscaled & $0.bit != 0 }
          guard passed.allSatisfy({ keeps(mask, $0.rawValue) }) else { continue }
        } else if !keeps(mask, logic.downscaled.trailingZeroBitCount) {
          continue
        }
      }
      if words & logic.enabled == logic.enabled { masks |= 1 << UInt16(mask) }
    }
    var word = auto
    if evaluation.flagged { word.insert(.flagged) }
    if isBypassed { word.insert(.bypass) }
    if evaluation.allDisabled { word.insert(.allDisabled) }
    if evaluation.timeout { word.insert(.timeout) }
    if masks != 0 { word.insert(.accepted) }
    guard !word.isEmpty else {
      return L1Decision(word: [], masks: masks, isZeroSuppressed: false, writesBlock: false)
    }
    if word.contains(.accepted) { accepted &+= 1 }
    let factor = UInt64(configuration.downscaleFactor)
    if factor != 0, accepted % factor != 0, !isProtected(word) {
      return L1Decision(word: [], masks: masks, isZeroSuppressed: false, writesBlock: false)
    }
    return L1Decision(word: word, masks: masks, isZeroSuppressed: true, writesBlock: true)
  }

  /// Counts an event for an algorithm's downscaling in a mask; whether that keeps it.
  private mutating func keeps(_ mask: Int, _ algorithm: Int) -> Bool {
    downscaling[mask * 8 + algorithm] &+= 1
    let factor = UInt64(configuration.masks[mask].algorithms[algorithm].downscaling)
    return factor != 0 && downscaling[mask * 8 + algorithm] % factor == 0
  }

  /// Whether a correction keeps the global downscaling from dropping an event with this word.
  private func isProtected(_ word: L1Word) -> Bool {
    let corrections = configuration.corrections
    return corrections.contains(.protectPeriodic) && word.contains(.bypass)
      || corrections.contains(.protectAutopass) && word.contains(.autopass)
      || corrections.contains(.downscaleAccepted) && !word.contains(.accepted)
  }
}
