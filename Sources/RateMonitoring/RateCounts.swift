public import NA62Formats

/// The counts of all lines by burst: a commutative monoid, so that shards of a run, merged, are the run.
///
/// Bins are cut at whole multiples of their width since the epoch, and not at the begin of a burst: so parts of
/// one burst add up exactly.
public struct RateCounts: Sendable, Hashable {
  /// Run and burst.
  public struct Key: Sendable, Hashable, Comparable, Codable {
    /// Run number, or 0.
    public let run: UInt32
    /// Burst.
    public let burst: UInt32

    /// A burst of a run.
    public init(run: UInt32, burst: UInt32) {
      self.run = run
      self.burst = burst
    }

    /// By run, then burst.
    public static func < (a: Self, b: Self) -> Bool { (a.run, a.burst) < (b.run, b.burst) }
  }

  /// The counts of one line in one burst.
  public struct Line: Sendable, Hashable {
    /// Its count.
    public var count: UInt64 = 0
    /// Its counts by bin, from the burst's first one; zeros at the end may be left out.
    public var along: [UInt64] = []

    /// No counts.
    public init() {}
  }

  /// One burst.
  public struct Burst: Sendable, Hashable {
    /// First and last data time of its packets.
    public var begin: DataTime
    /// See ``begin``.
    public var end: DataTime
    /// The bin of ``begin``: the first of ``Line/along``.
    public var firstBin: Int64
    /// The lines that counted something.
    public var lines: [RateLine: Line] = [:]

    /// A burst without counts.
    public init(begin: DataTime, end: DataTime, firstBin: Int64) {
      self.begin = begin
      self.end = end
      self.firstBin = firstBin
    }

    /// Time from its first to its last packet, in s.
    public var seconds: Double { max(0, end.seconds(since: begin)) }

    /// Adds another part of the same burst.
    public static func += (a: inout Self, b: Self) {
      let first = min(a.firstBin, b.firstBin)
      var sum = Self(begin: min(a.begin, b.begin), end: max(a.end, b.end), firstBin: first)
      for part in [a, b] {
        let shift = Int(clamping: part.firstBin.subtractingReportingOverflow(first).partialValue)
        for (line, counts) in part.lines {
          sum.lines[line, default: Line()].count &+= counts.count
          // Parts that lie further apart than a burst can be are no parts of one burst.
          guard shift <= RateCounts.maximumBins else { continue }
          for (bin, count) in counts.along.enumerated() where count > 0 {
            sum.lines[line, default: Line()].add(count, bin: bin + shift)
          }
        }
      }
      a = sum
    }
  }

  /// Bins of a burst at most; what comes later counts in the last one.
  public static let maximumBins = 4096

  /// Width of the bins along a burst, in ns.
  public let binNanoseconds: Int64
  /// The bursts.
  public var bursts: [Key: Burst] = [:]

  /// No counts, in bins of so many ns, at least 1.
  public init(binNanoseconds: Int64) { self.binNanoseconds = max(1, binNanoseconds) }

  /// The bin of a time.
  public func bin(of time: DataTime) -> Int64 { Self.bin(of: time.nanoseconds, width: binNanoseconds) }

  static func bin(of nanoseconds: Int64, width: Int64) -> Int64 {
    let quotient = nanoseconds / width
    return nanoseconds % width < 0 ? quotient - 1 : quotient
  }

  /// Adds the counts of another part. Throws where its bins are of another width.
  public mutating func merge(_ other: Self) throws(RateMonitoringError) {
    guard other.binNanoseconds == binNanoseconds else {
      throw .differentBins(binNanoseconds, other.binNanoseconds)
    }
    for (key, burst) in other.bursts {
      if bursts[key] == nil { bursts[key] = burst } else { bursts[key]? += burst }
    }
  }

  /// Count and time of a line over all bursts.
  public func total(of line: RateLine) -> (count: UInt64, seconds: Double) {
    bursts.sorted { $0.key < $1.key }.reduce(into: (UInt64(0), 0.0)) { sum, burst in
      sum.0 &+= burst.value.lines[line]?.count ?? 0
      sum.1 += burst.value.seconds
    }
  }

  /// All lines that counted something, in their order.
  public var lines: [RateLine] { Set(bursts.values.flatMap(\.lines.keys)).sorted() }
}

extension RateCounts.Line {
  /// Adds to a bin; what lies behind the last bin counts in it.
  mutating func add(_ count: UInt64, bin: Int) {
    let bin = min(max(0, bin), RateCounts.maximumBins - 1)
    if bin >= along.count { along += Array(repeating: 0, count: bin + 1 - along.count) }
    along[bin] &+= count
  }
}

/// Why rates cannot be monitored or merged.
public enum RateMonitoringError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Counts in bins of different widths, in ns.
  case differentBins(Int64, Int64)
  /// A state of a monitor of another configuration.
  case differentState

  /// One line.
  public var description: String {
    switch self {
    case .differentBins(let a, let b):
      "cannot merge rates in bins of \(a) ns and \(b) ns: monitor both with the same 'bin'"
    case .differentState:
      "what the rate monitor kept is of another configuration: replay without --resume"
    }
  }
}
