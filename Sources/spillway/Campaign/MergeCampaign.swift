import ArgumentParser
import Campaigns
import Configuration
import Foundation
import RunStore
import TriggerPipeline

/// `spillway campaign merge`: what the engines run behind the tasks.
struct MergeCampaign: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Add up the parts of a campaign, and say what is missing.",
    discussion: """
      Writes the run directory DIR/result from the parts that are there. Exit code 3 where some are missing: the \
      result is then that of the bursts that it has, and campaign.json in it names the others. Parts of another plan, \
      configuration or input are refused.

      Example:
        spillway campaign merge c8000
      """)

  @OptionGroup var campaign: CampaignArgument

  @Flag(help: "Print the state and the results as JSON.")
  var json = false

  func run() throws { try CampaignResult(CampaignDirectory(campaign.directory)).merge(isJSON: json) }
}

/// The result of a campaign, from its parts.
struct CampaignResult {
  private let campaign: CampaignDirectory
  private var layout: CampaignLayout { campaign.layout }
  private var plan: CampaignPlan { campaign.plan }

  init(_ campaign: CampaignDirectory) { self.campaign = campaign }

  /// What ``CampaignLayout/record`` in the result says.
  private struct Record: Decodable {
    var plan: String
    var complete: Bool
  }

  /// Whether the result of all parts is there.
  var isThere: Bool {
    guard let data = FileManager.default.contents(atPath: "\(layout.result)/\(CampaignLayout.record)"),
      let record = try? JSONDecoder().decode(Record.self, from: data)
    else { return false }
    return record.complete && record.plan == campaign.identity
  }

  /// Adds up the parts that are there, prints the results, and ends with what is missing.
  func merge(isJSON: Bool) throws {
    let state = campaign.state()
    if isThere {
      Terminal.note("the result is there already: \(layout.result)")
      if isJSON { Terminal.out(ConfigValue.map([.init("campaign", state.value)]).json() + "\n") }
      return
    }
    try checkUnopened()
    let done = plan.tasks.filter { task in state.tasks[task.number - 1].progress == .done }
    guard !done.isEmpty else {
      if isJSON { Terminal.out(ConfigValue.map([.init("campaign", state.value)]).json() + "\n") }
      Terminal.note(state.text.trimmingCharacters(in: .newlines))
      throw Failure(message: "\(layout.directory): no task is done; see \(layout.logs)", code: 1)
    }
    let parts = try done.map { try part($0) }
    let results = try write(parts, done, state)
    if isJSON {
      guard case .map(let entries) = try results.value() else { return }
      Terminal.out(ConfigValue.map([.init("campaign", state.value)] + entries).json() + "\n")
    } else {
      Terminal.out(try results.text(isJSON: false) + "\nrun directory: \(layout.result)\n" + state.text)
    }
    guard state.isComplete else {
      throw Failure(
        message: "bursts are missing: \(CampaignState.list(state.missingBursts)); mend what failed, then "
          + "'spillway campaign resume \(layout.directory)'", code: 3)
    }
    guard results.closes else {
      throw Failure(message: "the books do not close: a defect of Spillway, please report it", code: 1)
    }
    guard results.lostShare <= plan.options.tolerance else {
      throw Failure(
        message: "\(TextShare.percent(results.lostShare)) of the data were lost or corrupt, more than "
          + "--tolerance \(TextShare.percent(plan.options.tolerance)); see the books above", code: 3)
    }
  }

  /// Refuses to replace a result in which something was unblinded.
  private func checkUnopened() throws {
    guard FileManager.default.fileExists(atPath: "\(layout.result)/\(RunLedger.fileName)") else { return }
    if let entry = try RunLedger(directory: layout.result).unblindings().first {
      throw Failure.usage(
        "\(layout.result): '\(entry.selection)' was unblinded in it on \(entry.time); what is known cannot be sealed "
          + "again: move it away")
    }
  }

  /// The part of a task; throws where it is not the one that was planned.
  private func part(_ task: CampaignTask) throws -> StoredReport {
    let path = layout.part(task.number)
    let part = try StoredReport(directory: path)
    do {
      try CampaignPart.check(
        FileManager.default.contents(atPath: "\(path)/\(CampaignLayout.record)"),
        CampaignPart.Ledger(
          isFinished: part.stored.isFinished, configurationHash: part.stored.run.configurationHash,
          version: part.stored.run.version, inputs: part.stored.inputs.map { ($0.path, $0.sha256) }),
        of: task, in: (plan, campaign.identity), path: path)
    } catch let error as CampaignError { throw Failure(message: error.description, code: 1) }
    if let entry = try RunLedger(directory: path).unblindings().first {
      throw Failure.usage(
        "\(path): '\(entry.selection)' was unblinded in it; what is known cannot be sealed again: remove it, and "
          + "'spillway campaign resume' runs its task again")
    }
    return part
  }

  /// Writes the run directory under another name, and puts it in its place when it is whole.
  private func write(
    _ parts: [StoredReport], _ tasks: [CampaignTask], _ state: CampaignState
  ) throws -> RunMerge.Results {
    // What the tasks have read of the inputs that are theirs.
    var digests = plan.inputs.map { input in
      input.sha256.map { InputDigest(bytes: input.identity.bytes, sha256: $0) }
    }
    for (task, part) in zip(tasks, parts) {
      for (index, input) in zip(task.inputs, part.stored.inputs) {
        guard let bytes = input.bytes, let hash = input.sha256 else { continue }
        digests[index] = InputDigest(bytes: UInt64(clamping: bytes), sha256: hash)
      }
    }
    let files = plan.inputs.map { (path: $0.path, run: $0.run, burst: $0.burst) }
    let merge = try RunMerge(parts).of(
      ReplayInput.description(of: plan.inputs.map(\.path)), zip(files, digests).map { LedgerInput($0, $1) })
    let directory = "\(layout.result).tmp"
    try? FileManager.default.removeItem(atPath: directory)
    let results = try merge.write(to: directory, option: "--out", joinsQuarantine: true) { results in
      guard case .map(let entries) = parts[0].manifest else { return results }
      // As a replay of all inputs writes it: what a part says, but of the inputs and the first burst.
      return entries.filter { $0.key != "t_wall" }.map { entry in
        switch entry.key {
        case "inputs": ConfigValue.Entry("inputs", .list(RunManifest.inputs(files, digests)))
        case "first_burst":
          ConfigValue.Entry(
            "first_burst",
            plan.kind == .captures ? .int(Int(plan.options.firstBurst ?? 1)) : .null)
        default: entry
        }
      } + results
    } alerts: { join in
      var states = AlertStates(selections: merge.sum.setup)
      for part in parts {
        let lines = try states.lines(AlertJoin.lines("\(part.directory)/alerts.jsonl"), of: part.partial)
        try join.write(lines)
      }
    }
    let record = ConfigValue.map([
      .init("schema", .string("spillway.campaign-result/1")), .init("plan", .string(campaign.identity)),
      .init("complete", .bool(state.isComplete)), .init("state", state.value),
    ])
    try OutputFile.write(record.json() + "\n", to: "\(directory)/\(CampaignLayout.record)")
    try? FileManager.default.removeItem(atPath: layout.result)
    guard rename(directory, layout.result) == 0 else {
      throw Failure(
        message: "\(layout.result): cannot be made (\(String(cString: strerror(errno)))); is it yours?",
        code: 1)
    }
    if state.isComplete { removeLeftovers() }
    return results
  }

  /// Removes what lost processes have left, once no task can be underway any more.
  private func removeLeftovers() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: layout.parts)) ?? []
    where name.hasSuffix(".tmp") {
      try? FileManager.default.removeItem(atPath: "\(layout.parts)/\(name)")
    }
  }
}
