/// What the rates are compared with, and how many false alarms are accepted.
public struct RateMonitoringConfiguration: Sendable, Hashable {
  /// What a line's rate is compared with.
  public enum Expectation: Sendable, Hashable {
    /// A known rate in Hz.
    case rate(Double)
    /// The counts of a reference run, and its time in s.
    case counts(UInt64, seconds: Double)
    /// So many counts for each of another line, whose counts are other ones.
    case relative(RateLine, ratio: Double)
    /// This share of the counts of another line, which they are part of.
    case part(RateLine, share: Double)
  }

  /// The exposure after which a test is made.
  public enum Sample: String, Sendable, Hashable, CaseIterable {
    /// Each whole bin inside a burst, for rates that are constant along it.
    case bin
    /// Each burst.
    case burst
  }

  /// The band of one line.
  public struct Band: Sendable, Hashable {
    /// The line.
    public var line: RateLine
    /// What is expected.
    public var expectation: Expectation
    /// Deviation that is no change, as a fraction of what is expected: 0 or more, below 1.
    public var tolerance: Double
    /// Factor of the change that is to be found soonest, above 1; downwards its inverse.
    public var change: Double
    /// The exposure of a test; bins for known rates only.
    public var sample: Sample

    /// A band.
    public init(
      line: RateLine, expectation: Expectation, tolerance: Double = 0.1, change: Double = 1.5,
      sample: Sample = .burst
    ) {
      self.line = line
      self.expectation = expectation
      self.tolerance = tolerance
      self.change = change
      self.sample = sample
    }
  }

  /// Name of the configuration.
  public var name = "none"
  /// What it is for, or where it comes from.
  public var description = ""
  /// False alarms accepted per s of data time in bursts, over all conditions and lines together.
  public var falseAlarmRate = 1.0 / 86_400
  /// Width of the bins along a burst, in s.
  public var binSeconds = 0.1
  /// Bursts that are kept.
  public var burstsKept = 100
  /// Length of a burst in s, by which the false-alarm rates of tests by burst are set.
  public var burstSeconds = 5.0
  /// Fraction of packets that may be lost.
  public var packetLoss = 0.001
  /// Excess of a board's share that is tolerated, as a fraction of it.
  public var boardTolerance = 0.25
  /// Excess of the share of an identifier bit that is tolerated, as a fraction of it.
  public var identifierTolerance = 0.5
  /// Silence inside a burst that is tolerated, in s.
  public var silenceSeconds = 0.3
  /// The bands, a line at most once.
  public var bands: [Band] = []

  /// Without bands: what needs no reference is watched all the same.
  public init() {}

  /// The false alarms of one member of a family of tests, per s: each family has an equal part of the whole rate,
  /// each member an equal part of its family's.
  func share(among members: Int) -> Double {
    falseAlarmRate / Double(RateFinding.Kind.allCases.count) / Double(max(1, members))
  }
}
