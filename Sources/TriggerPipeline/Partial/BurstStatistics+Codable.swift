import EventBuilding
import NA62Formats

extension BurstStatistics: Codable {
  private enum Key: String, CodingKey {
    case run, burst, begin, end, first, last, events, startOfBurst, endOfBurst, counts
  }

  /// Reads a burst back; throws where something is missing or out of range.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func time(_ key: Key) throws -> DataTime {
      // As text: no other count of a run has as many digits.
      guard let time = Int64(try values.decode(String.self, forKey: key)) else {
        throw PartialError.broken("time of a burst")
      }
      return DataTime(nanoseconds: time)
    }
    let first = try values.decode(UInt32.self, forKey: .first)
    let last = try values.decode(UInt32.self, forKey: .last)
    guard first <= last else { throw PartialError.broken("timestamps of a burst") }
    let counts = try values.decode(HLTStatistics.self, forKey: .counts)
    guard counts.isWhole else { throw PartialError.broken("counts of a burst") }
    self.init(
      burst: BurstSummary(
        burst: try values.decode(UInt32.self, forKey: .burst), begin: try time(.begin), end: try time(.end),
        timestamps: first...last, events: try values.decode(UInt64.self, forKey: .events),
        run: try values.decode(UInt32.self, forKey: .run),
        startOfBurst: try values.decode(UInt32.self, forKey: .startOfBurst),
        endOfBurst: try values.decode(UInt32.self, forKey: .endOfBurst)),
      counts: counts)
  }

  /// Writes all of it.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(burst.run, forKey: .run)
    try values.encode(burst.burst, forKey: .burst)
    try values.encode("\(burst.begin.nanoseconds)", forKey: .begin)
    try values.encode("\(burst.end.nanoseconds)", forKey: .end)
    try values.encode(burst.timestamps.lowerBound, forKey: .first)
    try values.encode(burst.timestamps.upperBound, forKey: .last)
    try values.encode(burst.events, forKey: .events)
    try values.encode(burst.startOfBurst, forKey: .startOfBurst)
    try values.encode(burst.endOfBurst, forKey: .endOfBurst)
    try values.encode(counts, forKey: .counts)
  }

  /// Bursts of a run as they are listed: by run, burst and time.
  static func isBefore(_ a: BurstStatistics, _ b: BurstStatistics) -> Bool {
    (a.burst.run, a.burst.burst, a.burst.begin) < (b.burst.run, b.burst.burst, b.burst.begin)
  }
}

extension BurstStatistics {
  /// Adds what another node of a farm has counted of the same burst.
  mutating func merge(node other: BurstStatistics) {
    var sum = burst
    let (a, b) = (burst, other.burst)
    sum.begin = min(a.begin, b.begin)
    sum.end = max(a.end, b.end)
    if b.events > 0 {
      // Without an event there are no timestamps.
      sum.timestamps =
        a.events == 0
        ? b.timestamps
        : min(
          a.timestamps.lowerBound, b.timestamps.lowerBound)...max(
            a.timestamps.upperBound, b.timestamps.upperBound)
    }
    sum.events += b.events
    // Where two nodes differ: each takes the second of the first packet that it has seen. 0 is not known.
    sum.startOfBurst = [a.startOfBurst, b.startOfBurst].filter { $0 > 0 }.min() ?? 0
    sum.endOfBurst = [a.endOfBurst, b.endOfBurst].filter { $0 > 0 }.min() ?? 0
    var counts = counts
    counts += other.counts
    self = BurstStatistics(burst: sum, counts: counts)
  }
}

extension RateTable {
  /// Takes the number and the live time of the bursts from a list of all of them.
  mutating func setBursts(_ all: [BurstSummary]) {
    bursts = 0
    liveTicks = 0
    for burst in all { add(burst) }
  }

  /// Whether every list has its length, as it may not where it was read.
  var isWhole: Bool {
    masks.count == 16 && wordBits.count == 8 && masks.allSatisfy { $0.algorithmPassed.count == 8 }
  }
}

extension HLTStatistics {
  /// Whether every list has its length, as it may not where it was read.
  var isWhole: Bool { rates.isWhole && words.count == 256 }
}
