/// What turns a result in events into one in branching ratio: a single-event sensitivity with its uncertainty.
///
/// The uncertainty belongs into the limit, not on it: ``efficiency`` is the nuisance to compute the limit with, and
/// the limit, given at the central sensitivity, is then only multiplied.
public struct BranchingRatioScale: Sendable, Hashable {
  /// The branching ratio at which one signal event is expected.
  public let sensitivity: MeasuredFactor
  /// The signal's efficiency relative to that of the central sensitivity: 1, log-normal.
  public let efficiency: UncertainQuantity

  /// A scale; throws only where the uncertainty is no finite number.
  public init(sensitivity: MeasuredFactor) throws {
    self.sensitivity = sensitivity
    efficiency = try UncertainQuantity(
      1, uncertainty: sensitivity.relativeUncertainty(), shape: .logNormal)
  }

  /// An upper limit on the branching ratio from one in events, of whatever method.
  public func branchingRatio(_ limit: Limit) -> Double { limit.upper * sensitivity.value }

  /// Both ends of an interval of the branching ratio from one in events, of whatever method.
  public func branchingRatio(_ interval: SignalInterval) -> (lower: Double, upper: Double) {
    (interval.lower * sensitivity.value, interval.upper * sensitivity.value)
  }
}
