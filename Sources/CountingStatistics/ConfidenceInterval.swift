/// A two-sided interval, with all that is needed to read it.
public struct ConfidenceInterval: Sendable, Hashable {
  /// The confidence level of one standard deviation of a normal distribution: 68.27 %.
  public static let oneSigma = 0.682689492137085897

  /// Lower end, in the unit of the quantity.
  public let lower: Double
  /// Upper end, in the unit of the quantity.
  public let upper: Double
  /// The confidence level, such as 0.6827.
  public let confidenceLevel: Double
  /// How it was computed.
  public let method: StatisticalMethod
  /// Which tails it leaves out.
  public let tail: TailConvention
}
