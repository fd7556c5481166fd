import Campaigns
import Foundation
import NIOConcurrencyHelpers

/// Runs tasks as processes of this machine, so many at a time.
struct LocalPool {
  let campaign: CampaignDirectory
  /// Processes at a time.
  let size: Int

  /// What all who wait for processes share.
  private final class Progress: Sendable {
    struct State {
      var waiting: [Int]
      var running: Set<Int32> = []
      var done = 0
      var failed = 0
      var isStopped = false
    }

    let state: NIOLockedValueBox<State>

    init(_ tasks: [Int]) { state = NIOLockedValueBox(State(waiting: tasks.reversed())) }

    /// The next task; nil where there is none, or no more are wanted.
    func next() -> Int? { state.withLockedValue { $0.isStopped ? nil : $0.waiting.popLast() } }

    /// Notes a process; where no more are wanted it is told so at once.
    func began(_ process: Int32) {
      let isStopped = state.withLockedValue {
        $0.running.insert(process)
        return $0.isStopped
      }
      if isStopped { kill(process, SIGTERM) }
    }

    func ended(_ process: Int32, isDone: Bool) -> (over: Int, failed: Int) {
      state.withLockedValue {
        $0.running.remove(process)
        if isDone { $0.done += 1 } else { $0.failed += 1 }
        return ($0.done + $0.failed, $0.failed)
      }
    }

    /// Begins no more, and ends those that run.
    func stop() {
      let running = state.withLockedValue {
        $0.isStopped = true
        return $0.running
      }
      for process in running { kill(process, SIGTERM) }
    }
  }

  /// Runs tasks; returns when all have ended. SIGINT and SIGTERM end those that run, and begin no others.
  func run(_ tasks: [Int]) async throws {
    let progress = Progress(tasks)
    Signals.handle { progress.stop() }
    defer { Signals.release() }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<min(size, tasks.count) {
        group.addTask { [self] in
          while let task = progress.next() { Terminal.note(await run(task, progress)) }
        }
      }
    }
    if progress.state.withLockedValue({ $0.isStopped }) {
      throw Failure(
        message: "stopped by a signal; 'spillway campaign resume \(campaign.layout.directory)' goes on",
        code: 1)
    }
  }

  /// Runs a task in a process of its own; what there is to say of it.
  private func run(_ task: Int, _ progress: Progress) async -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: campaign.plan.program)
    process.arguments = ["campaign", "run-task", campaign.layout.directory, "\(task)"]
    process.standardInput = FileHandle.nullDevice
    let log = open(campaign.layout.log(task), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    let output = log >= 0 ? FileHandle(fileDescriptor: log, closeOnDealloc: true) : FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    let status = await withCheckedContinuation { (continuation: CheckedContinuation<Int32?, Never>) in
      process.terminationHandler = { ended in
        continuation.resume(
          returning: ended.terminationReason == .exit ? ended.terminationStatus : -ended.terminationStatus)
      }
      do {
        try process.run()
        progress.began(process.processIdentifier)
      } catch {
        process.terminationHandler = nil
        continuation.resume(returning: nil)
      }
    }
    let (over, failed) = progress.ended(process.processIdentifier, isDone: status == 0)
    let count = "\(over) over\(failed > 0 ? ", \(failed) failed" : "")"
    switch status {
    case 0?: return "task \(task) is done (\(count))"
    case nil: return "task \(task): \(campaign.plan.program) cannot be started (\(count))"
    case .some(let code) where code < 0: return "task \(task) was ended by signal \(-code) (\(count))"
    case .some(let code):
      let failure = try? String(contentsOfFile: campaign.layout.failure(task), encoding: .utf8)
      let reason =
        failure?.trimmingCharacters(in: .newlines) ?? "exit code \(code), see \(campaign.layout.log(task))"
      return "task \(task) failed (\(count)): \(reason)"
    }
  }
}
