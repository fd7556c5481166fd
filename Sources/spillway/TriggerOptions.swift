import ArgumentParser
import L1Trigger
import NA62Formats

/// The options of every command that runs packets through the trigger.
struct TriggerOptions: ParsableArguments {
  @Option(
    help: "The trigger menu: YAML, or for L0 the processor's registers in JSON.",
    transform: ShippedFile.find)
  var menu = ShippedFile.find("Configs/menus/golden-default.yaml")

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Selections (YAML), one file or several.", valueName: "file"),
    transform: ShippedFile.find)
  var selections: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Scans (YAML) of what the selections count, into RUN/scans and report.html; with --out.",
      valueName: "file"),
    transform: ShippedFile.find)
  var scans: [String] = []

  @Option(
    help: "What the reconstruction takes detectors and beam to be; read where a selection needs it.",
    transform: ShippedFile.find)
  var reconstruction = ShippedFile.find("Configs/reconstruction/na62-2018.yaml")

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

  @Option(
    help: ArgumentHelp(
      "How far reductions and downscalings count: run (as NA62) or burst (anew with each).",
      valueName: "run|burst"))
  var counters = CounterScope.run

  @Option(help: "Tasks that run the L1 algorithms (default: one for each core).")
  var workers: Int?

  @Option(name: .customLong("batch-events"), help: "Events in a batch, at most; 0: as the packets come.")
  var batchEvents = 256

  @Option(
    help: "Stop with the packet that completes this many events; events that it completes too are taken.")
  var limit: UInt64?

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

  @Option(help: "Share of fragments, rejected packets included, that may be lost before the exit code is 3.")
  var tolerance = 0.05

  @Flag(help: "Print the results as JSON.")
  var json = false

  @OptionGroup(title: "Monitoring") var monitor: MonitorOptions

  @OptionGroup(title: "Farm") var farm: FarmOptions

  func validate() throws {
    if let workers, !(1...1024).contains(workers) {
      throw ValidationError("--workers \(workers): expected 1 to 1024")
    }
    if batchEvents < 0 { throw ValidationError("--batch-events \(batchEvents): expected 0 or more") }
    try Self.check(strawScratch: strawScratch)
    if !(0...1).contains(tolerance) { throw ValidationError("--tolerance \(tolerance): expected 0 to 1") }
    if !scans.isEmpty, out == nil || selections.isEmpty {
      throw ValidationError("--scans: needs --selections, whose counts it takes, and --out, where it writes")
    }
    if !emulatesL0, let option = l0Outputs.first(where: { $0.file != nil })?.option {
      throw ValidationError("\(option): node 0 alone emulates L0; give it there")
    }
  }

  /// Refuses an unknown `--straw-scratch`.
  static func check(strawScratch: String?) throws {
    if let strawScratch, StrawScratch(rawValue: strawScratch) == nil {
      throw ValidationError("--straw-scratch \(strawScratch): expected clean or original")
    }
  }

  /// Whether L0 is emulated: the farm has one L0 trigger processor, which is that of its first node.
  var emulatesL0: Bool { farm.shard.map { $0.node == 0 } ?? true }

  /// The options that ask for results, and whether they are given.
  var results: [(option: String, isGiven: Bool)] {
    outputs.map { ($0.option, $0.file != nil) } + [
      ("--selections", !selections.isEmpty), ("--scans", !scans.isEmpty), ("--out", out != nil),
      ("--write-bursts", writeBursts != nil), ("--limit", limit != nil), ("--node", farm.node != nil),
    ]
  }

  /// The tables that are written besides the run directory, by option.
  var outputs: [(option: String, file: String?)] { [("--decisions", decisions)] + l0Outputs }

  /// Those of L0.
  var l0Outputs: [(option: String, file: String?)] {
    [("--l0-decisions", l0Decisions), ("--l0-counters", l0Counters), ("--l0-packets", l0Packets)]
  }
}
