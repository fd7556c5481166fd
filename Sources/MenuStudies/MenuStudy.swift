public import L0Trigger
import PacketCapture

/// Compares menus on the slices that the emulator gives for them: which triggers each sent, which of them
/// the others sent as well, and where they went another way.
///
/// A value without I/O. It is told of the slices in order; `result` merges.
public struct MenuStudy: Sendable {
  /// Options of a study.
  public struct Options: Sendable, Hashable {
    /// Examples that are kept of each kind of difference.
    public var examples = 10
    /// Whether emulated triggers are compared with recorded ones.
    public var comparesRecorded = false
    /// Whether all disagreements with what was recorded are kept until they are taken.
    public var keepsDisagreements = false
    /// Ten examples, without recorded triggers.
    public init() {}
  }

  private let judges: [L0LineJudge]
  /// For each two menus whether records of the one have all that the other looks at.
  private let sharesEntries: [Bool]
  /// For each menu and line whether it is scaled down.
  private let isDownscaled: [[Bool]]
  /// For each burst and menu the triggers that are later than the horizon.
  private var waiting: [UInt32: [ContiguousArray<L0TriggerRecord>]] = [:]
  private var join: RecordedJoin?
  private var found: StudyResult

  /// A study of the given menus, in the order in which slices have them.
  public init(menus: [L0Menu], options: Options = Options()) {
    let judges = menus.map(L0LineJudge.init)
    self.judges = judges
    sharesEntries = judges.flatMap { a in judges.map { a.sharesEntries(with: $0) } }
    isDownscaled = menus.map { menu in
      var lines = [Bool](repeating: false, count: LinePattern.lineCount)
      for mask in menu.masks where (0..<16).contains(mask.number) {
        lines[mask.number] = mask.downscaling.factor > 1
      }
      lines[LinePattern.control] = menu.control.downscaling.factor > 1
      return lines
    }
    found = StudyResult(menuCount: menus.count, options: options)
    join =
      options.comparesRecorded
      ? RecordedJoin(
        menuCount: menus.count, examples: options.examples, keepsAll: options.keepsDisagreements) : nil
  }

  /// What was found so far.
  public var result: StudyResult {
    var result = found
    if let join {
      result.recorded = join.totals
      result.comparisons = join.counts
    }
    return result
  }

  /// Takes what the emulator gave for some packets, and the decisions that were recorded in them, with the
  /// books of all records so far.
  ///
  /// The emulator has to trace outcomes where more than one menu is studied.
  public mutating func add(
    _ slices: [L0Slice], recorded decisions: ContiguousArray<RecordedDecision> = [],
    books: RecordedBooks = RecordedBooks()
  ) {
    join?.add(decisions, books: books)
    for slice in slices { add(slice) }
    join?.settle()
  }

  /// Ends the stream.
  public mutating func finish() { join?.finish() }

  /// Takes the disagreements with what was recorded that were found since the last call, in order.
  public mutating func takeDisagreements() -> [Disagreement] { join?.takeDisagreements() ?? [] }

  private mutating func add(_ slice: L0Slice) {
    let count = judges.count
    guard slice.triggers.count == count else { return }
    for menu in 0..<count {
      found.menus[menu].triggers += slice.menuCounters[menu]
      found.menus[menu].alignment += slice.alignmentCounters[menu]
    }
    found.primitives += slice.statistics
    found.books += slice.books
    found.bursts += slice.endsBurst ? 1 : 0
    var triggers =
      waiting.removeValue(forKey: slice.burst) ?? Array(repeating: [], count: count)
    for menu in 0..<count { triggers[menu] += slice.triggers[menu] }
    let heads = compare(triggers, slice)
    if !slice.endsBurst {
      for menu in 0..<count { triggers[menu].removeFirst(heads[menu]) }
      waiting[slice.burst] = triggers
    }
    join?.advance(burst: slice.burst, horizon: slice.horizon)
  }

  /// Compares the triggers before the slice's horizon, in the order of their times; returns how many of each
  /// menu those are.
  private mutating func compare(
    _ triggers: [ContiguousArray<L0TriggerRecord>], _ slice: L0Slice
  ) -> [Int] {
    let count = judges.count
    var heads = [Int](repeating: 0, count: count)
    var patterns = [LinePattern?](repeating: nil, count: count)
    let outcomes = slice.outcomes
    var row = 0
    while true {
      var next = UInt64.max
      for menu in 0..<count where heads[menu] < triggers[menu].count {
        next = min(next, UInt64(triggers[menu][heads[menu]].timestamp))
      }
      guard next < slice.horizon else { break }
      let timestamp = UInt32(truncatingIfNeeded: next)
      while row < outcomes.rows.count, outcomes.rows[row].timestamp < timestamp { row += 1 }
      let isTraced = row < outcomes.rows.count && outcomes.rows[row].timestamp == timestamp
      for menu in 0..<count {
        patterns[menu] = nil
        guard heads[menu] < triggers[menu].count else { continue }
        let record = triggers[menu][heads[menu]]
        guard record.timestamp == timestamp else { continue }
        let pattern = LinePattern(record)
        patterns[menu] = pattern
        found.menus[menu].add(pattern, timestamp: timestamp)
      }
      if count > 1 {
        compare(patterns, triggers, heads, slice, row: isTraced ? row : nil, timestamp)
      }
      join?.add(
        burst: slice.burst, timestamp: timestamp, patterns: patterns,
        packet: isTraced ? outcomes.rows[row].packet : nil)
      for menu in 0..<count where patterns[menu] != nil { heads[menu] += 1 }
    }
    return heads
  }

  /// Compares every two menus at one time.
  private mutating func compare(
    _ patterns: [LinePattern?], _ triggers: [ContiguousArray<L0TriggerRecord>], _ heads: [Int],
    _ slice: L0Slice, row: Int?, _ timestamp: UInt32
  ) {
    let count = judges.count
    var pair = 0
    for first in 0..<count {
      for second in (first + 1)..<max(count, first + 1) {
        defer { pair += 1 }
        let (a, b) = (patterns[first], patterns[second])
        guard a != nil || b != nil else { continue }
        if let a, a == b,
          isSame(triggers[first][heads[first]], triggers[second][heads[second]])
        {
          found.differences[pair].both += 1
          a.forEach { found.differences[pair].lines[$0].both += 1 }
          continue
        }
        compare(
          pair, (first, a.map { _ in triggers[first][heads[first]] }),
          (second, b.map { _ in triggers[second][heads[second]] }), slice, row: row, timestamp)
      }
    }
  }

  private func isSame(_ a: L0TriggerRecord, _ b: L0TriggerRecord) -> Bool {
    a.dataType == b.dataType && a.fineTime == b.fineTime
  }

  private mutating func compare(
    _ pair: Int, _ first: (menu: Int, record: L0TriggerRecord?),
    _ second: (menu: Int, record: L0TriggerRecord?), _ slice: L0Slice, row: Int?, _ timestamp: UInt32
  ) {
    let a = first.record.map { LinePattern($0) } ?? LinePattern(rawValue: 0)
    let b = second.record.map { LinePattern($0) } ?? LinePattern(rawValue: 0)
    let isInBoth = first.record != nil && second.record != nil
    if isInBoth { found.differences[pair].both += 1 }
    LinePattern(rawValue: a.rawValue & b.rawValue)
      .forEach { found.differences[pair].lines[$0].both += 1 }
    if isInBoth, a == b, first.record?.dataType == second.record?.dataType {
      found.differences[pair].otherFineTime += 1
      return
    }
    var farthest: DifferenceStep?
    if let record = first.record {
      LinePattern(rawValue: a.rawValue & ~b.rawValue).forEach { line in
        let step = self.step(line, record, of: first.menu, in: second, slice, row)
        found.differences[pair].lines[line].lost.add(step)
        farthest = max(farthest ?? step, step)
      }
    }
    if let record = second.record {
      LinePattern(rawValue: b.rawValue & ~a.rawValue).forEach { line in
        let step = self.step(line, record, of: second.menu, in: first, slice, row)
        found.differences[pair].lines[line].gained.add(step)
        farthest = max(farthest ?? step, step)
      }
    }
    let step = farthest ?? .source
    let example = MenuDifference.Example(
      burst: slice.burst, timestamp: timestamp, packet: row.map { slice.outcomes.rows[$0].packet },
      first: a, second: b, step: step)
    if isInBoth {
      found.differences[pair].changed.add(step)
      found.differences[pair].changedExamples.add(example)
    } else if first.record != nil {
      found.differences[pair].lost.add(step)
      found.differences[pair].lostExamples.add(example)
    } else {
      found.differences[pair].gained.add(step)
      found.differences[pair].gainedExamples.add(example)
    }
  }

  /// The step at which `other` did not take a line of a trigger that menu `menu` sent.
  ///
  /// It is told from the record, and from whether the other menu fired at that time: both do not depend on
  /// what other menus are studied.
  private func step(
    _ line: Int, _ record: L0TriggerRecord, of menu: Int,
    in other: (menu: Int, record: L0TriggerRecord?), _ slice: L0Slice, _ row: Int?
  ) -> DifferenceStep {
    let (sender, judge) = (judges[menu], judges[other.menu])
    let failure = judge.failure(of: line, on: record, sentBy: sender)
    if failure == .noLine { return .noLine }
    if !sharesEntries[menu * judges.count + other.menu], !judge.hasEntry(line, on: record) { return .noEntry }
    // Of a record that was merged of several entries, the primitives may be those of another line.
    let isLineOfRecord = sender.failure(of: line, on: record, sentBy: sender) == nil
    if isLineOfRecord, let failure {
      // A forbidden bit that only the cuts of the other menu let in.
      let isByCut =
        failure == .maskBit && judge.matches(line, on: record, withCutsOf: sender)
      return isByCut ? .timeCut : DifferenceStep(failure)
    }
    // The line matched in the other menu as well.
    let isScaled = isDownscaled[other.menu][line]
    if let sent = other.record {
      return isScaled && sent.identifiers == record.identifiers ? .downscaling : .sameTimestamp
    }
    if let row, slice.outcomes[row, other.menu] == .fired { return .deadTime }
    return isScaled ? .downscaling : .noEntry
  }
}
