public import NA62Formats

/// The packets that the processor sends to the PC farm: its triggers as multi-event packets of source 0x40,
/// with the events at the start and end of a burst (`l0tp.md` section 5).
///
/// What depends on the time at which the hardware made a record is 0: the primitives since the event
/// before, and the internal timestamp.
public struct FarmOutput: Sendable {
  /// UDP port to which the packets go.
  public static let port: UInt16 = 58913
  /// UDP port from which they come.
  public static let sourcePort: UInt16 = 0xD622
  /// The sub-ID of the packets.
  public static let subID: UInt8 = 3

  /// Timestamp of the event at the start of a burst, in clock periods: later than 0 where what follows is a
  /// stretch of a burst, so that its live time is right.
  public var startOfBurst: UInt32 = 0

  private let menu: L0Menu
  private let eventsPerPacket: Int
  private var pending: L0MEPEncoder?
  private var pendingCount = 0
  private var nextEvent: UInt32 = 0
  private var previous: (timestamp: UInt32, word: UInt8) = (0, 0)

  /// The output for a menu.
  ///
  /// - Parameter eventsPerPacket: events in a packet, 1 to 15; the last one of a burst may have fewer.
  public init(menu: L0Menu, eventsPerPacket: Int = 8) {
    self.menu = menu
    self.eventsPerPacket = min(15, max(1, eventsPerPacket))
  }

  /// The packets that become full with the triggers of a slice; with a burst's first slice its event at
  /// the start, with its last one those at the end.
  ///
  /// - Parameters:
  ///   - slice: what the emulator gave.
  ///   - index: the menu's place in it.
  ///   - totals: the counts of the whole burst, for its last event.
  public mutating func packets(
    of slice: L0Slice, menu index: Int, totals: (L0MenuCounters, L0AlignmentCounters)
  ) -> [[UInt8]] {
    var out: [[UInt8]] = []
    guard slice.triggers.indices.contains(index) else { return out }
    if nextEvent == 0 {
      let start = L0TPRecord(
        fineTime: 0, dataType: L0DataType(rawValue: 0x22), word: .startOfBurst, flags: 0x22)
      add(L0TPEvent(record: start), timestamp: startOfBurst, &out)
    }
    for trigger in slice.triggers[index] {
      add(L0TPEvent(trigger), timestamp: trigger.timestamp, &out)
    }
    guard slice.endsBurst else { return out }
    flush(&out)
    let last = previous
    var end = L0MEPEncoder(firstEvent: nextEvent, source: .l0tp, subID: Self.subID)
    _ = end.append(
      payload: L0TPEndOfBurst(menu, totals.0, totals.1, last: last).bytes,
      timestamp: menu.endOfBurst ?? last.timestamp, isLastOfBurst: true)
    out.append(end.bytes)
    nextEvent = 0
    previous = (0, 0)
    return out
  }

  private mutating func add(_ event: L0TPEvent, timestamp: UInt32, _ out: inout [[UInt8]]) {
    var event = event
    event.previousTimestamp = previous.timestamp
    event.previousWord = previous.word
    var packet = pending ?? L0MEPEncoder(firstEvent: nextEvent, source: .l0tp, subID: Self.subID)
    _ = packet.append(payload: event.bytes, timestamp: timestamp)
    pending = packet
    pendingCount += 1
    nextEvent += 1
    previous = (timestamp, event.record.word.rawValue)
    if pendingCount == eventsPerPacket { flush(&out) }
  }

  private mutating func flush(_ out: inout [[UInt8]]) {
    if let pending { out.append(pending.bytes) }
    pending = nil
    pendingCount = 0
  }
}

extension L0TPEvent {
  /// The processor's event of a trigger.
  public init(_ trigger: L0TriggerRecord) {
    self.init(
      record: L0TPRecord(
        fineTime: trigger.fineTime, dataType: trigger.dataType, word: L0Word(rawValue: trigger.word),
        flags: trigger.flags))
    let words = [trigger.identifiers.0, trigger.identifiers.1, trigger.identifiers.2]
    let times = [trigger.fineTimes.0, trigger.fineTimes.1, trigger.fineTimes.2]
    for slot in 0..<3 {
      for input in 0..<Self.inputs {
        identifiers[slot * Self.inputs + input] = words[slot][input]
        fineTimes[slot * Self.inputs + input] = times[slot][input]
      }
    }
  }
}

extension L0TPEndOfBurst {
  /// The end of a burst for a menu and what it counted.
  ///
  /// - Parameters:
  ///   - menu: the settings.
  ///   - counters: what the menu counted in the burst.
  ///   - alignment: what was counted of the primitives.
  ///   - last: timestamp and trigger word of the last event.
  public init(
    _ menu: L0Menu, _ counters: L0MenuCounters, _ alignment: L0AlignmentCounters,
    last: (timestamp: UInt32, word: UInt8)
  ) {
    self.init()
    fixedLatency = UInt16(truncatingIfNeeded: menu.fixedLatency)
    fineTimeBits = UInt8(truncatingIfNeeded: menu.fineTimeBits)
    referenceDetector = UInt8(truncatingIfNeeded: menu.referenceDetector.rawValue)
    controlDetector = UInt8(truncatingIfNeeded: menu.controlDetector.rawValue)
    controlFactor =
      menu.control.isEnabled ? UInt16(clamping: Int64(menu.control.downscaling.factor.rounded())) : 0
    controlPre = UInt32(clamping: counters.controlPre)
    controlPost = UInt32(clamping: counters.controlPost)
    lastTimestamp = last.timestamp
    lastWord = last.word
    primitives = alignment.primitives.map { UInt32(clamping: $0) }
    for line in menu.masks where (0..<Self.maskCount).contains(line.number) {
      var mask = Mask()
      mask.factor = line.isEnabled ? UInt32(line.downscaling.factor.rounded()) : 0
      mask.pre = UInt32(clamping: counters.pre[line.number])
      mask.post = UInt32(clamping: counters.post[line.number])
      for input in 0..<L0TPEvent.inputs {
        mask.mask[input] = line.condition.mask[input]
        mask.dontcare[input] = line.condition.dontcare[input]
      }
      masks[line.number] = mask
    }
  }
}
