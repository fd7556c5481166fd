import Alerting
import EventBuilding
import L1Trigger
import PacketCapture
import Reconstruction
public import Selections

/// An event that L1 keeps, with all that is needed to reconstruct it: it waits until its L1 data are there, or
/// will not come.
struct ReadyEvent: Sendable {
  /// The batch that its fragments are in.
  var batch: EventBatch
  var event: BuiltEvent
  var evaluation: L1Evaluation
  var decision: L1Decision
  /// What LKr sent; nil where nothing is read after L1, or not all has come.
  var calorimeter: CalorimeterData?
  /// Whether all its L1 data have come.
  var isComplete: Bool
  /// Events of the batch that it became ready in that were complete before.
  var eventsBefore: Int
}

/// What the selections found in a batch, in the order of the data. Nothing in it tells of a sealed event.
public struct SelectionFindings: Sendable {
  /// An open event that raises an alert.
  struct Finding: Sendable {
    /// Place of the selection in its set.
    var selection: Int
    var event: BuiltEvent
    var decision: L1Decision
    var packets: [PacketReference]
    var quantities: [AlertRecord.Quantity]
    /// Whether it counts in the selection's experiment.
    var counts: Bool
    /// The regions that hold it, as bits.
    var regions: UInt64
    /// When it was found.
    var place: Place
  }

  /// When something was found, in the order of the data: it does not depend on where batches end.
  struct Place: Comparable, Sendable {
    /// What comes one after the other between two events.
    enum Step: Comparable, Sendable {
      /// An event of before has become ready, and was reconstructed.
      case ready
      /// A burst has ended.
      case burstEnd
      /// The next event has come, with what L0 and L1 say of it.
      case event
    }

    /// Events of the batch that were complete before.
    var eventsBefore: Int
    var step: Step

    static func < (a: Self, b: Self) -> Bool { (a.eventsBefore, a.step) < (b.eventsBefore, b.step) }
  }

  /// What the selections say of an event that was reconstructed.
  struct Late: Sendable {
    var event: BuiltEvent
    /// Bit s: selection s, not a blind one, takes it.
    var selected: UInt64
  }

  /// Alerts to be raised, in the order of their places; in one place in the order of events and selections.
  var findings: [Finding] = []
  /// Bit s of event i of the batch: selection s, one that L0 and L1 say enough for and that is not blind, takes it.
  var selected: [UInt64] = []
  /// Events that were reconstructed, of this batch or of earlier ones.
  var late: [Late] = []
  /// What the batch adds to the books.
  var books = SelectionBooks()
  /// Scenes of events that raise an alert and that nothing seals; empty unless asked for.
  var scenes: [EventScene] = []
}

/// Books of the events that are reconstructed: in = with all L1 data + without.
public struct SelectionBooks: Sendable, Hashable, Codable {
  /// Events that were reconstructed.
  public internal(set) var events: UInt64 = 0
  /// Of them, those with all their L1 data, or in a layout without such data.
  public internal(set) var complete: UInt64 = 0
  /// Of them, those that were reconstructed without LKr, as their L1 data did not all come.
  public internal(set) var withoutL1Data: UInt64 = 0

  /// Empty books.
  public init() {}

  /// Whether every event is in exactly one column.
  public var closes: Bool { events == complete + withoutL1Data }

  static func += (a: inout SelectionBooks, b: SelectionBooks) {
    a.events += b.events
    a.complete += b.complete
    a.withoutL1Data += b.withoutL1Data
  }
}

extension BurstEnd {
  /// When it was, among what the selections find.
  var place: SelectionFindings.Place { .init(eventsBefore: eventsBefore, step: .burstEnd) }
}

/// What the selections of a run have counted.
public struct SelectionRun: Sendable {
  /// The counts of all workers.
  public internal(set) var engine: SelectionEngine
  /// How long the events took.
  public internal(set) var timing: SelectionTiming
  /// Sealed events, in the order of the data.
  var sealed: [SealedCandidate]
}
