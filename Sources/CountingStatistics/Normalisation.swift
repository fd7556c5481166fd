#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What turns a number of signal events into a branching ratio: exposure and acceptance.
public struct Normalisation: Sendable, Hashable {
  /// Number of decays (or other primary events) in the data.
  public let exposure: Double
  /// Fraction of signal events inside the acceptance, above 0 and at most 1.
  public let acceptance: Double
  /// The parts of the uncertainty of exposure × acceptance; empty if it is taken as known.
  public let uncertainties: [FactorUncertainty]

  /// A normalisation; throws unless the exposure is positive and finite and the acceptance in (0, 1].
  public init(exposure: Double, acceptance: Double) throws {
    try InputCheck.positive(exposure, "exposure")
    try InputCheck.fraction(acceptance, "acceptance")
    self.exposure = exposure
    self.acceptance = acceptance
    uncertainties = []
  }

  /// A normalisation with uncertainties; throws unless the acceptance is at most 1, and where parts of one name
  /// are of different kinds.
  public init(exposure: MeasuredFactor, acceptance: MeasuredFactor) throws {
    try InputCheck.fraction(acceptance.value, "acceptance")
    self.exposure = exposure.value
    self.acceptance = acceptance.value
    uncertainties = try MeasuredFactor.product([exposure, acceptance]).uncertainties
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

  /// The single-event sensitivity with the parts of its uncertainty; throws unless the efficiency is at most 1,
  /// or where the result is not a finite number.
  public func sensitivity(efficiency: MeasuredFactor) throws -> MeasuredFactor {
    try InputCheck.fraction(efficiency.value, "efficiency")
    return try MeasuredFactor.product(
      [MeasuredFactor(1)], over: [MeasuredFactor(exposure * acceptance, uncertainties), efficiency])
  }

  /// The exposure from a normalisation channel: D · (N - b) / (BR · A · ε), with N events of which b are
  /// background, in a line with downscaling D.
  ///
  /// The parts of the uncertainty are those of the factors, "normalisation events" (statistical, √N) and
  /// "normalisation background" (systematic). Throws unless there are more events than background, the acceptance
  /// and efficiency are at most 1, and the downscaling at least 1.
  public static func exposure(
    events: Int, background: UncertainQuantity, branchingRatio: MeasuredFactor, acceptance: MeasuredFactor,
    efficiency: MeasuredFactor, downscaling: Double = 1
  ) throws -> MeasuredFactor {
    try InputCheck.count(events, "normalisation events")
    try InputCheck.fraction(branchingRatio.value, "branching ratio")
    try InputCheck.fraction(acceptance.value, "acceptance")
    try InputCheck.fraction(efficiency.value, "efficiency")
    guard downscaling.isFinite, downscaling >= 1 else {
      throw StatisticsError.invalidInput(
        name: "downscaling", value: "\(downscaling)", expected: "a finite number, 1 or more")
    }
    let signal = Double(events) - background.value
    guard signal > 0 else {
      throw StatisticsError.invalidInput(
        name: "normalisation background", value: "\(background.value)",
        expected: "fewer than the \(events) normalisation events")
    }
    let decays = try MeasuredFactor(
      signal * downscaling,
      [
        FactorUncertainty(
          "normalisation events", .statistical, relative: Double(events).squareRoot() / signal),
        FactorUncertainty(
          "normalisation background", .systematic, relative: background.uncertainty / signal),
      ])
    return try MeasuredFactor.product([decays], over: [branchingRatio, acceptance, efficiency])
  }

  /// The single-event sensitivity of several data sets together: 1/SES = Σ 1/SESᵢ. Parts of the uncertainty that
  /// have one name are fully correlated between them.
  ///
  /// Throws for no data set, or where parts of one name are of different kinds.
  public static func combined(_ sensitivities: [MeasuredFactor]) throws -> MeasuredFactor {
    let one = try MeasuredFactor(1)
    let sum = try MeasuredFactor.sum(sensitivities.map { try MeasuredFactor.product([one], over: [$0]) })
    return try MeasuredFactor.product([one], over: [sum])
  }

  /// The part of the events that at least one of several downscaled lines keeps, 1 - Π (1 - εᵢ/Dᵢ), the lines
  /// being independent.
  ///
  /// Throws for no line, an efficiency outside [0, 1], or a downscaling below 1.
  public static func triggerWeight(_ lines: [(efficiency: Double, downscaling: Double)]) throws -> Double {
    guard !lines.isEmpty else {
      throw StatisticsError.invalidInput(name: "trigger lines", value: "none", expected: "at least one")
    }
    var missed = 0.0
    for (efficiency, downscaling) in lines {
      guard efficiency >= 0, efficiency <= 1, downscaling.isFinite, downscaling >= 1 else {
        throw StatisticsError.invalidInput(
          name: "trigger line", value: "efficiency \(efficiency), downscaling \(downscaling)",
          expected: "an efficiency of 0 to 1 and a finite downscaling of 1 or more")
      }
      // As a logarithm, so that a small weight keeps its digits.
      missed += log1p(-efficiency / downscaling)
    }
    return -expm1(missed)
  }
}
