import Foundation
import SpillwayTestSupport
import Testing

@Suite("A farm: nodes, their merge and their aggregator")
struct FarmTests {
  private static let stream = RepositoryPaths.replay("pi4e-2018.pcap.gz")
  /// A menu and selections, one of them blind, without counters that run over events: these run in each node by
  /// themselves.
  private static func withConfiguration(_ body: ([String]) async throws -> Void) async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let text = try String(contentsOfFile: RepositoryPaths.menu("kaon-2018.yaml"), encoding: .utf8)
      let menu = "\(directory)/menu.yaml"
      let plain = text.replacing("autoflag_every: 10", with: "autoflag_every: 0")
        .replacing("../detectors", with: RepositoryPaths.path("Configs/detectors"))
      try #require(plain.contains("autoflag_every: 0"))
      try plain.write(toFile: menu, atomically: true, encoding: .utf8)
      let selections = ["k3pi", "kpi4e", "first-counting"].map { "Configs/selections/\($0).yaml" }
      try await body(["--menu", menu, "--selections"] + selections)
    }
  }

  private static func replay(
    _ configuration: [String], _ out: String, _ options: String...
  ) async throws -> SpillwayProcess {
    try await SpillwayProcess(["replay", stream] + configuration + ["--out", out] + options)
  }

  /// Identities of the candidates in a run directory.
  private static func candidates(_ run: TemporaryRun) throws -> [String] {
    try run.text("alerts.jsonl").split(separator: "\n").map { line in
      try #require(
        (JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["id"] as? String)
    }
  }

  @Test("wrong options are told in one line")
  func usage() async throws {
    try await SpillwayProcess("replay", Self.stream, "--node", "0").expectUsage("give both, or none")
    try await SpillwayProcess("replay", Self.stream, "--node", "3", "--of", "3").expectUsage("one less than")
    try await SpillwayProcess("replay", Self.stream, "--report", "tcp://127.0.0.1:1").expectUsage(
      "needs --node")
    try await SpillwayProcess(
      "replay", Self.stream, "--node", "0", "--of", "1", "--report", "127.0.0.1:1"
    ).expectUsage("expected tcp://host:port")
    try await SpillwayProcess(
      "replay", Self.stream, "--node", "1", "--of", "2", "--l0-decisions", "/tmp/none"
    ).expectUsage("node 0 alone emulates L0")
    try await SpillwayProcess("aggregate").expectUsage("--nodes: expected 1 to 64")
    try await SpillwayProcess("aggregate", "--nodes", "1", "--bind", "udp://x").expectUsage(
      "expected tcp://host:port")
  }

  @Test("runs of all nodes, merged, are the run of one machine, sealed counts and candidates included")
  func merges() async throws { try await Self.withConfiguration { try await checkMerge($0) } }

  private func checkMerge(_ configuration: [String]) async throws {
    let runs = try (0..<4).map { _ in try TemporaryRun() }
    let merged = try TemporaryRun()
    defer { for run in runs + [merged] { run.remove() } }
    let whole = try await Self.replay(configuration, runs[3].path)
    #expect(whole.code == 0, "\(whole.errors)")
    for node in 0..<3 {
      let run = try await Self.replay(configuration, runs[node].path, "--node", "\(node)", "--of", "3")
      #expect(run.code == 0, "\(run.errors)")
    }
    // Two nodes are not the farm, and that is said.
    let part = try TemporaryRun()
    defer { part.remove() }
    let two = try await SpillwayProcess("merge", runs[0].path, runs[2].path, "--into", part.path)
    #expect(two.code == 0)
    #expect(two.errors.contains("the shares of these nodes are not in the sums: 1"))
    try await SpillwayProcess("merge", runs[0].path, runs[0].path + "/.", "--into", part.path + "x")
      .expectUsage(
        "each input counts once")
    try await SpillwayProcess("merge", runs[0].path, runs[3].path, "--into", part.path + "x").expectUsage(
      "merge runs of one farm")
    let merge = try await SpillwayProcess(
      "merge", runs[2].path, runs[0].path, runs[1].path, "--into", merged.path)
    #expect(merge.code == 0, "\(merge.errors)")
    for file in ["rates.csv", "hlt.csv", "counts.json", "l0-rates.csv", "primitives.csv"] {
      #expect(try merged.text(file) == runs[3].text(file), "\(file)")
    }
    #expect(try Self.candidates(merged).sorted() == Self.candidates(runs[3]).sorted())
    var opened: [String] = []
    for run in [runs[3], merged] {
      let box = try await SpillwayProcess("unblind", run.path, "Kpi4e", "--reason", "test")
      #expect(box.code == 0, "\(box.errors)")
      // The first line has the time of the opening.
      opened.append(
        box.output.split(separator: "\n").dropFirst().joined(separator: "\n").replacing(run.path, with: "RUN")
      )
    }
    #expect(opened[0] == opened[1])
  }

  @Test("an aggregator has the results of one machine when its nodes have ended, and shows them")
  func aggregates() async throws { try await Self.withConfiguration { try await checkAggregate($0) } }

  private func checkAggregate(_ configuration: [String]) async throws {
    let (whole, farm) = (try TemporaryRun(), try TemporaryRun())
    defer {
      whole.remove()
      farm.remove()
    }
    #expect(try await Self.replay(configuration, whole.path).code == 0)
    let aggregator = try ServingProcess(
      ["aggregate", "--nodes", "2", "--bind", "tcp://127.0.0.1:0", "--serve", "0", "--keep-serving"]
        + configuration + ["--out", farm.path])
    defer { aggregator.stop() }
    let url = try await aggregator.url()
    let line = try #require(aggregator.errors.split(separator: "\n").first { $0.hasPrefix("aggregator: ") })
    let endpoint = String(line.dropFirst("aggregator: ".count))
    // Another configuration.
    let other = try await SpillwayProcess(
      ["replay", Self.stream, "--node", "0", "--of", "2", "--report", endpoint])
    other.expectUsage("its configuration hash is")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for node in 0..<2 {
        group.addTask {
          let run = try await SpillwayProcess(
            ["replay", Self.stream] + configuration
              + ["--node", "\(node)", "--of", "2", "--report", endpoint, "--alerts-patience", "120"])
          #expect(run.code == 0, "\(run.errors)")
          #expect(!run.errors.contains("did not take"))
        }
      }
      try await group.waitForAll()
    }
    try await aggregator.waitForEnd(url)
    for file in ["rates.csv", "hlt.csv", "counts.json", "l0-rates.csv", "primitives.csv"] {
      #expect(try farm.text(file) == whole.text(file), "\(file)")
    }
    #expect(try Self.candidates(farm).sorted() == Self.candidates(whole).sorted())
    let nodes = try #require(try farm.json("run.json")["nodes"] as? [[String: Any]])
    #expect(nodes.map { $0["state"] as? String } == ["ended", "ended"])
    #expect(nodes.map { $0["dropped_events"] as? Int } == [0, 0])
    #expect(aggregator.errors.contains("was refused: its configuration hash is"))
    let shown = try farm.json("monitor.json")
    #expect((shown["status"] as? [String: Any])?["source"] as? String == "farm")
    #expect((shown["nodes"] as? [String: Any])?["endpoint"] as? String == endpoint)
  }
}
