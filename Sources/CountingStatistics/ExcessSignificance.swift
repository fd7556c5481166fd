#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How unlikely a count is under background only: p = P(N ≥ n), with a background that is known, or averaged
/// over its uncertainty (the prior-predictive p-value).
public struct ExcessSignificance: Sendable, Hashable {
  /// The p-value; 0 also where it is below the smallest number of the machine (see `logPValue`).
  public let pValue: Double
  /// Natural logarithm of the p-value; -∞ only for a count above zero with no background at all.
  public let logPValue: Double
  /// Z with p = P(x > Z): negative for a deficit; nil where it is infinite (p = 1, as for n = 0; or p = 0).
  public let zOneSided: Double?
  /// Z with p = P(|x| > Z), the two-sided convention; nil where it is infinite (p = 0).
  public let zTwoSided: Double?
  /// What went in.
  public let inputs: StatisticalInputs
  /// How it was computed.
  public let method: StatisticalMethod

  /// The observed count.
  public var observed: Int { inputs.observed }
  /// The expected background, in events.
  public var background: Double { inputs.background.value }
  /// Which tail the p-value speaks of.
  public var tail: TailConvention { .oneSidedExcess }

  /// The significance of `observed` counts over `background` expected ones.
  ///
  /// Throws for a negative count, a negative or non-finite background, or without convergence.
  public init(observed: Int, background: Double) throws {
    try InputCheck.mean(background, "background")
    try self.init(observed: observed, background: try UncertainQuantity(background))
  }

  /// The significance of `observed` counts over a background with its uncertainty, averaged over it.
  ///
  /// With an auxiliary count this is the binomial test of the on and off counts (Z_Bi). Throws for a negative
  /// count, or without convergence.
  public init(observed: Int, background: UncertainQuantity) throws {
    let inputs = try StatisticalInputs(observed: observed, background: background)
    let counts = CountMixture(mean: background)
    try self.init(
      inputs: inputs, method: background.isKnown ? .exactPoissonTail : .marginalPoissonTail,
      logAbove: try counts.logSurvival(from: observed)
    ) {
      try counts.logCumulative(upTo: observed - 1)
    }
  }

  /// From the logarithms of both tails; that of the lower is asked for only where p is near 1.
  init(
    inputs: StatisticalInputs, method: StatisticalMethod, logAbove: Double, logBelow: () throws -> Double
  ) throws {
    self.inputs = inputs
    self.method = method
    logPValue = logAbove
    pValue = exp(logAbove)
    let z = try TailNumber.significance(
      logAbove: logAbove, logBelow: { inputs.observed > 0 ? try logBelow() : -.infinity })
    zOneSided = z.oneSided
    zTwoSided = z.twoSided
  }
}

/// Significances from tail probabilities.
enum TailNumber {
  /// One- and two-sided Z of a p-value; nil where infinite. `logBelow` is ln(1 - p), asked for only where p is
  /// near 1, so that Z keeps its digits.
  static func significance(
    logAbove: Double, logBelow: () throws -> Double
  ) throws -> (oneSided: Double?, twoSided: Double?) {
    let logHalf = logAbove - 0.6931471805599453
    let twoSided = logHalf.isFinite ? try NormalDistribution.inverseLogSurvival(logHalf) : nil
    guard logAbove.isFinite else { return (nil, twoSided) }
    if logAbove > -0.6931471805599453 {
      let below = try logBelow()
      let z = below < 0 && below.isFinite ? -(try NormalDistribution.inverseLogSurvival(below)) : nil
      return (z, twoSided)
    }
    return (try NormalDistribution.inverseLogSurvival(logAbove), twoSided)
  }
}
