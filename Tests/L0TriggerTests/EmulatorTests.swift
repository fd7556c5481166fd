import L0Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("The emulator")
struct EmulatorTests {
  @Test(
    "gives what the algorithm of the specification gives, for random menus and streams", arguments: 0..<60)
  func reference(seed: Int) {
    let stream = RandomPrimitives(
      seed: UInt64(seed), groups: 40, perFrame: 4 + seed % 5 * 12, start: UInt32(seed % 4))
    let menu = L0Menu.random(seed: UInt64(seed) + 1000)
    var expected = ReferenceEmulator(menu: menu)
    let triggers = expected.run(stream.packets, groups: stream.groups)
    let result = EmulatorResult([menu], stream.datagrams())
    #expect(result.triggers[0] == triggers)
    #expect(result.counters[0] == expected.counters)
    #expect(result.shared[0] == expected.shared)
    #expect(result.books.closes && result.books.pending == 0)
  }

  @Test("gives the same bytes for any batch size, and for each menu alone or among others")
  func batches() {
    let stream = RandomPrimitives(seed: 7, groups: 300).datagrams()
    let menus = (0..<16).map { L0Menu.random(seed: UInt64($0)) }
    let whole = EmulatorResult(menus, stream)
    #expect(whole.triggers.contains { $0.count > 50 })
    for batch in [1, 7, 256] { #expect(EmulatorResult(menus, stream, batch: batch) == whole) }
    for (i, menu) in menus.enumerated() {
      let alone = EmulatorResult([menu], stream)
      #expect(alone.triggers[0] == whole.triggers[i])
      #expect(alone.counters[0] == whole.counters[i])
      #expect(alone.shared[0] == whole.shared[i])
    }
  }

  @Test("does not mind in which order the detectors' packets come")
  func order() {
    let stream = RandomPrimitives(seed: 9, groups: 200)
    let menus = (20..<24).map { L0Menu.random(seed: UInt64($0)) }
    let expected = EmulatorResult(menus, stream.datagrams()).triggers
    #expect(EmulatorResult(menus, stream.datagrams(order: [6, 5, 4, 3, 2, 1, 0])).triggers == expected)
    // One detector is twenty frames behind the others.
    var list = stream.datagrams(order: [0, 1, 2, 4, 5, 6])
    for group in 0..<stream.groups {
      guard let bytes = stream.packets[3][group] else { continue }
      list.insert(ScriptedPacket(mtp: bytes), at: min(list.count, 6 * (group + 20) + group))
    }
    #expect(EmulatorResult(menus, list).triggers == expected)
  }

  @Test("fires a mask without demands on every entry of the reference detector")
  func ignoringMask() {
    let stream = RandomPrimitives(seed: 5, groups: 100)
    let result = EmulatorResult([L0Menu.test([L0Condition()])], stream.datagrams())
    let shared = result.shared[0]
    #expect(
      result.counters[0].pre[0] + result.counters[0].entriesVetoedSameTimestamp
        == shared.entriesReferenceOnly - shared.entriesSkippedSameAddress)
    #expect(result.counters[0].pre[0] > 500)
  }

  @Test("loses nothing to a downscaling by 1, and keeps one in N of a counter")
  func downscaling() {
    let stream = RandomPrimitives(seed: 5, groups: 100).datagrams()
    let plain = L0Menu.test([L0Condition()])
    let one = EmulatorResult([plain], stream)
    #expect(one.counters[0].pre == one.counters[0].post)
    for (numerator, denominator) in [(7, 1), (5, 2), (1000, 999)] as [(UInt32, UInt32)] {
      var menu = plain
      menu.masks[0].downscaling = L0Downscaling(numerator: numerator, denominator: denominator)
      let counters = EmulatorResult([menu], stream).counters[0]
      #expect(counters.post[0] == counters.pre[0] * UInt64(denominator) / UInt64(numerator))
    }
  }

  @Test("gives by hash the same answer for a trigger whatever the other triggers are")
  func hash() {
    let stream = RandomPrimitives(seed: 6, groups: 200).datagrams()
    var menu = L0Menu.test([L0Condition()])
    menu.primitiveDT = 0
    menu.masks[0].downscaling = L0Downscaling(numerator: 4, denominator: 1, mode: .hash, seed: 3)
    let all = EmulatorResult([menu], stream)
    let share = Double(all.counters[0].post[0]) / Double(all.counters[0].pre[0])
    #expect(abs(share - 0.25) < 0.05)
    var fewer = menu
    fewer.masks[0].condition[.lkr, 13] = .required
    let some = Set(EmulatorResult([fewer], stream).triggers[0].map(\.timestamp))
    let kept = Set(all.triggers[0].map(\.timestamp))
    #expect(!some.isEmpty)
    #expect(some.isSubset(of: kept))
  }

  @Test("begins each burst anew, and keeps the phase of a downscaling unless told not to")
  func bursts() {
    let first = RandomPrimitives(seed: 11, groups: 150)
    let second = RandomPrimitives(seed: 12, groups: 150)
    var menu = L0Menu.test([L0Condition()])
    menu.masks[0].downscaling = L0Downscaling(97)
    let list = first.datagrams() + second.datagrams(burst: 1)
    for reset in [false, true] {
      menu.resetsDownscaling = reset
      var expected = ReferenceEmulator(menu: menu)
      let one = expected.run(first.packets, groups: 150)
      if reset {
        var other = ReferenceEmulator(menu: menu)
        let two = other.run(second.packets, groups: 150)
        #expect(EmulatorResult([menu], list).triggers[0] == one + two)
      } else {
        let two = expected.run(second.packets, groups: 150)
        let result = EmulatorResult([menu], list)
        #expect(result.triggers[0] == one + two)
        #expect(result.bursts == [1, 2])
        #expect(result.counters[0] == expected.counters)
      }
    }
  }

  @Test("of two bursts, the counts of each add up to those of the run")
  func merging() {
    let first = RandomPrimitives(seed: 13, groups: 90).datagrams()
    let second = RandomPrimitives(seed: 14, groups: 90).datagrams(burst: 1)
    var menu = L0Menu.random(seed: 3)
    menu.resetsDownscaling = true
    var options = L0Emulator.Options()
    options.monitorsPrimitives = true
    let whole = EmulatorResult([menu], first + second, options: options)
    var a = EmulatorResult([menu], first, options: options)
    let b = EmulatorResult([menu], second, options: options)
    a.counters[0] += b.counters[0]
    a.shared[0] += b.shared[0]
    a.statistics += b.statistics
    #expect(a.counters == whole.counters)
    #expect(a.shared == whole.shared)
    #expect(a.statistics == whole.statistics)
  }

  @Test("watches each detector: bits, multiplicities, missing packets, times")
  func monitoring() {
    let stream = RandomPrimitives(seed: 15, groups: 160)
    var options = L0Emulator.Options()
    options.monitorsPrimitives = true
    let result = EmulatorResult([L0Menu.random(seed: 5)], stream.datagrams(), batch: 50, options: options)
    for detector in L0Detector.allCases {
      let seen = result.statistics.detectors[detector.rawValue]
      var bits = [UInt64](repeating: 0, count: 15)
      var total: UInt64 = 0
      var multiplicity = [UInt64](repeating: 0, count: 256)
      for bytes in stream.packets[detector.rawValue].values {
        guard let header = MTPHeader(bytes.span.bytes) else { continue }
        var here = 0
        MTP.forEachPrimitive(of: bytes.span.bytes, header: header) { primitive in
          here += 1
          for bit in 0..<15 where primitive.identifier & 1 << UInt16(bit) != 0 { bits[bit] += 1 }
        }
        total += UInt64(here)
        multiplicity[here] += 1
      }
      #expect(seen.primitives == total)
      #expect(seen.bits == bits)
      #expect(seen.multiplicity == multiplicity)
      #expect(seen.missing == UInt64(stream.groups - stream.packets[detector.rawValue].count))
      #expect(seen.countMismatches == 0)
    }
    #expect(result.statistics.detectors[0].timeDifferences.reduce(0, +) > 0)
  }

  @Test(
    "gives out all that it watched by the end of each burst, for any batch size", arguments: [7, 1000, .max])
  func watchedByBurst(batch: Int) {
    // More groups than it gathers before it gives something out.
    let streams = [
      RandomPrimitives(seed: 16, groups: 2500, perFrame: 3).datagrams(),
      RandomPrimitives(seed: 17, groups: 300, perFrame: 3).datagrams(burst: 1),
    ]
    let menu = L0Menu.random(seed: 6)
    var options = L0Emulator.Options()
    options.monitorsPrimitives = true
    let emulator = L0Emulator(menus: [menu], options: options)
    var watched: [UInt32: PrimitiveStatistics] = [:]
    var (slices, telling) = (0, 0)
    func take() {
      for slice in emulator.take() {
        slices += 1
        guard let seen = slice.statistics else { continue }
        telling += 1
        watched[slice.burst, default: PrimitiveStatistics()] += seen
      }
    }
    let list = streams[0] + streams[1]
    var begin = 0
    while begin < list.count {
      let end = batch == .max ? list.count : min(begin + batch, list.count)
      emulator.add(PacketBatch(Array(list[begin..<end]), first: UInt32(begin + 1)), 0..<(end - begin))
      take()
      begin = end
    }
    emulator.finish()
    take()
    for (burst, stream) in streams.enumerated() {
      let alone = EmulatorResult([menu], stream, options: options).statistics
      #expect(alone.groups > 250)
      #expect(watched[UInt32(burst + 1)] == alone)
    }
    // Small batches are not each told of.
    if batch == 7 { #expect(telling > 2 && 20 * telling < slices) }
  }

  @Test("with the counts of the headers equals that with the words where both agree")
  func headerCounts() {
    let stream = RandomPrimitives(seed: 21, groups: 100).datagrams()
    var menu = L0Menu.random(seed: 8)
    let words = EmulatorResult([menu], stream)
    menu.counting = .header
    #expect(EmulatorResult([menu], stream).triggers == words.triggers)
  }

  @Test("drops the packets that an offset asks for, and lines up the later ones")
  func offsets() {
    // The RICH sends two frames late: its packets with the primitives of frame n have the header n + 2.
    var stream = RandomPrimitives(seed: 22, groups: 100, faults: false)
    let plain = EmulatorResult([L0Menu.test([L0Condition()])], stream.datagrams())
    var shifted: [Int: [UInt8]] = [:]
    for (group, bytes) in stream.packets[1] {
      var bytes = bytes
      bytes[0] += 2
      shifted[group + 2] = bytes
    }
    for group in 0..<2 {
      shifted[group] =
        MTPEncoder(timestamp: stream.start + UInt32(group), source: .rich).bytes
    }
    stream.packets[1] = shifted
    stream.groups += 2
    var menu = L0Menu.test([L0Condition()])
    menu.offsets[1] = 2
    let result = EmulatorResult([menu], stream.datagrams())
    #expect(result.books.lost == [.offset: 2])
    #expect(result.triggers[0] == plain.triggers[0])
  }
}
