public import PacketCapture

/// How the triggers of one menu compare with those that were recorded. A commutative monoid.
public struct RecordedCounts: Sendable, Hashable {
  /// One line, or all together.
  public struct Line: Sendable, Hashable {
    /// Triggers that were emulated and recorded.
    public internal(set) var both: UInt64 = 0
    /// Triggers that were emulated only.
    public internal(set) var onlyEmulated: UInt64 = 0
    /// Triggers that were recorded only.
    public internal(set) var onlyRecorded: UInt64 = 0

    /// The given counts.
    public init(both: UInt64 = 0, onlyEmulated: UInt64 = 0, onlyRecorded: UInt64 = 0) {
      self.both = both
      self.onlyEmulated = onlyEmulated
      self.onlyRecorded = onlyRecorded
    }

    /// Adds the counts of another part.
    static func += (a: inout Self, b: Self) {
      a.both += b.both
      a.onlyEmulated += b.onlyEmulated
      a.onlyRecorded += b.onlyRecorded
    }
  }

  /// Triggers of any line.
  public internal(set) var all = Line()
  /// Triggers in both that have other lines.
  public internal(set) var otherLines: UInt64 = 0
  /// The lines by their numbers.
  public internal(set) var lines = [Line](repeating: Line(), count: LinePattern.lineCount)
  /// Emulated triggers that no line made, which are not compared.
  public internal(set) var emulatedOtherSources: UInt64 = 0
  /// The first disagreements.
  public internal(set) var examples: FirstFew<Disagreement>

  /// No counts, with room for some examples.
  public init(examples: Int) { self.examples = FirstFew(capacity: examples) }

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) {
    a.all += b.all
    a.otherLines += b.otherLines
    for i in a.lines.indices { a.lines[i] += b.lines[i] }
    a.emulatedOtherSources += b.emulatedOtherSources
    a.examples += b.examples
  }
}

/// A trigger on which a menu and the recorded decisions do not agree.
public struct Disagreement: Sendable, Hashable, Comparable {
  /// The burst.
  public var burst: UInt32
  /// Clock periods since the start of burst.
  public var timestamp: UInt32
  /// The menu's place.
  public var menu: Int
  /// The lines as emulated, or `nil`: there was no trigger.
  public var emulated: LinePattern?
  /// The lines as recorded, or `nil`: there was no trigger.
  public var recorded: LinePattern?
  /// The packet of the primitive, where the trigger was emulated.
  public var primitivePacket: PacketReference?
  /// The packet of the record, where it was recorded.
  public var recordPacket: PacketReference?

  /// A disagreement with the given fields.
  public init(
    burst: UInt32, timestamp: UInt32, menu: Int, emulated: LinePattern?, recorded: LinePattern?,
    primitivePacket: PacketReference?, recordPacket: PacketReference?
  ) {
    self.burst = burst
    self.timestamp = timestamp
    self.menu = menu
    self.emulated = emulated
    self.recorded = recorded
    self.primitivePacket = primitivePacket
    self.recordPacket = recordPacket
  }

  /// In short what it is.
  public var kind: String {
    emulated == nil ? "only recorded" : recorded == nil ? "only emulated" : "other lines"
  }

  /// Orders by time, then by menu.
  public static func < (a: Self, b: Self) -> Bool {
    (a.burst, a.timestamp, a.menu) < (b.burst, b.timestamp, b.menu)
  }
}

/// What was recorded, whatever the menu. A commutative monoid.
public struct RecordedTotals: Sendable, Hashable {
  /// What came of the packets.
  public internal(set) var books = RecordedBooks()
  /// Start and end of burst, choke, error.
  public internal(set) var special: UInt64 = 0
  /// Triggers that no line made: periodic, random, calibration.
  public internal(set) var otherSources: UInt64 = 0
  /// Triggers of a time that was recorded already: copies of a packet.
  public internal(set) var duplicates: UInt64 = 0
  /// Triggers that came too long after later ones to be compared.
  public internal(set) var disordered: UInt64 = 0
  /// Triggers of lines that were compared.
  public internal(set) var compared: UInt64 = 0

  /// No counts.
  public init() {}

  /// Whether every record is in exactly one column.
  public var closes: Bool { books.records == special + otherSources + duplicates + disordered + compared }

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) {
    a.books += b.books
    a.special += b.special
    a.otherSources += b.otherSources
    a.duplicates += b.duplicates
    a.disordered += b.disordered
    a.compared += b.compared
  }
}

/// Joins emulated and recorded triggers by burst and time.
///
/// Both come in the order of their times, the emulated ones exactly, the recorded ones as packets came. A
/// trigger is judged once both sides have gone on far enough, or have ended the burst.
struct RecordedJoin: Sendable {
  /// Clock periods by which a recorded trigger may come behind later ones: 6.5 ms.
  static let hold: UInt64 = 1 << 18

  private struct Burst {
    var times: ContiguousArray<UInt32> = []
    /// For each time the patterns of all menus.
    var patterns: ContiguousArray<LinePattern?> = []
    var packets: ContiguousArray<PacketReference?> = []
    var head = 0
    var recorded: ContiguousArray<RecordedDecision> = []
    var recordedHead = 0
    /// Times before which nothing more will come.
    var emulatedHorizon: UInt64 = 0
    var recordedHorizon: UInt64 = 0
  }

  private let menuCount: Int
  private var bursts: [UInt32: Burst] = [:]
  private var newestRecordedBurst: UInt32?
  private(set) var totals = RecordedTotals()
  private(set) var counts: [RecordedCounts]
  /// Whether all disagreements are kept until they are taken.
  private let keepsAll: Bool
  private(set) var disagreements: [Disagreement] = []

  init(menuCount: Int, examples: Int, keepsAll: Bool) {
    self.menuCount = menuCount
    self.keepsAll = keepsAll
    counts = Array(repeating: RecordedCounts(examples: examples), count: menuCount)
  }

  /// Takes an emulated time: `patterns` has the menus that sent a trigger.
  mutating func add(
    burst: UInt32, timestamp: UInt32, patterns: [LinePattern?], packet: PacketReference?
  ) {
    bursts[burst, default: Burst()].times.append(timestamp)
    bursts[burst]?.patterns.append(contentsOf: patterns)
    bursts[burst]?.packets.append(packet)
  }

  /// Says up to what time a burst has been emulated, and judges what can be.
  mutating func advance(burst: UInt32, horizon: UInt64) {
    bursts[burst, default: Burst()].emulatedHorizon = horizon
    judge(burst)
  }

  /// Judges bursts of which only one side came, once that side has ended two later ones: a stream may have
  /// no records at all, or no primitives.
  mutating func settle() {
    for (over, side) in [
      (\Burst.emulatedHorizon, \Burst.recordedHorizon), (\Burst.recordedHorizon, \Burst.emulatedHorizon),
    ] {
      let ended = bursts.filter { $0.value[keyPath: over] == .max }.keys.sorted()
      for burst in ended.dropLast(2) {
        bursts[burst]?[keyPath: side] = .max
        judge(burst)
      }
    }
  }

  /// Takes recorded decisions.
  mutating func add(_ decisions: ContiguousArray<RecordedDecision>, books: RecordedBooks) {
    totals.books = books
    for decision in decisions {
      if let newest = newestRecordedBurst, decision.burst > newest { end(newest) }
      newestRecordedBurst = decision.burst
      if decision.isSpecial {
        totals.special += 1
        continue
      }
      if decision.pattern.isEmpty {
        totals.otherSources += 1
        continue
      }
      insert(decision)
    }
    if let newestRecordedBurst { judge(newestRecordedBurst) }
  }

  private mutating func insert(_ decision: RecordedDecision) {
    var burst = bursts.removeValue(forKey: decision.burst) ?? Burst()
    defer { bursts[decision.burst] = burst }
    let time = decision.timestamp
    guard UInt64(time) >= burst.recordedHorizon else {
      totals.disordered += 1
      return
    }
    var place = burst.recorded.count
    while place > burst.recordedHead, burst.recorded[place - 1].timestamp > time { place -= 1 }
    if place > burst.recordedHead, burst.recorded[place - 1].timestamp == time {
      totals.duplicates += 1
      return
    }
    totals.compared += 1
    burst.recorded.insert(decision, at: place)
    burst.recordedHorizon = max(
      burst.recordedHorizon, UInt64(time) > Self.hold ? UInt64(time) - Self.hold : 0)
  }

  private mutating func end(_ burst: UInt32) {
    bursts[burst, default: Burst()].recordedHorizon = .max
    judge(burst)
  }

  /// Ends the stream of records.
  mutating func finish() {
    for burst in bursts.keys.sorted() {
      bursts[burst]?.recordedHorizon = .max
      bursts[burst]?.emulatedHorizon = .max
      judge(burst)
    }
  }

  /// Takes the disagreements found since the last call; in the order of their times within a burst.
  mutating func takeDisagreements() -> [Disagreement] {
    defer { disagreements = [] }
    return disagreements
  }

  private mutating func judge(_ number: UInt32) {
    guard var burst = bursts.removeValue(forKey: number) else { return }
    let limit = min(burst.emulatedHorizon, burst.recordedHorizon)
    while true {
      let emulated = burst.head < burst.times.count ? UInt64(burst.times[burst.head]) : .max
      let recorded =
        burst.recordedHead < burst.recorded.count
        ? UInt64(burst.recorded[burst.recordedHead].timestamp) : .max
      let time = min(emulated, recorded)
      guard time < limit else { break }
      judge(
        number, UInt32(truncatingIfNeeded: time), burst,
        record: recorded == time ? burst.recorded[burst.recordedHead] : nil, isEmulated: emulated == time)
      if emulated == time { burst.head += 1 }
      if recorded == time { burst.recordedHead += 1 }
    }
    if burst.head >= 4096 {
      burst.times.removeFirst(burst.head)
      burst.packets.removeFirst(burst.head)
      burst.patterns.removeFirst(burst.head * menuCount)
      burst.head = 0
    }
    if burst.recordedHead >= 4096 {
      burst.recorded.removeFirst(burst.recordedHead)
      burst.recordedHead = 0
    }
    let isDone = burst.emulatedHorizon == .max && burst.recordedHorizon == .max
    if !isDone { bursts[number] = burst }
  }

  private mutating func judge(
    _ number: UInt32, _ time: UInt32, _ burst: Burst, record: RecordedDecision?, isEmulated: Bool
  ) {
    for menu in 0..<menuCount {
      let sent = isEmulated ? burst.patterns[burst.head * menuCount + menu] : nil
      if let sent, sent.isEmpty { counts[menu].emulatedOtherSources += 1 }
      let emulated = sent?.isEmpty == true ? nil : sent
      let first = emulated ?? LinePattern(rawValue: 0)
      let second = record?.pattern ?? LinePattern(rawValue: 0)
      guard !first.isEmpty || !second.isEmpty else { continue }
      switch (first.isEmpty, second.isEmpty) {
      case (false, false): counts[menu].all.both += 1
      case (false, true): counts[menu].all.onlyEmulated += 1
      default: counts[menu].all.onlyRecorded += 1
      }
      LinePattern(rawValue: first.rawValue & second.rawValue).forEach { counts[menu].lines[$0].both += 1 }
      LinePattern(rawValue: first.rawValue & ~second.rawValue)
        .forEach { counts[menu].lines[$0].onlyEmulated += 1 }
      LinePattern(rawValue: second.rawValue & ~first.rawValue)
        .forEach { counts[menu].lines[$0].onlyRecorded += 1 }
      guard first != second else { continue }
      if !first.isEmpty, !second.isEmpty { counts[menu].otherLines += 1 }
      let disagreement = Disagreement(
        burst: number, timestamp: time, menu: menu, emulated: emulated, recorded: record?.pattern,
        primitivePacket: emulated != nil ? burst.packets[burst.head] : nil, recordPacket: record?.packet)
      counts[menu].examples.add(disagreement)
      if keepsAll { disagreements.append(disagreement) }
    }
  }
}
