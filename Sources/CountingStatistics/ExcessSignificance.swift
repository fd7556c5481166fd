#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How unlikely a count is under background only: p = P(N ≥ n | b), with a known background.
public struct ExcessSignificance: Sendable, Hashable {
  /// The p-value; 0 also where it is below the smallest number of the machine (see `logPValue`).
  public let pValue: Double
  /// Natural logarithm of the p-value; -∞ only for a count above zero with no background at all.
  public let logPValue: Double
  /// Z with p = P(x > Z): negative for a deficit; nil where it is infinite (p = 1, as for n = 0; or p = 0).
  public let zOneSided: Double?
  /// Z with p = P(|x| > Z), the two-sided convention; nil where it is infinite (p = 0).
  public let zTwoSided: Double?
  /// The observed count.
  public let observed: Int
  /// The expected background, in events.
  public let background: Double
  /// How it was computed.
  public var method: StatisticalMethod { .exactPoissonTail }
  /// Which tail the p-value speaks of.
  public var tail: TailConvention { .oneSidedExcess }

  /// The significance of `observed` counts over `background` expected ones.
  ///
  /// Throws for a negative count, a negative or non-finite background, or without convergence.
  public init(observed: Int, background: Double) throws {
    try InputCheck.count(observed, "observed count")
    try InputCheck.mean(background, "background")
    self.observed = observed
    self.background = background
    let distribution = try PoissonDistribution(mean: background)
    logPValue = try distribution.logSurvival(from: observed)
    pValue = exp(logPValue)
    let logHalf = logPValue - 0.6931471805599453
    zTwoSided = logHalf.isFinite ? try NormalDistribution.inverseLogSurvival(logHalf) : nil
    if logPValue.isFinite, observed > 0, logPValue > -0.6931471805599453 {
      // A p-value near 1 keeps its digits in the complement, P(N < n).
      let logBelow = try distribution.logCumulative(upTo: observed - 1)
      zOneSided =
        logBelow < 0 && logBelow.isFinite
        ? -(try NormalDistribution.inverseLogSurvival(logBelow)) : nil
    } else {
      zOneSided =
        logPValue < 0 && logPValue.isFinite
        ? try NormalDistribution.inverseLogSurvival(logPValue) : nil
    }
  }
}
