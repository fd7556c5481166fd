import ArgumentParser
import Configuration
import Searches
import TriggerPipeline

/// `spillway scan`.
struct Scan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scan a search over masses and couplings: limits, exclusion contours, significance.",
    discussion: """
      Reads a file of Configs/scans: what the search would yield, its windows and background, and what was seen. \
      --counts takes what was seen from a run instead: the scan of a selection in its counts.json; what is blind has \
      to be opened first ('spillway unblind'). Prints a table; --out writes scan.json, tables as CSV, a submission \
      for HEPData, and report.html with the plot. Docs/Scans.md has the method.

      Examples:
        spillway scan Configs/scans/aprime-mumu-closure.yaml
        spillway scan Configs/scans/aprime-ee-closure.yaml --points 100x100 --out runs/ee
        spillway scan Configs/scans/kaon-aa.yaml --counts runs/8000 --json
      """)

  @Argument(help: ArgumentHelp("A scan (YAML).", valueName: "scan"), transform: ShippedFile.find)
  var file: String

  @Option(help: "Take the counts of a run: its directory, or its counts.json.")
  var counts: String?

  @Option(help: "Write scan.json, tables, hepdata/ and report.html to this directory.")
  var out: String?

  @Option(help: "Masses and couplings of the grid, as 100x100; for dark photons.")
  var points: String?

  @Flag(help: "Print the results as JSON.")
  var json = false

  func run() throws {
    let report: ScanReport
    do {
      var scan = try ScanConfiguration.load(path: file)
      if let points { try apply(points, to: &scan) }
      let table = try counts.map { path in
        guard let name = scan.observation.counts else {
          throw Failure.usage(
            "\(file): has no 'observation.counts', which names the selection that --counts is for")
        }
        return try CountsTable(path: path, name, axes: scan.observation.windows.count)
      }
      report = try ScanReport(scan, counts: table, version: Spillway.version)
    } catch let error as ConfigurationError {
      throw Failure.usage(error)
    } catch let error as ScanError {
      throw Failure.usage("\(file): \(error)")
    }
    if let out { try report.write(to: out) }
    if json {
      Terminal.out(report.summary().json() + "\n")
    } else {
      Terminal.out(report.text())
      if let out { Terminal.out("\nreport: \(out)/report.html\n") }
    }
  }

  /// Other numbers of points, from `100x100`.
  private func apply(_ text: String, to scan: inout ScanConfiguration) throws {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    let limits = 2...ScanGrid.largestCount
    guard parts.count == 2, let masses = parts[0], let mixings = parts[1], limits.contains(masses),
      limits.contains(mixings)
    else {
      throw Failure.usage(
        "--points \(ConfigurationError.quoted(text)): expected two numbers from 2 to \(ScanGrid.largestCount), "
          + "as 100x100")
    }
    guard case .darkPhoton(var search) = scan.model else {
      throw Failure.usage(
        "--points: the points of a kaon decay are those of its selection; leave the option out")
    }
    search.masses.count = masses
    search.mixings.count = mixings
    scan.model = .darkPhoton(search)
  }
}

extension ScanReport {
  /// Writes `scan.json`, the tables, the submission for HEPData and the page to a directory.
  func write(to directory: String) throws {
    try OutputDirectory.make("\(directory)/hepdata", option: "--out")
    try OutputFile.write(summary().json() + "\n", to: "\(directory)/scan.json")
    for table in tables() { try OutputFile.write(table.text, to: "\(directory)/\(table.name)") }
    for file in hepData() { try OutputFile.write(file.text, to: "\(directory)/hepdata/\(file.name)") }
    try OutputFile.write(html(), to: "\(directory)/report.html")
  }
}
