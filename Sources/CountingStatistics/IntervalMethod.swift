/// The ways to a limit or an interval of a signal that one can choose from, under short names.
public enum IntervalMethod: String, Sendable, Hashable, CaseIterable {
  /// CLs, exact, background and efficiency marginalised.
  case cls
  /// CLs with the background at its conditional fit, all outcomes of count and auxiliary count summed.
  case clsProfiled = "cls-profiled"
  /// CLs by asymptotic formulas.
  case asymptotic
  /// Feldman-Cousins; monotonic with a known background, else marginalised.
  case feldmanCousins = "fc"
  /// Feldman-Cousins by profile construction.
  case feldmanCousinsProfile = "fc-profile"
  /// Rolke, López and Conrad, bounded.
  case rolke
  /// The same, unbounded.
  case rolkeUnbounded = "rolke-unbounded"
  /// Profile likelihood ratio.
  case profile
  /// Bayesian upper limit, flat prior.
  case bayes
  /// Bayesian upper limit, Jeffreys' prior.
  case jeffreys

  /// The interval of a signal; an upper limit has the lower end 0.
  ///
  /// Throws for inputs without meaning or out of the method's range (each says which), or without convergence.
  public func interval(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one,
    confidenceLevel: Double
  ) throws -> SignalInterval {
    switch self {
    case .cls:
      return SignalInterval(
        try MarginalCLs.upperLimit(
          observed: observed, background: background, efficiency: efficiency,
          confidenceLevel: confidenceLevel))
    case .clsProfiled:
      guard efficiency == .one else {
        throw StatisticsError.invalidInput(
          name: "efficiency", value: "\(efficiency)", expected: "1 for profiled CLs; use cls or asymptotic")
      }
      return SignalInterval(
        try EnumeratedCLs(
          observed: observed, background: background, ordering: .profileLikelihoodRatio
        ).upperLimit(confidenceLevel: confidenceLevel))
    case .asymptotic:
      return SignalInterval(
        try AsymptoticCLs.upperLimit(
          observed: observed, background: background, efficiency: efficiency,
          confidenceLevel: confidenceLevel))
    case .feldmanCousins, .feldmanCousinsProfile:
      let isKnown = background.isKnown && efficiency.isKnown
      var belt = try FeldmanCousinsBelt(
        background: background, efficiency: efficiency, confidenceLevel: confidenceLevel,
        treatment: self == .feldmanCousins ? .marginalised : .profiled,
        ends: isKnown ? .monotonic : .outermost)
      return try belt.interval(observed: observed)
    case .rolke, .rolkeUnbounded:
      return try RolkeInterval(
        background: background, efficiency: efficiency, confidenceLevel: confidenceLevel,
        isBounded: self == .rolke
      ).interval(observed: observed)
    case .profile:
      return try ProfileLikelihoodInterval.of(
        observed: observed, background: background, efficiency: efficiency, confidenceLevel: confidenceLevel)
    case .bayes, .jeffreys:
      return SignalInterval(
        try SignalPosterior(
          observed: observed, background: background, efficiency: efficiency,
          prior: self == .bayes ? .flat : .jeffreys
        ).upperLimit(confidenceLevel: confidenceLevel))
    }
  }

  /// The interval of the strength that several independent channels share.
  ///
  /// Throws as ``interval(observed:background:efficiency:confidenceLevel:)``, and for methods that know one channel
  /// only.
  public func interval(channels: [CountingChannel], confidenceLevel: Double) throws -> StrengthInterval {
    switch self {
    case .cls:
      let combined = try CombinedCLs(channels: channels, confidenceLevel: confidenceLevel)
      return try combined.upperLimit()
    case .asymptotic:
      return try AsymptoticCLs(channels: channels).upperLimit(confidenceLevel: confidenceLevel)
    case .profile:
      return try ProfileLikelihoodInterval.of(channels: channels, confidenceLevel: confidenceLevel)
    default:
      throw StatisticsError.invalidInput(
        name: "method", value: rawValue,
        expected: "cls, asymptotic or profile for \(channels.count) channels")
    }
  }
}

extension SignalInterval {
  /// An upper limit as an interval that begins at 0.
  public init(_ limit: Limit) { self.init(lower: 0, upper: limit.upper, origin: limit.origin) }
}
