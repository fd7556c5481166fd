/// A counting experiment: what is expected, and how its count is to be read.
public struct CountingExperiment: Sendable, Hashable {
  /// Its name in outputs.
  public let name: String
  /// Expected background in the whole data set, in events, with its uncertainty.
  public let expectedBackground: UncertainQuantity
  /// Signal efficiency within the acceptance (trigger, reconstruction), above 0 and at most 1.
  public let efficiency: Double
  /// Exposure and acceptance; nil where only numbers of events are wanted.
  public let normalisation: Normalisation?
  /// Confidence level of the limit, such as 0.9.
  public let confidenceLevel: Double
  /// Branching ratio per signal event; nil without a normalisation.
  public let singleEventSensitivity: Double?

  /// An experiment; throws where a number has no meaning (see ``StatisticsError``).
  public init(
    name: String, expectedBackground: UncertainQuantity, efficiency: Double = 1,
    normalisation: Normalisation? = nil, confidenceLevel: Double = 0.9
  ) throws {
    try InputCheck.fraction(efficiency, "efficiency of experiment '\(name)'")
    try InputCheck.confidenceLevel(confidenceLevel)
    self.name = name
    self.expectedBackground = expectedBackground
    self.efficiency = efficiency
    self.normalisation = normalisation
    self.confidenceLevel = confidenceLevel
    singleEventSensitivity = try normalisation?.singleEventSensitivity(efficiency: efficiency)
  }

  /// An experiment whose background is known; throws where a number has no meaning (see ``StatisticsError``).
  public init(
    name: String, background: Double, efficiency: Double = 1, normalisation: Normalisation? = nil,
    confidenceLevel: Double = 0.9
  ) throws {
    try InputCheck.mean(background, "background of experiment '\(name)'")
    try self.init(
      name: name, expectedBackground: UncertainQuantity(background), efficiency: efficiency,
      normalisation: normalisation, confidenceLevel: confidenceLevel)
  }

  /// Expected background in the whole data set, in events: the central value.
  public var background: Double { expectedBackground.value }

  /// The result of this experiment with `observed` events: the batch computation.
  ///
  /// Throws for a negative count or without convergence.
  public func result(observed: Int) throws -> CountingResult {
    let limit = try PoissonCLs.upperLimit(
      observed: observed, background: background, confidenceLevel: confidenceLevel)
    return CountingResult(
      experiment: self, limit: limit,
      significance: try ExcessSignificance(observed: observed, background: background))
  }
}
