import Configuration
import Detectors
import EventBuilding
import Foundation
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@testable import Reconstruction
@testable import struct Simulation.MEPWriter

/// Answers that can be worked out by hand, and input that means nothing.
@Suite struct AssociationKnownAnswerTests {
  @Test func aRingOfKnownHitsHasItsRadiusTimeAndLikelihood() throws {
    let configuration = try AssociationFixture.configuration()
    let maps = try AssociationFixture.detectors().maps
    let rich = configuration.association.rich
    var finder = RingFinder(
      settings: rich, radiationLengths: configuration.straw.radiationLengths, maps: maps)
    // A pion of 25 GeV/c, straight ahead on the Jura disk: its ring has 164.1 mm (table of `detectors.md` 10).
    let centre = SIMD2(-100.0, 20)
    var distances: [Double] = []
    finder.hits.removeAll()
    for k in 0..<12 {
      let angle = 2 * Double.pi * Double(k) / 12
      let point = centre + 164.1 * SIMD2(cos(angle), sin(angle)) + SIMD2(127, 0)
      // The photomultiplier that is nearest.
      let number = try #require(
        maps.richPosition.indices.min {
          let (a, b) = (
            SIMD2<Double>(maps.richPosition[$0]) - point, SIMD2<Double>(maps.richPosition[$1]) - point
          )
          return (a * a).sum() < (b * b).sum()
        })
      let d = SIMD2<Double>(maps.richPosition[number]) - SIMD2(127, 0) - centre
      distances.append((d * d).sum().squareRoot())
      finder.hits.append(DetectorHit(place: Int32(number), time: 0.5 + 0.01 * Float(k)))
    }
    // One far away in time.
    finder.hits.append(DetectorHit(place: 500, time: 2.9))
    finder.begin()
    finder.add(slope: centre / rich.focalLength, mirror: 900, momentum: 25, time: 0.2, search: 3)
    var found: [RingMatch] = []
    finder.run { found.append($1) }
    let match = try #require(found.first)
    let radius = distances.reduce(0, +) / 12
    #expect(match.hits == 12)
    #expect(abs(Double(match.radius) - radius) < 0.01)
    #expect(abs(match.time - 0.555) < 0.001)
    // Mass squared: p² (n² cos² θ − 1).
    let index = 1 / cos(atan(rich.electronRing / rich.focalLength))
    let mass = 625 * (pow(index * cos(radius / rich.focalLength), 2) - 1)
    #expect(abs(Double(match.massSquared) - mass) < 1e-6)
    // Likelihood of each hypothesis: hits of the ring over background, less those expected.
    let scattering =
      0.0136 * configuration.straw.radiationLengths.squareRoot()
      * (1 + 0.038 * log(configuration.straw.radiationLengths)) * rich.focalLength / 25
    let sigma = (rich.resolution * rich.resolution + scattering * scattering).squareRoot()
    for (h, m) in [ParticleMass.electron, ParticleMass.muon, ParticleMass.pion].enumerated() {
      let expected = rich.focalLength * acos((1 + m * m / 625).squareRoot() / index)
      let hits = rich.hits * pow(expected / rich.electronRing, 2)
      var sum = -hits
      for r in distances {
        let z = (r - expected) / sigma
        guard abs(z) < 4 else { continue }
        let density =
          hits / (2 * Double.pi * expected) * exp(-z * z / 2) / (sigma * (2 * Double.pi).squareRoot())
        sum += log(1 + density / rich.background)
      }
      #expect(abs(Double(match.logLikelihood[h]) - sum) < 0.4, "\(h): \(match.logLikelihood[h]) and \(sum)")
    }
    #expect(match.logLikelihood.z > match.logLikelihood.y + 5)
    // Below threshold there is no light: as background.
    #expect(match.logLikelihood.w == 0)
    // The largest radius of the table: electrons.
    #expect(abs(rich.focalLength * acos(1 / index) - 190.6) < 0.01)
  }

  @Test func aTileIsTwoPhotomultipliers() throws {
    let settings = try AssociationFixture.configuration().association
    var finder = TileFinder(
      settings: settings.muv3, boxes: MUV3Geometry.boxes, isLater: true, place: MUV3Geometry.place)
    // Tile 80 is at (550, 110): both tubes; tile 81, one tube.
    for (place, time) in [(80, 1.0), (280, 2.5), (81, 1.5), (80, 40)] {
      finder.hits.append(DetectorHit(place: Int32(place), time: Float(time)))
    }
    finder.makeTiles()
    let count = finder.count(at: 2)
    #expect(count == 2)
    let match = finder.match(SIMD2(550, 110), time: 0, momentum: 20)
    #expect(match.tile == 80 && match.isTight && match.time == 2.5 && match.distance == 0)
    // 30 mm and 3.5 × 530 mm GeV/c over p beside it: the edge of the tile is at 440.
    let reach = 30 + 3.5 * 530.0 / 20
    let inside = finder.match(SIMD2(440 - reach + 1, 110), time: 0, momentum: 20)
    let beside = finder.match(SIMD2(440 - reach - 1, 110), time: 0, momentum: 20)
    let late = finder.match(SIMD2(550, 110), time: 10, momentum: 20)
    #expect(inside.tile == 80 && !beside.isFound && !late.isFound)
  }

  @Test func theLightPathOfTheHodoscopeIsTakenOff() throws {
    let settings = try AssociationFixture.configuration().association.chod
    var finder = CHODFinder(settings: settings)
    // Slabs 62 and 115 cross at (100, 200), with 1010 mm and 1110 mm of light path (`detectors.md` 5).
    finder.hits.append(DetectorHit(place: 62, time: Float(1 + 0.0073 * 1010 - 4.4)))
    finder.hits.append(DetectorHit(place: 115, time: Float(2 + 0.0073 * 1110 - 4.4)))
    finder.hits.append(DetectorHit(place: 61, time: 1))
    let match = finder.match(vertical: SIMD2(100, 200), horizontal: SIMD2(100, 200), time: 0)
    #expect(match.planes == 2 && match.slabs == SIMD2(62, 115))
    #expect(abs(match.time - 1.5) < 1e-4)
    let beside = finder.match(vertical: SIMD2(-100, 200), horizontal: SIMD2(-100, 200), time: 0)
    let late = finder.match(vertical: SIMD2(100, 200), horizontal: SIMD2(100, 200), time: 25)
    #expect(beside.planes == 0 && late.planes == 0)
  }

  @Test func aCandidateOfKTAGHasSectorsEnough() throws {
    var finder = KTAGFinder(settings: try AssociationFixture.configuration().association.ktag)
    for (sector, time) in [(0, 5.0), (1, 5.1), (2, 5.2), (3, 5.3), (3, 5.4), (5, -3), (6, -3.1), (7, -3.2)] {
      finder.hits.append(DetectorHit(place: Int32(sector), time: Float(time)))
    }
    // The nearer one has three sectors, four are needed.
    let nearest = finder.nearest(to: -2)
    let found = try #require(nearest)
    #expect(found.sectors == 4 && found.hits == 5 && abs(found.time - 5.2) < 1e-5)
    let none = finder.nearest(to: -6)
    #expect(none == nil)
  }

  @Test func slabsAndTilesAreWhereTheMapsOfPointsHaveThem() throws {
    for (number, slab) in CHODGeometry.slabs.enumerated() {
      let middle = (slab.box.low + slab.box.high) / 2
      guard (middle * middle).sum() > 200 * 200 else { continue }
      let found = try #require(CHODGeometry.slab(horizontal: slab.isHorizontal, x: middle.x, y: middle.y))
      #expect(found.slab == number)
      #expect(abs(found.distance - (slab.length - abs(slab.isHorizontal ? middle.x : middle.y))) < 1e-9)
    }
    for (tile, box) in MUV3Geometry.boxes.enumerated() {
      guard let box else { continue }
      let middle = (box.low + box.high) / 2
      #expect(MUV3Geometry.tile(x: middle.x, y: middle.y) == tile)
    }
    for x in stride(from: -1040.0, through: 1040, by: 67) {
      for y in stride(from: -1040.0, through: 1040, by: 53) {
        guard let tile = NewCHODGeometry.tile(x: x, y: y) else { continue }
        #expect(NewCHODGeometry.boxes[tile]?.distanceSquared(SIMD2(x, y)) == 0)
      }
    }
    #expect(NewCHODGeometry.boxes.count { $0 != nil } == 152)
  }

  @Test func mistakesInTheConfigurationAreNamed() throws {
    let shipped = try ConfigurationFile.text(
      path: RepositoryPaths.path("Configs/reconstruction/na62-2018.yaml"))
    for (text, other) in [
      ("ringHits: 4", "ringhits: 4"), ("gain: 3.491 MeV", "gain: 3.491 GeV"), ("sectors: 4", "sectors: 9"),
      ("highThreshold: 15 mV", "highThreshold: 5 mV"), ("- {below: 2 GeV", "- {below: 0.5 GeV"),
      ("lkr: {hole: 150 mm,", "lkr: {hole: 150 mm, squareHole: 1 mm,"), ("seedRatio: 1.8 # C\n", "\n"),
    ] {
      #expect(shipped.contains(text), "\(text)")
      #expect(throws: ConfigurationError.self, "\(other)") {
        try ReconstructionConfiguration(
          node: YAMLNode.parse(text: shipped.replacing(text, with: other), file: "reconstruction.yaml"))
      }
    }
  }

  /// Events of the given payloads, by source and board.
  private func batch(
    _ layout: EventLayout, events: Int, _ payload: (SourceID, Int) -> [UInt8]
  ) throws -> EventBatch {
    var writer = MEPWriter(eventsPerPacket: 8)
    var payloads: [[UInt8]] = []
    for event in 0..<events {
      for source in layout.sources where source.id != .l1 {
        for board in 0..<source.fragments {
          try writer.add(
            source: source.id, board: UInt8(board), event: UInt32(event),
            timestamp: 40_000 + UInt32(event) * 400,
            payload: payload(source.id, board)
          ) { payloads.append($0) }
        }
      }
    }
    writer.flush { payloads.append($0) }
    var bytes: ContiguousArray<UInt8> = []
    var datagrams: ContiguousArray<Datagram> = []
    for (i, payload) in payloads.enumerated() {
      datagrams.append(
        Datagram(
          time: DataTime(nanoseconds: 0), packet: PacketReference(input: 0, number: UInt32(i + 1)),
          frameOffset: bytes.count, frameLength: payload.count, payloadOffset: bytes.count,
          payloadLength: payload.count, sourceAddress: 1, destinationAddress: 2, sourcePort: 3,
          destinationPort: 58913))
      bytes += payload
    }
    let packets = PacketBatch(bytes: bytes, datagrams: datagrams, watermark: DataTime(nanoseconds: 0))
    var options = EventBuilder.Options()
    options.l1BlockByteCount = 12
    let builder = EventBuilder(layout: layout, options: options)
    builder.add(packets, payloads.indices)
    return builder.takeBatch()
  }

  @Test func anyPayloadIsAnswered() throws {
    let layout = try AssociationFixture.layout()
    var random = SplitMix64(seed: 5)
    let record = L0TPRecord(fineTime: 17, dataType: .physics, word: L0Word(rawValue: 1), flags: 1).bytes
    let worker = Reconstructor(
      configuration: try AssociationFixture.configuration(), layout: layout,
      maps: try AssociationFixture.detectors().maps)
    var out = ReconstructedBatch()
    // Random bytes; and sound boards full of edges about the trigger, so that lists overflow.
    for round in 0..<2 {
      var event: UInt32 = 0
      let batch = try batch(layout, events: 24) { source, board in
        if source == .l0tp {
          event += 1
          return record
        }
        if round == 0 || source == .straw { return random.bytes(4 * Int(random.next() % 60)) }
        let timestamp = 40_000 + 400 * event
        let edges = (0..<600).map { _ in
          TDCEdge(
            time: UInt64(timestamp) * 256 + random.next() % 512, channel: UInt16(random.next() % 512),
            isLeading: true)
        }.sorted { $0.time < $1.time }
        return
          (try? TEL62Encoder(edges: edges, timestamp: timestamp, subID: UInt8(board), fpgaIDs: [0, 1, 2, 3])
          .bytes()) ?? []
      }
      #expect(batch.events.count == 24)
      out.removeAll()
      for event in batch.events { worker.reconstruct(event, of: batch, into: &out) }
      let states = out.associations.events.map(\.state)
      #expect(states.count == 24)
      if round == 0 {
        #expect(states.contains { $0.contains(.noKTAG) } && states.contains { $0.contains(.noRICH) })
        #expect(
          zip(states, out.associations.events).allSatisfy { !$0.contains(.noKTAG) || $1.ktagSectors.isNaN })
      } else {
        #expect(states.contains { $0.contains(.overflow) })
      }
    }
  }
}
