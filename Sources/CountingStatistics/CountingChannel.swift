/// One of several independent counts that share a signal strength.
public struct CountingChannel: Sendable, Hashable {
  /// Its name in outputs.
  public let name: String
  /// The observed count.
  public let observed: Int
  /// Signal events expected in it at strength 1 (its sensitivity weight), above 0.
  public let signal: Double
  /// The expected background in events.
  public let background: UncertainQuantity
  /// Relative efficiency of its signal: 1 with the uncertainty of `signal`, independent of other channels.
  public let efficiency: UncertainQuantity

  /// A channel; throws for a negative count, a signal that is not positive and finite, and an efficiency of 0 or
  /// above 1.
  public init(
    name: String, observed: Int, signal: Double, background: UncertainQuantity,
    efficiency: UncertainQuantity = .one
  ) throws {
    try InputCheck.count(observed, "observed count of channel '\(name)'")
    try InputCheck.positive(signal, "signal of channel '\(name)'")
    try MarginalCounts.check(efficiency)
    self.name = name
    self.observed = observed
    self.signal = signal
    self.background = background
    self.efficiency = efficiency
  }
}

/// A limit or interval of the strength of a signal that several channels share, with all that is needed to read
/// it.
public struct StrengthInterval: Sendable, Hashable {
  /// Lower end; 0 for an upper limit.
  public let lower: Double
  /// Upper end, in units of the strength.
  public let upper: Double
  /// How it was computed.
  public let method: StatisticalMethod
  /// Which tail it speaks of.
  public let tail: TailConvention
  /// How outcomes were ranked.
  public let ordering: OrderingRule
  /// The confidence level, such as 0.9.
  public let confidenceLevel: Double
  /// What went in.
  public let channels: [CountingChannel]
  /// Why the number should not be trusted; nil if there is no reason.
  public let caution: String?
}
