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
  private let keepsScenes: Bool
  private let inputs: [BoundedStream<Delivery>]
  private let outputs: [BoundedStream<Delivery>]
  private let turn = NIOLockedValueBox(0)

  init(
    setup: SelectionSetup, layout: EventLayout, maps: L1DetectorMaps, workers: Int, depth: Int,
    keepsScenes: Bool
  ) {
    self.setup = setup
    self.keepsScenes = keepsScenes
    self.layout = layout
    self.maps = maps
    inputs = (0..<workers).map { _ in BoundedStream(capacity: depth) }
    outputs = (0..<workers).map { _ in BoundedStream(capacity: depth) }
  }

  /// Takes the next batch, or the end of a segment; `false` if the workers have gone.
  func send(_ delivery: Delivery) async -> Bool {
    switch delivery {
    case .judged: return await inputs[nextTurn()].send(delivery)
    case .end:
      // Each worker hands out what it has counted; whose turn it is does not change.
      for _ in inputs.indices { guard await inputs[nextTurn()].send(delivery) else { return false } }
      return true
    }
  }

  private func nextTurn() -> Int {
    turn.withLockedValue { turn in
      defer { turn = (turn + 1) % inputs.count }
      return turn
    }
  }

  /// No more batches will come.
  func finishInput() { for input in inputs { input.finish() } }

  /// Adds the tasks of the workers, and the one that puts their results in order and passes them on; `done` is called
  /// when nothing more will be passed on.
  func addTasks(
    to group: inout ThrowingTaskGroup<Void, any Error>, _ monitor: PipelineMonitor,
    take: @Sendable @escaping (Delivery) async throws -> Void, done: @Sendable @escaping () -> Void
  ) {
    let selecting = monitor.stage("select", inputs, workers: inputs.count)
    for index in inputs.indices {
      group.addTask { [self] in
        defer {
          inputs[index].close()
          outputs[index].finish()
        }
        try await work(index, selecting)
      }
    }
    let taking = monitor.stage("results", outputs)
    group.addTask { [self] in
      defer {
        for output in outputs { output.close() }
        done()
      }
      var iterators = outputs.map { $0.elements.makeAsyncIterator() }
      var turn = 0
      // What the workers have counted in the segment that ends, each at its place.
      var counted = [SelectionRun?](repeating: nil, count: outputs.count)
      while let delivery = await iterators[turn].next() {
        let worker = turn
        turn = (turn + 1) % iterators.count
        let begin = StageClock.nanoseconds
        switch delivery {
        case .judged: try await take(delivery)
        case .end(var end):
          counted[worker] = end.selections
          guard counted.allSatisfy({ $0 != nil }) else { continue }
          end.selections = try Self.merged(counted)
          counted = Array(repeating: nil, count: outputs.count)
          try await take(.end(end))
        }
        taking.add(since: begin)
      }
    }
  }

  private func work(_ index: Int, _ gauge: StageGauge) async throws {
    var worker = SelectionWorker(setup: setup, layout: layout, maps: maps, keepsScenes: keepsScenes)
    for await delivery in inputs[index].elements {
      let begin = StageClock.nanoseconds
      switch delivery {
      case .judged(var batch):
        batch.findings = try worker.findings(in: batch)
        batch.ready = []
        gauge.add(since: begin)
        guard await outputs[index].send(.judged(batch)) else { return }
      case .end(var end):
        end.selections = worker.finish()
        guard await outputs[index].send(.end(end)) else { return }
      }
    }
  }

  /// What the workers have counted together.
  private static func merged(_ runs: [SelectionRun?]) throws -> SelectionRun? {
    var result: SelectionRun?
    for run in runs {
      guard let run else { continue }
      if result == nil { result = run } else { try result?.merge(run) }
    }
    return result
  }
}
