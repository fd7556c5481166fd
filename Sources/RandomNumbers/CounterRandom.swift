/// Random numbers that depend only on a seed and on what they are for, not on what was drawn before: so work
/// can be split among any number of workers, and comes out the same.
///
/// A counter-based generator: number k of (seed, stream, index) is a mixing of the four, by the finalizer of
/// SplitMix64 (Steele, Lea, Flood 2014) applied to a Weyl sequence whose start and odd increment are
/// themselves mixed from the three.
public struct CounterRandom: RandomNumberGenerator, Sendable {
  @usableFromInline var state: UInt64
  @usableFromInline let increment: UInt64

  /// The numbers of item `index` of a stream.
  public init(seed: UInt64, stream: UInt64, index: UInt64) {
    let a = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    let b = Self.mixed(a ^ stream &* 0xD6E8_FEB8_6659_FD93)
    let c = Self.mixed(b ^ index)
    state = c
    increment = Self.mixed(c ^ 0xA076_1D64_78BD_642F) | 1
  }

  /// The next 64 bits.
  @inlinable
  public mutating func next() -> UInt64 {
    state &+= increment
    return Self.mixed(state)
  }

  @inlinable
  static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 to just below 1.
  @inlinable
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
