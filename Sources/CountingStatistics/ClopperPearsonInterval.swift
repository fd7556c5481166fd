#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The central interval of a binomial probability (C. J. Clopper, E. S. Pearson, Biometrika 26 (1934) 404).
public enum ClopperPearsonInterval {
  /// Most trials accepted, which bounds the time of one interval.
  public static let maximumTrials = 10_000_000_000

  /// The interval of the probability after `passed` of `trials`; [0, 1] for no trials.
  ///
  /// Throws for counts that are negative, more passed than tried, or above ``maximumTrials``, and for a
  /// confidence level outside (0, 1).
  public static func of(
    passed: Int, trials: Int, confidenceLevel: Double = ConfidenceInterval.oneSigma
  ) throws -> ConfidenceInterval {
    try InputCheck.count(passed, "passed")
    guard trials >= passed, trials <= maximumTrials else {
      throw StatisticsError.invalidInput(
        name: "trials", value: "\(trials)",
        expected: "at least the \(passed) passed, at most \(maximumTrials)")
    }
    try InputCheck.confidenceLevel(confidenceLevel)
    let logTail = log1p(-confidenceLevel) - 0.6931471805599453
    let lower = try lowerLogit(passed, trials, logTail)
    // The upper end mirrors the lower end of the failures; taken from the logit, it keeps its digits.
    let upper = try lowerLogit(trials - passed, trials, logTail)
    return ConfidenceInterval(
      lower: 1 / (1 + exp(-lower)), upper: 1 / (1 + exp(upper)), confidenceLevel: confidenceLevel,
      method: .clopperPearson, tail: .central)
  }

  /// Logit of the lower end: I(x; k, n - k + 1) = (1 - CL)/2; -∞ for k = 0.
  private static func lowerLogit(_ passed: Int, _ trials: Int, _ logTail: Double) throws -> Double {
    guard passed > 0 else { return -.infinity }
    let a = Double(passed)
    let b = Double(trials - passed) + 1
    let width = 1 / a.squareRoot() + 1 / b.squareRoot()
    return try BracketedRoot.find(from: log(a / b), firstStep: width, rising: true) { u in
      let point = try IncompleteBeta.logLower(a, b, logit: u)
      return BracketedRoot.Point(value: point.value - logTail, slope: point.slope)
    }
  }
}
