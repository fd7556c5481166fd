public import L0Trigger
import NIOConcurrencyHelpers
public import PacketCapture

/// The stages from packets to the triggers of L0: capture, emulation, and the stage that takes the results.
///
/// Each stage is a task; the links between them are bounded.
public struct L0Pipeline: Sendable {
  /// Options of the pipeline.
  public struct Options: Sendable {
    /// Datagrams after which what was sent is handed on, at most; 0 takes what one batch of packets gives.
    public var batchDatagrams = 0
    /// Batches under way between two stages.
    public var depth = 4
    /// The emulator's options.
    public var emulator = L0Emulator.Options()
    /// NA62's values.
    public init() {}
  }

  /// What the emulation of some packets gave.
  public struct Output: Sendable {
    /// The packets; `nil` at the end of a segment and of the stream.
    public var packets: PacketBatch?
    /// Whether this is the first output from these packets: the one to take their books from.
    public var isFirst: Bool
    /// What the menus did, a slice for each burst.
    public var slices: [L0Slice]
    /// What the next segment goes on from, where one ended with these slices.
    public internal(set) var carry: L0Emulator.Carry?
    /// Whether it is the end of the stream.
    var isLast = false
  }

  let menus: [L0Menu]
  let options: Options

  /// A pipeline for the given menus, at least one.
  public init(menus: [L0Menu], options: Options = Options()) {
    self.menus = menus
    self.options = options
  }

  /// Runs a source of packets through the stages until it ends.
  ///
  /// - Parameters:
  ///   - source: makes the function that gives the next packets, in the task that will call it.
  ///   - feed: what lets the packets in.
  ///   - carry: where another run on the same inputs ended a segment, to go on from there.
  ///   - monitor: shows how the stages do.
  ///   - take: takes the results, in order, in one task.
  ///   - segment: is told of each end of a segment behind its last results, the end of the stream included.
  /// - Throws: what the source, `take` or `segment` throws, the other stages end in order first; `CarryError`.
  public func run(
    source: @Sendable @escaping () throws -> (() throws -> PacketBatch?), feed: PacketFeed = PacketFeed(),
    resuming carry: PipelineCarry? = nil, monitor: PipelineMonitor = PipelineMonitor(),
    take: @Sendable @escaping (Output) async throws -> Void,
    segment: @Sendable @escaping (SegmentEnd) async throws -> Void = { _ in }
  ) async throws {
    try carry?.check(hasEvents: false, l0Menus: menus.count)
    let source = SegmentedSource.wrap(source, skipping: carry?.datagrams ?? 0) { SegmentCutter() }
    let ending = NIOLockedValueBox(SegmentEnd.Reason.stopped)
    let packets = BoundedStream<PacketBatch>(capacity: options.depth)
    let outputs = BoundedStream<Output>(capacity: options.depth)
    let gauges = (monitor.stage("l0", [packets]), monitor.stage("l0-results", [outputs]))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { packets.finish() }
        try await feed.run(source: source, isWanted: { !packets.isClosed }) { await packets.send($0) }
        if !feed.wasStopped, !Task.isCancelled { ending.withLockedValue { $0 = .input } }
      }
      group.addTask {
        defer {
          packets.close()
          outputs.finish()
        }
        await emulate(packets, outputs, resuming: carry?.l0, gauges.0)
      }
      group.addTask {
        defer { outputs.close() }
        var position = PipelineCarry(
          segments: carry?.segments ?? 0, datagrams: carry?.datagrams ?? 0, events: nil, l0: nil)
        for await output in outputs.elements {
          let begin = StageClock.nanoseconds
          if output.isFirst { position.datagrams &+= UInt64(output.packets?.datagrams.count ?? 0) }
          try await take(output)
          if let carry = output.carry {
            position.segments &+= 1
            position.l0 = carry
            let reason = output.isLast ? ending.withLockedValue { $0 } : .burst
            try await segment(SegmentEnd(reason: reason, carry: position, selections: nil))
          }
          gauges.1.add(since: begin)
        }
      }
      try await group.waitForAll()
    }
  }

  /// The emulating stage: packets to slices, until either stream ends.
  func emulate(
    _ packets: BoundedStream<PacketBatch>, _ outputs: BoundedStream<Output>,
    resuming carry: L0Emulator.Carry?, _ gauge: StageGauge
  ) async {
    var emulator = L0Emulator(menus: menus, options: options.emulator, resuming: carry)
    for await batch in packets.elements {
      if batch.beginsSegment {
        let carry = emulator.endSegment()
        let output = Output(packets: nil, isFirst: true, slices: emulator.take(), carry: carry)
        guard await outputs.send(output) else { return }
        emulator = L0Emulator(menus: menus, options: options.emulator, resuming: carry)
      }
      let count = batch.datagrams.count
      let step = options.batchDatagrams > 0 ? options.batchDatagrams : max(1, count)
      var begin = 0
      repeat {
        let start = StageClock.nanoseconds
        let end = min(count, begin + step)
        emulator.add(batch, begin..<end)
        let output = Output(packets: batch, isFirst: begin == 0, slices: emulator.take())
        gauge.add(since: start)
        guard await outputs.send(output) else { return }
        begin = end
      } while begin < count
    }
    let last = emulator.endSegment()
    _ = await outputs.send(
      Output(packets: nil, isFirst: true, slices: emulator.take(), carry: last, isLast: true))
  }
}
