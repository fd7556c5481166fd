import AlertDelivery
import Alerting
import Configuration
import EventBuilding
import Foundation
import L0Trigger
import L1Trigger
import Monitoring
import RateMonitoring
import Selections
import TriggerPipeline

/// The monitor of a session with its server and its deliveries: there before the first packet, and closed behind the
/// results.
struct LiveSession {
  /// What is told of the run.
  let monitor: LiveMonitor
  /// How the stages do.
  let pipeline: PipelineMonitor
  private let options: MonitorOptions
  private let dispatcher: AlertDispatcher?
  private let outbox: Outbox?
  private let server: LiveServer?
  private let ticks: Task<Void, Never>

  /// The session that all of this is for.
  struct Subject {
    var menu: TriggerMenu
    var setup: SelectionSetup?
    var input: any SessionInput
    /// Whether packets come from an interface.
    var isLive: Bool
    var hash: String
    /// The run directory.
    var out: String?
    var runNumber: UInt32?
    var speed: Double?
    var builder: EventBuilder.Options
    /// The run that goes on.
    var resumption: Resumption?
    var drops: @Sendable () -> (kernel: UInt64, interface: UInt64)?
    var lateness: @Sendable () -> Double?
  }

  /// Starts what the options ask for; nil where they ask for nothing.
  init?(_ options: MonitorOptions, _ subject: Subject) async throws {
    guard options.isWanted else {
      // What an earlier run has left there is not of this one.
      for name in [RatesFile.fileName, SavedSnapshot.fileName] {
        if let out = subject.out { try? FileManager.default.removeItem(atPath: "\(out)/\(name)") }
      }
      return nil
    }
    self.options = options
    let monitoring: RateMonitoringConfiguration
    let rules: AlertRuleSet
    do throws(ConfigurationError) {
      monitoring = try options.monitoring()
      rules = try options.rules(hasSelections: subject.setup?.set.selections.isEmpty == false)
      try rules.check(selections: Self.known(subject.setup?.set))
    } catch { throw Failure.usage(error) }
    let clock = try WallClock.fromEnvironment()
    let engine = RuleEngine(
      rules: rules,
      context: RuleEngine.Context(
        isRecording: !subject.isLive, configurationHash: subject.hash, input: subject.input.description,
        blindSelections: Set(subject.setup?.set.selections.filter(\.isBlind).map(\.name) ?? [])))
    (outbox, dispatcher) = try await Self.delivery(rules, options, subject)
    let pipeline = PipelineMonitor()
    self.pipeline = pipeline
    var run = LiveMonitor.Run(status: Self.status(subject, clock))
    if let l1 = subject.menu.l1 { run.makesReport = { try ReplayReport(account: $0, menu: l1) } }
    run.health = { pipeline.health.stages.map(Self.stage) }
    run.drops = subject.drops
    run.lateness = { subject.lateness().flatMap { $0.isFinite ? $0 : nil } }
    let hub = MonitorHub()
    let ratesFile = try subject.out.map { out in
      try OutputDirectory.make(out, option: "--out")
      return try RatesFile(directory: out, continuing: subject.resumption?.files)
    }
    monitor = LiveMonitor(
      run: run, rates: try Self.rates(monitoring, options.bands, subject), engine: engine, hub: hub,
      outbox: outbox,
      dispatcher: dispatcher, clock: clock, ratesFile: ratesFile)
    if let state = try subject.resumption?.monitorState() {
      do { try await monitor.restore(state) } catch { throw Failure.usage("--resume: \(error)") }
    }
    var displays: CandidateScenes?
    if let menu = subject.menu.l1, let configuration = subject.setup?.reconstruction {
      displays = CandidateScenes(
        monitor: monitor, menu: menu, configuration: configuration, input: subject.input.description)
    }
    server = try await options.server.configuration().asyncMap { [displays] in
      try await LiveServer(configuration: $0, hub: hub, displays: displays)
    }
    ticks = Task { [monitor] in
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        try? await monitor.tick()
      }
    }
  }

  /// The results are there: the last messages go out, the last snapshot is shown, and the server ends, at once or when
  /// a signal comes.
  func finish(_ state: RunStatus.State, account: ReplayAccount?, out: String?) async throws {
    ticks.cancel()
    try await monitor.finish(state, account: account)
    if let out, let snapshot = await monitor.snapshot {
      try OutputFile.write(try SavedSnapshot.text(snapshot) + "\n", to: "\(out)/\(SavedSnapshot.fileName)")
    }
    if let dispatcher {
      let state = await dispatcher.finish(within: .seconds(options.patience))
      for sink in state.sinks where sink.books.pending > 0 {
        Terminal.note(
          "warning: sink '\(sink.name)': \(sink.books.pending) messages were not taken within \(options.patience) s "
            + "and stay in the outbox" + (sink.problem.map { " (\($0))" } ?? ""))
      }
      if state.lost > 0 {
        Terminal.note("warning: \(state.lost) messages were lost, as the outbox was too slow")
      }
      outbox?.close()
    }
    await server?.finish(waits: options.server.keepServing)
  }

  /// Does something while a session is there; ends it where that fails.
  static func cancelling(_ session: LiveSession?, _ body: () async throws -> Void) async throws {
    do { try await body() } catch {
      await session?.cancel()
      throw error
    }
  }

  /// Ends all of it after an error.
  private func cancel() async {
    ticks.cancel()
    _ = await dispatcher?.finish(within: .zero)
    outbox?.close()
    await server?.finish(waits: false)
  }

  // MARK: Parts

  private static func known(_ set: PhysicsSelectionSet?) -> [AlertRuleSet.KnownSelection] {
    (set?.selections ?? []).map { selection in
      .init(
        name: selection.name,
        openRegions: selection.regions.filter { !(selection.isBlind && $0.isBlind) }.map(\.name),
        blindRegions: selection.regions.filter { selection.isBlind && $0.isBlind }.map(\.name),
        isBlind: selection.isBlind)
    }
  }

  private static func delivery(
    _ rules: AlertRuleSet, _ options: MonitorOptions, _ subject: Subject
  ) async throws -> (Outbox?, AlertDispatcher?) {
    guard let file = options.alerts, !rules.sinks.isEmpty else { return (nil, nil) }
    guard let out = subject.out else {
      throw Failure.usage("--alerts \(file): needs --out, where messages wait until they are delivered")
    }
    try OutputDirectory.make(out, option: "--out")
    let path = "\(out)/\(Outbox.fileName)"
    // What an earlier run has left there is delivered too; a message of the same key is the same message.
    let outbox = try Outbox(path: path)
    let dispatcher = AlertDispatcher(
      outbox: outbox, sinks: try AlertSinks.make(rules.sinks, directory: out),
      options: .init(whenFull: subject.isLive ? .count : .wait, resumes: subject.resumption != nil))
    try await dispatcher.start()
    return (outbox, dispatcher)
  }

  private static func rates(
    _ configuration: RateMonitoringConfiguration, _ file: String?, _ subject: Subject
  ) throws -> RateMonitor {
    var options = RateMonitor.Options()
    options.builder = subject.builder
    options.hasEvents = subject.menu.l1 != nil
    var masks: [Int: String] = [:]
    for (number, mask) in (subject.menu.l1?.configuration.masks ?? []).enumerated() where !mask.name.isEmpty {
      masks[number] = mask.name
    }
    let names = RateLineNames(masks: masks, selections: subject.setup?.set.selections.map(\.name) ?? [])
    do {
      if let file { try configuration.check(names: names, file: file) }
      return try RateMonitor(
        configuration: configuration, layout: subject.menu.l1?.layout ?? EventLayout(sources: []),
        names: names,
        options: options)
    } catch { throw Failure.usage("--bands: \(error)") }
  }

  private static func status(_ subject: Subject, _ clock: WallClock) -> RunStatus {
    let now = clock.now().rfc3339
    return RunStatus(
      source: subject.isLive ? .live : .replay, state: .running, input: subject.input.description,
      menu: subject.menu.name, run: subject.runNumber, burst: nil, bursts: 0, dataTime: nil, wallTime: now,
      startTime: now, speed: subject.isLive ? 1 : subject.speed, isTest: !subject.isLive,
      configurationHash: subject.hash, version: Spillway.version)
  }

  private static func stage(_ stage: PipelineHealth.Stage) -> HealthDocument.Stage {
    HealthDocument.Stage(
      name: stage.name, waiting: stage.waiting, capacity: stage.capacity, batches: stage.batches,
      busySeconds: Double(stage.busyNanoseconds) * 1e-9)
  }
}

extension Optional {
  /// `map` for what takes time.
  fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async rethrows -> Value? {
    guard let self else { return nil }
    return try await body(self)
  }
}

/// The web server of a command.
struct LiveServer {
  private let task: Task<Void, any Error>
  private let url: String

  /// Starts it; returns once it listens.
  init(configuration: MonitorConfiguration, hub: MonitorHub, displays: CandidateScenes?) async throws {
    for warning in configuration.warnings { Terminal.note("warning: \(warning)") }
    let server: MonitorServer
    do throws(MonitorError) {
      if let displays {
        server = try MonitorServer(configuration: configuration, hub: hub, displays: displays)
      } else {
        server = try MonitorServer(configuration: configuration, hub: hub)
      }
    } catch { throw Failure.usage(error) }
    let (ready, continuation) = AsyncStream.makeStream(of: String.self)
    let task = Task {
      defer { continuation.finish() }
      try await server.run { url in continuation.yield(url) }
    }
    self.task = task
    var found: String?
    for await url in ready {
      found = url
      break
    }
    guard let found else {
      do { try await task.value } catch let error as MonitorError { throw Failure.usage(error) }
      throw Failure(message: "the dashboard could not be served", code: 1)
    }
    url = found
    Terminal.note("dashboard: \(found)")
  }

  /// Ends it; first waits for a signal, if wanted.
  func finish(waits: Bool) async {
    if waits {
      Terminal.note("the dashboard is still served at \(url); end with Ctrl-C")
      await Signals.wait()
    }
    task.cancel()
    _ = await task.result
  }
}
