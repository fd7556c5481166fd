import Detectors
import L0Trigger
import NA62Formats
import Testing

@testable import Simulation

@Suite struct PrimitiveMakerTests {
  private static let frame: UInt32 = 40

  /// A time in the frame: clock period and 1/256 of it, in the middle of the unit.
  private func time(_ period: Int, _ fine: Double) -> Double {
    Double(Self.frame) * ReadoutClock.frame + Double(period) * ReadoutClock.period
      + (fine + 0.5) * ReadoutClock.unit
  }

  /// Readout channel of a place in a map.
  private func channel(_ map: ContiguousArray<Int32>, _ place: Int32) throws -> Int32 {
    Int32(try #require(map.firstIndex(of: place)))
  }

  private func primitives(
    _ detector: SimulatedDetector, _ hits: [(channel: Int32, time: Double)], amplitude: Float = 0
  ) throws -> FramePrimitives {
    var store = HitStore()
    for (i, hit) in hits.enumerated() {
      store[detector].append(
        channel: hit.channel, leading: hit.time, trailing: hit.time + 20, amplitude: amplitude,
        event: UInt64(i), particle: 0)
    }
    let configuration = try SimulationFixture.response()
    store.arrange(configuration)
    var maker = try PrimitiveMaker(configuration: configuration, maps: SimulationFixture.detectors().maps)
    var out = FramePrimitives()
    maker.makePrimitives(frame: Self.frame, hits: store, into: &out)
    return out
  }

  /// The names of the bits of the only primitive of NewCHOD with hits in the given tiles.
  private func newCHOD(_ tiles: [Int32], single: [Int32] = []) throws -> Set<String> {
    let map = try SimulationFixture.detectors().maps.newCHOD
    var hits: [(Int32, Double)] = []
    for (i, tile) in tiles.enumerated() {
      hits.append((try channel(map, tile), time(9, Double(10 + i))))
      hits.append((try channel(map, tile + 50), time(9, Double(14 + i))))
    }
    for tile in single { hits.append((try channel(map, tile), time(9, 20))) }
    let found = try primitives(.newCHOD, hits)[.newCHOD]
    #expect(found.count == 1)
    return names(try #require(found.first).identifier, .newCHOD)
  }

  private func names(_ identifier: UInt16, _ detector: L0Detector) -> Set<String> {
    Set(
      (0..<15).filter { identifier & 1 << UInt16($0) != 0 }
        .map { PrimitiveBits.latest.name(of: PrimitiveBits.Bit(detector, $0)) })
  }

  @Test func oneTileOfNewCHODSetsTheBitsOfOneTile() throws {
    // An outer tile of the first quadrant.
    #expect(
      try newCHOD([102]) == ["QE1", "HO1", "HTO1", "H1", "HT1", "UTMC", "UTMCO", "NewCHOD"])
    // An inner tile, by one photomultiplier.
    #expect(try newCHOD([], single: [201]) == ["QE4", "H1", "UTMC", "UTMCO", "NewCHOD"])
    #expect(try newCHOD([402]).contains("QE2"))
  }

  @Test func quadrantsOfNewCHODSetQ2AndQX() throws {
    let neighbours = try newCHOD([102, 202])
    #expect(neighbours.contains("Q2") && !neighbours.contains("QX") && neighbours.contains("H2"))
    #expect(neighbours.isDisjoint(with: ["QE1", "QE2", "QE3", "QE4"]))
    let opposite = try newCHOD([102, 311])
    #expect(opposite.isSuperset(of: ["Q2", "QX", "UTMC", "HT2"]))
    #expect(try newCHOD([202, 411]).contains("QX"))
  }

  @Test func fiveTilesOfNewCHODAreTooManyForUTMC() throws {
    #expect(try newCHOD([102, 103, 104, 105]).isSuperset(of: ["UTMC", "UTMCO"]))
    #expect(try newCHOD([102, 103, 104, 105, 107]).isDisjoint(with: ["UTMC", "UTMCO"]))
    // Inner tiles do not count for UTMCO.
    let inner = try newCHOD([101, 102, 103, 104, 105])
    #expect(inner.contains("UTMCO") && !inner.contains("UTMC"))
  }

  @Test func theTimeOfNewCHODIsTheMeanOfTileAndCluster() throws {
    let map = try SimulationFixture.detectors().maps.newCHOD
    // Photomultipliers at 10 and 15: 12 (floor); the other tile at 20 and 24: 22; together 17.
    let found = try primitives(
      .newCHOD,
      [
        (channel(map, 102), time(9, 10)), (channel(map, 152), time(9, 15)),
        (channel(map, 203), time(9, 20)), (channel(map, 253), time(9, 24)),
      ])[.newCHOD]
    #expect(found.map(\.timestamp) == [256 * Self.frame + 9])
    #expect(found.map(\.fineTime) == [17])
  }

  @Test func tilesOutsideTheWindowMakeTheirOwnPrimitive() throws {
    let map = try SimulationFixture.detectors().maps.newCHOD
    // 64 units are within the window, 65 are not.
    let near = try primitives(
      .newCHOD, [(channel(map, 102), time(9, 10)), (channel(map, 303), time(9, 74))])
    #expect(near[.newCHOD].count == 1)
    let far = try primitives(
      .newCHOD, [(channel(map, 102), time(9, 10)), (channel(map, 303), time(9, 75))])
    #expect(far[.newCHOD].count == 2)
  }

  @Test func tilesOfMUV3SetTheirBits() throws {
    let map = try SimulationFixture.detectors().maps.muv3
    func bits(_ tiles: [Int32]) throws -> Set<String> {
      var hits: [(Int32, Double)] = []
      for tile in tiles {
        hits.append((try channel(map, tile), time(5, 30)))
        hits.append((try channel(map, tile + 200), time(5, 40)))
      }
      let found = try primitives(.muv3, hits)[.muv3]
      #expect(found.count == 1 && found.first?.fineTime == 40, "the later photomultiplier counts")
      return names(try #require(found.first).identifier, .muv3)
    }
    let mu = ["MUV3"]
    // Tile 0 is at the lower left (third quadrant), 143 at the upper right, 11 at the lower right, 147 inside.
    #expect(try bits([0]) == Set(["MQE3", "MTO1", "MT1", "MO1", "M1"] + mu))
    #expect(try bits([147]) == Set(["MT1", "M1"] + mu))
    #expect(try bits([147, 148]) == Set(["MT1", "M1", "MT2", "M2"] + mu))
    #expect(try bits([0, 143]).isSuperset(of: ["MOQ2", "MOQX", "MO2", "M2", "MO1"]))
    let side = try bits([0, 11])
    #expect(side.contains("MOQ2") && !side.contains("MOQX"))
  }

  @Test func twoSupercellsOfAHalfDiskMakeARICHPrimitive() throws {
    let map = try SimulationFixture.detectors().maps.rich
    // ORs: disk 100000, half 10000, 100 x supercell, 10 for an OR.
    let two = try primitives(
      .rich, [(channel(map, 110_110), time(7, 100)), (channel(map, 110_210), time(7, 103))])
    #expect(two[.rich].map(\.identifier) == [1 << 14])
    #expect(two[.rich].map(\.fineTime) == [101])
    // One supercell, or one in each half.
    #expect(try primitives(.rich, [(channel(map, 110_110), time(7, 100))])[.rich].isEmpty)
    let apart = try primitives(
      .rich, [(channel(map, 110_110), time(7, 100)), (channel(map, 100_110), time(7, 103))])
    #expect(apart[.rich].isEmpty)
    // Photomultipliers themselves are not looked at.
    let tubes = try primitives(
      .rich, [(channel(map, 110_101), time(7, 100)), (channel(map, 110_203), time(7, 103))])
    #expect(tubes[.rich].isEmpty)
  }

  @Test func slabsOfOneQuadrantMakeACHODPrimitive() throws {
    let map = try SimulationFixture.detectors().maps.chod
    let same = try primitives(.chod, [(channel(map, 5), time(7, 10)), (channel(map, 70), time(7, 20))])
    #expect(same[.chod].map(\.identifier) == [1 << 14])
    #expect(same[.chod].map(\.fineTime) == [15])
    let other = try primitives(.chod, [(channel(map, 5), time(7, 10)), (channel(map, 90), time(7, 20))])
    #expect(other[.chod].isEmpty)
  }

  @Test func threeBlocksOverBothThresholdsMakeALAVPrimitive() throws {
    func hits(_ blocks: Int) -> [(channel: Int32, time: Double)] {
      var hits: [(channel: Int32, time: Double)] = []
      for block in 0..<Int32(blocks) {
        hits.append((5632 + 2 * block, time(3, 100)))
        hits.append((5633 + 2 * block, time(3, 110)))
      }
      return hits
    }
    let three = try primitives(.lav, hits(3))[.lav12]
    // 100 - 1.5 x (110 - 100).
    #expect(three.map(\.fineTime) == [85] && three.map(\.identifier) == [1 << 14])
    #expect(try primitives(.lav, hits(2))[.lav12].isEmpty)
    let low = try primitives(.lav, hits(4).filter { $0.channel % 2 == 0 })
    #expect(low[.lav12].isEmpty)
  }

  @Test func energiesAndClustersSetTheBitsOfTheCalorimeter() throws {
    func bits(_ energies: Int, of energy: Float) throws -> Set<String> {
      let found = try primitives(
        .lkr, (0..<energies).map { (Int32(1000 * $0), time(4, 9)) }, amplitude: energy)[.lkr]
      return found.first.map { names($0.identifier, .lkr) } ?? []
    }
    #expect(try bits(1, of: 4).isEmpty)
    #expect(try bits(2, of: 3) == ["LKr"])
    #expect(try bits(1, of: 12) == ["LKr10", "C1E10"])
    #expect(try bits(2, of: 11) == ["LKr", "LKr10", "LKr20", "C2E10"])
    #expect(try bits(1, of: 45) == ["LKr", "LKr10", "LKr20", "LKr40", "C1E10"])
    let dump = CalorimeterBits(PrimitiveBits(run: 8477))
    #expect(dump.identifier(energy: 1.5, clusters: 1) == 1 << 10)
    #expect(dump.identifier(energy: 0.5, clusters: 1) == 0)
  }

  @Test func packetsOfPrimitivesAreReadBack() throws {
    let map = try SimulationFixture.detectors().maps.newCHOD
    let found = try primitives(
      .newCHOD, [(channel(map, 102), time(0, 0)), (channel(map, 303), time(255, 255))])
    let packet = found.packet(of: .newCHOD, frame: Self.frame)
    #expect(packet.lost == 0)
    let first = MTPHeader(packet.bytes.span.bytes)
    let header = try #require(first)
    #expect(header.timestamp == Self.frame + 1 && header.primitiveCount == 2)
    var read: [Primitive] = []
    let left = MTP.forEachPrimitive(of: packet.bytes.span.bytes, header: header) { read.append($0) }
    #expect(left == 0)
    #expect(read == found[.newCHOD] && read.count == 2)
    // A detector without hits sends an empty packet.
    #expect(found.packet(of: .rich, frame: Self.frame).bytes.count == 16)
  }
}

@Suite struct DecayPrimitiveTests {
  /// The share of decays to three pions with each of some conditions in a primitive within 10 ns.
  @Test func threePionsMakeThePrimitivesOfMultiTrackLines() throws {
    let configuration = try SimulationFixture.response()
    var response = try SimulationFixture.detectorResponse()
    var maker = try PrimitiveMaker(configuration: configuration, maps: SimulationFixture.detectors().maps)
    var hits = HitStore()
    var primitives = FramePrimitives()
    let count = 300
    var counts = [String: Int]()
    for number in 0..<count {
      let time = 1e7 + (10 + 0.137 * Double(number)) * ReadoutClock.frame
      hits.removeAll()
      response.respond(
        to: SimulationFixture.threePions(number: UInt64(number), time: time), seed: 11, into: &hits)
      hits.arrange(configuration)
      let units = try #require(ReadoutClock.units(time))
      maker.makePrimitives(frame: UInt32(units >> 16), hits: hits, into: &primitives)
      for (name, detector) in [
        ("RICH", L0Detector.rich), ("CHOD", .chod), ("NewCHOD", .newCHOD), ("Q2", .newCHOD), ("QX", .newCHOD),
        ("MUV3", .muv3),
      ] {
        let bit = try #require(PrimitiveBits.latest[name])
        let isThere = primitives[detector].contains { primitive in
          let at = Int64(primitive.timestamp) << 8 + Int64(primitive.fineTime)
          return primitive.identifier & 1 << UInt16(bit.number) != 0 && abs(at - units) < 103
        }
        if isThere { counts[name, default: 0] += 1 }
      }
    }
    #expect(counts["RICH", default: 0] > count * 9 / 10)
    #expect(counts["NewCHOD", default: 0] > count * 9 / 10)
    #expect(counts["QX", default: 0] > count * 7 / 10)
    #expect(counts["Q2", default: 0] >= counts["QX", default: 0])
    #expect(counts["CHOD", default: 0] > count * 9 / 10)
    #expect(counts["MUV3"] == nil)
  }
}
