import EventBuilding
import NA62Formats
import Testing

@testable import L1Trigger

/// Whether mask 0, which asks for a track that bends as `exotic`, accepts an event, without and with a correction.
private func accepts(
  _ hits: [StrawFixture.Hit], _ fixture: StrawFixture, _ correction: L1Corrections
) throws -> (faithful: Bool, corrected: Bool) {
  var mask = L1Mask()
  mask[.straw].isEnabled = true
  mask[.straw].processID = 0
  mask[.straw].xx = 2
  var configuration = L1Fixture.configuration([0: mask])
  let batch = try fixture.batch(hits)
  let faithful = try #require(L1Fixture.decide(batch, configuration).first)
  configuration.corrections = correction
  let corrected = try #require(L1Fixture.decide(batch, configuration).first)
  return (faithful.decision.masks == 1, corrected.decision.masks == 1)
}

@Suite("Corrections of STRAW")
struct StrawCorrectionTests {
  let fixture: StrawFixture

  init() throws { fixture = StrawFixture(maps: try L1Fixture.maps()) }

  /// A track of 27 GeV/c that bends as `exotic` asks for.
  private func track(upstream: Double = 0.002, my: Double = 0.003) -> StrawFixture.Track {
    StrawFixture.Track(q: 200, upstream: upstream, downstream: upstream + 0.01, qy: 250, my: my)
  }

  @Test("straw-slopes: steep negative slopes make no track")
  func slopes() throws {
    func answers(_ track: StrawFixture.Track) throws -> (faithful: Bool, corrected: Bool) {
      try accepts(fixture.hits(track, chambers: [0, 1, 2, 3]), fixture, .strawSlopes)
    }
    #expect(try answers(track()) == (true, true))
    #expect(try answers(track(upstream: -0.019)) == (true, true))
    #expect(try answers(track(my: -0.019)) == (true, true))
    #expect(try answers(track(upstream: -0.022)) == (true, false))
    #expect(try answers(track(my: -0.022)) == (true, false))
    #expect(try answers(track(my: 0.022)) == (false, false))
  }

  @Test("straw-early: a hit that becomes an early one counts no drift")
  func early() throws {
    // Two good chambers, and one in which x and y have an early hit each: without them no point.
    let track = track()
    func answers(drift: Double) throws -> (faithful: Bool, corrected: Bool) {
      var hits = fixture.hits(track, chambers: [0, 1]) + fixture.hits(track, chambers: [2], views: [0, 1])
      for view in [2, 3] {
        let pair = fixture.straws(track.coordinate(view, chamber: 2), chamber: 2, view: view)
        hits.append(.init(channel: pair[0].channel, times: [3, 0.5]))
        hits.append(.init(channel: pair[1].channel, times: [StrawFixture.time(drift: drift)]))
      }
      return try accepts(hits, fixture, .strawEarly)
    }
    // Both edges are in one slot, so that the later one comes first.
    // The sum of both drift distances has to be from 2.9 to 5.8 mm; an early one is 1.588 mm or nothing.
    #expect(try answers(drift: 3.6) == (true, true))
    #expect(try answers(drift: 4.5) == (false, true))
    #expect(try answers(drift: 2.2) == (true, false))
  }

  @Test("mapped-only: a channel that is not mapped is no straw beside the first one")
  func mapped() throws {
    let unmapped = try #require(fixture.maps.straw.firstIndex(of: -1))
    // In chamber 0 only x and v, whose second straw would be number -1.
    let v = -1073.6
    let x = -759.0
    let y = x - v * 2.0.squareRoot()
    let track = StrawFixture.Track(q: x + 0.005 * 14137, upstream: 0.005, downstream: 0.015, qy: y, my: 0)
    var hits = fixture.hits(track, chambers: [1, 2]) + fixture.hits(track, chambers: [0], views: [2])
    let first = try #require(fixture.straws(v, chamber: 0, view: 0).first)
    hits.append(.init(channel: first.channel, times: [StrawFixture.time(drift: 2.2)]))
    #expect(try accepts(hits, fixture, .mappedOnly) == (false, false))
    hits.append(.init(channel: unmapped, times: [StrawFixture.time(drift: 2.2)]))
    #expect(try accepts(hits, fixture, .mappedOnly) == (true, false))
    #expect(
      try accepts(fixture.hits(track, chambers: [1, 2, 3]), fixture, .mappedOnly) == (true, true))
  }

  /// The points of chamber 0 with clusters at the given coordinates: v, u, x, y.
  private func points(
    _ coordinates: [[Float]], _ corrections: L1Corrections
  ) throws -> [StrawAlgorithm.Point] {
    var straw = StrawAlgorithm(maps: fixture.maps, scratch: .clean, corrections: corrections)
    straw.clusterCounts.update(repeating: 0, count: 16)
    for (view, list) in coordinates.enumerated() {
      for (i, w) in list.enumerated() {
        straw.clusters[view * StrawAlgorithm.clusterLimit + i] = .init(w: w, state: 0)
      }
      straw.clusterCounts[view] = list.count
    }
    try straw.makePoints()
    return (0..<straw.pointCounts[0]).map { straw.points[$0] }
  }

  private func u(_ x: Float, _ y: Float) -> Float { (x + y) / Float(2).squareRoot() }
  private func v(_ x: Float, _ y: Float) -> Float { (x - y) / Float(2).squareRoot() }

  @Test("straw-points: the distance of a four-view point is its own")
  func ownDistance() throws {
    let clusters = [[v(200, 100) + 1, v(200, 100) + 5], [u(200, 100) + 3], [200], [100]]
    #expect(try points(clusters, []).map { $0.distance.rounded() } == [1, 1])
    #expect(try points(clusters, .strawPoints).map { $0.distance.rounded() } == [1, 3])
  }

  @Test("straw-points: a three-view point does not free the cluster of a four-view point")
  func takenClusters() throws {
    // A four-view point (200, 100), and a three-view point (600, -300) with its u, which would then be free
    // for another one with its x, at y = 108.
    let clusters = [[v(200, 100) + 4], [u(200, 100) + 4], [200, 600], [100, -300, 108]]
    func coordinates(_ corrections: L1Corrections) throws -> [SIMD3<Float>] {
      try points(clusters, corrections).map { SIMD3($0.x, $0.y, Float($0.views)) }
    }
    let faithful = try coordinates([])
    #expect(faithful.prefix(3) == [SIMD3(200, 100, 4), SIMD3(600, -300, 3), SIMD3(200, 108, 3)])
    #expect(try coordinates(.strawPoints) == [SIMD3(200, 100, 4), SIMD3(600, -300, 3)])
  }

  @Test("straw-points: the second pass compares distances of its own list")
  func secondPass() throws {
    // Points of one x with the distance of each y. That at y = 103.9 with a distance of 5 is left out in the
    // first pass, so that places differ: in the second pass the one at y = 500 is taken for that at y = -500.
    let ys: [(y: Float, distance: Float)] = [
      (100, 0), (103.9, 5), (300, 0), (-100, 0), (-300, 0), (-500, 0), (500, 5),
    ]
    let clusters = [[], ys.map { u(200, $0.y) + $0.distance }, [200], ys.map(\.y)]
    let faithful = try points(clusters, []).map(\.y)
    #expect(faithful == [100, 103.9, 300, -100, -300, -500, 500])
    #expect(try points(clusters, .strawPoints).map(\.y) == [100, 103.9, 300, -100, -300, -500])
  }

  @Test("straw-seen: a stale chamber of the scratch memory hides no other one")
  func staleChamber() throws {
    func candidates(_ corrections: L1Corrections, stale: Int8) throws -> Int {
      var straw = StrawAlgorithm(maps: fixture.maps, scratch: .original, corrections: corrections)
      // On a line in y, bent in x: two points in chamber 0, and one each in chambers 1 and 2.
      let xs: [[Float]] = [[10, 12], [10], [78], []]
      for (chamber, list) in xs.enumerated() {
        for (i, x) in list.enumerated() {
          straw.points[chamber * StrawAlgorithm.pointLimit + i] = .init(x: x, y: 7.5, distance: 0, views: 4)
        }
        straw.pointCounts[chamber] = list.count
      }
      // Left by an event before: the second tracklet, which is about to begin, had its second hit there. Bins
      // with other points leave such traces too.
      straw.scratch[1].cc.1 = stale
      try straw.makeTracklets()
      return straw.candidateCount
    }
    let corrected = try (0...3).map { try candidates(.strawSeen, stale: $0) }
    #expect(Set(corrected).count == 1)
    // Chamber 2 is taken as seen, so that the tracklets of the bin have only two points.
    let faithful = try candidates([], stale: 2)
    #expect(faithful < corrected[0])
  }
}
