import EventBuilding
public import Foundation
import PacketCapture

/// All that a run has counted up to a moment: what every file of its run directory with results is made from.
///
/// A commutative monoid under ``merge(_:)``, exact: it holds whole numbers only. What blind selections have sealed
/// is not in it (``SealedPartial``); how long the events took is not either, as it tells of the machine. For example:
///
///     let partial = RunPartial(account, stored: nil, l0: nil)
///     let again = try RunPartial(data: partial.data(), bursts: partial.burstData())
public struct RunPartial: Sendable, Hashable {
  /// Name and version of the layout.
  public static let schema = "spillway.partial/1"
  /// Digits of the largest count that is read: no run comes near, and sums over thousands of runs have room.
  private static let mostDigits = 15
  private static let most: UInt64 = 999_999_999_999_999

  var rates: RateTable
  var capture: CaptureBooks
  var builder: BuilderBooks
  var l1Data: L1DataBooks
  var unfinished: [UnfinishedReason: UInt64]
  var reconstruction: SelectionBooks
  var alerts: UInt64
  var hasL1Sources: Bool
  /// The books of the burst files; nil where none were written.
  public var stored: BurstFileWriter.Books?
  var selections: SelectionPartial?
  var l0: L0Partial?
  /// The bursts that have ended. They are stored one by one, as each never changes.
  public internal(set) var bursts: [BurstStatistics]

  /// What an account, the writer of burst files and L0 have counted.
  public init(_ account: ReplayAccount, stored: BurstFileWriter.Books?, l0: L0Account?) {
    self = account.partial(stored: stored, l0: l0?.partial)
  }

  /// What a run without L1 has counted.
  public init(l0: L0Account) {
    self.init(
      ReplayAccount(selections: nil, identity: RunIdentity(input: "", configurationHash: "")), stored: nil,
      l0: l0)
  }

  init(
    rates: RateTable, capture: CaptureBooks, builder: BuilderBooks, l1Data: L1DataBooks,
    unfinished: [UnfinishedReason: UInt64], reconstruction: SelectionBooks, alerts: UInt64,
    hasL1Sources: Bool, stored: BurstFileWriter.Books?, selections: SelectionPartial?, l0: L0Partial?,
    bursts: [BurstStatistics]
  ) {
    self.rates = rates
    self.capture = capture
    self.builder = builder
    self.l1Data = l1Data
    self.unfinished = unfinished
    self.reconstruction = reconstruction
    self.alerts = alerts
    self.hasL1Sources = hasL1Sources
    self.stored = stored
    self.selections = selections
    self.l0 = l0
    self.bursts = bursts
  }

  /// Events that were built.
  public var events: UInt64 { rates.events }
  /// Events that L1 keeps.
  public var kept: UInt64 { rates.kept }

  /// Whether everything that came in, up to L1's verdict, is in exactly one column.
  public var closes: Bool {
    RunBooks(capture: capture, builder: builder, l1Data: l1Data, rates: rates, hasL1Sources: hasL1Sources)
      .close
  }

  // MARK: Stored

  private struct Content: Codable {
    var schema: String
    var rates: RateTable
    var capture: CaptureBooks
    var builder: BuilderBooks
    var l1Data: L1DataBooks
    var unfinished: [UnfinishedReason: UInt64]
    var reconstruction: SelectionBooks
    var alerts: UInt64
    var hasL1Sources: Bool
    var stored: BurstFileWriter.Books?
    var selections: SelectionPartial?
    var l0: L0Partial?
  }

  /// All but the bursts, as JSON with sorted keys: the same counts give the same bytes.
  public func data() throws -> Data {
    try Self.encoder.encode(
      Content(
        schema: Self.schema, rates: rates, capture: capture, builder: builder, l1Data: l1Data,
        unfinished: unfinished, reconstruction: reconstruction, alerts: alerts, hasL1Sources: hasL1Sources,
        stored: stored, selections: selections, l0: l0))
  }

  /// Bursts as JSON, one text each.
  public func burstData(from first: Int = 0) throws -> [Data] {
    try bursts.dropFirst(first).map { try Self.encoder.encode($0) }
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  /// What was stored; throws `PartialError` where it is not whole.
  public init(data: Data, bursts: [Data]) throws {
    try self.init(data: data, ended: bursts.map { try Self.burst(data: $0) })
  }

  /// A burst that was stored; throws `PartialError` where it is not whole.
  public static func burst(data: Data) throws -> BurstStatistics {
    try read(BurstStatistics.self, data, "a burst")
  }

  private static func read<Value: Decodable>(_ type: Value.Type, _ data: Data, _ what: String) throws -> Value
  {
    guard hasCountsInRange(data) else { throw PartialError.broken("a count beyond its range") }
    do { return try JSONDecoder().decode(type, from: data) } catch let error as PartialError {
      throw error
    } catch { throw PartialError.broken(what) }
  }

  /// What was stored, with the bursts that have ended; throws `PartialError` where it is not whole.
  public init(data: Data, ended bursts: [BurstStatistics]) throws {
    let content = try Self.read(Content.self, data, "counts")
    guard content.schema == Self.schema else {
      throw PartialError(
        "the stored counts are of another version (\(content.schema)); use the Spillway that made them")
    }
    guard content.rates.isWhole, content.builder.rejected.count == BuilderBooks().rejected.count,
      content.l0?.isWhole != false, content.selections?.isInRange(Self.most) != false
    else { throw PartialError.broken("lengths of lists") }
    let ofOthers = content.builder.otherNode.fragments
    guard content.rates.kept <= content.rates.events, content.builder.fragmentsPending >= 0,
      content.builder.fragmentsBuilt + ofOthers <= content.builder.fragments,
      UInt64(content.builder.fragmentsPending)
        <= content.builder.fragments - content.builder.fragmentsBuilt - ofOthers
    else { throw PartialError.broken("a part larger than the whole") }
    self.init(
      rates: content.rates, capture: content.capture, builder: content.builder, l1Data: content.l1Data,
      unfinished: content.unfinished, reconstruction: content.reconstruction, alerts: content.alerts,
      hasL1Sources: content.hasL1Sources, stored: content.stored, selections: content.selections,
      l0: content.l0, bursts: bursts)
  }

  /// Whether no number outside of texts has more digits than a count may have.
  private static func hasCountsInRange(_ data: Data) -> Bool {
    var digits = 0
    var isText = false
    var isEscaped = false
    for byte in data {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5C {
          isEscaped = true
        } else {
          isText = byte != 0x22
        }
      } else if byte == 0x22 {
        isText = true
        digits = 0
      } else if byte >= 0x30, byte <= 0x39 {
        digits += 1
        if digits > mostDigits { return false }
      } else {
        digits = 0
      }
    }
    return true
  }

  // MARK: Merging

  /// Whether a burst is in both.
  public func overlaps(_ other: RunPartial) -> (run: UInt32, burst: UInt32)? {
    struct Burst: Hashable { var run, burst: UInt32 }
    let mine = Set(bursts.map { Burst(run: $0.burst.run, burst: $0.burst.burst) })
    return other.bursts.first { mine.contains(Burst(run: $0.burst.run, burst: $0.burst.burst)) }
      .map { ($0.burst.run, $0.burst.burst) }
  }

  /// Adds what another part of the run, or another run, has counted; throws, changing nothing, where the two are
  /// not of the same menu and selections, or hold the same burst.
  public mutating func merge(_ other: RunPartial) throws {
    if let burst = overlaps(other) {
      throw PartialError(
        "both hold burst \(burst.burst) of run \(burst.run); merge parts that have no burst in common "
          + "('replay --run N --first-burst N' numbers the bursts of captures)")
    }
    guard (l0 == nil) == (other.l0 == nil), (stored == nil) == (other.stored == nil) else {
      throw Self.otherOptions
    }
    var sum = try added(other)
    sum.rates += other.rates
    sum.bursts = (bursts + other.bursts).sorted(by: BurstStatistics.isBefore)
    self = sum
  }

  /// Adds what another node of a farm has counted of the same stream (`EventShard`): a burst that both
  /// hold becomes one, whose live time is that of the events of both. Throws, changing nothing, where the two are not of
  /// the same menu and selections.
  public mutating func merge(node other: RunPartial) throws {
    var sum = try added(other)
    var places: [BurstKey: [Int]] = [:]
    for (place, ended) in bursts.enumerated().reversed() {
      places[BurstKey(ended), default: []].append(place)
    }
    for ended in other.bursts {
      if let place = places[BurstKey(ended)]?.popLast() {
        sum.bursts[place].merge(node: ended)
      } else {
        sum.bursts.append(ended)
      }
    }
    sum.bursts.sort(by: BurstStatistics.isBefore)
    sum.rates += other.rates
    sum.rates.setBursts(sum.bursts.map(\.burst))
    self = sum
  }

  /// A burst by its name.
  private struct BurstKey: Hashable {
    var run: UInt32
    var burst: UInt32

    init(_ ended: BurstStatistics) {
      run = ended.burst.run
      burst = ended.burst.burst
    }
  }

  private static let otherOptions = PartialError(
    "the runs were made with different options; merge runs of the same options")

  /// With what another part has counted, but for the rates and the bursts. L0 and burst files may be of one part alone:
  /// one node of a farm emulates L0.
  private func added(_ other: RunPartial) throws -> RunPartial {
    guard (selections == nil) == (other.selections == nil) else { throw Self.otherOptions }
    var sum = self
    if let theirs = other.selections { try sum.selections?.merge(theirs) }
    if sum.l0 == nil { sum.l0 = other.l0 } else if let theirs = other.l0 { try sum.l0?.merge(theirs) }
    if sum.stored == nil {
      sum.stored = other.stored
    } else if let theirs = other.stored {
      sum.stored? += theirs
    }
    sum.capture += other.capture
    sum.builder += other.builder
    sum.l1Data += other.l1Data
    sum.unfinished.merge(other.unfinished) { $0 + $1 }
    sum.reconstruction += other.reconstruction
    sum.alerts += other.alerts
    sum.hasL1Sources = hasL1Sources || other.hasL1Sources
    return sum
  }
}
