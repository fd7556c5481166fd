import ArgumentParser
import Configuration
import Detectors
import Foundation
import L0Trigger
import NA62Formats
import PacketCapture
import Pages
import Simulation
import TriggerPipeline

/// `spillway simulate`.
struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Simulate bursts: the packets that NA62's readout would have sent.",
    discussion: """
      Makes decays, halo and beam-dump products, the hits of the detectors, L0 primitives, the triggers of the menu, \
      and the fragments that the boards send for them, as a capture that 'spillway replay' reads. L1 is in the loop: \
      the CREAMs of LKr send the events that it keeps. The same seed gives the same bytes, for any number of \
      workers.

      A stretch of the spill ('--from', '--to') has the hits and primitives that the whole burst has there.

      Examples:
        spillway simulate kaon --intensity 0.02 --from 2.0 --to 2.1 --out kaon.pcap.gz
        spillway simulate kaon --to 0.1 --out - | spillway replay - --menu Configs/menus/kaon-2018.yaml
        spillway simulate kaon --force pi4e --signal-rate 500 --from 2 --to 2.2 --out pi4e.pcap
        spillway simulate dump --mass 400 --coupling 1e-7 --lepton mumu --signal-rate 300 --from 2 --to 2.1 \
      --out dump.pcap

      Channels for --force: \(Self.channelList).
      """)

  /// What is simulated.
  enum Mode: String, ExpressibleByArgument, CaseIterable {
    case kaon, dump

    var name: String { self == .kaon ? "kaon-2018" : "dump-2021" }
  }

  /// What an A' decays to.
  enum Lepton: String, ExpressibleByArgument, CaseIterable {
    case mumu, ee

    var channel: DumpProduction.Channel { self == .mumu ? .muons : .electrons }
  }

  /// Short names of the channels.
  static let channels: [(name: String, channel: KaonChannel)] = [
    ("kmu2", .muonNeutrino), ("k2pi", .twoPions), ("3pi", .threePions), ("3pi0", .threePionsNeutral),
    ("ke3", .electron3), ("kmu3", .muon3), ("pinunu", .pionNeutrinos), ("pi4e", .pionElectrons),
    ("piaa", .axions), ("piS", .darkScalar),
  ]

  static var channelList: String {
    channels.map { "\($0.name) ('\($0.channel.rawValue)')" }.joined(separator: ", ")
  }

  @Argument(help: "What is simulated: kaon or dump.")
  var mode: Mode

  @Option(
    help: "The trigger menu with lines of L0 (default: Configs/menus/kaon-2018.yaml or dump-2021.yaml).",
    transform: ShippedFile.find)
  var menu: String?

  @Option(help: "Intensity, 1 is nominal (default: 0.01 for kaon, 1 for dump); scales beam and halo.")
  var intensity: Double?

  @Option(help: "Length of the spill in seconds (default: that of the configuration).")
  var spill: Double?

  @Option(help: "Make the burst from this second of the spill on.")
  var from: Double?

  @Option(help: "Make the burst up to this second of the spill.")
  var to: Double?

  @Option(help: "Number of bursts.")
  var bursts: UInt32 = 1

  @Option(
    name: .customLong("first-burst"), help: "Number of the first burst, from 1: bursts can be made apart.")
  var firstBurst: UInt32 = 1

  @Option(help: "Kaon mode: every K+ decays so; with --signal-rate such decays come on top of the others.")
  var force: String?

  @Option(
    name: .customLong("signal-rate"),
    help: "Signal decays per second at the flat top: of --force in kaon mode, of A' in dump mode.")
  var signalRate: Double?

  @Option(help: "Mass in MeV: of the A' in dump mode; of a, or of S with A' of a fifth of it, in kaon mode.")
  var mass: Double?

  @Option(help: "Dump mode: kinetic mixing of the A'.")
  var coupling: Double?

  @Option(help: "Dump mode: what A' decay to, mumu or ee (default: both, as the widths have it).")
  var lepton: Lepton?

  @Option(help: "Seed of all random numbers.")
  var seed: UInt64 = 1

  @Option(help: "Tasks of each step that makes slices (default: one for each core).")
  var workers: Int?

  @Option(
    help: "What a burst is made of (default: Configs/simulation/kaon-2018.yaml or dump-2021.yaml).",
    transform: ShippedFile.find)
  var configuration: String?

  @Option(help: "What detectors make of it.", transform: ShippedFile.find)
  var response = ShippedFile.find("Configs/simulation/detectors-2018.yaml")

  @Option(help: "Sources and maps of a menu without chains of L1.", transform: ShippedFile.find)
  var detectors = ShippedFile.find("Configs/detectors/na62-2018-lkr.yaml")

  @Option(help: "Write the capture here: a file (.gz and .zst are compressed), or '-' for standard output.")
  var out = "-"

  @Option(help: "Write what really happened to this file (JSON lines; .gz and .zst are compressed).")
  var truth: String?

  @Option(
    name: .customLong("truth-contents"),
    help: "Which decays have a line: all, decays (beam and halo that pass only if triggered), triggered.")
  var truthContents = "decays"

  @Flag(help: "Print the summary as JSON to standard output.")
  var json = false

  func validate() throws {
    func check(_ isGood: Bool, _ text: String) throws { if !isGood { throw ValidationError(text) } }
    if let workers { try check((1...1024).contains(workers), "--workers \(workers): expected 1 to 1024") }
    if let intensity {
      try check(
        intensity > 0 && intensity <= 10, "--intensity \(intensity): expected above 0, to 10; 1 is nominal")
    }
    if let spill { try check(spill > 0 && spill <= 1000, "--spill \(spill): expected above 0, to 1000 s") }
    if let from { try check(from >= 0 && from <= 1000, "--from \(from): expected 0 to 1000 s") }
    if let to {
      try check(to > from ?? 0 && to <= 1000, "--to \(to): expected seconds behind --from, to 1000")
    }
    try check((1...5000).contains(bursts), "--bursts \(bursts): expected 1 to 5000")
    try check((1...5000).contains(firstBurst), "--first-burst \(firstBurst): expected 1 to 5000")
    if let signalRate {
      try check(
        signalRate > 0 && signalRate <= 1e8, "--signal-rate \(signalRate): expected above 0, to 1e8 Hz")
      try check(
        mode == .dump || force != nil, "--signal-rate \(signalRate): say which decays with --force")
    }
    if force != nil { try check(mode == .kaon, "--force: kaon mode only; in dump mode choose with --lepton") }
    if let coupling { try check(mode == .dump, "--coupling \(coupling): dump mode only") }
    if let lepton { try check(mode == .dump, "--lepton \(lepton.rawValue): dump mode only") }
    try check(
      TruthContents(rawValue: truthContents) != nil,
      "--truth-contents \(truthContents): expected all, decays or triggered")
    try check(truth != "-", "--truth -: give a file")
    try check(!json || out != "-", "--json: the capture goes to standard output; give it a file with --out")
  }

  func run() async throws {
    let menuPath = menu ?? ShippedFile.find("Configs/menus/\(mode.name).yaml")
    var setup: SimulationSetup
    let lines: L0Menu
    let header: TruthHeader?
    do throws(ConfigurationError) {
      let menu = try TriggerMenu.load(path: menuPath)
      guard let l0 = menu.l0 else {
        throw ConfigurationError(
          file: menuPath, problem: "the menu has no lines of L0", advice: "give one with 'l0'")
      }
      lines = l0
      let (burst, signal) = try makeBurst()
      let sources: DetectorConfiguration
      if let l1 = menu.l1 { sources = l1.detectors } else { sources = try .load(path: detectors) }
      setup = try SimulationSetup(
        burst: burst, signal: signal, response: ResponseConfiguration.load(path: response),
        detectors: sources, l0: l0, l1: menu.l1?.configuration, seed: seed, stretch: stretch(burst))
      setup.keepsTruth = truth != nil
      header = truth == nil ? nil : try truthHeader(setup, menu, menuPath)
    } catch { throw Failure.usage(error) }
    if out == "-", isatty(1) == 1 {
      throw Failure.usage(
        "--out -: standard output is a terminal; give a file, or pipe into 'spillway replay -'")
    }
    let sink: SimulationSink
    do throws(CaptureError) {
      let truth = try self.truth.flatMap { path throws(CaptureError) in
        try header.map { header throws(CaptureError) in try TruthWriter(path: path, header: header) }
      }
      sink = try SimulationSink(path: out, setup: setup, bursts: self.bursts, menu: lines, truth: truth)
    } catch { throw Failure.usage(error) }
    var options = SimulationPipeline.Options()
    options.workers = workers ?? max(1, ProcessInfo.processInfo.activeProcessorCount)
    options.firstBurst = firstBurst
    options.bursts = self.bursts
    do {
      try await SimulationPipeline(setup, options: options).run { try await sink.take($0) }
    } catch let error as CaptureError {
      throw Failure(message: "\(error)", code: 1)
    } catch let error as FormatError {
      throw Failure(message: "a board has more to send than its format holds: \(error)", code: 1)
    }
    let summary = try await sink.finish()
    Terminal.progress("")
    Terminal.note(summary.text())
    if json { Terminal.out(summary.value().json() + "\n") }
    guard summary.counts.unfinishedEvents == 0 else {
      throw Failure(
        message:
          "\(summary.counts.unfinishedEvents) events are not complete: a defect of Spillway, please report it",
        code: 1)
    }
  }

  private func stretch(_ burst: BurstConfiguration) -> ClosedRange<Double>? {
    guard from != nil || to != nil else { return nil }
    let start = (from ?? 0) * 1e9
    return start...max(start, to.map { $0 * 1e9 } ?? burst.spill.duration)
  }

  /// The burst and the signal that is added to it, with the options applied.
  private func makeBurst() throws(ConfigurationError) -> (BurstConfiguration, BurstConfiguration?) {
    var burst = try BurstConfiguration.load(path: configurationPath)
    func wrong(_ problem: String, _ advice: String) -> ConfigurationError {
      ConfigurationError(file: "options", problem: problem, advice: advice)
    }
    burst.scale(intensity: nominal)
    if let spill { burst.spill.duration = spill * 1e9 }
    switch mode {
    case .kaon:
      guard burst.beam != nil else {
        throw wrong("the configuration has no beam", "give one of kaon mode with --configuration")
      }
      guard let force else { return (burst, nil) }
      let channel = try channel(force)
      if let mass {
        guard burst.setMass(mass / 1000, of: channel) else {
          throw wrong("--mass \(mass): not possible in the decay \(channel.rawValue)", "choose another mass")
        }
      }
      guard let signalRate else {
        burst.kaonChannels = try table(channel)
        return (burst, nil)
      }
      guard let signal = burst.signal(try table(channel), rate: signalRate) else {
        throw wrong("--signal-rate \(signalRate): the beam has no kaon that decays", "leave it out")
      }
      return (burst, signal)
    case .dump:
      guard var dump = burst.dump else {
        throw wrong("the configuration has no dump", "give one of dump mode with --configuration")
      }
      if let problem = dump.change(
        mass: mass.map { $0 / 1000 }, mixing: coupling, channel: lepton?.channel, rate: signalRate)
      {
        throw wrong(problem, "change --mass, --coupling or --lepton")
      }
      burst.dump = dump
      return (burst, nil)
    }
  }

  private func truthHeader(
    _ setup: SimulationSetup, _ menu: TriggerMenu, _ menuPath: String
  ) throws(ConfigurationError) -> TruthHeader {
    func file(_ kind: String, _ name: String, _ path: String) throws(ConfigurationError)
      -> TruthHeader.Configuration
    {
      TruthHeader.Configuration(
        kind: kind, name: name, sha256: SHA256.hex(of: try ConfigurationFile.text(path: path)))
    }
    var contents = TruthContents.decays
    if let chosen = TruthContents(rawValue: truthContents) { contents = chosen }
    return TruthHeader(
      version: Spillway.version,
      configurations: [
        try file("burst", setup.burst.name, configurationPath),
        try file("response", setup.response.name, response),
        TruthHeader.Configuration(
          kind: "detectors", name: setup.detectors.name,
          sha256: setup.detectors.effective(isNamed: false).sha256),
        try file("menu", menu.name, menuPath),
      ], seed: seed, intensity: nominal, spill: setup.burst.spill.duration,
      window: (Double(setup.slices.lowerBound) * setup.sliceDuration)...(Double(setup.slices.upperBound)
        * setup.sliceDuration),
      contents: contents)
  }

  private var nominal: Double { intensity ?? (mode == .kaon ? 0.01 : 1) }
  private var configurationPath: String {
    configuration ?? ShippedFile.find("Configs/simulation/\(mode.name).yaml")
  }

  private func table(_ channel: KaonChannel) throws(ConfigurationError) -> ChannelTable<KaonChannel> {
    guard let table = ChannelTable([(channel, 1.0)]) else {
      throw ConfigurationError(
        file: "options", problem: "--force: not possible", advice: "choose another channel")
    }
    return table
  }

  private func channel(_ name: String) throws(ConfigurationError) -> KaonChannel {
    if let found = Self.channels.first(where: { $0.name == name || $0.channel.rawValue == name }) {
      return found.channel
    }
    throw ConfigurationError(
      file: "options", problem: "--force: unknown channel \(ConfigurationError.quoted(name))",
      suggestion: NearestName.of(name, in: Self.channels.flatMap { [$0.name, $0.channel.rawValue] }),
      advice: "choose among \(Self.channelList)")
  }
}

/// The task that writes the capture, counts, and shows how far it is.
actor SimulationSink {
  private let writer: CaptureWriter
  private let setup: SimulationSetup
  private let bursts: UInt32
  private let menu: L0Menu
  private let truth: TruthWriter?
  private var counts = SimulationCounts()
  private let begin = ContinuousClock.now
  private var lastProgress = ContinuousClock.now

  init(
    path: String, setup: SimulationSetup, bursts: UInt32, menu: L0Menu, truth: sending TruthWriter?
  ) throws(CaptureError) {
    writer = try CaptureWriter(path: path)
    self.setup = setup
    self.bursts = bursts
    self.menu = menu
    self.truth = truth
  }

  /// Seconds of spill that were made.
  private var spill: Double { Double(counts.slices) * setup.sliceDuration * 1e-9 }
  private var seconds: Double { max(1e-6, (ContinuousClock.now - begin) / .seconds(1)) }

  func take(_ output: SimulatedOutput) throws {
    counts += output.counts
    for packets in output.packets {
      for frame in packets.frames {
        try writer.write(
          frame: packets.batch.bytes[frame.offset..<(frame.offset + frame.length)],
          time: DataTime(nanoseconds: frame.time))
      }
    }
    if let truth {
      try truth.add(events: output.events, hitCounts: output.hitCounts, burst: output.burst)
      for trigger in output.triggers {
        try truth.add(
          trigger: trigger.record, event: trigger.event, l1: trigger.decision, hits: trigger.hits,
          burst: output.burst)
      }
      if output.horizon.isFinite {
        try truth.advance(horizon: output.horizon)
      } else {
        try truth.endBurst()
      }
    }
    guard Terminal.isInteractive, ContinuousClock.now - lastProgress > .milliseconds(200) else { return }
    lastProgress = .now
    let total = Double(setup.slices.count) * setup.sliceDuration * 1e-9 * Double(bursts)
    let share = min(1, spill / max(1e-12, total))
    let bar = String(repeating: "#", count: Int(share * 24))
    Terminal.progress(
      "[\(bar)\(String(repeating: ".", count: 24 - bar.count))] \(TextTable.number(spill)) of "
        + "\(TextTable.number(total)) s of spill, \(counts.channels.values.reduce(0, +)) events, "
        + "\(counts.triggers) triggers, \(TextTable.number(seconds / max(1e-9, spill))) s per s of spill")
  }

  func finish() throws -> SimulationSummary {
    try writer.close()
    try truth?.close()
    return SimulationSummary(counts: counts, menu: menu, spill: spill, seconds: seconds, seed: setup.seed)
  }
}

/// What a simulated run made.
struct SimulationSummary {
  let counts: SimulationCounts
  let menu: L0Menu
  /// Seconds of spill.
  let spill: Double
  /// Seconds of machine time.
  let seconds: Double
  let seed: UInt64

  private var channels: [(key: String, value: UInt64)] {
    counts.channels.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
  }

  /// The tables for a person.
  func text() -> String {
    var events = TextTable(["made", "count", "per second"], alignments: [.left, .right, .right])
    for (name, count) in channels {
      events.append([name, "\(count)", TextTable.number(Double(count) / max(1e-12, spill))])
    }
    var primitives = TextTable(["primitives", "count", "MHz"], alignments: [.left, .right, .right])
    for detector in L0Detector.allCases {
      let count = counts.primitives[detector.rawValue]
      primitives.append([
        detector.name, "\(count)", TextTable.number(Double(count) / max(1e-12, spill) * 1e-6),
      ])
    }
    var lines = TextTable(["line", "triggers", "kHz"], alignments: [.left, .right, .right])
    func row(_ name: String, _ count: UInt64) {
      lines.append([name, "\(count)", TextTable.number(Double(count) / max(1e-12, spill) * 1e-3)])
    }
    for mask in menu.masks where mask.isEnabled && counts.lines.indices.contains(mask.number) {
      row(mask.name.isEmpty ? "mask \(mask.number)" : mask.name, counts.lines[mask.number])
    }
    row("control", counts.control)
    row("all triggers", counts.triggers)
    row("events kept", counts.kept)
    let totals =
      "\(counts.bursts) \(counts.bursts == 1 ? "burst" : "bursts"), \(TextTable.number(spill)) s of spill in "
      + "\(TextTable.number(seconds)) s: \(counts.frames) packets "
      + "(primitives \(counts.datagrams[0]), L0 data \(counts.datagrams[1]), L1 data \(counts.datagrams[2])), "
      + "\(counts.bytes) bytes"
    let lost =
      counts.lostPrimitives == 0
      ? "" : "\n\(counts.lostPrimitives) primitives found no room in their packets"
    return "\(events.text)\n\(primitives.text)\n\(lines.text)\n\(totals)\(lost)"
  }

  /// The counts for a program.
  func value() -> ConfigValue {
    func int(_ value: UInt64) -> ConfigValue { .int(Int(clamping: value)) }
    return .map([
      .init("schema", .string("spillway.simulation/1")),
      .init("seed", .string(String(seed))),
      .init("bursts", int(counts.bursts)),
      .init("spill_seconds", .double(spill)),
      .init("machine_seconds", .double(seconds)),
      .init("made", .map(channels.map { .init($0.key, int($0.value)) })),
      .init(
        "primitives",
        .map(L0Detector.allCases.map { .init($0.name, int(counts.primitives[$0.rawValue])) })),
      .init("primitives_lost", int(counts.lostPrimitives)),
      .init("triggers", int(counts.triggers)),
      .init(
        "lines",
        .list(
          menu.masks.filter { counts.lines.indices.contains($0.number) }.map { mask in
            .map([
              .init("number", .int(mask.number)), .init("name", .string(mask.name)),
              .init("triggers", int(counts.lines[mask.number])),
            ])
          })),
      .init("control", int(counts.control)),
      .init("events", int(counts.events)),
      .init("kept", int(counts.kept)),
      .init("packets", int(counts.frames)),
      .init("bytes", int(counts.bytes)),
    ])
  }
}
