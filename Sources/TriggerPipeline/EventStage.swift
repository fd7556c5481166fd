import EventBuilding
import L1Trigger
import NA62Formats
import Reconstruction

/// The stage behind the L1 verdict: collects the L1 data of kept events, counts what NA62's farm counts in a
/// burst, and makes the stored events.
///
/// It runs in order, in one task; what it does depends on the order of events and fragments alone.
struct EventStage: Sendable {
  private struct Burst: Hashable {
    var run: UInt32
    var burst: UInt32
  }

  /// What is kept of an event until its L1 data have come.
  private struct Waiting: Sendable {
    var prepared: StoredEventComposer.Prepared?
    var ready: ReadyEvent?
  }

  private typealias Collector = L1DataCollector<Waiting>

  private let layout: EventLayout
  private let composer: StoredEventComposer
  private let storesEvents: Bool
  /// Whether the events that L1 keeps are passed on, to be reconstructed.
  private let passesEvents: Bool
  private var collector: Collector?
  private var statistics: [Burst: HLTStatistics] = [:]

  init(
    configuration: L1Configuration, layout: EventLayout, options: TriggerPipeline.Options, passesEvents: Bool
  ) {
    self.layout = layout
    self.passesEvents = passesEvents
    composer = StoredEventComposer(layout: layout, configuration: configuration)
    storesEvents = options.storesEvents
    guard !layout.l1Sources.isEmpty else { return }
    var collectorOptions = Collector.Options()
    collectorOptions.maximumPendingBytes = options.maximumPendingL1Bytes
    collectorOptions.keeps = options.storesEvents ? .all : passesEvents ? .filled : .nothing
    collector = Collector(layout: layout, options: collectorOptions)
  }

  /// What a batch of verdicts gives.
  mutating func judge(
    _ batch: EventBatch, _ evaluations: [L1Evaluation], _ decisions: [L1Decision],
    alone: [AloneQuantities]
  ) -> JudgedBatch {
    var stored: [StoredRecord] = []
    var ready: [ReadyEvent] = []
    var unfinished: [UnfinishedEvent] = []
    var actions: [Collector.Action] = []
    /// What became of events that waited, when so many of the batch's own had come.
    func act(_ eventsBefore: Int) {
      for action in actions {
        switch action {
        case .complete(let held):
          store(held.event.run, held.event.burst, held.payload.prepared, held.data, &stored)
          if var kept = held.payload.ready {
            kept.calorimeter = CalorimeterData(held.data)
            kept.eventsBefore = eventsBefore
            ready.append(kept)
          }
        case .giveUp(let held, let reason):
          unfinished.append(
            UnfinishedEvent(held.event, received: held.received, reason: reason))
          if var kept = held.payload.ready {
            kept.isComplete = false
            kept.eventsBefore = eventsBefore
            ready.append(kept)
          }
          // NA62's farm sends the last event of a burst as it is.
          guard reason == .burstEnd, held.event.isLastOfBurst else { continue }
          store(held.event.run, held.event.burst, held.payload.prepared, held.data, &stored)
        }
      }
      actions.removeAll(keepingCapacity: true)
    }
    var nextFragment = 0
    var nextUnfinished = 0
    var nextEnd = 0
    func takeFragments(_ end: Int, before event: Int) {
      let first = nextFragment
      batch.l1Fragments.withUnsafeBufferPointer { fragments in
        while nextFragment < end, Int(fragments[nextFragment].eventsBefore) <= event { nextFragment += 1 }
      }
      if first < nextFragment {
        collector?.add(batch.l1Fragments, first..<nextFragment, batch.bytes, into: &actions)
      }
      act(event)
    }
    /// Takes the fragments and the ends of bursts that came before an event, in their order. So it changes nothing
    /// whether they are behind the last event of a batch or ahead of the first one of the next.
    func pass(before event: Int) {
      while nextEnd < batch.burstEnds.count, batch.burstEnds[nextEnd].eventsBefore <= event {
        takeFragments(batch.burstEnds[nextEnd].l1FragmentsBefore, before: event)
        while nextUnfinished < batch.burstEnds[nextEnd].unfinishedBefore {
          send(batch.unfinished[nextUnfinished], of: batch, &stored)
          nextUnfinished += 1
        }
        let burst = batch.endedBursts[nextEnd]
        collector?.end(run: burst.run, burst: burst.burst, into: &actions)
        act(event)
        nextEnd += 1
      }
      takeFragments(batch.l1Fragments.count, before: event)
    }
    for (i, event) in batch.events.enumerated() {
      pass(before: i)
      let burst = Burst(run: event.run, burst: event.burst)
      statistics[burst, default: HLTStatistics()].add(event, evaluations[i], decisions[i])
      guard !decisions[i].word.isEmpty else { continue }
      let prepared =
        storesEvents ? composer.prepare(event, of: batch, evaluations[i], decisions[i]) : nil
      let kept =
        passesEvents
        ? ReadyEvent(
          batch: batch, event: event, evaluation: evaluations[i], decision: decisions[i], calorimeter: nil,
          isComplete: true, eventsBefore: i + 1) : nil
      if collector != nil {
        statistics[burst]?.requestsToCREAMs += 1
        let size = byteCount(event, batch)
        collector?.request(
          event, byteCount: size, payload: Waiting(prepared: prepared, ready: kept), into: &actions)
        act(i + 1)
      } else {
        store(event.run, event.burst, prepared, nil, &stored)
        if let kept { ready.append(kept) }
      }
    }
    pass(before: batch.events.count)
    let ended = batch.endedBursts.map { burst in
      let counts = statistics.removeValue(forKey: Burst(run: burst.run, burst: burst.burst))
      return BurstStatistics(burst: burst, counts: counts ?? HLTStatistics())
    }
    return JudgedBatch(
      batch: batch, evaluations: evaluations, decisions: decisions, alone: alone, stored: stored,
      l1Books: collector?.takeBooks() ?? L1DataBooks(), l1Unfinished: unfinished, endedBursts: ended,
      ready: ready)
  }

  /// Sends an event that the end of its burst gave up, if it is the burst's last one.
  private mutating func send(
    _ event: UnfinishedEvent, of batch: EventBatch, _ stored: inout [StoredRecord]
  ) {
    guard event.reason == .burstEnd else { return }
    let burst = Burst(run: event.run, burst: event.burst)
    if event.isCorrupted { statistics[burst, default: HLTStatistics()].corruptedHeaders += 1 }
    guard event.firstFragment != nil else { return }
    send(event.run, event.burst, storesEvents ? try? composer.compose(event, of: batch) : nil, &stored)
  }

  /// Bytes that an event holds while it waits: its own, or where its batch waits with it, its share of that.
  private func byteCount(_ event: BuiltEvent, _ batch: EventBatch) -> Int {
    if passesEvents { return batch.bytes.count / max(1, batch.events.count) + 1 }
    let first = Int(event.firstFragment)
    return batch.fragments[first..<(first + layout.fragmentCount)].reduce(0) { $0 + Int($1.length) }
  }

  private mutating func store(
    _ run: UInt32, _ burst: UInt32, _ prepared: StoredEventComposer.Prepared?, _ held: L1EventData?,
    _ stored: inout [StoredRecord]
  ) {
    let bytes = prepared.flatMap { try? composer.compose($0, held) }
    send(run, burst, bytes, &stored)
  }

  /// Counts an event that goes to storage, and passes it on where events are stored.
  private mutating func send(
    _ run: UInt32, _ burst: UInt32, _ bytes: [UInt8]?, _ stored: inout [StoredRecord]
  ) {
    let key = Burst(run: run, burst: burst)
    statistics[key, default: HLTStatistics()].eventsToMerger += 1
    statistics[key]?.bytesToMerger += UInt64(bytes?.count ?? 0)
    if storesEvents { stored.append(StoredRecord(run: run, burst: burst, bytes: bytes)) }
  }
}
