import CountingStatistics
import Selections
import SpillwayTestSupport
import Testing

@Suite struct SelectionAccumulatorTests {
  private func selection(_ name: String = "sample", tracks: String = "{ min: 3 }") throws -> Selection {
    let text = file(
      ["l0.data_type: physics", "straw.flags: exotic", "straw.tracks: \(tracks)"], name: name)
    return try #require(try SelectionSet.parse(text: text, file: "test.yaml").selections.first)
  }

  @Test func cutFlowPutsEachEventInOnePlace() throws {
    var accumulator = SelectionAccumulator(try selection())
    let verdicts: [SelectionVerdict] = [
      .selected, .selected, .failed(condition: 0), .unavailable(condition: 1), .failed(condition: 2),
      .failed(condition: 2), .notEntered,
    ]
    for verdict in verdicts { try accumulator.add(verdict) }
    let flow = accumulator.flow
    #expect(flow.seen == 7)
    #expect(flow.notEntered == 1)
    #expect(flow.entered == 6)
    #expect(flow.steps.map(\.passed) == [5, 4, 2])
    #expect(flow.steps.map(\.failed) == [1, 0, 2])
    #expect(flow.steps.map(\.unavailable) == [0, 1, 0])
    #expect(
      flow.steps.map(\.label) == [
        "l0.data_type: all of physics", "straw.flags: all of exotic", "straw.tracks >= 3",
      ])
    #expect(flow.selected == 2)
    #expect(accumulator.counting.observed == 2)
    #expect(accumulator.isClosed)
    #expect(try accumulator.result().observed == 2)
  }

  @Test func mergedShardsEqualTheWholeInAnyOrder() throws {
    var random = SplitMix64(seed: 11)
    let selection = try selection()
    for _ in 0..<60 {
      var shards = (0..<Int.random(in: 1...6, using: &random)).map { _ in SelectionAccumulator(selection) }
      var whole = SelectionAccumulator(selection)
      for _ in 0..<Int.random(in: 0...200, using: &random) {
        let verdict = selection.verdict(on: .random(&random))
        try shards[Int.random(in: shards.indices, using: &random)].add(verdict)
        try whole.add(verdict)
      }
      var merged = SelectionAccumulator(selection)
      for shard in shards.shuffled(using: &random) {
        #expect(shard.isClosed)
        try merged.merge(shard)
      }
      #expect(merged == whole)
      #expect(merged.isClosed)
    }
  }

  @Test func emptyAccumulatorIsNeutral() throws {
    let selection = try selection()
    var accumulator = SelectionAccumulator(selection)
    try accumulator.add(.selected)
    let before = accumulator
    try accumulator.merge(SelectionAccumulator(selection))
    #expect(accumulator == before)
  }

  @Test func accumulatorsOfDifferentSelectionsDoNotMerge() throws {
    var accumulator = SelectionAccumulator(try selection())
    try accumulator.add(.selected)
    let before = accumulator
    #expect(throws: StatisticsError.self) { try accumulator.merge(SelectionAccumulator(try selection("x"))) }
    let other = SelectionAccumulator(try selection(tracks: "4"))
    #expect(throws: SelectionError.differentSelections("sample", "sample")) {
      try accumulator.merge(other)
    }
    #expect(accumulator == before)
  }

  @Test func setGivesOneAccumulatorPerSelection() throws {
    let text =
      file(["l0.mask: 1"], name: "a") + entry(["l0.mask: 2"], name: "b").joined(separator: "\n")
    let set = try SelectionSet.parse(text: text, file: "test.yaml")
    #expect(set.accumulators().map(\.flow.selection) == ["a", "b"])
  }
}
