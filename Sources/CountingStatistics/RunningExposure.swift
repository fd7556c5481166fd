/// How the exposure of a data set grows while it is taken: what a test needs that is looked at all the time.
///
/// Each period, such as a burst, stands for the same exposure, and the expected background grows with it.
public struct RunningExposure: Sendable, Hashable {
  /// What is counted, as "protons on target".
  public let unit: String
  /// The exposure that the expected background is for.
  public let total: Double
  /// The exposure of one period.
  public let perPeriod: Double
  /// False alarms that are accepted; nil where none is asked for.
  public let falseAlarms: FalseAlarmBudget?

  /// A plan; throws unless both exposures are positive and finite, and a period at most the total.
  public init(
    unit: String, total: Double, perPeriod: Double, falseAlarms: FalseAlarmBudget? = nil
  ) throws {
    try InputCheck.positive(total, "total exposure")
    try InputCheck.positive(perPeriod, "exposure of a period")
    guard perPeriod <= total else {
      throw StatisticsError.invalidInput(
        name: "exposure of a period", value: "\(perPeriod)", expected: "at most the total, \(total)")
    }
    self.unit = unit
    self.total = total
    self.perPeriod = perPeriod
    self.falseAlarms = falseAlarms
  }
}
