/// An upper limit on a number of signal events, with all that is needed to read it.
public struct Limit: Sendable, Hashable {
  /// The limit, in events.
  public let upper: Double
  /// The observed count that it follows from.
  public let observed: Int
  /// The expected background, in events.
  public let background: Double
  /// The confidence level, such as 0.9.
  public let confidenceLevel: Double
  /// How it was computed.
  public let method: StatisticalMethod
  /// Which tail it speaks of.
  public let tail: TailConvention
}
