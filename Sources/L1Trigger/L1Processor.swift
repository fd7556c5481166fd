public import Detectors
public import EventBuilding

/// The L1 trigger as a whole, for one thread: plan, algorithms, verdict, in the order of the events.
///
/// The pipeline runs the same three parts apart, with the algorithms on several workers.
public final class L1Processor {
  private var head: L1Head
  private var tail: L1Tail
  private let worker: L1Worker

  /// A processor with all counters at zero.
  public init(configuration: L1Configuration, layout: EventLayout, maps: L1DetectorMaps) {
    head = L1Head(configuration)
    tail = L1Tail(configuration)
    worker = L1Worker(configuration: configuration, layout: layout, maps: maps)
  }

  /// Decides on the events of a batch, in order.
  public func process(_ batch: EventBatch) -> [(evaluation: L1Evaluation, decision: L1Decision)] {
    batch.events.map { event in
      let evaluation = worker.evaluate(event, of: batch, plan: head.plan(event))
      return (evaluation, tail.decide(event, evaluation))
    }
  }
}

/// The part of L1 that runs in order ahead of the algorithms.
public struct L1Head: Sendable {
  private var sequencer: L1Sequencer
  private var scope: L1CounterBurst

  /// What a head carries over the end of a burst: its counters go on over a run.
  public struct Carry: Codable, Hashable, Sendable {
    /// Events seen, for autopass and the global reduction.
    public var input: UInt64
    /// Events of each of the 16 masks, for their reductions.
    public var reduction: [UInt64]
    /// State of the lottery of the bypass.
    public var lottery: UInt64
  }

  /// A head with all counters at zero, or as another one left them.
  public init(_ configuration: L1Configuration, resuming carry: Carry? = nil) {
    sequencer = L1Sequencer(configuration)
    scope = L1CounterBurst(configuration.counters)
    if let carry { sequencer.resume(carry) }
  }

  /// The counters.
  public var carry: Carry { sequencer.carry }

  /// The plan of the next event.
  public mutating func plan(_ event: BuiltEvent) -> L1Plan {
    if scope.begins(event) { sequencer.restart(run: event.run, burst: event.burst) }
    return sequencer.plan(event.l0)
  }
}

/// The part of L1 that runs in order behind the algorithms.
public struct L1Tail: Sendable {
  private var finisher: L1Finisher
  private var scope: L1CounterBurst

  /// What a tail carries over the end of a burst: its counters go on over a run.
  public struct Carry: Codable, Hashable, Sendable {
    /// Events accepted, for the global downscaling.
    public var accepted: UInt64
    /// Events by 8 × mask + algorithm, for the downscalings.
    public var downscaling: [UInt64]
  }

  /// A tail with all counters at zero, or as another one left them.
  public init(_ configuration: L1Configuration, resuming carry: Carry? = nil) {
    finisher = L1Finisher(configuration)
    scope = L1CounterBurst(configuration.counters)
    if let carry { finisher.resume(carry) }
  }

  /// The counters.
  public var carry: Carry { finisher.carry }

  /// The verdict on the next event.
  public mutating func decide(_ event: BuiltEvent, _ evaluation: L1Evaluation) -> L1Decision {
    if scope.begins(event) { finisher.restart() }
    let isBypassed = event.l0.dataType.contains(.periodic) || event.l0.dataType.contains(.control)
    return finisher.decide(isBypassed: isBypassed, evaluation)
  }
}
