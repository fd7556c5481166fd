import RandomNumbers
import Testing

@testable import CountingStatistics

/// The counting experiment along a run.
@Suite("The course of a counting experiment")
struct CountingHistoryTests {
  private func experiment(
    _ background: UncertainQuantity, periods: Double? = 100
  ) throws -> CountingExperiment {
    try CountingExperiment(
      name: "x", expectedBackground: background,
      running: periods.map { try RunningExposure(unit: "protons", total: $0 * 1e12, perPeriod: 1e12) })
  }

  private func run(_ seed: UInt64, _ periods: Int) -> [(period: UInt64, events: Int)] {
    var random = CounterRandom(seed: seed, stream: 3, index: 0)
    return (0..<periods).compactMap { period in
      let events = [0, 0, 0, 0, 1, 0, 2, 0][Int(random.next() % 8)]
      return events == 0 ? nil : (UInt64(period), events)
    }
  }

  @Test(
    "Incremental = batch to the last bit, for any order of events and bursts and any merge of shards",
    arguments: 0..<12)
  func incrementalEqualsBatch(seed: Int) throws {
    let kinds = [
      try UncertainQuantity(3.2), try UncertainQuantity(3.2, uncertainty: 0.7),
      try UncertainQuantity(3.2, uncertainty: 0.7, shape: .gamma),
    ]
    let experiment = try experiment(kinds[seed % 3], periods: seed % 4 == 3 ? nil : 100)
    let counts = run(UInt64(seed), 60)
    let events = counts.flatMap { count in (0..<count.events).map { _ in count.period } }
    var batch = CountingState(experiment: experiment)
    for period in 0..<60 { try batch.cover(period: UInt64(period)) }
    for count in counts { try batch.add(count.events, period: count.period) }

    var random = CounterRandom(seed: UInt64(seed), stream: 4, index: 0)
    var shards = (0..<4).map { _ in CountingState(experiment: experiment) }
    for period in (0..<60).shuffled(using: &random) { try shards[period % 4].cover(period: UInt64(period)) }
    for (k, period) in events.shuffled(using: &random).enumerated() {
      try shards[(k * 7 + seed) % 4].add(period: period)
      // Results that are asked for on the way change nothing.
      if k % 3 == 0 { _ = try (shards[k % 4].result(), shards[k % 4].anytime()) }
    }
    var merged = CountingState(experiment: experiment)
    for shard in shards.shuffled(using: &random) { try merged.merge(shard) }
    #expect(merged == batch)
    #expect(try merged.result() == batch.result())
    #expect(try merged.result() == experiment.result(observed: events.count))
    #expect(try merged.anytime() == batch.anytime())
    let history = try CountingHistory(experiment, counts: counts, periods: (0..<60).map { UInt64($0) })
    #expect(history.points.last?.anytime == (try batch.anytime()))
    #expect(history.points.last?.result.observed == events.count)
  }

  @Test("Background and exposure so far grow with the bursts; the limit on the branching ratio with them")
  func soFar() throws {
    let whole = try CountingExperiment(
      name: "x", expectedBackground: UncertainQuantity(2, uncertainty: 0.5),
      normalisation: Normalisation(exposure: 1e12, acceptance: 0.1),
      running: RunningExposure(unit: "protons", total: 8, perPeriod: 1))
    let quarter = try whole.soFar(periods: 2)
    #expect(quarter.expectedBackground == (try UncertainQuantity(0.5, uncertainty: 0.125)))
    #expect(isClose(try #require(quarter.singleEventSensitivity), 4e-11))
    #expect(try whole.soFar(periods: 8) == whole)
    let history = try CountingHistory(whole, counts: [(3, 1)], periods: [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(history.points.map(\.passed) == Array(1...8))
    #expect(history.points.map(\.result.observed) == [0, 0, 1, 1, 1, 1, 1, 1])
    #expect(history.points[7].result == (try whole.result(observed: 1)))
    // The same count is less surprising, the more background is expected by then.
    let p = history.points[2...].map(\.result.significance.pValue)
    #expect(zip(p, p.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("Of a long run the history keeps the ends, the bursts with events and few others")
  func longRunsAreThinned() throws {
    let experiment = try experiment(UncertainQuantity(1.5), periods: 20_000)
    let events: [(period: UInt64, events: Int)] = [(17, 1), (9_001, 2), (19_998, 1)]
    let history = try CountingHistory(experiment, counts: events, periods: (0..<20_000).map { UInt64($0) })
    #expect(history.points.count <= CountingHistory.most && history.points.count > 100)
    let kept = history.points.map(\.period)
    #expect(kept == kept.sorted() && kept.first == 0 && kept.last == 19_999)
    #expect(Set(kept).isSuperset(of: events.map(\.period)))
    #expect(history.points.last?.result.observed == 4)
  }

  @Test(
    "Without a plan of the run all of the background counts from the start, so the test is the weaker one")
  func withoutAPlan() throws {
    var planned = CountingState(experiment: try experiment(UncertainQuantity(2)))
    var plain = CountingState(experiment: try experiment(UncertainQuantity(2), periods: nil))
    for period in [UInt64(0), 1, 2] {
      for _ in 0..<2 {
        try planned.add(period: period)
        try plain.add(period: period)
      }
      try planned.cover(period: period)
      try plain.cover(period: period)
    }
    let strong = try #require(try planned.anytime())
    let weak = try #require(try plain.anytime())
    #expect(strong.pValue < weak.pValue && weak.pValue <= 1)
    #expect(weak.counts.background == 2)
    #expect(isClose(strong.counts.background, 0.06))
  }

  @Test("Alarms come with a burst of events, at the rate that the plan accepts, and not without a rate")
  func alarms() throws {
    func experiment(_ budget: FalseAlarmBudget?) throws -> CountingExperiment {
      try CountingExperiment(
        name: "x", expectedBackground: UncertainQuantity(0.02),
        running: RunningExposure(unit: "bursts", total: 1000, perPeriod: 1, falseAlarms: budget))
    }
    let periods = (0..<100).map { UInt64($0) }
    let once = try experiment(FalseAlarmBudget(alarms: 1, perExposure: 1e5))
    let quiet = try CountingHistory(once, counts: [], periods: periods)
    #expect(quiet.alarms == [])
    let loud = try CountingHistory(once, counts: [(40, 1), (41, 2)], periods: periods)
    #expect(loud.alarms?.map(\.segment) == [41])
    // Half the false alarms ask for more.
    let strict = try CountingHistory(
      experiment(FalseAlarmBudget(alarms: 1, perExposure: 1e12)), counts: [(40, 1), (41, 2)],
      periods: periods)
    #expect(strict.alarms == [])
    #expect(try CountingHistory(experiment(nil), counts: [(40, 3)], periods: periods).alarms == nil)
  }

  @Test("An experiment without background has no sequential test: any event would be infinite evidence")
  func noBackgroundNoTest() throws {
    var state = CountingState(experiment: try experiment(UncertainQuantity(0)))
    try state.add(2)
    try state.cover(period: 0)
    #expect(try state.anytime() == nil)
    #expect(try state.result().observed == 2)
  }

  @Test("Plans without meaning are refused")
  func refusals() {
    #expect(throws: StatisticsError.self) { try RunningExposure(unit: "s", total: 0, perPeriod: 1) }
    #expect(throws: StatisticsError.self) { try RunningExposure(unit: "s", total: 1, perPeriod: 2) }
    #expect(throws: StatisticsError.self) { try RunningExposure(unit: "s", total: 1, perPeriod: .nan) }
    #expect(throws: StatisticsError.self) { try UncertainQuantity(1).scaled(by: -1) }
  }
}
