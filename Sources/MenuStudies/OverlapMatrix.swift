/// How often two lines of a menu made the same trigger. A commutative monoid.
public struct OverlapMatrix: Sendable, Hashable {
  private static let side = LinePattern.lineCount
  private var counts = [UInt64](repeating: 0, count: side * side)

  /// No counts.
  public init() {}

  /// Counts a trigger.
  @inline(__always)
  mutating func add(_ pattern: LinePattern) {
    pattern.forEach { i in
      var rest = (pattern.rawValue >> UInt32(i)) << UInt32(i)
      while rest != 0 {
        counts[i * Self.side + rest.trailingZeroBitCount] += 1
        rest &= rest - 1
      }
    }
  }

  /// Triggers that both lines made; of a line with itself, all that it made.
  public subscript(i: Int, j: Int) -> UInt64 { counts[min(i, j) * Self.side + max(i, j)] }

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) {
    for i in a.counts.indices { a.counts[i] += b.counts[i] }
  }
}
