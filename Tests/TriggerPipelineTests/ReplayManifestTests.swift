import Configuration
import Foundation
import SpillwayTestSupport
import Testing

@Suite("Shipped streams")
struct ReplayManifestTests {
  @Test("each capture in Replay is named in the manifest with its SHA-256")
  func manifest() throws {
    let directory = RepositoryPaths.root.appendingPathComponent("Replay")
    let manifest = try String(contentsOf: directory.appendingPathComponent("manifest.yaml"), encoding: .utf8)
    let captures = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      .filter { $0.hasSuffix(".pcap.gz") }
    #expect(captures.count == 9)
    for name in captures {
      let bytes = try [UInt8](Data(contentsOf: directory.appendingPathComponent(name)))
      #expect(
        manifest.contains("file: \(name)\n    sha256: \(SHA256.hex(of: bytes))\n"), "manifest of \(name)")
    }
  }

  @Test("the stream of the main command has its 1000 events, all of them complete")
  func thousand() async throws {
    let outcome = try await PipelineFixture.run(
      [RepositoryPaths.replay("ordered-1000.pcap.gz")], workers: 2, runsAlone: false)
    #expect(outcome.events == 1000)
    #expect(outcome.unfinished.isEmpty)
    #expect(outcome.capture.packets == 7375)
    #expect(outcome.builder.closes)
  }
}
