import L0Trigger
import NA62Formats
import SpillwayTestSupport
import Testing

/// Each property of the firmware that changes a decision, alone, on a stream made for it: section H of
/// `Docs/Quirks.md`. With the defaults a slot is a quarter of a clock period (fine times 0 to 63, 64 to 127 …),
/// and the cuts are 64.
@Suite("Quirks of the L0 processor")
struct QuirkTests {
  private static let (chod, rich, lkr) = (0, 1, 6)

  /// A primitive of a test.
  private struct Hit {
    var input: Int
    var time: UInt32
    var fineTime: UInt8
    var identifier: UInt16

    init(_ input: Int, _ time: UInt32, _ fineTime: UInt8 = 128, _ identifier: UInt16 = 0x4000) {
      (self.input, self.time, self.fineTime, self.identifier) = (input, time, fineTime, identifier)
    }
  }

  /// A condition on some bits.
  private static func requires(_ bits: (L0Detector, Int)...) -> L0Condition {
    var condition = L0Condition()
    for (detector, bit) in bits { condition[detector, bit] = .required }
    return condition
  }

  private static let coincidence = requires((.rich, 14), (.lkr, 14))

  private static func packets(_ hits: [Hit], frames: Int = 60, burst: Int64 = 0) -> [ScriptedPacket] {
    var stream = PrimitiveStream(frames: frames)
    for hit in hits { stream.add(hit.input, at: hit.time, fineTime: hit.fineTime, hit.identifier) }
    return stream.packets(at: burst * 10_000_000_000)
  }

  /// What a menu with one line makes of some bursts.
  private static func run(
    _ condition: L0Condition, _ bursts: [Hit]..., corrections: L0Menu.Corrections = [],
    change: (inout L0Menu) -> Void = { _ in }
  ) -> EmulatorResult {
    var menu = L0Menu.test([condition], change: change)
    menu.corrections = corrections
    let list = bursts.enumerated().flatMap { packets($1, burst: Int64($0)) }
    return EmulatorResult([menu], list)
  }

  private static func times(
    _ condition: L0Condition, _ bursts: [Hit]..., corrections: L0Menu.Corrections = [],
    change: (inout L0Menu) -> Void = { _ in }
  ) -> [UInt32] {
    var menu = L0Menu.test([condition], change: change)
    menu.corrections = corrections
    let list = bursts.enumerated().flatMap { packets($1, burst: Int64($0)) }
    return EmulatorResult([menu], list).triggers[0].map(\.timestamp)
  }

  // MARK: Entries

  @Test("H1: the first entry of a burst is lost at address 0; same-address corrects it")
  func firstAtAddressZero() {
    let hits = [Hit(Self.rich, 4096, 0), Hit(Self.rich, 5000)]
    #expect(Self.times(L0Condition(), hits) == [5000])
    #expect(Self.times(L0Condition(), hits, corrections: .sameAddress) == [4096, 5000])
    // Behind another entry it is taken.
    #expect(Self.times(L0Condition(), [Hit(Self.rich, 4000)] + hits) == [4000, 4096, 5000])
  }

  @Test(
    "H2: an entry at the address of the one before is skipped, even a turn later; same-address corrects that")
  func sameAddress() {
    let hits = [Hit(Self.rich, 5000, 10), Hit(Self.rich, 5000 + 4096, 20)]
    let faithful = Self.run(L0Condition(), hits)
    #expect(faithful.triggers[0].map(\.timestamp) == [5000])
    #expect(faithful.shared[0].entriesSkippedSameAddress == 1)
    #expect(Self.times(L0Condition(), hits, corrections: .sameAddress) == [5000, 9096])
    // The very same slot stays skipped, and with another entry between nothing is.
    let twice = [Hit(Self.rich, 5000, 10), Hit(Self.rich, 5000, 20)]
    let corrected = Self.run(L0Condition(), twice, corrections: .sameAddress)
    #expect(corrected.shared[0].entriesSkippedSameAddress == 1)
    #expect(
      Self.times(L0Condition(), [hits[0], Hit(Self.rich, 6000), hits[1]]) == [5000, 6000, 9096])
  }

  @Test("H3: neighbours across a boundary of 2048 clock periods are not found; neighbour-tags finds them")
  func tagBoundary() {
    // A RICH primitive on one side of a slot's edge and an LKr primitive one step of fine time away.
    for edge in [6144, 8192] as [UInt32] {
      // The first entry is there so that none of the others is lost for being first.
      let first = Hit(Self.rich, 4500)
      let before = [first, Hit(Self.lkr, edge - 1, 255), Hit(Self.rich, edge, 0), Hit(Self.rich, edge + 100)]
      let after = [first, Hit(Self.rich, edge - 1, 255), Hit(Self.lkr, edge, 0), Hit(Self.rich, edge + 100)]
      for (hits, time) in [(before, edge), (after, edge - 1)] {
        #expect(Self.times(Self.coincidence, hits) == [])
        #expect(Self.times(Self.coincidence, hits, corrections: .neighbourTags) == [time])
        // One clock period later there is no boundary.
        let moved = hits.map { Hit($0.input, $0.time + 1, $0.fineTime) }
        #expect(Self.times(Self.coincidence, moved) == [time + 1])
      }
      // What was written a turn of the memory before is no neighbour for the correction either.
      let stale = before.map { Hit($0.input, $0.input == Self.lkr ? $0.time - 4096 : $0.time, $0.fineTime) }
      #expect(Self.times(Self.coincidence, stale, corrections: .neighbourTags) == [])
    }
  }

  // MARK: Cuts

  @Test("H4: neighbours of the reference detector itself are not cut; reference-neighbours cuts them")
  func referenceNeighbours() {
    let condition = Self.requires((.rich, 14), (.rich, 3))
    for (fineTime, isNear) in [(191, false), (187, true)] as [(UInt8, Bool)] {
      // The slots 1 and 2; their distance is 67, or 63.
      let hits = [Hit(Self.rich, 5000, 124), Hit(Self.rich, 5000, fineTime, 0x0108)]
      #expect(Self.times(condition, hits) == [5000])
      #expect(Self.times(condition, hits, corrections: .referenceNeighbours) == (isNear ? [5000] : []))
    }
    // The other detectors are cut in either case.
    for (fineTime, fires) in [(187, true), (188, false)] as [(UInt8, Bool)] {
      let hits = [Hit(Self.rich, 5000, 124), Hit(Self.lkr, 5000, fineTime)]
      for corrections in [[], .referenceNeighbours] as [L0Menu.Corrections] {
        #expect(
          Self.times(Self.coincidence, hits, corrections: corrections) == (fires ? [5000] : []))
      }
    }
  }

  @Test("H5: cuts are strict: a cut of 0 takes even the reference detector's own primitive")
  func strictCut() {
    let condition = Self.requires((.rich, 14))
    #expect(Self.times(condition, [Hit(Self.rich, 5000)]) { $0.timeCuts[Self.rich] = 0 } == [])
    #expect(Self.times(condition, [Hit(Self.rich, 5000)]) { $0.timeCuts[Self.rich] = 1 } == [5000])
  }

  @Test("H6: a difference of -32768 passes every cut")
  func mostNegative() {
    // A calibration makes the entry, so the reference time is 0; LKr is at 0x80 in the low byte of the clock.
    for (fineTime, fires) in [(0, true), (1, false)] as [(UInt8, Bool)] {
      let hits = [Hit(Self.rich, 0x1380, 0, 0xC000), Hit(Self.lkr, 0x1380, fineTime)]
      #expect(Self.times(Self.requires((.lkr, 14)), hits) == (fires ? [0x1380] : []))
    }
  }

  // MARK: Memory

  @Test("H7: cells not written yet count as valid in the first 2048 clock periods")
  func zeroCells() {
    // A calibration makes an entry and no cell: the reference time is the slot's start, or far away.
    let hits = [1000, 2040, 2056, 5000].flatMap { time in
      [Hit(Self.rich, time, 130, 0xC000), Hit(Self.lkr, time, 140)]
    }
    #expect(Self.times(Self.requires((.lkr, 14)), hits) == [1000, 2040])
  }

  @Test("H8: the last cell is kept from burst to burst")
  func lastCell() {
    for (time, fineTime, isKept) in [(4095, 200, true), (4095, 190, false), (4094, 200, false)]
      as [(UInt32, UInt8, Bool)]
    {
      let result = Self.run(
        Self.coincidence, [Hit(Self.lkr, time, fineTime)], [Hit(Self.rich, time, fineTime)])
      #expect(result.bursts == [1, 2])
      #expect(result.triggers[0].map(\.timestamp) == (isKept ? [4095] : []))
    }
  }

  @Test("H9: of two primitives of a detector in one slot the later one to arrive stays")
  func overwritten() {
    let with = Hit(Self.lkr, 5000, 140), without = Hit(Self.lkr, 5000, 141, 0x0100)
    let rich = Hit(Self.rich, 5000)
    #expect(Self.times(Self.coincidence, [rich, with, without]) == [])
    #expect(Self.times(Self.coincidence, [rich, without, with]) == [5000])
  }

  @Test("H10: the record shows primitives of the three slots whether they passed the cut or not")
  func recordWithoutCut() {
    let result = Self.run(
      Self.requires((.rich, 14)), [Hit(Self.rich, 5000, 124), Hit(Self.lkr, 5000, 191, 0x1234)])
    let trigger = result.triggers[0].first
    #expect(trigger?.identifiers.2[Self.lkr] == 0x1234)
    #expect(trigger?.fineTimes.2[Self.lkr] == 191)
  }

  // MARK: Counting

  @Test("H11: an entry in the clock period of the last one that fired is not counted, nor is any at time 0")
  func sameTimestamp() {
    let hits = [Hit(Self.rich, 5000, 10), Hit(Self.rich, 5000, 100)]
    let one = Self.run(L0Condition(), hits).counters[0]
    #expect(one.pre[0] == 1 && one.entriesVetoedSameTimestamp == 1)
    // If the first one was downscaled away, the second one counts.
    let two = Self.run(L0Condition(), hits) { $0.masks[0].downscaling = L0Downscaling(2) }
    #expect(two.counters[0].pre[0] == 2)
    #expect(two.triggers[0].map(\.timestamp) == [5000])
    let zero = Self.run(L0Condition(), [Hit(Self.rich, 0, 200)]) { $0.primitiveDT = 0 }
    #expect(zero.counters[0].pre[0] == 0 && zero.counters[0].entriesVetoedSameTimestamp == 1)
  }

  @Test("H12: phases of the downscaling go on from burst to burst; reset_downscaling begins them anew")
  func phases() {
    for resets in [false, true] {
      let result = Self.run(
        L0Condition(), [Hit(Self.rich, 5000), Hit(Self.rich, 6000)], [Hit(Self.rich, 7000)]
      ) {
        $0.masks[0].downscaling = L0Downscaling(3)
        $0.resetsDownscaling = resets
      }
      #expect(result.triggers[0].map(\.timestamp) == (resets ? [] : [7000]))
    }
  }

  @Test("counters of one burst: neither the last cell nor the phases go over to the next burst")
  func countersOfABurst() {
    func times(_ bursts: [[Hit]], _ condition: L0Condition, _ downscaling: UInt32) -> [UInt32] {
      var options = L0Emulator.Options()
      options.counters = .burst
      let menu = L0Menu.test([condition]) { $0.masks[0].downscaling = L0Downscaling(downscaling) }
      let list = bursts.enumerated().flatMap { Self.packets($1, burst: Int64($0)) }
      return EmulatorResult([menu], list, options: options).triggers[0].map(\.timestamp)
    }
    let cell = [[Hit(Self.lkr, 4095, 200)], [Hit(Self.rich, 4095, 200)]]
    #expect(times(cell, Self.coincidence, 1) == [])
    let hits = [[Hit(Self.rich, 5000), Hit(Self.rich, 6000)], [Hit(Self.rich, 7000)]]
    #expect(times(hits, L0Condition(), 3) == [])
    #expect(times(hits, L0Condition(), 2) == [6000])
  }

  @Test("H13: the last groups of a burst are never processed; last-groups processes them")
  func lastGroups() {
    // The stream has 60 frames.
    let hits = [56, 57, 59].map { Hit(Self.rich, $0 << 8 | 5) }
    let delay = { (menu: inout L0Menu) in menu.deltaPacket = 3 }
    let all = hits.map(\.time)
    #expect(Self.times(L0Condition(), hits, change: delay) == [all[0]])
    #expect(Self.times(L0Condition(), hits, corrections: .lastGroups, change: delay) == all)
    #expect(Self.times(L0Condition(), hits) { $0.deltaPacket = 0 } == all)
  }

  // MARK: Sending

  @Test("H14: triggers up to the dead time after the start of the burst are never sent")
  func burstStart() {
    for (time, isSent) in [(2, false), (3, true)] as [(UInt32, Bool)] {
      let result = Self.run(L0Condition(), [Hit(Self.rich, time)])
      #expect(result.counters[0].fired == 1)
      #expect(result.triggers[0].map(\.timestamp) == (isSent ? [time] : []))
      #expect(result.counters[0].rejectedDeadTime == (isSent ? 0 : 1))
    }
  }

  @Test("H15: dead time counts from the last trigger that was sent, and rejected ones count as fired")
  func deadTime() {
    let result = Self.run(L0Condition(), [5000, 5002, 5003, 5005].map { Hit(Self.rich, $0) })
    #expect(result.triggers[0].map(\.timestamp) == [5000, 5003])
    #expect(result.counters[0].post[0] == 4 && result.counters[0].rejectedDeadTime == 2)
  }

  @Test("H16: where only control fires, the record has the control detector's fine time")
  func controlFineTime() {
    let result = Self.run(
      Self.requires((.lkr, 14)), [Hit(Self.rich, 5000, 130), Hit(Self.chod, 5000, 150)]
    ) {
      $0.control = .init(
        isEnabled: true, condition: Self.requires((.chod, 14)), downscaling: L0Downscaling(1))
    }
    #expect(result.shared[0].entriesBoth == 1)
    #expect(result.triggers[0].map(\.fineTime) == [150])
    #expect(result.triggers[0].map(\.dataType) == [.control])
  }

  // MARK: Packets

  @Test("H17: a missing packet has no primitives; stale counts repeat the last entry, which is then skipped")
  func staleCounts() {
    var list = Self.packets([Hit(Self.rich, 5000), Hit(Self.rich, 5300)])
    // RICH's packet of the frame behind that of 5300.
    list.remove(at: 7 * (5300 >> 8 + 1) + Self.rich)
    var menu = L0Menu.test([L0Condition()])
    menu.counting = .header
    let plain = EmulatorResult([menu], list)
    menu.usesStaleCount = true
    let stale = EmulatorResult([menu], list)
    #expect(plain.shared[0].entriesReferenceOnly == 2)
    #expect(stale.shared[0].entriesReferenceOnly == 3)
    #expect(stale.shared[0].entriesSkippedSameAddress == 1)
    #expect(stale.triggers == plain.triggers)
  }

  @Test("H17: grouped by counting, all packets behind a missing one are a group early")
  func countedGroups() {
    var list = Self.packets([
      Hit(Self.rich, 5000), Hit(Self.lkr, 5000), Hit(Self.rich, 9000), Hit(Self.lkr, 9000),
    ])
    list.remove(at: 7 * 30 + Self.rich)
    var menu = L0Menu.test([Self.coincidence])
    menu.deltaPacket = 0
    #expect(EmulatorResult([menu], list).triggers[0].map(\.timestamp) == [5000, 9000])
    // RICH's entry is read before LKr's packet has come.
    menu.grouping = .count
    #expect(EmulatorResult([menu], list).triggers[0].map(\.timestamp) == [5000])
  }

  @Test("no correction changes what the others are about")
  func separation() {
    let stream = RandomPrimitives(seed: 3, groups: 200)
    var menu = L0Menu.random(seed: 6)
    menu.deltaPacket = 2
    let faithful = EmulatorResult([menu], stream.datagrams())
    var seen: [L0Menu.Corrections: Bool] = [:]
    for (_, correction) in L0Menu.Corrections.named {
      menu.corrections = correction
      let result = EmulatorResult([menu], stream.datagrams())
      seen[correction] = result.counters != faithful.counters
      let (a, b) = (result.shared[0], faithful.shared[0])
      #expect(a.groups == b.groups && a.primitives == b.primitives)
      #expect((a.entriesReferenceOnly == b.entriesReferenceOnly) == (correction != .lastGroups))
      if correction != .sameAddress && correction != .lastGroups {
        #expect(a.entriesSkippedSameAddress == b.entriesSkippedSameAddress)
      }
    }
    #expect(seen[.lastGroups] == true)
  }
}
