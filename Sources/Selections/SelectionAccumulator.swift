public import CountingStatistics

/// Cut flow and count of one selection: a commutative monoid under ``merge(_:)``, whose empty element is a
/// fresh accumulator.
public struct SelectionAccumulator: Sendable, Equatable {
  /// How far the events come.
  public private(set) var flow: CutFlow
  /// The counting experiment.
  public private(set) var counting: CountingState

  /// Nothing seen yet.
  public init(_ selection: some EventSelection) {
    flow = CutFlow(selection: selection.experiment.name, conditionLabels: selection.conditionLabels)
    counting = CountingState(experiment: selection.experiment)
  }

  /// Whether the books close, and the count is that of the cut flow.
  public var isClosed: Bool { flow.isClosed && UInt64(exactly: counting.observed) == flow.selected }

  /// Adds one event; `verdict` must be of the accumulator's own selection. Throws, changing nothing, where
  /// the count would overflow.
  public mutating func add(_ verdict: SelectionVerdict) throws {
    if verdict.isSelected { try counting.add() }
    flow.add(verdict)
  }

  /// Adds the events of another accumulator; throws, changing nothing, if it is of another selection.
  public mutating func merge(_ other: SelectionAccumulator) throws {
    var counting = counting
    try counting.merge(other.counting)
    try flow.merge(other.flow)
    self.counting = counting
  }

  /// Limit and significance at the count so far; throws only without convergence.
  public mutating func result() throws -> CountingResult { try counting.result() }
}

extension SelectionSet {
  /// An empty accumulator for each selection, in their order.
  public func accumulators() -> [SelectionAccumulator] { selections.map { SelectionAccumulator($0) } }
}
