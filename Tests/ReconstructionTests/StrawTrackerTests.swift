import Detectors
import PacketCapture
import L1Trigger
import NA62Formats
import Simulation
import SpillwayTestSupport
import Testing

@testable import EventBuilding
@testable import Reconstruction

@Suite struct StrawTrackerTests {
  /// Fragments of the 32 boards with one edge pair for each straw that a line crosses, at the exact drift time.
  private func fragments(
    of lines: [(SIMD2<Double>, SIMD2<Double>, bend: Double)], timestamp: UInt32, delay: Double = 0
  ) throws -> [[UInt8]] {
    let maps = try ReconstructionFixture.detectors().maps
    let magnet = try ReconstructionFixture.configuration().magnet.z
    var channels: [Int: Int] = [:]
    for (channel, straw) in maps.straw.enumerated() where straw >= 0 { channels[Int(straw)] = channel }
    var edges = [[SRB.Edge]](repeating: [], count: 32)
    for (position, slope, bend) in lines {
      for straw in 0..<7808 {
        guard let channel = channels[straw] else { continue }
        let (view, layer, tube) = (straw / 488, straw / 122 % 4, straw % 122)
        let chamber = view / 4
        let wire =
          17.6 * Double(tube) + StrawGeometry.planeOffsets[view & 3][layer]
          + StrawGeometry.viewOffsets[chamber][view & 3]
        let z = StrawGeometry.chamberZ[chamber] + StrawGeometry.viewZ[view & 3] + StrawGeometry.layerZ[layer]
        var at = position + (z - 180_000) * slope
        if z > magnet { at.x -= bend * (z - magnet) }
        let d = StrawPlanes.direction(view)
        let r = abs(d.x * at.x + d.y * at.y - wire)
        // Straws are 2.1 m long.
        guard r < 4.8, abs(d.x * at.y - d.y * at.x) < 1050 else { continue }
        let time =
          StrawGeometry.driftTime(r) + delay + 0.5 + maps.strawStationT0 + maps.strawMezzanineT0[channel / 16]
          - maps.strawMagicT0
        let period = ClockTicks.strawPeriod
        // Times are multiples of 1/32 of a period; half a unit more, so that cutting is rounding.
        let lead = ((time / period * 32).rounded()) * period / 32
        edges[channel / 256].append(SRB.Edge(time: lead, channel: UInt16(channel), isLeading: true))
      }
    }
    return try edges.enumerated().map { board, list in
      try SRBEncoder(
        edges: list.sorted { ($0.time, $0.channel) < ($1.time, $1.channel) }, timestamp: timestamp,
        board: UInt8(board), firstSlotTime: timestamp - 261
      ).bytes
    }
  }

  /// Runs the tracker on payloads of the boards.
  private func run(
    _ payloads: [[UInt8]], timestamp: UInt32, into columns: inout TrackColumns
  ) throws -> ReconstructionState {
    var tracker = try StrawTracker(
      configuration: ReconstructionFixture.configuration(), maps: ReconstructionFixture.detectors().maps)
    return run(&tracker, payloads, timestamp: timestamp, into: &columns)
  }

  private func run(
    _ tracker: inout StrawTracker, _ payloads: [[UInt8]], timestamp: UInt32, into columns: inout TrackColumns
  ) -> ReconstructionState {
    var bytes: ContiguousArray<UInt8> = []
    var fragments: ContiguousArray<EventFragment> = []
    for (board, payload) in payloads.enumerated() {
      fragments.append(
        EventFragment(
          offset: UInt32(bytes.count), length: UInt32(payload.count), timestamp: timestamp,
          subID: UInt8(truncatingIfNeeded: board), isVirtual: false,
          packet: PacketReference(input: 0, number: 1)))
      bytes += payload
    }
    // What lies behind the payloads is the batch's as well.
    bytes += [UInt8](repeating: 0, count: 16)
    return tracker.run(
      bytes: bytes.span.bytes, fragments: fragments.span, timestamp: timestamp, fineTime: 0, into: &columns)
  }

  @Test(arguments: [0.030, 0.010, -0.004, -0.027])
  func exactHitsGiveTheTrackBack(_ bend: Double) throws {
    let (position, slope) = (SIMD2(220.0, -130), SIMD2(0.0035, -0.0021))
    var columns = TrackColumns()
    let state = try run(
      fragments(of: [(position, slope, bend: bend)], timestamp: 100_000), timestamp: 100_000, into: &columns)
    #expect(state == [] && columns.count == 1)
    guard columns.count == 1 else { return }
    let track = columns[0]
    #expect(track.charge == (bend > 0 ? 1 : -1))
    // Times are cut to 0.8 ns, some 0.03 mm.
    let miss = track.upstream.position - position
    #expect(abs(miss.x) < 0.1 && abs(miss.y) < 0.1)
    let turn = track.upstream.slope - slope
    #expect(abs(turn.x) < 8e-6 && abs(turn.y) < 8e-6)
    let after = track.downstream.slope - SIMD2(slope.x - bend, slope.y)
    #expect(abs(after.x) < 8e-6 && abs(after.y) < 2e-5)
    let sine = { (s: SIMD2<Double>) in s.x / (1 + s.x * s.x + s.y * s.y).squareRoot() }
    let q = (sine(slope) - sine(SIMD2(slope.x - bend, slope.y))) / 0.27
    #expect(abs(track.inverseMomentum / q - 1) < 2e-3)
    #expect(abs(track.inverseMomentumBeforeFit / q - 1) < 2e-2)
    #expect(track.viewCount >= 12 && track.chamberCount == 4 && abs(track.time) < 0.6)
    #expect(Double(track.chi2) < 0.3 * Double(track.degreesOfFreedom))
    // The kick in one plane: straight lines on both sides that meet there.
    let magnet = try ReconstructionFixture.configuration().magnet.z
    let (a, b) = (
      track.extrapolate(to: magnet - 0.001, magnet: magnet), track.extrapolate(to: magnet, magnet: magnet)
    )
    #expect(abs(a.x - b.x) < 0.3 && abs(a.y - b.y) < 0.3)
    let far = track.extrapolate(to: 241_093, magnet: magnet)
    let expected = position.x + (241_093 - 180_000) * slope.x - bend * (241_093 - magnet)
    #expect(abs(far.x - expected) < 0.6)
  }

  /// In the corners of the square of x and y there are no straws of u and v.
  @Test(arguments: [SIMD2(780.0, 800), SIMD2(-800, 780), SIMD2(790, -805), SIMD2(-780, -795)])
  func aTrackInACornerNeedsXAndYAlone(_ position: SIMD2<Double>) throws {
    var columns = TrackColumns()
    let state = try run(
      fragments(of: [(position, SIMD2(0, 0.0002), bend: 0.002)], timestamp: 100_000), timestamp: 100_000,
      into: &columns)
    #expect(state == [] && columns.count == 1)
    #expect(columns.views.allSatisfy { $0 == 0xCCCC })
    #expect(columns.upstream.allSatisfy { abs($0.position.x - position.x) < 0.1 })
  }

  @Test func aLateTrackKnowsItsTime() throws {
    var columns = TrackColumns()
    _ = try run(
      fragments(of: [(SIMD2(220, -130), SIMD2(0.0035, -0.0021), bend: 0.01)], timestamp: 100_000, delay: 6),
      timestamp: 100_000, into: &columns)
    #expect(columns.count == 1 && abs((columns.time.first ?? 0) - 6) < 0.8)
    // Fitted with its own time, it is where it would be in time, and its distances agree.
    #expect(columns.upstream.allSatisfy { abs($0.position.x - 220) < 0.1 && abs($0.slope.x - 0.0035) < 8e-6 })
    #expect(columns.chi2.allSatisfy { $0 < 10 })
  }

  /// An electron and a positron that only the magnet takes apart share the hits before it.
  @Test func aPairIsTakenApartByTheMagnet() throws {
    let (position, slope) = (SIMD2(-180.0, 160), SIMD2(-0.0015, 0.0030))
    var columns = TrackColumns()
    _ = try run(
      fragments(
        of: [(position, slope, bend: 0.022), (position, slope + SIMD2(2e-5, -1e-5), bend: -0.015)],
        timestamp: 100_000), timestamp: 100_000, into: &columns)
    #expect(columns.count == 2)
    #expect(Set((0..<columns.count).map { columns[$0].charge }) == [1, -1])
    #expect((0..<columns.count).contains { columns.sharedHits[$0] > 10 })
  }

  @Test func viewsThatDoNotAnswerCostNoTrack() throws {
    let line = (SIMD2(220.0, -130), SIMD2(0.0035, -0.0021), bend: 0.012)
    var whole = TrackColumns()
    _ = try run(fragments(of: [line], timestamp: 100_000), timestamp: 100_000, into: &whole)
    for chamber in 0..<4 {
      var payloads = try fragments(of: [line], timestamp: 100_000)
      let silent = try fragments(of: [], timestamp: 100_000)
      // Two views of the chamber, v and u: boards 2 view and 2 view + 1 of it.
      for board in (8 * chamber)..<(8 * chamber + 4) { payloads[board] = silent[board] }
      var columns = TrackColumns()
      _ = try run(payloads, timestamp: 100_000, into: &columns)
      #expect(columns.count == 1)
      #expect(columns.views.first == whole.views.first.map { $0 & ~(3 << UInt16(4 * chamber)) })
    }
  }

  @Test func noFragmentsAreNoTracks() throws {
    var columns = TrackColumns()
    #expect(try run([], timestamp: 5, into: &columns) == [])
    #expect(columns.count == 0 && columns.eventCount == 1 && columns.range(ofEvent: 0) == 0..<0)
  }

  @Test func randomBytesAreBadDataAndNothingElse() throws {
    var random = SplitMix64(seed: 17)
    var tracker = try StrawTracker(
      configuration: ReconstructionFixture.configuration(), maps: ReconstructionFixture.detectors().maps)
    var columns = TrackColumns()
    for round in 0..<300 {
      let payloads = (0..<32).map { _ in
        (0..<Int(random.next() % 300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      }
      let state = run(
        &tracker, payloads, timestamp: UInt32(truncatingIfNeeded: random.next()), into: &columns)
      #expect(state.contains(.badData), "round \(round)")
    }
    #expect(columns.eventCount == 300)
  }

  /// Every straw answers: lists run over, the event is flagged, and the next one is as if nothing had been.
  @Test func fullChambersAreAnOverflow() throws {
    let timestamp: UInt32 = 100_000
    let maps = try ReconstructionFixture.detectors().maps
    var random = SplitMix64(seed: 3)
    var edges = [[SRB.Edge]](repeating: [], count: 32)
    for channel in 0..<8192 where maps.straw[channel] >= 0 && random.next() % 100 < 55 {
      let time =
        Double(random.next() % 160) + maps.strawStationT0 + maps.strawMezzanineT0[channel / 16]
        - maps.strawMagicT0
      edges[channel / 256].append(SRB.Edge(time: time, channel: UInt16(channel), isLeading: true))
    }
    let payloads = try edges.enumerated().map { board, list in
      try SRBEncoder(
        edges: list.sorted { ($0.time, $0.channel) < ($1.time, $1.channel) }, timestamp: timestamp,
        board: UInt8(board), firstSlotTime: timestamp - 261
      ).bytes
    }
    var tracker = try StrawTracker(
      configuration: ReconstructionFixture.configuration(), maps: ReconstructionFixture.detectors().maps)
    var columns = TrackColumns()
    let good = try fragments(
      of: [(SIMD2(220, -130), SIMD2(0.0035, -0.0021), bend: 0.012)], timestamp: timestamp)
    _ = run(&tracker, good, timestamp: timestamp, into: &columns)
    let state = run(&tracker, payloads, timestamp: timestamp, into: &columns)
    #expect(state.contains(.overflow))
    #expect(columns.range(ofEvent: 1).count <= StrawTracker.trackLimit)
    _ = run(&tracker, good, timestamp: timestamp, into: &columns)
    #expect(columns[columns.count - 1] == columns[0])
  }
}
