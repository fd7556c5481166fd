/// Intervals of a signal by the unified construction (G. J. Feldman, R. D. Cousins, Phys. Rev. D 57 (1998)
/// 3873), for one background, efficiency and confidence level. Intervals are kept, so each count costs its
/// computation once.
public struct FeldmanCousinsBelt: Sendable {
  /// How an uncertain background or efficiency is treated.
  public enum Treatment: Sendable, Hashable, CaseIterable {
    /// Averaged over.
    case marginalised
    /// Fitted for each signal; the efficiency must be known.
    case profiled
  }

  /// What the interval holds, where the accepted signals are not connected or depend on the background in
  /// saw-teeth.
  public enum Ends: Sendable, Hashable, CaseIterable {
    /// From the lowest to the highest accepted signal: what the coverage asks for.
    case outermost
    /// The accepted signals around the best fit only, as programs give that stop at the first rejected one
    /// (`TFeldmanCousins`). Where these are not all, it covers less than it says.
    case connected
    /// As `outermost`, with the upper end not below that for any greater background, as in the published
    /// tables; for a known background.
    case monotonic
  }

  /// The expected background, in events.
  public let background: UncertainQuantity
  /// The signal's efficiency, relative to that its number of events is given at.
  public let efficiency: UncertainQuantity
  /// The confidence level.
  public let confidenceLevel: Double
  /// How an uncertain background is treated.
  public let treatment: Treatment
  /// What the intervals hold.
  public let ends: Ends

  private var construction: Construction
  private var kept: [Int: SignalInterval] = [:]

  private enum Construction {
    case known(UnifiedPoissonBelt)
    case marginal(MarginalUnifiedBelt)
    case profile(ProfiledUnifiedBelt)
  }

  /// A belt; computes nothing yet.
  ///
  /// Throws for a confidence level outside (0, 1), an efficiency of 0, a background too great for the
  /// treatment (1e7 events known, 2000 marginalised, 20 000 profiled), `monotonic` with an uncertain background
  /// or efficiency or a level below one half, and `profiled` with an uncertain efficiency.
  public init(
    background: UncertainQuantity, efficiency: UncertainQuantity = .one, confidenceLevel: Double,
    treatment: Treatment = .marginalised, ends: Ends = .outermost
  ) throws {
    try InputCheck.confidenceLevel(confidenceLevel)
    try InputCheck.positive(efficiency.value, "efficiency")
    self.background = background
    self.efficiency = efficiency
    self.confidenceLevel = confidenceLevel
    self.treatment = treatment
    self.ends = ends
    guard ends != .monotonic || confidenceLevel >= 0.5 else {
      throw StatisticsError.invalidInput(
        name: "confidence level", value: "\(confidenceLevel)",
        expected: "at least 0.5 for the monotonic correction")
    }
    if background.isKnown, efficiency.isKnown {
      guard background.value <= Double(Self.maximumCount) else {
        throw StatisticsError.invalidInput(
          name: "background", value: "\(background.value)",
          expected: "at most \(Self.maximumCount) events for Feldman-Cousins")
      }
      construction = .known(
        UnifiedPoissonBelt(background: background.value, alpha: 1 - confidenceLevel))
      return
    }
    guard ends != .monotonic else {
      throw StatisticsError.invalidInput(
        name: "background or efficiency", value: "uncertain",
        expected: "known ones for the monotonic correction, which is defined for these only")
    }
    if treatment == .marginalised {
      construction = .marginal(
        try MarginalUnifiedBelt(
          background: background, efficiency: efficiency, confidenceLevel: confidenceLevel))
    } else {
      guard efficiency.isKnown else {
        throw StatisticsError.invalidInput(
          name: "efficiency", value: "\(efficiency.value) ± \(efficiency.uncertainty)",
          expected: "a known one for the profile construction; marginalise instead")
      }
      construction = .profile(
        try ProfiledUnifiedBelt(background: background, confidenceLevel: confidenceLevel))
    }
  }

  /// Largest count and known background.
  public static let maximumCount = 10_000_000

  /// The interval of the signal after `observed` events, from the kept ones where it is there.
  ///
  /// Throws for a negative count, one too great for the treatment, or without convergence.
  public mutating func interval(observed: Int) throws -> SignalInterval {
    if let interval = kept[observed] { return interval }
    let fresh = try computed(observed)
    kept[observed] = fresh
    return fresh
  }

  private mutating func computed(_ observed: Int) throws -> SignalInterval {
    let inputs = try StatisticalInputs(observed: observed, background: background, efficiency: efficiency)
    guard observed <= Self.maximumCount else {
      throw StatisticsError.invalidInput(
        name: "observed count", value: "\(observed)",
        expected: "at most \(Self.maximumCount) for Feldman-Cousins")
    }
    let kind: UnifiedPoissonBelt.Ends = ends == .connected ? .connected : .outermost
    let method: StatisticalMethod
    let ordering: OrderingRule
    var found: SignalScan.Ends
    switch construction {
    case .known(let belt):
      method = ends == .monotonic ? .feldmanCousinsMonotonic : .feldmanCousins
      ordering = .likelihoodRatio
      found = try Self.known(belt, observed, ends)
      found.lower /= efficiency.value
      found.upper /= efficiency.value
    case .marginal(var belt):
      method = .feldmanCousinsMarginal
      ordering = .likelihoodRatio
      found = try belt.ends(observed, kind)
      construction = .marginal(belt)
    case .profile(let belt):
      method = .feldmanCousinsProfile
      ordering = .profileLikelihoodRatio
      found = try belt.ends(observed, kind)
      found.lower /= efficiency.value
      found.upper /= efficiency.value
    }
    return SignalInterval(
      lower: found.lower, upper: found.upper,
      origin: ResultOrigin(
        method: method, tail: .unified, ordering: ordering, confidenceLevel: confidenceLevel, inputs: inputs,
        caution: found.isConnected ? nil : Self.caution(ends)))
  }

  private static func known(
    _ belt: UnifiedPoissonBelt, _ observed: Int, _ ends: Ends
  ) throws -> SignalScan.Ends {
    let lower = try belt.lower(observed, .outermost)
    let upper = try belt.upper(observed, .outermost)
    let inner = (try belt.lower(observed, .connected), try belt.upper(observed, .connected))
    let slack = 1e-9 * (1 + upper)
    let isConnected = abs(lower - inner.0) < slack && abs(upper - inner.1) < slack
    switch ends {
    case .outermost: return SignalScan.Ends(lower: lower, upper: upper, isConnected: isConnected)
    case .connected: return SignalScan.Ends(lower: inner.0, upper: inner.1, isConnected: isConnected)
    case .monotonic:
      return SignalScan.Ends(
        lower: lower, upper: try belt.monotonicUpper(observed), isConnected: isConnected)
    }
  }

  private static func caution(_ ends: Ends) -> String {
    ends == .connected
      ? "the accepted signals have a gap: those beyond it are left out, so the interval covers less than it says"
      : "the accepted signals have a gap: the interval holds it too"
  }
}
