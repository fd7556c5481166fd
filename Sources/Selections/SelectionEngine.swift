public import Configuration
public import Detectors

/// All selections on one worker: it evaluates events, adds them up and keeps what must be sealed.
///
/// Engines of several workers, each with its share of the events, merge to the engine of all. For example:
///
///     var engine = SelectionEngine(try PhysicsSelectionSet.load(paths: paths))
///     try engine.process(event)
///     ledger.seal(engine.takeSealed())
public struct SelectionEngine: Sendable {
  /// The selections.
  public let set: PhysicsSelectionSet
  /// What each selection has counted, in their order.
  public private(set) var accounts: [PhysicsAccount]
  /// What each selection says of the last event. While a selection is blind, a sealed outcome must not leave
  /// the stage.
  public private(set) var outcomes: [SelectionOutcome]

  private let plans: [SelectionPlan]
  private let isOpened: [Bool]
  /// The selection that the workspace's numbers are of.
  private var last = -1
  private var workspace: SelectionWorkspace
  private var sealed: [SealedCandidate] = []

  /// An engine that has seen nothing.
  ///
  /// - Parameters:
  ///   - set: The selections.
  ///   - unblinded: Names of the selections that were unblinded: their events are all open.
  public init(_ set: PhysicsSelectionSet, unblinded: Set<String> = []) {
    self.set = set
    isOpened = set.selections.map { !$0.isBlind || unblinded.contains($0.name) }
    plans = set.selections.map(\.plan)
    accounts = set.accounts()
    outcomes = set.selections.map { _ in SelectionOutcome(verdict: .notEntered) }
    workspace = SelectionWorkspace(set.selections)
  }

  /// An engine that has counted before; throws where the accounts are not those of the selections.
  public init(_ set: PhysicsSelectionSet, restoring accounts: [PhysicsAccount]) throws {
    self.init(set)
    guard accounts.map(\.open.selectionHash) == set.selections.map(\.hash) else {
      throw SelectionError.differentTally(set.selections.map(\.name).joined(separator: ", "))
    }
    self.accounts = accounts
  }

  /// Evaluates all selections on an event that awaits nothing; throws where a count would overflow.
  public mutating func process(_ event: SelectionEvent) throws {
    for index in outcomes.indices { try process(event, selection: index) }
  }

  /// Evaluates one selection on an event, for a stage that takes the time of each; throws where a count would
  /// overflow.
  ///
  /// - Returns: what the selection came to of what the event awaits: unless that is nothing, nothing is counted, and the
  ///   selection is to be processed again once those quantities are filled.
  @discardableResult
  public mutating func process(_ event: SelectionEvent, selection index: Int) throws -> DetectorParts {
    var outcome = plans[index].evaluate(event, &workspace)
    guard workspace.wanted.isEmpty else { return workspace.wanted }
    if isOpened[index] { outcome.isSealed = false }
    last = index
    outcomes[index] = outcome
    let built = event.input.event
    try accounts[index].add(
      outcome, values: workspace.slots,
      period: PhysicsAccumulator.period(run: built.run, burst: built.burst))
    if outcome.isSealed, let record = SealedCandidate(set.selections[index], outcome, event, workspace) {
      sealed.append(record)
    }
    return []
  }

  /// The numbers of the best candidate with names and units, for an alert; only of the selection that was
  /// processed last, right after ``process(_:selection:)``. Nil for another, for a sealed event, which no alert
  /// may tell of, and where there is no candidate.
  public func values(selection index: Int) -> [(name: String, value: Double, unit: String?)]? {
    guard index == last, !outcomes[index].isSealed, outcomes[index].stage >= 0 else { return nil }
    return zip(set.selections[index].valueNames, workspace.values).map { ($0.name, $1, $0.unit) }
  }

  /// What each selection has counted, as it may be shown: see ``PhysicsAccumulator/report(isBlind:)``.
  public func reports() -> [ConfigValue] {
    accounts.indices.map { accounts[$0].open.report(isBlind: !isOpened[$0]) }
  }

  /// The sealed events since the last call, in their order: for the ledger alone.
  public mutating func takeSealed() -> [SealedCandidate] {
    let taken = sealed
    sealed.removeAll(keepingCapacity: true)
    return taken
  }

  /// Adds the counts and sealed events of another worker; throws, changing nothing, if its selections differ.
  public mutating func merge(_ other: SelectionEngine) throws {
    guard set.hash == other.set.hash, isOpened == other.isOpened else {
      throw SelectionError.differentSelections(
        set.selections.map(\.name).joined(separator: ", "),
        other.set.selections.map(\.name).joined(separator: ", "))
    }
    var merged = accounts
    for index in merged.indices { try merged[index].merge(other.accounts[index]) }
    accounts = merged
    sealed += other.sealed
  }
}
