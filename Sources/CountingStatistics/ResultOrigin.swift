/// How outcomes are ranked, where a method has a choice. The raw value is the text that goes into outputs.
public enum OrderingRule: String, Sendable, Hashable, CaseIterable {
  /// By the observed count.
  case count = "by count"
  /// By the likelihood ratio to the best physical signal (Feldman and Cousins 1998).
  case likelihoodRatio = "by likelihood ratio"
  /// By the profile likelihood ratio, nuisance parameters fitted.
  case profileLikelihoodRatio = "by profile likelihood ratio"
  /// By the likelihood ratio of the tested signal to none, at the central values.
  case testedLikelihoodRatio = "by likelihood ratio of the tested signal to none"
  /// By the mixture likelihood ratio of a sequential test.
  case mixtureLikelihoodRatio = "by mixture likelihood ratio"
  /// By the posterior density or its tail.
  case posterior = "by posterior"
  /// Equal probability in both tails.
  case centralTails = "central"
}

/// What went into a counting result.
public struct StatisticalInputs: Sendable, Hashable {
  /// The observed count.
  public let observed: Int
  /// The expected background in events.
  public let background: UncertainQuantity
  /// The signal's efficiency relative to that its number of events is given at: 1 if it has no uncertainty of
  /// its own.
  public let efficiency: UncertainQuantity

  /// The inputs of one counting experiment; throws for a negative count.
  public init(observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one) throws {
    try InputCheck.count(observed, "observed count")
    self.observed = observed
    self.background = background
    self.efficiency = efficiency
  }
}

/// Where a number comes from: all that is needed to read it, and to compute it again.
public struct ResultOrigin: Sendable, Hashable {
  /// How it was computed.
  public let method: StatisticalMethod
  /// Which tail it speaks of.
  public let tail: TailConvention
  /// How outcomes were ranked.
  public let ordering: OrderingRule
  /// The confidence level, such as 0.9.
  public let confidenceLevel: Double
  /// What went in.
  public let inputs: StatisticalInputs
  /// Seed and number of toys; nil where none were thrown.
  public let toys: Toys?
  /// Why the number should not be trusted, as an asymptotic formula at few events; nil if there is no reason.
  public let caution: String?

  /// The toys behind a number.
  public struct Toys: Sendable, Hashable {
    /// The seed.
    public let seed: UInt64
    /// How many were thrown.
    public let count: Int

    /// Toys by seed and number.
    public init(seed: UInt64, count: Int) {
      self.seed = seed
      self.count = count
    }
  }

  /// An origin.
  public init(
    method: StatisticalMethod, tail: TailConvention, ordering: OrderingRule, confidenceLevel: Double,
    inputs: StatisticalInputs, toys: Toys? = nil, caution: String? = nil
  ) {
    self.method = method
    self.tail = tail
    self.ordering = ordering
    self.confidenceLevel = confidenceLevel
    self.inputs = inputs
    self.toys = toys
    self.caution = caution
  }
}
