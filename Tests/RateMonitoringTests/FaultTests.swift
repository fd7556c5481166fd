import Configuration
import NA62Formats
import RandomNumbers
import Testing

@testable import RateMonitoring

/// Each fault, put into a recorded stream, raises one finding, which clears when the fault is healed.
struct FaultTests {
  private static var bins: RateMonitoringConfiguration { MonitorFixture.bins }

  /// The bands of the clean stream, made once.
  private static let clean = Task {
    let clean = try await MonitorFixture.run(try MonitorFixture.bursts(2), bins)
    #expect(clean.findings.map(\.text) == [])
    return RateReference(from: clean.monitor.counts).configuration(
      name: "clean", description: "two bursts", base: bins)
  }

  private static func reference() async throws -> RateMonitoringConfiguration { try await clean.value }

  /// A burst with two faults, and what is found in it.
  private static let faulty = Task {
    let packets = try MonitorFixture.bursts(1) { _, time, packet in
      if packet.primitives == .chod && time > 0.015 && time < 0.035 { return [] }
      if let board = packet.board, board.source == .ktag, board.number == 1, time > 0.02 { return [] }
      return [packet]
    }
    return (packets, try await MonitorFixture.run(packets, bins))
  }

  private func expectOne(
    _ kind: RateFinding.Kind, _ line: RateLine, _ findings: [RateFinding],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      findings.map { "\($0.line) \($0.kind) \($0.isFiring)" } == [
        "\(line) \(kind) true", "\(line) \(kind) false",
      ],
      sourceLocation: sourceLocation)
  }

  @Test func aCleanStreamFindsNothing() async throws {
    let configuration = try await Self.reference()
    let (findings, monitor) = try await MonitorFixture.run(try MonitorFixture.bursts(3), configuration)
    #expect(findings.map(\.text) == [])
    #expect(monitor.burstsEnded == 3)
    #expect(monitor.counts.total(of: RateLine(.stream, "events")).count == 3 * 1655)
    #expect(monitor.counts.total(of: RateLine(.l0, "mask 1")).count == 3 * 1128)
    #expect(monitor.counts.total(of: RateLine(.l1, "mask 1")).count == 3 * 142)
  }

  @Test func aDetectorWithoutPrimitivesIsDead() async throws {
    let packets = try MonitorFixture.bursts(1) { _, time, packet in
      packet.primitives == .chod && time > 0.015 && time < 0.035 ? [] : [packet]
    }
    let (findings, _) = try await MonitorFixture.run(packets, try await Self.reference())
    expectOne(.deadDetector, RateLine(.detector, "CHOD"), findings)
  }

  @Test func aBoardThatIsDeadFromTheBeginningIsFoundWithAReference() async throws {
    let packets = try MonitorFixture.bursts(2) { burst, time, packet in
      guard let board = packet.board, board.source == .straw, board.number == 7 else { return [packet] }
      return burst == 1 ? [] : [packet]
    }
    let (findings, monitor) = try await MonitorFixture.run(packets, try await Self.reference())
    expectOne(.lostBoard, RateLine(.detector, "STRAW board 7"), findings)
    #expect(monitor.counts.bursts.count == 2)
  }

  @Test func aBoardThatFallsSilentIsLost() async throws {
    let packets = try MonitorFixture.bursts(1) { _, time, packet in
      guard let board = packet.board, board.source == .straw, board.number == 7 else { return [packet] }
      return time > 0.01 && time < 0.03 ? [] : [packet]
    }
    let (findings, _) = try await MonitorFixture.run(packets, try await Self.reference())
    expectOne(.lostBoard, RateLine(.detector, "STRAW board 7"), findings)
    let first = try #require(findings.first)
    #expect(first.observed == 0 && first.expected > 15)
    #expect(first.text.contains("STRAW board 7: no packets while the other boards go on"))
  }

  @Test func aBoardThatSendsTwiceIsHot() async throws {
    let packets = try MonitorFixture.bursts(5) { burst, _, packet in
      guard let board = packet.board, board.source == .ktag, board.number == 3, burst == 4 else {
        return [packet]
      }
      return [packet, packet]
    }
    // A burst has 207 packets of a board only, so what is accepted is set closer than it would be.
    var configuration = Self.bins
    configuration.boardTolerance = 0.1
    configuration.falseAlarmRate = 1 / 3600.0
    let (findings, _) = try await MonitorFixture.run(packets, configuration)
    expectOne(.hotChannel, RateLine(.detector, "KTAG board 3"), findings)
    #expect(findings.map(\.burst) == [4, 5])
  }

  @Test func anIdentifierBitThatIsAlwaysSetIsHot() async throws {
    let packets = try MonitorFixture.bursts(3) { burst, _, packet in
      guard packet.primitives == .muv3, burst == 2 else { return [packet] }
      var noisy = packet
      // Behind the header each word with a non-zero upper byte is a primitive: its identifier is the upper half.
      for word in stride(from: 8, to: noisy.scripted.payload.count - 3, by: 4)
      where noisy.scripted.payload[word + 3] != 0 {
        noisy.scripted.payload[word + 2] |= 0x80
      }
      return [noisy]
    }
    let (findings, _) = try await MonitorFixture.run(packets, Self.bins)
    expectOne(.hotChannel, RateLine(.detector, "MUV3 identifier bit 7"), findings)
  }

  @Test func aRateThatFallsIsAStep() async throws {
    let packets = try MonitorFixture.bursts(4) { burst, _, packet in
      guard packet.primitives == .rich, burst == 2 || burst == 3 else { return [packet] }
      return [thinned(packet)]
    }
    let (findings, monitor) = try await MonitorFixture.run(packets, try await Self.reference())
    expectOne(.stepDown, RateLine(.detector, "RICH"), findings)
    #expect(findings.map(\.burst) == [2, 4])
    #expect(monitor.snapshot().lines.allSatisfy { $0.condition == .normal })
  }

  @Test func lostPacketsAreCountedAsSuch() async throws {
    var draws = CounterRandom(seed: 7, stream: 0, index: 0)
    let packets = try MonitorFixture.bursts(3) { burst, _, packet in
      burst == 2 && packet.board != nil && draws.uniform() < 0.02 ? [] : [packet]
    }
    let (findings, _) = try await MonitorFixture.run(packets, try await Self.reference())
    expectOne(.packetLoss, RateLine(.stream, "fragments missing"), findings)
    #expect(findings.map(\.burst) == [2, 3])
  }

  @Test func lostPacketsOfPrimitivesAreCountedAsSuch() async throws {
    var draws = CounterRandom(seed: 8, stream: 0, index: 0)
    let packets = try MonitorFixture.bursts(3) { burst, _, packet in
      burst == 2 && packet.primitives == .lkr && draws.uniform() < 0.03 ? [] : [packet]
    }
    let (findings, _) = try await MonitorFixture.run(packets, try await Self.reference())
    expectOne(.packetLoss, RateLine(.stream, "primitive packets missing"), findings)
  }

  @Test func packetsThatCannotBeReadAreCounted() async throws {
    var draws = CounterRandom(seed: 9, stream: 0, index: 0)
    let packets = try MonitorFixture.bursts(3) { burst, _, packet in
      guard burst == 2, packet.board != nil, draws.uniform() < 0.02 else { return [packet] }
      var cut = packet
      cut.scripted.payload.removeLast(4)
      return [packet, cut]
    }
    let (findings, _) = try await MonitorFixture.run(packets, Self.bins)
    expectOne(.packetLoss, RateLine(.stream, "packets rejected"), findings)
  }

  @Test func aSilenceInsideABurstIsFound() async throws {
    let packets = try MonitorFixture.bursts(2) { burst, time, packet in
      burst == 1 && time > 0.02 && time < 0.035 ? [] : [packet]
    }
    let (findings, _) = try await MonitorFixture.run(packets, try await Self.reference())
    expectOne(.noData, RateLine(.stream, "packets"), findings)
    // The gap between the bursts, behind the end-of-burst trigger, is none.
    #expect(findings.allSatisfy { $0.burst == 1 })
  }

  @Test func aLiveSilenceIsFoundBeforeTheNextPacket() throws {
    let menu = try MonitorFixture.kaonMenu.get()
    var options = RateMonitor.Options()
    options.hasEvents = false
    var monitor = try RateMonitor(configuration: Self.bins, layout: menu.layout, options: options)
    let packets = try MonitorFixture.kaon.get().prefix(20_000).map(\.scripted)
    #expect(try monitor.add(.init(packets)).isEmpty)
    let last = try #require(packets.last).nanoseconds
    #expect(try monitor.advance(to: DataTime(nanoseconds: last + 2_000_000)).isEmpty)
    let found = try monitor.advance(to: DataTime(nanoseconds: last + 20_000_000))
    #expect(found.map(\.kind) == [.noData])
    #expect(monitor.snapshot().lines.first { $0.line == RateLine(.stream, "packets") }?.condition == .dead)
  }

  @Test(arguments: [(1, 1, 1), (7, 256, 1), (1000, 3, 2), (100_000, 0, 2)])
  func findingsDoNotDependOnBatchesOrWorkers(_ size: Int, _ events: Int, _ workers: Int) async throws {
    let (packets, whole) = try await Self.faulty.value
    let other = try await MonitorFixture.run(
      packets, Self.bins, batch: size, events: events, workers: workers)
    #expect(whole.findings.count == 3)
    #expect(whole.findings.map(\.text) == other.findings.map(\.text))
    let isSame =
      whole.findings == other.findings && whole.monitor.counts == other.monitor.counts
      && whole.monitor.snapshot() == other.monitor.snapshot()
    #expect(isSame)
  }

  @Test func burstsMergedAreTheRun() async throws {
    let whole = try await MonitorFixture.run(try MonitorFixture.bursts(2), Self.bins)
    let first = try await MonitorFixture.run(try MonitorFixture.bursts(1), Self.bins)
    let second = try await MonitorFixture.run(
      try MonitorFixture.bursts(2) { burst, _, packet in burst == 2 ? [packet] : [] }, Self.bins,
      firstBurst: 2)
    for (a, b) in [(first, second), (second, first)] {
      var merged = a.monitor.counts
      try merged.merge(b.monitor.counts)
      // The trigger itself goes on over bursts: the phase of its downscaling decides what it keeps besides.
      let rows = [merged, whole.monitor.counts].map { counts in
        RatesByBurst.rows(of: counts).filter { !$0.contains("events kept by L1") }
      }
      #expect(rows[0] == rows[1] && rows[0].count > 150)
      for key in whole.monitor.counts.bursts.keys {
        let line = RateLine(.detector, "CHOD")
        #expect(merged.bursts[key]?.lines[line] == whole.monitor.counts.bursts[key]?.lines[line])
      }
    }
  }

  /// A packet of primitives with the second half of its words left out.
  private func thinned(_ packet: MonitorFixture.Packet) -> MonitorFixture.Packet {
    var thinned = packet
    let words = (packet.scripted.payload.count - 8) / 4
    thinned.scripted.payload.removeLast(4 * (words / 2))
    thinned.scripted.payload[6] /= 2
    let length = thinned.scripted.payload.count
    thinned.scripted.payload[4] = UInt8(length & 0xFF)
    thinned.scripted.payload[5] = UInt8(length >> 8)
    return thinned
  }
}
