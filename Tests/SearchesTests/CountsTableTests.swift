import Configuration
import Foundation
import SpillwayTestSupport
import Testing

@testable import Searches

@Suite("Counts of runs")
struct CountsTableTests {
  private static let name = ScanObservation.CountsName(selection: "DarkPhotonMuMu", scan: "mass")

  private static func run(events: String, schema: String = "spillway.counts/2") -> String {
    """
    {"schema":"\(schema)","selections":[{"selection":"Other","blind":false},{"selection":"DarkPhotonMuMu",
    "scans":[{"name":"mass","variables":["m_mumu"],"masses":[[300.0],[305.0],[310.0]],"events":\(events)}]}]}
    """
  }

  private func read(
    _ text: String, opened: String? = nil, name: ScanObservation.CountsName = name, axes: Int = 1
  ) async throws -> CountsTable {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/counts.json"))
      if let opened {
        try FileManager.default.createDirectory(
          atPath: "\(directory)/unblinded", withIntermediateDirectories: true)
        try Data(opened.utf8).write(to: URL(fileURLWithPath: "\(directory)/unblinded/DarkPhotonMuMu.json"))
      }
      return try CountsTable(path: directory, name, axes: axes)
    }
  }

  @Test("the scan of the selection is read from the run directory")
  func reads() async throws {
    let table = try await read(Self.run(events: "[0,2,1]"))
    #expect(table.counts == [0, 2, 1])
    #expect(table.count(at: SIMD2(305, 0)) == 2)
    // The nearest point, half a step away at most.
    #expect(table.count(at: SIMD2(303, 0)) == 2 && table.count(at: SIMD2(312.4, 0)) == 1)
    #expect(table.count(at: SIMD2(312.6, 0)) == nil)
  }

  @Test("blind counts are refused, with the way to open them")
  func blind() async throws {
    let error = await #expect(throws: ConfigurationError.self) {
      try await read(Self.run(events: "\"(blind)\""))
    }
    #expect(error?.description.contains("is blind; open it first: spillway unblind") == true)
  }

  @Test("what was opened stands before what is blind")
  func opened() async throws {
    let opened = """
      {"schema":"spillway.unblinded/1","selection":"DarkPhotonMuMu","result":{"selection":"DarkPhotonMuMu",
      "scans":[{"name":"mass","masses":[[300.0],[305.0],[310.0]],"events":[3,0,0]}]},"candidates":[]}
      """
    let table = try await read(Self.run(events: "\"(blind)\""), opened: opened)
    #expect(table.counts == [3, 0, 0])
  }

  @Test(
    "what is no such counts is refused",
    arguments: [
      (run(events: "[1,2]"), "no count for each point"), (run(events: "[1,-2,0]"), "no count for each point"),
      (run(events: "[1,2,1e30]"), "no counts of a run"), (run(events: "\"hidden\""), "no counts of a run"),
      (run(events: "[0,2,1]", schema: "spillway.counts/1"), "schema 'spillway.counts/1'"),
      ("{}", "no counts of a run"), ("", "no counts of a run"), ("[[[[", "no counts of a run"),
    ])
  func refused(text: String, message: String) async throws {
    let error = await #expect(throws: ConfigurationError.self) { try await read(text) }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test("a selection or scan that is not there is named")
  func missing() async throws {
    let text = Self.run(events: "[0,2,1]")
    let one = await #expect(throws: ConfigurationError.self) {
      try await read(text, name: .init(selection: "Third", scan: "mass"))
    }
    #expect(one?.description.contains("no selection 'Third'; it has: Other, DarkPhotonMuMu") == true)
    let two = await #expect(throws: ConfigurationError.self) {
      try await read(text, name: .init(selection: "DarkPhotonMuMu", scan: "S"))
    }
    #expect(two?.description.contains("no scan 'S'") == true)
    let three = await #expect(throws: ConfigurationError.self) { try await read(text, axes: 2) }
    #expect(three?.description.contains("2 masses") == true)
  }

  @Test("a scan beyond the masses that were counted is refused")
  func beyond() async throws {
    let table = try await read(Self.run(events: "[0,2,1]"))
    let scan = try ScanSamples.shipped("aprime-mumu-closure")
    #expect(throws: ScanError.self) { try ScanReport(scan, counts: table, version: "test") }
  }

  @Test("counts of a run give the limits of their numbers")
  func limits() async throws {
    let table = try await read(Self.run(events: "[0,2,1]"))
    let text = try ScanSamples.text("aprime-mumu-closure")
      .replacingOccurrences(
        of: "from: 211.32 MeV/c2, to: 600 MeV/c2, points: 195",
        with: "from: 300 MeV/c2, to: 310 MeV/c2, step: 5 MeV/c2")
    let report = try ScanReport(ScanSamples.scan(text), counts: table, version: "test")
    guard case .darkPhoton(let scan) = report.result else { return }
    #expect(scan.points.map(\.observed) == [0, 2, 1])
    #expect(abs(scan.points[1].limit - 5.31) < 0.02)
    #expect(report.excess?.masses.x == 305)
  }
}
