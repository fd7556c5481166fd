#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a sequential test knows of the background, and so under which condition its guarantee holds.
public struct BackgroundKnowledge: Sendable, Hashable, CustomStringConvertible {
  /// The cases, with their checked numbers.
  enum Kind: Sendable, Hashable {
    case known
    case parallel(ratio: Double)
    case auxiliary(count: Int, ratio: Double, shape: Double)
    case bounded(factor: Double, delta: Double)
  }

  let kind: Kind

  /// The expectation given with each segment is right (or, for an excess, not too low).
  public static let known = BackgroundKnowledge(kind: .known)

  /// A sideband runs beside the signal region and sees `ratio` background events for each one in the region,
  /// at all times. The guarantee holds for any background, however it varies in time.
  ///
  /// Throws unless the ratio is positive and finite.
  public static func parallel(ratio: Double) throws -> BackgroundKnowledge {
    try InputCheck.positive(ratio, "ratio of the sideband")
    return BackgroundKnowledge(kind: .parallel(ratio: ratio))
  }

  /// `count` events were seen, before the run, in an auxiliary exposure of `ratio` units; the background
  /// expected in each segment is right up to one common, unknown factor. The guarantee holds for any factor,
  /// over repetitions of the auxiliary measurement.
  ///
  /// `shape` says how well the nominal rate was known beforehand: a gamma distribution of this shape, 4 for
  /// 50 %. It must not be taken from the count. Throws for numbers without meaning.
  public static func auxiliary(count: Int, ratio: Double, shape: Double = 4) throws -> BackgroundKnowledge {
    try InputCheck.count(count, "auxiliary count")
    try InputCheck.positive(ratio, "auxiliary exposure")
    try InputCheck.positive(shape, "shape of the auxiliary expectation")
    return BackgroundKnowledge(kind: .auxiliary(count: count, ratio: ratio, shape: shape))
  }

  /// The background has an uncertainty common to the whole run, given by `quantity` for any one exposure:
  /// only its relative size enters. The test uses the upper bound of probability 1 - `delta`, and adds
  /// `delta` to each p-value, which therefore never falls below it.
  ///
  /// The guarantee is that of the bound: exact for an auxiliary count; over repetitions of the estimate for a
  /// Gaussian or log-normal one; on average over the distribution where it is a belief. Throws for a value of
  /// 0, and for a delta outside (0, 1).
  public static func bounded(
    _ quantity: UncertainQuantity, delta: Double
  ) throws -> BackgroundKnowledge {
    try InputCheck.probability(delta, "delta")
    try InputCheck.positive(quantity.value, "expected background")
    let factor = max(1, try quantity.upperBound(exceededWith: delta) / quantity.value)
    try InputCheck.positive(factor, "upper bound of the background, relative")
    return BackgroundKnowledge(kind: .bounded(factor: factor, delta: delta))
  }

  /// What is added to every p-value: 0 but for ``bounded(_:delta:)``.
  public var delta: Double { if case .bounded(_, let delta) = kind { delta } else { 0 } }

  /// The text that goes into outputs.
  public var description: String {
    switch kind {
    case .known: "known background"
    case .parallel(let ratio): "sideband in parallel, ratio \(ratio)"
    case .auxiliary(let count, let ratio, let shape):
      "auxiliary count \(count) in exposure \(ratio), expected with gamma shape \(shape)"
    case .bounded(let factor, let delta): "upper bound of the background (x \(factor)) at \(1 - delta)"
    }
  }
}

extension UncertainQuantity {
  /// The bound that the quantity is above with probability `delta`, as its shape reads it.
  func upperBound(exceededWith delta: Double) throws -> Double {
    let z = try NormalDistribution.inverseSurvival(delta)
    switch shape {
    case .known: return value
    case .gaussian: return value + z * uncertainty
    case .logNormal: return value * exp(z * uncertainty / value)
    case .gamma, .auxiliaryCount:
      guard let (shape, rate) = gammaParameters else { return value }
      return try IncompleteGamma.inverseUpper(shape: shape, logProbability: log(delta)) / rate
    }
  }
}
