/// What a selection says of one event.
public enum SelectionVerdict: Hashable, Sendable, BitwiseCopyable {
  /// The event passes every condition.
  case selected
  /// The condition of this index is the first one that the event fails.
  case failed(condition: Int)
  /// The first condition that the event fails is on a quantity that is unavailable in it.
  case unavailable(condition: Int)
  /// The event does not enter the selection: L1 did not keep it.
  case notEntered

  /// Whether the event is selected.
  @inlinable
  public var isSelected: Bool { self == .selected }

  /// Index of the first condition that the event fails; nil where it is selected or did not enter.
  @inlinable
  public var failedCondition: Int? {
    switch self {
    case .failed(let condition), .unavailable(let condition): condition
    case .selected, .notEntered: nil
    }
  }

  /// Whether the first failing condition is on a quantity that is unavailable in the event.
  @inlinable
  public var isUnavailable: Bool {
    if case .unavailable = self { return true }
    return false
  }
}
