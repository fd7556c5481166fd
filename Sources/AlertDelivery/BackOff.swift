/// How long to wait before the next attempt: twice as long each time, up to a limit, and never the same for all.
public struct BackOff: Sendable, Equatable {
  /// Wait after the first failure.
  public var first: Duration
  /// Longest wait.
  public var maximum: Duration
  /// Seed of the random part, so that a test can be repeated.
  public var seed: UInt64

  /// A back-off; the defaults are for receivers that restart.
  public init(first: Duration = .milliseconds(250), maximum: Duration = .seconds(60), seed: UInt64 = 0) {
    self.first = first
    self.maximum = maximum
    self.seed = seed
  }

  /// The wait after failure number `attempt`, from 1, of a sink: half of it fixed, half of it random, so that
  /// senders that failed together do not come back together.
  public func delay(attempt: Int, sink: String) -> Duration {
    let doublings = min(max(attempt, 1) - 1, 40)
    let whole = min(first * Int(1 << doublings), maximum)
    var state = seed &+ UInt64(truncatingIfNeeded: attempt) &* 0x9E37_79B9_7F4A_7C15
    for byte in sink.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    // The last step of SplitMix64.
    state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
    let random = Double((state ^ (state >> 31)) >> 11) * 0x1p-53
    return whole * (0.5 + 0.5 * random)
  }
}
