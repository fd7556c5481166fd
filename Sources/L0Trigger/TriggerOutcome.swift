public import PacketCapture

/// What became of a trigger in one menu, as far as it came: the steps in their order (`l0tp.md` 3.4 to 4.5).
public enum TriggerOutcome: UInt8, Sendable, Hashable, CaseIterable {
  /// The menu has no such line, or it is off.
  case noLine
  /// There is no entry at that time: the menu's reference detector has no primitive there.
  case noEntry
  /// A detector that the line asks for has no primitive near the entry.
  case noPrimitive
  /// The primitives are there, but outside the time cut, or one that the line forbids is inside.
  case timeCut
  /// A bit that the line asks for is not set, or one that it forbids is.
  case maskBit
  /// The line matched in the clock period in which the menu had just fired.
  case sameTimestamp
  /// The line matched, and was scaled down.
  case downscaling
  /// The line fired, and was not sent: dead time, a window, or the end of the burst.
  case notSent
  /// The line fired; whether it was sent is seen in the triggers.
  case fired

  /// The step in the words of a person.
  public var text: String {
    switch self {
    case .noLine: "no such line"
    case .noEntry: "no entry"
    case .noPrimitive: "no matching primitive"
    case .timeCut: "time cut"
    case .maskBit: "mask bit"
    case .sameTimestamp: "same timestamp"
    case .downscaling: "downscaling"
    case .notSent: "dead time"
    case .fired: "fired"
    }
  }
}

/// The times at which some menu fired, with what became of them in every menu.
public struct OutcomeTable: Sendable {
  /// One time.
  public struct Row: Sendable {
    /// Clock periods since the start of burst.
    public var timestamp: UInt32
    /// The packet of the reference detector that it came from.
    public var packet: PacketReference
  }

  /// Menus of a row.
  public let menuCount: Int
  /// The rows, in the order of their times, each time once.
  public private(set) var rows: ContiguousArray<Row> = []
  private var outcomes: ContiguousArray<TriggerOutcome> = []

  /// An empty table.
  public init(menuCount: Int) { self.menuCount = menuCount }

  /// What became of row `row` in menu `menu`.
  public subscript(row: Int, menu: Int) -> TriggerOutcome { outcomes[row * menuCount + menu] }

  /// The place of a time, and whether it was new.
  mutating func place(of timestamp: UInt32, packet: PacketReference) -> (row: Int, isNew: Bool) {
    // Times come nearly in order, so the place is found from the end.
    var place = rows.count
    while place > 0, rows[place - 1].timestamp > timestamp { place -= 1 }
    if place > 0, rows[place - 1].timestamp == timestamp { return (place - 1, false) }
    rows.insert(Row(timestamp: timestamp, packet: packet), at: place)
    outcomes.insert(
      contentsOf: repeatElement(TriggerOutcome.noLine, count: menuCount), at: place * menuCount)
    return (place, true)
  }

  /// Notes an outcome; the later step counts.
  mutating func note(_ outcome: TriggerOutcome, row: Int, menu: Int) {
    let place = row * menuCount + menu
    if outcome.rawValue > outcomes[place].rawValue { outcomes[place] = outcome }
  }

  /// Takes the rows before a time out of the table.
  mutating func take(before timestamp: UInt64) -> OutcomeTable {
    var count = 0
    while count < rows.count, UInt64(rows[count].timestamp) < timestamp { count += 1 }
    var taken = OutcomeTable(menuCount: menuCount)
    taken.rows = ContiguousArray(rows.prefix(count))
    taken.outcomes = ContiguousArray(outcomes.prefix(count * menuCount))
    rows.removeFirst(count)
    outcomes.removeFirst(count * menuCount)
    return taken
  }
}
