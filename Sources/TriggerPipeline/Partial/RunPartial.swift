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
    func read<Value: Decodable>(_ type: Value.Type, _ data: Data, _ what: String) throws -> Value {
      guard Self.hasCountsInRange(data) else { throw PartialError.broken("a count beyond its range") }
      do { return try JSONDecoder().decode(type, from: data) } catch let error as PartialError {
        throw error
      } catch { throw PartialError.broken(what) }
    }
    let content = try read(Content.self, data, "counts")
    guard content.schema == Self.schema else {
      throw PartialError(
        "the stored counts are of another version (\(content.schema)); use the Spillway that made them")
    }
    guard content.rates.isWhole, content.builder.rejected.count == BuilderBooks().rejected.count,
      content.l0?.isWhole != false
    else { throw PartialError.broken("lengths of lists") }
    self.init(
      rates: content.rates, capture: content.capture, builder: content.builder, l1Data: content.l1Data,
      unfinished: content.unfinished, reconstruction: content.reconstruction, alerts: content.alerts,
      hasL1Sources: content.hasL1Sources, stored: content.stored, selections: content.selections,
      l0: content.l0, bursts: try bursts.map { try read(BurstStatistics.self, $0, "a burst") })
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
    guard (selections == nil) == (other.selections == nil), (l0 == nil) == (other.l0 == nil),
      (stored == nil) == (other.stored == nil)
    else { throw PartialError("the runs were made with different options; merge runs of the same options") }
    var sum = self
    if let theirs = other.selections { try sum.selections?.merge(theirs) }
    if let theirs = other.l0 { try sum.l0?.merge(theirs) }
    if let theirs = other.stored { sum.stored? += theirs }
    sum.rates += other.rates
    sum.capture += other.capture
    sum.builder += other.builder
    sum.l1Data += other.l1Data
    sum.unfinished.merge(other.unfinished) { $0 + $1 }
    sum.reconstruction += other.reconstruction
    sum.alerts += other.alerts
    sum.hasL1Sources = hasL1Sources || other.hasL1Sources
    sum.bursts = (bursts + other.bursts).sorted(by: BurstStatistics.isBefore)
    self = sum
  }
}
