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

  /// The triggers of a menu that are still to be compared, and the entries that fired.
  private struct Waiting {
    var triggers: ContiguousArray<L0TriggerRecord> = []
    var fired = FiredTable()
    /// The place of the next trigger.
    var head = 0

    /// The next trigger.
    var next: L0TriggerRecord? { head < triggers.count ? triggers[head] : nil }
  }

  private let judges: [L0LineJudge]
  /// For each two menus whether records of the one have all that the other looks at.
  private let sharesEntries: [Bool]
  /// For each menu and line whether it is scaled down.
  private let isDownscaled: [[Bool]]
  /// For each burst and menu what is later than the horizon.
  private var waiting: [UInt32: [Waiting]] = [:]
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
  /// The emulator has to trace what fired.
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
    if let seen = slice.statistics { found.primitives += seen }
    found.books += slice.books
    found.bursts += slice.endsBurst ? 1 : 0
    var menus =
      waiting.removeValue(forKey: slice.burst) ?? Array(repeating: Waiting(), count: count)
    for menu in 0..<count {
      menus[menu].triggers += slice.triggers[menu]
      menus[menu].fired.add(slice.fired[menu])
    }
    compare(&menus, slice)
    if !slice.endsBurst {
      for menu in 0..<count {
        menus[menu].triggers.removeFirst(menus[menu].head)
        menus[menu].head = 0
        menus[menu].fired.drop(before: slice.horizon)
      }
      waiting[slice.burst] = menus
    }
    join?.advance(burst: slice.burst, horizon: slice.horizon)
  }

  /// Compares the triggers before the slice's horizon, in the order of their times.
  private mutating func compare(_ menus: inout [Waiting], _ slice: L0Slice) {
    let count = judges.count
    var patterns = [LinePattern?](repeating: nil, count: count)
    while true {
      var next = UInt64.max
      for menu in 0..<count {
        if let trigger = menus[menu].next { next = min(next, UInt64(trigger.timestamp)) }
      }
      guard next < slice.horizon else { break }
      let timestamp = UInt32(truncatingIfNeeded: next)
      var packet: PacketReference?
      for menu in 0..<count {
        patterns[menu] = nil
        guard let record = menus[menu].next, record.timestamp == timestamp else { continue }
        let pattern = LinePattern(record)
        patterns[menu] = pattern
        found.menus[menu].add(pattern, timestamp: timestamp)
        packet = packet ?? menus[menu].fired[timestamp]?.packet
      }
      if count > 1 { compare(patterns, menus, slice.burst, timestamp) }
      join?.add(burst: slice.burst, timestamp: timestamp, patterns: patterns, packet: packet)
      for menu in 0..<count where patterns[menu] != nil { menus[menu].head += 1 }
    }
  }

  /// Compares every two menus at one time.
  private mutating func compare(
    _ patterns: [LinePattern?], _ menus: [Waiting], _ burst: UInt32, _ timestamp: UInt32
  ) {
    let count = judges.count
    var pair = 0
    for first in 0..<count {
      for second in (first + 1)..<max(count, first + 1) {
        defer { pair += 1 }
        let (a, b) = (patterns[first], patterns[second])
        guard a != nil || b != nil else { continue }
        if let a, a == b, let one = menus[first].next, let other = menus[second].next, isSame(one, other) {
          found.differences[pair].both += 1
          a.forEach { found.differences[pair].lines[$0].both += 1 }
          continue
        }
        compare(
          pair,
          Side(
            menu: first, record: a.flatMap { _ in menus[first].next },
            fired: menus[first].fired[timestamp]),
          Side(
            menu: second, record: b.flatMap { _ in menus[second].next },
            fired: menus[second].fired[timestamp]), burst, timestamp)
      }
    }
  }

  /// One of two menus at one time.
  private struct Side {
    var menu: Int
    /// The trigger that it sent.
    var record: L0TriggerRecord?
    /// What fired in it, sent or not.
    var fired: FiredEntry?
  }

  private func isSame(_ a: L0TriggerRecord, _ b: L0TriggerRecord) -> Bool {
    a.dataType == b.dataType && a.fineTime == b.fineTime
  }

  private mutating func compare(
    _ pair: Int, _ first: Side, _ second: Side, _ burst: UInt32, _ timestamp: UInt32
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
        let step = self.step(line, record, of: first.menu, in: second)
        found.differences[pair].lines[line].lost.add(step)
        farthest = max(farthest ?? step, step)
      }
    }
    if let record = second.record {
      LinePattern(rawValue: b.rawValue & ~a.rawValue).forEach { line in
        let step = self.step(line, record, of: second.menu, in: first)
        found.differences[pair].lines[line].gained.add(step)
        farthest = max(farthest ?? step, step)
      }
    }
    let step = farthest ?? .source
    let example = MenuDifference.Example(
      burst: burst, timestamp: timestamp,
      packet: (first.record == nil ? second.fired : first.fired)?.packet,
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
  /// It is told from the record, and from what fired in the other menu at that time: both do not depend on
  /// what other menus are studied.
  private func step(
    _ line: Int, _ record: L0TriggerRecord, of menu: Int, in other: Side
  ) -> DifferenceStep {
    // What the other menu did with the line is known where it fired at all.
    let bit: UInt32 = 1 << UInt32(line)
    if let fired = other.fired {
      if fired.fired & bit != 0 { return .deadTime }
      if fired.matched & bit != 0 { return .downscaling }
    }
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
    // The line matched, and did not fire: another entry of the clock period had fired, or it was scaled down.
    if other.fired != nil { return .sameTimestamp }
    return isDownscaled[other.menu][line] ? .downscaling : .noEntry
  }
}

/// The entries of a menu that fired, found by their time.
struct FiredTable: Sendable {
  private var entries: ContiguousArray<FiredEntry> = []

  /// Adds entries; those of one clock period become one.
  mutating func add(_ new: ContiguousArray<FiredEntry>) {
    for entry in new {
      // Entries come nearly in order, so the place is found from the end.
      var place = entries.count
      while place > 0, entries[place - 1].timestamp > entry.timestamp { place -= 1 }
      if place > 0, entries[place - 1].timestamp == entry.timestamp {
        entries[place - 1].matched |= entry.matched
        entries[place - 1].fired |= entry.fired
      } else {
        entries.insert(entry, at: place)
      }
    }
  }

  /// The entry of a time, or `nil`.
  subscript(timestamp: UInt32) -> FiredEntry? {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].timestamp < timestamp { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].timestamp == timestamp ? entries[low] : nil
  }

  /// Forgets the entries before a time.
  mutating func drop(before timestamp: UInt64) {
    var count = 0
    while count < entries.count, UInt64(entries[count].timestamp) < timestamp { count += 1 }
    entries.removeFirst(count)
  }
}
