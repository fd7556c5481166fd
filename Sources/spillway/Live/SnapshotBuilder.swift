import Foundation
import Monitoring
import NA62Formats
import RateMonitoring
import TriggerPipeline

/// Makes the documents of the dashboard from what the rooms below know.
enum SnapshotBuilder {
  /// Bursts of a line that are shown.
  private static let bursts = 60

  /// The rates.
  static func rates(_ snapshot: RateSnapshot) -> RateDocument {
    RateDocument(
      binSeconds: snapshot.binSeconds, isBurstOpen: snapshot.isBurstOpen,
      lines: snapshot.lines.map { line in
        RateDocument.Line(
          name: line.line.name, level: level(line.line.level),
          bursts: line.bursts.suffix(bursts).map { point in
            .init(
              run: point.run, burst: point.burst, count: point.count, seconds: point.seconds,
              dataTime: point.begin.rfc3339)
          }, along: line.along,
          band: line.band.map {
            .init(expected: $0.expected, low: $0.low, high: $0.high, origin: $0.origin)
          }, condition: RateDocument.Condition(rawValue: line.condition.rawValue) ?? .normal,
          total: line.total)
      })
  }

  private static func level(_ level: RateLevel) -> RateDocument.Level {
    switch level {
    case .detector: .detector
    case .l0: .l0
    case .l1: .l1
    case .algorithm: .algorithm
    case .selection: .selection
    case .stream: .stream
    }
  }

  /// The counting experiments, as `counts.json` has them.
  static func counts(_ report: ReplayReport) -> CountsDocument {
    CountsDocument(
      selections: report.selectionStatuses.map { status in
        CountsDocument.Selection(
          name: status.name,
          role: status.isCounting ? "signal" : status.isNormalisation ? "normalisation" : "control",
          isBlind: status.isBlind, events: status.seen, selected: status.selected,
          confidenceLevel: status.confidenceLevel, method: status.method, state: status.state.map(point),
          history: status.history.map(point))
      })
  }

  private static func point(_ point: SelectionStatus.Point) -> CountsDocument.Point {
    .init(
      run: point.run, burst: point.burst, observed: point.observed, background: point.background,
      upperLimit: point.upperLimit, zOneSided: point.zOneSided, anytimePValue: point.anytimePValue)
  }

  /// The books, level by level.
  static func books(_ report: ReplayReport) -> [HealthDocument.Account] {
    let rows = report.books
    var levels: [String] = []
    for row in rows where levels.last != row.level { levels.append(row.level) }
    return levels.map { level in
      let columns = rows.filter { $0.level == level }
      let entered = columns.first.map { UInt64(clamping: $0.count) } ?? 0
      return HealthDocument.Account(
        item: level, entered: entered,
        columns: columns.dropFirst().map {
          .init(name: $0.column, count: UInt64(clamping: $0.count), isLoss: isLoss($0.column))
        }, closes: report.closes)
    }
  }

  /// Whether a column of the books is of what was lost.
  private static func isLoss(_ column: String) -> Bool {
    [
      "rejected-", "unfinished", "truncated", "malformed", "flushed", "mismatch", "lost", "evicted",
      "overlapping",
    ]
    .contains { column.contains($0) } && column != "rejected-by-l1"
  }
}

/// The memory of this process.
enum ProcessMemory {
  /// Resident memory in bytes; 0 where the system does not tell.
  static var resident: UInt64 {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) })
    else { return 0 }
    return pages &* UInt64(sysconf(Int32(_SC_PAGESIZE)))
  }
}
