import L0Trigger
import NA62Formats
import SpillwayTestSupport
import Testing

@Suite("Damaged streams of primitives")
struct HostileStreamTests {
  private static var options: L0Emulator.Options {
    var options = L0Emulator.Options()
    options.monitorsPrimitives = true
    options.tracesFired = true
    return options
  }

  /// Packets dropped, doubled, swapped, cut, and with flipped bits.
  private static func damage(_ list: [ScriptedPacket], seed: UInt64) -> [ScriptedPacket] {
    var random = SplitMix64(seed: seed)
    var out: [ScriptedPacket] = []
    for item in list {
      var item = item
      switch Int.random(in: 0..<60, using: &random) {
      case 0: continue
      case 1: out.append(item)
      case 2:
        if let last = out.popLast() {
          out.append(item)
          item = last
        }
      case 3:
        item.payload = Array(item.payload.prefix(Int.random(in: 0...item.payload.count, using: &random)))
      case 4:
        if !item.payload.isEmpty {
          let place = Int.random(in: 0..<item.payload.count, using: &random)
          item.payload[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
      case 5:
        item.payload = (0..<Int.random(in: 0..<1600, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
      case 6: item.port = 0xE621
      default: break
      }
      out.append(item)
    }
    return out
  }

  @Test("keep the books closed, and give the same for any batch size", arguments: 0..<200)
  func books(seed: Int) {
    let stream = RandomPrimitives(seed: UInt64(seed), groups: 60, perFrame: 6).datagrams()
    let second = RandomPrimitives(seed: UInt64(seed) + 500, groups: 30, perFrame: 6).datagrams(burst: 1)
    let list = Self.damage(stream + second, seed: UInt64(seed))
    var menu = L0Menu.random(seed: UInt64(seed))
    if seed % 3 == 0 { menu.counting = .header }
    if seed % 5 == 0 { menu.grouping = .count }
    if seed % 7 == 0 { menu.usesStaleCount = true }
    if seed % 11 == 0 { menu.formats[seed % 7] = .words64 }
    if seed % 2 == 0 { menu.offsets = (0..<7).map { $0 % 3 } }
    menu.calibrationWord = seed % 4 == 0 ? 0x30 : nil
    let other = L0Menu.random(seed: UInt64(seed) + 77)
    let result = EmulatorResult([menu, other], list, options: Self.options)
    #expect(result.books.datagrams == UInt64(list.count))
    #expect(result.books.closes && result.books.pending == 0, "\(result.books)")
    let open = result.counters.filter { !$0.closes }
    #expect(open.isEmpty)
    #expect(EmulatorResult([menu, other], list, batch: 17, options: Self.options) == result)
  }

  @Test("of random bytes are lost for a reason, and nothing else happens")
  func noise() {
    var random = SplitMix64(seed: 4)
    let list = (0..<5000).map { _ in
      var bytes = (0..<Int.random(in: 0..<64, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      if bytes.count > 3 {
        bytes[3] = L0Detector.allCases.randomElement(using: &random)?.sources[0].rawValue ?? 0
      }
      return ScriptedPacket(mtp: bytes)
    }
    let result = EmulatorResult([L0Menu.random(seed: 1)], list, options: Self.options)
    #expect(result.books.closes && result.books.pending == 0)
    #expect(result.books.lost[.tooShort, default: 0] > 0)
  }

  @Test("with one damaged header lose that packet, not the burst")
  func outlier() {
    let stream = RandomPrimitives(seed: 3, groups: 200, faults: false)
    let good = stream.datagrams()
    let menu = L0Menu.test([L0Condition()])
    let expected = EmulatorResult([menu], good)
    // Packet 702 is one of LAV12, which the menu does not look at.
    for (byte, value) in [(2, 0x40), (2, 0xFF), (1, 0x7F)] as [(Int, UInt8)] {
      var list = good
      list[702].payload[byte] = value
      let result = EmulatorResult([menu], list)
      #expect(result.bursts == [1])
      #expect(result.books.lost == [.outlier: 1])
      #expect(result.counters == expected.counters)
    }
  }

  @Test("of unknown sources, too short or too long, or for another port are counted as such")
  func reasons() {
    let stream = RandomPrimitives(seed: 3, groups: 20, faults: false).datagrams()
    var list = stream
    list.insert(ScriptedPacket(mtp: [1, 2, 3]), at: 5)
    list.insert(
      ScriptedPacket(mtp: MTPEncoder(timestamp: 4, source: .hasc).bytes), at: 20)
    list.insert(
      ScriptedPacket(mtp: stream[3].payload + [UInt8](repeating: 1, count: 1472)), at: 30)
    list.insert(ScriptedPacket(mtp: stream[4].payload, port: 1), at: 31)
    list.append(stream[0])
    let result = EmulatorResult([L0Menu.random(seed: 1)], list)
    let lost: [PrimitivePacketLoss: UInt64] = [.tooShort: 1, .unknownSource: 1, .tooLong: 1, .late: 1]
    #expect(result.books.lost == lost)
    #expect(result.books.otherPort == 1)
    #expect(result.books.closes)
  }

  @Test("in which a detector dies or begins late do not stop the others")
  func silence() {
    let stream = RandomPrimitives(seed: 17, groups: 300, faults: false)
    for range in [0..<150, 150..<300] {
      var broken = stream
      for group in range { broken.packets[6][group] = nil }
      let menu = L0Menu.test([L0Condition()])
      var expected = ReferenceEmulator(menu: menu)
      let triggers = expected.run(broken.packets, groups: 300)
      #expect(EmulatorResult([menu], broken.datagrams()).triggers[0] == triggers)
    }
  }

  @Test("in the 64-bit format give the same triggers as in the 32-bit one")
  func wideFormat() {
    let stream = RandomPrimitives(seed: 31, groups: 400, faults: false)
    var wide = stream
    for detector in L0Detector.allCases {
      for (group, bytes) in stream.packets[detector.rawValue] {
        guard let header = MTPHeader(bytes.span.bytes) else { continue }
        // Here the header counts clock periods.
        var packet = MTPEncoder(
          timestamp: header.timestamp << 8 & 0xFF_FFFF, source: header.source, format: .words64)
        MTP.forEachPrimitive(of: bytes.span.bytes, header: header) { _ = packet.append($0) }
        wide.packets[detector.rawValue][group] = packet.bytes
      }
    }
    var menu = L0Menu.random(seed: 2)
    let expected = EmulatorResult([menu], stream.datagrams())
    menu.formats = Array(repeating: .words64, count: 7)
    #expect(EmulatorResult([menu], wide.datagrams()).triggers == expected.triggers)
  }

  @Test("whose headers begin late in the 24 bits do not cost a burst of pulses")
  func pulsesInGap() {
    // 16 million frames of pulses every 8 ns would take minutes.
    let list = [0xFF_FF00, 0xFF_FF01, 0xFF_FF02].map { time in
      ScriptedPacket(mtp: MTPEncoder(timestamp: UInt32(time), source: .rich).bytes)
    }
    var menu = L0Menu.test([L0Condition()])
    menu.periodics = [.init(period: 1, word: 2, start: 0, end: .max)]
    let result = EmulatorResult([menu], list)
    let hold: UInt64 = 32768 + 3 * 256
    #expect(result.counters[0].otherSources > 1000)
    #expect(result.counters[0].otherSources < hold * 4)
    #expect(result.counters[0].closes)
  }

  @Test("with pulsers give a trigger for each pulse while there are primitives")
  func pulses() {
    let stream = RandomPrimitives(seed: 2, groups: 300, faults: false).datagrams()
    var menu = L0Menu.test([])
    // Every 8000 ns, from 256 to 60000 clock periods: 1.49 ms.
    menu.periodics = [.init(period: 1000, word: 2, start: 256, end: 60_000)]
    let result = EmulatorResult([menu], stream)
    let times = result.triggers[0].map(\.timestamp)
    #expect(times.count == Int(60_000 * 24.951059536 / 8000) - Int(256 * 24.951059536 / 8000))
    #expect(zip(times, times.dropFirst()).allSatisfy { (320...321).contains($1 - $0) })
    #expect(result.triggers[0].allSatisfy { $0.dataType == .periodic && $0.word == 2 && $0.flags == 0 })
  }
}
