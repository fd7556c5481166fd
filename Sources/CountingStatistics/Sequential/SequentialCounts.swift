/// What a sequential test knows at one moment of the run.
public struct SequentialCounts: Sendable, Hashable {
  /// Events seen.
  public internal(set) var observed: Int
  /// Events seen in the sideband, where one runs in parallel.
  public internal(set) var sideband: Int
  /// Background expected so far, in events, integrated over the run.
  public internal(set) var background: Double
  /// Signal exposure so far, in the unit of the experiment.
  public internal(set) var exposure: Double

  /// Counts at one moment; throws for numbers that are negative or not finite.
  public init(observed: Int, background: Double, exposure: Double, sideband: Int = 0) throws {
    try InputCheck.count(observed, "observed count")
    try InputCheck.count(sideband, "sideband count")
    try InputCheck.mean(background, "background so far")
    guard exposure.isFinite, exposure >= 0 else {
      throw StatisticsError.invalidInput(
        name: "exposure so far", value: "\(exposure)", expected: "a finite number, 0 or more")
    }
    self.init(unchecked: observed, sideband, background, exposure)
  }

  init(unchecked observed: Int, _ sideband: Int, _ background: Double, _ exposure: Double) {
    self.observed = observed
    self.sideband = sideband
    self.background = background
    self.exposure = exposure
  }

  static let zero = SequentialCounts(unchecked: 0, 0, 0, 0)
}
