/// How often the intervals of a method hold the true signal: exactly, by summing over every count n, and every
/// auxiliary count m where the background is measured by one. No toys.
///
/// Intervals are computed once for each outcome and serve every true signal (and background) asked for.
public struct CoverageStudy: Sendable {
  /// Expected auxiliary events per background event, τ; nil for a known background.
  public let auxiliaryRatio: Double?

  private let greatestMean: Double
  private let greatestBackground: Double
  /// Ends for n in the inner, m in the outer array.
  private let ends: [[ClosedRange<Double>]]

  /// Computes the intervals of all outcomes that have a part of at least 1e-9 together beyond them, for signals and
  /// backgrounds up to the given ones.
  ///
  /// - Parameter interval: the interval of the signal for n events and m auxiliary ones (0 for a known background).
  ///   It throws where the method has no interval; so does this.
  ///
  /// Throws for negative or non-finite means, a total mean or auxiliary mean above 1e4, a ratio that is not positive,
  /// and an interval whose lower end is above its upper.
  public init(
    signalsUpTo greatestSignal: Double, backgroundsUpTo greatestBackground: Double,
    auxiliaryRatio: Double? = nil,
    interval: (_ count: Int, _ auxiliary: Int) throws -> (lower: Double, upper: Double)
  ) throws {
    try InputCheck.mean(greatestSignal, "greatest signal")
    try InputCheck.mean(greatestBackground, "greatest background")
    if let auxiliaryRatio { try InputCheck.positive(auxiliaryRatio, "ratio of the auxiliary exposure") }
    self.auxiliaryRatio = auxiliaryRatio
    self.greatestBackground = greatestBackground
    greatestMean = greatestSignal + greatestBackground
    let auxiliaryMean = (auxiliaryRatio ?? 0) * greatestBackground
    for mean in [greatestMean, auxiliaryMean] where mean > 1e4 {
      throw StatisticsError.invalidInput(
        name: "greatest mean of the coverage study", value: "\(mean)", expected: "at most 1e4")
    }
    func last(_ mean: Double) throws -> Int {
      mean > 0 ? try PoissonDistribution(mean: mean).quantile(1 - 1e-9) : 0
    }
    let counts = 0...(try last(greatestMean))
    ends = try (0...(try last(auxiliaryMean))).map { m in
      try counts.map { n in
        let (lower, upper) = try interval(n, m)
        guard lower <= upper else {
          throw StatisticsError.invalidInput(
            name: "interval of \(n), \(m)", value: "\(lower) to \(upper)",
            expected: "a lower end not above the upper one")
        }
        return lower...upper
      }
    }
  }

  /// The probability that the interval holds `signal`, if this and `background` are the truth. Outcomes that were
  /// not computed (1e-9) count as not covered.
  ///
  /// Throws for values above those of the study.
  public func coverage(signal: Double, background: Double) throws -> Double {
    try InputCheck.mean(signal, "signal")
    try InputCheck.mean(background, "background")
    guard background <= greatestBackground, signal + background <= greatestMean else {
      throw StatisticsError.invalidInput(
        name: "signal and background", value: "\(signal) and \(background)",
        expected: "at most those of the study, \(greatestMean) together and \(greatestBackground)")
    }
    let counts = try PoissonDistribution(mean: signal + background)
    let auxiliary = try PoissonDistribution(mean: (auxiliaryRatio ?? 0) * background)
    let weights = ends.first.map { row in row.indices.map { counts.probability(of: $0) } } ?? []
    var sum = 0.0
    for (m, row) in ends.enumerated() {
      var covered = 0.0
      for (n, interval) in row.enumerated() where interval.contains(signal) { covered += weights[n] }
      sum += auxiliary.probability(of: m) * covered
    }
    return sum
  }
}
