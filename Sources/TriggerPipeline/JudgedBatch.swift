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
}

/// What the algorithms find when each is run alone with the parameters of mask 0.
public struct AloneQuantities: Sendable {
  /// The quantities.
  public let info: L1EventInfo
  /// The answers of the MUV3 variants xx = 2, 1 and 0.
  public let muv3: (neighbours: UInt8, leftRight: UInt8, tight: UInt8)
}
