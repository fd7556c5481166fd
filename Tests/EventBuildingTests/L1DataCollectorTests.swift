import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@testable import EventBuilding

/// A collector with a short way to speak to it.
private struct Script {
  var collector: L1DataCollector<Int>
  var said: [String] = []
  var books = L1DataBooks()
  /// For each event that was complete or given up, its fragments with their bytes.
  var kept: [[[UInt8]]] = []
  /// Of these the ones that have data.
  var filled: [[[UInt8]]] = []
  /// Whether fragments that follow one another are given together.
  private let inRanges: Bool
  private var waiting: ContiguousArray<L1DataFragment> = []
  private var bytes: ContiguousArray<UInt8> = []

  init(limit: Int = 1 << 20, keeps: L1DataKept = .all, inRanges: Bool = false) {
    self.inRanges = inRanges
    var options = L1DataCollector<Int>.Options()
    options.maximumPendingBytes = limit
    options.keeps = keeps
    collector = L1DataCollector(layout: L1DataFixture.layout, options: options)
  }

  mutating func request(_ number: UInt32, burst: UInt32 = 1, run: UInt32 = 0, bytes: Int = 100) {
    flush()
    let event = BuiltEvent(
      number: number, run: run, burst: burst, timestamp: 0, firstFragment: 0,
      l0: .physics(1), isLastOfBurst: false, time: DataTime(nanoseconds: 0))
    tell { $0.request(event, byteCount: bytes, payload: Int(number), into: &$1) }
  }

  /// A fragment of source 0 (two boards), 1 (one board) or an unknown one (−1).
  mutating func fragment(
    _ number: UInt32, _ source: Int16, burst: UInt32 = 1, run: UInt32 = 0, _ bytes: [UInt8] = [1, 2, 3, 4]
  ) {
    let fragment = L1DataFragment(
      event: number, run: run, burst: burst, eventsBefore: 0, source: source,
      offset: UInt32(inRanges ? self.bytes.count : 0), length: UInt32(bytes.count))
    if inRanges {
      waiting.append(fragment)
      self.bytes += bytes
      return
    }
    tell { $0.add(fragment, ContiguousArray(bytes), into: &$1) }
  }

  mutating func end(_ burst: UInt32 = 1) {
    flush()
    tell { $0.end(run: 0, burst: burst, into: &$1) }
  }

  private mutating func flush() {
    let (waiting, bytes) = (waiting, bytes)
    self.waiting = []
    self.bytes = []
    guard !waiting.isEmpty else { return }
    tell { $0.add(waiting, 0..<waiting.count, bytes, into: &$1) }
  }

  private mutating func tell(
    _ body: (inout L1DataCollector<Int>, inout [L1DataCollector<Int>.Action]) -> Void
  ) {
    var actions: [L1DataCollector<Int>.Action] = []
    body(&collector, &actions)
    for action in actions {
      switch action {
      case .complete(let held):
        said.append("\(held.payload) complete \(held.received) \(held.bytes)")
        note(held.data)
      case .giveUp(let held, let reason):
        said.append("\(held.payload) \(reason.rawValue) \(held.received)")
        note(held.data)
      }
    }
    let part = collector.takeBooks()
    #expect(part.closes)
    books += part
  }

  private mutating func note(_ data: L1EventData) {
    func bytes(_ fragment: L1DataFragment) -> [UInt8] {
      Array(data.bytes[Int(fragment.offset)..<Int(fragment.offset + fragment.length)])
    }
    kept.append(data.fragments.map(bytes))
    filled.append(data.filled.map(bytes))
  }
}

/// Sources and streams for the tests of L1 data.
enum L1DataFixture {
  /// The layout of the builder's tests with two LKr boards and one of MUV1.
  static let layout = EventLayout(
    sources: BuilderFixture.layout.sources,
    l1Sources: [.init(id: .lkr, fragments: 2), .init(id: .muv1, fragments: 1)])
}

@Suite("L1 data of events")
struct L1DataCollectorTests {
  @Test("an event is complete with its last fragment, the bytes in order of arrival")
  func complete() {
    var script = Script()
    script.request(5)
    script.fragment(5, 1, [9, 9, 9, 9])
    script.fragment(5, 0, [1, 1, 1, 1])
    #expect(script.said.isEmpty)
    script.fragment(5, 0, [2, 2, 2, 2])
    #expect(script.said == ["5 complete [2, 1] [9, 9, 9, 9, 1, 1, 1, 1, 2, 2, 2, 2]"])
    #expect(script.books.fragmentsUsed == 3 && script.books.eventsComplete == 1)
    #expect(script.books.fragmentsPending == 0 && script.books.eventsPending == 0)
  }

  @Test("fragments of events that do not wait are not requested: before, behind, and of others")
  func notRequested() {
    var script = Script()
    script.fragment(5, 0)
    script.request(5)
    for source in [0, 0, 1] as [Int16] { script.fragment(5, source) }
    script.fragment(5, 0)
    script.fragment(6, -1)
    #expect(script.books.fragmentsNotRequested == 3)
    #expect(script.books.fragments == 6 && script.books.closes)
  }

  @Test("a source is complete by the number of its fragments alone; more are duplicates")
  func duplicates() {
    var script = Script()
    script.request(5)
    for source in [0, 0, 0, 0, -1, 1] as [Int16] { script.fragment(5, source) }
    #expect(script.said.count == 1)
    #expect(script.books.fragmentsDuplicate == 2)
    #expect(script.books.fragmentsUnknownSource == 1)
    #expect(script.books.fragmentsLost == 3)
  }

  @Test("at the end of its burst an event is given up, in the order of the numbers")
  func burstEnd() {
    var script = Script()
    for number in [7, 3, 5] as [UInt32] { script.request(number) }
    script.fragment(3, 0)
    script.end(2)
    #expect(script.said.isEmpty)
    script.end(1)
    #expect(script.said == ["3 burst-end [1, 0]", "5 burst-end [0, 0]", "7 burst-end [0, 0]"])
    #expect(script.books.eventsBurstEnd == 3 && script.books.fragmentsUnfinished == 1)
    script.fragment(3, 0)
    #expect(script.books.fragmentsNotRequested == 1)
  }

  @Test("a request or a fragment of another burst, or of another run, ends the burst as well")
  func nextBurst() {
    var script = Script()
    script.request(1)
    script.request(1, burst: 2)
    #expect(script.said == ["1 burst-end [0, 0]"])
    script.fragment(1, 0, burst: 3)
    #expect(script.said.count == 2 && script.books.fragmentsNotRequested == 1)
    script.request(1, burst: 3)
    script.request(1, burst: 3, run: 1)
    #expect(script.said.count == 3 && script.books.eventsDuplicate == 0)
  }

  @Test("a copy of an event that waits is not waited for twice")
  func copies() {
    var script = Script()
    script.request(1)
    script.request(1)
    for source in [0, 0, 1] as [Int16] { script.fragment(1, source) }
    #expect(script.said.count == 1)
    #expect(script.books.events == 2 && script.books.eventsDuplicate == 1 && script.books.closes)
  }

  @Test("beyond the limit of memory the oldest event is given up")
  func limit() {
    var script = Script(limit: 1500)
    for number in [9, 2, 4] as [UInt32] { script.request(number, bytes: 200) }
    #expect(script.said.isEmpty)
    script.fragment(2, 0, [UInt8](repeating: 0, count: 200))
    #expect(script.said == ["9 pending-limit [0, 0]"])
    script.request(11, bytes: 1200)
    #expect(script.said.dropFirst() == ["2 pending-limit [1, 0]", "4 pending-limit [0, 0]"])
    #expect(script.books.eventsPendingLimit == 3 && script.books.fragmentsUnfinished == 1)
    script.request(12, bytes: 5000)
    #expect(script.said.suffix(2) == ["11 pending-limit [0, 0]", "12 pending-limit [0, 0]"])
    #expect(script.books.eventsPending == 0)
  }

  @Test("of the fragments all are kept, those with data, or none; the answers are the same")
  func kept() {
    // The words of a board without a channel, and more.
    let (empty, full) = ([UInt8](repeating: 0, count: 28), [UInt8](0..<44))
    func script(_ keeps: L1DataKept) -> Script {
      var script = Script(keeps: keeps)
      for number in [1, 2, 3] as [UInt32] { script.request(number) }
      script.fragment(1, 0, empty)
      script.fragment(2, 1, empty)
      script.fragment(1, 1, full)
      script.fragment(1, 0, [9, 9, 9])
      script.fragment(2, 0, full)
      script.end()
      return script
    }
    #expect(script(.all).kept == [[empty, full, [9, 9, 9]], [empty, full], []])
    #expect(script(.filled).kept == [[full, [9, 9, 9]], [full], []])
    #expect(script(.nothing).kept == [[], [], []])
    #expect(script(.all).filled == script(.filled).kept && script(.filled).filled == script(.filled).kept)
    #expect(script(.filled).books == script(.all).books && script(.nothing).books == script(.all).books)
    #expect(script(.all).books.fragmentsUsed == 3 && script(.all).books.fragmentsUnfinished == 2)
  }

  @Test("events whose numbers are alike in their low bits are told apart, whichever goes first")
  func alike() {
    let numbers = (0..<4).map { 5 + UInt32($0 * L1HeldEvents.recent) }
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
      var script = Script()
      for number in numbers { script.request(number) }
      for place in order {
        for source in [0, 1, 0] as [Int16] { script.fragment(numbers[place], source, [UInt8(place)]) }
        // It has gone, and the others still wait.
        script.fragment(numbers[place], 0)
        script.request(numbers[place] &+ UInt32.max / 2)
      }
      #expect(script.said == order.map { "\(numbers[$0]) complete [2, 1] \([$0, $0, $0])" })
      #expect(script.books.fragmentsNotRequested == 4 && script.books.eventsPending == 4)
    }
  }

  @Test("a set of sources has those it was made of")
  func sources() {
    let all = (0...255).map { SourceID(rawValue: UInt8($0)) }
    for chosen in [[], [0, 63, 64, 255], [0x24, 0x28]] as [[UInt8]] {
      let set = SourceSet(chosen.map(SourceID.init(rawValue:)))
      #expect(all.filter(set.contains).map(\.rawValue) == chosen)
    }
  }

  @Test("what is kept of the fragments changes no answer", arguments: 0..<10 as Range<UInt64>)
  func keptAtRandom(_ seed: UInt64) {
    let scripts = [L1DataKept.all, .filled, .nothing].map { random(seed, keeps: $0) }
    for script in scripts.dropFirst() {
      #expect(script.books == scripts[0].books)
      #expect(
        script.said.map { $0.prefix { $0 != "]" } } == scripts[0].said.map { $0.prefix { $0 != "]" } })
    }
    #expect(scripts[1].kept == scripts[0].filled && scripts[0].filled != scripts[0].kept)
  }

  @Test("many events come and go, and the books close", arguments: 0..<20 as Range<UInt64>)
  func random(_ seed: UInt64) {
    let script = random(seed, keeps: .all)
    #expect(script.books.closes)
    #expect(script.books.eventsComplete > 0 && script.books.eventsBurstEnd > 0)
    #expect(script.books.fragmentsDuplicate > 0 && script.books.fragmentsNotRequested > 0)
    #expect(script.books.eventsPending == 0 && script.books.fragmentsPending == 0)
  }

  @Test("fragments that are given together are taken as one by one", arguments: 0..<10 as Range<UInt64>)
  func together(_ seed: UInt64) {
    for keeps in [L1DataKept.all, .filled, .nothing] {
      let single = random(seed, keeps: keeps)
      let together = random(seed, keeps: keeps, inRanges: true)
      #expect(together.said == single.said)
      #expect(together.books == single.books)
      #expect(together.kept == single.kept)
    }
  }

  private func random(_ seed: UInt64, keeps: L1DataKept, inRanges: Bool = false) -> Script {
    var generator = SplitMix64(seed: seed)
    var script = Script(limit: 4000, keeps: keeps, inRanges: inRanges)
    for _ in 0..<3000 {
      // Some numbers are alike in their low bits.
      let number = UInt32(generator.below(12) + (generator.below(8) == 0 ? L1HeldEvents.recent : 0))
      let burst = UInt32(script.books.events / 100)
      switch generator.below(4) {
      case 0: script.request(number, burst: burst)
      default:
        let source = Int16(generator.below(4)) - 1
        let bytes = [UInt8](
          repeating: UInt8(truncatingIfNeeded: number), count: generator.below(4) == 0 ? 28 : 4)
        script.fragment(number, source, burst: burst, bytes)
      }
    }
    script.end(UInt32(script.books.events / 100))
    script.end(UInt32(max(1, script.books.events) - 1) / 100)
    return script
  }
}

@Suite("What the builder hands on beside events")
struct BuilderL1DataTests {
  private static func cream(_ event: UInt32, _ source: SourceID = .lkr, payload: [UInt8] = [1, 2, 3, 4])
    -> [UInt8]
  {
    L1Packet.encode(
      event: event, source: source, timestamp: 7, subID: 0x123, l0Word: L0Word(rawValue: 1), payload: payload)
  }

  @Test("L1 fragments keep their place among the events, and their bytes")
  func places() {
    var packets = [ScriptedPacket(Self.cream(0), port: 58915)]
    packets += BuilderFixture.packets(first: 0)
    packets.append(
      ScriptedPacket(Self.cream(0, .muv1) + Self.cream(0, .muv2) + Self.cream(1, payload: []), port: 58915))
    packets += BuilderFixture.packets(first: 1)
    let batch = BuilderFixture.build(packets, with: EventBuilder(layout: L1DataFixture.layout))
    #expect(batch.l1Fragments.map(\.eventsBefore) == [0, 1, 1, 1])
    #expect(batch.l1Fragments.map(\.source) == [0, 1, -1, 0])
    #expect(batch.l1Fragments.map(\.event) == [0, 0, 0, 1])
    #expect(batch.l1Fragments.map(\.length) == [20, 20, 20, 16])
    let last = batch.l1Fragments[3]
    #expect(
      Array(batch.bytes[Int(last.offset)..<Int(last.offset + last.length)]) == Self.cream(1, payload: []))
    #expect(batch.books.l1Fragments == 4 && batch.books.closes)
    #expect(batch.events.count == 2)
    #expect(BuilderFixture.payload(batch.events[1], 0, of: batch) == [1, 2, 3, 4, 5])
  }

  @Test("of a packet that is thrown away no fragment stays")
  func rejected() {
    let packets = [
      ScriptedPacket(Self.cream(0) + [0], port: 58915), ScriptedPacket(Self.cream(0, .muv2), port: 58915),
    ]
    let batch = BuilderFixture.build(packets, with: EventBuilder(layout: L1DataFixture.layout))
    #expect(batch.l1Fragments.isEmpty && batch.bytes.isEmpty)
    #expect(batch.books.l1Fragments == 0 && batch.rejects.count == 2)
  }

  @Test("the unfinished last event of a burst is kept as far as it came, any other is not")
  func lastOfBurst() throws {
    var packets = BuilderFixture.packets(first: 8, isLast: true)
    packets.removeSubrange(2...3)
    let batch = BuilderFixture.build(packets + BuilderFixture.packets(first: 9)[..<2])
    let last = try #require(batch.unfinished.first)
    #expect(last.number == 8 && last.received == [1, 0, 1, 1])
    let first = Int(try #require(last.firstFragment))
    #expect(batch.fragments[first..<(first + 5)].map(\.timestamp) == [1000, .max, .max, 1000, 1000])
    let ktag = batch.fragments[first]
    #expect(Array(batch.bytes[Int(ktag.offset)..<Int(ktag.offset + ktag.length)]) == [1, 2, 3, 4, 5])
    #expect(batch.unfinished.last?.firstFragment == nil)
    #expect(batch.books.closes)
  }

  @Test("an input that says its burst needs no triggers, and ends the one before")
  func identity() {
    let builder = EventBuilder(layout: BuilderFixture.layout)
    for (run, burst) in [(8000, 17), (8000, 40), (8001, 3)] as [(UInt32, UInt32)] {
      // An end-of-burst trigger, and 10 s later more of the same burst.
      var packets = BuilderFixture.packets(first: 0, word: 0x23, isLast: true, timestamp: 5)
      packets += BuilderFixture.packets(first: 1, at: 10_000_000_000)
      let plain = PacketBatch(packets)
      let known = PacketBatch(
        bytes: plain.bytes, datagrams: plain.datagrams,
        burst: BurstIdentity(run: run, burst: burst, startOfBurst: 1000), watermark: plain.watermark)
      builder.add(known, 0..<4)
      builder.add(known, 4..<8)
    }
    builder.finish()
    let batch = builder.takeBatch()
    #expect(batch.events.map(\.run) == [8000, 8000, 8000, 8000, 8001, 8001])
    #expect(batch.events.map(\.burst) == [17, 17, 40, 40, 3, 3])
    #expect(batch.endedBursts.map(\.burst) == [17, 40, 3])
    #expect(batch.endedBursts.map(\.run) == [8000, 8000, 8001])
    #expect(batch.endedBursts.map(\.startOfBurst) == [1000, 1000, 1000])
    #expect(batch.books.flushed == 0 && batch.books.closes)
  }

  @Test("the end of a burst whose start the input does not know is not known either")
  func undated() {
    for (start, end) in [(0, 0), (1, 21)] as [(UInt32, UInt32)] {
      let packets = PacketBatch(
        BuilderFixture.packets(first: 0, word: 0x23, isLast: true, at: 21_000_000_000))
      let known = PacketBatch(
        bytes: packets.bytes, datagrams: packets.datagrams,
        burst: BurstIdentity(run: 1, burst: 1, startOfBurst: start), watermark: packets.watermark)
      let builder = EventBuilder(layout: BuilderFixture.layout)
      builder.add(known, 0..<4)
      builder.finish()
      #expect(builder.takeBatch().endedBursts.map(\.endOfBurst) == [end])
    }
  }

  @Test("start and end of a burst are the times of their triggers' packets, in whole seconds")
  func startAndEnd() {
    var packets = BuilderFixture.packets(first: 0, word: 0x22, at: 1_500_000_000_900_000_000)
    packets += BuilderFixture.packets(first: 1, word: 0x23, isLast: true, at: 1_500_000_004_100_000_000)
    packets += BuilderFixture.packets(first: 0, word: 1, at: 1_500_000_020_000_000_000)
    let batch = BuilderFixture.build(packets)
    #expect(batch.endedBursts.map(\.startOfBurst) == [1_500_000_000, 0])
    #expect(batch.endedBursts.map(\.endOfBurst) == [1_500_000_004, 0])
  }
}
