/// What was simulated, and how the numbers of the truth are to be read.
public struct TruthHeader: Sendable, Equatable {
  /// A configuration that the simulation used.
  public struct Configuration: Sendable, Equatable {
    /// What it is of: `burst`, `response`, `detectors` or `menu`.
    public var kind: String
    /// Its name.
    public var name: String
    /// SHA-256 of its effective form, or of its file, in hexadecimal.
    public var sha256: String

    /// A configuration.
    public init(kind: String, name: String, sha256: String) {
      self.kind = kind
      self.name = name
      self.sha256 = sha256
    }
  }

  /// Version of the software that made the file.
  public var version: String
  /// The configurations, menu included.
  public var configurations: [Configuration]
  /// Seed of the random numbers.
  public var seed: UInt64
  /// Intensity, as a fraction of the nominal one.
  public var intensity: Double
  /// Length of the spill in ns.
  public var spill: Double
  /// What was simulated of each burst, in ns since its start.
  public var window: ClosedRange<Double>
  /// Clock period in ns.
  public var clockPeriod: Double
  /// z range in mm of the decays that the totals count as fiducial.
  public var fiducial: ClosedRange<Double>
  /// Which decays have a line.
  public var contents: TruthContents
  /// ns: a trigger's line stands behind those of all decays that begin less than this after it, and it has hits
  /// only of decays nearer than this.
  public var lookahead: Double

  /// What times mean: the same text in each file.
  public static let times =
    "ns since start of burst; a decay's time is that at which light from T10 would pass; a particle's is added"

  /// NA62's fiducial range in kaon mode, in mm from T10.
  public static let kaonFiducial = 105_000.0...180_000.0

  /// A header; the clock is the one of the readout.
  public init(
    version: String, configurations: [Configuration], seed: UInt64, intensity: Double, spill: Double,
    window: ClosedRange<Double>, fiducial: ClosedRange<Double> = TruthHeader.kaonFiducial,
    contents: TruthContents = .decays, lookahead: Double = 10_000
  ) {
    self.version = version
    self.configurations = configurations
    self.seed = seed
    self.intensity = intensity
    self.spill = spill
    self.window = window
    clockPeriod = ReadoutClock.period
    self.fiducial = fiducial
    self.contents = contents
    self.lookahead = lookahead
  }

  /// The configuration of a kind.
  public func configuration(_ kind: String) -> Configuration? { configurations.first { $0.kind == kind } }
}

/// Which decays have a line in the truth. The totals count them all.
public enum TruthContents: String, Sendable, Hashable, CaseIterable {
  /// All, beam and halo that pass included.
  case all
  /// Decays; beam and halo that pass only if a trigger has hits of them.
  case decays
  /// What a trigger has hits of.
  case triggered
}
