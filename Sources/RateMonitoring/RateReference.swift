/// A reference run: what its lines counted, as the bands of later ones.
public struct RateReference: Sendable, Hashable {
  /// The counts of the run.
  public let counts: RateCounts
  /// Deviation that is no change, as a fraction of the rate.
  public var tolerance = 0.1

  /// The reference of a run's counts: those of the bursts that are kept.
  public init(from counts: RateCounts) { self.counts = counts }

  /// A configuration whose lines have the counts and the time of the run, the rest as in `base`.
  ///
  /// An L1 mask is expected as a part of its L0 mask, where both counted: so it follows neither the intensity nor the
  /// downscaling of L0. Lines of losses have no band: they have a tolerance of their own (`packet_loss`). The counts
  /// of boards say which boards are expected, and are no bands of their rates.
  public func configuration(
    name: String, description: String, base: RateMonitoringConfiguration = RateMonitoringConfiguration()
  ) -> RateMonitoringConfiguration {
    var configuration = base
    configuration.name = name
    configuration.description = description
    configuration.bands = counts.lines.compactMap { line in
      let total = counts.total(of: line)
      guard total.seconds > 0, total.count > 0, total.count < 1 << 52, !Self.losses.contains(line.name) else {
        return nil
      }
      if line.level == .l1 {
        let l0 = RateLine(.l0, line.name)
        let share = Double(total.count) / Double(max(1, counts.total(of: l0).count))
        if share <= 0.99 {
          return .init(line: line, expectation: .part(l0, share: share), tolerance: tolerance)
        }
      }
      return .init(
        line: line, expectation: .counts(total.count, seconds: total.seconds), tolerance: tolerance)
    }
    return configuration
  }

  private static let losses: Set<String> = [
    "events given up", "fragments missing", "packets rejected", "primitive packets missing",
  ]
}
