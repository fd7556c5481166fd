/// Random numbers that depend only on a seed and on what they are for, not on what was drawn before: so a burst
/// can be made in shards and by any number of workers, and comes out the same.
///
/// A counter-based generator: number k of stream (seed, purpose, index) is a mixing of the four, by the
/// finalizer of SplitMix64 (Steele, Lea, Flood 2014) applied to a Weyl sequence whose start and odd increment
/// are themselves mixed from the stream.
public struct SimulationRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64
  private let increment: UInt64

  /// The stream of an item, as a decay or a trigger, for one purpose.
  public init(seed: UInt64, purpose: Purpose, index: UInt64) {
    let a = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    let b = Self.mixed(a ^ UInt64(purpose.rawValue) &* 0xD6E8_FEB8_6659_FD93)
    let c = Self.mixed(b ^ index)
    state = c
    increment = Self.mixed(c ^ 0xA076_1D64_78BD_642F) | 1
  }

  /// What a stream is for: different purposes of one item never share numbers.
  public enum Purpose: UInt32, Sendable, Hashable, CaseIterable {
    /// When beam particles come.
    case beam = 1
    /// What a particle decays to, where, and how.
    case decay
    /// Halo muons.
    case halo
    /// What detectors make of particles.
    case response
    /// Noise of detectors.
    case noise
    /// Beam-dump production.
    case dump
    /// Prompt pairs by halo muons.
    case prompt
    /// The seed of a burst.
    case burst
  }

  /// The next 64 bits.
  @inlinable
  public mutating func next() -> UInt64 { step() }

  @usableFromInline
  mutating func step() -> UInt64 {
    state &+= increment
    return Self.mixed(state)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 to just below 1.
  @inlinable
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number from `low` to just below `high`.
  @inlinable
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }
}
