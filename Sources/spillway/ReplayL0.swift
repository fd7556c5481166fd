import Alerting
import Configuration
import Foundation
import L0Trigger
import PacketCapture
import TriggerPipeline

/// What `spillway replay` does of L0.
extension Replay {
  func l0Pipeline(_ menu: L0Menu) -> L0Pipeline {
    var options = L0Pipeline.Options()
    options.emulator.firstBurst = firstBurst ?? 1
    options.emulator.monitorsPrimitives = true
    return L0Pipeline(menus: [menu], options: options)
  }

  func l0Warnings(_ menu: TriggerMenu) -> [String] {
    menu.l0.map { lines in lines.warnings.map { "\(self.menu): \($0)" } } ?? []
  }

  /// Replays primitives through a menu that has lines of L0 only.
  func replayL0(_ menu: TriggerMenu, _ sink: L0Sink?, _ truth: ReplayTruth?) async throws {
    guard let lines = menu.l0, let sink else { return }
    for (option, isGiven) in [
      ("--decisions", decisions != nil), ("--selections", !selections.isEmpty),
      ("--write-bursts", writeBursts != nil), ("--limit", limit != nil),
    ] where isGiven {
      throw Failure.usage("\(option): the menu \(self.menu) has no chains of L1; give one with 'l1'")
    }
    let input: ReplayInput
    do throws(CaptureError) {
      input = try ReplayInput(arguments: inputs, filter: filter)
    } catch { throw Failure.usage(error) }
    guard !input.isBurstFiles else {
      throw Failure.usage(
        "\(inputs[0]): a burst file holds no primitives; give a capture or raw primitive files, or a menu with chains of L1"
      )
    }
    try Failure.check(firstBurst: firstBurst, input)
    let notes = l0Warnings(menu) + input.warnings.map { "\($0)" }
    let digests = RunManifest.digests(of: input, isWanted: out != nil)
    defer { digests.cancel() }
    let reader = InputReader(notes: notes) { [wide = lines.wideSources] in
      try input.open(widePrimitives: wide)
    }
    let pipeline = l0Pipeline(lines)
    let feed = PacketFeed(speed: finiteSpeed)
    try await reader.run(stopping: feed) { source in
      try await pipeline.run(source: source, feed: feed) { try await sink.take($0) }
    }
    let emulated = try await sink.finishTruth()
    let report = try await sink.finish()
    let truthReport = try truth?.report(
      events: nil, emulated: emulated, menuPath: self.menu, l0: lines, l1: nil, selections: nil, out: out)
    try await sink.write(
      RunManifest(
        inputs: RunManifest.inputs(input, await digests.value), run: runNumber,
        firstBurst: input.saysBursts ? nil : firstBurst ?? 1, menu: self.menu,
        configurationHash: SHA256.hex(of: lines.hash), wasStopped: feed.wasStopped))
    if json {
      Terminal.out(try Self.summary(.map([]), report, truthReport).json() + "\n")
    } else {
      Terminal.out("\(menu.name): \(input.description)\n\n")
      Terminal.out(try Self.text(report))
      if let truthReport { Terminal.out(truthReport.text() + "\n") }
      if let out { Terminal.out("run directory: \(out)\n") }
    }
    if !report.hasPrimitives {
      Terminal.note("warning: no packet of primitives in the input, and the menu has no chains of L1")
    }
    if !report.closes {
      throw Failure(message: "the books do not close: a defect of Spillway, please report it", code: 1)
    }
    try checkLoss(report.lostShare)
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

/// The task that takes the results of L0: counts, files, progress.
actor L0Sink {
  private var account: L0Account
  private let decisions: OutputFile?
  private let counters: String?
  private let packets: FarmPacketWriter?
  private let directory: String?
  /// Whether there is no L1, whose run directory this otherwise is.
  private let isAlone: Bool
  private let quarantine: QuarantineWriter?
  private let table = L0DecisionTable()
  private let truth: TruthL0Join?
  private var lastProgress = ContinuousClock.now
  private let begin = ContinuousClock.now

  init(
    menu: L0Menu, decisions: String?, counters: String?, packets: String?, directory: String?,
    isAlone: Bool, truth: sending TruthL0Join? = nil
  ) throws {
    self.truth = truth
    account = L0Account(menus: [menu])
    self.decisions = try decisions.map { try OutputFile(path: $0) }
    self.counters = counters
    self.packets = try packets.map { try FarmPacketWriter(path: $0, menu: menu) }
    self.directory = directory
    self.isAlone = isAlone
    if let directory {
      try OutputDirectory.make(directory, option: "--out")
      let path = "\(directory)/\(isAlone ? "" : "l0-")quarantine.pcap"
      try? FileManager.default.removeItem(atPath: path)
      quarantine = QuarantineWriter(path: path)
    } else {
      quarantine = nil
    }
    try self.decisions?.write(L0DecisionTable.header)
  }

  func take(_ output: L0Pipeline.Output) throws {
    account.add(output)
    try packets?.add(output)
    try keepRejected(output)
    if let truth {
      try ReplayTruth.checked { for slice in output.slices { try truth.add(slice, menu: 0) } }
    }
    if let decisions {
      for slice in output.slices { try decisions.write(table.rows(of: slice, menu: 0)) }
    }
    if isAlone, Terminal.isInteractive, ContinuousClock.now - lastProgress > .milliseconds(200) {
      lastProgress = .now
      let seconds = max(1e-3, (ContinuousClock.now - begin) / .seconds(1))
      let primitives = account.alignmentCounters[0].primitives.reduce(0, +)
      Terminal.progress(
        "\(primitives) primitives, \(account.menuCounters[0].sent) triggers, "
          + "\(Int(Double(primitives) / seconds / 1000)) k/s")
    }
  }

  /// Puts what could not be read in the quarantine.
  private func keepRejected(_ output: L0Pipeline.Output) throws {
    guard let quarantine, let packets = output.packets else { return }
    if isAlone, output.isFirst { try quarantine.write(packets) }
    for slice in output.slices {
      for reject in slice.rejects where packets.datagrams.indices.contains(reject.datagram) {
        let datagram = packets.datagrams[reject.datagram]
        let frame = packets.bytes[
          datagram.frameOffset..<(datagram.frameOffset + datagram.frameLength)]
        try quarantine.write(
          time: datagram.time, packet: datagram.packet, frame: frame, reason: reject.reason.rawValue)
      }
    }
  }

  /// Writes the manifest of a run without L1.
  func write(_ manifest: RunManifest) throws {
    guard let directory else { return }
    let report = L0Report(account: account)
    let clock = try WallClock.fromEnvironment()
    let value = manifest.value(
      [ConfigValue.Entry("l0", try report.summary())], wallTime: clock.now())
    try OutputFile.write(value.json() + "\n", to: "\(directory)/run.json")
  }

  /// Reads the rest of the truth; what was counted, if there is one.
  func finishTruth() throws -> TruthTable? { try ReplayTruth.checked { try truth?.finish() } }

  func finish() throws -> L0Report {
    try decisions?.close()
    try quarantine?.close()
    try packets?.close()
    let report = L0Report(account: account)
    if let counters {
      try OutputFile.write(account.counters(menu: 0).json(isIndented: true) + "\n", to: counters)
    }
    if let directory, report.hasPrimitives {
      try OutputFile.write(try report.linesCSV(), to: "\(directory)/l0-rates.csv")
      try OutputFile.write(report.primitivesCSV(), to: "\(directory)/primitives.csv")
      try OutputFile.write(try report.summary().json() + "\n", to: "\(directory)/l0.json")
    }
    return report
  }
}
