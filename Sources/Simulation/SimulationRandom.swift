public import RandomNumbers

/// Random numbers of a simulation: a stream of `CounterRandom` for each purpose of each item, so a burst can
/// be made in shards and by any number of workers, and comes out the same.
public struct SimulationRandom: RandomNumberGenerator, Sendable {
  @usableFromInline var numbers: CounterRandom

  /// The stream of an item, as a decay or a trigger, for one purpose.
  public init(seed: UInt64, purpose: Purpose, index: UInt64) {
    numbers = CounterRandom(seed: seed, stream: UInt64(purpose.rawValue), index: index)
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
  public mutating func next() -> UInt64 { numbers.next() }

  /// A number from 0 to just below 1.
  @inlinable
  public mutating func uniform() -> Double { numbers.uniform() }

  /// A number from `low` to just below `high`.
  @inlinable
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }
}
