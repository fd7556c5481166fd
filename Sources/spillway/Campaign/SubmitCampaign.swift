import ArgumentParser
import Campaigns
import Configuration
import Foundation
import TriggerPipeline

/// `spillway campaign submit`.
struct SubmitCampaign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Hand the tasks of a campaign to its engine.",
    discussion: """
      With the engine 'local' runs them here, so many at a time, and adds up their parts. With Slurm and HTCondor \
      returns at once; the merge runs behind the tasks, failed or not.

      Example:
        spillway campaign submit c8000 --jobs 8
      """)

  @OptionGroup var campaign: CampaignArgument
  @OptionGroup var options: SubmissionOptions

  func run() async throws {
    let campaign = try CampaignDirectory(campaign.directory)
    try await campaign.locked {
      guard !FileManager.default.fileExists(atPath: campaign.layout.submissions) else {
        throw Failure.usage(
          "\(campaign.layout.directory): was submitted already; 'spillway campaign resume' runs what is missing"
        )
      }
      try await CampaignSubmission(campaign, options).submit(campaign.plan.tasks.map(\.number))
    }
  }
}

/// `spillway campaign resume`.
struct ResumeCampaign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Run again the tasks of a campaign that failed or were lost.",
    discussion: """
      Hands the tasks whose part is not there to the engine; parts that are there are not made again. Where all are \
      there it adds them up.

      Example:
        spillway campaign resume c8000
      """)

  @OptionGroup var campaign: CampaignArgument
  @OptionGroup var options: SubmissionOptions

  func run() async throws {
    let campaign = try CampaignDirectory(campaign.directory)
    try await campaign.locked {
      let submission = CampaignSubmission(campaign, options)
      let missing = campaign.state().missing.map(\.number)
      guard !missing.isEmpty else { return try CampaignResult(campaign).merge(isJSON: options.json) }
      try submission.checkIdle()
      try await submission.submit(missing)
    }
  }
}

/// Options of what hands tasks to an engine.
struct SubmissionOptions: ParsableArguments {
  @Option(help: "Tasks at a time with the engine 'local' (default: as many as there are cores for).")
  var jobs: Int?

  @Flag(help: "Print the results as JSON.")
  var json = false

  func validate() throws {
    if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs \(jobs): expected 1 to 1024") }
  }
}

/// Tasks on their way to an engine.
struct CampaignSubmission {
  private let campaign: CampaignDirectory
  private let options: SubmissionOptions
  private var plan: CampaignPlan { campaign.plan }

  init(_ campaign: CampaignDirectory, _ options: SubmissionOptions) {
    self.campaign = campaign
    self.options = options
  }

  /// What was handed to an engine.
  private struct Note: Codable {
    var engine: CampaignEngine
    var jobs: [String]
    var tasks: [Int]
  }

  private func notes() -> [Note] {
    guard let data = FileManager.default.contents(atPath: campaign.layout.submissions) else { return [] }
    return (try? JSONDecoder().decode([Note].self, from: data)) ?? []
  }

  private func note(_ jobs: [String], _ tasks: [Int]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    let all = notes() + [Note(engine: plan.engine, jobs: jobs, tasks: tasks)]
    try OutputFile.write(
      String(decoding: try encoder.encode(all), as: UTF8.self) + "\n", to: campaign.layout.submissions)
  }

  /// Hands tasks over.
  func submit(_ tasks: [Int]) async throws {
    switch plan.engine {
    case .local:
      try note([], tasks)
      let cores = ProcessInfo.processInfo.activeProcessorCount
      let pool = LocalPool(
        campaign: campaign, size: options.jobs ?? max(1, cores / max(1, plan.options.workers)))
      try await pool.run(tasks)
      try CampaignResult(campaign).merge(isJSON: options.json)
    case .slurm:
      let job = try slurmJob(SlurmFiles.submission(plan, tasks: tasks))
      let merge = try slurmJob(SlurmFiles.mergeSubmission(plan, after: job))
      try note([job, merge], tasks)
      said(
        "Slurm: tasks \(CampaignState.ranges(tasks)) are job \(job), the merge is job \(merge)", [job, merge])
    case .htcondor:
      do {
        for file in try CondorFiles.files(plan, tasks: tasks) where file.name == CondorFiles.dagName {
          try OutputFile.write(file.text, to: "\(campaign.layout.engine)/\(file.name)")
        }
      } catch let error as CampaignError { throw Failure.usage(error) }
      _ = try output(of: CondorFiles.submission(plan))
      try note([], tasks)
      said("HTCondor: tasks \(CampaignState.ranges(tasks)) are handed over", [])
    }
  }

  private func said(_ text: String, _ jobs: [String]) {
    if options.json {
      let value = ConfigValue.map([
        .init("engine", .string(plan.engine.rawValue)), .init("jobs", .list(jobs.map { .string($0) })),
      ])
      Terminal.out(value.json() + "\n")
    } else {
      Terminal.out("\(text)\nnext: spillway campaign status \(campaign.layout.directory)\n")
    }
  }

  /// Refuses to hand tasks over while those that were handed over before are with the engine.
  func checkIdle() throws {
    guard plan.engine == .slurm else { return }
    for job in notes().flatMap(\.jobs) {
      // A job that is over is unknown to squeue after a while.
      let known = try? output(of: ["squeue", "--noheader", "--jobs=\(job)", "--format=%T"])
      let active = (known ?? "").split(whereSeparator: \.isNewline)
        .filter { !["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"].contains($0) }
      guard active.isEmpty else {
        throw Failure(
          message:
            "job \(job): \(active.count) of its tasks are with Slurm still; wait for their end, or scancel it",
          code: 1)
      }
    }
  }

  private func slurmJob(_ command: [String]) throws -> String {
    let output = try output(of: command)
    guard let job = SlurmFiles.job(output) else {
      throw Failure(message: "\(command[0]): printed no number of a job: \(output)", code: 1)
    }
    return job
  }

  /// Runs a command of an engine; what it prints.
  private func output(of command: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = URL(fileURLWithPath: campaign.layout.engine)
    let (out, errors) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch {
      throw Failure(message: "\(command[0]): cannot be started; is it installed?", code: 1)
    }
    let printed = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let line = said.split(whereSeparator: \.isNewline).last.map(String.init) ?? "no message"
      throw Failure(message: "\(command[0]): failed: \(line)", code: 1)
    }
    return printed
  }
}
