import Foundation
import SpillwayTestSupport
import Testing

@Suite("spillway limit")
struct LimitTests {
  @Test("the calculator gives the limit of the one A' event by each method, and says how")
  func answers() async throws {
    let run = try await SpillwayProcess(
      "limit", "--observed", "1", "--background", "0.016±0.002", "--expected", "--method",
      "cls,fc,rolke,bayes")
    run.expect(0, [])
    for text in [
      "< 3.874", "ordered by count", "Feldman-Cousins", "p = P(N >= 1 | background) = 0.01587", "2.148",
    ] {
      #expect(run.output.contains(text), "\(text)")
    }
    let json = try await SpillwayProcess("limit", "--observed", "1", "--background", "0.016+-12.5%", "--json")
    let object = try json.json()
    #expect(object["schema"] as? String == "spillway.limit/1")
    #expect((object["intervals"] as? [Any])?.count == 4)
  }

  @Test("channels in order, an auxiliary count, an exposure: 2.3026 over the sum of the efficiencies")
  func channels() async throws {
    let run = try await SpillwayProcess(
      "limit", "--observed", "0", "--background", "3/10", "--efficiency", "0.25", "--observed", "0",
      "--background", "0", "--efficiency", "0.25", "--exposure", "1e12", "--method", "cls")
    run.expect(0, [])
    #expect(run.output.contains("channel 2: observed 0"))
    #expect(run.output.contains("< 4.605e-12"))
  }

  @Test("wrong usage is one line that names option and value")
  func usage() async throws {
    func refused(_ arguments: [String], _ parts: String...) async throws {
      let run = try await SpillwayProcess(["limit"] + arguments)
      run.expect(2, parts)
    }
    try await refused(["--observed", "1"], "--background: 0 given, expected 1")
    try await refused(["--observed", "1", "--background", "1x"], "--background 1x", "0.016±0.002")
    try await refused(
      ["--observed", "1", "--background", "1±0.3:cauchy"], "unknown shape 'cauchy'", "log-normal")
    try await refused(["--observed", "1", "--background", "1:gamma"], "a shape without an uncertainty")
    try await refused(["--observed=-3", "--background", "1"], "observed count", "-3")
    try await refused(["--observed", "1", "--background=-1"], "--background -1", "0 or more")
    try await refused(["--observed", "1", "--background", "1", "--cl", "1"], "confidence level is 1")
    try await refused(["--observed", "1", "--background", "1", "--efficiency", "1.2"], "efficiency is 1.2")
    try await refused(["--observed", "1", "--background", "1", "--efficiency", "0"], "efficiency is 0")
    try await refused(["--observed", "1", "--background", "1", "--sensitivity", "0"], "sensitivity is 0")
    try await refused(["--observed", "1", "--background", "1", "--exposure", "0"], "exposure is 0")
    try await refused(
      ["--observed", "1", "--background", "1", "--exposure", "1", "--sensitivity", "1"], "give one")
  }

  @Test(
    "the scans of a replay, its workspace, and the course of its counts are in the run directory and on the page"
  )
  func replayWithScans() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let text = try String(contentsOfFile: "Configs/selections/dark-photon-mumu.yaml", encoding: .utf8)
      let open = "\(directory)/open.yaml"
      try text.replacing("blind: true", with: "blind: false").write(
        toFile: open, atomically: true, encoding: .utf8)
      let out = "\(directory)/run"
      let run = try await SpillwayProcess(
        "replay", RepositoryPaths.replay("dump-2021.pcap.gz"), "--menu",
        RepositoryPaths.menu("dump-2021.yaml"),
        "--selections", open, "--scans", "Configs/scans/aprime-mumu-simulated.yaml",
        "Configs/scans/kaon-aa.yaml", "--out", out)
      run.expect(0, ["kaon-aa.yaml: not scanned", "no selection 'Kpi4e'"])
      let page = try String(contentsOfFile: "\(out)/report.html", encoding: .utf8)
      #expect(page.contains("<h2>Scan aprime-mumu-simulated</h2>"))
      // The events are where their mass is: the counts of the scan rise above the axis of its plot.
      let plot = try #require(
        page.components(separatedBy: "<figure>").first {
          $0.contains("mass: events in the window of each mass in SR")
        })
      let path = try #require(plot.components(separatedBy: " d=\"").last?.components(separatedBy: "\"").first)
      let heights = Set(
        path.split(separator: " ").dropFirst().compactMap { $0.split { "ML".contains($0) }.first })
      #expect(heights.count > 2)

      let counts = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: "\(out)/counts.json")))
      let selection = try #require(
        ((counts as? [String: Any])?["selections"] as? [[String: Any]])?.first)
      let counting = try #require(selection["counting"] as? [String: Any])
      let observed = try #require(counting["observed"] as? Int)
      #expect(observed > 10)
      #expect((counting["anytime"] as? [String: Any])?["p_value"] as? Double ?? 1 < 1e-5)
      #expect((counting["alarms"] as? [String: Any])?["count"] as? Int ?? 0 > 0)
      let history = try #require(selection["history"] as? [[String: Any]])
      #expect(history.last?["observed"] as? Int == observed)
      let bursts = try #require(selection["bursts"] as? [[String: Any]])
      #expect(bursts.reduce(0) { $0 + ($1["counting"] as? Int ?? 0) } == observed)

      let workspace = try String(contentsOfFile: "\(out)/workspace.json", encoding: .utf8)
      #expect(workspace.contains("\"data\":[\(observed)"))
      #expect(FileManager.default.fileExists(atPath: "\(out)/scans/aprime-mumu-simulated/contour.csv"))
    }
  }

  @Test("--scans asks for what it takes and where it writes")
  func scansUsage() async throws {
    let run = try await SpillwayProcess(
      "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--scans", "Configs/scans/kaon-aa.yaml")
    run.expect(2, ["--scans: needs --selections"])
  }
}
