import Detectors
import EventBuilding
import L1Trigger
import NA62Formats
import PacketCapture

/// The farm that a simulated readout runs with: it builds the events of the packets that go out, judges them with
/// L1, and asks the CREAMs for the data of those that L1 keeps.
///
/// It is the same building and the same L1 as in a replay, on the same packets in the same order, so counters of
/// downscalings agree. Without chains of L1 every event is kept.
final class FarmLoop {
  /// What is kept of an event until it is judged.
  struct Pending {
    var event: UInt32
    var timestamp: UInt32
    var word: UInt8
    /// The hits of LKr in the CREAMs' window.
    var clusters: HitList
  }

  /// The verdict on an event.
  struct Verdict {
    var event: UInt32
    /// The L1 word; nil where there are no chains of L1.
    var decision: L1Decision?
  }

  private let setup: SimulationSetup
  private let builder: EventBuilder
  private let worker: L1Worker?
  private var head: L1Head?
  private var tail: L1Tail?
  private var readout = LKrReadout()
  private let readsLKr: Bool
  private var pending: [Pending] = []
  private var next = 0
  /// Datagrams of CREAMs, of the events asked for together: by board.
  private var answers: [[UInt8]] = []

  init(_ setup: SimulationSetup) {
    self.setup = setup
    let layout = EventLayout(setup.detectors.sources)
    var options = EventBuilder.Options()
    options.keepsL1Bytes = false
    if let l1 = setup.l1 { options.l1BlockByteCount = l1.dataBlockByteCount }
    builder = EventBuilder(layout: layout, options: options)
    worker = setup.l1.map { L1Worker(configuration: $0, layout: layout, maps: setup.detectors.maps) }
    head = setup.l1.map { L1Head($0) }
    tail = setup.l1.map { L1Tail($0) }
    readsLKr = !setup.detectors.sources.l1.isEmpty
    answers = Array(repeating: [], count: LKrGeometry.blocks.count)
  }

  /// Whether the hits of LKr are wanted.
  var wantsClusters: Bool { readsLKr }

  /// Ends a burst: the number of events that did not get all their fragments, none unless the simulation is wrong.
  func endBurst() -> UInt64 {
    defer {
      pending.removeAll(keepingCapacity: true)
      next = 0
    }
    return UInt64(pending.count - next)
  }

  /// Tells of a trigger: in the order of the events.
  func expect(_ event: Pending) { pending.append(event) }

  /// Builds with packets that went out, and judges the events that are complete.
  ///
  /// - Parameters:
  ///   - packets: the packets.
  ///   - seed: of the burst.
  ///   - verdict: takes the verdicts, in order.
  ///   - send: takes what the CREAMs send.
  func take(
    _ packets: PacketBatch, seed: UInt64, verdict: (Verdict) -> Void, send: (OutgoingDatagram) -> Void
  ) throws(FormatError) {
    builder.add(packets, 0..<packets.datagrams.count)
    let batch = builder.takeBatch()
    var asked = 0
    var time = DataTime(nanoseconds: 0)
    for event in batch.events {
      let decision = decide(event, batch)
      verdict(Verdict(event: event.number, decision: decision))
      let known = takePending(event.number)
      guard readsLKr, decision.map({ !$0.word.isEmpty }) ?? true else { continue }
      if asked == 8 || asked > 0 && event.time != time {
        flush(at: time, send)
        asked = 0
      }
      asked += 1
      time = event.time
      let request = L1DataRequest.Trigger(
        timestamp: event.timestamp, fineTime: event.l0.fineTime,
        isZeroSuppressed: decision?.isZeroSuppressed ?? true,
        word: UInt16(event.l0.word.rawValue) | UInt16(decision?.word.rawValue ?? 0) << 8,
        event: event.number)
      var board = 0
      try readout.forEachFragment(of: request, clusters: known?.clusters ?? HitList(), seed: seed) {
        fragment in
        answers[board] += fragment
        board += 1
      }
    }
    if asked > 0 { flush(at: time, send) }
  }

  private func decide(_ event: BuiltEvent, _ batch: EventBatch) -> L1Decision? {
    guard let worker, let plan = head?.plan(event) else { return nil }
    return tail?.decide(event, worker.evaluate(event, of: batch, plan: plan))
  }

  /// What was kept of an event; those before it are forgotten.
  private func takePending(_ event: UInt32) -> Pending? {
    while next < pending.count, pending[next].event != event { next += 1 }
    guard next < pending.count else {
      pending.removeAll(keepingCapacity: true)
      next = 0
      return nil
    }
    defer {
      next += 1
      if next == pending.count || next >= 4096 {
        pending.removeFirst(next)
        next = 0
      }
    }
    return pending[next]
  }

  /// Sends the answers of the CREAMs.
  private func flush(at time: DataTime, _ send: (OutgoingDatagram) -> Void) {
    for (i, block) in LKrGeometry.blocks.enumerated() {
      send(
        OutgoingDatagram(
          time: time.nanoseconds + ReadoutTiming.cream.first + Int64(i) * ReadoutTiming.cream.step,
          sourceAddress: ReadoutAddress.cream(block.subID), destinationAddress: ReadoutAddress.farm,
          sourcePort: ReadoutAddress.boardPort, destinationPort: ReadoutAddress.l1Port,
          payload: answers[i]))
      answers[i].removeAll(keepingCapacity: true)
    }
  }
}
