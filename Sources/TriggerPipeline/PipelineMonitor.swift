import NIOConcurrencyHelpers

/// How a running pipeline does: for each stage what waits for it and how busy it was. It tells of the machine, not of
/// the data: it never goes to an output that is compared byte by byte.
public struct PipelineHealth: Sendable, Hashable {
  /// One stage.
  public struct Stage: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Tasks that share it.
    public var workers: Int
    /// Batches that wait for it or are in its hands.
    public var waiting: Int
    /// How many that can be before the stage ahead of it has to wait.
    public var capacity: Int
    /// Batches it has done.
    public var batches: UInt64
    /// Time that it worked, of all its tasks, in ns.
    public var busyNanoseconds: UInt64
  }

  /// The stages, in the order of the data; none before the pipeline has started.
  public var stages: [Stage] = []
}

/// Reads the state of a running pipeline, at any time and from any task.
public final class PipelineMonitor: Sendable {
  private let gauges = NIOLockedValueBox<[StageGauge]>([])

  /// A monitor, for one run of a pipeline.
  public init() {}

  /// The state now.
  public var health: PipelineHealth { PipelineHealth(stages: gauges.withLockedValue { $0 }.map(\.stage)) }

  /// Adds a stage with the streams that it takes its batches from.
  func stage<Element: Sendable>(
    _ name: String, _ inputs: [BoundedStream<Element>], workers: Int = 1
  ) -> StageGauge {
    let gauge = StageGauge(name: name, workers: workers, capacity: inputs.reduce(0) { $0 + $1.capacity }) {
      inputs.reduce(0) { $0 + $1.underway }
    }
    gauges.withLockedValue { $0.append(gauge) }
    return gauge
  }
}

/// Counts what a stage does, once for each batch.
final class StageGauge: Sendable {
  private let name: String
  private let workers: Int
  private let capacity: Int
  private let waiting: @Sendable () -> Int
  private let done = NIOLockedValueBox<(batches: UInt64, nanoseconds: UInt64)>((0, 0))

  init(name: String, workers: Int, capacity: Int, waiting: @Sendable @escaping () -> Int) {
    self.name = name
    self.workers = workers
    self.capacity = capacity
    self.waiting = waiting
  }

  /// Counts a batch that the stage has worked on since `begin`, a time of `StageClock`.
  func add(since begin: UInt64) {
    let time = StageClock.nanoseconds &- begin
    done.withLockedValue {
      $0.batches &+= 1
      $0.nanoseconds &+= time
    }
  }

  var stage: PipelineHealth.Stage {
    let done = done.withLockedValue { $0 }
    return PipelineHealth.Stage(
      name: name, workers: workers, waiting: waiting(), capacity: capacity, batches: done.batches,
      busyNanoseconds: done.nanoseconds)
  }
}
