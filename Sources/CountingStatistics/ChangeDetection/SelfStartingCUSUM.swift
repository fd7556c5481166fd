#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A cumulative sum test for a rate that is known from a reference run of finite counts only.
///
/// After a reference of m counts in exposure T, sample i has the count nᵢ in tᵢ. Given the sum Nᵢ of all counts up to
/// it, nᵢ is binomial with p = tᵢ/(T + t₁ + … + tᵢ), whatever the rate is. The tail probabilities Pᵢ of these binomials
/// are independent of each other and, made continuous, uniform (Quesenberry 1991); as they are, they are larger. So
/// κ Pᵢ^(κ-1) has mean 1 or less, and the sum of its logarithms is a ``LikelihoodCUSUM`` whose false-alarm rate
/// holds exactly, over repetitions of reference and run, for every rate and however few counts the reference has.
///
/// With a tolerance r, sample i is tested at p = r tᵢ/(T + t₁ + … + r tᵢ). For rates up to r times the reference's this p
/// is at least the true one (downwards at most), so the tails are larger still, and the rate holds all the same.
public struct SelfStartingCUSUM: Sendable, Hashable, Codable {
  /// The direction.
  public let direction: RateChange
  /// The largest (up) or smallest (down) rate in units of the reference's that is no change: 1.05, 0.95.
  public let tolerance: Double
  /// Counts of the reference and of the samples so far.
  public private(set) var counts: UInt64
  /// Exposure of the reference and of the samples so far.
  public private(set) var exposure: Double
  private var cusum: LikelihoodCUSUM
  /// κ: a power that is good from 2 σ to 5 σ in a sample.
  private static let power = 0.25

  /// A test behind a reference.
  ///
  /// Throws unless the exposure is positive and finite, the tolerance at least 1 (up) or from above 0 to 1 (down).
  public init(
    direction: RateChange, reference counts: UInt64, exposure: Double, tolerance: Double = 1,
    runLength: Double
  ) throws {
    try InputCheck.positive(exposure, "exposure of the reference")
    guard counts <= 1 << 52 else {
      throw StatisticsError.invalidInput(
        name: "counts of the reference", value: "\(counts)", expected: "at most 2^52")
    }
    guard direction == .up ? tolerance >= 1 && tolerance <= 1e6 : tolerance >= 1e-6 && tolerance <= 1 else {
      throw StatisticsError.invalidInput(
        name: "tolerance", value: "\(tolerance)",
        expected: direction == .up ? "a factor of 1 to 1e6" : "a factor of 1e-6 to 1")
    }
    self.direction = direction
    self.tolerance = tolerance
    self.counts = counts
    self.exposure = exposure
    cusum = try LikelihoodCUSUM(runLength: runLength)
  }

  /// The sum.
  public var statistic: Double { cusum.sum }

  /// ln of the probability of the next sample's count or one further out, given all counts up to it.
  /// Throws for an exposure that is not positive and finite, and without convergence.
  public func logTail(count: UInt64, exposure sample: Double) throws -> Double {
    try InputCheck.positive(sample, "exposure of the sample")
    let own = Double(min(count, 1 << 52))
    let total = Double(counts) + own
    let logit = log(sample * tolerance / exposure)
    switch direction {
    case .up: return own == 0 ? 0 : try IncompleteBeta.logLower(own, total - own + 1, logit: logit).value
    case .down:
      return total == own ? 0 : try IncompleteBeta.logLower(total - own, own + 1, logit: -logit).value
    }
  }

  /// Takes the count of the next sample; returns whether it gives the alarm, after which the sum is 0. A sample
  /// without an alarm goes into what is known of the rate: while a change lasts, give none.
  ///
  /// - Parameters:
  ///   - count: its count.
  ///   - sample: its exposure.
  /// - Throws: as ``logTail(count:exposure:)``.
  public mutating func observe(count: UInt64, exposure sample: Double) throws -> Bool {
    let tail = try logTail(count: count, exposure: sample)
    let fires = cusum.observe(logRatio: log(Self.power) + (Self.power - 1) * tail)
    if !fires, counts <= 1 << 52 {
      counts += min(count, 1 << 52)
      exposure += sample
    }
    return fires
  }
}
