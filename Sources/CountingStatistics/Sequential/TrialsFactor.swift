#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Global p-values over several selections or mass windows, in logarithms so that tiny ones keep their
/// digits.
public enum TrialsFactor {
  /// ln of 1 - (1 - p)ᵏ: the probability of a p-value as small in any of k independent tests (Šidák 1967).
  ///
  /// Holds also for always-valid p-values. Throws for a ln p above 0 or NaN, and for less than one trial.
  public static func logSidak(logPValue: Double, trials: Int) throws -> Double {
    try check(logPValue, trials)
    if trials == 1 { return logPValue }
    if logPValue == 0 { return 0 }
    // ln(1 - p) is -p where that is the smaller error.
    let logNone = Double(trials) * StirlingDeviance.logOneMinusExp(logPValue)
    // For p below the smallest number the product is k p.
    if logNone == 0 { return min(0, logPValue + log(Double(trials))) }
    return StirlingDeviance.logOneMinusExp(logNone)
  }

  /// ln of min(1, k p): holds for tests that depend on each other in any way.
  ///
  /// Throws as ``logSidak(logPValue:trials:)``.
  public static func logBonferroni(logPValue: Double, trials: Int) throws -> Double {
    try check(logPValue, trials)
    return min(0, logPValue + log(Double(trials)))
  }

  private static func check(_ logPValue: Double, _ trials: Int) throws {
    guard logPValue <= 0 else {
      throw StatisticsError.invalidInput(
        name: "logarithm of a p-value", value: "\(logPValue)", expected: "0 or less")
    }
    guard trials >= 1 else {
      throw StatisticsError.invalidInput(name: "trials", value: "\(trials)", expected: "1 or more")
    }
  }
}

/// Evidence of several sequential tests put together at one moment. Evidence is given and returned as ln E.
public enum CombinedEvidence {
  /// The mean of the e-values: evidence that any of the signals is there, however the tests depend on each
  /// other. Throws for no test, or for evidence that is NaN or infinite.
  public static func logMean(_ logEvidence: [Double]) throws -> Double {
    try check(logEvidence)
    return LogSum.mean(logEvidence)
  }

  /// The product of the e-values: evidence that all the signals are there; for independent tests only.
  /// Throws as ``logMean(_:)``.
  public static func logProduct(_ logEvidence: [Double]) throws -> Double {
    try check(logEvidence)
    return logEvidence.reduce(0, +)
  }

  private static func check(_ logEvidence: [Double]) throws {
    guard !logEvidence.isEmpty, logEvidence.allSatisfy({ $0 < .infinity }) else {
      throw StatisticsError.invalidInput(
        name: "logarithms of evidence", value: "\(logEvidence)",
        expected: "at least one number, none infinite")
    }
  }
}
