import CountingStatistics
import L0Trigger
public import PacketCapture
import TriggerPipeline

/// The results of a study of menus as tables, structured values and a page: one source for what is printed
/// and what is written.
public struct CompareReport: Sendable {
  let result: StudyResult
  let menus: [StudyMenu]
  let identity: StudyIdentity
  let capture: CaptureBooks

  /// The report of a result.
  public init(
    result: StudyResult, menus: [StudyMenu], identity: StudyIdentity, capture: CaptureBooks
  ) {
    self.result = result
    self.menus = menus
    self.identity = identity
    self.capture = capture
  }

  /// A line of the table of rates.
  struct LineRow {
    let line: StudyMenu.Line
    let before: UInt64
    let after: UInt64
    let sent: UInt64
    let pure: UInt64
    let proportional: Double
    let proportionalError: Double
    let deadTimeLosses: UInt64
  }

  func rows(_ menu: Int) -> [LineRow] {
    let counts = result.menus[menu]
    return menus[menu].lines.map { line in
      let number = line.number
      let (before, after) = counts.beforeAndAfterDownscaling(number)
      return LineRow(
        line: line, before: before, after: after, sent: counts.inclusive(number),
        pure: counts.pure(number), proportional: counts.proportional(number),
        proportionalError: counts.proportionalError(number), deadTimeLosses: counts.deadTimeLosses(number))
    }
  }

  /// Lines of two menus, by number.
  func lines(_ first: Int, _ second: Int) -> [Int] {
    Set((menus[first].lines + menus[second].lines).map(\.number)).sorted()
  }

  func label(_ line: Int, _ first: Int, _ second: Int) -> String {
    let own = menus[first].lines.contains { $0.number == line }
    return menus[own ? first : second].label(line)
  }

  /// A count as a rate, or `nil` where there is no live time.
  func rate(_ count: UInt64, _ menu: Int) throws -> RateEstimate? {
    let liveTime = result.menus[menu].liveTime
    guard liveTime > 0, let count = Int(exactly: count) else { return nil }
    return try RateEstimate(count: count, liveTime: liveTime)
  }

  /// The binomial interval of a share, or `nil` without trials.
  func share(_ passed: UInt64, _ trials: UInt64) throws -> ConfidenceInterval? {
    guard trials > 0, let passed = Int(exactly: passed), let trials = Int(exactly: trials) else { return nil }
    return try ClopperPearsonInterval.of(passed: passed, trials: trials)
  }

  /// Whether everything that came in is in exactly one column.
  public var closes: Bool {
    capture.closes && result.books.closes && result.recorded.closes
      && result.menus.allSatisfy(\.triggers.closes)
  }

  /// Whether any packet of primitives came.
  public var hasPrimitives: Bool { result.books.datagrams > result.books.otherPort }

  /// Share of the packets of primitives, of records, and of those captured that was lost or not sound: the
  /// largest one.
  public var lostShare: Double {
    let books = result.books
    let packets = books.grouped + books.lostPackets
    let recorded = result.recorded.books
    return max(
      packets > 0 ? Double(books.lostPackets) / Double(packets) : 0,
      recorded.packets > 0 ? Double(recorded.rejected) / Double(recorded.packets) : 0,
      capture.offered > 0
        ? Double(capture.damaged) / Double(capture.offered) : capture.damaged > 0 ? 1 : 0)
  }

  /// Books by level and column.
  var books: [(level: String, column: String, count: UInt64)] {
    let l0 = result.books
    var out: [(String, String, UInt64)] = [
      ("capture", "packets", capture.packets), ("capture", "bytes", capture.bytes),
      ("capture", "datagrams", capture.datagrams), ("datagrams", "in", l0.datagrams),
      ("datagrams", "other-port", l0.otherPort), ("datagrams", "grouped", l0.grouped),
      ("datagrams", "pending", UInt64(clamping: l0.pending)),
    ]
    out += l0.lost.map { ("datagrams", "lost-\($0.key.rawValue)", $0.value) }.sorted { $0.1 < $1.1 }
    let recorded = result.recorded
    guard !result.comparisons.isEmpty else { return out }
    return out + [
      ("records", "packets", recorded.books.packets), ("records", "rejected", recorded.books.rejected),
      ("records", "debugging", recorded.books.debugging), ("records", "in", recorded.books.records),
      ("records", "compared", recorded.compared), ("records", "special", recorded.special),
      ("records", "other-sources", recorded.otherSources), ("records", "duplicates", recorded.duplicates),
      ("records", "disordered", recorded.disordered),
    ]
  }
}
