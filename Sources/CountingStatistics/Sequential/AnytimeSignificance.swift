#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An always-valid p-value: under background only, P(p ever ≤ α) ≤ α, whatever the stopping rule.
///
/// p = min(1, 1 / largest evidence so far) + δ. It is not the p-value of the count at a fixed time, and its Z
/// is not comparable with that of a fixed-time test but by the same guarantee: the text of ``method`` says
/// so.
public struct AnytimeSignificance: Sendable, Hashable {
  /// Natural logarithm of the p-value; at most 0.
  public let logPValue: Double
  /// Z with p = P(x > Z), anytime-valid; nil where p = 1.
  public let zOneSided: Double?
  /// Z with p = P(|x| > Z), anytime-valid; nil where p = 1.
  public let zTwoSided: Double?
  /// ln of the evidence now. It may fall again; the p-value does not rise.
  public let logEvidence: Double
  /// ln of the largest evidence of the run so far, at least 0.
  public let largestLogEvidence: Double
  /// What was looked at.
  public let counts: SequentialCounts
  /// The experiment.
  public let experiment: SequentialExperiment
  /// How it was computed.
  public var method: StatisticalMethod { .anytimeMixture }
  /// Which tail the p-value speaks of.
  public var tail: TailConvention {
    switch experiment.alternative {
    case .excess: .anytimeExcess
    case .deficit: .anytimeDeficit
    case .either: .anytimeEither
    }
  }

  /// The p-value; 0 also where it is below the smallest number of the machine.
  public var pValue: Double { exp(logPValue) }

  init(
    experiment: SequentialExperiment, counts: SequentialCounts, logEvidence: Double, largest: Double
  ) throws {
    self.experiment = experiment
    self.counts = counts
    self.logEvidence = logEvidence
    largestLogEvidence = max(0, largest)
    let delta = experiment.background.delta
    logPValue = delta > 0 ? min(0, log(delta + exp(-largestLogEvidence))) : -largestLogEvidence
    zOneSided = logPValue < 0 ? try NormalDistribution.inverseLogSurvival(logPValue) : nil
    let logHalf = logPValue - 0.6931471805599453
    zTwoSided = logPValue < 0 ? try NormalDistribution.inverseLogSurvival(logHalf) : nil
  }
}
