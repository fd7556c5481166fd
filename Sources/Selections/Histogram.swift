/// Counts in bins of one or two axes: a commutative monoid (`merge`).
public struct Histogram: Hashable, Sendable {
  /// Its name.
  public let name: String
  /// The name of the cut after which it is filled; nil for all cuts.
  public let after: String?
  /// The first axis, and the second of a histogram in two variables.
  public let axes: [HistogramAxis]
  /// The counts, underflow and overflow included; the first axis runs fastest.
  public private(set) var counts: [UInt64]
  /// Events in which a variable is unavailable.
  public private(set) var unavailable: UInt64 = 0

  /// An empty histogram.
  public init(name: String, after: String?, axes: [HistogramAxis]) {
    self.name = name
    self.after = after
    self.axes = axes
    counts = [UInt64](repeating: 0, count: axes.reduce(1) { $0 * ($1.bins + 2) })
  }

  /// Events in it, those without a value included.
  public var entries: UInt64 { counts.reduce(unavailable, +) }

  /// The count of a bin of each axis; 0 is the underflow.
  public func count(_ bin: Int, _ second: Int = 0) -> UInt64 {
    counts[axes.count > 1 ? bin + second * (axes[0].bins + 2) : bin]
  }

  /// Adds an event with its value on each axis; the second counts only where there is a second axis.
  public mutating func add(_ x: Double, _ y: Double = 0) {
    guard let bin = axes[0].bin(x) else {
      unavailable += 1
      return
    }
    guard axes.count > 1 else {
      counts[bin] += 1
      return
    }
    guard let second = axes[1].bin(y) else {
      unavailable += 1
      return
    }
    counts[bin + second * (axes[0].bins + 2)] += 1
  }

  /// Adds the events of another; the axes must be the same, which the accumulator has checked.
  mutating func merge(_ other: Histogram) {
    unavailable += other.unavailable
    for bin in counts.indices { counts[bin] += other.counts[bin] }
  }
  /// The counts alone, in a fixed order: what is stored of them, and adds up.
  var tally: [UInt64] { [unavailable] + counts }

  /// Takes counts from the front of a tally; `false` where there are too few.
  mutating func restore(_ tally: inout ArraySlice<UInt64>) -> Bool {
    guard let head = tally.take(1), let stored = tally.take(counts.count) else { return false }
    unavailable = head[0]
    counts = stored
    return true
  }
}
