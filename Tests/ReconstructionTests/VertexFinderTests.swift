import Testing

@testable import Reconstruction

@Suite struct VertexFinderTests {
  private func columns(_ lines: [(slope: SIMD2<Double>, q: Double, time: Float)], from point: SIMD3<Double>)
    -> TrackColumns
  {
    var columns = TrackColumns()
    for line in lines {
      var track = Track()
      track.upstream.slope = line.slope
      track.upstream.position =
        SIMD2(point.x, point.y) + (TrackColumns.upstreamZ - point.z) * line.slope
      track.inverseMomentum = line.q
      track.time = line.time
      (track.covariance.xx, track.covariance.yy) = (0.01, 0.01)
      (track.covariance.txTx, track.covariance.tyTy) = (1e-10, 1e-10)
      columns.append(track)
    }
    columns.endEvent()
    return columns
  }

  private let five: [(slope: SIMD2<Double>, q: Double, time: Float)] = [
    (SIMD2(0.004, 0.001), 0.05, 0), (SIMD2(-0.002, 0.003), 0.06, 1), (SIMD2(0.001, -0.004), -0.07, -1),
    (SIMD2(-0.003, -0.002), 0.08, 2), (SIMD2(0.005, -0.001), -0.09, 0),
  ]

  private func find(_ columns: TrackColumns) throws -> (VertexColumns, Bool) {
    var finder = try VertexFinder(configuration: ReconstructionFixture.configuration())
    var vertices = VertexColumns()
    let isComplete = finder.run(columns, columns.range(ofEvent: 0), into: &vertices)
    return (vertices, isComplete)
  }

  /// Three positive and two negative tracks from one point: one quintuple, C(3,2) × 2 triples of charge 1 and
  /// 3 × 2 pairs of charge 0, each with its tracks once.
  @Test func everyCombinationOfTheWantedChargesIsTriedOnce() throws {
    let (vertices, isComplete) = try find(columns(five, from: SIMD3(20, 5, 140_000)))
    #expect(isComplete && vertices.eventCount == 1)
    let sizes = (0..<vertices.count).map { vertices.tracks(of: $0).count }
    #expect(sizes == [5] + Array(repeating: 3, count: 6) + Array(repeating: 2, count: 6))
    let members = (0..<vertices.count).map { vertices.track[vertices.tracks(of: $0)].map { $0 } }
    #expect(Set(members).count == 13 && members.allSatisfy { $0 == $0.sorted() && Set($0).count == $0.count })
    #expect((0..<vertices.count).allSatisfy { vertices.charge[$0] == (sizes[$0] == 2 ? 0 : 1) })
    for v in 0..<vertices.count {
      #expect(abs(vertices.position[v].z - 140_000) < 1e-3 && vertices.chi2[v] < 1e-9)
      #expect(vertices.distance[v] < 1e-9)
    }
    // The sum of the five momenta, and where its line passes the beam.
    var sum = SIMD3<Double>.zero
    for line in five { sum += Track.vector(slope: line.slope, inverseMomentum: line.q) }
    let miss = vertices.momentum[0] - sum
    #expect((miss * miss).sum() < 1e-20)
    let configuration = try ReconstructionFixture.configuration()
    let beam = configuration.approachToBeam(vertices.position[0], along: sum)
    #expect(vertices.beamDistance[0] == beam.distance && vertices.beamZ[0] == beam.z)
  }

  @Test func aTrackOfAnotherTimeMakesNoVertex() throws {
    var lines = five
    lines[2].time = 40
    let (vertices, _) = try find(columns(lines, from: SIMD3(20, 5, 140_000)))
    #expect((0..<vertices.count).allSatisfy { !vertices.track[vertices.tracks(of: $0)].contains(2) })
    // Three positive ones and one negative: 3 triples and 3 pairs.
    #expect((0..<vertices.count).map { vertices.tracks(of: $0).count } == [3, 3, 3, 2, 2, 2])
  }

  @Test func moreTracksThanTheLimitAreSaid() throws {
    var lines: [(slope: SIMD2<Double>, q: Double, time: Float)] = []
    for i in 0..<20 {
      lines.append((SIMD2(0.0005 * Double(i) - 0.005, 0.0003 * Double(i % 5)), i % 2 == 0 ? 0.05 : -0.05, 0))
    }
    let (vertices, isComplete) = try find(columns(lines, from: SIMD3(0, 0, 120_000)))
    #expect(!isComplete && vertices.count <= 3 * VertexFinder.limit)
    #expect(vertices.track.allSatisfy { $0 < 12 })
  }
}
