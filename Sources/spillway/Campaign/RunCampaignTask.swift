import ArgumentParser
import Campaigns
import Foundation
import PacketCapture
import TriggerPipeline

/// `spillway campaign run-task`: what the engines run.
struct RunCampaignTask: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run-task",
    abstract: "Run one task of a campaign, as the engines do.",
    discussion: """
      Makes the task's run directory under another name and renames it when it is whole, so that a task that is \
      killed leaves no part, and one that is run twice counts once. A task that is done does nothing.

      Example:
        spillway campaign run-task c8000 3
      """)

  @OptionGroup var campaign: CampaignArgument

  @Argument(help: "Number of the task, from 1.")
  var task: Int

  func run() async throws {
    let campaign = try CampaignDirectory(campaign.directory)
    let task: CampaignTask
    do { task = try campaign.plan.task(self.task) } catch let error as CampaignError {
      throw Failure.usage(error)
    }
    let layout = campaign.layout
    if FileManager.default.fileExists(atPath: layout.part(task.number)) {
      return Terminal.note("task \(task.number) is done already")
    }
    do {
      try await run(task, of: campaign)
      try? FileManager.default.removeItem(atPath: layout.failure(task.number))
    } catch {
      let message = (error as? Failure)?.message ?? "\(error)"
      try? OutputFile.write(message + "\n", to: layout.failure(task.number))
      throw error
    }
  }

  private func run(_ task: CampaignTask, of campaign: CampaignDirectory) async throws {
    let (plan, layout) = (campaign.plan, campaign.layout)
    guard plan.version == Spillway.version else {
      throw Failure.usage(
        "\(layout.directory): planned with Spillway \(plan.version), this is \(Spillway.version); "
          + "give the nodes that one, or plan again")
    }
    let host = Self.host
    let underway = layout.underway(task.number, host: host, process: getpid())
    guard FileManager.default.changeCurrentDirectoryPath(plan.workingDirectory) else {
      throw Failure.usage(
        "\(plan.workingDirectory): no such directory here, where the campaign was planned; "
          + "the nodes must have it too")
    }
    removeLeftovers(of: task, layout, host)
    let before = try identities(task, plan)
    let options = try campaign.options(
      firstBurst: plan.kind == .captures
        ? (plan.options.firstBurst ?? 1) &+ UInt32(clamping: task.burstsBefore) : nil,
      out: underway, tolerance: 1)
    let setup = try TriggerSetup(options)
    guard setup.hash == plan.configurationHash else {
      throw Failure.usage(
        "\(plan.options.menu): menu, selections or detectors are not those that were planned (hash "
          + "\(setup.hash.prefix(12)), planned \(plan.configurationHash.prefix(12))); put them back, or plan again"
      )
    }
    let input: CampaignTaskInput
    do { input = try CampaignTaskInput(task, of: plan) } catch { throw Failure.usage(error) }
    let feed = PacketFeed()
    let directory = TemporaryDirectory(path: underway)
    defer { directory.remove() }
    try await TriggerSession(options: options, input: input, feed: feed).run(setup)
    guard !feed.wasStopped else {
      throw Failure(message: "task \(task.number): stopped by a signal before its end", code: 1)
    }
    // Read as they were planned, to their ends.
    let after = try identities(task, plan)
    guard before == after else {
      throw Failure(message: "task \(task.number): an input was changed while it was read", code: 1)
    }
    let part = CampaignPart(plan: campaign.identity, task: task.number, inputs: after)
    try OutputFile.write(
      String(decoding: try part.data(), as: UTF8.self), to: "\(underway)/\(CampaignLayout.record)")
    // Fails where another process was quicker: its part is as good.
    guard rename(underway, layout.part(task.number)) == 0 else {
      let reason = String(cString: strerror(errno))
      if FileManager.default.fileExists(atPath: layout.part(task.number)) {
        return Terminal.note("task \(task.number) was done by another process")
      }
      throw Failure(message: "\(layout.part(task.number)): cannot be made (\(reason))", code: 1)
    }
  }

  /// The inputs as they are; throws where one is not the file that was planned.
  private func identities(_ task: CampaignTask, _ plan: CampaignPlan) throws -> [CampaignInput.Identity] {
    try task.inputs.map { index in
      let found = try CampaignInput.Identity(path: plan.inputs[index].path)
      if let difference = plan.inputs[index].difference(from: found) { throw Failure.usage(difference) }
      return found
    }
  }

  /// Removes what processes of this host that are gone have left of the task.
  private func removeLeftovers(of task: CampaignTask, _ layout: CampaignLayout, _ host: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: layout.parts)) ?? []
    for (path, process) in layout.leftovers(of: task.number, host: host, among: names)
    where kill(process, 0) != 0 || process == getpid() {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  /// The name of this machine.
  static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "unknown" }
  }
}

/// A directory that goes with whoever has made it, unless it was renamed.
private struct TemporaryDirectory {
  let path: String

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
