import Testing

@testable import Selections

@Suite struct PhysicsVerdictTests {
  private static let pair = [
    "topology: vertex", "roles: [{ name: a, charge: +1, mass: pi }, { name: b, charge: -1, mass: mu }]",
  ]

  private func twoTracks() -> SelectionEvent {
    .vertex([(1, SIMD3(0, 0, 10_000)), (-1, SIMD3(0, 7, 20_000))])
  }

  @Test func eventsWithoutTheTriggerDoNotEnter() throws {
    let trigger =
      "trigger: { conditions: [l0.data_type: physics, l0.flags: { any_of: [4] }], trust: code, source: t }"
    let selection = try physics(Self.pair + [trigger, "cuts:", cut("c", "variable: vertex.chi2, max: 5")])
    #expect(selection.run(twoTracks()).outcome.isSelected)
    var event = twoTracks()
    event.input.event.l0.flags = 0x1000
    #expect(selection.run(event).outcome.verdict == .notEntered)
    event = twoTracks()
    event.input.decision.word = []
    #expect(selection.run(event).outcome.verdict == .notEntered)
  }

  @Test func candidateNeedsTheTracksAndTheirCharges() throws {
    let selection = try physics(Self.pair + ["cuts:", cut("c", "variable: vertex.chi2, max: 5")])
    #expect(selection.stepLabels[0] == "candidate: a vertex of 2 tracks with charge 0")
    #expect(selection.run(.sample).outcome.verdict == .failed(condition: 0))
    let same = SelectionEvent.vertex([(1, SIMD3(0, 0, 10_000)), (1, SIMD3(0, 7, 20_000))])
    #expect(selection.run(same).outcome.verdict == .failed(condition: 0))
    let three = SelectionEvent.vertex([(1, SIMD3(0, 0, 1)), (-1, SIMD3(0, 7, 1)), (-1, SIMD3(0, 7, 1))])
    #expect(selection.run(three).outcome.verdict == .failed(condition: 0))
    var unknown = twoTracks()
    unknown.tracks[.charge, 1] = .nan
    #expect(selection.run(unknown).outcome.verdict == .failed(condition: 0))
  }

  @Test func trackCandidatesHaveTheChargeOfTheRole() throws {
    for (role, charges) in [(1, [1.0, 2]), (-1, [-1])] {
      let selection = try physics([
        "topology: track", "roles: [{ name: a, charge: \(role), mass: mu }]", "cuts:",
        cut("p", "variable: track.a.p, min: 0 GeV/c"),
      ])
      for charge in [1.0, 2, 0, -1, .nan] {
        var event = SelectionEvent.sample
        event.add(charge: charge, SIMD3(0, 0, 1))
        #expect(selection.run(event).outcome.isSelected == charges.contains(charge), "\(role), \(charge)")
      }
    }
  }

  @Test func boundsSayWhetherTheBorderIsIn() throws {
    let bounds: [(String, below: Bool, at: Bool, above: Bool)] = [
      ("max: 5", true, true, false), ("below: 5", true, false, false), ("min: 5", false, true, true),
      ("above: 5", false, false, true), ("equals: 5", false, true, false),
      ("min: 5, max: 5", false, true, false), ("above: 5, max: 6", false, false, true),
    ]
    for (text, below, at, above) in bounds {
      let selection = try physics(Self.pair + ["cuts:", cut("c", "variable: vertex.chi2, \(text)")])
      for (value, expected) in [((5.0).nextDown, below), (5, at), ((5.0).nextUp, above)] {
        var event = twoTracks()
        event.vertices[.chi2, 0] = value
        #expect(selection.run(event).outcome.isSelected == expected, "\(text) at \(value)")
      }
    }
  }

  @Test func whatIsNotAvailableFailsAndIsCountedSo() throws {
    let selection = try physics(
      Self.pair + [
        "cuts:", cut("c", "variable: vertex.chi2, max: 5"), cut("z", "variable: vertex.z, max: 180 m"),
      ])
    #expect(selection.run(twoTracks()).outcome.verdict == .unavailable(condition: 2))
  }

  @Test func unitsAreConverted() throws {
    let selection = try physics(
      Self.pair + ["cuts:", cut("z", "variable: vertex.z, min: 105 m, max: 18000 cm")])
    var event = twoTracks()
    for (z, expected) in [(105_000.0, true), (104_999.9, false), (180_000, true), (180_000.1, false)] {
      event.vertices[.z, 0] = z
      #expect(selection.run(event).outcome.isSelected == expected)
    }
  }

  @Test func conditionsOnTracksCountThem() throws {
    func verdict(_ require: String, _ eop: [Double]) throws -> SelectionVerdict {
      let selection = try physics(
        Self.pair + ["cuts:", cut("e", "variable: tracks.eop, require: \(require), above: 0.8")])
      var event = twoTracks()
      for (track, value) in eop.enumerated() { event.tracks[.eop, track] = value }
      return selection.run(event).outcome.verdict
    }
    #expect(try verdict("all", [1, 0.9]) == .selected)
    #expect(try verdict("all", [1, 0.8]) == .failed(condition: 1))
    #expect(try verdict("all", [1, .nan]) == .unavailable(condition: 1))
    #expect(try verdict("all", [0.1, .nan]) == .failed(condition: 1))
    #expect(try verdict("any", [0.1, 0.9]) == .selected)
    #expect(try verdict("any", [.nan, 0.9]) == .selected)
    #expect(try verdict("any", [.nan, 0.1]) == .unavailable(condition: 1))
    #expect(try verdict("any", [0.2, 0.1]) == .failed(condition: 1))
    #expect(try verdict("{ max: 0 }", [0.2, 0.1]) == .selected)
    #expect(try verdict("{ max: 0 }", [.nan, 0.1]) == .unavailable(condition: 1))
    #expect(try verdict("{ min: 1, max: 1 }", [0.9, 0.1]) == .selected)
    #expect(try verdict("{ min: 1, max: 1 }", [0.9, 0.9]) == .failed(condition: 1))
    #expect(try verdict("{ min: 1 }", [0.9, .nan]) == .selected)
  }

  @Test func otherTracksAreThoseOutsideTheCandidate() throws {
    let selection = try physics(
      Self.pair + ["cuts:", cut("no", "variable: other_tracks.chi2, require: { max: 0 }, below: 20")])
    var event = twoTracks()
    event.tracks[.chi2, 0] = 1
    #expect(selection.run(event).outcome.isSelected)
    event.tracks[.chi2, event.add(charge: 1, SIMD3(0, 0, 5))] = 3
    #expect(selection.run(event).outcome.verdict == .failed(condition: 1))
  }

  @Test func alternativesHoldWhereOneDoes() throws {
    let either = cut("c", "any_of: [{ variable: vertex.chi2, max: 1 }, { variable: vertex.z, max: 1 m }]")
    let both = cut("c", "all_of: [{ variable: vertex.chi2, max: 1 }, { variable: vertex.z, max: 1 m }]")
    let verdicts: [(chi2: Double, z: Double, any: SelectionVerdict, all: SelectionVerdict)] = [
      (1, .nan, .selected, .unavailable(condition: 1)),
      (2, .nan, .unavailable(condition: 1), .failed(condition: 1)),
      (2, 2000, .failed(condition: 1), .failed(condition: 1)), (1, 1000, .selected, .selected),
    ]
    for (chi2, z, any, all) in verdicts {
      var event = twoTracks()
      event.vertices[.chi2, 0] = chi2
      event.vertices[.z, 0] = z
      #expect(try physics(Self.pair + ["cuts:", either]).run(event).outcome.verdict == any)
      #expect(try physics(Self.pair + ["cuts:", both]).run(event).outcome.verdict == all)
    }
  }

  @Test func conditionsOfL1AndItsNumbersAreCuts() throws {
    let selection = try physics([
      "topology: event", "cuts:", cut("mask", "condition: { l0.mask: 12 }"),
      cut("tracks", "variable: straw.tracks, equals: 3"), cut("p", "variable: straw.p0, max: 10 GeV/c"),
    ])
    #expect(selection.stepLabels.count == 3)
    #expect(selection.run(SelectionEvent(.straw(flags: 0, tracks: 3))).outcome.isSelected)
    #expect(
      selection.run(SelectionEvent(.straw(flags: 0, tracks: 2))).outcome.verdict == .failed(condition: 1))
    #expect(selection.run(.sample).outcome.verdict == .unavailable(condition: 1))
  }

  @Test func bestCandidateIsTheFurthestThenOfTheSmallestChi2ThenTheFirst() throws {
    let selection = try physics(
      Self.pair + [
        "cuts:", cut("near", "variable: vertex.z, below: 180 m"),
        cut("pointing", "variable: vertex.cda_tax, below: 20 mm"),
      ])
    func best(_ vertices: [(chi2: Double, z: Double, cda: Double)]) -> Int {
      var event = SelectionEvent.sample
      let a = event.add(charge: 1, SIMD3(0, 0, 10))
      let b = event.add(charge: -1, SIMD3(0, 1, 10))
      for (chi2, z, cda) in vertices {
        let vertex = event.appendVertex()
        event.addMember(track: a)
        event.addMember(track: b)
        event.vertices[.chi2, vertex] = chi2
        event.vertices[.z, vertex] = z
        event.vertices[.cdaTAX, vertex] = cda
      }
      return selection.run(event).outcome.container
    }
    #expect(best([(1, 2e5, 1), (9, 1e5, 90), (2, 2e5, 1)]) == 1)
    #expect(best([(3, 1e5, 90), (2, 1e5, 90), (2, 1e5, 95)]) == 1)
    #expect(best([(.nan, 1e5, 1), (2, 1e5, 1)]) == 1)
    #expect(best([(9, 1e5, 1), (.nan, 1e5, 1)]) == 0)
    #expect(best([(1, 2e5, 1), (1, 2e5, 1)]) == 0)
  }

  @Test func assignmentThatPassesMostCutsIsTaken() throws {
    // Two positive tracks; the second is the one that can be the muon.
    let selection = try physics([
      "topology: vertex",
      "roles: [{ name: pi, charge: 1, mass: pi }, { name: mu, charge: 1, mass: mu }, { name: e, charge: -1, mass: e }]",
      "cuts:", cut("muon", "variable: track.mu.muv3, is: true"),
      cut("p", "variable: track.pi.p, max: 20 GeV/c"),
    ])
    var event = SelectionEvent.vertex([
      (1, SIMD3(0, 0, 30_000)), (-1, SIMD3(0, 0, 10)), (1, SIMD3(0, 0, 10_000)),
    ])
    for (track, muv3) in [1.0, 0, 0].enumerated() { event.tracks[.muv3, track] = muv3 }
    let (outcome, values) = selection.run(event)
    #expect(outcome.isSelected)
    #expect(values["track.pi.p"] == 10_000)
  }

  @Test func momentaAtTheVertexGoBeforeThoseOfTheTracks() throws {
    let selection = try physics(
      Self.pair + [
        "variables: { p: { momentum: [a, b] } }", "cuts:", cut("p", "variable: p, max: 100 GeV/c"),
      ])
    var event = SelectionEvent.sample
    event.add(charge: 1, SIMD3(0, 0, 10_000))
    event.add(charge: -1, SIMD3(0, 0, 20_000))
    event.addVertex([(0, SIMD3(0, 0, 11_000)), (1, SIMD3(repeating: .nan))])
    #expect(selection.run(event).values["p"] == 31_000)
  }

  @Test func membersThatDoNotExistAreNotAdded() {
    var event = SelectionEvent.sample
    event.addMember(track: 0)
    event.appendVertex()
    event.addMember(track: 0)
    event.addMember(track: -1)
    #expect(event.memberCount(ofVertex: 0) == 0)
  }

  @Test func tableForgetsTheEventBefore() {
    var event = twoTracks()
    event[.ktagSectors] = 7
    event.reset(.sample)
    #expect(event.tracks.count == 0)
    #expect(event.vertices.count == 0)
    #expect(event[.ktagSectors].isNaN)
    event.add(charge: 1, SIMD3(0, 0, 1))
    #expect(event.tracks[.chi2, 0].isNaN)
  }
}
