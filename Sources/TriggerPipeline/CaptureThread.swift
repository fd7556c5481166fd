import Dispatch

/// A thread of its own for a task that waits in the system, as a live capture does: on the threads that all tasks
/// share it would hold up another stage.
final class CaptureThread: TaskExecutor {
  private let queue = DispatchQueue(label: "spillway.capture", qos: .userInteractive)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
