/// An upper limit on a number of signal events, with all that is needed to read it.
public struct Limit: Sendable, Hashable {
  /// The limit, in events.
  public let upper: Double
  /// How it was computed, and from what.
  public let origin: ResultOrigin

  /// A limit.
  public init(upper: Double, origin: ResultOrigin) {
    self.upper = upper
    self.origin = origin
  }

  /// The observed count that it follows from.
  public var observed: Int { origin.inputs.observed }
  /// The expected background, in events.
  public var background: Double { origin.inputs.background.value }
  /// The confidence level, such as 0.9.
  public var confidenceLevel: Double { origin.confidenceLevel }
  /// How it was computed.
  public var method: StatisticalMethod { origin.method }
  /// Which tail it speaks of.
  public var tail: TailConvention { origin.tail }
}

/// An interval of a number of signal events, with all that is needed to read it.
public struct SignalInterval: Sendable, Hashable {
  /// Lower end, in events; 0 where the interval is an upper limit.
  public let lower: Double
  /// Upper end, in events.
  public let upper: Double
  /// How it was computed, and from what.
  public let origin: ResultOrigin

  /// An interval.
  public init(lower: Double, upper: Double, origin: ResultOrigin) {
    self.lower = lower
    self.upper = upper
    self.origin = origin
  }
}
