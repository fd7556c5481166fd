import NA62Formats

/// Sends the triggers of one menu in the order of their times: merges those of one timestamp, and applies
/// dead time, windows and the end of the burst (`l0tp.md` 4.4, 4.5, 6.3).
///
/// The hardware keeps decisions for `fixedLatency` in a memory of 32768 clock periods. Here a record waits
/// for as long as that memory is deep, so that the order in which decisions were made does not matter.
struct TriggerDispatcher {
  /// Clock periods that a record waits for others of its time: the depth of the hardware's memory.
  static let hold: UInt64 = 32768
  /// Records that may wait; more than a burst at full rate can have in the hold, so that only damaged
  /// times reach it.
  static let capacity = 1 << 17

  private let primitiveDT: UInt32
  private let fixedLatency: UInt64
  private let endOfBurst: UInt64?
  private let windows: [L0Menu.DeadWindow]
  private var waiting: ContiguousArray<L0TriggerRecord> = []
  private var head = 0
  private var lastSent: UInt32 = 0
  /// Times up to this one are gone.
  private var released: UInt32?

  init(_ menu: L0Menu) {
    primitiveDT = menu.primitiveDT
    fixedLatency = UInt64(menu.fixedLatency)
    endOfBurst = menu.endOfBurst.map(UInt64.init)
    windows = menu.deadWindows.sorted { $0.begin < $1.begin }
  }

  /// Takes a trigger.
  mutating func store(_ record: L0TriggerRecord, _ counters: inout L0MenuCounters) {
    if let released, record.timestamp <= released {
      counters.recordsAfterMerge += 1
      counters.rejectedLate += 1
      return
    }
    // Decisions come nearly in order, so the place is found from the end.
    var place = waiting.count
    while place > head, waiting[place - 1].timestamp > record.timestamp { place -= 1 }
    if place > head, waiting[place - 1].timestamp == record.timestamp {
      waiting[place - 1].merge(record)
      return
    }
    counters.recordsAfterMerge += 1
    waiting.insert(record, at: place)
  }

  /// Sends what can no longer change once the processor's time is `now`, in clock periods.
  mutating func release(
    now: UInt64, _ counters: inout L0MenuCounters, into out: inout ContiguousArray<L0TriggerRecord>
  ) {
    while head < waiting.count,
      UInt64(waiting[head].timestamp) + Self.hold <= now || waiting.count - head > Self.capacity
    {
      send(waiting[head], &counters, &out)
      head += 1
    }
    if head >= 1024 || head == waiting.count {
      waiting.removeFirst(head)
      head = 0
    }
  }

  /// Sends all that waits, and begins a new burst.
  mutating func finishBurst(
    _ counters: inout L0MenuCounters, into out: inout ContiguousArray<L0TriggerRecord>
  ) {
    for record in waiting[head...] { send(record, &counters, &out) }
    waiting.removeAll(keepingCapacity: true)
    head = 0
    lastSent = 0
    released = nil
  }

  private mutating func send(
    _ record: L0TriggerRecord, _ counters: inout L0MenuCounters,
    _ out: inout ContiguousArray<L0TriggerRecord>
  ) {
    let time = record.timestamp
    released = time
    if let endOfBurst, UInt64(time) + fixedLatency >= endOfBurst {
      counters.notSentEndOfBurst += 1
    } else if isInWindow(time) {
      counters.rejectedWindow += 1
    } else if time - lastSent <= primitiveDT {
      counters.rejectedDeadTime += 1
    } else {
      counters.sent += 1
      lastSent = time
      out.append(record)
    }
  }

  private func isInWindow(_ time: UInt32) -> Bool {
    for window in windows {
      if time < window.begin { return false }
      if time < window.end { return true }
    }
    return false
  }
}
