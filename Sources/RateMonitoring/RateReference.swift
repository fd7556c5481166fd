/// A reference run: what its lines counted, as the bands of later ones.
public struct RateReference: Sendable, Hashable {
  /// The counts of the run.
  public private(set) var counts: RateCounts
  /// Deviation that is no change, as a fraction of the rate.
  public var tolerance = 0.1

  /// The line that follows the intensity, as that of a detector: detectors and L0 masks are then compared with it, and
  /// not with a rate of their own. Their proportions are taken as known: their statistical errors should be well
  /// below the tolerance.
  public var intensity: RateLine?

  /// The reference of a run's counts: those of the bursts that are kept.
  public init(from counts: RateCounts) { self.counts = counts }

  /// What is to be expected of another menu of L0, emulated on the same packets: the triggers that it sends, by the names
  /// of its masks, in the place of those that were recorded. Of what lies behind L0 nothing is known then.
  ///
  /// - Parameter sent: triggers by the name of the mask, over the bursts of the run.
  public mutating func predict(sent: [(mask: String, count: UInt64)]) {
    guard let first = counts.bursts.keys.min() else { return }
    for (key, burst) in counts.bursts {
      counts.bursts[key]?.lines = burst.lines.filter { $0.key.level == .detector }
    }
    for (mask, count) in sent where count > 0 {
      var line = RateCounts.Line()
      line.count = count
      counts.bursts[first]?.lines[RateLine(.l0, mask)] = line
    }
  }

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
      if let intensity, line != intensity, line.level == .detector || line.level == .l0,
        PacketTally.board(line) == nil
      {
        let other = counts.total(of: intensity).count
        guard other > 0 else { return nil }
        let ratio = Double(total.count) / Double(other)
        return .init(line: line, expectation: .relative(intensity, ratio: ratio), tolerance: tolerance)
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
