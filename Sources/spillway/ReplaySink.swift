import Alerting
import Configuration
import L1Trigger
import RunStore
import TriggerPipeline

/// The task that takes the results: counts, files, progress.
actor ReplaySink {
  private var account: ReplayAccount
  private let directory: RunDirectory?
  private let decisions: OutputFile?
  private let bursts: BurstFileWriter?
  private let table: DecisionTable
  private let truth: TruthEventJoin?
  private let clock: WallClock
  private var lastProgress = ContinuousClock.now
  private let begin = ContinuousClock.now

  init(
    account: ReplayAccount, directory: String?, decisions: String?, bursts: sending BurstFileWriter?,
    configuration: L1Configuration, truth: sending TruthEventJoin? = nil
  ) throws {
    self.truth = truth
    self.bursts = bursts
    self.account = account
    clock = try WallClock.fromEnvironment()
    self.directory = try directory.map { path in
      try RunLedger.checkFree(directory: path)
      return try RunDirectory(path: path)
    }
    self.decisions = try decisions.map { try OutputFile(path: $0) }
    table = DecisionTable(configuration: configuration)
    try self.decisions?.write(DecisionTable.header)
  }

  func take(_ judged: JudgedBatch) throws {
    let alerts = try account.add(judged, wallClock: clock)
    try directory?.add(judged, alerts: alerts)
    try bursts?.add(judged)
    try decisions?.write(table.rows(of: judged))
    if let truth { try ReplayTruth.checked { try truth.add(judged) } }
    if Terminal.isInteractive, ContinuousClock.now - lastProgress > .milliseconds(200) {
      lastProgress = .now
      let seconds = max(1e-3, (ContinuousClock.now - begin) / .seconds(1))
      let rate = Int(Double(account.rates.events) / seconds)
      Terminal.progress(
        "\(account.rates.events) events, \(account.rates.kept) kept, \(account.alerts) alerts, \(rate)/s")
    }
  }

  /// Takes what the selections have counted.
  func finish(_ run: SelectionRun?) { account.finish(run) }

  /// Reads the rest of the truth; what was counted, if there is one.
  func finishTruth() throws -> TruthTable? { try ReplayTruth.checked { try truth?.finish() } }

  func finish(
    menu: L1Menu, manifest: RunManifest, scratch: StrawScratch, scans: ReplayScans, l0: L0Report?
  ) throws -> ReplayReport {
    try decisions?.close()
    let report = try ReplayReport(account: account, menu: menu, stored: bursts?.books)
    var entries = [
      ConfigValue.Entry("menu_hash", .string(menu.hash)),
      ConfigValue.Entry("straw_scratch", .string(scratch.rawValue)),
      ConfigValue.Entry("selections_hash", account.selectionsHash.map { .string($0) } ?? .null),
      ConfigValue.Entry("bursts", report.bursts()),
      ConfigValue.Entry("results", try report.summary()),
    ]
    if let l0 { entries.append(ConfigValue.Entry("l0", try l0.summary())) }
    let time = clock.now()
    if let directory {
      let (scanned, notes) = try scans.reports(report, file: "\(directory.path)/counts.json")
      for note in notes { Terminal.note(note) }
      try directory.finish(
        report: report, manifest: manifest.value(entries, wallTime: time),
        sections: scanned.map { ("Scan \($0.configuration.name)", $0.section) })
      for scan in scanned { try scan.write(to: "\(directory.path)/scans/\(scan.configuration.name)") }
      if let workspace = try report.workspace() {
        try OutputFile.write(workspace.json() + "\n", to: "\(directory.path)/workspace.json")
      }
      try RunLedger.write(
        directory: directory.path,
        run: LedgerRun(
          input: account.inputName, configurationHash: manifest.configurationHash, version: Spillway.version,
          time: time.rfc3339),
        sealed: try report.sealed().map(SealedResult.init))
    }
    return report
  }
}
