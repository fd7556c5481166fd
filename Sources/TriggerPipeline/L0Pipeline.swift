public import L0Trigger
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
    /// The packets; `nil` at the end of the stream.
    public var packets: PacketBatch?
    /// Whether this is the first output from these packets: the one to take their books from.
    public var isFirst: Bool
    /// What the menus did, a slice for each burst.
    public var slices: [L0Slice]
  }

  private let menus: [L0Menu]
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
  ///   - take: takes the results, in order, in one task.
  /// - Throws: what the source or `take` throws; the other stages end in order first.
  public func run(
    source: @Sendable @escaping () throws -> (() throws -> PacketBatch?), feed: PacketFeed = PacketFeed(),
    take: @Sendable @escaping (Output) async throws -> Void
  ) async throws {
    let packets = BoundedStream<PacketBatch>(capacity: options.depth)
    let outputs = BoundedStream<Output>(capacity: options.depth)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { packets.finish() }
        try await feed.run(source: source, isWanted: { !packets.isClosed }) { await packets.send($0) }
      }
      group.addTask {
        defer {
          packets.close()
          outputs.finish()
        }
        await emulate(packets, outputs)
      }
      group.addTask {
        defer { outputs.close() }
        for await output in outputs.elements { try await take(output) }
      }
      try await group.waitForAll()
    }
  }

  /// The emulating stage: packets to slices, until either stream ends.
  func emulate(_ packets: BoundedStream<PacketBatch>, _ outputs: BoundedStream<Output>) async {
    let emulator = L0Emulator(menus: menus, options: options.emulator)
    for await batch in packets.elements {
      let count = batch.datagrams.count
      let step = options.batchDatagrams > 0 ? options.batchDatagrams : max(1, count)
      var begin = 0
      repeat {
        let end = min(count, begin + step)
        emulator.add(batch, begin..<end)
        let output = Output(packets: batch, isFirst: begin == 0, slices: emulator.take())
        guard await outputs.send(output) else { return }
        begin = end
      } while begin < count
    }
    emulator.finish()
    _ = await outputs.send(Output(packets: nil, isFirst: true, slices: emulator.take()))
  }
}
