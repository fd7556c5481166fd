import Detectors
import EventBuilding
import L1Trigger
import NIOConcurrencyHelpers

/// The stage behind the L1 verdict that reconstructs and selects: batches are dealt out to the workers in turn,
/// and what they find is put back in order.
final class SelectionStage: Sendable {
  private let setup: SelectionSetup
  private let layout: EventLayout
  private let maps: L1DetectorMaps
  private let inputs: [BoundedStream<JudgedBatch>]
  private let outputs: [BoundedStream<JudgedBatch>]
  private let turn = NIOLockedValueBox(0)
  private let runs: NIOLockedValueBox<[SelectionRun?]>

  init(setup: SelectionSetup, layout: EventLayout, maps: L1DetectorMaps, workers: Int, depth: Int) {
    self.setup = setup
    self.layout = layout
    self.maps = maps
    inputs = (0..<workers).map { _ in BoundedStream(capacity: depth) }
    outputs = (0..<workers).map { _ in BoundedStream(capacity: depth) }
    runs = NIOLockedValueBox(Array(repeating: nil, count: workers))
  }

  /// Takes the next batch; `false` if the workers have gone.
  func send(_ batch: JudgedBatch) async -> Bool {
    let worker = turn.withLockedValue { turn in
      defer { turn = (turn + 1) % inputs.count }
      return turn
    }
    return await inputs[worker].send(batch)
  }

  /// No more batches will come.
  func finishInput() { for input in inputs { input.finish() } }

  /// Adds the tasks of the workers, and the one that puts their results in order and passes them on.
  func addTasks(
    to group: inout ThrowingTaskGroup<Void, any Error>,
    take: @Sendable @escaping (JudgedBatch) async throws -> Void
  ) {
    for index in inputs.indices {
      group.addTask { [self] in
        defer {
          inputs[index].close()
          outputs[index].finish()
        }
        try await work(index)
      }
    }
    group.addTask { [self] in
      defer { for output in outputs { output.close() } }
      var iterators = outputs.map { $0.elements.makeAsyncIterator() }
      var turn = 0
      while let batch = await iterators[turn].next() {
        turn = (turn + 1) % iterators.count
        try await take(batch)
      }
    }
  }

  private func work(_ index: Int) async throws {
    var worker = SelectionWorker(setup: setup, layout: layout, maps: maps)
    for await var batch in inputs[index].elements {
      batch.findings = try worker.findings(in: batch)
      batch.ready = []
      guard await outputs[index].send(batch) else { return }
    }
    let run = worker.finish()
    runs.withLockedValue { $0[index] = run }
  }

  /// What the workers have counted together, after they have ended.
  func result() throws -> SelectionRun? {
    var result: SelectionRun?
    for run in runs.withLockedValue({ $0 }) {
      guard let run else { continue }
      if result == nil { result = run } else { try result?.merge(run) }
    }
    return result
  }
}
