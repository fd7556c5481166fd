import Aggregation
import Alerting
import Configuration
import Foundation
import Monitoring
import NIOConcurrencyHelpers
import RunStore
import TriggerPipeline

/// The aggregator from its options to its results.
struct FarmSession {
  /// Time between two looks at the nodes.
  private static let period = Duration.milliseconds(250)

  let nodes: UInt32
  let bind: String
  let key: String?
  let configuration: FarmConfiguration
  let out: String?
  let isJSON: Bool
  let server: ServerOptions

  private var input: String { "farm of \(nodes) node\(nodes == 1 ? "" : "s")" }

  /// Runs until every node has ended, or a signal comes.
  func run() async throws {
    let clock = try WallClock.fromEnvironment()
    if let out {
      try RunLedger.checkFree(directory: out)
      try OutputDirectory.make(out, option: "--out")
    }
    let farm = try await listen()
    Terminal.note("aggregator: \(farm.endpoint)")
    let now = clock.now().rfc3339
    let maker = FarmSnapshot(
      menu: configuration.l1, endpoint: farm.endpoint,
      status: RunStatus(
        source: .farm, state: .running, input: input, menu: configuration.l1.name, run: nil, burst: nil,
        bursts: 0, dataTime: nil, wallTime: now, startTime: now, speed: nil, isTest: false,
        configurationHash: configuration.hash, version: Spillway.version))
    let hub = MonitorHub()
    let web: LiveServer?
    do {
      web =
        if let options = try server.configuration() {
          try await LiveServer(configuration: options, hub: hub, displays: nil)
        } else { nil }
      let wasStopped = try await watch(farm, hub, maker, clock)
      await farm.stop()
      try finish(farm, hub, maker, clock, wasStopped: wasStopped)
    } catch {
      await farm.stop()
      throw error
    }
    await web?.finish(waits: server.keepServing)
    try check(farm)
  }

  private func listen() async throws -> FarmServer {
    do {
      let endpoint = try FarmEndpoint(bind)
      let key = try key.map { path throws(FarmError) in try FarmKey(file: path) }
      if key == nil, !endpoint.isLoopback {
        Terminal.note(
          "warning: \(bind): anybody who reaches this port can tell counts, and read those of the nodes; make keys with "
            + "--make-key and give --key")
      }
      return try await FarmServer.start(
        endpoint,
        farm: Farm(
          Farm.Options(
            nodes: nodes, configuration: configuration.hash, version: Spillway.version,
            empty: configuration.empty(input))), key: key)
    } catch let error as FarmError { throw Failure.usage("--bind: \(error)") }
  }

  /// Shows the farm until it has ended; whether a signal ended it.
  private func watch(
    _ farm: FarmServer, _ hub: MonitorHub, _ maker: FarmSnapshot, _ clock: WallClock
  ) async throws -> Bool {
    let isStopped = NIOLockedValueBox(false)
    Signals.handle { isStopped.withLockedValue { $0 = true } }
    defer { Signals.release() }
    var shown: (revision: UInt64, report: ReplayReport, counts: RunPartial)?
    while true {
      let view = try farm.withFarm { farm, now in
        (
          notes: farm.takeNotes(), hasEnded: farm.hasEnded, revision: farm.revision,
          // A node that is lost takes with it what was shown of its burst, without a message.
          counts: try farm.counts(shownAt: now), nodes: farm.table(now: now), alerts: farm.alerts,
          strangers: farm.strangers
        )
      }
      for note in view.notes { Terminal.note("farm: \(note)") }
      let wasStopped = isStopped.withLockedValue { $0 }
      if view.hasEnded || wasStopped { return wasStopped && !view.hasEnded }
      if shown?.counts != view.counts {
        shown = (view.revision, try report(view.counts), view.counts)
      }
      if let shown {
        hub.publish(
          maker.snapshot(
            shown.report, shown.counts, view.nodes, alerts: view.alerts, total: UInt64(view.alerts.count),
            strangers: view.strangers, wallTime: clock.now().rfc3339))
      }
      try await Task.sleep(for: Self.period)
    }
  }

  private func report(_ counts: RunPartial) throws -> ReplayReport {
    try ReplayReport(account: configuration.account(counts, input), menu: configuration.l1)
  }

  /// Writes the results: of settled counts alone.
  private func finish(
    _ farm: FarmServer, _ hub: MonitorHub, _ maker: FarmSnapshot, _ clock: WallClock, wasStopped: Bool
  ) throws {
    let (counts, nodes, alerts, strangers, notes) = try farm.withFarm { farm, now in
      (
        try farm.counts(), farm.table(now: now), farm.alerts.sorted(), farm.strangers, farm.takeNotes()
      )
    }
    for note in notes { Terminal.note("farm: \(note)") }
    let report = try report(counts)
    let l0 = configuration.l0Report(counts)
    let time = clock.now().rfc3339
    let snapshot = maker.snapshot(
      report, counts, nodes, alerts: alerts, total: UInt64(alerts.count), strangers: strangers,
      wallTime: time,
      state: wasStopped ? .stopped : .finished)
    if let out {
      let manifest = try manifest(report, l0, nodes, strangers, time: time, wasStopped: wasStopped)
      try StoredReport.write(report, l0, manifest: manifest, to: out)
      try OutputFile.write(alerts.map { $0.text + "\n" }.joined(), to: "\(out)/alerts.jsonl")
      try OutputFile.write(try SavedSnapshot.text(snapshot) + "\n", to: "\(out)/\(SavedSnapshot.fileName)")
      try OutputFile.write(manifest.json() + "\n", to: "\(out)/run.json")
    }
    // Who is told that it has ended finds its results.
    hub.publish(snapshot)
    if isJSON {
      Terminal.out(try TriggerSession.summary(report.summary(), l0, nil).json() + "\n")
    } else {
      Terminal.out(
        try StoredReport.text(
          report, l0, name: configuration.l1.name, of: configuration.account(counts, input)))
      if let out { Terminal.out("\nrun directory: \(out)\n") }
    }
    if configuration.setup?.set.selections.contains(where: \.isBlind) == true {
      Terminal.note(
        "what is sealed stays with the nodes: 'spillway merge' of their run directories adds it up")
    }
  }

  private func manifest(
    _ report: ReplayReport, _ l0: L0Report?, _ nodes: [FarmNode], _ strangers: [String], time: String,
    wasStopped: Bool
  ) throws -> ConfigValue {
    func count(_ value: UInt64) -> ConfigValue { .int(Int(clamping: value)) }
    return .map(
      [
        .init("schema", .string("spillway.farm/1")),
        .init("versions", .map([.init("spillway", .string(Spillway.version))])),
        .init("menu", .string(configuration.menuPath)),
        .init("configuration_hash", .string(configuration.hash)),
        .init("selections_hash", configuration.setup.map { .string($0.hash) } ?? .null),
        .init("stopped", .bool(wasStopped)),
        .init(
          "nodes",
          .list(
            nodes.map { node in
              .map([
                .init("node", .int(Int(node.node))), .init("state", .string(node.state.rawValue)),
                .init("reason", node.reason.map { .string($0) } ?? .null),
                .init("bursts", .int(node.bursts)), .init("events", count(node.events)),
                .init("dropped_events", count(node.droppedEvents + node.openEvents)),
                .init("restarts", .int(node.restarts)), .init("alerts", count(node.alerts)),
                .init("alerts_lost", count(node.alertsLost)),
              ])
            })),
        .init("turned_away", .list(strangers.map { .string($0) })),
        .init("counters_of_their_own", .list(ReportMenu(configuration.l1).counters.map { .string($0) })),
        .init("bursts", report.bursts()), .init("results", try report.summary()),
      ] + (try l0.map { [.init("l0", try $0.summary())] } ?? []) + [.init("t_wall", .string(time))])
  }

  /// Ends with 3 where something of a node is missing.
  private func check(_ farm: FarmServer) throws {
    let nodes = farm.withFarm { $0.table(now: $1) }
    let missing = nodes.filter { $0.state != .ended || $0.droppedEvents > 0 }
    guard !missing.isEmpty else { return }
    let texts = missing.map { node in
      node.state == .ended
        ? "node \(node.node) did not live to end \(node.droppedEvents) events"
        : "node \(node.node) is \(node.state.rawValue)"
    }
    throw Failure(message: "not all of the stream is in the sums: \(texts.joined(separator: ", "))", code: 3)
  }
}
