import Configuration
import Foundation
import SpillwayTestSupport
import Testing

@testable import Simulation

private func text(_ name: String) throws -> String {
  try String(
    contentsOf: RepositoryPaths.root.appendingPathComponent("Configs/simulation/\(name).yaml"),
    encoding: .utf8)
}

@Test func shippedConfigurationsHoldBeamAndDump() throws {
  let kaon = try GeneratorSupport.configuration("kaon-2018")
  #expect(kaon.beam?.rate == 750e6)
  #expect(kaon.beam?.passing == [.kaon])
  #expect(abs((kaon.halo?.rate ?? 0) - 135.3e6) < 1)
  #expect(kaon.dump == nil)
  #expect(abs(kaon.magnet.z - 196_995) < 1e-6)
  let dump = try GeneratorSupport.configuration("dump-2021")
  #expect(dump.beam == nil)
  #expect(dump.dump?.production.origin == Vector3(0, -22, 23_070))
  #expect(dump.dump?.channels.channels == [.electrons, .muons])
  // Few dark photons decay in the volume: 1e-18 to 1e-14 per proton at these values.
  #expect((1e-18...1e-14).contains(dump.dump?.production.decaysPerProton ?? 0))
}

@Test(arguments: [
  ("rate: 750 MHz", "rate: 750", "the unit is missing"),
  ("rate: 750 MHz", "rate: 75000 MHz", "a slice would hold more than 500000 events"),
  ("kaonDecays: standard", "kaonDecays: {mu+ n: 1}", "did you mean 'mu+ nu'?"),
  ("kaonDecays: standard", "kaonDecays: {mu+ nu: 0}", "no channel with a fraction above 0"),
  ("kaonDecays: standard", "kaonDecays: normal", "expected 'standard' or a mapping"),
  ("pion: 0.70208", "pion: 0.99", "the fractions add up to more than 1"),
  ("passing: [kaon]", "passing: [kaons]", "did you mean 'kaon'?"),
  ("range: [72.9 GeV, 77.2 GeV]", "range: [75.9 GeV, 77.2 GeV]", "the range has to hold the mean"),
  ("axion: 0.100 GeV", "axion: 0.200 GeV", "no decay is possible with these masses"),
  ("decays: [102.425 m, 265 m]", "decays: [102.425 m, 275 m]", "beyond 'end'"),
  ("decays: [102.425 m, 265 m]", "decays: [92 m, 265 m]", "begins before the plane of the beam"),
  ("particle: mu-", "particle: mu", "expected one of mu+, mu-"),
  ("framesPerSlice: 16", "framesPerSlice: 0", "from 1 to 1000000"),
  ("duration: 4.8 s", "duration: 4800 s", "at most"),
])
func impossibleConfigurationsAreErrorsWithAPlace(_ old: String, _ new: String, _ problem: String) throws {
  let original = try text("kaon-2018")
  let changed = original.replacingOccurrences(of: old, with: new)
  #expect(changed != original)
  let error = #expect(throws: ConfigurationError.self) {
    try BurstConfiguration(node: YAMLNode.parse(text: changed, file: "k.yaml"))
  }
  #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
  #expect(error?.description.hasPrefix("k.yaml:") == true)
}

@Test(arguments: [
  ("decays: [105 m, 180 m]", "decays: [105 m, 280 m]", "beyond 'end'"),
  ("mass: 0.300 GeV", "mass: 0.700 GeV", "at most 0.6 GeV"),
  ("channels: standard", "channels: {mu+ mu-: 1}", ""),
  ("mixing: 1.0e-6", "mixing: 1.0", "no dark photon decays in the range"),
])
func impossibleDumpsAreErrors(_ old: String, _ new: String, _ problem: String) throws {
  let changed = try text("dump-2021").replacingOccurrences(of: old, with: new)
  let node = try YAMLNode.parse(text: changed, file: "d.yaml")
  if problem.isEmpty {
    #expect(try BurstConfiguration(node: node).dump?.channels.channels == [.muons])
    return
  }
  let error = #expect(throws: ConfigurationError.self) { try BurstConfiguration(node: node) }
  #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
}

@Test func quantileTablesAreStraightBetweenTheirQuantiles() throws {
  let table = try #require(QuantileTable([1, 5, 10, 25, 50, 75, 90, 95, 99]))
  #expect(abs(table.value(at: 0.375) - 37.5) < 1e-12)
  #expect(abs(table.value(at: 0)) < 1e-12)
  #expect(abs(table.value(at: 1) - 100) < 1e-12)
  #expect(QuantileTable([1, 5, 10, 25, 50, 75, 90, 95]) == nil)
  #expect(QuantileTable([1, 5, 10, 25, 50, 75, 90, 95, 94]) == nil)
}
