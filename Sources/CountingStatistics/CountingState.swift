/// The running count of one experiment: a commutative monoid under ``merge(_:)``, whose empty element is a
/// fresh state.
///
/// Limit and significance depend only on the total count, and the always-valid significance only on which periods
/// have passed and how many events each holds; so they equal the batch computation after every event and after
/// every merge. An event costs one addition, a result one computation per distinct count asked for, with
/// tables that are kept.
public struct CountingState: Sendable {
  /// The experiment counted for.
  public let experiment: CountingExperiment
  /// Events seen so far.
  public private(set) var observed = 0
  /// The sequential test; nil where the experiment has none.
  public private(set) var sequential: SequentialState?

  private var calculator: MarginalCLs?
  private var kept: CountingResult?

  /// No events seen yet.
  public init(experiment: CountingExperiment) {
    self.experiment = experiment
    sequential = experiment.sequential.map { SequentialState(experiment: $0) }
  }

  /// Adds `events` of a period, as a burst; throws, changing nothing, for a negative number or an overflow.
  public mutating func add(_ events: Int = 1, period: UInt64 = 0) throws {
    try InputCheck.count(events, "events added to '\(experiment.name)'")
    let (sum, overflow) = observed.addingReportingOverflow(events)
    guard !overflow else {
      throw StatisticsError.countOverflow("\(observed) + \(events) events of '\(experiment.name)'")
    }
    if events > 0 { try sequential?.add(segment: experiment.segment(of: period), events: events) }
    observed = sum
  }

  /// Says that a period has passed, or is passing, with its exposure; the sequential test takes its events from
  /// then on. May be said again.
  ///
  /// Throws, changing nothing, where sums leave the range of their numbers.
  public mutating func cover(period: UInt64) throws {
    guard let plan = experiment.segmentPlan else { return }
    try sequential?.set(
      segment: experiment.segment(of: period), exposure: plan.exposure, background: plan.background)
  }

  /// Adds the events of another state of the same experiment; throws, changing nothing, if it differs.
  public mutating func merge(_ other: CountingState) throws {
    guard experiment == other.experiment else {
      throw StatisticsError.differentExperiments(experiment.name, other.experiment.name)
    }
    try InputCheck.count(other.observed, "events added to '\(experiment.name)'")
    let (sum, overflow) = observed.addingReportingOverflow(other.observed)
    guard !overflow else {
      throw StatisticsError.countOverflow("\(observed) + \(other.observed) events of '\(experiment.name)'")
    }
    if let theirs = other.sequential { try sequential?.merge(theirs) }
    observed = sum
  }

  /// Fills the tables that results take, for all counts that background alone makes likely, so that no event waits
  /// for them; else the first result does. Throws only without convergence.
  public mutating func prepare() throws {
    if calculator == nil { calculator = try experiment.preparedCalculator() }
  }

  /// Limit and significance at the count so far; throws only without convergence.
  public mutating func result() throws -> CountingResult {
    if let kept, kept.observed == observed { return kept }
    // Taken out and put back, so that its tables are not copied.
    var tables = try calculator ?? experiment.preparedCalculator()
    calculator = nil
    defer { calculator = tables }
    let fresh = try experiment.result(observed: observed, &tables)
    kept = fresh
    return fresh
  }

  /// The significance that holds however often it is looked at, of the periods that have passed; nil where the
  /// experiment has no sequential test. Throws only without convergence.
  public mutating func anytime() throws -> AnytimeSignificance? { try sequential?.significance() }
}

extension CountingState {
  /// The alarms of the run, with a false-alarm rate as its plan accepts it; nil where it accepts none, or there is no
  /// sequential test. An alarm is over after a tenth of the total exposure without another.
  ///
  /// Throws where a sum leaves the range of its numbers.
  public func alarms() throws -> [SequentialAlert]? {
    guard let sequential, let plan = experiment.running, let budget = plan.falseAlarms else { return nil }
    return try SequentialMonitor.actions(
      over: sequential, budget: budget, quietExposure: plan.total / 10
    ).compactMap { if case .alert(let alert) = $0 { alert } else { nil } }
  }
}

extension CountingState: Equatable {
  /// Whether experiment, count and periods are equal.
  public static func == (a: CountingState, b: CountingState) -> Bool {
    a.experiment == b.experiment && a.observed == b.observed && a.sequential == b.sequential
  }
}
