import Campaigns
import Configuration
import Foundation
import TriggerPipeline

/// A campaign that was planned, as its directory has it.
struct CampaignDirectory: Sendable {
  let layout: CampaignLayout
  let plan: CampaignPlan
  /// What its parts are recognized by.
  let identity: String

  /// Reads the plan in a directory.
  init(_ path: String) throws {
    layout = CampaignLayout(directory: Self.absolute(path))
    guard let data = FileManager.default.contents(atPath: layout.plan) else {
      throw Failure.usage(
        "\(path): there is no campaign in it (plan.json); make one with 'spillway campaign plan'")
    }
    do { plan = try CampaignPlan(data: data, path: layout.plan) } catch let error as CampaignError {
      throw Failure.usage(error)
    }
    identity = CampaignPlan.identity(of: data)
  }

  /// A path that does not depend on the working directory.
  static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  /// How far the campaign is.
  func state() -> CampaignState {
    let parts = (try? FileManager.default.contentsOfDirectory(atPath: layout.parts)) ?? []
    var failures: [Int: String] = [:]
    for task in plan.tasks {
      guard let text = try? String(contentsOfFile: layout.failure(task.number), encoding: .utf8) else {
        continue
      }
      failures[task.number] = text.trimmingCharacters(in: .newlines)
    }
    return CampaignState(plan, parts: parts, failures: failures)
  }

  /// Runs with the campaign to itself: no two commands hand its tasks to an engine.
  func locked<Result>(_ body: () async throws -> Result) async throws -> Result {
    let descriptor = open(layout.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure.usage("\(layout.lock): cannot be written; is the campaign's directory yours?")
    }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw Failure(
        message: "\(layout.directory): another command hands out its tasks just now; wait for its end",
        code: 1)
    }
    return try await body()
  }

  /// The trigger's options, for the whole run or for a task.
  func options(firstBurst: UInt32? = nil, out: String? = nil, tolerance: Double? = nil) throws
    -> TriggerOptions
  {
    try TriggerOptions.parse(
      plan.options.arguments(firstBurst: firstBurst, out: out, tolerance: tolerance))
  }
}

extension CampaignInput.Identity {
  /// What a file is recognized by; throws where it cannot be read, or is none.
  init(path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else { throw Failure.usage("\(path): no such file; check the path") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure.usage("\(path): not a file; tasks on other machines need files")
    }
    let length = UInt64(clamping: status.st_size)
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? file.close() }
      let head = try file.read(upToCount: Self.endLength) ?? Data()
      try file.seek(toOffset: length - min(length, UInt64(Self.endLength)))
      let tail = try file.read(upToCount: Self.endLength) ?? Data()
      self.init(bytes: length, head: SHA256.hex(of: [UInt8](head)), tail: SHA256.hex(of: [UInt8](tail)))
    } catch { throw Failure.usage("\(path): cannot be read; make it readable for this user") }
  }
}
