import Configuration
import SpillwayTestSupport
import Testing

@testable import Selections

@Suite struct PhysicsSelectionSetTests {
  private static let pair = [
    "topology: vertex", "roles: [{ name: a, charge: +1, mass: pi }, { name: b, charge: -1, mass: pi }]",
    "variables: { m: { invariant_mass: [a, b] } }", "cuts:", cut("chi2", "variable: vertex.chi2, max: 4"),
  ]

  private func failure(_ lines: [String]) throws -> ConfigurationError {
    try #require(throws: ConfigurationError.self) {
      try PhysicsSelectionSet.parse(text: physicsFile(lines), file: "test.yaml")
    }
  }

  private func cutFailure(_ test: String) throws -> ConfigurationError {
    try failure(Self.pair.dropLast() + [cut("c", test)])
  }

  @Test func shippedSelectionsLoadTogether() throws {
    let set = try Shipped.all()
    #expect(
      set.selections.map(\.name) == [
        "K3pi", "Kpi4e", "K2piDoubleDalitz", "DarkPhotonMuMu", "DarkPhotonEE", "Kpinunu", "HaloMuonsPlus",
        "HaloMuonsMinus",
      ])
    #expect(
      set.selections.filter(\.isBlind).map(\.name) == ["Kpi4e", "DarkPhotonMuMu", "DarkPhotonEE", "Kpinunu"])
    for selection in set.selections where selection.isBlind {
      #expect(selection.regions.contains { $0.isBlind }, "\(selection.name)")
    }
    #expect(set.accounts().count == set.selections.count)
  }

  @Test func effectiveFormLoadsBackToTheSameSelections() throws {
    let first = "\(Shipped.root)/Configs/selections/first-counting.yaml"
    let set = try PhysicsSelectionSet.load(paths: Shipped.files.map(Shipped.path) + [first])
    let again = try PhysicsSelectionSet.parse(text: set.effective.yaml(), file: "effective.yaml")
    #expect(again == set)
    #expect(again.hash == set.hash)
    #expect(again.selections.map(\.stepLabels) == set.selections.map(\.stepLabels))
  }

  @Test func hashDependsOnMeaningAndNotOnSpelling() throws {
    func hash(_ z: String) throws -> String {
      let lines = Self.pair + [cut("z", "variable: vertex.z, below: \(z)")]
      return try PhysicsSelectionSet.parse(text: physicsFile(lines), file: "t").hash
    }
    #expect(try hash("180 m") == hash("180000 mm"))
    #expect(try hash("180 m") != hash("181 m"))
  }

  @Test func filesOfSchemaOneRunThroughTheSameEngine() throws {
    let path = "\(Shipped.root)/Configs/selections/first-counting.yaml"
    let old = try SelectionSet.load(path: path).selections
    let new = try PhysicsSelectionSet.load(paths: [path]).selections
    #expect(new.map(\.name) == old.map(\.name))
    var random = SplitMix64(seed: 12)
    var workspace = SelectionWorkspace(new)
    for _ in 0..<500 {
      let input = SelectionInput.random(&random)
      for (a, b) in zip(old, new) {
        #expect(b.evaluate(SelectionEvent(input), &workspace).verdict == a.verdict(on: input))
      }
    }
    #expect(new[0].counting?.experiment == old[0].experiment)
  }

  @Test func twoFilesWithOneNameAreAnError() throws {
    let error = try #require(throws: ConfigurationError.self) {
      try PhysicsSelectionSet.load(paths: [Shipped.path("k3pi"), Shipped.path("k3pi")])
    }
    #expect(error.problem.contains("two selections are named 'K3pi'"))
    let unknown = try #require(throws: ConfigurationError.self) {
      try PhysicsSelectionSet.parse(text: "schema: spillway.menu/1", file: "t")
    }
    #expect(unknown.problem.contains("spillway.selections/2"))
  }

  @Test func unknownNamesSuggestTheNearest() throws {
    #expect(try cutFailure("variable: vertx.z, max: 1 m").suggestion == "vertex.z")
    #expect(try cutFailure("variable: track.a.pp, max: 1 GeV/c").suggestion == "track.a.p")
    #expect(try cutFailure("variabel: m, max: 1 MeV/c2").suggestion == "variable")
    #expect(try cutFailure("variable: tracks.pp, require: all, max: 1 GeV/c").suggestion == "tracks.p")
    #expect(try failure(["topolgy: vertex"]).suggestion == "topology")
    #expect(try failure(["topology: vertx"]).suggestion == "vertex")
    let role = Self.pair.map { $0.replacing("[a, b]", with: "[a, c]") }
    #expect(try failure(role).problem.contains("unknown role 'c'"))
    let way = Self.pair.map { $0.replacing("invariant_mass", with: "invariant_mas") }
    #expect(try failure(way).suggestion == "invariant_mass")
    #expect(try failure(Self.pair + ["histograms: [{ name: h, axes: [], after: chi }]"]).suggestion == "chi2")
  }

  @Test func wrongUnitsAndBoundsAreErrors() throws {
    #expect(try cutFailure("variable: m, max: 5 mm").problem.contains("wrong unit"))
    #expect(try cutFailure("variable: m, max: 5").problem.contains("unit is missing"))
    #expect(try cutFailure("variable: vertex.chi2, max: 5 mm").problem.contains("expected a number"))
    #expect(try cutFailure("variable: m").problem.contains("expected a bound"))
    #expect(try cutFailure("variable: vertex.chi2, min: 5, max: 4").problem.contains("no value"))
    #expect(try cutFailure("variable: vertex.chi2, above: 5, below: 5").problem.contains("no value"))
    #expect(try cutFailure("variable: vertex.chi2, above: 5, min: 5").problem.contains("exclude each other"))
    #expect(try cutFailure("variable: vertex.chi2, below: 5, max: 5").problem.contains("exclude each other"))
    #expect(try cutFailure("variable: vertex.chi2, equals: 5, max: 5").problem.contains("cannot stand"))
    #expect(try cutFailure("variable: track.a.muv3, min: 1").problem.contains("'is: true'"))
    #expect(try cutFailure("variable: vertex.chi2, is: true").problem.contains("true or false"))
    #expect(try cutFailure("variable: event.lav_hits, max: 1.5").problem.contains("whole number"))
    #expect(try cutFailure("variable: vertex.chi2, max: .nan").problem.contains("expected"))
    #expect(try cutFailure("variable: vertex.chi2, max: 1e300").problem.contains("expected"))
  }

  @Test func malformedCutsAreErrors() throws {
    #expect(try cutFailure("max: 5").problem.contains("expected one of 'variable'"))
    #expect(try cutFailure("variable: tracks.p, max: 1 GeV/c").problem.contains("several tracks"))
    #expect(try cutFailure("variable: m, require: all, max: 1 MeV/c2").problem.contains("several tracks"))
    #expect(
      try cutFailure("variable: tracks.p, require: most, max: 1 GeV/c").problem.contains("'all', 'any'"))
    #expect(try cutFailure("variable: tracks.p, require: {}, max: 1 GeV/c").problem.contains("neither"))
    #expect(
      try cutFailure("variable: tracks.p, require: { min: 3, max: 2 }, max: 1 GeV/c").problem.contains(
        "above"))
    #expect(try cutFailure("variable: l0.flags, max: 5").problem.contains("not a number"))
    #expect(try cutFailure("condition: { l0.mask: 1 }, max: 5").problem.contains("cannot stand"))
    #expect(try cutFailure("any_of: [{ variable: m, max: 5 MeV/c2 }]").problem.contains("at least two"))
    #expect(try cutFailure("any_of: [], max: 5").problem.contains("cannot stand"))
    #expect(
      try failure(Self.pair + [cut("chi2", "variable: vertex.chi2, max: 3")]).problem.contains("two cuts"))
    let text = physicsFile(Self.pair).replacing("trust: chosen", with: "trust: M")
    let trust = try #require(throws: ConfigurationError.self) {
      try PhysicsSelectionSet.parse(text: text, file: "t")
    }
    #expect(trust.problem.contains("recalled-checked"))
    #expect(trust.line == 9)
  }

  @Test func malformedRolesAndVariablesAreErrors() throws {
    func roles(_ list: String, topology: String = "vertex") throws -> String {
      try failure(["topology: \(topology)", "roles: \(list)", "cuts: []"]).problem
    }
    let one = "{ name: a, charge: 1, mass: pi }"
    #expect(try roles("[\(one)]").contains("2 to 6 roles"))
    #expect(try roles("[\(one), \(one)]").contains("two roles"))
    #expect(try roles("[\(one)]", topology: "event").contains("no roles"))
    #expect(try roles("[{ name: a, charge: 0, mass: pi }]").contains("+1 or -1"))
    #expect(try roles("[{ name: a, charge: 2, mass: pi }]").contains("from -1 to 1"))
    #expect(try roles("[{ name: a, charge: 1, mass: tau }]").contains("expected one of e, mu"))
    func variable(_ definition: String) throws -> String {
      try failure(Self.pair.map { $0.replacing("{ invariant_mass: [a, b] }", with: definition) }).problem
    }
    #expect(try variable("{ opening_angle: [a] }").contains("expected 2 roles"))
    #expect(try variable("{ invariant_mass: [a, a] }").contains("repeated"))
    #expect(try variable("{ difference: [vertex.z, vertex.chi2] }").contains("no unit"))
    #expect(try variable("{ difference: [m, m] }").contains("unknown variable 'm'"))
    #expect(
      try variable("{ pairing: { positive: [a, b], negative: [a, b], choose: x } }").contains("the charge -1")
    )
    #expect(try variable("{ mean: vertex.z }").contains("several tracks"))
    #expect(try variable("{}").contains("expected one way"))
    let noBeam = physicsFile(Self.pair).replacing("invariant_mass: [a, b]", with: "missing_mass_squared: [a]")
      .split(separator: "\n").filter { !$0.hasPrefix("beam") }.joined(separator: "\n")
    let error = try #require(throws: ConfigurationError.self) {
      try PhysicsSelectionSet.parse(text: noBeam, file: "t")
    }
    #expect(error.problem.contains("nominal beam"))
  }

  @Test func malformedRegionsScansAndHistogramsAreErrors() throws {
    func region(_ text: String) throws -> String {
      try failure(Self.pair + ["regions: [{ name: SR, \(text), trust: chosen, source: t }]"]).problem
    }
    #expect(try region("blind: true").contains("expected one of interval"))
    #expect(try region("interval: { m: { max: 5 MeV/c2 }, vertex.z: { max: 5 m } }").contains("one variable"))
    #expect(try region("box: { m: { max: 5 MeV/c2 } }").contains("2 to 8 variables"))
    #expect(try region("interval: { m: { max: 5 MeV/c2 } }, border: inside").contains("for an ellipse"))
    #expect(try region("interval: { m: { max: 5 MeV/c2 } }, excluding: [CR]").contains("no region 'CR'"))
    let ellipse =
      "ellipse: { m: { center: 5 MeV/c2, semi_axis: 0 MeV/c2 }, vertex.z: { center: 0 m, semi_axis: 1 m } }"
    #expect(try region(ellipse).contains("'border' is missing"))
    #expect(try region("\(ellipse), border: inside").contains("above 0"))
    func scan(_ masses: String, _ window: String, _ variable: String = "m") throws -> String {
      let axis = "{ variable: \(variable), masses: \(masses), window: \(window) }"
      return try failure(Self.pair + ["scans: [{ name: s, axes: [\(axis)], trust: chosen, source: t }]"])
        .problem
    }
    let width = "{ half_width: 5 MeV/c2 }"
    #expect(try scan("{ from: 5 MeV/c2, to: 14 MeV/c2, step: 5 MeV/c2 }", width).contains("do not end"))
    #expect(try scan("{ from: 5 MeV/c2, to: 15 MeV/c2, step: 0 MeV/c2 }", width).contains("step above 0"))
    #expect(
      try scan("{ from: 0 MeV/c2, to: 1e9 MeV/c2, step: 1 MeV/c2 }", width).contains("100000 mass points"))
    #expect(try scan("[5 MeV/c2, 5 MeV/c2]", width).contains("rise"))
    #expect(try scan("[]", width).contains("rise"))
    #expect(try scan("[5 MeV/c2]", "{ half_width: 0 MeV/c2 }").contains("wider than 0"))
    #expect(try scan("[5 MeV/c2]", "{ sigmas: 3 }").contains("with a table"))
    #expect(try scan("[5 MeV/c2]", width, "vertex.z").contains("not a mass"))
    func axis(_ text: String) throws -> String {
      try failure(Self.pair + ["histograms: [{ name: h, axes: [\(text)] }]"]).problem
    }
    #expect(try axis("").contains("one or two axes"))
    #expect(try axis("{ variable: m, bins: 0, from: 0 MeV/c2, to: 1 MeV/c2 }").contains("from 1 to"))
    #expect(try axis("{ variable: m, bins: 2, from: 1 MeV/c2, to: 1 MeV/c2 }").contains("not below"))
    let wide = "{ variable: m, bins: 2000, from: 0 MeV/c2, to: 1 MeV/c2 }"
    #expect(try axis("\(wide), \(wide)").contains("1000000 bins"))
  }

  @Test func cutTextNeverBringsTheReaderDown() throws {
    var random = SplitMix64(seed: 99)
    let text = try #require(try? ConfigurationFile.text(path: Shipped.path("kpi4e")))
    let bytes = Array(text.utf8)
    for _ in 0..<60 {
      var broken = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: broken.indices, using: &random)
        if Bool.random(using: &random) {
          broken[at] = UInt8.random(in: 0x20...0x7E, using: &random)
        } else {
          broken.removeSubrange(at..<min(broken.count, at + Int.random(in: 1...40, using: &random)))
        }
      }
      _ = try? PhysicsSelectionSet.parse(text: String(decoding: broken, as: UTF8.self), file: "broken.yaml")
    }
  }
}
