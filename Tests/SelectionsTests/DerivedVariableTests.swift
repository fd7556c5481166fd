import Testing

@testable import Selections

@Suite struct DerivedVariableTests {
  private static let four = [
    "topology: vertex", "roles:", "  - { name: ep1, charge: +1, mass: e }",
    "  - { name: ep2, charge: +1, mass: e }",
    "  - { name: em1, charge: -1, mass: e }", "  - { name: em2, charge: -1, mass: e }",
  ]

  private func pairs(_ choose: String, _ momenta: [SIMD3<Double>]) throws -> [String: Double] {
    let selection = try physics(
      Self.four + [
        "variables:",
        "  pairs: { pairing: { positive: [ep1, ep2], negative: [em1, em2], choose: \(choose) } }", "cuts:",
        cut("any", "variable: pairs.mean, min: 0 MeV/c2"), "histograms:",
      ]
        + ["m1", "m2", "difference"].map {
          "  - { name: \($0), axes: [{ variable: pairs.\($0), bins: 1, from: 0 MeV/c2, to: 1 MeV/c2 }] }"
        })
    return selection.run(.vertex(zip([1, 1, -1, -1], momenta).map { ($0, $1) })).values
  }

  /// Near enough where the electron's mass is left out of the hand calculation.
  private func isNear(_ value: Double?, _ expected: Double, _ tolerance: Double = 0.02) -> Bool {
    value.map { abs($0 - expected) < tolerance } ?? false
  }

  @Test func pairingTakesTheMostConsistentMasses() throws {
    // Straight: E = 150, p = 50, m = 141.42; E = 200, p = 0, m = 200. Crossed: E = 200, p = 141.42, m = 141.42;
    // E = 150, p = 111.80, m = 100.
    let momenta: [SIMD3<Double>] = [
      SIMD3(100, 0, 0), SIMD3(0, 100, 0), SIMD3(-50, 0, 0), SIMD3(0, -100, 0),
    ]
    let values = try pairs("smallest-difference", momenta)
    #expect(isNear(values["pairs.m1"], 100))
    #expect(isNear(values["pairs.m2"], 141.4214))
    #expect(isNear(values["pairs.mean"], 120.7107))
    #expect(isNear(values["pairs.difference"], 41.4214))
    let nearest = try pairs("{ nearest: 200 MeV/c2 }", momenta)
    #expect(isNear(nearest["pairs.m1"], 141.4214))
    #expect(isNear(nearest["pairs.m2"], 200))
  }

  @Test func equalPairingsGiveTheOneOfTheFirstRoles() throws {
    // Straight: 200 and 200; crossed: 141.42 and 141.42: no difference in both.
    let values = try pairs(
      "smallest-difference",
      [SIMD3(100, 0, 0), SIMD3(0, 100, 0), SIMD3(-100, 0, 0), SIMD3(0, -100, 0)])
    #expect(isNear(values["pairs.mean"], 200))
    #expect(values["pairs.difference"] == 0)
  }

  private func pair(_ definition: String, _ unit: String, masses: String = "pi") throws -> PhysicsSelection {
    try physics([
      "topology: vertex", "roles:", "  - { name: a, charge: +1, mass: \(masses) }",
      "  - { name: b, charge: -1, mass: \(masses) }", "variables:", "  x: { \(definition) }", "cuts:",
      cut("any", "variable: x, min: \(unit.isEmpty ? "0" : "0 \(unit)")"),
    ])
  }

  @Test func invariantMassOfTwoPions() throws {
    // 2 sqrt(200^2 + 139.57039^2) = 487.77.
    let event = SelectionEvent.vertex([(1, SIMD3(200, 0, 0)), (-1, SIMD3(-200, 0, 0))])
    let mass = try pair("invariant_mass: [a, b]", "MeV/c2").run(event).values["x"]
    #expect(isNear(mass, 487.7702, 1e-3))
  }

  @Test func openingAngleOfADiagonal() throws {
    let event = SelectionEvent.vertex([(1, SIMD3(0, 0, 10)), (-1, SIMD3(0, 7, 7))])
    let angle = try pair("opening_angle: [a, b]", "rad").run(event).values["x"]
    #expect(isNear(angle, Double.pi / 4, 1e-12))
    let small = SelectionEvent.vertex([(1, SIMD3(0, 0, 10_000)), (-1, SIMD3(0, 1, 10_000))])
    #expect(isNear(try pair("opening_angle: [a, b]", "rad").run(small).values["x"], 1e-4, 1e-12))
  }

  @Test func transverseMomentumIsAcrossTheTiltedBeam() throws {
    // Along the beam: none. 30 MeV/c in y: all of it.
    let selection = try pair("transverse_momentum: [a, b]", "MeV/c")
    let along = SelectionEvent.vertex([(1, SIMD3(12, 0, 10_000)), (-1, SIMD3(24, 0, 20_000))])
    #expect(isNear(selection.run(along).values["x"], 0, 1e-9))
    let across = SelectionEvent.vertex([(1, SIMD3(12, 40, 10_000)), (-1, SIMD3(24, -10, 20_000))])
    #expect(isNear(selection.run(across).values["x"], 30, 1e-9))
  }

  @Test func missingMassOfATwoBodyDecayIsTheNeutralPion() throws {
    // K+ -> pi+ pi0 with the pion backwards in the kaon's frame, boosted along the tilted beam.
    let (mK, mPi, m0) = (493.677, 139.57039, 134.9768)
    let energy = (mK * mK + mPi * mPi - m0 * m0) / (2 * mK)
    let p = (energy * energy - mPi * mPi).squareRoot()
    let gamma = (75_000 * 75_000 + mK * mK).squareRoot() / mK
    let along = gamma * -p + (75_000 / mK) * energy
    let beam = SIMD3(1.2e-3, 0, 1) / (1 + 1.44e-6).squareRoot()
    let selection = try physics([
      "topology: track", "roles: [{ name: pi, charge: +1, mass: pi }]", "variables:",
      "  m2: { missing_mass_squared: [pi] }", "cuts:", cut("any", "variable: m2, min: -1 GeV2/c4"),
    ])
    var event = SelectionEvent.sample
    event.add(charge: 1, beam * along)
    #expect(isNear(selection.run(event).values["m2"], m0 * m0 * 1e-6, 1e-8))
  }

  @Test func arithmeticAndReductions() throws {
    let selection = try physics([
      "topology: vertex", "roles:", "  - { name: a, charge: +1, mass: e }",
      "  - { name: b, charge: -1, mass: e }",
      "variables:", "  d: { difference: [track.a.chod_time, track.b.chod_time] }", "  size: { absolute: d }",
      "  s: { sum: [track.a.chod_time, track.b.chod_time] }", "  r: { ratio: [s, d] }",
      "  least: { smallest: tracks.chod_time }", "  most: { largest: event_tracks.chod_time }",
      "  mean: { mean: tracks.chod_time }", "  other: { mean: other_tracks.chod_time }", "cuts:",
      cut("one", "variable: size, max: 100 ns"), cut("two", "variable: r, max: 100"),
      cut("three", "variable: least, max: 100 ns"), cut("four", "variable: most, max: 100 ns"),
      cut("five", "variable: mean, max: 100 ns"), cut("six", "variable: other, max: 100 ns"),
    ])
    var event = SelectionEvent.vertex([(1, SIMD3(0, 0, 10)), (-1, SIMD3(0, 7, 7))])
    event.add(charge: 1, SIMD3(0, 0, 5))
    event.tracks[.chodTime, 0] = 1
    event.tracks[.chodTime, 1] = 4
    event.tracks[.chodTime, 2] = 9
    let (outcome, values) = selection.run(event)
    #expect(outcome.isSelected)
    #expect(values["d"] == -3)
    #expect(values["size"] == 3)
    #expect(values["r"] == 5.0 / -3.0)
    #expect(values["least"] == 1)
    #expect(values["most"] == 9)
    #expect(values["mean"] == 2.5)
    #expect(values["other"] == 9)
    event.tracks[.chodTime, 2] = .nan
    #expect(selection.run(event).outcome.verdict == .unavailable(condition: 4))
  }
}
