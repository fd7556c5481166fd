import NA62Formats

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

  /// Gives an entry to the menus.
  @inline(__always)
  mutating func process(_ entry: Entry, _ coincidence: Coincidence, lanes: (reference: Int, control: Int)) {
    let words =
      correctsReference ? coincidence.correctedWords(cuts: cuts) : coincidence.words(cuts: cuts)
    let patterns = table.lookUp(words)
    let origin: UInt32 =
      (entry.isReference ? 0xFFFF : 0) | (entry.isControl ? ConditionTable.controlBit : 0)
    let timestamp = entry.timestamp
    guard patterns[0] & origin != 0 else { return }
    for menu in 0..<menus.count {
      let pattern = patterns[menu + 1] & origin
      guard pattern != 0 else { continue }
      if lastFired[menu] == timestamp {
        menus[menu].veto()
      } else {
        fire(menu, pattern, entry, coincidence, lanes)
      }
    }
  }

  @inline(never)
  private mutating func fire(
    _ menu: Int, _ pattern: UInt32, _ entry: Entry, _ coincidence: Coincidence,
    _ lanes: (reference: Int, control: Int)
  ) {
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
  }

  mutating func finishBurst(now: UInt64) {
    for menu in menus.indices {
      menus[menu].finishBurst(now: now)
      lastFired[menu] = 0
    }
  }
}

/// Lines up the primitives for the menus that share their alignment, makes the list of entries, and gives
/// each entry to the menus (`l0tp.md` 6.2).
struct AlignmentUnit: ~Copyable {
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
  private var queue: ContiguousArray<(group: Int64, references: Int, controls: Int)> = []
  private var staleCounts = InlineArray<7, Int>(repeating: 0)
  private var lastAddress = 0
  private var lastSlot = UInt64.max
  private var lastGroup: Int64 = -1
  private var now: UInt64 = 0
  private(set) var counters = L0AlignmentCounters()
  private let cutSets: UnsafeMutablePointer<CutSet>
  private let cutSetCount: Int

  init(_ settings: AlignmentSettings, menus: [(index: Int, menu: L0Menu)], burst: UInt32) {
    self.settings = settings
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

  /// Packets lost, by reason.
  var losses: [PrimitivePacketLoss: UInt64] { aligner.losses }

  /// Takes a packet, and processes what became ready; `endBurst` is called between two bursts.
  mutating func add(
    _ payload: RawSpan, _ header: MTPHeader, detector: Int, time: DataTime, endBurst: (inout Self) -> Void
  ) {
    aligner.add(payload, header, detector: detector, time: time)
    run(endBurst)
  }

  /// Ends the stream.
  mutating func finish(endBurst: (inout Self) -> Void) {
    aligner.finish()
    run(endBurst)
  }

  private mutating func run(_ endBurst: (inout Self) -> Void) {
    while let step = aligner.nextStep() {
      switch step {
      case .process(let group, let packets): process(group, packets)
      case .endBurst:
        finishBurst()
        endBurst(&self)
      }
    }
  }

  private mutating func process(_ group: Int64, _ packets: PacketAligner.Packets) {
    // Groups without any packet take their turn as well.
    drain(upTo: group - 1 - Int64(settings.deltaPacket))
    counters.groups += UInt64(max(1, group - lastGroup))
    lastGroup = group
    var referenceCount = 0
    var controlCount = 0
    for detector in 0..<L0Detector.count {
      let count = store(packets[detector], detector)
      if detector == settings.reference { referenceCount = count }
      if detector == settings.control { controlCount = count }
    }
    queue.append((group, referenceCount, controlCount))
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
    let payload = aligner.cells.bytes(packet.cell, length: packet.length).bytes
    guard let header = MTPHeader(payload) else { return 0 }
    let headerCount = Int(header.primitiveCount)
    MTP.forEachPrimitive(of: payload, header: header, format: settings.formats[detector]) { primitive in
      total += 1
      let time = UInt64(primitive.timestamp) << 8 | UInt64(primitive.fineTime)
      if isReference { references.append(time) }
      if isControl { controls.append(time) }
      if primitive.identifier & Primitive.calibrationBit == 0 {
        memory.store(primitive, lane: detector)
      } else {
        calibrations += 1
        calibrate(primitive, detector)
      }
    }
    aligner.cells.give(packet.cell)
    counters.packets[detector] += 1
    counters.primitives[detector] += UInt64(total)
    counters.calibrationPrimitives[detector] += UInt64(calibrations)
    if total & 0xFF != headerCount { counters.headerCountMismatches += 1 }
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
      processEntries(queue[done].references, queue[done].controls)
      done += 1
    }
    if done > 0 { queue.removeFirst(done) }
  }

  private mutating func processEntries(_ referenceCount: Int, _ controlCount: Int) {
    merger.merge(
      &references, referenceCount, &controls, controlCount, shift: UInt64(8 - settings.fineTimeBits))
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
      for set in 0..<cutSetCount { cutSets[set].process(entry, coincidence, lanes: lanes) }
    }
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

  /// Takes what the menus sent and counted since the last call: `body` gets each menu's place.
  mutating func take(
    _ body: (_ menu: Int, ContiguousArray<L0TriggerRecord>, L0MenuCounters) -> Void
  ) -> L0AlignmentCounters {
    for i in 0..<cutSetCount {
      for menu in cutSets[i].menus.indices {
        let (triggers, counters) = cutSets[i].menus[menu].take()
        body(cutSets[i].menus[menu].index, triggers, counters)
      }
    }
    defer { counters = L0AlignmentCounters() }
    return counters
  }
}
