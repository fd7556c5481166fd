import ArgumentParser
import Configuration
import RunStore
import TriggerPipeline

/// `spillway report`.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print or write the tables of a run again, from its ledger alone.",
    discussion: """
      Takes the counts from RUN/ledger.sqlite (Docs/Ledger.md) and calculates rates, limits and pages from them, \
      as 'replay' did: no input is read. Of blind selections it shows what 'replay' showed. A run that was \
      interrupted is reported as far as its last checkpoint.

      Examples:
        spillway report runs/8000
        spillway report runs/8000 --json
        spillway report runs/8000 --html > 8000.html
        spillway report runs/8000 --out again
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"))
  var directory: String

  @Flag(help: "Print the results as JSON.")
  var json = false

  @Flag(help: "Print the page (HTML).")
  var html = false

  @Option(help: "Write rates.csv, hlt.csv, counts.json, the tables of L0 and report.html to this directory.")
  var out: String?

  func validate() throws {
    if json, html { throw ValidationError("--html: not with --json; give one of them") }
    if let out, out == directory {
      throw ValidationError("--out \(out): this is the run itself; name another directory")
    }
  }

  func run() throws {
    let run = try StoredReport(directory: directory)
    let account = try run.account()
    let report = try run.report(account)
    let l0 = run.l0Report()
    if !run.stored.isFinished {
      Terminal.note("the run has not ended: these are the counts of its last checkpoint")
    }
    if let out {
      try OutputDirectory.make(out, option: "--out")
      try StoredReport.write(report, l0, manifest: run.manifest, to: out)
    }
    if html {
      guard let report else {
        throw Failure.usage("--html: the menu of \(directory) has no chains of L1, and so no page")
      }
      Terminal.out(try report.html(manifest: run.manifest))
    } else if json {
      Terminal.out(try TriggerSession.summary(report?.summary() ?? .map([]), l0, nil).json() + "\n")
    } else if out == nil {
      Terminal.out(try StoredReport.text(report, l0, name: run.menu?.name ?? run.l0?.name ?? "", of: account))
    } else {
      Terminal.out("report of \(directory) in \(out ?? "")\n")
    }
  }
}

extension StoredReport {
  /// The tables for a person, as `replay` prints them.
  static func text(
    _ report: ReplayReport?, _ l0: L0Report?, name: String, of account: ReplayAccount
  ) throws -> String {
    var text = "\(name): \(account.inputName)\n\n"
    if let l0 { text += try TriggerSession.text(l0) }
    if let report {
      if report.hasEvents || l0 == nil { text += try report.ratesText() + "\n" }
      let counts = report.countsText()
      if !counts.isEmpty { text += counts + "\n" }
      text += report.booksText()
    }
    return text
  }

  /// The files with results, as `replay --out` writes them.
  static func write(_ report: ReplayReport?, _ l0: L0Report?, manifest: ConfigValue, to path: String) throws {
    if let report {
      try OutputFile.write(try report.ratesCSV(), to: "\(path)/rates.csv")
      try OutputFile.write(report.hltCSV(), to: "\(path)/hlt.csv")
      try OutputFile.write(report.counts().json() + "\n", to: "\(path)/counts.json")
      try OutputFile.write(try report.html(manifest: manifest), to: "\(path)/report.html")
      if let workspace = try report.workspace() {
        try OutputFile.write(workspace.json() + "\n", to: "\(path)/workspace.json")
      }
    }
    if let l0 { try l0.write(to: path) }
  }
}

extension L0Report {
  /// Writes the tables of L0.
  func write(to path: String) throws {
    try OutputFile.write(try linesCSV(), to: "\(path)/l0-rates.csv")
    try OutputFile.write(primitivesCSV(), to: "\(path)/primitives.csv")
    try OutputFile.write(try summary().json() + "\n", to: "\(path)/l0.json")
  }
}
