import Foundation
import SpillwayTestSupport
import Testing

/// Runs that were killed and go on, runs that are reported again, and runs that are added up.
@Suite("Ledgers: resume, report, merge")
struct ResumeTests {
  private static let menu = RepositoryPaths.menu("kaon-2018.yaml")
  private static let selections = ["k3pi", "kpi4e", "first-counting"].map {
    RepositoryPaths.path("Configs/selections/\($0).yaml")
  }
  private static let stream = RepositoryPaths.replay("pi4e-2018.pcap.gz")
  /// What follows from the data alone.
  private static let files = [
    "rates.csv", "hlt.csv", "counts.json", "alerts.jsonl", "unfinished.csv", "l0-rates.csv", "primitives.csv",
    "l0.json", "run.json", "workspace.json",
  ]

  private static func replay(_ inputs: [String], _ directory: String, _ more: String...) -> [String] {
    setenv("SOURCE_DATE_EPOCH", "0", 1)
    return ["replay"] + inputs + ["--menu", menu, "--selections"] + selections + ["--out", directory] + more
  }

  private static func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

  private static func size(_ path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  @Test("killed at three moments and resumed, a run ends with the bytes of one that was never interrupted")
  func killed() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let stream = "\(directory)/looped.pcap"
      try LoopedCapture.write(Self.stream, copies: 3, to: stream)
      let whole = "\(directory)/whole"
      let table = "\(directory)/decisions.csv"
      try await SpillwayProcess(Self.replay([stream], whole, "--decisions", table)).done()
      let decisions = try #require(Self.bytes(table))
      let opened = try await SpillwayProcess("unblind", whole, "Kpi4e", "--reason", "test")
      // Moments by what has been written, so that no clock is asked: seeded, not at ends of bursts.
      var random = SplitMix64(seed: 11)
      let most = Self.size("\(whole)/alerts.jsonl")
      for number in 0..<3 {
        let run = "\(directory)/run-\(number)"
        let alerts = "\(run)/alerts.jsonl"
        // Behind the first of the three bursts, so that there is a checkpoint.
        let least = most / 2 + Int(random.next() % UInt64(most * 3 / 8))
        let killed = try await SpillwayProcess(
          Self.replay([stream], run, "--decisions", table), isToDie: { Self.size(alerts) > least })
        #expect(killed.code == -9)
        let again = try await SpillwayProcess(Self.replay([stream], run, "--decisions", table, "--resume"))
        again.done()
        #expect(!again.errors.contains("begins anew"))
        for file in Self.files {
          #expect(Self.bytes("\(run)/\(file)") == Self.bytes("\(whole)/\(file)"), "\(file), \(number)")
        }
        #expect(Self.bytes(table) == decisions)
        let mine = try await SpillwayProcess("unblind", run, "Kpi4e", "--reason", "test")
        #expect(mine.output.replacing(run, with: whole) == opened.output)
        let ended = try await SpillwayProcess(Self.replay([stream], run, "--decisions", table, "--resume"))
        #expect(ended.code == 0 && ended.errors.contains("has ended"))
      }
    }
  }

  @Test("a run goes on with its own inputs, configuration and options only")
  func refused() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let stream = "\(directory)/looped.pcap"
      try LoopedCapture.write(Self.stream, copies: 3, to: stream)
      let run = "\(directory)/run"
      let killed = try await SpillwayProcess(
        Self.replay([stream], run),
        isToDie: { Self.size("\(run)/alerts.jsonl") > 0 && Self.size("\(run)/ledger.sqlite-wal") > 1 << 20 })
      try #require(killed.code == -9)
      func expect(_ arguments: [String], _ text: String) async throws {
        let refused = try await SpillwayProcess(arguments)
        #expect(refused.code == 2)
        #expect(refused.messages.count == 1 && refused.errors.contains(text), "\(refused.errors)")
      }
      try await expect(Self.replay([Self.stream], run, "--resume"), "is not the file")
      try await expect(Self.replay([stream, Self.stream], run, "--resume"), "begun with 1 inputs")
      try await expect(Self.replay([stream], run, "--resume", "--limit", "7"), "no --limit")
      var other = Self.replay([stream], run, "--resume")
      other.removeAll { $0 == Self.selections[0] }
      try await expect(other, "menu, selections or detectors")
      let opened = try await SpillwayProcess("unblind", run, "Kpi4e", "--reason", "test")
      #expect(opened.code == 1 && opened.errors.contains("has not ended"))
      // A file that was cut since cannot be appended to.
      try Data().write(to: URL(fileURLWithPath: "\(run)/alerts.jsonl"))
      let cut = try await SpillwayProcess(Self.replay([stream], run, "--resume"))
      #expect(cut.code == 1 && cut.errors.contains("were written before the run was interrupted"))
    }
  }

  @Test("report gives the bytes of the replay again, from the ledger alone")
  func report() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let run = "\(directory)/run"
      let replayed = try await SpillwayProcess(Self.replay([Self.stream], run, "--json"))
      try await SpillwayProcess("report", run, "--out", "\(directory)/again").done()
      for file in ["rates.csv", "hlt.csv", "counts.json", "l0-rates.csv", "primitives.csv", "l0.json"] {
        let bytes = try #require(Self.bytes("\(run)/\(file)"))
        #expect(Self.bytes("\(directory)/again/\(file)") == bytes, "\(file)")
      }
      let json = try await SpillwayProcess("report", run, "--json")
      #expect(json.output == replayed.output)
      // The page but the times, which tell of the machine.
      let page = try await SpillwayProcess("report", run, "--html").output
      let original = String(decoding: try #require(Self.bytes("\(run)/report.html")), as: UTF8.self)
      let begin = try #require(original.range(of: "<h2>Time for each event")).lowerBound
      let end = try #require(original.range(of: "<h2>Books")).lowerBound
      #expect(page == original[..<begin] + original[end...])
      let missing = try await SpillwayProcess("report", "\(directory)/nothing")
      #expect(missing.code == 1 && missing.messages.count == 1)
    }
  }

  @Test("merged runs are the run of all inputs; what cannot be one run is refused")
  func merge() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      // Counters would run on from burst to burst, in L1 as in L0.
      let menu = "\(directory)/menu.yaml"
      let text = try String(contentsOfFile: Self.menu, encoding: .utf8)
        .replacing("autoflag_every: 10", with: "autoflag_every: 0")
        .replacing("../detectors", with: RepositoryPaths.path("Configs/detectors"))
        .replacing(try Regex("downscaling: [0-9]+"), with: "downscaling: 1")
      try text.write(toFile: menu, atomically: true, encoding: .utf8)
      let (one, two) = ("\(directory)/1.pcap", "\(directory)/2.pcap")
      try LoopedCapture.write(Self.stream, copies: 1, to: one)
      let both = "\(directory)/both.pcap"
      try LoopedCapture.write(Self.stream, copies: 2, to: both)
      try LoopedCapture.write(Self.stream, copies: 1, to: two, from: 1)
      func run(_ inputs: [String], _ name: String, _ more: [String] = []) async throws {
        setenv("SOURCE_DATE_EPOCH", "0", 1)
        try await SpillwayProcess(
          ["replay"] + inputs + ["--menu", menu, "--selections"] + Self.selections
            + ["--out", "\(directory)/\(name)"] + more
        ).done()
      }
      try await run([both], "whole")
      try await run([one], "a")
      try await run([two], "b", ["--first-burst", "2"])
      for (name, order) in [("ab", ["a", "b"]), ("ba", ["b", "a"])] {
        try await SpillwayProcess(
          ["merge"] + order.map { "\(directory)/\($0)" } + ["--into", "\(directory)/\(name)"]
        ).done()
        for file in ["rates.csv", "hlt.csv", "counts.json", "l0-rates.csv"] {
          let bytes = try #require(Self.bytes("\(directory)/whole/\(file)"))
          #expect(Self.bytes("\(directory)/\(name)/\(file)") == bytes, "\(file) of \(name)")
        }
      }
      #expect(Self.bytes("\(directory)/ab/run.json") == Self.bytes("\(directory)/ba/run.json"))
      #expect(Self.bytes("\(directory)/ab/alerts.jsonl") == Self.bytes("\(directory)/ba/alerts.jsonl"))
      func refused(_ arguments: [String], _ text: String) async throws {
        let process = try await SpillwayProcess(
          ["merge"] + arguments.map { "\(directory)/\($0)" } + ["--into", "\(directory)/no"])
        #expect(process.code == 2)
        #expect(process.messages.count == 1 && process.errors.contains(text), "\(process.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(directory)/no"))
      }
      try await run([one], "a2", ["--first-burst", "7"])
      try await refused(["a", "a2"], "each input counts once")
      try await run([two], "b1")
      try await refused(["a", "b1"], "both hold burst 1 of run 0")
      try await SpillwayProcess(Self.replay([two], "\(directory)/other", "--first-burst", "2")).done()
      try await refused(["a", "other"], "configuration hash")
      // What is sealed stays sealed and whole; a run that was opened is not merged.
      let (merged, whole) = (
        try await SpillwayProcess("unblind", "\(directory)/ab", "Kpi4e", "--reason", "test"),
        try await SpillwayProcess("unblind", "\(directory)/whole", "Kpi4e", "--reason", "test")
      )
      #expect(merged.output.replacing("\(directory)/ab", with: "\(directory)/whole") == whole.output)
      try await refused(["whole", "b"], "was unblinded in it")
    }
  }
}

extension SpillwayProcess {
  /// Expects that it did what it was asked for.
  fileprivate func done() { #expect(code == 0, "\(errors)") }
}
