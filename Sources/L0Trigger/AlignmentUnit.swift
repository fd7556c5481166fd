import NA62Formats
import PacketCapture

/// Menus with the same time cuts, which see the same primitive words.
struct CutSet: ~Copyable {
  let cuts: SIMD8<Int16>
  let correctsReference: Bool
  let table: ConditionTable
  /// Timestamp of the last entry that fired, for each menu.
  let lastFired: UnsafeMutablePointer<UInt32>
  var menus: [MenuState]

  init(cuts: [Int16], correctsReference: Bool, menus: [(index: Int, menu: L0Menu)], burst: UInt32) {
    var lanes = SIMD8<Int16>(repeating: 0)
    for lane in 0..<min(L0Detector.count, cuts.count) { lanes[lane] = cuts[lane] }
    self.cuts = lanes
    self.correctsReference = correctsReference
    table = ConditionTable(menus: menus.map(\.menu))
    lastFired = .allocate(capacity: menus.count)
    lastFired.initialize(repeating: 0, count: menus.count)
    self.menus = menus.map { MenuState($0.menu, index: $0.index, burst: burst) }
  }

  deinit {
    lastFired.deallocate()
  }

  /// The primitive words of an entry.
  @inline(__always)
  func words(_ coincidence: Coincidence) -> L0Words {
    correctsReference ? coincidence.correctedWords(cuts: cuts) : coincidence.words(cuts: cuts)
  }

  /// Gives an entry to the menus; the triggers that fire are added to `fired` if it is asked for.
  @inline(__always)
  mutating func process(
    _ entry: Entry, _ coincidence: Coincidence, lanes: (reference: Int, control: Int), traces: Bool,
    _ fired: inout ContiguousArray<FiredTrigger>
  ) {
    let patterns = table.lookUp(words(coincidence))
    let origin: UInt32 =
      (entry.isReference ? 0xFFFF : 0) | (entry.isControl ? ConditionTable.controlBit : 0)
    let timestamp = entry.timestamp
    guard patterns[0] & origin != 0 else { return }
    for menu in 0..<menus.count {
      let pattern = patterns[menu + 1] & origin
      guard pattern != 0 else { continue }
      if lastFired[menu] == timestamp {
        menus[menu].veto()
      } else if fire(menu, pattern, entry, coincidence, lanes), traces {
        fired.append(FiredTrigger(menu: menus[menu].index, pattern: pattern, entry: entry))
      }
    }
  }

  @inline(never)
  private mutating func fire(
    _ menu: Int, _ pattern: UInt32, _ entry: Entry, _ coincidence: Coincidence,
    _ lanes: (reference: Int, control: Int)
  ) -> Bool {
    let hasFired = menus[menu].fire(pattern: pattern, timestamp: entry.timestamp) { flags, dataType in
      let fineTimes = (coincidence.fineTimes(0), coincidence.fineTimes(1), coincidence.fineTimes(2))
      // The time is that of the reference detector, or of the control detector where only control fired.
      let lane = dataType.contains(.physics) ? lanes.reference : lanes.control
      var record = L0TriggerRecord(
        timestamp: entry.timestamp, fineTime: fineTimes.0[lane], dataType: dataType,
        word: dataType.rawValue & 0x3F, flags: flags)
      record.identifiers = coincidence.identifiers
      record.fineTimes = fineTimes
      return record
    }
    if hasFired { lastFired[menu] = entry.timestamp }
    return hasFired
  }

  /// Why each menu did or did not fire line `bit` at an entry.
  func explain(
    bit: Int, timestamp: UInt32, _ coincidence: Coincidence, _ body: (_ menu: Int, TriggerOutcome) -> Void
  ) {
    let words = words(coincidence)
    for menu in 0..<menus.count {
      body(
        menus[menu].index,
        menus[menu].explain(
          bit: bit, words: words, coincidence, isVetoed: lastFired[menu] == timestamp))
    }
  }

  mutating func finishBurst(now: UInt64) {
    for menu in menus.indices {
      menus[menu].finishBurst(now: now)
      lastFired[menu] = 0
    }
  }
}

/// A trigger that fired in a menu.
struct FiredTrigger {
  /// The menu's place among those of the emulator.
  var menu: Int
  /// The conditions that matched.
  var pattern: UInt32
  /// The entry.
  var entry: Entry
  /// The packet of the reference or control detector that made the entry.
  var packet = PacketReference(input: 0, number: 0)
}

/// Lines up the primitives for the menus that share their alignment, makes the list of entries, and gives
/// each entry to the menus (`l0tp.md` 6.2).
struct AlignmentUnit: ~Copyable {
  private struct QueuedGroup {
    var group: Int64
    var references: Int
    var controls: Int
    var packet: PacketReference
  }

  private let settings: AlignmentSettings
  private let referenceLane: Int
  private let controlLane: Int
  private let referenceMask: L0Words
  private let controlMask: L0Words
  private var aligner: PacketAligner
  private var memory: AlignmentRAM
  private var references = TimeQueue()
  private var controls = TimeQueue()
  private var merger = EntryMerger()
  /// Groups that wait until `deltaPacket` later ones are stored.
  private var queue: ContiguousArray<QueuedGroup> = []
  private var staleCounts = InlineArray<7, Int>(repeating: 0)
  private var lastAddress = 0
  private var lastSlot = UInt64.max
  private var lastGroup: Int64 = -1
  private var now: UInt64 = 0
  private(set) var counters = L0AlignmentCounters()
  private let cutSets: UnsafeMutablePointer<CutSet>
  private let cutSetCount: Int

  /// Triggers that fired since the outcomes were looked at last; filled only if outcomes are traced.
  private var fired: ContiguousArray<FiredTrigger> = []
  private let traces: Bool
  private let monitors: Bool
  private var monitor = PrimitiveMonitor()

  init(
    _ settings: AlignmentSettings, menus: [(index: Int, menu: L0Menu)], burst: UInt32, traces: Bool,
    monitors: Bool
  ) {
    self.settings = settings
    self.traces = traces
    self.monitors = monitors
    referenceLane = settings.reference
    controlLane = settings.control ?? settings.reference
    var mask = L0Words(repeating: 0)
    mask[referenceLane] = 0xFFFF
    referenceMask = mask
    mask = L0Words(repeating: 0)
    mask[controlLane] = 0xFFFF
    controlMask = mask
    aligner = PacketAligner(
      offsets: settings.offsets, grouping: settings.grouping, formats: settings.formats)
    memory = AlignmentRAM(fineTimeBits: settings.fineTimeBits)
    struct Cuts: Hashable {
      var cuts: [Int16]
      var corrects: Bool
    }
    var groups: [(key: Cuts, menus: [(index: Int, menu: L0Menu)])] = []
    for menu in menus {
      let key = Cuts(
        cuts: menu.menu.timeCuts, corrects: menu.menu.corrections.contains(.referenceNeighbours))
      if let place = groups.firstIndex(where: { $0.key == key }) {
        groups[place].menus.append(menu)
      } else {
        groups.append((key, [menu]))
      }
    }
    cutSetCount = groups.count
    cutSets = .allocate(capacity: groups.count)
    for (i, group) in groups.enumerated() {
      (cutSets + i).initialize(
        to: CutSet(
          cuts: group.key.cuts, correctsReference: group.key.corrects, menus: group.menus, burst: burst))
    }
  }

  deinit {
    cutSets.deinitialize(count: cutSetCount)
    cutSets.deallocate()
  }

  /// Takes a packet; `advance` does what became ready.
  mutating func add(
    _ payload: RawSpan, _ header: MTPHeader, detector: Int, time: DataTime, packet: PacketReference
  ) {
    aligner.add(payload, header, detector: detector, time: time, reference: packet)
  }

  /// Ends the stream; `advance` does what is left.
  mutating func finish() { aligner.finish() }

  /// Packets lost since the start, by reason.
  var losses: [PrimitivePacketLoss: UInt64] { aligner.losses }

  /// Packets that wait.
  var pendingPackets: Int { aligner.cells.inUse }

  /// What `advance` did.
  enum Progress {
    /// It processed a group.
    case group
    /// It ended the burst.
    case burstEnd
  }

  /// Does the next step that is ready, or returns `nil`.
  mutating func advance() -> Progress? {
    switch aligner.nextStep() {
    case .process(let group, let packets):
      process(group, packets)
      return .group
    case .endBurst:
      finishBurst()
      return .burstEnd
    case nil: return nil
    }
  }

  private mutating func process(_ group: Int64, _ packets: PacketAligner.Packets) {
    // Groups without any packet take their turn as well.
    drain(upTo: group - 1 - Int64(settings.deltaPacket))
    if group - lastGroup > 1 {
      counters.groups += UInt64(group - lastGroup - 1)
      if monitors { monitor.emptyGroups(UInt64(group - lastGroup - 1)) }
    }
    counters.groups += 1
    lastGroup = group
    var queued = QueuedGroup(
      group: group, references: 0, controls: 0, packet: PacketReference(input: 0, number: 0))
    var missing: UInt8 = 0
    for detector in 0..<L0Detector.count {
      let count = store(packets[detector], detector)
      if !packets[detector].isPresent { missing |= 1 << UInt8(detector) }
      if detector == settings.control {
        queued.controls = count
        if packets[detector].isPresent { queued.packet = packets[detector].reference }
      }
      if detector == settings.reference { queued.references = count }
    }
    if packets[referenceLane].isPresent { queued.packet = packets[referenceLane].reference }
    if monitors { monitor.groups(1, missing: missing) }
    queue.append(queued)
    now = aligner.clock
    drain(upTo: group - Int64(settings.deltaPacket))
    for i in 0..<cutSetCount {
      for menu in cutSets[i].menus.indices { cutSets[i].menus[menu].release(now: now) }
    }
  }

  /// Writes a packet to the memory; returns how many entries it makes.
  private mutating func store(_ packet: PacketAligner.Packet, _ detector: Int) -> Int {
    guard packet.isPresent else {
      return settings.counting == .header && settings.usesStaleCount ? staleCounts[detector] : 0
    }
    let isReference = detector == settings.reference
    let isControl = detector == settings.control
    var total = 0
    var calibrations = 0
    var overwritten = 0
    var unsorted = 0
    var last: UInt32 = 0
    let payload = aligner.cells.bytes(packet.cell, length: packet.length).bytes
    guard let header = MTPHeader(payload) else { return 0 }
    let trailing = MTP.forEachPrimitive(
      of: payload, header: header, format: settings.formats[detector]
    ) { primitive in
      total += 1
      let time = UInt64(primitive.timestamp) << 8 | UInt64(primitive.fineTime)
      if isReference { references.append(time) }
      if isControl { controls.append(time) }
      if monitors {
        monitor.count(primitive.identifier, detector: detector)
        unsorted += primitive.timestamp < last ? 1 : 0
        last = primitive.timestamp
      }
      if primitive.identifier & Primitive.calibrationBit == 0 {
        let isTaken = memory.store(primitive, lane: detector)
        overwritten += isTaken ? 1 : 0
      } else {
        calibrations += 1
        calibrate(primitive, detector)
      }
    }
    aligner.cells.give(packet.cell)
    counters.packets[detector] += 1
    counters.primitives[detector] += UInt64(total)
    counters.calibrationPrimitives[detector] += UInt64(calibrations)
    let headerCount = Int(header.primitiveCount)
    if total & 0xFF != headerCount { counters.headerCountMismatches += 1 }
    if monitors {
      monitor.packet(
        detector: detector, primitives: total, calibrations: calibrations, header: header,
        byteCount: payload.byteCount, trailing: trailing, overwritten: overwritten, unsorted: unsorted)
    }
    staleCounts[detector] = headerCount
    return settings.counting == .words ? total : headerCount
  }

  private mutating func calibrate(_ primitive: Primitive, _ detector: Int) {
    guard settings.makesCalibrationTriggers else { return }
    for i in 0..<cutSetCount {
      for menu in cutSets[i].menus.indices {
        cutSets[i].menus[menu].calibrate(primitive, input: detector)
      }
    }
  }

  /// Processes the groups that are ready.
  private mutating func drain(upTo group: Int64) {
    var done = 0
    while done < queue.count, queue[done].group <= group {
      processEntries(queue[done])
      done += 1
    }
    if done > 0 { queue.removeFirst(done) }
  }

  private mutating func processEntries(_ group: QueuedGroup) {
    merger.merge(
      &references, group.references, &controls, group.controls,
      shift: UInt64(8 - settings.fineTimeBits))
    let looksAtTimes = monitors && group.group % PrimitiveMonitor.sampling == 0
    let firstFired = fired.count
    let corrects = settings.corrections.contains(.sameAddress)
    let findsNeighbourTags = settings.corrections.contains(.neighbourTags)
    var origins = SIMD4<UInt64>(repeating: 0)
    var skipped: UInt64 = 0
    let lanes = (referenceLane, controlLane)
    for i in merger.entries.indices {
      let entry = merger.entries[i]
      origins[Int(truncatingIfNeeded: entry.bits >> 62)] += 1
      let address = memory.address(ofTime: entry.time)
      if corrects {
        let slot = entry.time >> UInt64(8 - settings.fineTimeBits)
        if slot == lastSlot {
          skipped += 1
          continue
        }
        lastSlot = slot
      } else if address == lastAddress {
        skipped += 1
        continue
      }
      lastAddress = address
      let coincidence = memory.coincidence(
        of: entry, at: address, lane: entry.isReference ? referenceLane : controlLane,
        laneMask: entry.isReference ? referenceMask : controlMask, findsNeighbourTags: findsNeighbourTags)
      for set in 0..<cutSetCount {
        cutSets[set].process(entry, coincidence, lanes: lanes, traces: traces, &fired)
      }
      if looksAtTimes, entry.isReference {
        monitor.differences(in: coincidence, reference: coincidence.times.0[referenceLane])
      }
    }
    for i in firstFired..<fired.count { fired[i].packet = group.packet }
    counters.entriesReferenceOnly += origins[1]
    counters.entriesControlOnly += origins[2]
    counters.entriesBoth += origins[3]
    counters.entriesSkippedSameAddress += skipped
  }

  private mutating func finishBurst() {
    if settings.corrections.contains(.lastGroups) { drain(upTo: .max) }
    queue.removeAll(keepingCapacity: true)
    references.removeAll()
    controls.removeAll()
    for i in 0..<cutSetCount { cutSets[i].finishBurst(now: now) }
    memory.startBurst()
    staleCounts = .init(repeating: 0)
    lastAddress = 0
    lastSlot = .max
    lastGroup = -1
    now = 0
  }

  /// Takes the triggers that fired since the last call.
  mutating func takeFired() -> ContiguousArray<FiredTrigger> {
    defer { fired.removeAll(keepingCapacity: true) }
    return fired
  }

  /// Why the menus did or did not fire a trigger that another one fired.
  ///
  /// The memory still holds what was around the trigger: it is asked right after the group was processed.
  func explain(_ trigger: FiredTrigger, _ body: (_ menu: Int, TriggerOutcome) -> Void) {
    let bit = trigger.pattern.trailingZeroBitCount
    let lane = bit == 16 ? controlLane : referenceLane
    let mask = bit == 16 ? controlMask : referenceMask
    let timestamp = trigger.entry.timestamp
    // The entry of this unit may lie in another slot of the clock period than that of the other menu.
    let perPeriod: UInt64 = 1 << UInt64(settings.fineTimeBits)
    var hasEntry = false
    for slot in 0..<perPeriod {
      let entry = Entry(bits: UInt64(timestamp) << 8 | slot << UInt64(8 - settings.fineTimeBits))
      let address = memory.address(ofTime: entry.time)
      let coincidence = memory.coincidence(
        of: entry, at: address, lane: lane, laneMask: mask,
        findsNeighbourTags: settings.corrections.contains(.neighbourTags))
      guard coincidence.identifiers.0[lane] != 0 else { continue }
      hasEntry = true
      for i in 0..<cutSetCount {
        cutSets[i].explain(bit: bit, timestamp: timestamp, coincidence, body)
      }
    }
    guard !hasEntry else { return }
    for i in 0..<cutSetCount {
      for menu in cutSets[i].menus { body(menu.index, .noEntry) }
    }
  }

  /// Clock periods before which nothing can be sent any more.
  var horizon: UInt64 { now > TriggerDispatcher.hold ? now - TriggerDispatcher.hold : 0 }

  /// Takes what the menus sent and counted since the last call: `body` gets each menu's place.
  mutating func take(
    _ body: (_ menu: Int, ContiguousArray<L0TriggerRecord>, L0MenuCounters) -> Void
  ) -> (counters: L0AlignmentCounters, statistics: PrimitiveStatistics?) {
    for i in 0..<cutSetCount {
      for menu in cutSets[i].menus.indices {
        let (triggers, counters) = cutSets[i].menus[menu].take()
        body(cutSets[i].menus[menu].index, triggers, counters)
      }
    }
    defer { counters = L0AlignmentCounters() }
    return (counters, monitors ? monitor.take() : nil)
  }
}
