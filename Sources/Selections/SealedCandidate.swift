public import Configuration

/// An event that must not be seen while its selection is blind: what the ledger seals, and what gives the
/// event back when the selection is unblinded.
///
/// Nothing but the ledger may take it. ``PhysicsAccumulator/add(_:)`` of all of them on top of the open part
/// gives the unblinded result exactly.
public struct SealedCandidate: Sendable {
  /// Name of the selection.
  public let selection: String
  /// Hash of the selection.
  public let selectionHash: String
  /// The run.
  public let run: UInt32
  /// The burst.
  public let burst: UInt32
  /// Number of the event in it.
  public let event: UInt32
  /// Timestamp of the event, in clock periods.
  public let timestamp: UInt32
  /// What the selection says of it.
  public let outcome: SelectionOutcome
  /// The names of the regions that it lies in.
  public let regions: [String]
  /// The numbers of its best candidate, with their names and units; NaN where not available.
  public let values: [(name: String, value: Double, unit: String?)]

  /// The record of an event that was just evaluated; nil where it is not sealed.
  public init?(
    _ selection: PhysicsSelection, _ outcome: SelectionOutcome, _ event: SelectionEvent,
    _ workspace: SelectionWorkspace
  ) {
    guard outcome.isSealed else { return nil }
    self.selection = selection.name
    selectionHash = selection.hash
    run = event.input.event.run
    burst = event.input.event.burst
    self.event = event.input.event.number
    timestamp = event.input.event.timestamp
    self.outcome = outcome
    regions = selection.regions.indices.compactMap { index in
      outcome.regions >> UInt64(index) & 1 == 1 ? selection.regions[index].name : nil
    }
    values = zip(selection.valueNames, workspace.values).map { ($0.name, $1, $0.unit) }
  }

  /// The record that the ledger gives back; nil where it is of another selection than `selection`, or its
  /// regions or the number of its values do not fit.
  ///
  /// - Parameters:
  ///   - selection: The selection, as it was when the event was sealed.
  ///   - selectionHash: What the ledger says of it, as all that follows.
  ///   - values: The numbers in the order of ``PhysicsSelection/valueNames``, NaN where not available.
  public init?(
    restoring selection: PhysicsSelection, selectionHash: String, run: UInt32, burst: UInt32, event: UInt32,
    timestamp: UInt32, regions: [String], isAmbiguous: Bool, values: [Double]
  ) {
    let names = selection.valueNames
    guard selectionHash == selection.hash, values.count == names.count else { return nil }
    // A sealed event has a candidate that passes all cuts, so its best one does.
    var outcome = SelectionOutcome(verdict: .selected)
    outcome.stage = selection.cuts.count
    outcome.isSealed = true
    outcome.isAmbiguous = isAmbiguous
    for name in regions {
      guard let index = selection.regions.firstIndex(where: { $0.name == name }) else { return nil }
      outcome.regions |= 1 << UInt64(index)
    }
    self.selection = selection.name
    self.selectionHash = selectionHash
    self.run = run
    self.burst = burst
    self.event = event
    self.timestamp = timestamp
    self.outcome = outcome
    self.regions = regions
    self.values = zip(names, values).map { ($0.name, $1, $0.unit) }
  }

  /// The record for the ledger.
  public var configValue: ConfigValue {
    .map([
      .init("selection", .string(selection)), .init("selection_hash", .string(selectionHash)),
      .init("run", .int(Int(run))), .init("burst", .int(Int(burst))), .init("event", .int(Int(event))),
      .init("timestamp", .int(Int(timestamp))), .init("ambiguous", .bool(outcome.isAmbiguous)),
      .init("regions", .list(regions.map { .string($0) })),
      .init("values", .map(values.map { .init($0.name, .double($0.value)) })),
    ])
  }
}

extension PhysicsAccumulator {
  /// Adds a sealed event, to unblind; throws, changing nothing, if it is of another selection.
  public mutating func add(_ sealed: SealedCandidate) throws {
    guard sealed.selectionHash == selectionHash else {
      throw SelectionError.differentSelections(flow.selection, sealed.selection)
    }
    try add(
      sealed.outcome, values: sealed.values.map(\.value),
      period: Self.period(run: sealed.run, burst: sealed.burst))
  }
}
