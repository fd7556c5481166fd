#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A count with signal (on), and one of background only (off) where τ times the background is expected.
///
/// Both may be real numbers, as for the Asimov data set and for a background given as value ± uncertainty.
public struct OnOffCounts: Sendable, Hashable {
  /// The count with signal.
  public let on: Double
  /// The count of background only.
  public let off: Double
  /// τ: expected background of the off count over that of the on count.
  public let ratio: Double

  /// Two counts; throws unless they are finite and not negative, and the ratio positive and finite.
  public init(on: Double, off: Double, ratio: Double) throws {
    try InputCheck.mean(on, "on count")
    try InputCheck.mean(off, "off count")
    try InputCheck.positive(ratio, "ratio of the off to the on exposure")
    self.on = on
    self.off = off
    self.ratio = ratio
  }

  /// The count `on` over a background whose uncertainty is taken as that of an auxiliary count
  /// (m = (b/σ)², τ = b/σ²).
  ///
  /// Throws for a background without uncertainty, or counts without meaning.
  public init(on: Double, background: UncertainQuantity) throws {
    guard let (count, ratio) = background.auxiliary else {
      throw StatisticsError.invalidInput(
        name: "uncertainty of the background", value: "0", expected: "a number above 0")
    }
    try self.init(on: on, off: count, ratio: ratio)
  }

  /// Z_Bi: p = I(1/(1+τ); on, off + 1), the binomial test of the on count given the sum, which is also the
  /// Poisson tail averaged over a gamma-distributed background (Cousins, Linnemann, Tucker, NIM A 595 (2008)
  /// 480). RooStats' `BinomialObsZ` is this with on = n and background b ± σ, `BinomialExpZ` with on = s + b.
  ///
  /// Throws without convergence.
  public func binomial() throws -> OnOffSignificance {
    guard on > 0 else { return try OnOffSignificance(self, .binomialOnOff, logAbove: 0) { -.infinity } }
    let logAbove = try IncompleteBeta.logLower(on, off + 1, logit: -log(ratio)).value
    return try OnOffSignificance(self, .binomialOnOff, logAbove: logAbove) {
      try IncompleteBeta.logLower(off + 1, on, logit: log(ratio)).value
    }
  }

  /// The profile likelihood ratio of no signal to the best fit, with the sign of the excess (T. Li, Y. Ma,
  /// Astrophys. J. 272 (1983) 317, equation 17). Asymptotic: for few events Z is too large.
  public func profileLikelihood() throws -> OnOffSignificance {
    let share = (on + off) / (1 + ratio)
    let half =
      StirlingDeviance.halfDeviance(on, share) + StirlingDeviance.halfDeviance(off, share * ratio)
    let z = (2 * max(0, on + off > 0 ? half : 0)).squareRoot()
    return OnOffSignificance(self, .liMa, z: on * ratio >= off ? z : -z)
  }
}

/// Significance of an on count over an off count.
public struct OnOffSignificance: Sendable, Hashable {
  /// One-sided Z, negative for a deficit; nil where it is infinite (p = 1 or 0).
  public let z: Double?
  /// One-sided p-value of an excess.
  public let pValue: Double
  /// The counts that went in.
  public let counts: OnOffCounts
  /// How it was computed.
  public let method: StatisticalMethod
  /// Which tail it speaks of.
  public var tail: TailConvention { .oneSidedExcess }
  /// Why an asymptotic number should not be trusted; nil if there is no reason.
  public let caution: String?

  init(
    _ counts: OnOffCounts, _ method: StatisticalMethod, logAbove: Double, logBelow: () throws -> Double
  ) throws {
    self.counts = counts
    self.method = method
    pValue = exp(logAbove)
    z = try TailNumber.significance(logAbove: logAbove, logBelow: logBelow).oneSided
    caution = nil
  }

  init(_ counts: OnOffCounts, _ method: StatisticalMethod, z: Double) {
    self.counts = counts
    self.method = method
    self.z = z
    pValue = NormalDistribution.survival(z)
    caution = Asymptotics.caution(expected: min(counts.on, counts.off))
  }
}

/// The significance expected for a signal, from the data set without fluctuations.
public enum AsimovSignificance {
  /// Median Z of a signal of `signal` events over a background (Cowan, Cranmer, Gross, Vitells, EPJ C 71 (2011)
  /// 1554; with uncertainty, Cowan 2012): the profile likelihood ratio of on = s + b, off = τ b.
  ///
  /// Throws for a negative signal, and for a background of 0.
  public static func of(signal: Double, background: UncertainQuantity) throws -> Double {
    try InputCheck.mean(signal, "signal")
    try InputCheck.positive(background.value, "background")
    let n = signal + background.value
    guard !background.isKnown else {
      return (2 * StirlingDeviance.halfDeviance(n, background.value)).squareRoot()
    }
    return try OnOffCounts(on: n, background: background).profileLikelihood().z ?? 0
  }
}

/// What asymptotic formulas have in common.
enum Asymptotics {
  /// A warning below 10 expected events.
  static func caution(expected: Double) -> String? {
    expected < 10
      ? "asymptotic formula with fewer than 10 expected events: use an exact method" : nil
  }
}
