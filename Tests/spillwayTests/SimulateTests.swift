import Foundation
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing
import TriggerPipeline

@Suite("spillway simulate")
struct SimulateTests {
  @Test("what is simulated can be piped into a replay, with the decisions of the stream")
  func pipe() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let capture = "\(directory)/burst.pcap"
      _ = FileManager.default.createFile(atPath: capture, contents: nil)
      let simulate = try await SpillwayProcess(
        [
          "simulate", "kaon", "--intensity", "0.02", "--from", "2", "--to", "2.0015", "--seed", "5",
          "--truth",
          "\(directory)/truth.jsonl",
        ], output: capture)
      simulate.expect(0, [])
      #expect(simulate.errors.contains("K+ -> mu+ nu") && simulate.errors.contains("1 burst"))
      let menu = RepositoryPaths.menu("kaon-2018.yaml")
      let replay = try await SpillwayProcess(["replay", "-", "--menu", menu, "--json"], input: capture)
      replay.expect(0, [])
      let compare = try await SpillwayProcess("compare", capture, "--menu", menu, "--against", "recorded")
      #expect(compare.output.contains("only emulated 0, only recorded 0, other lines 0"))
      let truth = try String(contentsOfFile: "\(directory)/truth.jsonl", encoding: .utf8)
      #expect(truth.contains("\"seed\":5,") && truth.contains("\"stray_decays\":0"))

      // The same seed, to a compressed file, with a summary for programs.
      let again = try await SpillwayProcess(
        "simulate", "kaon", "--intensity", "0.02", "--from", "2", "--to", "2.0015", "--seed", "5", "--out",
        "\(directory)/again.pcap.gz", "--workers", "3", "--json")
      again.expect(0, [])
      let summary = try again.json()
      #expect(summary["schema"] as? String == "spillway.simulation/1")
      #expect((summary["packets"] as? Int) ?? 0 > 1000)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: capture))
      #expect(try Self.frames("\(directory)/again.pcap.gz").bytes == Self.frames(capture).bytes)
      #expect(bytes.count > 100_000)
    }
  }

  @Test("decays can be forced, and added to a burst")
  func force() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let out = "\(directory)/a.pcap"
      let stretch = ["--from", "2", "--to", "2.0005", "--intensity", "0.01", "--out", out]
      let forced = try await SpillwayProcess(["simulate", "kaon", "--force", "pi+ e+ e- e+ e-"] + stretch)
      forced.expect(0, [])
      #expect(forced.errors.contains("K+ -> pi+ e+ e- e+ e-") && !forced.errors.contains("K+ -> mu+ nu"))
      let added = try await SpillwayProcess(
        ["simulate", "kaon", "--force", "piS", "--mass", "200", "--signal-rate", "20000"] + stretch)
      added.expect(0, [])
      #expect(added.errors.contains("K+ -> pi+ S") && added.errors.contains("K+ -> mu+ nu"))
      let dump = try await SpillwayProcess(
        "simulate", "dump", "--mass", "250", "--coupling", "2e-6", "--lepton", "mumu", "--signal-rate",
        "5000",
        "--from", "2", "--to", "2.005", "--out", out)
      dump.expect(0, [])
      #expect(dump.errors.contains("A' -> mu+ mu-") && !dump.errors.contains("A' -> e+ e-"))
    }
  }

  @Test(
    "wrong options cost one line and exit code 2",
    arguments: [
      (["kaon", "--intensity", "0"], "--intensity 0.0: expected above 0"),
      (["kaon", "--intensity", "nan"], "--intensity nan: expected above 0"),
      (["kaon", "--intensity", "1e300"], "expected above 0"),
      (["kaon", "--spill", "inf"], "--spill inf: expected"),
      (["kaon", "--from", "3", "--to", "2"], "--to 2.0: expected seconds behind --from"),
      (["kaon", "--from", "5"], "the stretch begins at or behind the end of the burst, 4.8 s"),
      (["kaon", "--bursts", "0"], "--bursts 0: expected 1 to 5000"),
      (["kaon", "--first-burst", "0"], "--first-burst 0: expected 1 to 5000"),
      (["kaon", "--workers", "0"], "--workers 0: expected 1 to 1024"),
      (["kaon", "--force", "3pia"], "--force: unknown channel '3pia'; did you mean '3pi'"),
      (["kaon", "--force", "3pi", "--mass", "100"], "--mass 100.0: not possible in the decay pi+ pi+ pi-"),
      (["kaon", "--force", "piaa", "--mass", "300"], "--mass 300.0: not possible"),
      (["kaon", "--signal-rate", "10"], "say which decays with --force"),
      (["kaon", "--coupling", "1e-6"], "--coupling 1e-06: dump mode only"),
      (["dump", "--force", "3pi"], "--force: kaon mode only"),
      (["dump", "--mass", "0.5"], "the A' needs a mass above 1.02"),
      (["dump", "--mass", "100", "--lepton", "mumu"], "too light"),
      (["dump", "--coupling", "1"], "no A' of this mass and mixing decays in the range"),
      (["kaon", "--menu", "Configs/menus/golden-default.yaml"], "the menu has no lines of L0"),
      (["kaon", "--menu", "nowhere.yaml"], "nowhere.yaml"),
      (["kaon", "--configuration", "Configs/menus/kaon-2018.yaml"], "kaon-2018.yaml"),
      (["kaon", "--configuration", "Configs/simulation/dump-2021.yaml"], "the configuration has no beam"),
      (["kaon", "--json", "--out", "-"], "--json: the capture goes to standard output"),
      (["kaon", "--truth-contents", "some"], "expected all, decays or triggered"),
      (["kaon", "--out", "/nowhere/at/all.pcap"], "/nowhere/at/all.pcap"),
      (["kaon", "--truth", "/nowhere/at/all.jsonl"], "/nowhere/at/all.jsonl"),
    ])
  func wrong(arguments: [String], text: String) async throws {
    try await SpillwayProcess(
      ["simulate"] + arguments + (arguments.contains("--out") ? [] : ["--out", "/dev/null"])
    )
    .expectUsage(text)
  }

  // MARK: The shipped streams

  /// Frames of a capture with their times, in one piece.
  private static func frames(_ path: String) throws -> (bytes: [UInt8], times: [Int64], ends: [Int]) {
    let source = try ReplayInput(arguments: [path], filter: nil).open()
    var bytes: [UInt8] = []
    var times: [Int64] = []
    var ends: [Int] = []
    while let batch = try source.next() {
      for datagram in batch.datagrams {
        bytes += batch.bytes[datagram.frameOffset..<(datagram.frameOffset + datagram.frameLength)]
        times.append(datagram.time.nanoseconds)
        ends.append(bytes.count)
      }
    }
    return (bytes, times, ends)
  }

  private static let shipped = ["kaon-2018", "dump-2021", "pi4e-2018"]

  /// The options of a shipped stream, as the manifest has them.
  private static func command(_ name: String) throws -> [String] {
    let manifest = try String(contentsOfFile: RepositoryPaths.replay("manifest.yaml"), encoding: .utf8)
    let lines = manifest.split(separator: "\n")
    let start = try #require(lines.firstIndex { $0.hasSuffix("file: \(name).pcap.gz") })
    let line = try #require(lines[start...].first { $0.hasPrefix("    command: ") })
    return line.dropFirst("    command: ".count).split(separator: " ").map(String.init)
  }

  @Test("the beginning of a shipped stream is made again, bit by bit", arguments: shipped)
  func again(name: String) async throws {
    var options = try Self.command(name)
    let to = try #require(options.firstIndex(of: "--to"))
    // A stretch as short as has events: what goes out before its end is that of the whole.
    options[to + 1] = name == "dump-2021" ? "2.012" : "2.0015"
    let truth = try #require(options.firstIndex(of: "--truth-contents"))
    options.removeSubrange(truth...(truth + 1))
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let out = "\(directory)/part.pcap"
      try await SpillwayProcess(options + ["--out", out]).expect(0, [])
      let part = try Self.frames(out)
      let whole = try Self.frames(RepositoryPaths.replay("\(name).pcap.gz"))
      let start = try #require(whole.times.first)
      let end = start + (name == "dump-2021" ? 11_000_000 : 1_400_000)
      let count = part.times.prefix { $0 < end }.count
      #expect(count > 100)
      #expect(part.times.prefix(count) == whole.times.prefix(count))
      #expect(part.bytes.prefix(part.ends[count - 1]) == whole.bytes.prefix(whole.ends[count - 1]))
    }
  }

  @Test(
    "a shipped stream gives the decisions that are in it, complete events, and all LKr data",
    arguments: shipped)
  func replay(name: String) async throws {
    let menu = RepositoryPaths.menu(name == "dump-2021" ? "dump-2021.yaml" : "kaon-2018.yaml")
    let path = RepositoryPaths.replay("\(name).pcap.gz")
    let compare = try await SpillwayProcess("compare", path, "--menu", menu, "--against", "recorded")
    compare.expect(0, [])
    #expect(compare.output.contains("only emulated 0, only recorded 0, other lines 0"))
    let replay = try await SpillwayProcess("replay", path, "--menu", menu)
    replay.expect(0, [])
    let text = replay.output.split(separator: "\n")
    func line(_ start: String) throws -> [Substring] {
      try #require(text.first { $0.hasPrefix("  \(start) ") }).split(whereSeparator: { " ,".contains($0) })
    }
    // "fragments in N built N", "l1-data requested N complete N".
    let fragments = try line("fragments")
    #expect(fragments.count == 5 && fragments[2] == fragments[4])
    let data = try line("l1-data")
    #expect(data.count == 5 && data[2] == data[4] && Int(data[2]) ?? 0 > 100)
    let l1 = try line("l1-fragments")
    #expect(l1.count == 5 && l1[2] == l1[4])
  }

  @Test("tcpdump reads every packet of a shipped stream without a complaint", arguments: shipped)
  func stranger(name: String) async throws {
    let tool = ["/usr/bin/tcpdump", "/usr/sbin/tcpdump"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    guard let tool else {
      print("skipped: no tcpdump; Tools/install-dependencies installs it")
      return
    }
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let expected = try Self.frames(RepositoryPaths.replay("\(name).pcap.gz")).times.count
      // Counted by grep: there are hundreds of thousands of lines.
      let complaints = "truncated|bad length|bad cksum|malformed|\\[\\||invalid"
      let script = """
        gzip -dc '\(RepositoryPaths.replay("\(name).pcap.gz"))' | '\(tool)' -nn -vv -r - 2> '\(directory)/err' \
          > '\(directory)/all' || echo failed
        grep -c 'UDP, length ' '\(directory)/all'
        grep -cE '\(complaints)' '\(directory)/all'
        """
      let process = Process()
      let pipe = Pipe()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", script]
      process.standardOutput = pipe
      try process.run()
      let output = pipe.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
      #expect(lines == ["\(expected)", "0"])
      let errors = try String(contentsOfFile: "\(directory)/err", encoding: .utf8)
      #expect(errors.split(separator: "\n").allSatisfy { $0.hasPrefix("reading from file") })
    }
  }
}
