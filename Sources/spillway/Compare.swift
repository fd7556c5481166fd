import ArgumentParser
import Configuration
import Foundation
import L0Trigger
import MenuStudies
import PacketCapture
import TriggerPipeline

/// `spillway compare`.
struct Compare: AsyncParsableCommand {
  /// Menus of one comparison, at most: every two of them are compared.
  private static let maximumMenus = 64

  static let configuration = CommandConfiguration(
    abstract: "Compare L0 menus, or a menu with the recorded decisions, on the same stream.",
    discussion: """
      Emulates the L0 trigger for all menus in one pass. Prints for each line counts, rates, pure and \
      proportional rates and what dead time cost; how lines and menus overlap; and for every two menus which \
      triggers were gained, lost and changed, and at which step. --out writes tables and a page with plots.

      With '--against recorded' each menu is compared with the decisions of the L0 processor in the stream \
      (MEPs of source 0x40), event by event.

      Examples:
        spillway compare burst.pcap.zst --menu kaon-2018.yaml --menu mine.yaml
        spillway compare run8000/*.pcap.zst --menu a.yaml --menu b.yaml --menu c.yaml --out runs/abc
        spillway compare burst.pcap.zst --menu kaon-2018.yaml --against recorded --json
      """)

  /// What menus are compared with, beside each other.
  enum Reference: String, ExpressibleByArgument, CaseIterable {
    case recorded
  }

  @Argument(
    help: ArgumentHelp("Captures, directories, globs, raw primitive files, or '-'.", valueName: "input"),
    transform: ShippedFile.find)
  var inputs: [String]

  @Option(
    help: "A menu with lines of L0 (YAML, or registers as JSON); give it once for each menu.",
    transform: ShippedFile.find)
  var menu: [String] = []

  @Option(help: "Compare with the decisions in the stream as well: recorded.")
  var against: Reference?

  @Option(help: "Examples to keep of each kind of difference.")
  var examples = 10

  @Option(
    name: .customLong("batch-packets"), help: "Packets in a batch, at most; 0: as the reader gives them.")
  var batchPackets = 0

  @Option(help: "Take only packets that this BPF filter passes.")
  var filter: String?

  @Option(
    name: .customLong("first-burst"),
    help: "Identifier of the first burst of captures (default: 1); files of bursts say theirs.")
  var firstBurst: UInt32?

  @Option(help: "Write tables and report.html to this directory.")
  var out: String?

  @Option(help: "Share of packets that may be lost or rejected before the exit code is 3.")
  var tolerance = 0.05

  @Flag(help: "Print the results as JSON.")
  var json = false

  func validate() throws {
    let least = against == nil ? 2 : 1
    if menu.count < least {
      throw ValidationError(
        "--menu: \(menu.count) given, expected \(least) or more; for one menu add '--against recorded'")
    }
    if menu.count > Self.maximumMenus {
      throw ValidationError("--menu: \(menu.count) given, expected \(Self.maximumMenus) at most")
    }
    if !(0...10000).contains(examples) {
      throw ValidationError("--examples \(examples): expected 0 to 10000")
    }
    if batchPackets < 0 { throw ValidationError("--batch-packets \(batchPackets): expected 0 or more") }
    if !(0...1).contains(tolerance) { throw ValidationError("--tolerance \(tolerance): expected 0 to 1") }
  }

  func run() async throws {
    var menus: [L0Menu] = []
    do throws(ConfigurationError) {
      for path in menu { menus.append(try L0Menu.load(path: path)) }
    } catch { throw Failure.usage(error) }
    for (path, menu) in zip(menu, menus) {
      for warning in menu.warnings { Terminal.note("warning: \(path): \(warning)") }
    }
    let input: ReplayInput
    do throws(CaptureError) {
      input = try ReplayInput(arguments: inputs, filter: filter)
    } catch { throw Failure.usage(error) }
    if input.isBurstFiles {
      throw Failure.usage("\(input): burst files have no primitives; give captures or raw primitive files")
    }
    if input.saysBursts, against == .recorded {
      throw Failure.usage("--against recorded: raw primitive files have no records; give captures")
    }
    try Failure.check(firstBurst: firstBurst, input)
    for warning in input.warnings { Terminal.note("warning: \(warning)") }

    var options = L0Pipeline.Options()
    options.batchDatagrams = batchPackets
    options.emulator.firstBurst = firstBurst ?? 1
    options.emulator.tracesFired = true
    options.emulator.monitorsPrimitives = true
    var study = MenuStudy.Options()
    study.examples = examples
    study.comparesRecorded = against == .recorded
    study.keepsDisagreements = study.comparesRecorded && out != nil
    let labels = StudyMenu.list(Array(zip(menus, menu).map { (menu: $0, path: $1) }))
    let hash = SHA256.hex(
      of: (menus.map(\.hash) + [against?.rawValue ?? "-", "\(firstBurst ?? 1)"]).joined(separator: " "))
    let identity = StudyIdentity(
      input: input.description, inputs: inputs, version: Spillway.version, configurationHash: hash)
    let sink = try CompareSink(
      study: MenuStudy(menus: menus, options: study), menus: labels, firstBurst: firstBurst ?? 1,
      readsRecords: study.comparesRecorded, directory: out)
    let reader = InputReader(notes: []) { [menus] in
      try input.open(widePrimitives: menus.reduce(into: Set()) { $0.formUnion($1.wideSources) })
    }
    let pipeline = L0Pipeline(menus: menus, options: options)
    try await reader.run { source in try await pipeline.run(source: source) { try await sink.take($0) } }
    let report = try await sink.finish(identity: identity)
    if json {
      Terminal.out(try report.summary().json() + "\n")
    } else {
      Terminal.out("\(input.description)\n\n\(try report.text())")
      if let out { Terminal.out("\nreport: \(out)/report.html\n") }
    }
    if !report.hasPrimitives {
      Terminal.note("warning: \(input): no packet of primitives is in it (UDP port \(options.emulator.port))")
    }
    if !report.closes {
      throw Failure(message: "the books do not close: a defect of Spillway, please report it", code: 1)
    }
    if report.lostShare > tolerance {
      throw Failure(
        message: "\(TextShare.percent(report.lostShare)) of the packets were lost or corrupt, more than "
          + "--tolerance \(TextShare.percent(tolerance)); see the books above", code: 3)
    }
  }
}

/// The task that takes the results: the study, files, progress.
actor CompareSink {
  private var study: MenuStudy
  private var reader: RecordedDecisionReader?
  private var capture = CaptureBooks()
  private let menus: [StudyMenu]
  private let directory: String?
  private let disagreements: OutputFile?
  private var lastProgress = ContinuousClock.now

  init(
    study: MenuStudy, menus: [StudyMenu], firstBurst: UInt32, readsRecords: Bool, directory: String?
  ) throws {
    self.study = study
    self.menus = menus
    self.directory = directory
    reader = readsRecords ? RecordedDecisionReader(firstBurst: firstBurst) : nil
    if let directory { try OutputDirectory.make(directory, option: "--out") }
    disagreements =
      try readsRecords ? directory.map { try OutputFile(path: "\($0)/disagreements.csv") } : nil
    try disagreements?.write(CompareReport.disagreementsHeader)
  }

  func take(_ output: L0Pipeline.Output) throws {
    var decisions: ContiguousArray<RecordedDecision> = []
    if output.isFirst, let packets = output.packets {
      capture += packets.books
      decisions = reader?.decisions(in: packets) ?? []
    }
    study.add(output.slices, recorded: decisions, books: reader?.books ?? RecordedBooks())
    try writeDisagreements()
    if Terminal.isInteractive, ContinuousClock.now - lastProgress > .milliseconds(200) {
      lastProgress = .now
      Terminal.progress("\(capture.packets) packets")
    }
  }

  private func writeDisagreements() throws {
    let new = study.takeDisagreements()
    if !new.isEmpty { try disagreements?.write(CompareReport.disagreementsCSV(new, menus: menus)) }
  }

  func finish(identity: StudyIdentity) throws -> CompareReport {
    study.finish()
    try writeDisagreements()
    try disagreements?.close()
    let report = CompareReport(result: study.result, menus: menus, identity: identity, capture: capture)
    if let directory {
      try OutputFile.write(try report.summary().json() + "\n", to: "\(directory)/compare.json")
      try OutputFile.write(try report.linesCSV(), to: "\(directory)/lines.csv")
      try OutputFile.write(try report.overlapsCSV(), to: "\(directory)/overlaps.csv")
      try OutputFile.write(report.differencesCSV(), to: "\(directory)/differences.csv")
      try OutputFile.write(try report.html(), to: "\(directory)/report.html")
    }
    return report
  }
}
