/// Counts of several kinds in each period of a run, as bursts: a commutative monoid under ``merge(_:)``.
///
/// Periods are numbered in the order of the data, and only those with counts are kept. Adding to the latest
/// period is O(1) amortised; to an earlier one it costs a search, and where it is new an insertion.
public struct PeriodCounts: Sendable, Hashable {
  /// How many kinds are counted.
  public let columns: Int
  /// The periods with counts, in rising order.
  public private(set) var periods: [UInt64] = []
  /// The counts, ``columns`` for each period.
  public private(set) var counts: [UInt64] = []

  /// Nothing counted yet, in `columns` kinds.
  public init(columns: Int) { self.columns = max(0, columns) }

  /// What was counted before: `counts` has ``columns`` numbers for each period.
  ///
  /// Throws where the periods do not rise, or the counts do not fit to them.
  public init(columns: Int, periods: [UInt64], counts: [UInt64]) throws {
    self.init(columns: columns)
    let (size, overflow) = self.columns.multipliedReportingOverflow(by: periods.count)
    guard !overflow, counts.count == size, zip(periods, periods.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw StatisticsError.invalidInput(
        name: "counts by period", value: "\(counts.count) counts of \(periods.count) periods",
        expected: "rising periods, each with \(self.columns) counts")
    }
    self.periods = periods
    self.counts = counts
  }

  /// The count of a kind in a period by its place in ``periods``.
  public subscript(place: Int, column: Int) -> UInt64 { counts[place * columns + column] }

  /// The total of a kind.
  public func total(_ column: Int) -> UInt64 {
    periods.indices.reduce(0) { $0 &+ self[$1, column] }
  }

  /// Adds one event of each kind whose bit in `kinds` is set.
  ///
  /// Throws, changing nothing, where a count would overflow.
  public mutating func add(period: UInt64, kinds: UInt64) throws {
    guard kinds != 0 else { return }
    let place = place(of: period)
    for column in 0..<min(columns, 64) where kinds >> UInt64(column) & 1 == 1 {
      guard counts[place * columns + column] < .max else {
        throw StatisticsError.countOverflow("events of period \(period)")
      }
    }
    for column in 0..<min(columns, 64) where kinds >> UInt64(column) & 1 == 1 {
      counts[place * columns + column] += 1
    }
  }

  /// The place of a period, made where it is new.
  private mutating func place(of period: UInt64) -> Int {
    guard let last = periods.last, period <= last else {
      periods.append(period)
      counts.append(contentsOf: repeatElement(0, count: columns))
      return periods.count - 1
    }
    var low = 0
    var high = periods.count - 1
    if period == last { return high }
    while low < high {
      let middle = (low + high) / 2
      if periods[middle] < period { low = middle + 1 } else { high = middle }
    }
    guard periods[low] != period else { return low }
    periods.insert(period, at: low)
    counts.insert(contentsOf: repeatElement(0, count: columns), at: low * columns)
    return low
  }

  /// Adds the counts of another; throws, changing nothing, if it counts other kinds or a count would overflow.
  public mutating func merge(_ other: PeriodCounts) throws {
    guard columns == other.columns else {
      throw StatisticsError.invalidInput(
        name: "kinds counted by period", value: "\(other.columns)",
        expected: "\(columns), as in the other shard")
    }
    var merged = PeriodCounts(columns: columns)
    merged.periods.reserveCapacity(max(periods.count, other.periods.count))
    var (a, b) = (0, 0)
    while a < periods.count || b < other.periods.count {
      let first = a < periods.count ? periods[a] : .max
      let second = b < other.periods.count ? other.periods[b] : .max
      let takesFirst = b == other.periods.count || (a < periods.count && first <= second)
      let takesSecond = a == periods.count || (b < other.periods.count && second <= first)
      merged.periods.append(takesFirst ? first : second)
      for column in 0..<columns {
        let mine = takesFirst ? self[a, column] : 0
        let theirs = takesSecond ? other[b, column] : 0
        let (sum, overflow) = mine.addingReportingOverflow(theirs)
        guard !overflow else {
          throw StatisticsError.countOverflow("events of period \(takesFirst ? first : second)")
        }
        merged.counts.append(sum)
      }
      if takesFirst { a += 1 }
      if takesSecond { b += 1 }
    }
    self = merged
  }
}
