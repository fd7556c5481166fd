import L0Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Bursts that the input names")
struct NamedBurstTests {
  private static func batch(_ list: [ScriptedPacket], run: UInt32 = 1, burst: UInt32) -> PacketBatch {
    let plain = PacketBatch(list)
    return PacketBatch(
      bytes: plain.bytes, datagrams: plain.datagrams,
      burst: BurstIdentity(run: run, burst: burst, startOfBurst: 0), watermark: plain.watermark)
  }

  /// The bursts that ended, and the triggers with their bursts.
  private static func run(
    _ menus: [L0Menu], _ batches: [PacketBatch]
  ) -> (ended: [UInt32], triggers: [(burst: UInt32, record: L0TriggerRecord)], books: L0Books) {
    let emulator = L0Emulator(menus: menus)
    var ended: [UInt32] = []
    var triggers: [(burst: UInt32, record: L0TriggerRecord)] = []
    var books = L0Books()
    func take() {
      for slice in emulator.take() {
        if slice.endsBurst { ended.append(slice.burst) }
        triggers += slice.triggers[0].map { (slice.burst, $0) }
        books += slice.books
      }
    }
    for batch in batches {
      emulator.add(batch, 0..<batch.datagrams.count)
      take()
    }
    emulator.finish()
    take()
    return (ended, triggers, books)
  }

  @Test("end with their packets, even if the times in these go on as if nothing were")
  func change() {
    let stream = RandomPrimitives(seed: 41, groups: 80, faults: false).datagrams()
    let halves = [Array(stream[..<280]), Array(stream[280...])]
    var menu = L0Menu.random(seed: 9)
    menu.resetsDownscaling = true
    var other = menu
    other.fineTimeBits = (menu.fineTimeBits + 1) % 4
    let alone = halves.map { EmulatorResult([menu], $0).triggers[0] }
    let both = Self.run([menu, other], zip(halves, [9, 5]).map { Self.batch($0, burst: $1) })
    #expect(both.ended == [9, 5])
    #expect(both.triggers.filter { $0.burst == 9 }.map(\.record) == alone[0])
    #expect(both.triggers.map(\.record).count > 20)
    #expect(both.books.closes && both.books.pending == 0)
    // The same number in another run is another burst.
    let runs = Self.run([menu], [Self.batch(halves[0], burst: 9), Self.batch(halves[1], run: 2, burst: 9)])
    #expect(runs.ended == [9, 9])
    // Batches of one burst belong together.
    let one = Self.run([menu], halves.map { Self.batch($0, burst: 9) })
    #expect(one.ended == [9])
    #expect(one.triggers.map(\.record) == EmulatorResult([menu], stream).triggers[0])
  }

  @Test("keep their numbers if a damaged header at their start splits them")
  func split() {
    var list = RandomPrimitives(seed: 42, groups: 80, faults: false).datagrams()
    list[0].payload[2] = 0x40
    let result = Self.run([L0Menu.test([L0Condition()])], [Self.batch(list, burst: 7)])
    #expect(Set(result.ended) == [7])
    #expect(result.triggers.count > 100 && result.triggers.allSatisfy { $0.burst == 7 })
    #expect(result.books.closes && result.books.pending == 0)
  }

  @Test("draw their hashes by these numbers, as captures do by theirs")
  func hashes() {
    let stream = RandomPrimitives(seed: 43, groups: 80).datagrams()
    var menu = L0Menu.test([L0Condition()])
    menu.masks[0].downscaling = L0Downscaling(numerator: 3, denominator: 1, mode: .hash, seed: 3)
    var options = L0Emulator.Options()
    options.firstBurst = 12
    let capture = EmulatorResult([menu], stream, options: options).triggers[0]
    #expect(Self.run([menu], [Self.batch(stream, burst: 12)]).triggers.map(\.record) == capture)
    #expect(Self.run([menu], [Self.batch(stream, burst: 13)]).triggers.map(\.record) != capture)
  }
}
