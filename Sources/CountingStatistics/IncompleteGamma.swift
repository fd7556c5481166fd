#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x), with their logarithms.
///
/// Series below the mean, continued fraction above it (modified Lentz), and Temme's uniform expansion
/// for a ≥ 10⁶ near x = a, where the other two need many terms.
public enum IncompleteGamma {
  /// Natural logarithms of both tails.
  public struct LogTails: Sendable, Hashable {
    /// ln P(a, x); -∞ where P is zero.
    public var lower: Double
    /// ln Q(a, x); -∞ where Q is zero.
    public var upper: Double
  }

  /// ln P and ln Q for shape a ≥ 0 and x ≥ 0; P(0, x) is 1.
  ///
  /// Throws where an argument is negative or NaN, or where no expansion settles.
  public static func logTails(shape a: Double, x: Double) throws -> LogTails {
    try InputCheck.mean(a, "shape of the incomplete gamma function")
    guard x >= 0 else {
      throw StatisticsError.invalidInput(
        name: "argument of the incomplete gamma function", value: "\(x)", expected: "0 or more")
    }
    if a == 0 { return LogTails(lower: 0, upper: -.infinity) }
    if x == 0 { return LogTails(lower: -.infinity, upper: 0) }
    if x == .infinity { return LogTails(lower: 0, upper: -.infinity) }
    if usesUniformExpansion(a, x) { return uniform(a, x) }
    if x < a + 1 {
      let lower = min(0, logWeight(a, x) + log(try lowerSeries(a, x)))
      return LogTails(lower: lower, upper: StirlingDeviance.logOneMinusExp(lower))
    }
    let upper = logUpper(a, x, log(try upperFraction(a, x)))
    return LogTails(lower: StirlingDeviance.logOneMinusExp(upper), upper: upper)
  }

  /// P(a, x), the lower tail. Throws as ``logTails(shape:x:)``.
  public static func lower(shape a: Double, x: Double) throws -> Double {
    exp(try logTails(shape: a, x: x).lower)
  }

  /// Q(a, x), the upper tail. Throws as ``logTails(shape:x:)``.
  public static func upper(shape a: Double, x: Double) throws -> Double {
    exp(try logTails(shape: a, x: x).upper)
  }

  /// The x at which ln P(a, x) = `logProbability` (below 0), for a > 0.
  ///
  /// Throws for a logarithm that is not negative and finite, or without convergence.
  public static func inverseLower(shape a: Double, logProbability: Double) throws -> Double {
    try inverse(a, logProbability, lowerTail: true)
  }

  /// The x at which ln Q(a, x) = `logProbability` (below 0), for a > 0.
  ///
  /// Throws for a logarithm that is not negative and finite, or without convergence.
  public static func inverseUpper(shape a: Double, logProbability: Double) throws -> Double {
    try inverse(a, logProbability, lowerTail: false)
  }

  /// ln[Q(a, x + step) / Q(a, x)] for step ≥ 0, accurate also where both are tiny.
  static func logUpperRatio(shape a: Double, x: Double, step: Double) throws -> Double {
    try UpperRatio(shape: a, x: x).at(step: step).ratio
  }

  /// ln[Q(a, x + step) / Q(a, x)] for many steps: what is the same for all is worked out once, and ln Q(a, x + step),
  /// on which it rests, is given with it.
  struct UpperRatio {
    private let a: Double
    private let x: Double
    /// ln Q(a, x).
    private let upper: Double
    /// The logarithm of the continued fraction at x, where it is used.
    private let logFraction: Double?

    init(shape a: Double, x: Double) throws {
      self.a = a
      self.x = x
      if x >= a + 1, x < .infinity, !usesUniformExpansion(a, x) {
        let logFraction = log(try upperFraction(a, x))
        self.logFraction = logFraction
        upper = logUpper(a, x, logFraction)
      } else {
        logFraction = nil
        upper = try logTails(shape: a, x: x).upper
      }
    }

    func at(step: Double) throws -> (ratio: Double, upper: Double) {
      let end = x + step
      if let logFraction, end < .infinity, !usesUniformExpansion(a, end) {
        let last = log(try upperFraction(a, end))
        return (a * log1p(step / x) - step + last - logFraction, logUpper(a, end, last))
      }
      let last = try logTails(shape: a, x: end).upper
      return (last - upper, last)
    }
  }

  /// ln Q(a, x) from the logarithm of its continued fraction.
  private static func logUpper(_ a: Double, _ x: Double, _ logFraction: Double) -> Double {
    min(0, logWeight(a, x) + log(a) + logFraction)
  }

  /// ln[xᵃ e⁻ˣ / Γ(a + 1)], which for an integer a is the log of a Poisson term.
  static func logWeight(_ a: Double, _ x: Double) -> Double {
    guard a > 0 else { return -x }
    return -StirlingDeviance.stirlingError(a) - StirlingDeviance.halfDeviance(a, x)
      - 0.5 * (StirlingDeviance.logTwoPi + log(a))
  }

  private static let maximumTerms = 1_000_000

  /// Σ xᵏ / ((a+1)…(a+k)).
  private static func lowerSeries(_ a: Double, _ x: Double) throws -> Double {
    var sum = 1.0
    var term = 1.0
    var denominator = a
    for _ in 0..<maximumTerms {
      denominator += 1
      term *= x / denominator
      sum += term
      if term <= sum * 1e-17 { return sum }
    }
    throw StatisticsError.notConverged("series of P(\(a), \(x))")
  }

  /// Q(a, x) / (xᵃ e⁻ˣ / Γ(a)) by its continued fraction, for x ≥ a + 1.
  private static func upperFraction(_ a: Double, _ x: Double) throws -> Double {
    let tiny = 1e-300
    var b = x + 1 - a
    var c = 1 / tiny
    var d = 1 / b
    var h = d
    for i in 1...maximumTerms {
      let k = Double(i)
      let numerator = -k * (k - a)
      b += 2
      d = numerator * d + b
      if abs(d) < tiny { d = tiny }
      c = b + numerator / c
      if abs(c) < tiny { c = tiny }
      d = 1 / d
      let change = d * c
      h *= change
      if abs(change - 1) < 4e-16 { return h }
    }
    throw StatisticsError.notConverged("continued fraction of Q(\(a), \(x))")
  }

  private static func usesUniformExpansion(_ a: Double, _ x: Double) -> Bool {
    a >= 1e6 && abs(x - a) < 0.1 * a
  }

  /// Temme's expansion with two orders in 1/a; the neglected one is below 10⁻¹² relative for a ≥ 10⁶.
  private static func uniform(_ a: Double, _ x: Double) -> LogTails {
    let halfDeviance = StirlingDeviance.halfDeviance(a, x)
    let z = (x < a ? -1.0 : 1.0) * (2 * halfDeviance).squareRoot()
    let eta = z / a.squareRoot()
    let zeroth: [Double] = [
      -1.0 / 3, 1.0 / 12, -2.0 / 135, 1.0 / 864, 1.0 / 2835, -0.000178755144032921811,
      0.0000391926317852243778,
    ]
    let first: [Double] = [
      -1.0 / 540, -1.0 / 288, 0.00264550264550264550, -0.000990226337448559671, 0.000205761316872427984,
    ]
    func polynomial(_ c: [Double]) -> Double { c.reversed().reduce(0) { $0 * eta + $1 } }
    let correction = polynomial(zeroth) + polynomial(first) / a
    let logScale = -halfDeviance - 0.5 * (StirlingDeviance.logTwoPi + log(a))
    let logAbove = NormalDistribution.logSurvival(z)
    let logBelow = NormalDistribution.logSurvival(-z)
    return LogTails(
      lower: min(0, logBelow + log1p(-correction * exp(logScale - logBelow))),
      upper: min(0, logAbove + log1p(correction * exp(logScale - logAbove))))
  }

  private static func inverse(_ a: Double, _ target: Double, lowerTail: Bool) throws -> Double {
    try InputCheck.positive(a, "shape of the incomplete gamma function")
    guard target < 0, target.isFinite else {
      throw StatisticsError.invalidInput(
        name: "log of a tail probability", value: "\(target)", expected: "a finite number below 0")
    }
    // In u = ln x both log tails are smooth and nearly straight far out.
    let evaluate: (Double) throws -> BracketedRoot.Point = { u in
      let x = exp(u)
      let tails = try logTails(shape: a, x: x)
      let tail = lowerTail ? tails.lower : tails.upper
      let slope = exp(logWeight(a, x) + log(a) - tail)
      return BracketedRoot.Point(value: tail - target, slope: lowerTail ? slope : -slope)
    }
    let firstStep = 1 / (1 + a.squareRoot())
    return exp(try BracketedRoot.find(from: log(a), firstStep: firstStep, rising: lowerTail, evaluate))
  }
}
