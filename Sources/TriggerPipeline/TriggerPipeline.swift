public import Detectors
public import EventBuilding
public import L1Trigger
public import PacketCapture

/// The stages from packets to verdicts: capture, build, L1, selections, and the stage that takes the results.
///
/// Each stage is a task that reads an `AsyncStream` of batches and loops synchronously inside a batch;
/// streams are bounded, so a slow stage holds up the ones before it. What depends on the order of the
/// events (building, the L1 counters, everything behind) runs in one task each, in order; the algorithms run
/// on `workers` tasks, and their results are put back in order. So the number of workers changes nothing
/// but the time.
public struct TriggerPipeline: Sendable {
  /// Options of the pipeline.
  public struct Options: Sendable {
    /// Tasks that run the L1 algorithms.
    public var workers = 1
    /// Events in a batch, at most; 0 takes what one batch of packets gives.
    public var batchEvents = 256
    /// Batches under way between two stages.
    public var depth = 4
    /// Stop after this many events.
    public var eventLimit: UInt64?
    /// Whether every algorithm is also run alone, for the table of decisions.
    public var runsAlone = false
    /// Whether events that L1 keeps are made into stored events.
    public var storesEvents = false
    /// Whether the events that L1 keeps are passed on as soon as their L1 data are there, for the event display.
    var passesKeptEvents = false
    /// Bytes that events waiting for L1 data may hold; beyond, the oldest one is given up.
    public var maximumPendingL1Bytes = 512 << 20
    /// The event builder's options.
    public var builder = EventBuilder.Options()
    /// One worker and NA62's values.
    public init() {}
  }

  private let configuration: L1Configuration
  private let layout: EventLayout
  private let maps: L1DetectorMaps
  private let options: Options
  private let selections: SelectionSetup?
  private let selectionWorkers: Int
  private let passesKeptEvents: Bool

  /// A pipeline with the given L1 configuration, and with selections behind it if there are any.
  public init(
    configuration: L1Configuration, layout: EventLayout, maps: L1DetectorMaps, options: Options,
    selections: SelectionSetup? = nil
  ) {
    self.selections = selections
    self.configuration = configuration
    self.layout = layout
    self.maps = maps
    var options = options
    options.builder.l1BlockByteCount = configuration.dataBlockByteCount
    passesKeptEvents = options.passesKeptEvents || selections?.reconstruction != nil
    options.builder.keepsL1Bytes = options.storesEvents || passesKeptEvents
    if configuration.corrections.contains(.distinctBoards) { options.builder.requiresDistinctBoards = true }
    if configuration.corrections.contains(.lateCopies) { options.builder.dropsLateCopies = true }
    options.workers = max(1, options.workers)
    selectionWorkers = options.workers
    // With the original scratch memory an answer depends on the events before: one worker sees them all.
    if configuration.strawScratch == .original { options.workers = 1 }
    self.options = options
  }

  private struct Work: Sendable {
    let batch: EventBatch
    let plans: [L1Plan]
  }

  private struct Evaluated: Sendable {
    let batch: EventBatch
    let evaluations: [L1Evaluation]
    let alone: [AloneQuantities]
  }

  /// The emulation of L0 beside the events: its pipeline, and what takes its results, in order, in one task.
  public struct L0Branch: Sendable {
    let pipeline: L0Pipeline
    let take: @Sendable (L0Pipeline.Output) async throws -> Void

    /// A branch.
    public init(pipeline: L0Pipeline, take: @Sendable @escaping (L0Pipeline.Output) async throws -> Void) {
      self.pipeline = pipeline
      self.take = take
    }
  }

  /// Runs a source of packets through the stages until it ends.
  ///
  /// - Parameters:
  ///   - source: makes the function that gives the next packets, in the task that will call it.
  ///   - feed: what lets the packets in.
  ///   - l0: what emulates L0 on the same packets.
  ///   - take: takes the judged batches, in order, in one task.
  /// - Returns: what the selections have counted; nil without selections.
  /// - Throws: what the source or `take` throws; the other stages end in order first.
  @discardableResult
  public func run(
    source: @Sendable @escaping () throws -> (() throws -> PacketBatch?), feed: PacketFeed = PacketFeed(),
    l0: L0Branch? = nil,
    take: @Sendable @escaping (JudgedBatch) async throws -> Void
  ) async throws -> SelectionRun? {
    let stage = selections.map {
      SelectionStage(setup: $0, layout: layout, maps: maps, workers: selectionWorkers, depth: options.depth)
    }
    let packets = BoundedStream<PacketBatch>(capacity: options.depth)
    let toWorkers = (0..<options.workers).map { _ in BoundedStream<Work>(capacity: options.depth) }
    let fromWorkers = (0..<options.workers).map { _ in BoundedStream<Evaluated>(capacity: options.depth) }
    let l0Packets = BoundedStream<PacketBatch>(capacity: options.depth)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer {
          packets.finish()
          l0Packets.finish()
        }
        try await feed.run(source: source, isWanted: { !packets.isClosed }) { batch in
          guard await packets.send(batch) else { return false }
          return l0 == nil ? true : await l0Packets.send(batch)
        }
      }
      if let l0 {
        let outputs = BoundedStream<L0Pipeline.Output>(capacity: options.depth)
        group.addTask {
          defer {
            l0Packets.close()
            outputs.finish()
          }
          await l0.pipeline.emulate(l0Packets, outputs)
        }
        group.addTask {
          defer { outputs.close() }
          for await output in outputs.elements { try await l0.take(output) }
        }
      }
      group.addTask {
        defer {
          packets.close()
          for stream in toWorkers { stream.finish() }
        }
        await build(packets, toWorkers)
      }
      for (input, output) in zip(toWorkers, fromWorkers) {
        group.addTask {
          defer {
            input.close()
            output.finish()
          }
          await evaluate(input, output)
        }
      }
      group.addTask {
        defer {
          for stream in fromWorkers { stream.close() }
          stage?.finishInput()
        }
        try await finish(fromWorkers) { judged in
          if let stage { return await stage.send(judged) }
          try await take(judged)
          return true
        }
      }
      stage?.addTasks(to: &group, take: take)
      try await group.waitForAll()
    }
    return try stage?.result()
  }

  /// The building stage: packets to batches of events with their plans, dealt out to the workers in turn.
  private func build(
    _ packets: BoundedStream<PacketBatch>, _ workers: [BoundedStream<Work>]
  ) async {
    let builder = EventBuilder(layout: layout, options: options.builder)
    var head = L1Head(configuration)
    var turn = 0
    var remaining = options.eventLimit ?? .max
    func deal(_ batch: EventBatch) async -> Bool {
      let plans = batch.events.map { head.plan($0) }
      defer { turn = (turn + 1) % workers.count }
      return await workers[turn].send(Work(batch: batch, plans: plans))
    }
    for await batch in packets.elements {
      let count = batch.datagrams.count
      var begin = 0
      repeat {
        let limit = min(options.batchEvents == 0 ? .max : options.batchEvents, Int(clamping: remaining))
        begin = builder.add(batch, begin..<count, untilReady: limit)
        let isLast = begin >= count
        let isFull = options.batchEvents != 0 && builder.readyEvents >= options.batchEvents
        let isEnough = UInt64(builder.readyEvents) >= remaining
        if isLast || isFull || isEnough {
          let events = builder.takeBatch(packets: batch, isLast: isLast || isEnough)
          remaining -= min(remaining, UInt64(events.events.count))
          guard await deal(events) else { return }
        }
        if remaining == 0 {
          builder.finish()
          _ = await deal(builder.takeBatch())
          return
        }
      } while begin < count
    }
    builder.finish()
    _ = await deal(builder.takeBatch())
  }

  /// The L1 stage: one worker.
  private func evaluate(
    _ input: BoundedStream<Work>, _ output: BoundedStream<Evaluated>
  ) async {
    let worker = L1Worker(configuration: configuration, layout: layout, maps: maps)
    for await work in input.elements {
      var evaluations: [L1Evaluation] = []
      evaluations.reserveCapacity(work.plans.count)
      var alone: [AloneQuantities] = []
      for (event, plan) in zip(work.batch.events, work.plans) {
        evaluations.append(worker.evaluate(event, of: work.batch, plan: plan))
        if options.runsAlone {
          let (info, muv3) = worker.evaluateAlone(event, of: work.batch)
          alone.append(AloneQuantities(info: info, muv3: muv3))
        }
      }
      let done = Evaluated(batch: work.batch, evaluations: evaluations, alone: alone)
      guard await output.send(done) else { return }
    }
  }

  /// The stage of the verdict: results in order, then the counters that need them; until `take` has had enough.
  private func finish(
    _ workers: [BoundedStream<Evaluated>], _ take: (JudgedBatch) async throws -> Bool
  ) async throws {
    var tail = L1Tail(configuration)
    var stage = EventStage(
      configuration: configuration, layout: layout, options: options,
      passesEvents: passesKeptEvents)
    var iterators = workers.map { $0.elements.makeAsyncIterator() }
    var turn = 0
    while let done = await iterators[turn].next() {
      turn = (turn + 1) % workers.count
      let decisions = zip(done.batch.events, done.evaluations).map { tail.decide($0, $1) }
      guard try await take(stage.judge(done.batch, done.evaluations, decisions, alone: done.alone)) else {
        return
      }
    }
  }
}
