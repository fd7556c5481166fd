/// What a selection says of one event, with what its best candidate is.
public struct SelectionOutcome: Hashable, Sendable, BitwiseCopyable {
  /// The verdict, by the steps of the cut flow.
  public var verdict: SelectionVerdict
  /// Whether some candidate is selected and lies in a blind region: nothing of the event may be shown.
  public var isSealed = false
  /// How many cuts the best candidate passes; -1 where there is none.
  public var stage = -1
  /// The regions that the selected candidate lies in, as bits; of an exclusive set at most one.
  public var regions: UInt64 = 0
  /// Whether the candidate lay in several regions of an exclusive set, of which the first was taken.
  public var isAmbiguous = false
  /// Index of the candidate's vertex or track; -1 where there is none.
  public var container = -1

  /// An outcome.
  public init(verdict: SelectionVerdict) { self.verdict = verdict }

  /// Whether the event is selected.
  public var isSelected: Bool { verdict.isSelected }
}
