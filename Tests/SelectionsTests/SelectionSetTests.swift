import Configuration
import CountingStatistics
import Selections
import Testing

@Suite struct SelectionSetTests {
  private func failure(_ text: String) throws -> ConfigurationError {
    try #require(throws: ConfigurationError.self) {
      try SelectionSet.parse(text: text, file: "test.yaml")
    }
  }

  private static let shipped =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/Configs/selections/first-counting.yaml"

  @Test func shippedSelectionsLoad() throws {
    let set = try SelectionSet.load(path: Self.shipped)
    #expect(set.selections.map(\.name) == ["exotic-multi-track", "displaced-vertex", "one-track-pnn"])
    for selection in set.selections {
      #expect(selection.backgroundProvenance.trust == .illustrative)
      #expect(selection.experiment.confidenceLevel == 0.9)
      #expect(!selection.isBlind)
    }
  }

  @Test func shippedExoticSelectionTakesThreeTracksAndLeavesOverflows() throws {
    let exotic = try #require(try SelectionSet.load(path: Self.shipped).selections.first)
    #expect(exotic.verdict(on: .straw(flags: 6, tracks: 3)).isSelected)
    #expect(exotic.verdict(on: .straw(flags: 6, tracks: 6)) == .failed(condition: 4))
    #expect(exotic.verdict(on: .sample) == .unavailable(condition: 3))
    var control = SelectionInput.straw(flags: 6, tracks: 3)
    control.event.l0.dataType.insert(.control)
    #expect(exotic.verdict(on: control) == .failed(condition: 0))
  }

  @Test func effectiveFormLoadsBackToTheSameSelections() throws {
    let everything = file(
      [
        "l0.mask: 3", "l0.word: { none_of: [special, 0x41] }",
        "straw.p0: { min: -1.5 GeV/c, max: 1e5 MeV/c }",
        "timestamp: { max: 4000000000 ticks }", "fine_time: 3 ticks/256", "muv3.tiles: { min: 2 }",
        "l1.accepted_masks: { all_of: [1], any_of: [2, 3], none_of: [15] }", "lav.processed: true",
        "straw.vertex_z3: { max: 105 m }", "straw.flags: { none_of: [pnn] }",
      ],
      extra: [
        "description: 'with: a colon'", "efficiency: 0.25", "confidence_level: 0.95", "alert: false",
        "normalisation: { exposure: 1.4e12, acceptance: 0.1, unit: kaon decays, trust: M, source: x }",
      ])
    let sets = [
      try SelectionSet.load(path: Self.shipped),
      try SelectionSet.parse(text: everything, file: "test.yaml"),
    ]
    for set in sets {
      let again = try SelectionSet.parse(text: set.effective.yaml(), file: "effective.yaml")
      #expect(again == set)
      #expect(again.hash == set.hash)
    }
  }

  @Test func hashDependsOnMeaningAndNotOnSpelling() throws {
    let a = try SelectionSet.parse(text: file(["straw.p0: { max: 50 GeV/c }"]), file: "a")
    let b = try SelectionSet.parse(
      text: "# other\n" + file(["straw.p0: { max: 50000 MeV/c }"], extra: ["efficiency: 1.0"]), file: "b")
    let c = try SelectionSet.parse(text: file(["straw.p0: { max: 50001 MeV/c }"]), file: "c")
    #expect(a.hash == b.hash)
    #expect(a.hash != c.hash)
    #expect(a.hash.utf8.count == 64)
  }

  @Test func leftOutKeysTakeTheirDefaults() throws {
    let selection = try #require(
      try SelectionSet.parse(text: file(["l0.mask: 3"]), file: "test.yaml").selections.first)
    #expect(selection.isBlind)
    #expect(selection.requiresKept)
    #expect(selection.raisesAlert)
    #expect(selection.experiment.efficiency == 1)
    #expect(selection.experiment.normalisation == nil)
  }

  @Test func unknownVariableSuggestsTheNearest() throws {
    let error = try failure(file(["straw.track: 3"]))
    #expect(error.suggestion == "straw.tracks")
    #expect(error.line == 5)
    #expect(error.problem == "unknown variable")
  }

  @Test func wrongAndMissingUnitsAreErrors() throws {
    #expect(try failure(file(["straw.p0: { max: 50000 mm }"])).problem.contains("wrong unit"))
    #expect(try failure(file(["straw.p0: { max: 50000 MeV }"])).suggestion == "MeV/c")
    #expect(try failure(file(["straw.p0: { max: 50000 }"])).problem.contains("unit is missing"))
    #expect(try failure(file(["chod.hits: 3 mm"])).problem.contains("whole number"))
  }

  @Test func impossibleConditionsAreErrors() throws {
    #expect(try failure(file(["straw.tracks: { min: 5, max: 3 }"])).problem.contains("above 'max'"))
    #expect(
      try failure(file(["straw.flags: { all_of: [pnn], none_of: [pnn] }"])).problem.contains("forbids"))
    #expect(try failure(file(["l0.word: { any_of: [1], none_of: [1] }"])).problem.contains("forbids"))
    #expect(try failure(file(["straw.flags: { all_of: [] }"])).problem.contains("empty"))
    #expect(try failure(file(["straw.tracks: {}"])).problem.contains("neither"))
    #expect(try failure(file(["l0.mask: 16"])).problem.contains("0 to 15"))
    #expect(try failure(file(["straw.cda: 3 mm"])).problem.contains("'min' and 'max'"))
    #expect(try failure(file(["l0.mask: 1\n        l1.word: accepted"])).problem.contains("one variable"))
  }

  @Test func unknownFlagSuggestsTheNearest() throws {
    let error = try failure(file(["straw.flags: { all_of: [exotc] }"]))
    #expect(error.suggestion == "exotic")
    #expect(error.problem.contains("unknown flag"))
    #expect(try failure(file(["l0.word: specal"])).suggestion == "special")
  }

  @Test func duplicateNamesAreErrors() throws {
    let text = file(["l0.mask: 1"]) + entry(["l0.mask: 2"]).joined(separator: "\n")
    let error = try failure(text)
    #expect(error.problem.contains("two selections are named 'sample'"))
    #expect(error.line == 7)
  }

  @Test func emptyFilesSelectionsAndConditionsAreErrors() throws {
    #expect(
      try failure("schema: spillway.selections/1\nselections: []").problem.contains("at least one selection"))
    let empty = file([]).replacing("conditions:", with: "conditions: []")
    #expect(try failure(empty).problem.contains("at least one condition"))
    #expect(try failure("schema: spillway.menu/1\nselections: []").problem.contains("spillway.selections/1"))
  }

  @Test func backgroundHasAnUncertaintyAndItsShape() throws {
    let lines = file(["l0.mask: 1"], background: "7.03, uncertainty: 0.94, shape: log-normal")
    let set = try SelectionSet.parse(text: lines, file: "t")
    let expected = set.selections[0].experiment.expectedBackground
    #expect(expected == (try UncertainQuantity(7.03, uncertainty: 0.94, shape: .logNormal)))
    // The effective form says the same again.
    let again = try SelectionSet.parse(text: set.effective.yaml(), file: "u")
    #expect(again.selections[0].experiment == set.selections[0].experiment)
    func problem(_ background: String) throws -> String {
      try failure(file(["l0.mask: 1"], background: background)).problem
    }
    #expect(try problem("1, shape: gamma").contains("without an uncertainty"))
    #expect(try problem("1, uncertainty: -1").contains("expected"))
    #expect(try problem("0, uncertainty: 1, shape: gamma").contains("above 0"))
    #expect(try problem("1, uncertainty: 1, shape: normal").contains("expected one of"))
  }

  @Test func planOfTheRunIsRead() throws {
    let plan = [
      "running:", "  unit: protons", "  total: 1.4e17", "  per_burst: 7e12",
      "  false_alarms: { accepted: 2, per: 1e18 }", "  trust: I", "  source: t",
    ]
    let set = try SelectionSet.parse(text: file(["l0.mask: 1"], extra: plan), file: "t")
    let running = try #require(set.selections[0].experiment.running)
    #expect(running.total == 1.4e17 && running.perPeriod == 7e12 && running.unit == "protons")
    #expect(running.falseAlarms?.rate == 2e-18)
    let again = try SelectionSet.parse(text: set.effective.yaml(), file: "u")
    #expect(again.hash == set.hash)
    func problem(_ line: Int, _ text: String) throws -> String {
      var plan = plan
      plan[line] = text
      return try failure(file(["l0.mask: 1"], extra: plan)).problem
    }
    #expect(try problem(2, "  total: 0").contains("above 0"))
    #expect(try problem(3, "  per_burst: 1e18").contains("at most the total"))
    #expect(try problem(4, "  false_alarms: { accepted: 1 }").contains("per"))
    #expect(try problem(4, "  alarms: 1").contains("unknown key"))
  }

  @Test func numbersOutsideTheirRangeAreErrors() throws {
    #expect(
      try failure(file(["l0.mask: 1"], background: "-0.1")).keyPath == "selections[0].background.events")
    for level in ["0", "1", "90", "-0.9"] {
      let error = try failure(file(["l0.mask: 1"], extra: ["confidence_level: \(level)"]))
      #expect(error.problem.contains("below 1"))
    }
    for efficiency in ["0", "1.01", "-1"] {
      let error = try failure(file(["l0.mask: 1"], extra: ["efficiency: \(efficiency)"]))
      #expect(error.problem.contains("at most 1"))
    }
    for exposure in ["0", "-1"] {
      let line = "normalisation: { exposure: \(exposure), acceptance: 1, unit: x, trust: I, source: x }"
      #expect(try failure(file(["l0.mask: 1"], extra: [line])).keyPath.hasSuffix("exposure"))
    }
  }

  @Test func unknownKeysNamesAndTrustAreErrors() throws {
    #expect(try failure(file(["l0.mask: 1"], extra: ["efficency: 1"])).suggestion == "efficiency")
    #expect(try failure(file(["l0.mask: 1"], name: "'a b'")).problem.contains("expected a name"))
    #expect(
      try failure(file(["l0.mask: 1"]).replacing("trust: I", with: "trust: Z")).problem.contains("one of P"))
  }
}
