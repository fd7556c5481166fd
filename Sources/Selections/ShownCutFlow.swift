/// A cut flow as it may be shown.
///
/// While a selection is blind, its open flow holds the open events only. Together with a total from elsewhere
/// (all events that L1 kept) it would give the sealed ones by subtraction, so the numbers that link the two
/// are withheld: how many events were seen and entered, and how many failed at the first step.
public struct ShownCutFlow: Sendable, Hashable {
  /// One step; nil stands for "(blind)".
  public struct Step: Sendable, Hashable {
    /// What the condition asks.
    public let label: String
    /// Events that failed here first.
    public let failed: UInt64?
    /// Events that failed here first because the quantity is unavailable in them.
    public let unavailable: UInt64?
    /// Events that passed this condition and all before it.
    public let passed: UInt64
  }

  /// Name of the selection.
  public let selection: String
  /// Events looked at; nil stands for "(blind)".
  public let seen: UInt64?
  /// Events that did not enter; nil stands for "(blind)".
  public let notEntered: UInt64?
  /// Events that entered; nil stands for "(blind)".
  public let entered: UInt64?
  /// The conditions in their order.
  public let steps: [Step]

  /// What may be shown of an open flow.
  public init(_ flow: CutFlow, isBlind: Bool) {
    selection = flow.selection
    seen = isBlind ? nil : flow.seen
    notEntered = isBlind ? nil : flow.notEntered
    entered = isBlind ? nil : flow.entered
    steps = flow.steps.enumerated().map { index, step in
      let isHidden = isBlind && index == 0
      return Step(
        label: step.label, failed: isHidden ? nil : step.failed,
        unavailable: isHidden ? nil : step.unavailable, passed: step.passed)
    }
  }
}
