import NA62Formats

/// What one menu remembers of the triggers that fired: those that wait, and other sources.
struct MenuState {
  /// Place of the menu among those of the emulator.
  let index: Int
  private let calibrationWord: UInt8?
  private var pulsers: [Pulser]
  private var dispatcher: TriggerDispatcher
  private(set) var counters = L0MenuCounters()
  /// The triggers sent since they were taken last.
  private(set) var sent: ContiguousArray<L0TriggerRecord> = []
  /// The entries that fired since they were taken last, if they are traced.
  private var fired: ContiguousArray<FiredEntry> = []
  /// The number of the burst, for what is drawn by a hash.
  var burst: UInt32

  init(_ menu: L0Menu, index: Int, burst: UInt32) {
    self.index = index
    self.burst = burst
    calibrationWord = menu.calibrationWord
    pulsers = menu.periodics.map { Pulser($0, dataType: .periodic, seed: nil) }
    if let random = menu.random {
      pulsers.append(Pulser(random.pulser, dataType: .random, seed: random.seed))
    }
    dispatcher = TriggerDispatcher(menu)
  }

  /// Keeps an entry that fired for a study of menus.
  mutating func trace(_ entry: FiredEntry) { fired.append(entry) }

  /// Takes a trigger that fired.
  mutating func store(_ record: L0TriggerRecord) { dispatcher.store(record, &counters) }

  /// Takes a calibration primitive of an input.
  mutating func calibrate(_ primitive: Primitive, input: Int) {
    guard let calibrationWord else { return }
    counters.otherSources += 1
    dispatcher.store(
      L0TriggerRecord(
        timestamp: primitive.timestamp & 0x3FFF_FFFF, fineTime: primitive.fineTime, dataType: .calibration,
        word: calibrationWord, flags: 1 << UInt16(input)), &counters)
  }

  /// Sends what can no longer change once the processor's time is `now`, in clock periods.
  mutating func release(now: UInt64) {
    pulse(until: now)
    dispatcher.release(now: now, &counters, into: &sent)
  }

  /// Sends all that waits, and begins the next burst.
  mutating func finishBurst(now: UInt64) {
    pulse(until: now)
    dispatcher.finishBurst(&counters, into: &sent)
    for i in pulsers.indices { pulsers[i].reset() }
  }

  private mutating func pulse(until now: UInt64) {
    for i in pulsers.indices {
      while let record = pulsers[i].next(until: now, burst: burst) {
        counters.otherSources += 1
        dispatcher.store(record, &counters)
      }
    }
  }

  /// Takes what was sent, counted and traced since the last call.
  mutating func take() -> (
    triggers: ContiguousArray<L0TriggerRecord>, counters: L0MenuCounters,
    fired: ContiguousArray<FiredEntry>
  ) {
    defer {
      sent = []
      fired = []
      counters = L0MenuCounters()
    }
    return (sent, counters, fired)
  }
}

/// A source of triggers at fixed distances, or at random ones of them (`l0tp.md` 4.3).
struct Pulser {
  private let settings: L0Menu.Periodic
  private let dataType: L0DataType
  private let seed: UInt64?
  private var pulse: UInt64

  /// Length of a tick of the processor's clock in clock periods of the experiment.
  private static let tick = 8 / ClockTicks.strawPeriod

  init(_ settings: L0Menu.Periodic, dataType: L0DataType, seed: UInt64?) {
    self.settings = settings
    self.dataType = dataType
    self.seed = seed
    pulse = Self.pulse(at: UInt64(settings.start), settings)
  }

  /// The last pulse before a time in clock periods.
  private static func pulse(at time: UInt64, _ settings: L0Menu.Periodic) -> UInt64 {
    UInt64(Double(time) / (Double(max(1, settings.period)) * tick))
  }

  mutating func reset() { pulse = Self.pulse(at: UInt64(settings.start), settings) }

  /// The next trigger before `now`, or `nil`.
  ///
  /// A source runs while there are packets of primitives: what lies in a gap of more than the depth of the
  /// hardware's memory is stepped over, so that a damaged header time does not cost a burst of pulses.
  mutating func next(until now: UInt64, burst: UInt32) -> L0TriggerRecord? {
    if now > TriggerDispatcher.hold {
      pulse = max(pulse, Self.pulse(at: now - TriggerDispatcher.hold, settings))
    }
    while true {
      let time = UInt64(Double(pulse) * Double(max(1, settings.period)) * Self.tick)
      guard time < now, time < UInt64(settings.end) else { return nil }
      defer { pulse += 1 }
      guard time > UInt64(settings.start) else { continue }
      if let seed, L0Downscaling.mixed(seed ^ L0Downscaling.mixed(UInt64(burst) << 40 ^ pulse)) & 1 == 0 {
        continue
      }
      return L0TriggerRecord(
        timestamp: UInt32(truncatingIfNeeded: time), fineTime: 0, dataType: dataType,
        word: settings.word & 0x3F, flags: 0)
    }
  }
}
