import Configuration
import SpillwayTestSupport
import Testing

@testable import Simulation

@Suite struct ResponseConfigurationTests {
  /// The shipped file with one text replaced by another.
  private func load(_ text: String, _ other: String) throws -> ResponseConfiguration {
    let path = RepositoryPaths.path("Configs/simulation/detectors-2018.yaml")
    let shipped = try ConfigurationFile.text(path: path)
    #expect(shipped.contains(text))
    return try ResponseConfiguration(
      node: YAMLNode.parse(text: shipped.replacing(text, with: other), file: "detectors.yaml"))
  }

  @Test func theShippedFileHasTheKickAndTheWindows() throws {
    let configuration = try SimulationFixture.response()
    #expect(configuration.magnetKick == 0.270 && configuration.magnetZ == 196_995)
    #expect(configuration[.straw].slots == 16 && configuration[.straw].last == -246)
    #expect(configuration[.lav].clusterWindow == 128)
    #expect(configuration.newCHODInner.count == 18)
  }

  @Test func mistakesAreNamed() throws {
    for (text, other) in [
      ("kick: 0.270 GeV/c", "kick: 0.270 MeV/c"), ("photons: 13.2", "fotons: 13.2"),
      ("efficiency: 0.985", "efficiency: 1.2"), ("spillway-response/1", "spillway-response/2"),
      ("408, 409]", "408, 439]"), ("hysteresis: 1.5 mV", "hysteresis: 5 mV"),
    ] {
      #expect(throws: ConfigurationError.self, "\(other)") { try load(text, other) }
    }
  }
}
