import NA62Formats

/// What one menu remembers while it runs: the phases of its downscalings, and the triggers that wait.
struct MenuState {
  /// Place of the menu among those of the emulator.
  let index: Int
  /// The conditions that can fire by their bit, in place 16 the control condition.
  private let conditions: [L0Condition?]
  private let downscalings: [L0Downscaling]
  private var phases = [UInt64](repeating: 0, count: 17)
  private let resetsDownscaling: Bool
  private let calibrationWord: UInt8?
  private var pulsers: [Pulser]
  private var dispatcher: TriggerDispatcher
  private(set) var counters = L0MenuCounters()
  /// The triggers sent since they were taken last.
  private(set) var sent: ContiguousArray<L0TriggerRecord> = []
  private var burst: UInt32

  init(_ menu: L0Menu, index: Int, burst: UInt32) {
    self.index = index
    self.burst = burst
    var downscalings = [L0Downscaling](repeating: L0Downscaling(1), count: 17)
    var conditions = [L0Condition?](repeating: nil, count: 17)
    for mask in menu.masks where (0..<16).contains(mask.number) {
      downscalings[mask.number] = mask.downscaling
      if mask.isEnabled { conditions[mask.number] = mask.condition }
    }
    downscalings[16] = menu.control.downscaling
    if menu.control.isEnabled { conditions[16] = menu.control.condition }
    self.conditions = conditions
    self.downscalings = downscalings
    resetsDownscaling = menu.resetsDownscaling
    calibrationWord = menu.calibrationWord
    pulsers = menu.periodics.map { Pulser($0, dataType: .periodic, seed: nil) }
    if let random = menu.random {
      pulsers.append(Pulser(random.pulser, dataType: .random, seed: random.seed))
    }
    dispatcher = TriggerDispatcher(menu)
  }

  /// Counts the matches of an entry, applies the downscalings, and stores the trigger that is left.
  ///
  /// - Parameters:
  ///   - pattern: the masks that the entry matches, in bit 16 the control condition; not 0.
  ///   - timestamp: the entry's clock periods.
  ///   - record: the trigger for given flags and types.
  /// - Returns: whether it fired.
  mutating func fire(
    pattern: UInt32, timestamp: UInt32,
    record: (_ flags: UInt16, _ dataType: L0DataType) -> L0TriggerRecord
  ) -> Bool {
    var fired: UInt32 = 0
    var rest = pattern
    while rest != 0 {
      let bit = rest.trailingZeroBitCount
      rest &= rest - 1
      let key = UInt64(burst) << 40 ^ UInt64(timestamp) << 5 ^ UInt64(bit)
      let fires = downscalings[bit].fires(phase: &phases[bit], key: key)
      if fires { fired |= 1 << UInt32(bit) }
      if bit == 16 {
        counters.controlPre += 1
        counters.controlPost += fires ? 1 : 0
      } else {
        counters.pre[bit] += 1
        counters.post[bit] += fires ? 1 : 0
      }
    }
    guard fired != 0 else { return false }
    counters.fired += 1
    var dataType: L0DataType = []
    if fired & 0xFFFF != 0 { dataType.insert(.physics) }
    if fired & ConditionTable.controlBit != 0 { dataType.insert(.control) }
    dispatcher.store(record(UInt16(truncatingIfNeeded: fired), dataType), &counters)
    return true
  }

  /// Why a line did not fire on what the memory holds around an entry.
  ///
  /// - Parameters:
  ///   - bit: the line's mask, or 16 for control.
  ///   - words: the primitive words of the entry.
  ///   - isVetoed: whether the menu fired in the same clock period.
  func explain(
    bit: Int, words: L0Words, _ coincidence: Coincidence, isVetoed: Bool
  ) -> TriggerOutcome {
    guard let condition = conditions[bit], !condition.isImpossible else { return .noLine }
    if condition.matches(words) { return isVetoed ? .sameTimestamp : .downscaling }
    let all = coincidence.wordsWithoutCut
    if condition.matches(all) { return .timeCut }
    let zero = L0Words(repeating: 0)
    // A detector of which a bit is asked for, and which has no primitive in the three slots.
    let missing = (condition.required .!= zero) .& (all .== zero)
    if any(missing) { return .noPrimitive }
    // Bits that are there, but outside the cut.
    let lacking = condition.required & ~words
    return lacking != zero && lacking & ~all == zero && condition.forbidden & words == zero
      ? .timeCut : .maskBit
  }

  /// Takes a calibration primitive of an input.
  mutating func calibrate(_ primitive: Primitive, input: Int) {
    guard let calibrationWord else { return }
    counters.otherSources += 1
    dispatcher.store(
      L0TriggerRecord(
        timestamp: primitive.timestamp & 0x3FFF_FFFF, fineTime: primitive.fineTime, dataType: .calibration,
        word: calibrationWord, flags: 1 << UInt16(input)), &counters)
  }

  /// Counts an entry that matched in the clock period in which the menu last fired.
  mutating func veto() { counters.entriesVetoedSameTimestamp += 1 }

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
    if resetsDownscaling { phases = [UInt64](repeating: 0, count: 17) }
    burst &+= 1
  }

  private mutating func pulse(until now: UInt64) {
    for i in pulsers.indices {
      while let record = pulsers[i].next(until: now, burst: burst) {
        counters.otherSources += 1
        dispatcher.store(record, &counters)
      }
    }
  }

  /// Takes what was sent and counted since the last call.
  mutating func take() -> (triggers: ContiguousArray<L0TriggerRecord>, counters: L0MenuCounters) {
    defer {
      sent = []
      counters = L0MenuCounters()
    }
    return (sent, counters)
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
    pulse = Self.firstPulse(settings)
  }

  /// Pulses before the start of the source are stepped over at once.
  private static func firstPulse(_ settings: L0Menu.Periodic) -> UInt64 {
    UInt64(Double(settings.start) / (Double(max(1, settings.period)) * tick))
  }

  mutating func reset() { pulse = Self.firstPulse(settings) }

  /// The next trigger before `now`, or `nil`.
  mutating func next(until now: UInt64, burst: UInt32) -> L0TriggerRecord? {
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
