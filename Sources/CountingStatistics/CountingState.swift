/// The running count of one experiment: a commutative monoid under ``merge(_:)``, whose empty element is a
/// fresh state.
///
/// The result depends only on the total count, so it equals the batch computation after every event and
/// after every merge. It is kept until the count changes: an event costs one addition, and a result one
/// computation per distinct count asked for.
public struct CountingState: Sendable {
  /// The experiment counted for.
  public let experiment: CountingExperiment
  /// Events seen so far.
  public private(set) var observed = 0

  private var kept: CountingResult?

  /// No events seen yet.
  public init(experiment: CountingExperiment) { self.experiment = experiment }

  /// Adds `events`; throws, changing nothing, for a negative number or an overflow.
  public mutating func add(_ events: Int = 1) throws {
    try InputCheck.count(events, "events added to '\(experiment.name)'")
    let (sum, overflow) = observed.addingReportingOverflow(events)
    guard !overflow else {
      throw StatisticsError.countOverflow("\(observed) + \(events) events of '\(experiment.name)'")
    }
    observed = sum
  }

  /// Adds the events of another state of the same experiment; throws, changing nothing, if it differs.
  public mutating func merge(_ other: CountingState) throws {
    guard experiment == other.experiment else {
      throw StatisticsError.differentExperiments(experiment.name, other.experiment.name)
    }
    try add(other.observed)
  }

  /// Limit and significance at the count so far; throws only without convergence.
  public mutating func result() throws -> CountingResult {
    if let kept, kept.observed == observed { return kept }
    let fresh = try experiment.result(observed: observed)
    kept = fresh
    return fresh
  }
}

extension CountingState: Equatable {
  /// Whether experiment and count are equal.
  public static func == (a: CountingState, b: CountingState) -> Bool {
    a.experiment == b.experiment && a.observed == b.observed
  }
}
