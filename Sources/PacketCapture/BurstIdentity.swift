/// Which burst an input holds, where the input itself says it.
public struct BurstIdentity: Hashable, Sendable, Codable {
  /// Run number.
  public var run: UInt32
  /// Burst.
  public var burst: UInt32
  /// Start of burst in seconds since the Unix epoch; 0 where it is not known.
  public var startOfBurst: UInt32

  /// A burst of a run.
  public init(run: UInt32, burst: UInt32, startOfBurst: UInt32) {
    self.run = run
    self.burst = burst
    self.startOfBurst = startOfBurst
  }
}
