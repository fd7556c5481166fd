/// A counting experiment that is looked at while it runs: what is fixed before the first event.
///
/// Exposure is measured in one unit of the user's choice (protons on target, live seconds, bursts); all rates
/// are per that unit. Validity never depends on ``typicalSignal``, only the power does
/// (`Docs/Sequential.md`).
public struct SequentialExperiment: Sendable, Hashable {
  /// Which departures from background only are looked for. The raw value is the text that goes into outputs.
  public enum Alternative: String, Sendable, Hashable, CaseIterable {
    /// More events than background.
    case excess
    /// Fewer events than expected: a detector or a trigger that dies.
    case deficit
    /// Either, each with half of the evidence.
    case either
  }

  /// Its name in outputs.
  public let name: String
  /// The unit of exposure, as "protons on target" or "s".
  public let exposureUnit: String
  /// Nominal background rate in events per unit of exposure. The test follows the background given with each
  /// segment; this rate only sets the scale of the mixture.
  public let backgroundRate: Double
  /// Mean of the exponential mixture over signal rates, in events per unit of exposure: the rate at which the
  /// test is to be at its best.
  public let typicalSignal: Double
  /// Which departures are looked for.
  public let alternative: Alternative
  /// What is known of the background.
  public let background: BackgroundKnowledge

  /// An experiment; throws for rates that are not positive and finite, or whose ratio is outside
  /// 1e-100 to 1e100, and for a background that does not allow the alternative.
  public init(
    name: String, exposureUnit: String, backgroundRate: Double, typicalSignal: Double,
    alternative: Alternative = .excess, background: BackgroundKnowledge = .known
  ) throws {
    try InputCheck.positive(backgroundRate, "background rate of '\(name)'")
    try InputCheck.positive(typicalSignal, "typical signal of '\(name)'")
    let ratio = typicalSignal / backgroundRate
    guard ratio >= 1e-100, ratio <= 1e100 else {
      throw StatisticsError.invalidInput(
        name: "typical signal / background rate of '\(name)'", value: "\(ratio)",
        expected: "a number from 1e-100 to 1e100")
    }
    guard alternative == .excess || background == .known else {
      throw StatisticsError.invalidInput(
        name: "alternative of '\(name)'", value: alternative.rawValue,
        expected: "excess, the only one with an estimated background")
    }
    self.name = name
    self.exposureUnit = exposureUnit
    self.backgroundRate = backgroundRate
    self.typicalSignal = typicalSignal
    self.alternative = alternative
    self.background = background
  }
}
