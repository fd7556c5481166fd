import Configuration
import Searches
import TriggerPipeline

/// The scans of a replay: what a run saw in the windows of a search, as limits and contours.
struct ReplayScans: Sendable {
  private let scans: [(path: String, configuration: ScanConfiguration)]

  /// Reads the scans; each must name the selection whose counts it takes.
  init(paths: [String]) throws(ConfigurationError) {
    var scans: [(path: String, configuration: ScanConfiguration)] = []
    for path in paths {
      let scan = try ScanConfiguration.load(path: path)
      guard scan.observation.counts != nil else {
        throw ConfigurationError(
          file: path, problem: "has no 'observation.counts'",
          advice: "name the selection and its scan that the counts of the replay come from")
      }
      guard !scans.contains(where: { $0.configuration.name == scan.name }) else {
        throw ConfigurationError(file: path, problem: "a second scan named '\(scan.name)'")
      }
      scans.append((path, scan))
    }
    self.scans = scans
  }

  /// The scans with the counts of a run, and why the others have none: their selection is blind, or was not run.
  func reports(_ report: ReplayReport, file: String) throws -> (reports: [ScanReport], notes: [String]) {
    guard !scans.isEmpty else { return ([], []) }
    let counts = Array((report.counts().json() + "\n").utf8)
    var reports: [ScanReport] = []
    var notes: [String] = []
    for (path, scan) in scans {
      guard let name = scan.observation.counts else { continue }
      do {
        let table = try CountsTable(
          bytes: counts, file: file, name, axes: scan.observation.windows.count)
        reports.append(try ScanReport(scan, counts: table, version: Spillway.version))
      } catch let error as ConfigurationError {
        notes.append("\(path): not scanned: \(error)")
      } catch let error as ScanError { notes.append("\(path): not scanned: \(error)") }
    }
    return (reports, notes)
  }
}
