import Foundation
import SpillwayTestSupport
import Testing

@Suite("From simulate to replay --truth, through files")
struct TruthReplayTests {
  private static let menu = RepositoryPaths.menu("kaon-2018.yaml")

  private func simulate(_ directory: String, _ name: String, workers: Int, seed: Int = 5) async throws {
    let run = try await SpillwayProcess(
      "simulate", "kaon", "--menu", Self.menu, "--configuration",
      RepositoryPaths.path("Configs/simulation/kaon-2018.yaml"), "--response",
      RepositoryPaths.path("Configs/simulation/detectors-2018.yaml"), "--intensity", "0.02", "--from", "2",
      "--to",
      "2.004", "--seed", "\(seed)", "--workers", "\(workers)", "--out", "\(directory)/\(name).pcap",
      "--truth",
      "\(directory)/\(name).jsonl")
    #expect(run.code == 0, "\(run.errors)")
  }

  @Test("the truth of a stream gives its efficiencies, whatever the number of workers")
  func efficiencies() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try await simulate(directory, "a", workers: 1)
      try await simulate(directory, "b", workers: 3)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/a.jsonl"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/b.jsonl")) == bytes)
      var results: [SpillwayProcess] = []
      for workers in [1, 3] {
        let run = try await SpillwayProcess(
          "replay", "\(directory)/a.pcap", "--menu", Self.menu, "--truth", "\(directory)/a.jsonl",
          "--json", "--out", "\(directory)/run\(workers)", "--workers", "\(workers)")
        run.expect(0, [])
        results.append(run)
      }
      for name in ["truth.json", "efficiencies.csv"] {
        let files = try [1, 3].map {
          try Data(contentsOf: URL(fileURLWithPath: "\(directory)/run\($0)/\(name)"))
        }
        #expect(files[0] == files[1])
      }
      let truth = try #require(try results[0].json()["truth"] as? [String: Any])
      let events = try #require(truth["events"] as? [String: Int])
      #expect(events["without_truth"] == 0 && events["not_in_stream"] == 0 && events["stray_hits"] == 0)
      #expect((events["triggers"] ?? 0) > 5)
      #expect((truth["notes"] as? [String])?.isEmpty == true)
      // The emulation finds the very triggers that the simulation made.
      let rows = try #require(truth["efficiencies"] as? [[String: Any]])
      func lines(_ source: String) -> [String] {
        rows.filter { row in
          row["source"] as? String == source
            && ["l0", "purity", "l0_any"].contains(row["quantity"] as? String ?? "")
        }.map { "\($0["quantity"] ?? "") \($0["number"] ?? "") \($0["channel"] ?? "") \($0["passed"] ?? "")" }
      }
      #expect(lines("emulated") == lines("recorded") && !lines("recorded").isEmpty)
    }
  }

  @Test("the truth of another stream, and what is no truth, end the replay")
  func another() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try await simulate(directory, "a", workers: 2)
      try await simulate(directory, "c", workers: 2, seed: 6)
      let stream = "\(directory)/a.pcap"
      try await SpillwayProcess(
        "replay", stream, "--menu", Self.menu, "--truth", "\(directory)/c.jsonl"
      ).expectUsage("the truth belongs to another stream")
      try await SpillwayProcess("replay", stream, "--menu", Self.menu, "--truth", stream).expectUsage(
        "a.pcap:1: ")
      try await SpillwayProcess("replay", stream, "--menu", Self.menu, "--truth", "-").expectUsage(
        "give a file")
      try await SpillwayProcess(
        "replay", stream, "--menu", Self.menu, "--truth", "\(directory)/c.jsonl", "--truth-window", "1e5"
      ).expectUsage("--truth-window")
    }
  }
}
