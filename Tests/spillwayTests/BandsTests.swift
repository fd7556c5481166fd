import Foundation
import SpillwayTestSupport
import Testing

@Suite("spillway bands")
struct BandsTests {
  private static let menu = ["--menu", "Configs/menus/kaon-2018.yaml"]

  @Test(
    "bands of a run are sound, and later runs are looked at with them: the same is inside, half of L0 is not")
  func reference() async throws {
    let directory = try TemporaryRun()
    defer { directory.remove() }
    let stream = ["replay", RepositoryPaths.replay("kaon-2018.pcap.gz"), "--loop", "3"]
    try await SpillwayProcess(
      stream + Self.menu + ["--bands", "Configs/monitoring/kaon-2018.yaml", "--out", "\(directory.path)/one"]
    ).expect(0, [])
    let rules = "\(directory.path)/rules.yaml"
    try """
    schema: spillway.alerts/1
    sinks: [{name: log, type: file, path: messages.jsonl}]
    rules: [{name: rates, on: drift, sinks: [log]}]

    """.write(toFile: rules, atomically: true, encoding: .utf8)
    for prediction in [[], ["--prediction"]] {
      let made = try await SpillwayProcess(
        ["bands", "\(directory.path)/one", "--relative-to", "detector/NewCHOD"] + prediction)
      made.expect(0, [])
      // Of this stream the recorded triggers are those that its menu sends.
      #expect(made.output.contains("line: l0/PNN") && made.output.contains("l1/PNN") == prediction.isEmpty)
      let file = "\(directory.path)/bands.yaml"
      try made.output.write(toFile: file, atomically: true, encoding: .utf8)
      for (name, isSame) in [("same", true), ("other", false)] {
        if !isSame {
          // The counts that L0 had are taken for those of half of the intensity.
          try made.output.replacing(
            "line: l0/PNN\n    relative_to: detector/NewCHOD\n    ratio: 0",
            with:
              "line: l0/PNN\n    relative_to: detector/NewCHOD\n    ratio: 1"
          ).write(toFile: file, atomically: true, encoding: .utf8)
        }
        let run = "\(directory.path)/\(name)\(prediction.count)"
        try await SpillwayProcess(stream + Self.menu + ["--bands", file, "--alerts", rules, "--out", run])
          .expect(0, [])
        let told = (try? String(contentsOfFile: "\(run)/messages.jsonl", encoding: .utf8)) ?? ""
        #expect(told.isEmpty == isSame, "\(told.prefix(300))")
        if !isSame { #expect(told.contains("\"line\":\"PNN\",\"level\":\"l0\"")) }
      }
    }
  }

  @Test(
    "a run without counts by burst, a line that counted nothing, a mask that the menu has not: one line each")
  func refusals() async throws {
    let directory = try TemporaryRun()
    defer { directory.remove() }
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    try await SpillwayProcess(["bands", directory.path]).expect(
      2, ["rates-by-burst.csv: there are no counts by burst; run 'replay' or 'listen' with"])
    try """
    run,burst,begin_ns,seconds,level,line,count,rate_hz
    0,1,0,1.0,l0,PNM,5,5.0

    """.write(toFile: "\(directory.path)/rates-by-burst.csv", atomically: true, encoding: .utf8)
    try await SpillwayProcess(["bands", directory.path, "--relative-to", "detector/RICH"]).expect(
      2, ["--relative-to detector/RICH: the run counted nothing there"])
    try await SpillwayProcess(["bands", directory.path, "--prediction"]).expect(
      2, ["l0-rates.csv: cannot be read"])
    let made = try await SpillwayProcess(["bands", directory.path])
    made.expect(0, [])
    let file = "\(directory.path)/bands.yaml"
    try made.output.write(toFile: file, atomically: true, encoding: .utf8)
    try await SpillwayProcess(
      ["replay", RepositoryPaths.replay("kaon-2018.pcap.gz"), "--bands", file] + Self.menu
    ).expect(2, ["the band of l0/PNM: the menu has no mask 'PNM'", "PNN"])
  }
}
