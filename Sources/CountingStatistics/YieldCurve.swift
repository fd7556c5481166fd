#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The expected number of signal events at one position of a scan (one mass, say) as a function of a coupling.
///
/// It rises and falls once: a weaker coupling makes too little, a stronger one makes what is gone too early.
public protocol YieldCurve: Sendable {
  /// Expected events at a coupling above 0; finite and 0 or more.
  func yield(coupling: Double) -> Double
}

/// A yield curve over a range of couplings, sampled evenly in the logarithm, with its greatest yield.
///
/// The samples say on which side a limit is crossed, so that each limit costs a few more evaluations only.
public struct YieldProfile<Curve: YieldCurve>: Sendable {
  /// The curve.
  public let curve: Curve
  /// The coupling of the greatest yield.
  public let greatestCoupling: Double
  /// The greatest yield in the range.
  public let greatestYield: Double
  /// The ends of the range.
  public let couplings: ClosedRange<Double>
  /// ln coupling and yield, in rising order; the greatest one is among them.
  private let samples: [(logCoupling: Double, yield: Double)]
  /// Index of the greatest yield.
  private let top: Int

  /// Samples the curve at `sampleCount` couplings, then finds the greatest yield between the best ones.
  ///
  /// Throws for a range that does not begin above 0, is empty or not finite, for fewer than 3 samples, and where
  /// the curve gives a yield that is negative or no finite number.
  public init(_ curve: Curve, couplings: ClosedRange<Double>, sampleCount: Int = 48) throws {
    try InputCheck.positive(couplings.lowerBound, "smallest coupling")
    try InputCheck.positive(couplings.upperBound, "largest coupling")
    guard couplings.lowerBound < couplings.upperBound else {
      throw StatisticsError.invalidInput(
        name: "range of couplings", value: "\(couplings)", expected: "a range that is not empty")
    }
    guard sampleCount >= 3 else {
      throw StatisticsError.invalidInput(
        name: "number of samples", value: "\(sampleCount)", expected: "3 or more")
    }
    self.curve = curve
    self.couplings = couplings
    let low = log(couplings.lowerBound)
    let step = (log(couplings.upperBound) - low) / Double(sampleCount - 1)
    var samples: [(logCoupling: Double, yield: Double)] = []
    samples.reserveCapacity(sampleCount + 1)
    for number in 0..<sampleCount {
      let logCoupling = low + step * Double(number)
      samples.append((logCoupling, try Self.value(curve, logCoupling)))
    }
    var top = 0
    for number in samples.indices where samples[number].yield > samples[top].yield { top = number }
    let summit = try Self.summit(
      curve, samples[max(0, top - 1)].logCoupling, samples[min(sampleCount - 1, top + 1)].logCoupling)
    if summit.yield > samples[top].yield {
      top += summit.logCoupling > samples[top].logCoupling ? 1 : 0
      samples.insert(summit, at: top)
    }
    self.samples = samples
    self.top = top
    greatestCoupling = exp(samples[top].logCoupling)
    greatestYield = samples[top].yield
  }

  /// The couplings at which the yield is at least `limit`; nil if it is nowhere.
  ///
  /// Throws for a limit that is not a positive finite number, or without convergence.
  public func interval(limit: Double) throws -> ExclusionInterval? {
    try InputCheck.positive(limit, "limit")
    guard greatestYield >= limit else { return nil }
    // Outwards from the summit to the first sample below the limit.
    var below = top - 1
    while below >= 0, samples[below].yield >= limit { below -= 1 }
    var above = top + 1
    while above < samples.count, samples[above].yield >= limit { above += 1 }
    return ExclusionInterval(
      lower: below < 0 ? couplings.lowerBound : try edge(below, below + 1, limit),
      upper: above == samples.count ? couplings.upperBound : try edge(above, above - 1, limit),
      isLowerOpen: below < 0, isUpperOpen: above == samples.count)
  }

  /// The coupling at which the yield is the limit, between a sample below it and a sample not below it.
  private func edge(_ outside: Int, _ inside: Int, _ limit: Double) throws -> Double {
    let logLimit = log(limit)
    func distance(_ yield: Double) -> Double { yield > 0 ? log(yield) - logLimit : -.infinity }
    var out = (x: samples[outside].logCoupling, value: distance(samples[outside].yield))
    var into = (x: samples[inside].logCoupling, value: distance(samples[inside].yield))
    if into.value == 0 { return exp(into.x) }
    // False position in the logarithms, in which the edges are all but straight; the Illinois rule and bisections
    // keep a bent edge from stalling it. There is no slope here, as Newton's steps would ask for.
    var last = 0
    for step in 0..<200 {
      if abs(into.x - out.x) <= 1e-12 * max(1, abs(into.x)) { return exp(into.x) }
      var x = 0.5 * (out.x + into.x)
      if out.value.isFinite, step % 8 != 7 {
        x = (out.x * into.value - into.x * out.value) / (into.value - out.value)
      }
      let value = distance(try Self.value(curve, x))
      if abs(value) <= 1e-12 { return exp(x) }
      if value < 0 {
        out = (x, value)
        if last < 0 { into.value *= 0.5 }
        last = -1
      } else {
        into = (x, value)
        if last > 0, out.value.isFinite { out.value *= 0.5 }
        last = 1
      }
    }
    throw StatisticsError.notConverged("coupling at which the yield is \(limit)")
  }

  /// The greatest yield between two logarithms, by the golden section.
  private static func summit(
    _ curve: Curve, _ first: Double, _ last: Double
  ) throws -> (logCoupling: Double, yield: Double) {
    let part = 0.6180339887498949
    var (low, high) = (first, last)
    var left = high - part * (high - low)
    var right = low + part * (high - low)
    var (leftYield, rightYield) = (try value(curve, left), try value(curve, right))
    while high - low > 1e-6 {
      if leftYield >= rightYield {
        (high, right, rightYield) = (right, left, leftYield)
        left = high - part * (high - low)
        leftYield = try value(curve, left)
      } else {
        (low, left, leftYield) = (left, right, rightYield)
        right = low + part * (high - low)
        rightYield = try value(curve, right)
      }
    }
    return leftYield >= rightYield ? (left, leftYield) : (right, rightYield)
  }

  private static func value(_ curve: Curve, _ logCoupling: Double) throws -> Double {
    let yield = curve.yield(coupling: exp(logCoupling))
    guard yield.isFinite, yield >= 0 else {
      throw StatisticsError.invalidInput(
        name: "expected yield at coupling \(exp(logCoupling))", value: "\(yield)",
        expected: "a finite number of events, 0 or more")
    }
    return yield
  }
}

/// The couplings that a limit excludes at one position.
public struct ExclusionInterval: Sendable, Hashable {
  /// The smallest excluded coupling.
  public let lower: Double
  /// The largest excluded coupling.
  public let upper: Double
  /// Whether the exclusion goes on below the range of couplings: `lower` is then only the end of the range.
  public let isLowerOpen: Bool
  /// Whether the exclusion goes on above the range of couplings.
  public let isUpperOpen: Bool

  /// An interval.
  public init(lower: Double, upper: Double, isLowerOpen: Bool = false, isUpperOpen: Bool = false) {
    self.lower = lower
    self.upper = upper
    self.isLowerOpen = isLowerOpen
    self.isUpperOpen = isUpperOpen
  }
}
