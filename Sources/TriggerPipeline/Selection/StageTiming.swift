public import Configuration

/// How long something took, event by event: number, sum, and a histogram with fixed bins, twenty to a factor of
/// ten from 10 ns on. A commutative monoid under ``merge(_:)``.
///
/// It tells of the machine, not of the data: it never goes to an output that is compared byte by byte.
public struct StageTiming: Sendable, Hashable {
  /// Bins, the last of which takes all that is longer.
  static let bins = 160
  /// From one edge to the next: the twentieth root of ten.
  private static let step = 1.1220184543019633
  /// Upper edges of the bins in ns, the last one's left out.
  private static let edges: [Double] = {
    var edges: [Double] = []
    var edge = 10.0
    for bin in 1..<bins {
      edge *= step
      edges.append(edge)
    }
    return edges
  }()

  /// The bin of the least time of each cell, so that nothing need be searched for an event: a cell is a sixteenth of a
  /// factor of two, and has at most one edge.
  private static let cells: [UInt8] = (0..<1024).map { cell in
    // Below 16 ns a cell is one ns.
    let value = cell < 16 ? UInt64(cell) : UInt64(16 + cell % 16) << UInt64(max(cell / 16 - 4, 0))
    // The edges that are not above it, by halves: all of them for each cell would be half a ms of the first event.
    var (bin, end) = (0, edges.count)
    while bin < end {
      let middle = (bin + end) / 2
      if Double(value) >= edges[middle] { bin = middle + 1 } else { end = middle }
    }
    return UInt8(bin)
  }

  /// Events.
  public private(set) var events: UInt64 = 0
  /// Sum of their times in ns.
  public private(set) var nanoseconds: UInt64 = 0
  private var counts = [UInt64](repeating: 0, count: bins)

  /// Nothing timed yet.
  public init() {
    // The tables are made now, not while an event is timed.
    _ = Self.cells.count
  }

  /// Adds an event, or `number` of the same time.
  public mutating func add(_ nanoseconds: UInt64, number: UInt64 = 1) {
    events += number
    self.nanoseconds &+= nanoseconds &* number
    counts[Self.bin(nanoseconds)] += number
  }

  /// Adds the events of another.
  public mutating func merge(_ other: StageTiming) {
    events += other.events
    nanoseconds &+= other.nanoseconds
    for bin in counts.indices { counts[bin] += other.counts[bin] }
  }

  private static func bin(_ nanoseconds: UInt64) -> Int {
    let exponent = 63 - (nanoseconds | 1).leadingZeroBitCount
    let cell =
      exponent < 4 ? Int(nanoseconds) : 16 * exponent + Int((nanoseconds >> UInt64(exponent - 4)) & 15)
    let bin = Int(cells[cell])
    return bin < edges.count && Double(nanoseconds) >= edges[bin] ? bin + 1 : bin
  }

  /// Mean in µs; nil without events.
  public var mean: Double? { events == 0 ? nil : Double(nanoseconds) / Double(events) / 1000 }

  /// The time in µs that a share of the events stays below, as if those of a bin of 12 % were spread evenly in it.
  public func quantile(_ share: Double) -> Double? {
    guard events > 0 else { return nil }
    var sum: UInt64 = 0
    for bin in counts.indices {
      let below = Double(sum)
      sum += counts[bin]
      let wanted = share * Double(events)
      if counts[bin] > 0, Double(sum) >= wanted {
        guard bin < Self.edges.count else { return .infinity }
        let lower = bin > 0 ? Self.edges[bin - 1] : 0
        let part = max(wanted - below, 0) / Double(counts[bin])
        return (lower + part * (Self.edges[bin] - lower)) / 1000
      }
    }
    return nil
  }

  /// Events, mean and quantiles, in µs.
  public var configValue: ConfigValue {
    .map([
      .init("events", .int(Int(clamping: events))), .init("mean_us", mean.map { .double($0) } ?? .null),
      .init("p50_us", quantile(0.5).map { .double($0) } ?? .null),
      .init("p99_us", quantile(0.99).map { .double($0) } ?? .null),
    ])
  }
}

/// The times of the stage that reconstructs and selects, for each event that L1 keeps.
public struct SelectionTiming: Sendable, Hashable {
  /// The reconstruction.
  public internal(set) var reconstruction = StageTiming()
  /// Each selection, in their order.
  public internal(set) var selections: [StageTiming]
  /// Reconstruction and all selections together.
  public internal(set) var all = StageTiming()

  init(selections: Int) { self.selections = Array(repeating: StageTiming(), count: selections) }

  mutating func merge(_ other: SelectionTiming) {
    reconstruction.merge(other.reconstruction)
    all.merge(other.all)
    for index in selections.indices { selections[index].merge(other.selections[index]) }
  }
}
