#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The posterior of a signal s ≥ 0 after a count: prior × the likelihood of the count, averaged over the
/// distributions of background and efficiency.
///
/// With known background and efficiency it is a gamma distribution cut off at the background, in closed form; the
/// upper limit with a flat prior is then that of CLs. The efficiency is not cut off at 1.
public struct SignalPosterior: Sendable {
  /// The prior of a signal s ≥ 0. The raw value is the text that goes into outputs.
  public enum Prior: String, Sendable, Hashable, CaseIterable {
    /// The same density for every signal.
    case flat
    /// 1 / √(e s + b) with the central values of background b and efficiency e (H. Jeffreys, Proc. R. Soc. A 186
    /// (1946) 453): the prior of a Poisson mean that does not depend on how the mean is parametrised. The
    /// uncertainties are averaged over in the likelihood and do not enter the prior.
    case jeffreys = "Jeffreys"

    /// The name of the method in results.
    public var method: StatisticalMethod {
      switch self {
      case .flat: .bayesianFlat
      case .jeffreys: .bayesianJeffreys
      }
    }
  }

  /// What went in.
  public let inputs: StatisticalInputs
  /// The prior of the signal.
  public let prior: Prior

  private let form: Form

  private enum Form {
    case known(BayesianTruncatedGamma)
    case table(BayesianTable)
  }

  /// Most counts where background and efficiency are both uncertain, for each of which there is then an integral
  /// in an integral.
  public static let maximumCountOfTwoUncertainties = 1_000

  /// The posterior after `observed` counts.
  ///
  /// Throws for a negative count, an efficiency of 0 or above 1 or so uncertain that the posterior would not end,
  /// a count above ``maximumCountOfTwoUncertainties`` if both are uncertain, or without convergence.
  public init(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one, prior: Prior
  ) throws {
    inputs = try StatisticalInputs(observed: observed, background: background, efficiency: efficiency)
    self.prior = prior
    try MarginalCounts.check(efficiency)
    if background.isKnown, efficiency.isKnown {
      form = .known(
        try BayesianTruncatedGamma(
          observed: observed, background: background.value, efficiency: efficiency.value, prior: prior))
      return
    }
    guard observed <= Self.maximumCountOfTwoUncertainties || background.isKnown || efficiency.isKnown else {
      throw StatisticsError.invalidInput(
        name: "observed count", value: "\(observed)",
        expected:
          "at most \(Self.maximumCountOfTwoUncertainties) where background and efficiency are uncertain")
    }
    form = .table(try BayesianTable(inputs: inputs, prior: prior))
  }

  /// The signal, in events, that the posterior leaves 1 - `confidenceLevel` above. Throws for a level outside
  /// (0, 1), or without convergence.
  public func upperLimit(confidenceLevel: Double) throws -> Limit {
    try InputCheck.confidenceLevel(confidenceLevel)
    return Limit(
      upper: try upperQuantile(log1p(-confidenceLevel)), origin: origin(.oneSidedUpper, confidenceLevel))
  }

  /// The interval with (1 - `confidenceLevel`)/2 on each side. Throws for a level outside (0, 1), or without
  /// convergence.
  ///
  /// Its lower end is above 0 for any count, also for none: it is no evidence of a signal.
  public func centralInterval(confidenceLevel: Double) throws -> SignalInterval {
    try InputCheck.confidenceLevel(confidenceLevel)
    let logTail = log1p(-confidenceLevel) - 0.6931471805599453
    return SignalInterval(
      lower: try lowerQuantile(logTail), upper: try upperQuantile(logTail),
      origin: origin(.central, confidenceLevel))
  }

  /// The shortest interval that holds `confidenceLevel`; its lower end is 0 where the posterior falls from there.
  ///
  /// Where the posterior has one peak it is the set of highest density. It depends on the unit of the signal: it is
  /// not the shortest in ln s. Throws for a level outside (0, 1), or without convergence.
  public func shortestInterval(confidenceLevel: Double) throws -> SignalInterval {
    try InputCheck.confidenceLevel(confidenceLevel)
    let lower = try shortestLower(confidenceLevel)
    return SignalInterval(
      lower: lower, upper: try upper(of: lower, confidenceLevel), origin: origin(.shortest, confidenceLevel))
  }

  /// Probability of a signal above `signal` events. Throws for a negative or non-finite signal.
  public func survival(above signal: Double) throws -> Double {
    try InputCheck.mean(signal, "signal")
    switch form {
    case .known(let gamma): return exp(try gamma.logSurvival(above: signal))
    case .table(let table): return exp(table.logSurvival(above: signal))
    }
  }

  /// Density at `signal` events, per event; infinite at 0 with the Jeffreys prior, no background and no count.
  /// Throws for a negative or non-finite signal.
  public func density(at signal: Double) throws -> Double {
    try InputCheck.mean(signal, "signal")
    return exp(logDensity(signal))
  }

  /// Median upper limit with its bands, over the background's distribution of the count.
  ///
  /// Throws as ``init(observed:background:efficiency:prior:)`` and ``upperLimit(confidenceLevel:)``.
  public static func expectedLimits(
    background: UncertainQuantity, efficiency: UncertainQuantity = .one, prior: Prior,
    confidenceLevel: Double
  ) throws -> ExpectedLimits {
    try ExpectedLimits(counts: CountMixture(mean: background)) {
      try SignalPosterior(observed: $0, background: background, efficiency: efficiency, prior: prior)
        .upperLimit(confidenceLevel: confidenceLevel)
    }
  }

  private func origin(_ tail: TailConvention, _ confidenceLevel: Double) -> ResultOrigin {
    ResultOrigin(
      method: prior.method, tail: tail, ordering: .posterior, confidenceLevel: confidenceLevel, inputs: inputs
    )
  }

  // MARK: The shortest interval

  /// Widths at this many lower ends are compared where the posterior may have two peaks.
  private static let trials = 32

  private func shortestLower(_ confidenceLevel: Double) throws -> Double {
    var (low, best, high) = (0.0, 0.0, try lowerQuantile(log1p(-confidenceLevel)))
    if case .table = form {
      // A Jeffreys prior that is large at 0 may put a second peak there.
      let ends = try (0...Self.trials).map { k in
        k == 0 ? 0 : try lowerQuantile(log1p(-confidenceLevel) + log(Double(k) / Double(Self.trials)))
      }
      let widths = try ends.dropLast().map { try upper(of: $0, confidenceLevel) - $0 }
      let index = widths.indices.min { widths[$0] < widths[$1] } ?? 0
      (low, best, high) = (ends[max(0, index - 1)], ends[index], ends[index + 1])
    }
    // The densities at both ends are equal where moving the interval no longer shortens it.
    func excess(_ lower: Double) throws -> Double {
      let upper = try upper(of: lower, confidenceLevel)
      return upper.isFinite ? logDensity(lower) - logDensity(upper) : .infinity
    }
    guard try excess(low) < 0 else { return best }
    return try BracketedRoot.close(low, high, rising: true, relative: 1e-14) {
      BracketedRoot.Point(value: try excess($0), slope: .nan)
    }
  }

  /// The upper end that goes with a lower one.
  private func upper(of lower: Double, _ confidenceLevel: Double) throws -> Double {
    guard lower > 0 else { return try upperQuantile(log1p(-confidenceLevel)) }
    let above = try survival(above: lower) - confidenceLevel
    return above > 0 ? try upperQuantile(log(above)) : .infinity
  }

  // MARK: The form

  private func logDensity(_ signal: Double) -> Double {
    switch form {
    case .known(let gamma): gamma.logDensity(at: signal)
    case .table(let table): table.logDensity(at: signal)
    }
  }

  private func upperQuantile(_ logTail: Double) throws -> Double {
    switch form {
    case .known(let gamma): try gamma.upperQuantile(logTail: logTail)
    case .table(let table): try table.upperQuantile(logTail: logTail)
    }
  }

  private func lowerQuantile(_ logProbability: Double) throws -> Double {
    switch form {
    case .known(let gamma): try gamma.lowerQuantile(logProbability: logProbability)
    case .table(let table): try table.lowerQuantile(logProbability: logProbability)
    }
  }
}
