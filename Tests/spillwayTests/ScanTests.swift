import Foundation
import SpillwayTestSupport
import Testing

@Suite("spillway scan")
struct ScanTests {
  private let mumu = "Configs/scans/aprime-mumu-closure.yaml"

  @Test("a scan prints its table, and writes all its files")
  func files() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let run = try await SpillwayProcess("scan", mumu, "--points", "12x8", "--out", directory)
      run.expect(0, [])
      #expect(run.output.contains("most significant: 411 MeV/c2"))
      for name in [
        "scan.json", "contour.csv", "outline.csv", "grid.csv", "report.html", "hepdata/submission.yaml",
        "hepdata/contour.yaml", "hepdata/counts.yaml", "hepdata/grid.yaml",
      ] {
        #expect(FileManager.default.fileExists(atPath: "\(directory)/\(name)"), "\(name)")
      }
      let again = try await SpillwayProcess("scan", mumu, "--points", "12x8", "--json")
      let written = try String(contentsOfFile: "\(directory)/scan.json", encoding: .utf8)
      #expect(again.output == written)
      #expect(try again.json()["schema"] as? String == "spillway.scan-result/1")
    }
  }

  @Test("wrong usage is said in a line")
  func usage() async throws {
    try await SpillwayProcess("scan", mumu, "--points", "100").expectUsage("--points '100'", "as 100x100")
    try await SpillwayProcess("scan", mumu, "--points", "0x5").expectUsage("from 2 to")
    try await SpillwayProcess("scan", "Configs/scans/kaon-aa.yaml", "--points", "5x5")
      .expectUsage("leave the option out")
    try await SpillwayProcess("scan", "no-such.yaml").expectUsage("no-such.yaml: cannot be opened")
    try await SpillwayProcess("scan", "Configs/menus/kaon-2018.yaml").expectUsage("unknown key")
    try await SpillwayProcess("scan", mumu, "--counts", "README.md").expectUsage("is no counts of a run")
  }

  @Test("blind counts of a run are refused until they are opened")
  func blind() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let run = try await SpillwayProcess(
        "replay", RepositoryPaths.replay("pi4e-2018.pcap.gz"), "--menu",
        RepositoryPaths.menu("kaon-2018.yaml"),
        "--selections", "Configs/selections/kpi4e.yaml", "--out", directory)
      run.expect(0, [])
      let scan = ["scan", "Configs/scans/kaon-aa.yaml", "--counts", directory]
      try await SpillwayProcess(scan).expectUsage(
        "the scan 'aa' of 'Kpi4e' is blind; open it first: spillway unblind")
      try await SpillwayProcess("unblind", directory, "Kpi4e", "--reason", "a test").expect(0, [])
      let opened = try await SpillwayProcess(scan)
      opened.expect(0, [])
      #expect(opened.output.contains("unblinded/Kpi4e.json"))
    }
  }
}
