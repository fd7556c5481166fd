public import CountingStatistics

/// A selection of events that feeds a counting experiment: the seam between what looks at events and what
/// counts them.
///
/// ``Selection`` decides on L1 quantities. A selection on reconstructed tracks has another `Input`, and uses
/// the same ``SelectionVerdict``, ``CutFlow`` and ``SelectionAccumulator``.
public protocol EventSelection: Sendable {
  /// What the selection looks at: values of one event.
  associatedtype Input

  /// What the events are counted for; its name is the selection's name.
  var experiment: CountingExperiment { get }
  /// What each condition asks, in the order of the cut flow.
  var conditionLabels: [String] { get }

  /// The verdict on one event: a function of `input` alone.
  func verdict(on input: Input) -> SelectionVerdict
}
