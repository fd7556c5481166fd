/// How the result of a counting experiment went along a run: what a plot of it shows.
///
/// The history is a function of the counts by period alone: that of merged shards is that of the whole.
public struct CountingHistory: Sendable, Hashable {
  /// The result after one period.
  public struct Point: Sendable, Hashable {
    /// The period.
    public let period: UInt64
    /// How many periods have passed, this one included.
    public let passed: Int
    /// The result of the count so far against the background so far; without a plan of the run, against that of
    /// the whole data set.
    public let result: CountingResult
    /// The significance that holds however often it is looked at; nil where there is no sequential test.
    public let anytime: AnytimeSignificance?
  }

  /// Most points that are kept.
  public static let most = 200

  /// The experiment.
  public let experiment: CountingExperiment
  /// The points in the order of the run: the first period, the last, those in which events came, and some between.
  public let points: [Point]
  /// The alarms at the false-alarm rate that the plan of the run accepts; nil where it accepts none.
  public let alarms: [SequentialAlert]?

  /// The history of an experiment.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - counts: Events of each period with events, in rising order of the periods.
  ///   - periods: All periods that passed, in rising order.
  /// - Throws: `StatisticsError` where a sum leaves the range of its numbers, or without convergence.
  public init(
    _ experiment: CountingExperiment, counts: [(period: UInt64, events: Int)], periods: [UInt64]
  ) throws {
    self.experiment = experiment
    let all = Self.union(periods, counts.map(\.period))
    let chosen = Self.chosen(all, counts.map(\.period))
    var state = CountingState(experiment: experiment)
    var points: [Point] = []
    var next = 0
    for (place, period) in all.enumerated() {
      try state.cover(period: period)
      while next < counts.count, counts[next].period == period {
        try state.add(counts[next].events, period: period)
        next += 1
      }
      guard chosen.contains(place) else { continue }
      let soFar = try experiment.soFar(periods: place + 1)
      points.append(
        Point(
          period: period, passed: place + 1,
          result: soFar == experiment ? try state.result() : try soFar.result(observed: state.observed),
          anytime: try state.anytime()))
    }
    self.points = points
    alarms = try state.alarms()
  }

  private static func union(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    let both = (a + b).sorted()
    return both.indices.filter { $0 == 0 || both[$0] != both[$0 - 1] }.map { both[$0] }
  }

  /// The places to keep: the last, then those with events, then evenly spaced ones.
  private static func chosen(_ all: [UInt64], _ withEvents: [UInt64]) -> Set<Int> {
    guard all.count > most else { return Set(all.indices) }
    var chosen: Set<Int> = [0, all.count - 1]
    let events = Set(withEvents)
    let changed = all.indices.filter { events.contains(all[$0]) }
    // More periods with events than points: evenly many of them.
    let step = Double(max(1, changed.count)) / Double(max(1, min(changed.count, most / 2)))
    for k in 0..<min(changed.count, most / 2) { chosen.insert(changed[Int(Double(k) * step)]) }
    let left = most - chosen.count
    for k in 0..<left { chosen.insert(k * all.count / max(1, left)) }
    return chosen
  }
}

extension CountingExperiment {
  /// The experiment as it stands when some periods have passed: background and exposure so far. Without a plan of
  /// the run it is the whole.
  ///
  /// Throws where a number leaves its range.
  public func soFar(periods: Int) throws -> CountingExperiment {
    guard let running, periods > 0 else { return self }
    let share = Double(periods) * running.perPeriod / running.total
    guard share != 1 else { return self }
    return try CountingExperiment(
      name: name, expectedBackground: expectedBackground.scaled(by: share), efficiency: efficiency,
      normalisation: try normalisation.map {
        try Normalisation(exposure: $0.exposure * share, acceptance: $0.acceptance)
      }, confidenceLevel: confidenceLevel)
  }
}
