import L0Trigger
import NA62Formats

/// The algorithm of `l0tp.md` 6.2 and 6.3 written down as it stands there, slowly, with whole bursts in
/// memory: what the emulator is compared with.
struct ReferenceEmulator {
  struct Cell {
    var identifier: UInt16
    var tag: UInt32
    var fineTime: UInt8
  }

  var menu: L0Menu
  var counters = L0MenuCounters()
  var shared = L0AlignmentCounters()
  private var phases = [UInt32](repeating: 0, count: 17)

  init(menu: L0Menu) { self.menu = menu }

  /// The triggers of one burst; packets of each detector by group.
  mutating func run(_ packets: [[Int: [UInt8]]], groups: Int) -> [L0TriggerRecord] {
    let b = UInt64(menu.fineTimeBits)
    let reference = menu.referenceDetector.rawValue
    let control = menu.control.isEnabled ? menu.controlDetector.rawValue : -1
    var memory = [[Cell]](
      repeating: [Cell](repeating: Cell(identifier: 0, tag: 0, fineTime: 0), count: 16384), count: 7)
    var references: [UInt64] = []
    var controls: [UInt64] = []
    var queue: [(Int, Int)] = []
    var lastAddress = 0
    var lastFired: UInt32 = 0
    var store: [UInt32: L0TriggerRecord] = [:]

    func address(_ time: UInt64) -> Int { Int((time >> (8 - b)) & 0x3FFF) }

    func process(_ time: UInt64, isReference: Bool, isControl: Bool) {
      shared.entriesReferenceOnly += isReference && !isControl ? 1 : 0
      shared.entriesControlOnly += !isReference && isControl ? 1 : 0
      shared.entriesBoth += isReference && isControl ? 1 : 0
      let a = address(time)
      if a == lastAddress {
        shared.entriesSkippedSameAddress += 1
        return
      }
      lastAddress = a
      let timestamp = UInt32(truncatingIfNeeded: time >> 8) & 0x3FFF_FFFF
      let tag = timestamp >> 11 & 0x7FFFF
      let r = isReference ? reference : control
      var words = [UInt16](repeating: 0, count: 7)
      var ids = [[UInt16]](repeating: [UInt16](repeating: 0, count: 7), count: 3)
      var times = [[UInt8]](repeating: [UInt8](repeating: 0, count: 7), count: 3)
      var referenceTime: UInt16 = 0
      for (slot, d) in [0, -1, 1].enumerated() {
        let aa = (a + d) & 0x3FFF
        var c = [UInt16](repeating: 0, count: 7)
        var valid = [Bool](repeating: false, count: 7)
        for i in 0..<7 where memory[i][aa].tag == tag {
          valid[i] = true
          ids[slot][i] = memory[i][aa].identifier
          times[slot][i] = memory[i][aa].fineTime
          c[i] =
            UInt16(truncatingIfNeeded: aa << (8 - Int(b))) | UInt16(memory[i][aa].fineTime)
            & (0xFF >> UInt16(b))
        }
        if slot == 0 { referenceTime = c[r] } else { c[r] = referenceTime }
        for i in 0..<7 where valid[i] {
          let difference = Int16(bitPattern: c[i] &- referenceTime)
          let size = difference == .min ? .min : abs(difference)
          if size < menu.timeCuts[i] { words[i] |= ids[slot][i] }
        }
      }
      var lanes = L0Words(repeating: 0)
      for i in 0..<7 { lanes[i] = words[i] }
      var matched: [Int] = []
      if isReference {
        for mask in menu.masks where mask.isEnabled && mask.condition.matches(lanes) {
          matched.append(mask.number)
        }
      }
      if isControl, menu.control.condition.matches(lanes) { matched.append(16) }
      guard !matched.isEmpty else { return }
      if timestamp == lastFired {
        counters.entriesVetoedSameTimestamp += 1
        return
      }
      var flags: UInt16 = 0
      var dataType: L0DataType = []
      for line in matched {
        let factor =
          line == 16
          ? menu.control.downscaling.numerator
          : menu.masks.first { $0.number == line }?.downscaling.numerator ?? 1
        if line == 16 { counters.controlPre += 1 } else { counters.pre[line] += 1 }
        if phases[line] == factor - 1 {
          phases[line] = 0
          if line == 16 { counters.controlPost += 1 } else { counters.post[line] += 1 }
          if line == 16 {
            dataType.insert(.control)
          } else {
            dataType.insert(.physics)
            flags |= 1 << UInt16(line)
          }
        } else {
          phases[line] += 1
        }
      }
      guard !dataType.isEmpty else { return }
      counters.fired += 1
      lastFired = timestamp
      var record = L0TriggerRecord(
        timestamp: timestamp, fineTime: times[0][dataType.contains(.physics) ? reference : control],
        dataType: dataType, word: dataType.rawValue, flags: flags)
      for i in 0..<7 {
        record.identifiers.0[i] = ids[0][i]
        record.identifiers.1[i] = ids[1][i]
        record.identifiers.2[i] = ids[2][i]
        record.fineTimes.0[i] = times[0][i]
        record.fineTimes.1[i] = times[1][i]
        record.fineTimes.2[i] = times[2][i]
      }
      if var old = store[timestamp] {
        let word = old.word | record.word
        let merged = old.dataType.union(record.dataType)
        let flags = old.flags | record.flags
        if record.dataType.contains(.physics) { old = record }
        old.word = word
        old.dataType = merged
        old.flags = flags
        store[timestamp] = old
      } else {
        store[timestamp] = record
      }
    }

    for g in 0..<groups {
      shared.groups += 1
      var counts = (0, 0)
      for i in 0..<7 {
        guard let bytes = packets[i][g], let header = MTPHeader(bytes.span.bytes) else { continue }
        shared.packets[i] += 1
        MTP.forEachPrimitive(of: bytes.span.bytes, header: header) { primitive in
          let time = UInt64(primitive.timestamp) << 8 | UInt64(primitive.fineTime)
          shared.primitives[i] += 1
          if i == reference {
            references.append(time)
            counts.0 += 1
          }
          if i == control {
            controls.append(time)
            counts.1 += 1
          }
          if primitive.identifier & 0x8000 != 0 {
            shared.calibrationPrimitives[i] += 1
          } else {
            memory[i][address(time)] = Cell(
              identifier: primitive.identifier & 0x7FFF, tag: primitive.timestamp >> 11 & 0x7FFFF,
              fineTime: primitive.fineTime)
          }
        }
      }
      queue.append(counts)
      while queue.count > menu.deltaPacket {
        let (nr, nc) = queue.removeFirst()
        var r = Array(references.prefix(nr))[...]
        var c = Array(controls.prefix(nc))[...]
        references.removeFirst(nr)
        controls.removeFirst(nc)
        while !r.isEmpty || !c.isEmpty {
          let slotR = r.first.map { $0 >> (8 - b) } ?? .max
          let slotC = c.first.map { $0 >> (8 - b) } ?? .max
          let time = slotR <= slotC ? r.first ?? 0 : c.first ?? 0
          process(time, isReference: slotR <= slotC, isControl: slotC <= slotR)
          if slotR <= slotC { r = r.dropFirst() }
          if slotC <= slotR { c = c.dropFirst() }
        }
      }
    }

    var sent: [L0TriggerRecord] = []
    var lastSent: UInt32 = 0
    for timestamp in store.keys.sorted() {
      counters.recordsAfterMerge += 1
      if let end = menu.endOfBurst, UInt64(timestamp) + UInt64(menu.fixedLatency) >= UInt64(end) {
        counters.notSentEndOfBurst += 1
      } else if timestamp - lastSent <= menu.primitiveDT {
        counters.rejectedDeadTime += 1
      } else if let record = store[timestamp] {
        counters.sent += 1
        lastSent = timestamp
        sent.append(record)
      }
    }
    return sent
  }
}
