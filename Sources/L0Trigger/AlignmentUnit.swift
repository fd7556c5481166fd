import NA62Formats
import PacketCapture

/// Menus with the same time cuts, which see the same primitive words.
struct CutSet: ~Copyable {
  // A pointer stands first: with another first property, Swift 6.3.1 crashes under the thread sanitizer where
  // memory behind a pointer property changes.
  /// The lines of each menu.
  let lines: UnsafeMutablePointer<LineCounters>
  let cuts: SIMD8<Int16>
  let correctsReference: Bool
  let table: ConditionTable
  var menus: [MenuState]

  init(cuts: [Int16], correctsReference: Bool, menus: [(index: Int, menu: L0Menu)], burst: UInt32) {
    var lanes = SIMD8<Int16>(repeating: 0)
    for lane in 0..<min(L0Detector.count, cuts.count) { lanes[lane] = cuts[lane] }
    self.cuts = lanes
    self.correctsReference = correctsReference
    table = ConditionTable(menus: menus.map(\.menu))
    lines = .allocate(capacity: menus.count)
    for (i, menu) in menus.enumerated() {
      (lines + i).initialize(to: LineCounters(menu.menu, burst: burst))
    }
    self.menus = menus.map { MenuState($0.menu, index: $0.index, burst: burst) }
  }

  deinit {
    lines.deinitialize(count: menus.count)
    lines.deallocate()
  }

  /// An entry that fires in a menu.
  struct Hit {
    var entry: Entry
    var menu: Int
    /// The conditions that matched.
    var pattern: UInt32
    /// Those that the downscaling left.
    var fired: UInt32
  }

  /// Counts the entries of a list in the menus; those that fire in one are appended to `hits`.
  func process(_ list: borrowing EntryList, _ hits: inout ContiguousArray<Hit>) {
    let (entries, words, lines, count) = (list.entries, list.words, lines, menus.count)
    for i in 0..<list.count {
      let patterns = table.lookUp(words[i])
      let entry = entries[i]
      let origin: UInt32 =
        (entry.isReference ? 0xFFFF : 0) | (entry.isControl ? ConditionTable.controlBit : 0)
      guard patterns[0] & origin != 0 else { continue }
      let timestamp = entry.timestamp
      for menu in 0..<count {
        let pattern = patterns[menu &+ 1] & origin
        guard pattern != 0 else { continue }
        let bits = lines[menu].count(pattern, timestamp: timestamp)
        if bits != 0 {
          hits.append(Hit(entry: entry, menu: menu, pattern: pattern, fired: bits))
        }
      }
    }
  }

  /// Stores the trigger that fired in a menu.
  mutating func fire(
    _ menu: Int, _ fired: UInt32, _ entry: Entry, _ coincidence: Coincidence,
    _ lanes: (reference: Int, control: Int)
  ) {
    var dataType: L0DataType = []
    if fired & 0xFFFF != 0 { dataType.insert(.physics) }
    if fired & ConditionTable.controlBit != 0 { dataType.insert(.control) }
    let fineTimes = (coincidence.fineTimes(0), coincidence.fineTimes(1), coincidence.fineTimes(2))
    // The time is that of the reference detector, or of the control detector where only control fired.
    let lane = dataType.contains(.physics) ? lanes.reference : lanes.control
    var record = L0TriggerRecord(
      timestamp: entry.timestamp, fineTime: fineTimes.0[lane], dataType: dataType,
      word: dataType.rawValue & 0x3F, flags: UInt16(truncatingIfNeeded: fired))
    record.identifiers = coincidence.identifiers
    record.fineTimes = fineTimes
    menus[menu].store(record)
  }

  mutating func number(burst: UInt32) {
    for menu in menus.indices {
      menus[menu].burst = burst
      lines[menu].burst = burst
    }
  }

  mutating func finishBurst(now: UInt64) {
    for menu in menus.indices {
      menus[menu].finishBurst(now: now)
      lines[menu].startBurst()
    }
  }
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

  // A pointer stands first: with another first property, Swift 6.3.1 crashes under the thread sanitizer where
  // memory behind a pointer property changes.
  private let cutSets: UnsafeMutablePointer<CutSet>
  private let settings: AlignmentSettings
  private let referenceLane: Int
  private let controlLane: Int
  private let referenceMask: L0Words
  private let controlMask: L0Words
  private var aligner: PacketAligner
  private var memory: AlignmentRAM
  private var references = TimeQueue()
  private var controls = TimeQueue()
  /// Groups that wait until `deltaPacket` later ones are stored.
  private var queue: ContiguousArray<QueuedGroup> = []
  private var staleCounts = InlineArray<7, Int>(repeating: 0)
  private var list = EntryList()
  private var hits: ContiguousArray<CutSet.Hit> = []
  private var skip: EntryList.Skip
  private var lastGroup: Int64 = -1
  private var now: UInt64 = 0
  private(set) var counters = L0AlignmentCounters()
  private let cutSetCount: Int

  private let traces: Bool
  private let monitors: Bool
  private let clearsMemory: Bool
  private var monitor = PrimitiveMonitor()

  init(
    _ settings: AlignmentSettings, menus: [(index: Int, menu: L0Menu)], burst: UInt32, traces: Bool,
    monitors: Bool, clearsMemory: Bool
  ) {
    self.settings = settings
    self.clearsMemory = clearsMemory
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
    skip = EntryList.Skip(
      last: Self.noSlot(settings),
      mask: settings.corrections.contains(.sameAddress) ? .max : UInt64(AlignmentRAM.slots - 1))
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

  /// Numbers the burst that begins.
  mutating func number(burst: UInt32) {
    for i in 0..<cutSetCount { cutSets[i].number(burst: burst) }
  }

  /// Packets lost since the start, by reason.
  var losses: [PrimitivePacketLoss: UInt64] { aligner.losses }

  /// What the first entry of a burst is compared with: the hardware's register holds address 0, so that an
  /// entry there is lost.
  private static func noSlot(_ settings: AlignmentSettings) -> UInt64 {
    settings.corrections.contains(.sameAddress) ? .max : 0
  }

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
    let payload = aligner.cells.bytes(packet.cell, length: packet.length)
    guard let header = MTPHeader(payload.bytes) else { return 0 }
    // A detector can be both, so the times are written for one and copied for the other.
    let isReference = detector == settings.reference
    let isControl = detector == settings.control
    let room = payload.count / 4
    if isReference { references.reserve(room) } else { controls.reserve(room) }
    let times = isReference ? references.free : controls.free
    let stored =
      settings.formats[detector] == .words32
      ? memory.store(words32: payload, header: header, lane: detector, times: times)
      : memory.store(words64: payload.bytes, header: header, lane: detector, times: times)
    if isReference { references.advance(stored.primitives) }
    if isControl {
      if isReference {
        controls.reserve(stored.primitives)
        controls.free.update(from: times, count: stored.primitives)
      }
      controls.advance(stored.primitives)
    }
    if stored.calibrations > 0, settings.makesCalibrationTriggers { calibrate(payload, header, detector) }
    counters.packets[detector] += 1
    counters.primitives[detector] += UInt64(stored.primitives)
    counters.calibrationPrimitives[detector] += UInt64(stored.calibrations)
    let headerCount = Int(header.primitiveCount)
    if stored.primitives & 0xFF != headerCount { counters.headerCountMismatches += 1 }
    if monitors {
      monitor.packet(payload.bytes, header, detector, format: settings.formats[detector], stored)
    }
    aligner.cells.give(packet.cell)
    staleCounts[detector] = headerCount
    return settings.counting == .words ? stored.primitives : headerCount
  }

  private mutating func calibrate(
    _ payload: UnsafeRawBufferPointer, _ header: MTPHeader, _ detector: Int
  ) {
    let sets = cutSets
    MTP.forEachPrimitive(
      of: payload.bytes, header: header, format: settings.formats[detector]
    ) { primitive in
      guard primitive.identifier & Primitive.calibrationBit != 0 else { return }
      for i in 0..<cutSetCount {
        for menu in sets[i].menus.indices { sets[i].menus[menu].calibrate(primitive, input: detector) }
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
    let all = list.merge(
      references.take(group.references), group.references, controls.take(group.controls), group.controls,
      shift: UInt64(8 - settings.fineTimeBits), &skip)
    // Each time of the two lists is in one entry, and those from both are in two lists.
    let both = group.references + group.controls - all
    counters.entriesReferenceOnly += UInt64(group.references - both)
    counters.entriesControlOnly += UInt64(group.controls - both)
    counters.entriesBoth += UInt64(both)
    counters.entriesSkippedSameAddress += skip.count
    skip.count = 0
    let sets = cutSets
    for i in 0..<cutSetCount {
      if sets[i].correctsReference || settings.corrections.contains(.neighbourTags) {
        collectWhole(
          cuts: sets[i].cuts, correctsReference: sets[i].correctsReference, care: sets[i].table.care)
      } else {
        memory.collect(
          list, reference: (referenceLane, referenceMask), control: (controlLane, controlMask),
          cuts: sets[i].cuts, care: sets[i].table.care)
      }
      hits.removeAll(keepingCapacity: true)
      sets[i].process(list, &hits)
      for hit in hits { fire(hit, in: i, packet: group.packet) }
    }
    if monitors, group.group % PrimitiveMonitor.sampling == 0 { lookAtTimes() }
  }

  /// Collects the words of the list by way of all that is known around an entry: for the corrections.
  private func collectWhole(cuts: SIMD8<Int16>, correctsReference: Bool, care: L0Words) {
    for i in 0..<list.count {
      let words = coincidence(of: list.entries[i])
        .words(cuts: cuts, correctsReference: correctsReference)
      list.words[i] = unsafeBitCast(words & care, to: SIMD2<UInt64>.self)
    }
  }

  /// Counts the time differences around the entries of the list.
  private func lookAtTimes() {
    for i in 0..<list.count where list.entries[i].isReference {
      let coincidence = coincidence(of: list.entries[i])
      monitor.differences(in: coincidence, reference: coincidence.times.0[referenceLane])
    }
  }

  private func coincidence(of entry: Entry) -> Coincidence {
    memory.coincidence(
      of: entry, at: memory.reader.address(ofTime: entry.time),
      lane: entry.isReference ? referenceLane : controlLane,
      laneMask: entry.isReference ? referenceMask : controlMask,
      findsNeighbourTags: settings.corrections.contains(.neighbourTags))
  }

  private mutating func fire(_ hit: CutSet.Hit, in set: Int, packet: PacketReference) {
    cutSets[set].fire(
      hit.menu, hit.fired, hit.entry, coincidence(of: hit.entry), (referenceLane, controlLane))
    if traces {
      cutSets[set].menus[hit.menu].trace(
        FiredEntry(
          timestamp: hit.entry.timestamp, matched: hit.pattern, fired: hit.fired, packet: packet))
    }
  }

  private mutating func finishBurst() {
    if settings.corrections.contains(.lastGroups) { drain(upTo: .max) }
    queue.removeAll(keepingCapacity: true)
    references.removeAll()
    controls.removeAll()
    for i in 0..<cutSetCount { cutSets[i].finishBurst(now: now) }
    memory.startBurst(clearsAll: clearsMemory)
    staleCounts = .init(repeating: 0)
    skip.last = Self.noSlot(settings)
    lastGroup = -1
    now = 0
  }

  /// Hands out what outlives a burst: the phases of each menu, and the slot of the memory that is not cleared.
  func carry(into carry: inout L0Emulator.Carry, unit: Int) {
    carry.lastSlots[unit] = memory.lastSlot
    for i in 0..<cutSetCount {
      for menu in cutSets[i].menus.indices {
        carry.phases[cutSets[i].menus[menu].index] = cutSets[i].lines[menu].phases
      }
    }
  }

  /// Takes what outlived the bursts before; what is missing is as in the first burst.
  mutating func resume(_ carry: L0Emulator.Carry, unit: Int) {
    if carry.lastSlots.indices.contains(unit) { memory.lastSlot = carry.lastSlots[unit] }
    for i in 0..<cutSetCount {
      for menu in cutSets[i].menus.indices {
        let index = cutSets[i].menus[menu].index
        if carry.phases.indices.contains(index) { cutSets[i].lines[menu].phases = carry.phases[index] }
      }
    }
  }

  /// Clock periods before which nothing can be sent any more.
  var horizon: UInt64 { now > TriggerDispatcher.hold ? now - TriggerDispatcher.hold : 0 }

  /// Takes what the menus sent and counted since the last call: `body` gets each menu's place.
  ///
  /// What was watched of the primitives is taken where it is much, or where `all` of it is asked for: at the end of
  /// a burst and of the stream.
  mutating func take(
    all: Bool,
    _ body: (
      _ menu: Int, ContiguousArray<L0TriggerRecord>, L0MenuCounters, ContiguousArray<FiredEntry>
    ) -> Void
  ) -> (counters: L0AlignmentCounters, statistics: PrimitiveStatistics?) {
    for i in 0..<cutSetCount {
      for menu in cutSets[i].menus.indices {
        var (triggers, counters, fired) = cutSets[i].menus[menu].take()
        cutSets[i].lines[menu].take(into: &counters)
        body(cutSets[i].menus[menu].index, triggers, counters, fired)
      }
    }
    defer { counters = L0AlignmentCounters() }
    return (counters, monitors ? monitor.take(all: all) : nil)
  }
}
