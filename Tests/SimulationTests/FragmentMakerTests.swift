import Detectors
import EventBuilding
import L0Trigger
import L1Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@testable import Simulation

@Suite struct FragmentMakerTests {
  /// The fragments of a trigger by source and board.
  private func fragments(
    _ hits: HitStore, timestamp: UInt32, isSpecial: Bool = false
  ) throws -> [SourceID: [[UInt8]]] {
    var maker = try FragmentMaker(
      configuration: SimulationFixture.response(), detectors: SimulationFixture.detectors())
    var out: [SourceID: [[UInt8]]] = [:]
    try maker.forEachFragment(of: .init(timestamp: timestamp, isSpecial: isSpecial), hits: hits) {
      source, board, payload in
      #expect(out[source, default: []].count == Int(board))
      out[source, default: []].append(payload)
    }
    return out
  }

  private func edges(_ payload: [UInt8], _ timestamp: UInt32) -> [TDCEdge] {
    var list = ScratchList<TDCEdge>()
    let result = TEL62.decode(payload.span.bytes, timestamp: timestamp, into: &list)
    #expect(result.status == .good)
    return (0..<list.count).map { list[$0] }
  }

  @Test func edgesAreCutToTheUnitOfTheTDC() throws {
    let timestamp: UInt32 = 0x0102_0304
    let start = Double(timestamp) * ReadoutClock.period
    var hits = HitStore()
    // 10 ns are 102.60 units, 45 ns 461.70: cut, not rounded.
    hits[.muv3].append(
      channel: 200, leading: start + 10, trailing: start + 45, event: 0, particle: 0)
    let found = try edges(#require(fragments(hits, timestamp: timestamp)[.muv3]?.first), timestamp)
    let origin = UInt64(timestamp) << 8
    #expect(
      found == [
        TDCEdge(time: origin + 102, channel: 200, isLeading: true),
        TDCEdge(time: origin + 461, channel: 200, isLeading: false),
      ])
  }

  @Test func onlyTheWindowIsRead() throws {
    let timestamp: UInt32 = 100_000
    func time(_ slot: Int, _ fine: Double) -> Double {
      (Double(timestamp) + Double(slot)) * ReadoutClock.period + fine * ReadoutClock.unit
    }
    var hits = HitStore()
    // MUV3 reads the clock periods -3 to +4.
    for (channel, at) in [time(-4, 255.5), time(-3, 0.5), time(4, 255.5), time(5, 0.5)].enumerated() {
      hits[.muv3].append(
        channel: Int32(channel), leading: at, trailing: .nan, event: 0, particle: 0)
    }
    let found = try edges(#require(fragments(hits, timestamp: timestamp)[.muv3]?.first), timestamp)
    #expect(found.map(\.channel) == [1, 2])
  }

  @Test func specialTriggersHaveNoData() throws {
    let all = try fragments(HitStore(), timestamp: 1000, isSpecial: true)
    let payload = try #require(all[.chod]?.first)
    var list = ScratchList<TDCEdge>()
    let result = TEL62.decode(payload.span.bytes, timestamp: 1000, into: &list)
    #expect(result.status == .special)
    #expect(all[.straw]?.count == 32 && all[.lav]?.count == 12)
    // Long before the first window can begin.
    #expect(try fragments(HitStore(), timestamp: 3)[.straw]?.count == 32)
  }

  /// Hits of events that are near each other, and the trigger of the middle one.
  private func busyHits() throws -> (hits: HitStore, timestamp: UInt32) {
    var response = try SimulationFixture.detectorResponse()
    var hits = HitStore()
    // Across a border of 2^11 clock periods, where TEL62 frames change.
    let start = Double(2048 * 77) * ReadoutClock.period
    for number in 0..<40 {
      response.respond(
        to: SimulationFixture.threePions(
          number: UInt64(number), time: start + 20 * Double(number - 20)),
        seed: 4, into: &hits)
    }
    hits.arrange(try SimulationFixture.response())
    return (hits, 2048 * 77)
  }

  @Test func everyHitInTheWindowIsReadBack() throws {
    let configuration = try SimulationFixture.response()
    let (hits, timestamp) = try busyHits()
    let all = try fragments(hits, timestamp: timestamp)
    let sources: [(SourceID, [SimulatedDetector])] = [
      (.ktag, [.ktag]), (.lav, [.lav]), (.chod, [.chod]), (.rich, [.rich]),
      (.ircSacNewCHOD, [.irc, .sac, .newCHOD]), (.muv3, [.muv3]),
    ]
    var total = 0
    for (source, detectors) in sources {
      var read = Set<TDCEdge>()
      let boards = try #require(all[source])
      for (board, payload) in boards.enumerated() {
        for edge in edges(payload, timestamp) {
          var edge = edge
          edge.channel += UInt16(512 * board)
          #expect(read.insert(edge).inserted)
        }
      }
      var expected = Set<TDCEdge>()
      for detector in detectors {
        let list = hits[detector]
        let settings = configuration[detector]
        let last = Int64(timestamp) + Int64(settings.last)
        for i in 0..<list.count {
          for isLeading in [true, false] {
            guard let units = ReadoutClock.units(isLeading ? list.leading[i] : list.trailing[i]),
              units >> 8 <= last, units >> 8 > last - Int64(settings.slots)
            else { continue }
            expected.insert(
              TDCEdge(
                time: UInt64(units), channel: UInt16(list.channel[i]), isLeading: isLeading))
          }
        }
      }
      #expect(read == expected, "\(source.name)")
      total += read.count
    }
    #expect(total > 500)
  }

  @Test func everyStrawInTheWindowIsReadBackWithItsOffset() throws {
    let configuration = try SimulationFixture.response()
    let maps = try SimulationFixture.detectors().maps
    let (hits, timestamp) = try busyHits()
    let boards = try #require(fragments(hits, timestamp: timestamp)[.straw])
    var read: [SRB.Edge] = []
    for (board, payload) in boards.enumerated() {
      var list = ScratchList<SRB.Edge>()
      let status = SRB.decode(payload.span.bytes, timestamp: timestamp, into: &list)
      #expect(status == .good)
      for i in 0..<list.count {
        #expect(Int(list[i].channel) / 256 == board)
        read.append(list[i])
      }
    }
    // What L1 takes off gives back the times, less the offset that makes up for its constant and the cut.
    let list = hits[.straw]
    var expected = 0
    let origin = Double(timestamp) * ReadoutClock.period
    var times: [Int32: [Double]] = [:]
    for i in 0..<list.count {
      for time in [list.leading[i], list.trailing[i]] where !time.isNaN {
        let channel = Int(list.channel[i])
        times[list.channel[i], default: []].append(time - origin)
        let raw =
          time - origin + maps.strawStationT0 + maps.strawMezzanineT0[channel / 16] - maps.strawMagicT0
          + configuration.strawTimeOffset
        let slot = (raw / ReadoutClock.period).rounded(.down)
        if slot >= -261, slot <= -246 { expected += 1 }
      }
    }
    #expect(read.count == expected && expected > 500)
    for edge in read {
      let time =
        edge.time - maps.strawStationT0 - maps.strawMezzanineT0[Int(edge.channel) / 16] + maps.strawMagicT0
        - configuration.strawTimeOffset
      let near = times[Int32(edge.channel)]?.contains { $0 >= time - 1e-6 && $0 < time + 0.7798 } ?? false
      #expect(near)
    }
  }

  /// Events of three pions, put through L1: how many it finds in each way.
  private func triggerL1(_ count: Int) throws -> (
    ktag: Int, accepted: Int, tracks: Int, acceptedTracks: Int, negative: Int, newCHOD: Int, momenta: [Double]
  ) {
    let detectors = try SimulationFixture.detectors()
    var response = try SimulationFixture.detectorResponse()
    var maker = try FragmentMaker(configuration: SimulationFixture.response(), detectors: detectors)
    var writer = MEPWriter()
    var packets: [ScriptedPacket] = []
    var hits = HitStore()
    var accepted: Set<UInt32> = []
    for number in 0..<count {
      let time = 1e7 + 10_000.3 * Double(number)
      let units = try #require(ReadoutClock.units(time))
      let timestamp = UInt32(units >> 8)
      hits.removeAll()
      response.respond(
        to: SimulationFixture.threePions(number: UInt64(number), time: time), seed: 11, into: &hits)
      hits.arrange(try SimulationFixture.response())
      if isAccepted(hits[.straw], try SimulationFixture.detectors().maps) { accepted.insert(UInt32(number)) }
      var fragments: [(SourceID, UInt8, [UInt8])] = []
      try maker.forEachFragment(of: .init(timestamp: timestamp), hits: hits) {
        fragments.append(($0, $1, $2))
      }
      let record = L0TPRecord.physics(1, fineTime: UInt8(truncatingIfNeeded: units))
      fragments.append((.l0tp, 0, record.bytes))
      for (source, board, payload) in fragments {
        try writer.add(
          source: source, board: board, event: UInt32(number), timestamp: timestamp, payload: payload
        ) { packets.append(ScriptedPacket($0)) }
      }
    }
    writer.flush { packets.append(ScriptedPacket($0)) }
    let layout = EventLayout(sources: detectors.sources.l0.map { .init(id: $0.id, fragments: $0.boards) })
    var options = EventBuilder.Options()
    options.l1BlockByteCount = 12
    let builder = EventBuilder(layout: layout, options: options)
    builder.add(PacketBatch(packets), packets.indices)
    let batch = builder.takeBatch()
    #expect(batch.events.count == count)
    var configuration = L1Configuration()
    for algorithm in [L1Algorithm.ktag, .newCHOD] { configuration.masks[0][algorithm].window = 10 }
    let worker = L1Worker(configuration: configuration, layout: layout, maps: detectors.maps)
    var found = (
      ktag: 0, accepted: accepted.count, tracks: 0, acceptedTracks: 0, negative: 0, newCHOD: 0,
      momenta: [Double]()
    )
    for event in batch.events {
      let info = worker.evaluateAlone(event, of: batch).info
      #expect(!info.state(.straw).contains(.badData))
      if info.ktagSectors >= 5 { found.ktag += 1 }
      if info.straw.flags & 2 != 0 { found.negative += 1 }
      if info.newCHODHits > 0 { found.newCHOD += 1 }
      guard info.straw.flags & 4 != 0 else { continue }
      found.tracks += 1
      guard accepted.contains(event.number) else { continue }
      found.acceptedTracks += 1
      if info.straw.tracks == 3 {
        found.momenta.append(
          Double(info.straw.momenta[0] + info.straw.momenta[1] + info.straw.momenta[2]) / 1000)
      }
    }
    found.momenta.sort()
    return found
  }

  /// Whether each of three tracks has hits of at least three views in each chamber.
  private func isAccepted(_ hits: HitList, _ maps: L1DetectorMaps) -> Bool {
    var views: [Int32: Set<Int32>] = [:]
    for i in 0..<hits.count {
      views[hits.particle[i], default: []].insert(maps.straw[Int(hits.channel[i])] / 488)
    }
    return views.count == 3
      && views.values.allSatisfy { seen in (0..<4).allSatisfy { c in seen.filter { $0 / 4 == c }.count >= 3 }
      }
  }

  @Test func l1FindsTheKaonAndItsThreePions() throws {
    let count = 300
    let found = try triggerL1(count)
    #expect(Double(found.ktag) / Double(count) > 0.97)
    // An event whose other pions leave by the hole may lose its last one to the efficiency of 0.99.
    #expect(found.newCHOD >= count - 3)
    #expect(Double(found.negative) / Double(count) > 0.65)
    // Of the events whose tracks are in the acceptance of all chambers.
    #expect(found.accepted > count / 10)
    #expect(Double(found.acceptedTracks) / Double(found.accepted) > 0.8)
    // The median of the momenta is that of the beam; ghosts make a tail.
    let median = found.momenta[found.momenta.count / 2]
    #expect(abs(median - 75) < 1.5)
  }

  @Test func packetsOfABoardHoldItsEvents() throws {
    var writer = MEPWriter(eventsPerPacket: 2)
    var packets: [[UInt8]] = []
    for event in 0..<3 as Range<UInt32> {
      try writer.add(source: .chod, board: 1, event: event, timestamp: 10 + event, payload: [1, 2, 3, 4]) {
        packets.append($0)
      }
    }
    writer.flush { packets.append($0) }
    #expect(packets.count == 2)
    let headers = packets.map { L0MEPHeader($0.span.bytes) }
    #expect(headers[0]?.eventCount == 2 && headers[0]?.firstEvent == 0 && headers[0]?.subID == 1)
    #expect(headers[1]?.firstEvent == 2)
  }
}
