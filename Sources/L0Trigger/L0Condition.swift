/// The primitive words of the seven inputs side by side, CHOD first; the eighth lane is unused.
public typealias L0Words = SIMD8<UInt16>

/// A condition on the primitive words: for each of 7 × 16 bits, required, forbidden or ignored, as the
/// processor's registers have it (`l0tp.md` 4.1).
///
/// A word W fulfils it where `(W | dontcare) == mask`. Per bit: mask 1 and dontcare 0 requires the bit,
/// 0 and 0 forbids it, 1 and 1 ignores it; 0 and 1 can never be fulfilled.
public struct L0Condition: Sendable, Hashable {
  /// The mask words; the eighth is all ones.
  public var mask: L0Words
  /// The dontcare words; the eighth is all ones.
  public var dontcare: L0Words

  /// The condition of the given registers, CHOD first; what is missing is ignored bits.
  public init(mask: [UInt16], dontcare: [UInt16]) {
    self.init()
    for lane in 0..<min(L0Detector.count, mask.count, dontcare.count) {
      self.mask[lane] = mask[lane]
      self.dontcare[lane] = dontcare[lane]
    }
  }

  /// The condition that every word fulfils.
  public init() {
    mask = L0Words(repeating: 0xFFFF)
    dontcare = L0Words(repeating: 0xFFFF)
  }

  /// What a condition says of one bit.
  public enum Demand: Sendable, Hashable {
    /// The bit must be 1.
    case required
    /// The bit must be 0.
    case forbidden
    /// The bit does not matter.
    case ignored
    /// No word can fulfil the condition.
    case impossible
  }

  /// The demand on a bit of a detector, 0 to 15.
  public subscript(detector: L0Detector, bit: Int) -> Demand {
    get {
      let one: UInt16 = 1 << UInt16(bit & 15)
      switch (mask[detector.rawValue] & one != 0, dontcare[detector.rawValue] & one != 0) {
      case (true, false): return .required
      case (false, false): return .forbidden
      case (true, true): return .ignored
      case (false, true): return .impossible
      }
    }
    set {
      let one: UInt16 = 1 << UInt16(bit & 15)
      let lane = detector.rawValue
      mask[lane] = newValue == .required || newValue == .ignored ? mask[lane] | one : mask[lane] & ~one
      dontcare[lane] =
        newValue == .ignored || newValue == .impossible ? dontcare[lane] | one : dontcare[lane] & ~one
    }
  }

  /// Whether the words fulfil the condition.
  @inlinable
  public func matches(_ words: L0Words) -> Bool { (words | dontcare) == mask }

  /// The bits on which the answer depends.
  public var care: L0Words { ~dontcare }

  /// Bits that must be 1.
  public var required: L0Words { mask & ~dontcare }

  /// Bits that must be 0.
  public var forbidden: L0Words { ~mask & ~dontcare }

  /// Whether some bit makes the condition impossible.
  public var isImpossible: Bool { (dontcare & ~mask) != L0Words(repeating: 0) }
}
