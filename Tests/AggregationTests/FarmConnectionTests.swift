import Foundation
import SpillwayTestSupport
import Testing

@testable import Aggregation
@testable import TriggerPipeline

@Suite("Nodes and aggregator over ZeroMQ")
struct FarmConnectionTests {
  private static func identity(_ node: UInt32) -> NodeReport.Identity {
    .init(node: node, nodes: 2, instance: "i\(node)", version: "1", configuration: "hash")
  }

  @Test(
    "addresses", arguments: ["tcp://127.0.0.1:0", "tcp://*:8463", "tcp://[::1]:1", "tcp://node-3.farm:65535"])
  func addresses(_ text: String) throws {
    #expect(throws: Never.self) { try FarmEndpoint(text) }
  }

  @Test(arguments: [
    "", "127.0.0.1:1", "tcp://", "tcp://:1", "tcp://a:65536", "tcp://a:b", "ipc:///tmp/x", "tcp://a b:1",
  ])
  func noAddresses(_ text: String) throws {
    let error = #expect(throws: FarmError.self) { try FarmEndpoint(text) }
    #expect(error?.description.contains("expected tcp://host:port") == true)
  }

  @Test("what two nodes tell comes, with keys and without", arguments: [false, true])
  func tells(_ hasKey: Bool) async throws {
    let key = hasKey ? try FarmKey() : nil
    let server = try await FarmServer.start(
      FarmEndpoint("tcp://127.0.0.1:0"), farm: FarmFixture.farm(), key: key)
    let endpoint = try FarmEndpoint(server.endpoint)
    #expect(endpoint.isLoopback && endpoint.port > 0)
    var links: [NodeLink] = []
    for node: UInt32 in 0..<2 {
      let link = try await NodeLink.start(endpoint, NodeReport(Self.identity(node)), key: key)
      #expect(await link.verdict(within: .seconds(60)) == .accepted)
      links.append(link)
    }
    let counts = FarmFixture.counts([10, 20])
    for link in links {
      try link.withReport {
        $0.settle(counts: try counts.data(), newBursts: try counts.burstData())
        $0.add(alert: FarmFixture.alert(7))
        $0.end()
      }
      #expect(await link.finish(within: .seconds(60)))
    }
    let farm = server.withFarm { farm, _ in farm }
    #expect(farm.hasEnded)
    #expect(try farm.counts().bursts.map(\.burst.events) == [20, 40])
    #expect(farm.alerts.count == 1)
    #expect(farm.books.closes)
    await server.stop()
    // The address is free again.
    let next = try await FarmServer.start(endpoint, farm: FarmFixture.farm())
    await #expect(throws: FarmError.self) {
      try await FarmServer.start(endpoint, farm: FarmFixture.farm())
    }
    await next.stop()
  }

  @Test("without the aggregator's key nobody is heard")
  func otherKey() async throws {
    let server = try await FarmServer.start(
      FarmEndpoint("tcp://127.0.0.1:0"), farm: FarmFixture.farm(), key: FarmKey())
    for key in [try FarmKey(), nil] {
      let link = try await NodeLink.start(
        FarmEndpoint(server.endpoint), NodeReport(Self.identity(0)), key: key)
      #expect(await link.verdict(within: .milliseconds(300)) == .none)
      #expect(await !link.finish(within: .zero))
    }
    #expect(server.withFarm { farm, _ in farm.books.messages } == 0)
    await server.stop()
  }

  @Test("keys go to a file of their owner and come back; others' eyes are refused")
  func keys() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/farm.key"
      let key = try FarmKey()
      try key.write(to: path)
      #expect(try FarmKey(file: path) == key)
      let shown = try FarmKey(file: path + ".pub")
      #expect(shown.publicKey == key.publicKey && shown.secretKey == nil)
      #expect(throws: FarmError.self) { try key.write(to: path) }
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      let error = #expect(throws: FarmError.self) { try FarmKey(file: path) }
      #expect(error?.description.contains("others may read") == true)
      for text in [
        "", "public x\n", "secret \(key.publicKey)\n", "public \(key.publicKey)\nother \(key.publicKey)\n",
      ] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: FarmError.self) { try FarmKey(file: path) }
      }
      await #expect(throws: FarmError.self) {
        try await FarmServer.start(FarmEndpoint("tcp://127.0.0.1:0"), farm: FarmFixture.farm(), key: shown)
      }
    }
  }
}
