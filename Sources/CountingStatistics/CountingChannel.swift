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

extension CountingChannel {
  /// Signal events expected at strength 1, at the central efficiency.
  public var yield: Double { signal * efficiency.value }

  /// The background that the weight of a count is taken with: the central value, or where that is 0, the mean of
  /// its distribution.
  func referenceBackground() throws -> Double {
    background.value > 0 ? background.value : try background.expectation { $0 }
  }

  /// Whether a channel comes before another in the order in which sums over channels are made, whatever the order
  /// given.
  static func precedes(_ a: CountingChannel, _ b: CountingChannel) -> Bool {
    for (left, right) in zip(a.sortKey, b.sortKey) where left != right { return left < right }
    return a.observed == b.observed ? a.name < b.name : a.observed < b.observed
  }

  private var sortKey: [Double] {
    func key(_ quantity: UncertainQuantity) -> [Double] {
      let shape = UncertainQuantity.Shape.allCases.firstIndex(of: quantity.shape) ?? 0
      return [Double(shape), quantity.value, quantity.uncertainty]
    }
    return [signal] + key(background) + key(efficiency)
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
