import Foundation
import SpillwayTestSupport
import Testing

/// Campaigns on processes of this machine; `Tools/check-campaign` runs them on Slurm.
@Suite("Campaigns: plan, submit, resume, refusals")
struct CampaignTests {
  private static let menu = RepositoryPaths.menu("kaon-2018.yaml")
  private static let selection = RepositoryPaths.path("Configs/selections/first-counting.yaml")
  private static let files = [
    "rates.csv", "hlt.csv", "counts.json", "alerts.jsonl", "l0-rates.csv", "primitives.csv", "l0.json",
    "run.json",
  ]

  private static func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

  @Test(
    "two tasks of one capture with three bursts give the bytes of one replay; a changed part or menu is refused"
  )
  func whole() async throws {
    setenv("SOURCE_DATE_EPOCH", "0", 1)
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let (stream, single, dir) = ("\(directory)/three.pcap", "\(directory)/single", "\(directory)/c")
      let menu = "\(directory)/menu.yaml"
      let text = try String(contentsOfFile: Self.menu, encoding: .utf8).replacingOccurrences(
        of: "../detectors/", with: RepositoryPaths.path("Configs/detectors") + "/")
      try text.write(toFile: menu, atomically: true, encoding: .utf8)
      try LoopedCapture.write(RepositoryPaths.replay("pi4e-2018.pcap.gz"), copies: 3, to: stream)
      let options = [
        "--menu", menu, "--selections", Self.selection, "--counters", "burst", "--tolerance", "1",
      ]
      let replayed = try await SpillwayProcess(["replay", stream, "--out", single] + options)
      try #require(replayed.code == 0, "\(replayed.errors)")
      let planned = try await SpillwayProcess(
        ["campaign", "plan", stream, "--max-jobs", "2", "--out", dir] + options)
      try #require(planned.code == 0, "\(planned.errors)")
      #expect(planned.output.contains("2 tasks of 3 bursts in 1 inputs"))
      let submitted = try await SpillwayProcess("campaign", "submit", dir)
      try #require(submitted.code == 0, "\(submitted.errors)")
      for file in Self.files {
        #expect(Self.bytes("\(dir)/result/\(file)") == Self.bytes("\(single)/\(file)"), "\(file)")
      }
      let again = try await SpillwayProcess("campaign", "run-task", dir, "2")
      #expect(again.code == 0 && again.errors.contains("task 2 is done already"))
      try await SpillwayProcess("campaign", "submit", dir).expectUsage("'spillway campaign resume'")
      // A part that is not what was planned.
      try FileManager.default.removeItem(atPath: "\(dir)/result")
      let record = "\(dir)/parts/0001/campaign.json"
      let sound = try #require(Self.bytes(record))
      try Data("{}".utf8).write(to: URL(fileURLWithPath: record))
      let refused = try await SpillwayProcess("campaign", "merge", dir)
      #expect(
        refused.code == 1 && refused.errors.contains("parts/0001: its campaign.json is not that of a part"))
      try sound.write(to: URL(fileURLWithPath: record))
      // A lost part, and a menu that was changed: the task fails, the result says what is missing.
      try FileManager.default.removeItem(atPath: "\(dir)/parts/0002")
      try (text + "\n").replacingOccurrences(of: "primitive_dt: 2", with: "primitive_dt: 3")
        .replacingOccurrences(of: "delta_packet: 1", with: "delta_packet: 2")
        .write(toFile: menu, atomically: true, encoding: .utf8)
      let partly = try await SpillwayProcess("campaign", "resume", dir)
      #expect(partly.code == 3 && partly.errors.contains("bursts are missing: "), "\(partly.errors)")
      #expect(partly.errors.contains("are not those that were planned"))
      try text.write(toFile: menu, atomically: true, encoding: .utf8)
      let resumed = try await SpillwayProcess("campaign", "resume", dir)
      #expect(resumed.code == 0, "\(resumed.errors)")
      for file in Self.files {
        #expect(Self.bytes("\(dir)/result/\(file)") == Self.bytes("\(single)/\(file)"), "\(file)")
      }
    }
  }

  @Test("what cannot be split is refused in one line that says what to do")
  func refused() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let stream = RepositoryPaths.replay("ordered-100.pcap.gz")
      let plan = ["campaign", "plan", stream, "--out", "\(directory)/c", "--menu"]
      try await SpillwayProcess(plan + [Self.menu]).expectUsage("plan with --counters burst")
      try await SpillwayProcess(
        plan + [Self.menu, "--counters", "burst", "--straw-scratch", "original"]
      ).expectUsage("plan with --straw-scratch clean")
      try await SpillwayProcess("campaign", "status", directory).expectUsage("there is no campaign in it")
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/c/plan.json"))
    }
  }
}
