/// How many false alarms are accepted, on average, per exposure.
public struct FalseAlarmBudget: Sendable, Hashable {
  /// False alarms per unit of exposure of the experiment.
  public let rate: Double

  /// `alarms` false alarms in `exposure` units, as 1 in 1e18 protons or 1 in the live seconds of a year.
  ///
  /// Throws unless both are positive and finite, and their ratio too.
  public init(alarms: Double, perExposure exposure: Double) throws {
    try InputCheck.positive(alarms, "number of false alarms")
    try InputCheck.positive(exposure, "exposure of the false alarms")
    try InputCheck.positive(alarms / exposure, "false-alarm rate")
    rate = alarms / exposure
  }

  /// The budget of each of `count` experiments watched together, in whatever way they depend on each other.
  /// Throws for a count below 1.
  public func shared(among count: Int) throws -> FalseAlarmBudget {
    try InputCheck.positive(Double(count), "number of experiments")
    return try FalseAlarmBudget(alarms: rate / Double(count), perExposure: 1)
  }

  /// False alarms accepted in an exposure.
  public func alarms(in exposure: Double) -> Double { rate * exposure }
}
