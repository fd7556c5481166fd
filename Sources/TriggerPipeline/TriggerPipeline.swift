public import Detectors
public import EventBuilding
public import L1Trigger
import NIOConcurrencyHelpers
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
    /// Whether the batches bring scenes of the events that raise alerts, to be drawn.
    public var keepsScenes = false
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

  /// A batch under way, or the end of a segment behind the last one of it.
  private enum Work: Sendable {
    case events(EventBatch, [L1Plan])
    case end(Ending)
  }

  private enum Evaluated: Sendable {
    case events(EventBatch, [L1Evaluation], [AloneQuantities])
    case end(Ending)
  }

  /// What the building stage says of the end of a segment.
  private struct Ending: Sendable {
    var reason: SegmentEnd.Reason
    var segments: UInt64
    var datagrams: UInt64
    var events: UInt64
    var builder: EventBuilder.Carry
    var head: L1Head.Carry
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
  /// The stream is cut into segments where one burst ends and the next begins (decision record 0018). No batch has
  /// events of two segments, and each segment begins with nothing but what is carried: so a run that goes on from a
  /// carry gives what an uninterrupted one gives from there on. The stages do not wait for each other at a cut.
  ///
  /// - Parameters:
  ///   - source: makes the function that gives the next packets, in the task that will call it.
  ///   - feed: what lets the packets in.
  ///   - l0: what emulates L0 on the same packets.
  ///   - carry: where another run on the same inputs ended a segment, to go on from there: its packets are read
  ///     again and dropped, with their books.
  ///   - monitor: shows how the stages do.
  ///   - tap: sees each batch of packets before the stages do, in the task that reads; it must be quick.
  ///   - take: takes the judged batches, in order, in one task.
  ///   - segment: is told of each end of a segment, the end of the stream included: behind its last batch, in the
  ///     task of `take`, and before `take` and the `take` of L0 get anything of the next segment. Where a limit of events ends the
  ///     run, L0 has come further than the last end.
  /// - Returns: what the selections have counted; nil without selections.
  /// - Throws: what the source, `take` or `segment` throws, the other stages end in order first; `CarryError`.
  @discardableResult
  public func run(
    source: @Sendable @escaping () throws -> (() throws -> PacketBatch?), feed: PacketFeed = PacketFeed(),
    l0: L0Branch? = nil, resuming carry: PipelineCarry? = nil, monitor: PipelineMonitor = PipelineMonitor(),
    tap: @Sendable @escaping (PacketBatch) -> Void = { _ in },
    take: @Sendable @escaping (JudgedBatch) async throws -> Void,
    segment: @Sendable @escaping (SegmentEnd) async throws -> Void = { _ in }
  ) async throws -> SelectionRun? {
    try carry?.check(hasEvents: true, l0Menus: l0?.pipeline.menus.count)
    let stage = selections.map {
      SelectionStage(
        setup: $0, layout: layout, maps: maps, workers: selectionWorkers, depth: options.depth,
        keepsScenes: options.keepsScenes)
    }
    let source = SegmentedSource.wrap(source, skipping: carry?.datagrams ?? 0) {
      SegmentCutter(layout: layout, options: options.builder)
    }
    let ending = NIOLockedValueBox(SegmentEnd.Reason.stopped)
    let meeting = l0.map { _ in SegmentMeeting() }
    let total = NIOLockedValueBox<SelectionRun?>(nil)
    /// Takes what comes out, in order.
    let deliver: @Sendable (Delivery) async throws -> Void = { delivery in
      switch delivery {
      case .judged(let judged): try await take(judged)
      case .end(var end):
        if let meeting {
          // Where L0 has failed its error ends the run, and the segment is not whole.
          guard let carry = await meeting.meet() else { return }
          end.carry.l0 = carry
        }
        if let counted = end.selections {
          try total.withLockedValue { try $0?.merge(counted) ?? ($0 = counted) }
        }
        try await segment(end)
        await meeting?.part()
      }
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
          tap(batch)
          guard await packets.send(batch) else { return false }
          return l0 == nil ? true : await l0Packets.send(batch)
        }
        if !feed.wasStopped, !Task.isCancelled { ending.withLockedValue { $0 = .input } }
      }
      if let l0, let meeting {
        let outputs = BoundedStream<L0Pipeline.Output>(capacity: options.depth)
        let gauges = (monitor.stage("l0", [l0Packets]), monitor.stage("l0-results", [outputs]))
        group.addTask {
          defer {
            l0Packets.close()
            outputs.finish()
          }
          await l0.pipeline.emulate(l0Packets, outputs, resuming: carry?.l0, gauges.0)
        }
        group.addTask {
          defer {
            outputs.close()
            meeting.finishL0()
          }
          for await output in outputs.elements {
            let begin = StageClock.nanoseconds
            try await l0.take(output)
            gauges.1.add(since: begin)
            if let carry = output.carry { await meeting.arrive(carry) }
          }
        }
      }
      let building = monitor.stage("build", [packets])
      group.addTask {
        defer {
          packets.close()
          for stream in toWorkers { stream.finish() }
        }
        await build(packets, toWorkers, resuming: carry, building) { ending.withLockedValue { $0 } }
      }
      let evaluating = monitor.stage("l1", toWorkers, workers: toWorkers.count)
      for (input, output) in zip(toWorkers, fromWorkers) {
        group.addTask {
          defer {
            input.close()
            output.finish()
          }
          await evaluate(input, output, evaluating)
        }
      }
      let judging = monitor.stage("verdict", fromWorkers)
      // Without selections one task gives the verdict and passes on the results.
      let taking = stage == nil ? monitor.stage("results", [BoundedStream<Delivery>]()) : nil
      group.addTask {
        defer {
          for stream in fromWorkers { stream.close() }
          stage?.finishInput()
          if stage == nil { meeting?.finishEvents() }
        }
        try await finish(fromWorkers, resuming: carry?.events?.tail, judging) { delivery in
          if let stage { return await stage.send(delivery) }
          let begin = StageClock.nanoseconds
          try await deliver(delivery)
          taking?.add(since: begin)
          return true
        }
      }
      stage?.addTasks(to: &group, monitor, take: deliver) { meeting?.finishEvents() }
      try await group.waitForAll()
    }
    return total.withLockedValue { $0 }
  }

  /// The building stage: packets to batches of events with their plans, dealt out to the workers in turn.
  private func build(
    _ packets: BoundedStream<PacketBatch>, _ workers: [BoundedStream<Work>], resuming carry: PipelineCarry?,
    _ gauge: StageGauge, reason: () -> SegmentEnd.Reason
  ) async {
    let builder = EventBuilder(layout: layout, options: options.builder, resuming: carry?.events?.builder)
    var head = L1Head(configuration, resuming: carry?.events?.head)
    var turn = 0
    var (segments, datagrams) = (carry?.segments ?? 0, carry?.datagrams ?? 0)
    var events = carry?.events?.events ?? 0
    var remaining = options.eventLimit.map { $0 - min($0, events) } ?? .max
    func send(_ work: Work) async -> Bool {
      defer { turn = (turn + 1) % workers.count }
      return await workers[turn].send(work)
    }
    func deal(_ batch: EventBatch, since begin: UInt64) async -> Bool {
      let plans = batch.events.map { head.plan($0) }
      events &+= UInt64(batch.events.count)
      gauge.add(since: begin)
      return await send(.events(batch, plans))
    }
    func endSegment(_ reason: SegmentEnd.Reason) async -> Bool {
      let begin = StageClock.nanoseconds
      let carry = builder.endSegment()
      guard await deal(builder.takeBatch(), since: begin) else { return false }
      segments &+= 1
      let counters = head.carry
      head = L1Head(configuration, resuming: counters)
      return await send(
        .end(
          Ending(
            reason: reason, segments: segments, datagrams: datagrams, events: events, builder: carry,
            head: counters)))
    }
    for await batch in packets.elements {
      if batch.beginsSegment { guard await endSegment(.burst) else { return } }
      let count = batch.datagrams.count
      var begin = 0
      repeat {
        let start = StageClock.nanoseconds
        let limit = min(options.batchEvents == 0 ? .max : options.batchEvents, Int(clamping: remaining))
        begin = builder.add(batch, begin..<count, untilReady: limit)
        let isLast = begin >= count
        let isFull = options.batchEvents != 0 && builder.readyEvents >= options.batchEvents
        let isEnough = UInt64(builder.readyEvents) >= remaining
        if isLast || isFull || isEnough {
          let ready = builder.takeBatch(packets: batch, isLast: isLast || isEnough)
          remaining -= min(remaining, UInt64(ready.events.count))
          guard await deal(ready, since: start) else { return }
        }
        if remaining == 0 {
          _ = await endSegment(.stopped)
          return
        }
      } while begin < count
      datagrams &+= UInt64(count)
    }
    _ = await endSegment(reason())
  }

  /// The L1 stage: one worker.
  private func evaluate(
    _ input: BoundedStream<Work>, _ output: BoundedStream<Evaluated>, _ gauge: StageGauge
  ) async {
    let worker = L1Worker(configuration: configuration, layout: layout, maps: maps)
    for await work in input.elements {
      switch work {
      case .end(let ending):
        guard await output.send(.end(ending)) else { return }
      case .events(let batch, let plans):
        let begin = StageClock.nanoseconds
        var evaluations: [L1Evaluation] = []
        evaluations.reserveCapacity(plans.count)
        var alone: [AloneQuantities] = []
        for (event, plan) in zip(batch.events, plans) {
          evaluations.append(worker.evaluate(event, of: batch, plan: plan))
          if options.runsAlone {
            let (info, muv3) = worker.evaluateAlone(event, of: batch)
            alone.append(AloneQuantities(info: info, muv3: muv3))
          }
        }
        gauge.add(since: begin)
        guard await output.send(.events(batch, evaluations, alone)) else { return }
      }
    }
  }

  /// The stage of the verdict: results in order, then the counters that need them; until `take` has had enough.
  private func finish(
    _ workers: [BoundedStream<Evaluated>], resuming carry: L1Tail.Carry?, _ gauge: StageGauge,
    _ take: (Delivery) async throws -> Bool
  ) async throws {
    var tail = L1Tail(configuration, resuming: carry)
    func newStage() -> EventStage {
      EventStage(
        configuration: configuration, layout: layout, options: options, passesEvents: passesKeptEvents)
    }
    var stage = newStage()
    var iterators = workers.map { $0.elements.makeAsyncIterator() }
    var turn = 0
    while let done = await iterators[turn].next() {
      turn = (turn + 1) % workers.count
      switch done {
      case .events(let batch, let evaluations, let alone):
        let begin = StageClock.nanoseconds
        let decisions = zip(batch.events, evaluations).map { tail.decide($0, $1) }
        let judged = stage.judge(batch, evaluations, decisions, alone: alone)
        gauge.add(since: begin)
        guard try await take(.judged(judged)) else { return }
      case .end(let ending):
        let counters = tail.carry
        // What waited was given up with the burst.
        tail = L1Tail(configuration, resuming: counters)
        stage = newStage()
        let events = PipelineCarry.Events(
          events: ending.events, builder: ending.builder, head: ending.head, tail: counters,
          remembersEvents: configuration.strawScratch == .original)
        let end = SegmentEnd(
          reason: ending.reason,
          carry: PipelineCarry(
            segments: ending.segments, datagrams: ending.datagrams, events: events, l0: nil),
          selections: nil)
        guard try await take(.end(end)) else { return }
      }
    }
  }
}

/// What leaves the verdict: a batch, or the end of a segment behind its last batch.
enum Delivery: Sendable {
  case judged(JudgedBatch)
  case end(SegmentEnd)
}
