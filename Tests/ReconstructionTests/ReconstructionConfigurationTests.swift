import Configuration
import Foundation
import SpillwayTestSupport
import Testing

@testable import Reconstruction

@Suite struct ReconstructionConfigurationTests {
  private static let path = RepositoryPaths.path("Configs/reconstruction/na62-2018.yaml")

  private func problem(replacing old: String, by new: String) throws -> String {
    let text = try ConfigurationFile.text(path: Self.path)
    let changed = text.replacingOccurrences(of: old, with: new)
    #expect(changed != text)
    do {
      _ = try ReconstructionConfiguration(node: YAMLNode.parse(text: changed, file: "test.yaml"))
    } catch {
      return "\(error)"
    }
    return ""
  }

  @Test func theShippedFileIsRead() throws {
    let configuration = try ReconstructionFixture.configuration()
    #expect(configuration.magnet.kick == 0.27 && configuration.magnet.z == 196_995)
    #expect(configuration.dump.point == SIMD3(0, -22, 23_070))
    #expect(configuration.beam.slope == SIMD2(0.0012, 0))
    #expect(configuration.vertex.tripleCharges == [1])
  }

  @Test func whatIsWrongIsNamed() throws {
    #expect(try problem(replacing: "sharedBehind:", by: "sharedBehnd:").contains("sharedBehind"))
    #expect(try problem(replacing: "kick: 0.2700 GeV", by: "kick: 0.2700 MeV").contains("MeV"))
    #expect(try problem(replacing: "tripleCharges: [1]", by: "tripleCharges: [2]").contains("charge of 2"))
    #expect(try problem(replacing: "[3 GeV, 200 GeV]", by: "[200 GeV, 3 GeV]").contains("range"))
  }
}
