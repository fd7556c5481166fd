#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// CLs by the asymptotic formulas of the profile likelihood ratio q̃ (Cowan, Cranmer, Gross, Vitells, EPJ C 71
/// (2011) 1554): quick for any number of channels, wrong for few events.
///
/// With a Poisson constraint for each channel's background it is the "uncorrelated background" model of pyhf, and
/// gives its numbers. The Asimov data set has the nuisance parameters as fitted to the data without signal.
public struct AsymptoticCLs: Sendable {
  /// What went in.
  public let channels: [CountingChannel]

  private let data: ProfileLikelihood
  private let asimov: ProfileLikelihood

  /// The channels with a common signal strength; throws for none, or without convergence.
  public init(channels: [CountingChannel]) throws {
    self.channels = channels
    data = try ProfileLikelihood(channels)
    asimov = try data.asimov()
  }

  /// One count, with the strength in events of signal.
  public init(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one
  ) throws {
    try self.init(channels: [
      CountingChannel(
        name: "count", observed: observed, signal: 1, background: background, efficiency: efficiency)
    ])
  }

  /// The strength that fits the data best, 0 or more.
  public var bestStrength: Double { data.best }

  /// q̃ of a strength. Throws for a negative one, or without convergence.
  public func limitStatistic(_ strength: Double) throws -> Double {
    try InputCheck.mean(strength, "signal strength")
    return try data.limitStatistic(strength)
  }

  /// Z of an excess: √q0, 0 for a deficit. Throws without convergence.
  public func discoverySignificance() throws -> Double { try data.ratio(0).squareRoot() }

  /// Observed CLs of a strength. Throws for a negative one, or without convergence.
  public func cls(strength: Double) throws -> Double {
    try InputCheck.mean(strength, "signal strength")
    let separation = try asimov.ratio(strength).squareRoot()
    guard separation > 0 else { return 1 }
    let q = try data.limitStatistic(strength)
    let t =
      q.squareRoot() <= separation
      ? q.squareRoot() - separation : (q - separation * separation) / (2 * separation)
    return ratio(t, separation)
  }

  /// CLs of a strength expected without signal, at `deviations` standard deviations of the result (-2 is the
  /// smallest of the usual five). Throws for a negative strength, or without convergence.
  public func expectedCLs(strength: Double, deviations: Double) throws -> Double {
    try InputCheck.mean(strength, "signal strength")
    return ratio(-deviations, try asimov.ratio(strength).squareRoot())
  }

  /// The strength at which CLs falls to 1 - CL. Throws for a level outside (0, 1), or without convergence.
  public func upperLimit(confidenceLevel: Double) throws -> StrengthInterval {
    try InputCheck.confidenceLevel(confidenceLevel)
    let upper = try solve { try cls(strength: $0) - (1 - confidenceLevel) }
    return interval(upper, .asymptoticCLs, confidenceLevel)
  }

  /// The limit expected without signal at `deviations` standard deviations: 0 for the median. Throws as
  /// ``upperLimit(confidenceLevel:)``.
  public func expectedUpperLimit(confidenceLevel: Double, deviations: Double) throws -> StrengthInterval {
    try InputCheck.confidenceLevel(confidenceLevel)
    let upper = try solve {
      try expectedCLs(strength: $0, deviations: deviations) - (1 - confidenceLevel)
    }
    return interval(upper, .expectedAsymptoticCLs, confidenceLevel)
  }

  /// The limit of one count, in events. Throws for a level outside (0, 1), an efficiency of 0 or above 1, or
  /// without convergence.
  public static func upperLimit(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one,
    confidenceLevel: Double
  ) throws -> Limit {
    let model = try AsymptoticCLs(observed: observed, background: background, efficiency: efficiency)
    return try model.limit(model.upperLimit(confidenceLevel: confidenceLevel))
  }

  /// Median and bands of the limit of one count, in events, expected without signal; the observed count enters
  /// through the fit of the background. Throws as the limit.
  public static func expectedLimits(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one,
    confidenceLevel: Double
  ) throws -> ExpectedLimits {
    let model = try AsymptoticCLs(observed: observed, background: background, efficiency: efficiency)
    return try ExpectedLimits(method: .expectedAsymptoticCLs) {
      try model.limit(model.expectedUpperLimit(confidenceLevel: confidenceLevel, deviations: $0))
    }
  }

  private func limit(_ result: StrengthInterval) throws -> Limit {
    guard let channel = channels.first else { throw StatisticsError.notConverged("limit without channels") }
    return Limit(
      upper: result.upper,
      origin: ResultOrigin(
        method: result.method, tail: result.tail, ordering: result.ordering,
        confidenceLevel: result.confidenceLevel,
        inputs: try StatisticalInputs(
          observed: channel.observed, background: channel.background, efficiency: channel.efficiency),
        caution: result.caution))
  }

  private func ratio(_ t: Double, _ separation: Double) -> Double {
    exp(NormalDistribution.logSurvival(t + separation) - NormalDistribution.logSurvival(t))
  }

  private func solve(_ f: (Double) throws -> Double) throws -> Double {
    try BracketedRoot.find(
      from: data.scale, firstStep: data.scale, rising: false, floor: 0, relative: 1e-11
    ) { BracketedRoot.Point(value: try f($0), slope: .nan) }
  }

  private func interval(
    _ upper: Double, _ method: StatisticalMethod, _ confidenceLevel: Double
  ) -> StrengthInterval {
    StrengthInterval(
      lower: 0, upper: upper, method: method, tail: .oneSidedUpperCLs, ordering: .profileLikelihoodRatio,
      confidenceLevel: confidenceLevel, channels: channels,
      caution: Asymptotics.caution(expected: channels.reduce(0) { $0 + $1.background.value }))
  }
}
