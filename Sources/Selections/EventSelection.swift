public import CountingStatistics

/// A selection of events that feeds a counting experiment: the seam between what looks at events and what
/// counts them.
///
/// ``Selection`` decides on L1 quantities. A selection written in Swift takes ``SelectionEvent`` as its `Input`
/// and uses the same ``SelectionVerdict``, ``CutFlow`` and ``SelectionAccumulator``; it is blind unless it says
/// otherwise, and a ``Blinded`` accumulator keeps what it selects apart. For example:
///
///     struct FastTracks: EventSelection {
///       let experiment: CountingExperiment
///       let conditionLabels = ["a track above 60 GeV/c"]
///       func verdict(on event: SelectionEvent) -> SelectionVerdict {
///         let isFast = (0..<event.tracks.count).contains { event.tracks[.momentum, $0] > 60_000 }
///         return isFast ? .selected : .failed(condition: 0)
///       }
///     }
public protocol EventSelection: Sendable {
  /// What the selection looks at: values of one event.
  associatedtype Input

  /// What the events are counted for; its name is the selection's name.
  var experiment: CountingExperiment { get }
  /// What each condition asks, in the order of the cut flow.
  var conditionLabels: [String] { get }

  /// Whether the selected events are sealed until the selection is unblinded (DESIGN law 10).
  var isBlind: Bool { get }

  /// The verdict on one event: a function of `input` alone.
  func verdict(on input: Input) -> SelectionVerdict
}

extension EventSelection {
  /// Blind by default.
  public var isBlind: Bool { true }
}

extension Blinded where Part == SelectionAccumulator {
  /// Nothing seen yet.
  public init(_ selection: some EventSelection) { self.init(empty: SelectionAccumulator(selection)) }

  /// Adds one event to the part that it belongs to: sealed where a blind selection selects it. Throws,
  /// changing nothing, where the count would overflow.
  public mutating func add(_ verdict: SelectionVerdict, isBlind: Bool) throws {
    try add(isSealed: isBlind && verdict.isSelected) { try $0.add(verdict) }
  }
}
