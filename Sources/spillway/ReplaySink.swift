import Alerting
import Configuration
import Foundation
import L1Trigger
import RunStore
import TriggerPipeline

/// The task that takes the results: counts, files, progress.
actor ReplaySink {
  private var account: ReplayAccount
  private let directory: RunDirectory?
  private let decisions: OutputFile?
  private let decisionsPath: String?
  private let position: RunPosition
  private let bursts: BurstFileWriter?
  private let table: DecisionTable
  private let truth: TruthEventJoin?
  private let clock: WallClock
  private let monitor: LiveMonitor?
  private let reporter: FarmReporter?
  private var record: RunRecord?
  private var freed = FreedMemory()
  private var lastProgress = ContinuousClock.now
  private let begin = ContinuousClock.now

  init(
    account: ReplayAccount, directory: String?, continuing files: [String: UInt64]? = nil,
    position: RunPosition, decisions: String?, bursts: sending BurstFileWriter?,
    configuration: L1Configuration, truth: sending TruthEventJoin? = nil, monitor: LiveMonitor? = nil,
    reporter: FarmReporter? = nil,
    record: (_ time: String) throws -> RunRecord? = { _ in nil }
  ) throws {
    self.truth = truth
    self.monitor = monitor
    self.reporter = reporter
    self.bursts = bursts
    self.account = account
    clock = try WallClock.fromEnvironment()
    self.directory = try directory.map { path in
      if files == nil { try RunLedger.checkFree(directory: path) }
      return try RunDirectory(path: path, continuing: files)
    }
    self.position = position
    decisionsPath = decisions
    self.record = try record(clock.now().rfc3339)
    self.decisions = try decisions.map { try OutputFile(path: $0, continuing: files) }
    table = DecisionTable(configuration: configuration)
    if files == nil { try self.decisions?.write(DecisionTable.header) }
  }

  func take(_ judged: JudgedBatch) async throws {
    let alerts = try account.add(judged, wallClock: clock)
    try directory?.add(judged, alerts: alerts)
    record?.add(alerts)
    try bursts?.add(judged)
    try decisions?.write(table.rows(of: judged))
    if let truth { try ReplayTruth.checked { try truth.add(judged) } }
    try await monitor?.take(judged, alerts: alerts, account: account)
    try await reporter?.take(judged, alerts: alerts, account: account, stored: bursts?.books)
    if Terminal.isInteractive, ContinuousClock.now - lastProgress > .milliseconds(200) {
      lastProgress = .now
      let seconds = max(1e-3, (ContinuousClock.now - begin) / .seconds(1))
      let rate = Int(Double(account.rates.events) / seconds)
      Terminal.progress(
        "\(account.rates.events) events, \(account.rates.kept) kept, \(account.alerts) alerts, \(rate)/s")
    }
  }

  /// What was counted so far.
  var counted: ReplayAccount { account }

  /// Takes what the selections have counted in a segment, and a checkpoint between two bursts.
  func end(_ segment: SegmentEnd, l0: L0Sink?) async throws {
    try account.add(segment.selections)
    try await reporter?.settle(account, stored: bursts?.books, l0: l0?.counted)
    freed.giveBack()
    guard segment.reason == .burst, segment.carry.canResume, let directory, record != nil else { return }
    try await monitor?.sync()
    let emulated = try await l0?.state()
    var files = try directory.files()
    files.merge(try await monitor?.files() ?? [:]) { $1 }
    files.merge(try RunFiles.lengths(of: decisionsPath.map { [$0] } ?? [])) { $1 }
    files.merge(emulated?.files ?? [:]) { $1 }
    var monitored: Data?
    if let monitor {
      record?.add(await monitor.takeMessages())
      monitored = try JSONEncoder().encode(await monitor.state)
    }
    try record?.checkpoint(
      RunPartial(account, stored: bursts?.books, l0: emulated?.account), sealed: account.sealedPartials,
      position: position.text, carry: JSONEncoder().encode(segment.carry), files: files,
      monitor: monitored, time: clock.now().rfc3339)
  }

  /// Reads the rest of the truth; what was counted, if there is one.
  func finishTruth() throws -> TruthTable? { try ReplayTruth.checked { try truth?.finish() } }

  func finish(
    menu: L1Menu, manifest: RunManifest, scratch: StrawScratch, scans: ReplayScans, l0: L0Report?,
    l0Account: L0Account?, inputs: [LedgerInput]
  ) async throws -> ReplayReport {
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
    if let monitor { record?.add(await monitor.takeMessages()) }
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
      try record?.finish(
        RunPartial(account, stored: bursts?.books, l0: l0Account), sealed: account.sealedPartials,
        results: report.sealed(), inputs: inputs, books: report.books,
        manifest: manifest.value(entries, wallTime: time), time: time.rfc3339)
    }
    return report
  }
}
