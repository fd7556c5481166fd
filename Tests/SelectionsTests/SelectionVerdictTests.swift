import NA62Formats
import Testing

@testable import EventBuilding
@testable import L1Trigger
@testable import Selections

@Suite struct SelectionVerdictTests {
  private func selection(_ conditions: [String], extra: [String] = []) throws -> Selection {
    let set = try SelectionSet.parse(text: file(conditions, extra: extra), file: "test.yaml")
    return try #require(set.selections.first)
  }

  private func passes(_ condition: String, _ input: SelectionInput) throws -> Bool {
    try selection([condition]).verdict(on: input).isSelected
  }

  @Test func eventThatPassesEverythingIsSelected() throws {
    let selection = try selection([
      "l0.data_type: physics", "straw.flags: { all_of: [exotic, multi-track] }",
      "straw.tracks: { min: 3, max: 5 }",
    ])
    #expect(selection.verdict(on: .straw(flags: 6, tracks: 3)) == .selected)
    #expect(selection.verdict(on: .straw(flags: 6, tracks: 6)) == .failed(condition: 2))
    #expect(selection.verdict(on: .straw(flags: 4, tracks: 3)) == .failed(condition: 1))
    let input = SelectionInput.straw(flags: 6, tracks: 5)
    let verdict = selection.evaluate(
      event: input.event, evaluation: input.evaluation, decision: input.decision)
    #expect(verdict == .selected)
  }

  @Test func quantityOfAnAlgorithmThatDidNotRunIsUnavailable() throws {
    for variable in L1Variable.allCases where variable.algorithm != nil && variable.kind != .truth {
      #expect(SelectionInput.sample.value(of: variable) == nil, "\(variable)")
    }
    let selection = try selection(["l0.data_type: physics", "chod.hits: { min: 0 }"])
    let verdict = selection.verdict(on: .sample)
    #expect(verdict == .unavailable(condition: 1))
    #expect(verdict.isUnavailable)
    #expect(verdict.failedCondition == 1)
  }

  @Test func runStatesAndTriggerWordsAreAlwaysAvailable() {
    for variable in L1Variable.allCases where variable.algorithm == nil || variable.kind == .truth {
      #expect(SelectionInput.sample.value(of: variable) != nil, "\(variable)")
    }
  }

  @Test func badDataMakesQuantitiesUnavailable() throws {
    var input = SelectionInput.sample
    _ = input.evaluation.info.fail(.ktag)
    #expect(try selection(["ktag.sectors: 0"]).verdict(on: input) == .unavailable(condition: 0))
    #expect(try passes("ktag.bad_data: true", input))
    #expect(try passes("ktag.processed: false", input))
    #expect(try passes("lav.bad_data: false", input))
  }

  @Test func strawOverflowLeavesFlagsButHidesTracks() throws {
    var input = SelectionInput.straw(flags: 0x3F, tracks: 0)
    input.evaluation.info.mark(.straw, .overflow)
    #expect(try passes("straw.flags: multi-track", input))
    #expect(try passes("straw.overflow: true", input))
    #expect(try selection(["straw.tracks: 0"]).verdict(on: input) == .unavailable(condition: 0))
  }

  @Test func trackThatDoesNotExistIsUnavailable() throws {
    let cut = try selection(["straw.p2: { max: 50000 MeV/c }"])
    #expect(cut.verdict(on: .straw(flags: 0, tracks: 2)) == .unavailable(condition: 0))
    #expect(cut.verdict(on: .straw(flags: 0, tracks: 3)) == .selected)
    let cda = try selection(["straw.cda: { max: 20 mm }"])
    var input = SelectionInput.straw(flags: 0, tracks: 2)
    #expect(cda.verdict(on: input) == .unavailable(condition: 0))
    input.evaluation.info.straw.distance = 60
    #expect(cda.verdict(on: input) == .selected)
  }

  @Test func muv3TilesAreAvailableOnlyFromTheVariantThatCountsThem() throws {
    var input = SelectionInput.sample
    _ = input.evaluation.info.mark(.muv3, result: 1)
    input.evaluation.info.muv3Variants = 1
    #expect(!input.isAvailable(.muv3Tiles))
    input.evaluation.info.muv3Variants = 4
    #expect(try passes("muv3.tiles: 0", input))
  }

  @Test func eventThatL1DroppedEntersOnlyWhereAsked() throws {
    var input = SelectionInput.sample
    input.decision.word = []
    #expect(try selection(["l0.mask: 4"]).verdict(on: input) == .notEntered)
    #expect(
      try selection(["l0.mask: 4"], extra: ["require_kept: false"]).verdict(on: input) == .selected)
  }

  @Test func setsOfBitsAndMasksAreTested() throws {
    let input = SelectionInput.sample
    #expect(try passes("l0.mask: 12", input))
    #expect(try !passes("l0.mask: 3", input))
    #expect(try passes("l1.accepted_masks: { any_of: [12, 5], none_of: [4] }", input))
    #expect(try !passes("l1.accepted_masks: { all_of: [12, 5] }", input))
    #expect(try passes("l0.flags: { all_of: [4, 12] }", input))
    #expect(try passes("l1.word: accepted", input))
    #expect(try !passes("l1.word: { none_of: [accepted] }", input))
    #expect(try passes("l0.data_type: { none_of: [control, periodic] }", input))
  }

  @Test func codesAreTested() throws {
    var input = SelectionInput.sample
    #expect(try passes("l0.word: 0x01", input))
    #expect(try !passes("l0.word: { none_of: [special, 1] }", input))
    for word in UInt8.min...UInt8.max {
      input.event.l0.word = L0Word(rawValue: word)
      #expect(try passes("l0.word: special", input) == input.event.l0.word.isSpecial)
    }
  }

  @Test func boundsAreIncludedAndUnitsConverted() throws {
    let input = SelectionInput.straw(flags: 0, tracks: 1)
    #expect(try passes("straw.p0: { min: 10000 MeV/c, max: 10000 MeV/c }", input))
    #expect(try passes("straw.p0: { max: 10 GeV/c }", input))
    #expect(try !passes("straw.p0: { max: 9.999 GeV/c }", input))
    #expect(try passes("timestamp: { min: 1000 ticks }", input))
    #expect(try passes("fine_time: 7 ticks/256", input))
  }

  @Test func notANumberPassesNoCondition() throws {
    var input = SelectionInput.straw(flags: 0, tracks: 1)
    input.evaluation.info.straw.vertices[0] = .nan
    #expect(try !passes("straw.vertex_z0: { max: 1 m }", input))
    #expect(try !passes("straw.vertex_z0: { min: 1 m }", input))
  }

  @Test func quantitiesFollowTheConditionsEachOnce() throws {
    let selection = try selection([
      "straw.tracks: { min: 1 }", "l0.data_type: physics", "straw.p0: { max: 50000 MeV/c }",
      "straw.tracks: { max: 5 }", "straw.overflow: false", "chod.hits: 1",
    ])
    let quantities = selection.quantities(in: .straw(flags: 0, tracks: 2))
    #expect(quantities.map(\.name) == ["straw.tracks", "l0.data_type", "straw.p0", "straw.overflow"])
    #expect(quantities.map(\.value) == [.integer(2), .integer(1), .number(10_000), .flag(false)])
    #expect(quantities.map(\.unit) == [nil, nil, "MeV/c", nil])
  }

  @Test func everyVariableHasAValueOfItsKindWhenEverythingRan() {
    var input = SelectionInput.straw(flags: 1, tracks: 4)
    for algorithm in L1Algorithm.decisionOrder { _ = input.evaluation.info.mark(algorithm, result: 1) }
    input.evaluation.info.muv3Variants = 7
    input.evaluation.info.straw.distance = 1
    for variable in L1Variable.allCases {
      switch (variable.kind, input.value(of: variable)) {
      case (.real, .number(let value)?): #expect(value.isFinite, "\(variable)")
      case (.integer, .integer?), (.code, .integer?), (.masks, .integer?), (.bits, .integer?),
        (.truth, .flag?):
        break
      default: Issue.record("\(variable)")
      }
    }
  }
}
