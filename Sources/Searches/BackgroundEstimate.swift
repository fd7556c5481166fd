import CountingStatistics

/// An expected background with its uncertainty, in events.
public struct BackgroundEstimate: Sendable, Hashable {
  /// Expected events.
  public let events: Double
  /// One standard deviation, in events.
  public let uncertainty: Double

  /// The same as statistics take it: a Gaussian cut off at 0 where there is an uncertainty.
  func quantity() throws -> UncertainQuantity { try UncertainQuantity(events, uncertainty: uncertainty) }

  /// A part of it.
  func scaled(by part: Double) -> BackgroundEstimate {
    BackgroundEstimate(events: events * part, uncertainty: uncertainty * part)
  }
}

/// The limits of all scans: the one place that knows the statistical method.
struct WindowLimits: Sendable {
  let confidenceLevel: Double

  static let expectedMethod = StatisticalMethod.expectedFullSum
  static let tail = TailConvention.oneSidedUpperCLs

  /// The upper limit on signal events.
  func observed(_ count: Int, _ background: BackgroundEstimate) throws -> Double {
    try MarginalCLs.upperLimit(
      observed: count, background: background.quantity(), confidenceLevel: confidenceLevel
    ).upper
  }

  /// The limits expected under background only.
  func expected(_ background: BackgroundEstimate) throws -> Quantiles {
    var calculator = try MarginalCLs(
      background: background.quantity(), confidenceLevel: confidenceLevel)
    let limits = try calculator.expectedLimits()
    return Quantiles([
      limits.minusTwoSigma.upper, limits.minusOneSigma.upper, limits.median.upper, limits.plusOneSigma.upper,
      limits.plusTwoSigma.upper,
    ])
  }

  /// The probability of as many events or more from background alone.
  func excess(_ count: Int, _ background: BackgroundEstimate) throws -> ExcessSignificance {
    try ExcessSignificance(observed: count, background: background.quantity())
  }
}

extension ScanConfiguration {
  /// How limits on signal events are computed.
  var limitMethod: StatisticalMethod {
    observation.background.estimate.uncertainty > 0 ? .marginalCLs : .exactCLs
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
