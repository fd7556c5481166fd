public import EventBuilding
public import L1Trigger

/// A batch of events with the L1 verdicts: what leaves the trigger, in order.
public struct JudgedBatch: Sendable {
  /// The events.
  public let batch: EventBatch
  /// What the algorithms said, event by event.
  public let evaluations: [L1Evaluation]
  /// The verdicts, event by event.
  public let decisions: [L1Decision]
  /// Each algorithm run alone with the parameters of mask 0, event by event; empty unless asked for.
  public let alone: [AloneQuantities]
  /// The stored events that became complete, in order; empty unless events are stored.
  public let stored: [StoredRecord]
  /// What the batch adds to the books of the L1 data.
  public let l1Books: L1DataBooks
  /// Kept events that never got all their L1 data; `received` is in the order of `EventLayout.l1Sources`.
  public let l1Unfinished: [UnfinishedEvent]
  /// The bursts that ended in the batch, with what the trigger counted in them.
  public let endedBursts: [BurstStatistics]
  /// Kept events that are ready to be reconstructed, of this batch or of earlier ones; empty where none is, and
  /// once they were.
  var ready: [ReadyEvent] = []
  /// What the selections found; nil without selections.
  var findings: SelectionFindings?
}

/// A stored event (`l1.md` 7.1).
public struct StoredRecord: Hashable, Sendable {
  /// Run number, or 0.
  public let run: UInt32
  /// Burst.
  public let burst: UInt32
  /// Its bytes; `nil` if they do not fit into the format.
  public let bytes: [UInt8]?
}

/// What the algorithms find when each is run alone with the parameters of mask 0.
public struct AloneQuantities: Sendable {
  /// The quantities.
  public let info: L1EventInfo
  /// The answers of the MUV3 variants xx = 2, 1 and 0.
  public let muv3: (neighbours: UInt8, leftRight: UInt8, tight: UInt8)
}
