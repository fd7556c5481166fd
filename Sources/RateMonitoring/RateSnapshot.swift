public import NA62Formats
import TriggerPipeline

/// The rates at one moment: what a page shows of them.
public struct RateSnapshot: Sendable, Hashable {
  /// What is known of a line now.
  public enum Condition: String, Sendable, Hashable {
    /// Inside its band, or without one.
    case normal
    /// Above its band, or more than its share.
    case high
    /// Below its band.
    case low
    /// Expected, and nothing comes.
    case dead
  }

  /// What a rate is compared with, in Hz.
  public struct Band: Sendable, Hashable {
    /// The expected rate.
    public var expected: Double
    /// Lower edge.
    public var low: Double
    /// Upper edge.
    public var high: Double
    /// Where the expectation comes from.
    public var origin: String
  }

  /// One burst of a line.
  public struct Point: Sendable, Hashable {
    /// Run.
    public var run: UInt32
    /// Burst.
    public var burst: UInt32
    /// Count.
    public var count: UInt64
    /// Time that the count is for, in s.
    public var seconds: Double
    /// Start of the burst.
    public var begin: DataTime
  }

  /// One line.
  public struct Line: Sendable, Hashable {
    /// What it counts.
    public var line: RateLine
    /// The last bursts, oldest first; the last one may be under way.
    public var bursts: [Point]
    /// Counts along the last burst.
    public var along: [UInt64]
    /// What it is compared with; nil without a reference.
    public var band: Band?
    /// What is known of it.
    public var condition: Condition
    /// Its counts since the start of the run.
    public var total: UInt64
  }

  /// Width of the bins along a burst, in s.
  public var binSeconds: Double
  /// Whether the last point is of a burst under way.
  public var isBurstOpen: Bool
  /// The lines, in their order.
  public var lines: [Line]
}

extension RateMonitor {
  /// The rates now.
  public func snapshot() -> RateSnapshot {
    var bursts = counts.bursts.sorted { $0.key < $1.key }.map { (key: $0.key, burst: $0.value) }
    let under = openCounts
    if let under { bursts.append(under) }
    let bands = Dictionary(
      configuration.bands.map { ($0.line, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(bursts.flatMap(\.burst.lines.keys)).union(bands.keys).union(conditions.keys).sorted()
    let empty = RateCounts.Line()
    return RateSnapshot(
      binSeconds: Double(width) * 1e-9, isBurstOpen: under != nil,
      lines: names.map { line in
        RateSnapshot.Line(
          line: line,
          bursts: bursts.map { key, burst in
            .init(
              run: key.run, burst: key.burst, count: (burst.lines[line] ?? empty).count,
              seconds: burst.seconds, begin: burst.begin)
          }, along: bursts.last?.burst.lines[line]?.along ?? [],
          band: bands[line].flatMap { band($0, bursts.last?.burst) },
          condition: conditions[line] ?? .normal,
          total: (totals[line] ?? 0) &+ (under?.burst.lines[line]?.count ?? 0))
      })
  }

  /// A band in Hz; one that is relative to another line is that of the burst shown.
  private func band(
    _ band: RateMonitoringConfiguration.Band, _ burst: RateCounts.Burst?
  ) -> RateSnapshot.Band? {
    let expected: Double
    let origin: String
    func rate(_ line: RateLine) -> Double? {
      guard let burst, burst.seconds > 0 else { return nil }
      return Double(burst.lines[line]?.count ?? 0) / burst.seconds
    }
    switch band.expectation {
    case .rate(let value): (expected, origin) = (value, configuration.name)
    case .counts(let count, let seconds):
      (expected, origin) = (Double(count) / seconds, "\(count) counts in \(seconds) s, \(configuration.name)")
    case .relative(let line, let ratio):
      guard let other = rate(line) else { return nil }
      (expected, origin) = (other * ratio, "\(ratio) × \(line), \(configuration.name)")
    case .part(let line, let share):
      guard let other = rate(line) else { return nil }
      (expected, origin) = (other * share, "\(share) of \(line), \(configuration.name)")
    }
    return RateSnapshot.Band(
      expected: expected, low: expected * (1 - band.tolerance), high: expected * (1 + band.tolerance),
      origin: origin)
  }
}
