import CountingStatistics
public import Selections

/// What a blind selection has counted and must not be shown: for the ledger alone, which encrypts it.
///
/// Its bytes hold whole numbers of 64 bits, and ``size`` follows from the selection's declaration and the number of
/// bursts: nothing can be told from the length of what is encrypted.
public struct SealedPartial: Sendable, Hashable {
  /// Most sealed events that are kept one by one; the counts have all of them.
  public static let most = 1000
  /// Bursts that room is set aside for in one step.
  private static let burstStep = 64
  private static let version: UInt64 = 1
  /// Run, burst, event, timestamp, whether it is ambiguous, regions; the values follow.
  private static let head = 6

  /// Name of the selection.
  public let selection: String
  /// Hash of the selection.
  public let selectionHash: String
  private var tally: [UInt64]
  private var bursts: PeriodCounts
  /// The first sealed events in the order of the data.
  private var events: [[UInt64]]
  private let width: Int
  /// Bursts of the run so far.
  private var passed: Int

  /// What is sealed of a selection.
  init(_ part: PhysicsAccumulator, _ events: [SealedCandidate], values: Int, bursts passed: Int) {
    selection = part.flow.selection
    selectionHash = part.selectionHash
    tally = part.tally
    bursts = part.bursts
    width = Self.head + values
    self.passed = passed
    self.events = events.prefix(Self.most).map { event in
      [
        UInt64(event.run), UInt64(event.burst), UInt64(event.event), UInt64(event.timestamp),
        event.outcome.isAmbiguous ? 1 : 0, event.outcome.regions,
      ] + event.values.map(\.value.bitPattern)
    }
  }

  /// Nothing sealed.
  public init(empty selection: PhysicsSelection) {
    self.init(PhysicsAccumulator(selection), [], values: selection.valueNames.count, bursts: 0)
  }

  /// Bytes set aside for it.
  public var size: Int {
    let steps = passed / Self.burstStep + 1
    let rows = steps * Self.burstStep
    // A stream may have events in bursts that never end; then twice the room, as often as it takes.
    var room = rows
    while room < bursts.periods.count { room *= 2 }
    return 8 * (Self.head + tally.count + room * (1 + bursts.columns) + Self.most * width)
  }

  /// Its content.
  public var bytes: [UInt8] {
    var numbers: [UInt64] = [
      Self.version, UInt64(tally.count), UInt64(bursts.columns), UInt64(bursts.periods.count), UInt64(width),
      UInt64(events.count),
    ]
    numbers += tally + bursts.periods + bursts.counts
    for event in events { numbers += event }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * numbers.count)
    for number in numbers { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }
    return bytes
  }

  /// What ``bytes`` gave; throws `PartialError` where they are no such thing.
  public init(selection: String, selectionHash: String, bursts passed: Int, bytes: [UInt8]) throws {
    var numbers: [UInt64] = []
    numbers.reserveCapacity(bytes.count / 8)
    for place in stride(from: 0, to: bytes.count - bytes.count % 8, by: 8) {
      numbers.append((0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) })
    }
    var rest = numbers[...]
    func take(_ count: UInt64) throws -> [UInt64] {
      guard let count = Int(exactly: count), count <= rest.count else {
        throw PartialError.broken("what is sealed of '\(selection)'")
      }
      defer { rest.removeFirst(count) }
      return Array(rest.prefix(count))
    }
    let head = try take(6)
    guard head[0] == Self.version, let columns = Int(exactly: head[2]), let width = Int(exactly: head[4]),
      columns < 1 << 16, width >= Self.head, width < 1 << 16, head[3] < 1 << 32, head[5] <= UInt64(Self.most)
    else { throw PartialError.broken("what is sealed of '\(selection)'") }
    self.selection = selection
    self.selectionHash = selectionHash
    self.width = width
    self.passed = passed
    tally = try take(head[1])
    let periods = try take(head[3])
    bursts = try PeriodCounts(
      columns: columns, periods: periods, counts: take(head[3] * UInt64(columns)))
    events = []
    for _ in 0..<head[5] { events.append(try take(UInt64(width))) }
    guard rest.isEmpty else { throw PartialError.broken("what is sealed of '\(selection)'") }
  }

  /// Adds what another part of the run sealed; throws where it is of another selection.
  public mutating func merge(_ other: SealedPartial) throws {
    guard selectionHash == other.selectionHash, width == other.width else {
      throw SelectionError.differentSelections(selection, other.selection)
    }
    var sum = CountList(tally)
    try sum.merge(CountList(other.tally))
    try bursts.merge(other.bursts)
    tally = sum.values
    events = Array((events + other.events).sorted { $0.lexicographicallyPrecedes($1) }.prefix(Self.most))
    passed += other.passed
  }

  /// The counts, and the events one by one; throws where they are not of `selection`.
  func restored(_ selection: PhysicsSelection) throws -> (part: PhysicsAccumulator, events: [SealedCandidate])
  {
    guard selectionHash == selection.hash, width == Self.head + selection.valueNames.count else {
      throw SelectionError.differentSelections(selection.name, self.selection)
    }
    let events = try events.map { numbers in
      guard
        let event = SealedCandidate(
          restoring: selection, selectionHash: selectionHash, run: UInt32(clamping: numbers[0]),
          burst: UInt32(clamping: numbers[1]), event: UInt32(clamping: numbers[2]),
          timestamp: UInt32(clamping: numbers[3]),
          regions: selection.regions.indices.compactMap {
            $0 < 64 && numbers[5] >> UInt64($0) & 1 == 1 ? selection.regions[$0].name : nil
          },
          isAmbiguous: numbers[4] == 1, values: numbers[Self.head...].map { Double(bitPattern: $0) })
      else { throw PartialError.broken("a sealed event of '\(selection.name)'") }
      return event
    }
    return (try PhysicsAccumulator(selection, tally: tally, bursts: bursts), events)
  }
}
