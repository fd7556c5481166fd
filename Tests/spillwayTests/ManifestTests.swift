import Configuration
import Foundation
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("What a run directory says of its origin")
struct ManifestTests {
  private static let menu = RepositoryPaths.menu("golden-default.yaml")
  private static let ordered = RepositoryPaths.replay("ordered-100.pcap.gz")
  private static let stress = RepositoryPaths.replay("stress-100.pcap.gz")

  private func manifest(_ directory: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/run.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("the manifest has the length and hash of each input, versions, run, scratch mode and bursts")
  func manifest() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let copy = "\(directory)/copy.pcap"
      try Data(readWholeFileDecompressed(Self.stress)).write(to: URL(fileURLWithPath: copy))
      let run = try await SpillwayProcess(
        "replay", Self.ordered, copy, "--menu", Self.menu, "--run", "8123",
        "--straw-scratch", "original", "--tolerance", "1", "--out", "\(directory)/out")
      run.expect(0, [])
      let manifest = try manifest("\(directory)/out")
      #expect(manifest["schema"] as? String == "spillway.run/2")
      #expect(manifest["run"] as? Int == 8123)
      #expect(manifest["straw_scratch"] as? String == "original")
      #expect(manifest["first_burst"] as? Int == 1)
      let versions = try #require(manifest["versions"] as? [String: String])
      #expect(versions["spillway"]?.isEmpty == false && versions["libpcap"]?.contains("libpcap") == true)
      let inputs = try #require(manifest["inputs"] as? [[String: Any]])
      #expect(inputs.count == 2)
      for (input, path) in zip(inputs, [Self.ordered, copy]) {
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(input["path"] as? String == path)
        #expect(input["bytes"] as? Int == bytes.count)
        #expect(input["sha256"] as? String == SHA256.hex(of: bytes))
      }
      let bursts = try #require(manifest["bursts"] as? [[String: Any]])
      #expect(bursts.first?["run"] as? Int == 8123)
      let table = try String(contentsOfFile: "\(directory)/out/hlt.csv", encoding: .utf8)
      let rows = table.split(separator: "\n").map { $0.split(separator: ",") }
      #expect(rows.count == 1 + bursts.count)
      #expect(rows.dropFirst().allSatisfy { $0.count == rows[0].count && $0[0] == "8123" })
    }
  }

  @Test("standard input has no hash, and no length")
  func standardInput() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let run = try await SpillwayProcess(
        ["replay", "-", "--menu", Self.menu, "--out", "\(directory)/out"],
        input: Self.ordered)
      run.expect(0, [])
      let inputs = try #require(try manifest("\(directory)/out")["inputs"] as? [[String: Any]])
      #expect(inputs.first?["path"] as? String == "-")
      #expect(inputs.first?["sha256"] is NSNull && inputs.first?["bytes"] is NSNull)
    }
  }

  @Test(
    "burst files bring run and burst, to alerts as well; --run replaces the run, --first-burst is refused")
  func burstFiles() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let written = try await SpillwayProcess(
        "replay", Self.ordered, "--menu", Self.menu, "--run", "77", "--first-burst", "12",
        "--write-bursts", "\(directory)/bursts")
      written.expect(0, [])
      #expect(written.output.contains("written"))
      let file = "\(directory)/bursts/na62raw_1500000000-00-000077-0012.dat"
      #expect(FileManager.default.fileExists(atPath: file))
      let selections = RepositoryPaths.path("Configs/selections/first-counting.yaml")
      for (options, number) in [([], 77), (["--run", "5"], 5)] as [([String], Int)] {
        let out = "\(directory)/out-\(number)"
        let run = try await SpillwayProcess(
          ["replay", file, "--menu", Self.menu, "--selections", selections, "--out", out] + options)
        run.expect(0, [])
        let manifest = try manifest(out)
        let inputs = try #require(manifest["inputs"] as? [[String: Any]])
        #expect(inputs.first?["run"] as? Int == 77 && inputs.first?["burst"] as? Int == 12)
        #expect(manifest["first_burst"] is NSNull)
        #expect((manifest["bursts"] as? [[String: Any]])?.first?["burst"] as? Int == 12)
        let alerts = try String(contentsOfFile: "\(out)/alerts.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(!alerts.isEmpty)
        for line in alerts {
          #expect(line.contains("\"run\":\(number),\"burst\":12,"), "\(line)")
        }
      }
      let refused = try await SpillwayProcess(
        "replay", file, "--menu", Self.menu, "--first-burst", "3")
      refused.expectUsage("--first-burst 3: burst files say their bursts; leave the option out")
    }
  }

  @Test("L1 sources of the detector file are collected: unfinished events are listed, the books close")
  func l1Sources() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let detectors = try String(
        contentsOfFile: RepositoryPaths.path("Configs/detectors/na62-2018.yaml"), encoding: .utf8)
      try detectors.replacing("  l1: []", with: "  l1:\n    - {id: 0x24, boards: 2}")
        .write(toFile: "\(directory)/detectors.yaml", atomically: true, encoding: .utf8)
      let menu = try String(contentsOfFile: Self.menu, encoding: .utf8)
      try menu.replacing("../detectors/na62-2018.yaml", with: "detectors.yaml")
        .write(toFile: "\(directory)/menu.yaml", atomically: true, encoding: .utf8)
      let run = try await SpillwayProcess(
        "replay", Self.ordered, "--menu", "\(directory)/menu.yaml", "--json", "--out",
        "\(directory)/out")
      run.expect(0, [])
      #expect(try run.json()["books_close"] as? Bool == true)
      let kept = try #require(try run.json()["kept"] as? Int)
      #expect(try run.book("l1-data", "requested") == kept)
      #expect(try run.book("l1-data", "unfinished-burst-end") == kept)
      let rows = try String(contentsOfFile: "\(directory)/out/unfinished.csv", encoding: .utf8)
        .split(separator: "\n")
      #expect(rows.first == "run,burst,event,reason,received")
      #expect(rows.count == kept + 1)
      #expect(rows.dropFirst().allSatisfy { $0.hasSuffix(",l1-burst-end,0x24:0/2") })
    }
  }
}
