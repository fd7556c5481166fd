import NA62Formats
import SpillwayTestSupport
import Testing

@testable import Simulation

@Suite struct SliceTests {
  /// Whether two stores have the same hits, bit by bit: no trailing edge is NaN, which is not equal to itself.
  private static func areSame(_ a: HitStore, _ b: HitStore) -> Bool {
    SimulatedDetector.allCases.allSatisfy { detector in
      let (a, b) = (a[detector], b[detector])
      return a.channel == b.channel && a.leading == b.leading && a.event == b.event
        && a.particle == b.particle && a.amplitude == b.amplitude
        && a.trailing.map(\.bitPattern) == b.trailing.map(\.bitPattern)
    }
  }

  @Test func slicesMadeInAnyOrderAndInShardsAreTheSame() throws {
    let setup = try AssemblyFixture.setup(milliseconds: 0.5)
    let whole = AssemblyFixture.products(setup)
    #expect(whole.count == 5 || whole.count == 6)
    // Each by a maker of its own, from the last to the first.
    for product in whole.reversed() {
      var maker = SliceMaker(setup, burst: 1)
      let behind = maker.raw(product.slice + 1)
      let raw = maker.raw(product.slice)
      let before = maker.raw(product.slice - 1)
      let again = maker.product(raw, neighbours: [behind, before])
      #expect(Self.areSame(again.hits, product.hits))
      #expect(again.packets.bytes == product.packets.bytes)
      #expect(again.channels == product.channels)
    }
    // A shorter stretch has the slices of the longer one.
    let part = AssemblyFixture.products(try AssemblyFixture.setup(milliseconds: 0.2))
    #expect(part.count < whole.count)
    for (a, b) in zip(part, whole) {
      #expect(Self.areSame(a.hits, b.hits) && a.packets.bytes == b.packets.bytes)
    }
  }

  @Test func burstsOfASeedAreDifferentAndBegin16point8SecondsApart() throws {
    let setup = try AssemblyFixture.setup(milliseconds: 0.2)
    let one = AssemblyFixture.products(setup, burst: 1)
    let two = AssemblyFixture.products(setup, burst: 2)
    #expect(!Self.areSame(one[0].hits, two[0].hits))
    let times = [one, two].map { $0[0].packets.datagrams[0].time.nanoseconds }
    #expect(times[1] - times[0] == 16_800_000_000)
  }

  @Test func noHitIsLostOrTwiceAtTheBordersOfSlices() throws {
    let setup = try AssemblyFixture.setup(intensity: 0.1, milliseconds: 0.4)
    var maker = SliceMaker(setup, burst: 1)
    var all = HitStore()
    for slice in setup.rawSlices { all.append(maker.raw(slice).hits) }
    all.arrange(setup.response)
    let start = Double(setup.slices.lowerBound) * setup.sliceDuration
    let end = Double(setup.slices.upperBound) * setup.sliceDuration
    let products = AssemblyFixture.products(setup)
    for detector in SimulatedDetector.allCases {
      var expected = HitList()
      SliceMaker.copy(all[detector], 0..<all[detector].count, from: start, to: end, into: &expected)
      var found = HitList()
      for product in products { found.append(product.hits[detector]) }
      #expect(found.count > 0 && found.channel == expected.channel && found.leading == expected.leading)
    }
  }

  @Test func hitsAreKeptForAboutAMillisecondHoweverLongTheBurstIs() throws {
    let setup = try AssemblyFixture.setup(intensity: 0.003, milliseconds: 6, keepsTruth: false)
    let assembler = BurstAssembler(setup)
    var kept: [Int] = []
    var perSlice = 0
    for product in AssemblyFixture.products(setup) {
      _ = try assembler.add(product)
      kept.append(assembler.keptSlices)
      perSlice = max(perSlice, SimulatedDetector.allCases.reduce(0) { $0 + product.hits[$1].count })
    }
    #expect(kept.count >= 58)
    // The processor may send a trigger 0.82 ms late; slices are 0.1 ms.
    #expect(kept.max() ?? 0 <= 12)
    #expect(kept.suffix(20).max() == kept.dropFirst(20).prefix(20).max())
    #expect(assembler.keptHits <= 12 * perSlice)
  }

  @Test func datagramsLeaveInOrderOfTimeAndOfArrival() {
    var queue = DatagramQueue()
    var random = SplitMix64(seed: 3)
    var expected: [(Int64, UInt16)] = []
    for i in 0..<500 as Range<UInt16> {
      let time = Int64(random.next() % 40)
      expected.append((time, i))
      queue.push(
        OutgoingDatagram(
          time: time, sourceAddress: 0, destinationAddress: 0, sourcePort: i, destinationPort: 0,
          payload: []))
    }
    expected.sort { $0 < $1 }
    for (time, port) in expected {
      #expect(queue.firstTime == time)
      #expect(queue.pop()?.sourcePort == port)
    }
    #expect(queue.pop() == nil && queue.count == 0)
  }

  @Test func wrongCombinationsAreRefused() throws {
    let good = try AssemblyFixture.setup()
    #expect(throws: (any Error).self) {
      try SimulationSetup(
        burst: good.burst, response: good.response, detectors: good.detectors, l0: good.l0, l1: good.l1,
        seed: 1, stretch: 4.9e9...5e9)
    }
    var wide = good.l0
    wide.formats[2] = .words64
    #expect(throws: (any Error).self) {
      try SimulationSetup(
        burst: good.burst, response: good.response, detectors: good.detectors, l0: wide, l1: good.l1, seed: 1)
    }
    var detectors = good.detectors
    detectors.sources.l1[0].boards = 431
    #expect(throws: (any Error).self) {
      try SimulationSetup(
        burst: good.burst, response: good.response, detectors: detectors, l0: good.l0, l1: good.l1, seed: 1)
    }
  }
}
