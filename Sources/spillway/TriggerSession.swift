import Configuration
import EventBuilding
import Foundation
import L0Trigger
import L1Trigger
import NA62Formats
import PacketCapture
import RunStore
import Selections
import TriggerPipeline

/// What a session takes its packets from: recordings or an interface.
protocol SessionInput: Sendable, CustomStringConvertible {
  /// What was noticed while it was looked at.
  var warnings: [CaptureWarning] { get }
  /// Whether it holds stored events.
  var isBurstFiles: Bool { get }
  /// Whether it says its runs and bursts itself.
  var saysBursts: Bool { get }
  /// Its files, with the run and burst that each says it holds.
  var files: [(path: String, run: UInt32?, burst: UInt32?)] { get }
  /// What is known of a file ahead, which then need not be read for it.
  func knownDigest(of path: String) -> InputDigest?
  /// Opens it; see `ReplayInput.open`.
  func open(
    layout: EventLayout?, run: UInt32?, widePrimitives: Set<SourceID>
  ) throws(CaptureError) -> any PacketSource
}

extension SessionInput {
  /// Nothing.
  func knownDigest(of path: String) -> InputDigest? { nil }
}

extension ReplayInput: SessionInput {}

/// Packets through the trigger, from the options to the results: what `replay` and `listen` have in common.
struct TriggerSession {
  let options: TriggerOptions
  let input: any SessionInput
  let feed: PacketFeed
  /// The truth of a simulated stream.
  var truth: ReplayTruth?
  /// Options of the command that change results, beside those of the session.
  var inputOptions: [String: String?] = [:]
  /// Whether to go on with the run in the run directory.
  var resumes = false
  /// The control of the capture where packets come from an interface.
  var live: LiveControl?

  /// Runs it.
  func run() async throws { try await run(TriggerSetup(options)) }

  /// Runs it with the configuration that was read.
  func run(_ trigger: TriggerSetup) async throws {
    let menu = trigger.menu
    let scans: ReplayScans
    do throws(ConfigurationError) { scans = try ReplayScans(paths: options.scans) } catch {
      throw Failure.usage(error)
    }
    if resumes, menu.l1 == nil {
      throw Failure.usage(
        "--resume: the menu \(options.menu) has no chains of L1, and such a run takes no checkpoints; replay anew"
      )
    }
    if menu.l0 == nil, let option = options.l0Outputs.first(where: { $0.file != nil })?.option {
      throw Failure.usage("\(option): the menu \(options.menu) has no lines of L0; give one with 'l0'")
    }
    try Failure.check(firstBurst: options.firstBurst, input)
    if let l1 = menu.l1, let configuration = trigger.l1 {
      try await runEvents(trigger, l1, configuration, scans)
    } else if let lines = menu.l0 {
      try await runPrimitives(trigger, lines, l0Sink(menu, lines, nil))
    }
  }

  private func l0Sink(_ menu: TriggerMenu, _ lines: L0Menu, _ resumption: Resumption?) throws -> L0Sink {
    try L0Sink(
      account: resumption.map { try $0.l0Account(lines) } ?? L0Account(menus: [lines]), menu: lines,
      decisions: options.l0Decisions, counters: options.l0Counters, packets: options.l0Packets,
      directory: options.out, isAlone: menu.l1 == nil, truth: try truth?.l0Join(),
      continuing: resumption?.files)
  }

  // MARK: With L1

  /// Runs packets through L0, where the menu has lines of it, and L1.
  private func runEvents(
    _ trigger: TriggerSetup, _ l1: L1Menu, _ configuration: L1Configuration, _ scans: ReplayScans
  ) async throws {
    let (menu, setup, hash) = (trigger.menu, trigger.selections, trigger.hash)
    let identity = RunIdentity(input: input.description, configurationHash: hash)
    let position = RunPosition(options, inputOptions, input: input, configurationHash: hash)
    var resumption: Resumption?
    if resumes, let directory = options.out {
      switch try Resumption.find(directory, position) {
      case .ended: return Terminal.note("\(directory): the run has ended; there is nothing to go on with")
      case .checkpoint(let found): resumption = found
      case .nothing: Terminal.note("no checkpoint in \(directory): the run begins anew")
      }
    }
    let emulated = options.emulatesL0 ? menu.l0 : nil
    let l0Sink = try emulated.map { try self.l0Sink(menu, $0, resumption) }
    let before = resumption
    let reporter = try await FarmReporter(options.farm, hash: hash) { [control = self.live] in
      control.map { $0.drops.kernel &+ $0.drops.interface }
    }
    var pipelineOptions = pipelineOptions
    // Recordings are numbered from their start, whenever they are read.
    if self.live != nil, options.firstBurst == nil, let farm = reporter?.farm {
      pipelineOptions.builder.burst.join(farm)
    }
    let live = try await LiveSession(
      options.monitor,
      subject(menu, setup, hash: hash, builder: pipelineOptions.builder, resumption: before))
    let sink = try ReplaySink(
      account: resumption.map { try $0.account(setup, identity) }
        ?? ReplayAccount(selections: setup, identity: identity),
      directory: options.out, continuing: resumption?.files, position: position, decisions: options.decisions,
      bursts: try options.writeBursts.map { try BurstFileWriter(directory: $0) },
      configuration: configuration, truth: try truth?.eventJoin(setup?.set), monitor: live?.monitor,
      reporter: reporter
    ) { time in
      try before.map { try RunRecord(resuming: $0.directory) }
        ?? record(trigger, time: time)
    }
    let digests = RunManifest.digests(of: input, isWanted: options.out != nil)
    defer { digests.cancel() }
    let pipeline = TriggerPipeline(
      configuration: configuration, layout: l1.layout, maps: l1.detectors.maps, options: pipelineOptions,
      selections: setup)
    let l0Branch = emulated.flatMap { lines in
      l0Sink.map { sink in
        TriggerPipeline.L0Branch(
          pipeline: l0Pipeline(lines, firstBurst: pipelineOptions.builder.burst.firstBurst)
        ) { try await sink.take($0) }
      }
    }
    let reader = InputReader(
      notes: l1.warnings.map { "\($0)" } + l0Warnings(menu) + input.warnings.map { "\($0)" }
    ) { [input, run = options.runNumber, layout = l1.layout, wide = menu.l0?.wideSources ?? []] in
      try input.open(layout: layout, run: run, widePrimitives: wide)
    }
    try await LiveSession.cancelling(live) {
      try await reader.run(stopping: feed) { source in
        try await pipeline.run(
          source: source, feed: feed, l0: l0Branch, resuming: before?.carry,
          monitor: live?.pipeline ?? PipelineMonitor(), tap: { live?.monitor.tap.put($0) },
          take: { try await sink.take($0) }, segment: { try await sink.end($0, l0: l0Sink) })
      }
    }
    try await live?.monitor.endData()
    let (l0Truth, joined) = (try await l0Sink?.finishTruth(), try await sink.finishTruth())
    let l0Report = try await l0Sink?.finish()
    let found = await digests.value
    let report = try await sink.finish(
      menu: l1, manifest: manifest(found, trigger, pipelineOptions.builder.burst.firstBurst),
      scratch: configuration.strawScratch, scans: scans,
      l0: l0Report.flatMap { $0.hasPrimitives ? $0 : nil }, l0Account: l0Sink?.counted,
      inputs: ledgerInputs(found))
    let truthReport = try truth?.report(
      events: report.hasEvents ? joined : nil, emulated: l0Report?.hasPrimitives == true ? l0Truth : nil,
      menuPath: options.menu, l0: menu.l0, l1: l1, selections: setup?.set, out: options.out)
    let timing = report.timingText()
    if !timing.isEmpty { Terminal.note(timing) }
    if options.json {
      Terminal.out(try Self.summary(report.summary(), l0Report, truthReport).json() + "\n")
    } else {
      Terminal.out("\(l1.name): \(input.description)\n\n")
      if let l0Report { Terminal.out(try Self.text(l0Report)) }
      // A stream of primitives alone has nothing to say of L1.
      if report.hasEvents || l0Report?.hasPrimitives != true { Terminal.out(try report.ratesText() + "\n") }
      if let truthReport { Terminal.out(truthReport.text() + "\n") }
      let counts = report.countsText()
      if !counts.isEmpty { Terminal.out(counts + "\n") }
      Terminal.out(report.booksText())
      if setup?.set.selections.contains(where: \.isBlind) == true, options.out == nil {
        Terminal.note("without --out the results of blind selections are lost; with it they are sealed")
      }
      if let out = options.out { Terminal.out("\nrun directory: \(out)\n") }
    }
    await reporter?.finish(within: options.monitor.patience)
    try await live?.finish(feed.wasStopped ? .stopped : .finished, account: sink.counted, out: options.out)
    try check(
      closes: report.closes && l0Report?.closes != false,
      lost: max(report.lostShare, l0Report?.lostShare ?? 0))
  }

  private var pipelineOptions: TriggerPipeline.Options {
    var pipeline = TriggerPipeline.Options()
    pipeline.workers = options.workers ?? ProcessInfo.processInfo.activeProcessorCount
    pipeline.batchEvents = options.batchEvents
    pipeline.eventLimit = options.limit
    pipeline.runsAlone = options.decisions != nil || truth != nil
    pipeline.builder.burst.firstBurst = options.firstBurst ?? 1
    pipeline.builder.run = options.runNumber ?? 0
    pipeline.builder.shard = options.farm.shard
    pipeline.storesEvents = options.writeBursts != nil
    pipeline.keepsScenes = options.monitor.server.serve != nil
    return pipeline
  }

  // MARK: L0 alone

  /// Runs primitives through a menu that has lines of L0 only.
  private func runPrimitives(_ trigger: TriggerSetup, _ lines: L0Menu, _ sink: L0Sink) async throws {
    let (menu, hash) = (trigger.menu, trigger.hash)
    for (option, isGiven) in [
      ("--decisions", options.decisions != nil), ("--selections", !options.selections.isEmpty),
      ("--write-bursts", options.writeBursts != nil), ("--limit", options.limit != nil),
      ("--node", options.farm.node != nil),
    ] where isGiven {
      throw Failure.usage("\(option): the menu \(options.menu) has no chains of L1; give one with 'l1'")
    }
    guard !input.isBurstFiles else {
      throw Failure.usage(
        "\(input): a burst file holds no primitives; give a capture or raw primitive files, or a menu with "
          + "chains of L1")
    }
    let digests = RunManifest.digests(of: input, isWanted: options.out != nil)
    defer { digests.cancel() }
    let reader = InputReader(notes: l0Warnings(menu) + input.warnings.map { "\($0)" }) {
      [input, wide = lines.wideSources] in
      try input.open(layout: nil, run: nil, widePrimitives: wide)
    }
    let pipeline = l0Pipeline(lines, firstBurst: options.firstBurst ?? 1)
    let live = try await LiveSession(
      options.monitor, subject(menu, nil, hash: hash, builder: pipelineOptions.builder, resumption: nil))
    try await LiveSession.cancelling(live) {
      try await reader.run(stopping: feed) { source in
        try await pipeline.run(source: source, feed: feed) { output in
          try await sink.take(output)
          try await live?.monitor.take(output)
        }
      }
    }
    try await live?.monitor.endData()
    let emulated = try await sink.finishTruth()
    let report = try await sink.finish()
    let truthReport = try truth?.report(
      events: nil, emulated: emulated, menuPath: options.menu, l0: lines, l1: nil, selections: nil,
      out: options.out)
    let found = await digests.value
    try await sink.write(manifest(found, trigger), inputs: ledgerInputs(found)) { time in
      try record(trigger, time: time)
    }
    if options.json {
      Terminal.out(try Self.summary(.map([]), report, truthReport).json() + "\n")
    } else {
      Terminal.out("\(menu.name): \(input.description)\n\n")
      Terminal.out(try Self.text(report))
      if let truthReport { Terminal.out(truthReport.text() + "\n") }
      if let out = options.out { Terminal.out("run directory: \(out)\n") }
    }
    if !report.hasPrimitives {
      Terminal.note("warning: no packet of primitives in the input, and the menu has no chains of L1")
    }
    try await live?.finish(feed.wasStopped ? .stopped : .finished, account: nil, out: options.out)
    try check(closes: report.closes, lost: report.lostShare)
  }

  private func l0Pipeline(_ menu: L0Menu, firstBurst: UInt32) -> L0Pipeline {
    var l0 = L0Pipeline.Options()
    l0.emulator.firstBurst = firstBurst
    l0.emulator.monitorsPrimitives = true
    l0.emulator.counters = options.counters
    return L0Pipeline(menus: [menu], options: l0)
  }

  private func l0Warnings(_ menu: TriggerMenu) -> [String] {
    menu.l0.map { lines in lines.warnings.map { "\(options.menu): \($0)" } } ?? []
  }

  // MARK: The monitor

  /// What the monitor must know of the session.
  private func subject(
    _ menu: TriggerMenu, _ setup: SelectionSetup?, hash: String, builder: EventBuilder.Options,
    resumption: Resumption?
  ) -> LiveSession.Subject {
    LiveSession.Subject(
      menu: menu, setup: setup, input: input, isLive: live != nil, hash: hash, out: options.out,
      runNumber: options.runNumber, speed: feed.speed, builder: builder,
      resumption: resumption, drops: { [live] in live?.drops },
      lateness: { [feed] in feed.pace?.lateness.quantile(0.99) })
  }

  // MARK: The ledger

  /// The ledger of the run, begun; nil without a run directory.
  private func record(_ trigger: TriggerSetup, time: String) throws -> RunRecord? {
    guard let directory = options.out else { return nil }
    return try RunRecord(
      directory: directory,
      run: LedgerRun(
        input: input.description, configurationHash: trigger.hash, version: Spillway.version, time: time),
      inputs: input.files.map { LedgerInput($0, nil) },
      configurations: RunRecord.configurations(trigger))
  }

  private func ledgerInputs(_ digests: [InputDigest?]) -> [LedgerInput] {
    zip(input.files, digests).map { LedgerInput($0, $1) }
  }

  // MARK: Results

  private func manifest(_ digests: [InputDigest?], _ trigger: TriggerSetup, _ first: UInt32? = nil)
    -> RunManifest
  {
    RunManifest(
      inputs: RunManifest.inputs(input, digests), run: options.runNumber,
      firstBurst: input.saysBursts ? nil : first ?? options.firstBurst ?? 1, menu: options.menu,
      configurationHash: trigger.hash, shard: options.farm.shard, counters: trigger.counters,
      wasStopped: feed.wasStopped)
  }

  private func check(closes: Bool, lost share: Double) throws {
    guard closes else {
      throw Failure(message: "the books do not close: a defect of Spillway, please report it", code: 1)
    }
    guard share > options.tolerance else { return }
    throw Failure(
      message: "\(TextShare.percent(share)) of the data were lost or corrupt, more than "
        + "--tolerance \(TextShare.percent(options.tolerance)); see the books above", code: 3)
  }

  /// The tables of L0 for a person; empty if there were no primitives.
  static func text(_ report: L0Report) throws -> String {
    guard report.hasPrimitives else { return "" }
    return try report.linesText() + "\n" + report.primitivesText() + "\n" + report.booksText() + "\n"
  }

  /// The values of L1 with those of L0 and of the truth; of L0 alone even where there were no primitives.
  static func summary(
    _ value: ConfigValue, _ report: L0Report?, _ truth: TruthReport?
  ) throws -> ConfigValue {
    guard case .map(var entries) = value else { return value }
    if let report, report.hasPrimitives || entries.isEmpty {
      entries.append(.init("l0", try report.summary()))
    }
    if let truth { entries.append(.init("truth", truth.summary())) }
    return .map(entries)
  }
}
