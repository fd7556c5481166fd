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

  /// A head with all counters at zero.
  public init(_ configuration: L1Configuration) { sequencer = L1Sequencer(configuration) }

  /// The plan of the next event.
  public mutating func plan(_ event: BuiltEvent) -> L1Plan { sequencer.plan(event.l0) }
}

/// The part of L1 that runs in order behind the algorithms.
public struct L1Tail: Sendable {
  private var finisher: L1Finisher

  /// A tail with all counters at zero.
  public init(_ configuration: L1Configuration) { finisher = L1Finisher(configuration) }

  /// The verdict on the next event.
  public mutating func decide(_ event: BuiltEvent, _ evaluation: L1Evaluation) -> L1Decision {
    let isBypassed = event.l0.dataType.contains(.periodic) || event.l0.dataType.contains(.control)
    return finisher.decide(isBypassed: isBypassed, evaluation)
  }
}
