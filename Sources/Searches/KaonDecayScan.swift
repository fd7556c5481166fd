/// The scan of a kaon decay to new particles: a limit on the branching ratio at each point.
public struct KaonDecayScan: Sendable {
  /// One point.
  public struct Point: Sendable, Hashable {
    /// The masses in MeV/c²; the second is 0 on a line.
    public let masses: SIMD2<Double>
    /// Acceptance × efficiency; 0 where a cut takes all.
    public let acceptance: Double
    /// Events in the window.
    public let observed: Int
    /// Expected background in the window.
    public let background: BackgroundEstimate
    /// Upper limit on signal events.
    public let limit: Double
    /// The limits on signal events that are expected under background only.
    public let expected: Quantiles
    /// Branching ratio of one expected event; nil without acceptance.
    public let singleEventSensitivity: Double?
    /// Upper limit on the branching ratio; nil without acceptance.
    public var branchingRatio: Double? { singleEventSensitivity.map { $0 * limit } }
    /// Expected limits on the branching ratio; nil without acceptance.
    public var expectedBranchingRatio: Quantiles? {
      singleEventSensitivity.map { unit in Quantiles(expected.values.map { $0 * unit }) }
    }
  }

  /// The search.
  public let search: KaonDecaySearch
  /// The points, the second mass fastest.
  public let points: [Point]
  /// The most significant point; nil where nothing was seen.
  public let excess: ScanExcess?
  /// Windows that do not overlap.
  public let windows: Int

  /// Makes the scan; throws where counts or acceptances are missing, or a limit cannot be given.
  init(
    _ search: KaonDecaySearch, _ observation: ScanObservation, _ counts: ObservedCounts,
    _ limits: WindowLimits
  ) throws {
    self.search = search
    let backgrounds = WindowBackgrounds(observation, domain: search.axes.map(\.range))
    let points = try search.points.map { masses in
      guard let acceptance = search.acceptance.value(at: masses) else {
        throw ScanError(
          "no acceptance for \(ScanText.masses(masses)) MeV/c2; measure more points, or scan less")
      }
      let background = backgrounds.background(at: masses)
      let count = try counts.count(at: masses)
      return Point(
        masses: masses, acceptance: acceptance, observed: count, background: background,
        limit: try limits.observed(count, background), expected: try limits.expected(background),
        singleEventSensitivity: acceptance > 0 ? 1 / (search.kaons.value * acceptance) : nil)
    }
    self.points = points
    windows = ScanExcess.disjointWindows(
      points.map { ($0.masses, observation.halfWidths(at: $0.masses)) })
    excess = try ScanExcess.most(
      of: points.map { ($0.masses, try limits.excess($0.observed, $0.background)) }, windows: windows)
  }
}
