import CountingStatistics
import Selections

/// What a selection has counted so far, as it may be shown: for a page that follows a run.
public struct SelectionStatus: Sendable {
  /// The counting experiment after a burst.
  public struct Point: Sendable {
    /// Run.
    public let run: UInt32
    /// Burst.
    public let burst: UInt32
    /// Events counted.
    public let observed: Int
    /// Expected background in events.
    public let background: Double
    /// Upper limit in signal events.
    public let upperLimit: Double
    /// Significance, one-sided; nil where infinite.
    public let zOneSided: Double?
    /// The p-value that holds although it is looked at after every event; nil without a sequential test.
    public let anytimePValue: Double?
  }

  /// Its name.
  public let name: String
  /// Whether it feeds a counting experiment.
  public let isCounting: Bool
  /// Whether it measures the flux that others are normalised to.
  public let isNormalisation: Bool
  /// Whether it is blind: then what follows is nil or empty.
  public let isBlind: Bool
  /// Events that it looked at.
  public let seen: UInt64?
  /// Events that it took.
  public let selected: UInt64?
  /// Confidence level of the limit.
  public let confidenceLevel: Double?
  /// How the limit was computed, with ordering and tail.
  public let method: String?
  /// The state now: the last of the history.
  public let state: Point?
  /// Burst by burst, oldest first, at most `CountingHistory.most`.
  public let history: [Point]
}

extension ReplayReport {
  /// The selections as they may be shown, in their order; empty before anything was counted.
  public var selectionStatuses: [SelectionStatus] {
    shown.map { item in
      let result = item.result
      let points = item.summary.map { Self.points($0) } ?? []
      return SelectionStatus(
        name: item.selection.name, isCounting: item.selection.counting != nil,
        isNormalisation: item.selection.flux != nil, isBlind: item.isBlind,
        seen: ShownCutFlow(item.part.flow, isBlind: item.isBlind).seen,
        selected: item.isBlind ? nil : item.part.flow.selected,
        confidenceLevel: result?.limit.confidenceLevel,
        method: result.map {
          "\($0.limit.method.rawValue), \($0.limit.origin.ordering.rawValue), \($0.limit.tail.rawValue)"
        },
        state: points.last, history: points)
    }
  }

  private static func points(_ summary: CountingSummary) -> [SelectionStatus.Point] {
    summary.history.points.map { point in
      let place = PhysicsAccumulator.runAndBurst(ofPeriod: point.period)
      return .init(
        run: place.run, burst: place.burst, observed: point.result.observed,
        background: point.result.experiment.background, upperLimit: point.result.limit.upper,
        zOneSided: point.result.significance.zOneSided, anytimePValue: point.anytime?.pValue)
    }
  }
}
