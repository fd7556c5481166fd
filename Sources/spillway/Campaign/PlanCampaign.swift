import ArgumentParser
import Campaigns
import Configuration
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import TriggerPipeline

/// `spillway campaign plan`.
struct PlanCampaign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Split inputs into tasks, and write what an engine runs.",
    discussion: """
      Inputs are those of 'replay' that are files. Burst files and raw primitive files are split by the bursts that \
      they name. Several captures that begin one after the other are taken to hold one burst each, which the tasks \
      check; with --scan, or where that cannot be, the captures are read once to find their bursts.

      Reductions and downscalings run on from burst to burst in NA62, so that a burst's decisions depend on those \
      before it. Menus with such counters need --counters burst, with which they begin anew in each burst, in tasks \
      as in one replay with the same option.

      Example:
        spillway campaign plan run8000/*.pcap --menu my.yaml --selections my-search.yaml --counters burst \\
          --engine slurm --max-jobs 50 --out c8000
      """)

  @Argument(
    help: ArgumentHelp(
      "Captures, directories, globs, burst files, or raw primitive files.", valueName: "input"),
    transform: ShippedFile.find)
  var inputs: [String]

  @Option(help: "The trigger menu.", transform: ShippedFile.find)
  var menu: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Selections (YAML), one file or several.", valueName: "file"),
    transform: ShippedFile.find)
  var selections: [String] = []

  @Option(
    help: "What the reconstruction takes detectors and beam to be.",
    transform: ShippedFile.find)
  var reconstruction: String?

  @Option(
    help: ArgumentHelp(
      "How far reductions and downscalings count: run (as NA62) or burst (anew with each).",
      valueName: "run|burst"))
  var counters = CounterScope.run

  @Option(name: .customLong("straw-scratch"), help: "STRAW scratch memory: clean.")
  var strawScratch: String?

  @Option(name: .customLong("run"), help: "Run number for records.")
  var runNumber: UInt32?

  @Option(name: .customLong("first-burst"), help: "Identifier of the first burst of captures (default: 1).")
  var firstBurst: UInt32?

  @Option(help: "Take only packets that this BPF filter passes.")
  var filter: String?

  @Option(help: "Share of fragments that may be lost before the exit code is 3.")
  var tolerance = 0.05

  @Option(help: ArgumentHelp("What runs the tasks.", valueName: "local|slurm|htcondor"))
  var engine = CampaignEngine.local

  @Option(name: .customLong("max-jobs"), help: "Tasks, at most.")
  var maxJobs = 100

  @Option(help: "Cores of a task.")
  var workers = 1

  @Flag(help: "Read captures to find their bursts.")
  var scan = false

  @Option(help: "The program that the engine runs (default: this one), where the nodes have it.")
  var program: String?

  @Option(help: "Write the campaign to this directory, which the nodes must have too.")
  var out: String

  func validate() throws {
    guard (1...engine.maximumTasks).contains(maxJobs) else {
      throw ValidationError(
        "--max-jobs \(maxJobs): expected 1 to \(engine.maximumTasks) with \(engine.rawValue)")
    }
  }

  func run() async throws {
    let layout = CampaignLayout(directory: CampaignDirectory.absolute(out))
    if FileManager.default.fileExists(atPath: layout.plan) {
      throw Failure.usage("--out \(out): there is a campaign in it; name another directory")
    }
    let options = CampaignOptions(
      menu: menu, selections: selections, reconstruction: reconstruction, counters: counters.rawValue,
      strawScratch: strawScratch, run: runNumber, firstBurst: firstBurst, filter: filter,
      tolerance: tolerance,
      workers: workers)
    let setup = try TriggerSetup(try TriggerOptions.parse(options.arguments()))
    try check(setup)
    let input: ReplayInput
    do { input = try ReplayInput(arguments: inputs, filter: filter) } catch { throw Failure.usage(error) }
    for warning in input.warnings { Terminal.note("warning: \(warning)") }
    try Failure.check(firstBurst: firstBurst, input)
    if setup.menu.l1 == nil, input.isBurstFiles {
      throw Failure.usage("\(input): a burst file holds no primitives; give a menu with chains of L1")
    }
    let survey = try await CampaignSurvey(
      input, setup: setup, firstBurst: firstBurst ?? 1, run: runNumber, filter: filter, scans: scan)
    let tasks = CampaignSplit.tasks(
      of: survey.units, maximum: maxJobs, assumesSingleBursts: survey.assumesSingleBursts)
    let plan = CampaignPlan(
      version: Spillway.version, configurationHash: setup.hash,
      workingDirectory: FileManager.default.currentDirectoryPath, directory: layout.directory,
      program: program ?? Self.thisProgram, engine: engine, options: options, kind: survey.kind,
      inputs: survey.inputs, tasks: tasks)
    try write(plan, setup, to: layout)
    let bursts = plan.bursts.count
    Terminal.out(
      "\(tasks.count) tasks of \(bursts) bursts in \(survey.inputs.count) inputs: \(out)\n"
        + "next: spillway campaign submit \(out)\n")
    if survey.assumesSingleBursts {
      Terminal.note("each capture is taken to hold one burst; tasks check it, and --scan reads them to know")
    }
  }

  /// Refuses menus whose results would depend on how the inputs are split.
  private func check(_ setup: TriggerSetup) throws {
    if setup.l1?.strawScratch == .original {
      throw Failure.usage(
        "\(menu): with 'straw_scratch: original' a decision depends on all events before, so that results would "
          + "depend on the split; plan with --straw-scratch clean")
    }
    let dependences = setup.dependences
    guard dependences.isEmpty else {
      throw Failure.usage(
        "\(menu): results would depend on the split, by counters that run on from burst to burst "
          + "(\(dependences.joined(separator: ", "))); plan with --counters burst, which begins them anew with each"
      )
    }
  }

  private static var thisProgram: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments
      .first ?? "spillway"
  }

  /// Writes the campaign's directory, the plan last.
  private func write(_ plan: CampaignPlan, _ setup: TriggerSetup, to layout: CampaignLayout) throws {
    for directory in layout.directories { try OutputDirectory.make(directory, option: "--out") }
    var parts = try RunRecord.configurations(setup).filter { $0.name != RunRecord.Part.menu.rawValue }
      .map { ($0.name, $0.content) }
    if let l1 = setup.menu.l1 { parts.append(("l1", l1.effective().yaml())) }
    for (name, content) in parts {
      try OutputFile.write(content, to: "\(layout.configuration)/\(name).yaml")
    }
    for task in plan.tasks {
      try OutputFile.write(String(decoding: try task.data(), as: UTF8.self), to: layout.task(task.number))
    }
    var files: [(name: String, text: String)] = []
    do {
      switch plan.engine {
      case .local: break
      case .slurm: files = try SlurmFiles.files(plan)
      case .htcondor: files = try CondorFiles.files(plan)
      }
    } catch let error as CampaignError { throw Failure.usage(error) }
    for file in files { try OutputFile.write(file.text, to: "\(layout.engine)/\(file.name)") }
    try OutputFile.write(String(decoding: try plan.data(), as: UTF8.self), to: layout.plan)
  }
}
