/// A rate from a count in a known live time, with a central interval that holds for small counts too.
public struct RateEstimate: Sendable, Hashable {
  /// The events counted.
  public let count: Int
  /// The live time in seconds.
  public let liveTime: Double
  /// Count divided by live time, in Hz.
  public let rate: Double
  /// Interval of the rate in Hz (Garwood).
  public let interval: ConfidenceInterval

  /// Distance from the rate down to the lower end, in Hz.
  public var errorDown: Double { rate - interval.lower }
  /// Distance from the rate up to the upper end, in Hz.
  public var errorUp: Double { interval.upper - rate }

  /// The rate of `count` events in `liveTime` seconds.
  ///
  /// Throws for a negative count, a live time that is not positive and finite, a confidence level outside
  /// (0, 1), or a live time so short that the rate has no number.
  public init(
    count: Int, liveTime: Double, confidenceLevel: Double = ConfidenceInterval.oneSigma
  ) throws {
    try InputCheck.positive(liveTime, "live time in seconds")
    let events = try GarwoodInterval.of(count: count, confidenceLevel: confidenceLevel)
    self.count = count
    self.liveTime = liveTime
    rate = Double(count) / liveTime
    interval = ConfidenceInterval(
      lower: events.lower / liveTime, upper: events.upper / liveTime, confidenceLevel: confidenceLevel,
      method: events.method, tail: events.tail)
    guard interval.upper.isFinite else {
      throw StatisticsError.invalidInput(
        name: "live time in seconds", value: "\(liveTime)", expected: "a time long enough for a finite rate")
    }
  }
}
