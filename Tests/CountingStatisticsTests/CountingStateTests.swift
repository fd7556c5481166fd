import CountingStatistics
import SpillwayTestSupport
import Testing

@Suite struct CountingStateTests {
  private func experiment(_ name: String = "x", background: Double = 1.65) throws -> CountingExperiment {
    try CountingExperiment(
      name: name, background: background, efficiency: 0.5,
      normalisation: Normalisation(exposure: 1e12, acceptance: 0.1), confidenceLevel: 0.9)
  }

  @Test func incrementalEqualsBatchAfterEveryEvent() throws {
    let experiment = try experiment()
    var state = CountingState(experiment: experiment)
    #expect(try state.result() == experiment.result(observed: 0))
    for n in 1...300 {
      try state.add()
      #expect(try state.result() == experiment.result(observed: n))
      #expect(try state.result() == experiment.result(observed: n))
    }
  }

  @Test func mergedShardsEqualTheWholeInAnyOrder() throws {
    var random = SplitMix64(seed: 7)
    let experiment = try experiment()
    for _ in 0..<50 {
      var shards = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        CountingState(experiment: experiment)
      }
      var whole = CountingState(experiment: experiment)
      for _ in 0..<Int.random(in: 0...40, using: &random) {
        let shard = Int.random(in: 0..<shards.count, using: &random)
        let events = Int.random(in: 0...3, using: &random)
        try shards[shard].add(events)
        _ = try shards[shard].result()
        try whole.add(events)
      }
      var merged = CountingState(experiment: experiment)
      for shard in shards.shuffled(using: &random) { try merged.merge(shard) }
      #expect(merged == whole)
      #expect(try merged.result() == whole.result())
    }
  }

  @Test func emptyStateIsNeutral() throws {
    var state = CountingState(experiment: try experiment())
    try state.add(4)
    let before = state
    try state.merge(CountingState(experiment: state.experiment))
    #expect(state == before)
  }

  @Test func statesOfDifferentExperimentsDoNotMerge() throws {
    var state = CountingState(experiment: try experiment("x"))
    let other = CountingState(experiment: try experiment("y"))
    #expect(throws: StatisticsError.differentExperiments("x", "y")) { try state.merge(other) }
    let changed = CountingState(experiment: try experiment("x", background: 2))
    #expect(throws: StatisticsError.self) { try state.merge(changed) }
  }

  @Test func badAdditionsChangeNothing() throws {
    var state = CountingState(experiment: try experiment())
    try state.add(.max)
    #expect(throws: StatisticsError.self) { try state.add() }
    #expect(throws: StatisticsError.self) { try state.add(-1) }
    #expect(state.observed == .max)
  }

  @Test func branchingRatioLimitIsSignalLimitTimesSensitivity() throws {
    let result = try experiment(background: 0).result(observed: 0)
    #expect(isClose(try #require(result.experiment.singleEventSensitivity), 2e-11))
    #expect(isClose(try #require(result.branchingRatioLimit), 2.302585092994046 * 2e-11))
    let plain = try CountingExperiment(name: "plain", background: 1).result(observed: 2)
    #expect(plain.branchingRatioLimit == nil)
  }

  /// Published NA62 limits from count, background and single-event sensitivity.
  @Test(arguments: [
    (1, 0.152, 3.15e-10, 0.95, 1.45e-9), (3, 1.65, 3.462e-11, 0.9, 1.79e-10),
    (0, 0.16, 9.4e-11, 0.9, 2.16e-10), (1, 0.91, 1.28e-11, 0.9, 4.23e-11),
    (2, 0.92, 1.44e-11, 0.9, 6.48e-11), (0, 0.23, 1.39e-10, 0.9, 3.2e-10),
  ])
  func publishedExperimentsAreReproduced(_ row: (Int, Double, Double, Double, Double)) throws {
    let experiment = try CountingExperiment(
      name: "published", background: row.1,
      normalisation: Normalisation(singleEventSensitivity: row.2), confidenceLevel: row.3)
    let limit = try #require(try experiment.result(observed: row.0).branchingRatioLimit)
    #expect(isClose(limit, row.4, relative: 4e-3))
  }

  @Test func experimentsWithoutMeaningAreRefused() throws {
    for (b, e, cl) in [
      (-1, 1, 0.9), (Double.nan, 1, 0.9), (0, 0, 0.9), (0, 1.1, 0.9), (0, 1, 1), (0, Double.nan, 0.9),
    ] {
      #expect(throws: StatisticsError.self) {
        try CountingExperiment(name: "x", background: b, efficiency: e, confidenceLevel: cl)
      }
    }
    #expect(throws: StatisticsError.self) { try Normalisation(exposure: 0, acceptance: 1) }
    #expect(throws: StatisticsError.self) { try Normalisation(exposure: 1, acceptance: 2) }
    #expect(throws: StatisticsError.self) { try Normalisation(singleEventSensitivity: 0) }
  }

  @Test func errorsAreOneClearLine() {
    let error = StatisticsError.invalidInput(name: "background", value: "-1.0", expected: "0 or more")
    #expect(error.description == "background is -1.0: expected 0 or more")
    for error in [StatisticsError.notConverged("a"), .differentExperiments("a", "b"), .countOverflow("a")] {
      #expect(!error.description.isEmpty && !error.description.contains("\n"))
    }
  }
}
