/// What a counting experiment says at one observed count.
public struct CountingResult: Sendable, Hashable {
  /// The experiment, with its inputs.
  public let experiment: CountingExperiment
  /// Upper limit on the signal, in events.
  public let limit: Limit
  /// p-value and Z of the count under background only.
  public let significance: ExcessSignificance

  /// The observed count.
  public var observed: Int { limit.observed }

  /// Upper limit on the branching ratio: signal limit × single-event sensitivity; nil without normalisation.
  public var branchingRatioLimit: Double? {
    experiment.singleEventSensitivity.map { $0 * limit.upper }
  }
}
