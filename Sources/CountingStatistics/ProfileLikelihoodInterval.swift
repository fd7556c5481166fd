#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Intervals in which the profile likelihood ratio stays below its asymptotic quantile (Wilks), with a signal
/// of 0 or more.
public enum ProfileLikelihoodInterval {
  /// The interval of the common signal strength of several channels.
  ///
  /// Throws for no channels, a level outside (0, 1), or without convergence.
  public static func of(channels: [CountingChannel], confidenceLevel: Double) throws -> StrengthInterval {
    let (lower, upper) = try ends(ProfileLikelihood(channels), confidenceLevel)
    return StrengthInterval(
      lower: lower, upper: upper, method: .profileLikelihood, tail: .likelihoodRatio,
      ordering: .profileLikelihoodRatio, confidenceLevel: confidenceLevel, channels: channels,
      caution: caution(channels))
  }

  /// The interval of the signal of one count, in events.
  ///
  /// Throws for a negative count, an efficiency of 0 or above 1, a level outside (0, 1), or without convergence.
  public static func of(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one,
    confidenceLevel: Double
  ) throws -> SignalInterval {
    let channel = try CountingChannel(
      name: "count", observed: observed, signal: 1, background: background, efficiency: efficiency)
    let (lower, upper) = try ends(ProfileLikelihood([channel]), confidenceLevel)
    return SignalInterval(
      lower: lower, upper: upper,
      origin: ResultOrigin(
        method: .profileLikelihood, tail: .likelihoodRatio, ordering: .profileLikelihoodRatio,
        confidenceLevel: confidenceLevel,
        inputs: try StatisticalInputs(observed: observed, background: background, efficiency: efficiency),
        caution: caution([channel])))
  }

  private static func caution(_ channels: [CountingChannel]) -> String? {
    Asymptotics.caution(
      expected: channels.reduce(0) { $0 + max($1.background.value, Double($1.observed)) })
  }

  private static func ends(
    _ likelihood: ProfileLikelihood, _ confidenceLevel: Double
  ) throws -> (lower: Double, upper: Double) {
    try InputCheck.confidenceLevel(confidenceLevel)
    let z = try NormalDistribution.inverseLogSurvival(log1p(-confidenceLevel) - 0.6931471805599453)
    func excess(_ strength: Double) throws -> BracketedRoot.Point {
      BracketedRoot.Point(value: try likelihood.ratio(strength) - z * z, slope: .nan)
    }
    let best = likelihood.best
    let upper = try BracketedRoot.find(
      from: best + likelihood.scale, firstStep: likelihood.scale, rising: true, floor: best, relative: 1e-12,
      excess)
    guard best > 0, try excess(0).value > 0 else { return (0, upper) }
    return (try BracketedRoot.close(0, best, rising: false, relative: 1e-12, excess), upper)
  }
}
