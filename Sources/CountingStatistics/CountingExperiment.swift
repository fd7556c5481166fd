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
  /// How the exposure grows during the run; nil where that is not known.
  public let running: RunningExposure?
  /// Branching ratio per signal event; nil without a normalisation.
  public let singleEventSensitivity: Double?
  /// The test that may be looked at after every event; nil where no background at all is expected, or where it
  /// is uncertain around 0: any event would be infinite evidence.
  public let sequential: SequentialExperiment?

  /// The probability that the true background is above the bound that the sequential test takes, where the
  /// background has an uncertainty: it is added to every p-value of that test.
  public static let sequentialDelta = 1e-6

  /// An experiment; throws where a number has no meaning (see ``StatisticsError``).
  public init(
    name: String, expectedBackground: UncertainQuantity, efficiency: Double = 1,
    normalisation: Normalisation? = nil, confidenceLevel: Double = 0.9, running: RunningExposure? = nil
  ) throws {
    try InputCheck.fraction(efficiency, "efficiency of experiment '\(name)'")
    try InputCheck.confidenceLevel(confidenceLevel)
    self.name = name
    self.expectedBackground = expectedBackground
    self.efficiency = efficiency
    self.normalisation = normalisation
    self.confidenceLevel = confidenceLevel
    self.running = running
    singleEventSensitivity = try normalisation?.singleEventSensitivity(efficiency: efficiency)
    sequential = try Self.sequential(name, expectedBackground, running)
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

  /// Limits and significances for any count, with tables that are kept from one to the next.
  func calculator() throws -> MarginalCLs {
    try MarginalCLs(background: expectedBackground, confidenceLevel: confidenceLevel)
  }

  /// A calculator for a running count: its tables reach well beyond the counts that background alone gives, so that
  /// no event waits for them.
  func preparedCalculator() throws -> MarginalCLs {
    var calculator = try calculator()
    let expected = min(1_000, background + 3 * expectedBackground.uncertainty)
    try calculator.prepare(upTo: Int(expected + 6 * expected.squareRoot()) + 64)
    return calculator
  }

  /// The result of this experiment with `observed` events: the batch computation.
  ///
  /// Throws for a negative count or without convergence.
  public func result(observed: Int) throws -> CountingResult {
    var calculator = try calculator()
    return try result(observed: observed, &calculator)
  }

  func result(observed: Int, _ calculator: inout MarginalCLs) throws -> CountingResult {
    CountingResult(
      experiment: self, limit: try calculator.upperLimit(observed: observed),
      significance: try calculator.significance(observed: observed))
  }

  // MARK: The sequential test

  /// Without a plan of the run the whole expected background is there from the beginning, in one segment: that
  /// is valid for a run of at most the data set that it is expected for, and costs power only.
  private static func sequential(
    _ name: String, _ background: UncertainQuantity, _ running: RunningExposure?
  ) throws -> SequentialExperiment? {
    let total = running?.total ?? 1
    let rate = background.value / total
    // A signal that would be found by a few events, or three standard deviations.
    let signal = max(3, 3 * background.value.squareRoot()) / total
    guard rate > 0, (rate / signal) > 0, (signal / rate).isFinite else { return nil }
    let knowledge: BackgroundKnowledge
    if background.isKnown {
      knowledge = .known
    } else {
      knowledge = try .bounded(background, delta: sequentialDelta)
    }
    return try SequentialExperiment(
      name: name, exposureUnit: running?.unit ?? "data sets", backgroundRate: rate, typicalSignal: signal,
      background: knowledge)
  }

  /// The segment of the sequential test that a period is.
  func segment(of period: UInt64) -> UInt64 { running == nil ? 0 : period }

  /// Exposure and expected background of a segment; nil without a sequential test.
  var segmentPlan: (exposure: Double, background: Double)? {
    guard sequential != nil else { return nil }
    guard let running else { return (1, background) }
    return (running.perPeriod, background * (running.perPeriod / running.total))
  }
}
