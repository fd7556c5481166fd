/// Triggers along the burst, in bins that widen so that any burst fits. A commutative monoid: the width
/// depends on the latest trigger only.
public struct BurstProfile: Sendable, Hashable {
  /// Number of bins.
  public static let binCount = 256
  /// Least width of a bin: 2^12 clock periods, 0.1 ms.
  public static let leastExponent = 12

  /// The width of a bin is two to this power, in clock periods.
  public private(set) var exponent = leastExponent
  /// Triggers in each bin.
  public private(set) var counts = [UInt64](repeating: 0, count: binCount)

  /// No triggers.
  public init() {}

  /// Counts a trigger at a time in clock periods since the start of burst.
  @inline(__always)
  mutating func add(_ timestamp: UInt32) {
    while Int(timestamp >> UInt32(exponent)) >= Self.binCount { widen() }
    counts[Int(timestamp >> UInt32(exponent))] += 1
  }

  private mutating func widen() {
    for i in 0..<(Self.binCount / 2) { counts[i] = counts[2 * i] + counts[2 * i + 1] }
    for i in (Self.binCount / 2)..<Self.binCount { counts[i] = 0 }
    exponent += 1
  }

  /// The profile with bins of the given width, which is not less than that it has.
  public func widened(to exponent: Int) -> BurstProfile {
    var wide = self
    while wide.exponent < exponent { wide.widen() }
    return wide
  }

  /// Adds the triggers of another part.
  public static func += (a: inout Self, b: Self) {
    let exponent = max(a.exponent, b.exponent)
    a = a.widened(to: exponent)
    let other = b.widened(to: exponent)
    for i in a.counts.indices { a.counts[i] += other.counts[i] }
  }
}
