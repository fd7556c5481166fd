import Testing

@testable import Selections

/// Each border of each region that the project ships.
@Suite struct ShippedRegionTests {
  private func check(
    _ name: String, _ points: [([String: Double], [String])]
  ) throws {
    let selection = try Shipped.selection(name)
    for (values, expected) in points { #expect(selection.regionNames(values) == expected, "\(values)") }
  }

  @Test func darkPhotonToMuons() throws {
    func at(_ z: Double, _ cda: Double) -> [String: Double] { ["vertex.z_tax": z, "vertex.cda_tax": cda] }
    try check(
      "DarkPhotonMuMu",
      [
        (at(23_000, 0), ["SR"]), (at(6000, 10), ["CR"]), (at((6000.0).nextUp, 10), ["SR"]),
        (at((40_000.0).nextDown, 10), ["SR"]), (at(40_000, 10), ["CR"]),
        (at(23_000, (20.0).nextDown), ["SR"]),
        (at(23_000, 20), ["CR"]), (at(-4000, 10), ["sideband"]), (at((-4000.0).nextUp, 10), ["CR"]),
        (at(50_000, 10), ["sideband"]), (at(23_000, 150), ["sideband"]), (at(-50_000, 0), ["sideband"]),
        (at((-50_000.0).nextDown, 0), []), (at(100_000, 600), ["sideband"]), (at(0, (600.0).nextUp), []),
        (at(.nan, 10), []),
      ])
  }

  @Test func darkPhotonToElectrons() throws {
    func at(_ z: Double, _ cda: Double) -> [String: Double] { ["vertex.z_tax": z, "vertex.cda_tax": cda] }
    // On the axes the border is exact: it is not in the signal region. Off them: 0.6^2 + 0.8^2 = 1.
    try check(
      "DarkPhotonEE",
      [
        (at(23_000, 0), ["SR"]), (at(46_000, 0), ["CR"]), (at((46_000.0).nextDown, 0), ["SR"]),
        (at(0, 0), ["CR"]), (at(1, 0), ["SR"]), (at(23_000, 40), ["CR"]), (at(23_000, 39.999), ["SR"]),
        (at(23_000 + 13_800, 31.999), ["SR"]), (at(23_000 + 13_800, 32.001), ["CR"]),
        (at(23_000 - 18_400, 24.001), ["CR"]), (at(23_000 - 18_400, 23.999), ["SR"]),
        (at(-4000, 0), ["sideband"]), (at(23_000, 150), ["sideband"]),
      ])
  }

  @Test func kaonToPionAndNeutrinos() throws {
    func at(_ m2: Double, _ p: Double = 20_000) -> [String: Double] { ["m2miss": m2, "track.pi.p": p] }
    try check(
      "Kpinunu",
      [
        (at((0.0).nextDown), ["Kmu2"]), (at(0), ["R1"]), (at((0.010).nextDown), ["R1"]), (at(0.010), ["CR1"]),
        (at((0.015).nextDown), ["CR1"]), (at(0.015), ["pipi"]), (at((0.021).nextDown), ["pipi"]),
        (at(0.021), ["CR2"]), (at((0.026).nextDown), ["CR2"]), (at(0.026), ["R2"]), (at(0.068), ["R2"]),
        (at((0.068).nextUp), ["3pi"]), (at(0.005, 35_000), ["R1"]), (at(0.005, (35_000.0).nextUp), []),
        (at(0.03, 45_000), ["R2"]),
      ])
  }

  @Test func kaonToPionAndFourElectrons() throws {
    func at(_ m: Double, _ m4e: Double = 200, difference: Double = 20) -> [String: Double] {
      ["m_pi4e": m, "m_4e": m4e, "pairs.difference": difference]
    }
    try check(
      "Kpi4e",
      [
        (at(493.677), ["SR"]), (at(493.677, difference: 9), ["SR", "SR-aa"]),
        (at(493.677, difference: 10), ["SR"]), (at(483.677), ["below-SR"]),
        (at((483.677).nextUp), ["SR"]), (at((503.677).nextDown), ["SR"]), (at(503.677), ["above-SR"]),
        (at(443.677), ["below-SR"]), (at((443.677).nextDown), []), (at(543.677), ["above-SR"]),
        (at((543.677).nextUp), []), (at(493.677, 120), ["pi0-peak"]), (at(493.677, (120.0).nextDown), ["SR"]),
        (at(493.677, 150), ["pi0-peak"]), (at(493.677, (150.0).nextUp), ["SR"]),
        (at(493.677, 135, difference: 1), ["pi0-peak"]),
      ])
  }

  @Test func normalisationOfFourElectrons() throws {
    try check(
      "K2piDoubleDalitz",
      [
        (["m_pi4e": 493.677], ["kaon-peak"]), (["m_pi4e": 483.677], ["below-peak"]),
        (["m_pi4e": 503.677], ["above-peak"]), (["m_pi4e": 443], []),
      ])
  }
}
