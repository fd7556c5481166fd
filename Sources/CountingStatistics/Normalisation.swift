/// What turns a number of signal events into a branching ratio: exposure and acceptance.
public struct Normalisation: Sendable, Hashable {
  /// Number of decays (or other primary events) in the data.
  public let exposure: Double
  /// Fraction of signal events inside the acceptance, above 0 and at most 1.
  public let acceptance: Double

  /// A normalisation; throws unless the exposure is positive and finite and the acceptance in (0, 1].
  public init(exposure: Double, acceptance: Double) throws {
    try InputCheck.positive(exposure, "exposure")
    try InputCheck.fraction(acceptance, "acceptance")
    self.exposure = exposure
    self.acceptance = acceptance
  }

  /// The normalisation of a known single-event sensitivity at efficiency 1; throws unless it is positive
  /// and finite, and its inverse too.
  public init(singleEventSensitivity: Double) throws {
    try InputCheck.positive(singleEventSensitivity, "single-event sensitivity")
    try self.init(exposure: 1 / singleEventSensitivity, acceptance: 1)
  }

  /// The branching ratio at which one signal event is expected: 1 / (exposure × acceptance × efficiency).
  ///
  /// Throws unless the efficiency is in (0, 1], or where the result is not a finite number.
  public func singleEventSensitivity(efficiency: Double = 1) throws -> Double {
    try InputCheck.fraction(efficiency, "efficiency")
    let sensitivity = 1 / (exposure * acceptance * efficiency)
    try InputCheck.positive(sensitivity, "single-event sensitivity")
    return sensitivity
  }
}
