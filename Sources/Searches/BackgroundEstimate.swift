import CountingStatistics

/// An expected background with its uncertainty, in events.
public struct BackgroundEstimate: Sendable, Hashable {
  /// Expected events.
  public let events: Double
  /// One standard deviation, in events.
  public let uncertainty: Double

  /// A part of it.
  func scaled(by part: Double) -> BackgroundEstimate {
    BackgroundEstimate(events: events * part, uncertainty: uncertainty * part)
  }
}

/// The limits of all scans: the one place that knows the statistical method.
///
/// The method takes the background as known. Its uncertainty goes along to here, so that a method that takes it
/// changes these functions and the names of the method alone.
struct WindowLimits: Sendable {
  let confidenceLevel: Double

  static let method = StatisticalMethod.exactCLs
  static let expectedMethod = StatisticalMethod.expectedCLs
  static let tail = TailConvention.oneSidedUpperCLs
  static let uncertaintyNote = "the uncertainty of the background is not used: the method takes it as known"

  /// The upper limit on signal events.
  func observed(_ count: Int, _ background: BackgroundEstimate) throws -> Double {
    try PoissonCLs.upperLimit(
      observed: count, background: background.events, confidenceLevel: confidenceLevel
    ).upper
  }

  /// The limits expected under background only.
  func expected(_ background: BackgroundEstimate) throws -> Quantiles {
    let limits = try PoissonCLs.expectedLimits(
      background: background.events, confidenceLevel: confidenceLevel)
    return Quantiles([
      limits.minusTwoSigma.upper, limits.minusOneSigma.upper, limits.median.upper, limits.plusOneSigma.upper,
      limits.plusTwoSigma.upper,
    ])
  }

  /// The probability of as many events or more from background alone.
  func excess(_ count: Int, _ background: BackgroundEstimate) throws -> ExcessSignificance {
    try ExcessSignificance(observed: count, background: background.events)
  }
}

/// Values at -2, -1, 0, +1 and +2 σ of the count.
public struct Quantiles: Sendable, Hashable {
  /// The names, as they stand in outputs.
  public static let names = ["-2 sigma", "-1 sigma", "median", "+1 sigma", "+2 sigma"]
  /// The names in columns of CSV.
  public static let columns = ["m2sigma", "m1sigma", "median", "p1sigma", "p2sigma"]

  /// The five values.
  public let values: [Double]

  init(_ values: [Double]) { self.values = values }

  /// The median.
  public var median: Double { values[2] }
  /// Whether all five are one value.
  public var coincide: Bool { values.allSatisfy { $0 == values[0] } }
}
