public import Simulation

/// The stages from a seed to the frames of simulated bursts.
///
///     hits × workers ──> deal ──> packets of primitives × workers ──> L0, readout, farm ──> write
///
/// Slices are dealt to the workers in turn and collected in turn; what depends on the order of the slices runs in
/// one task. So the number of workers changes nothing but the time, and links are bounded.
public struct SimulationPipeline: Sendable {
  /// Options of the pipeline.
  public struct Options: Sendable {
    /// Tasks of each of the two steps that make slices.
    public var workers = 1
    /// Slices under way between two stages, for each worker.
    public var depth = 2
    /// Identifier of the first burst, from 1.
    public var firstBurst: UInt32 = 1
    /// Number of bursts.
    public var bursts: UInt32 = 1
    /// One worker, one burst.
    public init() {}
  }

  private let setup: SimulationSetup
  private let options: Options

  /// A pipeline for a run.
  public init(_ setup: SimulationSetup, options: Options = Options()) {
    self.setup = setup
    self.options = options
  }

  /// A slice of a burst, with the slices beside it.
  private struct Work: Sendable {
    var burst: UInt32
    var raw: RawSlice
    var neighbours: [RawSlice]
  }

  private var bursts: Range<UInt32> { options.firstBurst..<(options.firstBurst &+ options.bursts) }

  /// Makes the bursts.
  ///
  /// - Parameter take: takes the frames, in order, in one task.
  /// - Throws: `FormatError` if a board has more to send than its format can hold, or what `take` throws; the
  ///   other stages end in order first.
  public func run(take: @Sendable @escaping (SimulatedOutput) async throws -> Void) async throws {
    let workers = max(1, options.workers)
    let raws = (0..<workers).map { _ in BoundedStream<RawSlice>(capacity: options.depth) }
    let works = (0..<workers).map { _ in BoundedStream<Work>(capacity: options.depth) }
    let products = (0..<workers).map { _ in BoundedStream<SliceProduct>(capacity: options.depth) }
    let outputs = BoundedStream<SimulatedOutput>(capacity: options.depth)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (worker, output) in raws.enumerated() {
        group.addTask {
          defer { output.finish() }
          await makeHits(worker, of: workers, output)
        }
      }
      group.addTask {
        defer {
          for stream in raws { stream.close() }
          for stream in works { stream.finish() }
        }
        await deal(raws, works)
      }
      for (input, output) in zip(works, products) {
        group.addTask {
          defer {
            input.close()
            output.finish()
          }
          await makePrimitives(input, output)
        }
      }
      group.addTask {
        defer {
          for stream in products { stream.close() }
          outputs.finish()
        }
        try await assemble(products, outputs)
      }
      group.addTask {
        defer { outputs.close() }
        for await output in outputs.elements { try await take(output) }
      }
      try await group.waitForAll()
    }
  }

  /// The first step: one worker makes every so manieth slice.
  private func makeHits(_ worker: Int, of workers: Int, _ output: BoundedStream<RawSlice>) async {
    var turn = 0
    for burst in bursts {
      var maker = SliceMaker(setup, burst: burst)
      for slice in setup.rawSlices {
        defer { turn = (turn + 1) % workers }
        guard turn == worker else { continue }
        guard await output.send(maker.raw(slice)) else { return }
      }
    }
  }

  /// Puts each slice together with those beside it, and deals them out to the workers of the second step.
  private func deal(_ inputs: [BoundedStream<RawSlice>], _ outputs: [BoundedStream<Work>]) async {
    var iterators = inputs.map { $0.elements.makeAsyncIterator() }
    var turn = 0
    var outTurn = 0
    for burst in bursts {
      var window: [RawSlice] = []
      var next = setup.slices.lowerBound
      for slice in setup.rawSlices {
        guard let raw = await iterators[turn].next() else { return }
        turn = (turn + 1) % inputs.count
        window.append(raw)
        let isLast = slice + 1 == setup.rawSlices.upperBound
        while setup.slices.contains(next), next < slice || isLast {
          let beside = window.filter { abs($0.slice - next) == 1 }
          guard let middle = window.first(where: { $0.slice == next }) else { return }
          guard await outputs[outTurn].send(Work(burst: burst, raw: middle, neighbours: beside)) else {
            return
          }
          outTurn = (outTurn + 1) % outputs.count
          next += 1
        }
        window.removeAll { $0.slice < next - 1 }
      }
    }
  }

  /// The second step: one worker.
  private func makePrimitives(_ input: BoundedStream<Work>, _ output: BoundedStream<SliceProduct>) async {
    var maker: (burst: UInt32, maker: SliceMaker)?
    for await work in input.elements {
      if maker?.burst != work.burst { maker = (work.burst, SliceMaker(setup, burst: work.burst)) }
      guard let product = maker?.maker.product(work.raw, neighbours: work.neighbours) else { return }
      guard await output.send(product) else { return }
    }
  }

  /// What runs in order: L0, the readout, the farm.
  private func assemble(
    _ inputs: [BoundedStream<SliceProduct>], _ output: BoundedStream<SimulatedOutput>
  ) async throws {
    let assembler = BurstAssembler(setup, firstBurst: options.firstBurst)
    var iterators = inputs.map { $0.elements.makeAsyncIterator() }
    var turn = 0
    for _ in bursts {
      for _ in setup.slices {
        guard let product = await iterators[turn].next() else { return }
        turn = (turn + 1) % inputs.count
        guard await output.send(try assembler.add(product)) else { return }
      }
      guard await output.send(try assembler.endBurst()) else { return }
    }
  }
}
