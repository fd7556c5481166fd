/// How many of the triggers of a line are kept (`l0tp.md` 4.2).
public struct L0Downscaling: Sendable, Hashable {
  /// How it is decided which ones.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// A counter, as in hardware: with factor N the N-th, 2N-th … match fires.
    case counter
    /// A hash of burst, timestamp, mask and seed: the answer for a trigger does not depend on the others.
    case hash
  }

  /// The factor as a fraction: `numerator` matches give `denominator` triggers.
  public var numerator: UInt32
  /// See `numerator`.
  public var denominator: UInt32
  /// How it is decided which ones.
  public var mode: Mode
  /// Seed of the hash.
  public var seed: UInt64

  /// Keeps one in `factor`, by a counter.
  public init(_ factor: UInt32) { self.init(numerator: factor, denominator: 1) }

  /// Keeps `denominator` in `numerator`, in lowest terms, so that equal factors are equal values; a factor
  /// below 1, or of 0, becomes 1.
  public init(numerator: UInt32, denominator: UInt32, mode: Mode = .counter, seed: UInt64 = 0) {
    let isFactor = denominator > 0 && numerator >= denominator
    let divisor = isFactor ? Self.commonDivisor(numerator, denominator) : 1
    self.numerator = isFactor ? numerator / divisor : 1
    self.denominator = isFactor ? denominator / divisor : 1
    self.mode = mode
    self.seed = seed
  }

  /// The greatest number that divides both; not both are 0.
  private static func commonDivisor(_ a: UInt32, _ b: UInt32) -> UInt32 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }

  /// The factor as a number, at least 1.
  public var factor: Double { Double(numerator) / Double(denominator) }

  /// Decides on the next match, with the phase that the last call left.
  ///
  /// - Parameters:
  ///   - phase: the counter of the line; untouched by the hash.
  ///   - key: what identifies the match, for the hash.
  @inlinable
  func fires(phase: inout UInt64, key: UInt64) -> Bool {
    switch mode {
    case .counter:
      phase &+= UInt64(denominator)
      guard phase >= UInt64(numerator) else { return false }
      phase -= UInt64(numerator)
      return true
    case .hash:
      // The upper 32 bits of a well-mixed word, as a fraction of 2^32, below 1/factor.
      return (Self.mixed(key ^ Self.mixed(seed)) >> 32) &* UInt64(numerator) < UInt64(denominator) << 32
    }
  }

  /// A bijective mixing of 64 bits in which every output bit depends on every input bit: the finalizer of
  /// SplitMix64 (Steele, Lea, Flood 2014).
  @inlinable
  static func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
