import Alerting
import ArgumentParser
import Configuration
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import RunStore
import Selections
import TriggerPipeline

/// `spillway replay`.
struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Replay recorded streams through the trigger.",
    discussion: """
      Reads captures (pcap, pcapng, also .gz and .zst; '-' is standard input), directories and globs, in \
      data-time order, NA62 burst files, and raw primitive files (as rich_run08000_burst00012). With a menu that has lines of L0, emulates the L0 trigger processor \
      on the primitives; with one that has chains of L1, builds events and runs L1. Prints rates per mask, the \
      counting experiments and the books.

      Examples:
        spillway replay Replay/ordered-1000.pcap.gz --menu Configs/menus/golden-default.yaml
        spillway replay run8000/*.pcap.zst --menu my.yaml --selections my-search.yaml --out runs/8000
        spillway replay primitives.pcap.gz --menu Configs/menus/kaon-2018.yaml --l0-decisions l0.csv
        spillway replay burst.pcap --menu Configs/menus/kaon-2018.yaml --truth burst.truth.jsonl.zst
        spillway replay Replay/kaon-2018.pcap.gz --menu Configs/menus/kaon-2018.yaml --speed 0.1
        zcat burst.pcap.gz | spillway replay - --menu my.yaml --json

      With a speed each packet waits until it is due: the start plus its data time since the first packet, \
      divided by the speed. Gaps of more than 600 s are not waited for. SIGINT (Ctrl-C) and SIGTERM stop at \
      any speed with results written, and "stopped" in run.json; a second one ends at once.
      """)

  @Argument(
    help: ArgumentHelp(
      "Captures, directories, globs, burst files, raw primitive files, or '-'.", valueName: "input"))
  var inputs: [String]

  @Option(help: "The trigger menu: YAML, or for L0 the processor's registers in JSON.")
  var menu = "Configs/menus/golden-default.yaml"

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Selections (YAML), one file or several.", valueName: "file"))
  var selections: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Scans (YAML) of what the selections count, into RUN/scans and report.html; with --out.",
      valueName: "file"))
  var scans: [String] = []

  @Option(help: "What the reconstruction takes detectors and beam to be; read where a selection needs it.")
  var reconstruction = "Configs/reconstruction/na62-2018.yaml"

  @Option(help: "Write the table of decisions (CSV) to this file.")
  var decisions: String?

  @Option(name: .customLong("l0-decisions"), help: "Write the triggers that L0 sends (CSV) to this file.")
  var l0Decisions: String?

  @Option(name: .customLong("l0-counters"), help: "Write the counters of L0 (JSON) to this file.")
  var l0Counters: String?

  @Option(
    name: .customLong("l0-packets"),
    help: "Write what L0 sends to the farm, triggers and ends of bursts, to this capture file.")
  var l0Packets: String?

  @Option(
    name: .customLong("straw-scratch"),
    help: "STRAW scratch memory: clean (reset for each event) or original (kept, as NA62's code does).")
  var strawScratch: String?

  @Option(help: "Tasks that run the L1 algorithms (default: one for each core).")
  var workers: Int?

  @Option(name: .customLong("batch-events"), help: "Events in a batch, at most; 0: as the packets come.")
  var batchEvents = 256

  @Option(
    help: "Stop with the packet that completes this many events; events that it completes too are taken.")
  var limit: UInt64?

  @Option(
    help: ArgumentHelp(
      "How fast: max, or data time for real time, 0.001 to 1000 (1: as recorded). The results are the same.",
      valueName: "max|factor"))
  var speed = "max"

  @Option(help: "Take only packets that this BPF filter passes.")
  var filter: String?

  @Option(
    name: .customLong("run"), help: "Run number for records (default: that of files of bursts, else 0).")
  var runNumber: UInt32?

  @Option(
    name: .customLong("first-burst"),
    help: "Identifier of the first burst of captures (default: 1); files of bursts say theirs.")
  var firstBurst: UInt32?

  @Option(help: "Write the run directory here.")
  var out: String?

  @Option(
    name: .customLong("write-bursts"), help: "Write the events that L1 keeps as NA62 burst files here.")
  var writeBursts: String?

  @Option(
    help: ArgumentHelp(
      "The truth of a simulated stream: adds efficiencies, purities and acceptances.", valueName: "file"))
  var truth: String?

  @Option(
    name: .customLong("truth-window"),
    help: "A decay belongs to a trigger that is nearer than this, in ns.")
  var truthWindow = 10.0

  @Option(help: "Share of fragments, rejected packets included, that may be lost before the exit code is 3.")
  var tolerance = 0.05

  @Flag(help: "Print the results as JSON.")
  var json = false

  func validate() throws {
    if let workers, !(1...1024).contains(workers) {
      throw ValidationError("--workers \(workers): expected 1 to 1024")
    }
    if batchEvents < 0 { throw ValidationError("--batch-events \(batchEvents): expected 0 or more") }
    if speed != "max", finiteSpeed == nil {
      let range = "\(ReplayClock.speeds.lowerBound) to \(Int(ReplayClock.speeds.upperBound))"
      throw ValidationError("--speed \(speed): expected max, or a number from \(range)")
    }
    if let strawScratch, StrawScratch(rawValue: strawScratch) == nil {
      throw ValidationError("--straw-scratch \(strawScratch): expected clean or original")
    }
    if !(truthWindow > 0 && truthWindow <= 1e6) {
      throw ValidationError("--truth-window \(truthWindow): expected more than 0, at most 1000000 ns")
    }
    if !(0...1).contains(tolerance) { throw ValidationError("--tolerance \(tolerance): expected 0 to 1") }
    if !scans.isEmpty, out == nil || selections.isEmpty {
      throw ValidationError("--scans: needs --selections, whose counts it takes, and --out, where it writes")
    }
  }

  func run() async throws {
    let both: TriggerMenu
    let setup: SelectionSetup?
    let scans: ReplayScans
    do throws(ConfigurationError) {
      both = try TriggerMenu.load(path: self.menu)
      setup =
        selections.isEmpty
        ? nil
        : try SelectionSetup(
          set: PhysicsSelectionSet.load(paths: selections), reconstruction: reconstruction)
      scans = try ReplayScans(paths: self.scans)
    } catch { throw Failure.usage(error) }
    for (option, file) in [
      ("--decisions", decisions), ("--l0-decisions", l0Decisions), ("--l0-counters", l0Counters),
      ("--l0-packets", l0Packets),
    ] {
      if let file, let target = Self.identity(file), inputs.contains(where: { Self.identity($0) == target }) {
        throw Failure.usage("\(option) \(file): this is an input; name another file")
      }
    }
    let l0Options = [
      ("--l0-decisions", l0Decisions), ("--l0-counters", l0Counters), ("--l0-packets", l0Packets),
    ]
    if both.l0 == nil, let option = l0Options.first(where: { $0.1 != nil })?.0 {
      throw Failure.usage("\(option): the menu \(self.menu) has no lines of L0; give one with 'l0'")
    }
    let truth = try ReplayTruth(path: self.truth, window: truthWindow)
    let l0Sink = try both.l0.map { menu in
      try L0Sink(
        menu: menu, decisions: l0Decisions, counters: l0Counters, packets: l0Packets, directory: out,
        isAlone: both.l1 == nil, truth: try truth?.l0Join())
    }
    guard let menu = both.l1 else { return try await replayL0(both, l0Sink, truth) }
    var configuration = menu.configuration
    if let mode = strawScratch.flatMap(StrawScratch.init) { configuration.strawScratch = mode }
    let input: ReplayInput
    do throws(CaptureError) {
      input = try ReplayInput(arguments: inputs, filter: filter)
    } catch { throw Failure.usage(error) }
    let notes =
      menu.warnings.map { "\($0)" } + l0Warnings(both) + input.warnings.map { "\($0)" }

    try Failure.check(firstBurst: firstBurst, input)
    var options = TriggerPipeline.Options()
    options.workers = workers ?? ProcessInfo.processInfo.activeProcessorCount
    options.batchEvents = batchEvents
    options.eventLimit = limit
    options.runsAlone = decisions != nil || truth != nil
    options.builder.burst.firstBurst = firstBurst ?? 1
    options.builder.run = runNumber ?? 0
    options.storesEvents = writeBursts != nil
    let pipeline = TriggerPipeline(
      configuration: configuration, layout: menu.layout, maps: menu.detectors.maps, options: options,
      selections: setup)
    let hash = SHA256.hex(
      of: "\(menu.hash) \(configuration.strawScratch.rawValue) \(setup?.hash ?? "-") "
        + (both.l0?.hash ?? "-"))
    let identity = RunIdentity(input: input.description, configurationHash: hash)
    let sink = try ReplaySink(
      account: ReplayAccount(selections: setup, identity: identity),
      directory: out, decisions: decisions,
      bursts: try writeBursts.map { try BurstFileWriter(directory: $0) }, configuration: configuration,
      truth: try truth?.eventJoin(setup?.set))
    let digests = RunManifest.digests(of: input, isWanted: out != nil)
    defer { digests.cancel() }
    let l0Branch = both.l0.flatMap { lines in
      l0Sink.map { sink in
        TriggerPipeline.L0Branch(pipeline: l0Pipeline(lines)) { try await sink.take($0) }
      }
    }
    let reader = InputReader(notes: notes) {
      [runNumber, layout = menu.layout, widePrimitives = both.l0?.wideSources ?? []] in
      try input.open(layout: layout, run: runNumber, widePrimitives: widePrimitives)
    }
    let feed = PacketFeed(speed: finiteSpeed)
    try await reader.run(stopping: feed) { source in
      let run = try await pipeline.run(source: source, feed: feed, l0: l0Branch) { try await sink.take($0) }
      await sink.finish(run)
    }
    let manifest = RunManifest(
      inputs: RunManifest.inputs(input, await digests.value), run: runNumber,
      firstBurst: input.saysBursts ? nil : firstBurst ?? 1, menu: menu.path, configurationHash: hash,
      wasStopped: feed.wasStopped)
    let (emulated, joined) = (try await l0Sink?.finishTruth(), try await sink.finishTruth())
    let l0Report = try await l0Sink?.finish()
    let report = try await sink.finish(
      menu: menu, manifest: manifest, scratch: configuration.strawScratch, scans: scans,
      l0: l0Report.flatMap { $0.hasPrimitives ? $0 : nil })
    let truthReport = try truth?.report(
      events: report.hasEvents ? joined : nil, emulated: l0Report?.hasPrimitives == true ? emulated : nil,
      menuPath: self.menu, l0: both.l0, l1: menu, selections: setup?.set, out: out)
    let timing = report.timingText()
    if !timing.isEmpty { Terminal.note(timing) }
    if json {
      Terminal.out(try Self.summary(report.summary(), l0Report, truthReport).json() + "\n")
    } else {
      Terminal.out("\(menu.name): \(input.description)\n\n")
      if let l0Report { Terminal.out(try Self.text(l0Report)) }
      // A stream of primitives alone has nothing to say of L1.
      if report.hasEvents || l0Report?.hasPrimitives != true { Terminal.out(try report.ratesText() + "\n") }
      if let truthReport { Terminal.out(truthReport.text() + "\n") }
      let counts = report.countsText()
      if !counts.isEmpty { Terminal.out(counts + "\n") }
      Terminal.out(report.booksText())
      if setup?.set.selections.contains(where: \.isBlind) == true, out == nil {
        Terminal.note("without --out the results of blind selections are lost; with it they are sealed")
      }
      if let out { Terminal.out("\nrun directory: \(out)\n") }
    }
    if !report.closes || l0Report.map({ $0.closes }) == false {
      throw Failure(message: "the books do not close: a defect of Spillway, please report it", code: 1)
    }
    try checkLoss(max(report.lostShare, l0Report?.lostShare ?? 0))
  }

  /// The speed, where packets have to wait until they are due.
  var finiteSpeed: Double? {
    guard let factor = Double(speed), ReplayClock.speeds.contains(factor) else { return nil }
    return factor
  }

  func checkLoss(_ share: Double) throws {
    guard share > tolerance else { return }
    throw Failure(
      message: "\(TextShare.percent(share)) of the data were lost or corrupt, more than "
        + "--tolerance \(TextShare.percent(tolerance)); see the books above", code: 3)
  }
}

extension Replay {
  /// Which regular file a path names, or `nil`.
  fileprivate static func identity(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return "\(status.st_dev):\(status.st_ino)"
  }
}

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
