public import L0Trigger
public import L1Trigger

/// Turns what a simulation made into the lines of its truth, in an order that can be read with bounded memory:
/// by time, each trigger behind all decays that it may have hits of.
///
/// Events and triggers are told in the order of their times; ``advance(horizon:)`` says up to where all are told.
/// What is held is what came since the horizon, and two lookaheads more. For example:
///
///     var recorder = TruthRecorder(header: header)
///     recorder.add(events: events, hitCounts: counts, burst: 1)
///     recorder.add(trigger: record, event: 1, l1: nil, hits: hits, burst: 1)
///     recorder.advance(horizon: 1e6)
///     recorder.endBurst()
///     let bytes = recorder.take()
public struct TruthRecorder: Sendable {
  private struct Pending {
    var event: SimulatedEvent
    var hits: TruthHitCounts
    var isPassing: Bool
    var channel: Int
  }

  private let header: TruthHeader
  private var encoder = TruthEncoder()
  private var burst: UInt32 = 0
  private var events: [Pending] = []
  private var firstEvent = 0
  private var triggers: [TruthTrigger] = []
  private var firstTrigger = 0
  /// Decays that triggers have hits of, and that have no line yet.
  private var wanted: Set<UInt64> = []
  private var channels: [TruthTotals.Channel] = []
  private var triggerCount: UInt64 = 0
  private var strays: UInt64 = 0
  /// Whether something of the burst came.
  private var isOpen = false

  /// A recorder; the header is its first line.
  public init(header: TruthHeader) {
    self.header = header
    encoder.append(header)
  }

  /// Bytes that wait to be taken.
  public var byteCount: Int { encoder.bytes.count }

  /// Events and triggers that are held until the horizon has passed them.
  public var pendingCount: Int { events.count - firstEvent + triggers.count - firstTrigger }

  /// The bytes that were written since the last call: whole lines.
  public mutating func take() -> [UInt8] {
    let bytes = encoder.bytes
    encoder.bytes = []
    return bytes
  }

  /// Takes events of a burst, in the order of their times.
  ///
  /// - Parameters:
  ///   - events: the events.
  ///   - hitCounts: for each event the hits that the detectors made of it; events without an entry have none.
  ///   - burst: a burst other than that of the calls before ends that one.
  public mutating func add(events: [SimulatedEvent], hitCounts: [TruthHitCounts], burst: UInt32) {
    open(burst)
    for (i, event) in events.enumerated() {
      let channel = place(of: event.channel)
      channels[channel].generated += 1
      if let z = event.vertexZ, header.fiducial.contains(z) { channels[channel].fiducial += 1 }
      let pending = Pending(
        event: event, hits: i < hitCounts.count ? hitCounts[i] : TruthHitCounts(),
        isPassing: TruthDecay.isPassing(event.channel), channel: channel)
      // Events mostly come in order; one that does not goes to its place.
      var at = self.events.count
      while at > firstEvent, event.time < self.events[at - 1].event.time { at -= 1 }
      self.events.insert(pending, at: at)
    }
  }

  /// Takes a trigger of a burst.
  ///
  /// - Parameters:
  ///   - trigger: what L0 sends.
  ///   - event: number of the event that it becomes.
  ///   - l1: the verdict of L1, if it is known.
  ///   - hits: the hits in its readout windows, in any order, with the decays that made them.
  ///   - burst: a burst other than that of the calls before ends that one.
  public mutating func add(
    trigger: L0TriggerRecord, event: UInt32, l1: L1Decision? = nil, hits: some Sequence<TruthHit>,
    burst: UInt32
  ) {
    open(burst)
    let truth = TruthTrigger(trigger, event: event, l1: l1, hits: hits, burst: burst)
    for group in truth.decays { if let decay = group.decay { wanted.insert(decay) } }
    triggerCount += 1
    let time = truth.time(period: header.clockPeriod)
    var at = triggers.count
    while at > firstTrigger, time < triggers[at - 1].time(period: header.clockPeriod) { at -= 1 }
    triggers.insert(truth, at: at)
  }

  /// Says that all events and triggers before `horizon`, in ns since the start of burst, are told.
  public mutating func advance(horizon: Double) { emit(before: horizon - header.lookahead) }

  /// Ends the burst: writes what is held, and the totals.
  public mutating func endBurst() {
    guard isOpen else { return }
    emit(before: .infinity)
    isOpen = false
    encoder.append(
      TruthTotals(
        burst: burst, triggers: triggerCount, strayDecays: strays,
        channels: channels.sorted { $0.name < $1.name }))
    channels = []
    triggerCount = 0
    strays = 0
    wanted = []
  }

  private mutating func open(_ burst: UInt32) {
    if isOpen, burst != self.burst { endBurst() }
    self.burst = burst
    isOpen = true
  }

  private mutating func place(of channel: String) -> Int {
    // There are few channels, and their names are mostly the same literals.
    if let found = channels.firstIndex(where: { $0.name == channel }) { return found }
    channels.append(TruthTotals.Channel(name: channel, generated: 0, fiducial: 0, written: 0))
    return channels.count - 1
  }

  /// Writes what comes before a time: a decay stands at its time, a trigger a lookahead behind it.
  private mutating func emit(before bound: Double) {
    while true {
      let event = firstEvent < events.count ? events[firstEvent].event.time : .infinity
      let trigger =
        firstTrigger < triggers.count
        ? triggers[firstTrigger].time(period: header.clockPeriod) + header.lookahead : .infinity
      guard min(event, trigger) < bound else { break }
      if event <= trigger { emitEvent() } else { emitTrigger() }
    }
    Self.trim(&events, &firstEvent)
    Self.trim(&triggers, &firstTrigger)
  }

  private mutating func emitEvent() {
    let pending = events[firstEvent]
    firstEvent += 1
    let isWanted = wanted.remove(pending.event.number) != nil
    switch header.contents {
    case .all: break
    case .decays: guard isWanted || !pending.isPassing else { return }
    case .triggered: guard isWanted else { return }
    }
    channels[pending.channel].written += 1
    encoder.append(TruthDecay(pending.event, hits: pending.hits, burst: burst))
  }

  private mutating func emitTrigger() {
    let trigger = triggers[firstTrigger]
    firstTrigger += 1
    for group in trigger.decays {
      if let decay = group.decay, wanted.remove(decay) != nil { strays += UInt64(group.hits.count) }
    }
    encoder.append(trigger)
  }

  /// Gives memory back once half of a queue is done.
  private static func trim<Element>(_ queue: inout [Element], _ first: inout Int) {
    guard first > 1024, first > queue.count / 2 || first == queue.count else {
      if first == queue.count {
        queue.removeAll(keepingCapacity: true)
        first = 0
      }
      return
    }
    queue.removeFirst(first)
    first = 0
  }
}
