import Simulation
import Testing

@testable import Reconstruction

@Suite struct VertexTests {
  /// A track through a point with slopes, and a covariance of its own that is not diagonal.
  private func track(
    from point: SIMD3<Double>, slope: SIMD2<Double>, momentum: Double, charge: Double, scale: Double = 1
  ) -> VertexTrack {
    var c = TrackCovariance()
    (c.xx, c.xy, c.yy) = (0.02 * scale, 0.003, 0.03 * scale)
    (c.xTx, c.xTy, c.yTx, c.yTy) = (-1e-6, 1e-7, 2e-7, -2e-6)
    (c.txTx, c.txTy, c.tyTy) = (4e-10 * scale, 2e-11, 5e-10 * scale)
    c.qq = 1e-10
    return VertexTrack(
      line: TrackLine(
        position: SIMD2(point.x, point.y) + (TrackColumns.upstreamZ - point.z) * slope, slope: slope),
      inverseMomentum: charge / momentum, covariance: c, time: 0, charge: charge < 0 ? -1 : 1)
  }

  private func fit(_ tracks: [VertexTrack]) -> FittedVertex? {
    var tracks = tracks
    return tracks.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { VertexFit.fit($0, SIMD8(0, 1, 2, 3, 4, 5, 6, 7), buffer.count) }
    }
  }

  @Test func threeLinesThroughAPointMeetThere() throws {
    let point = SIMD3(31.0, -4, 130_000)
    let vertex = try #require(
      fit([
        track(from: point, slope: SIMD2(0.004, 0.001), momentum: 20, charge: 1),
        track(from: point, slope: SIMD2(-0.003, 0.002), momentum: 25, charge: 1, scale: 2),
        track(from: point, slope: SIMD2(0.001, -0.005), momentum: 30, charge: -1),
      ]))
    let miss = vertex.position - point
    #expect(abs(miss.x) < 1e-6 && abs(miss.y) < 1e-6 && abs(miss.z) < 1e-3)
    #expect(vertex.chi2 < 1e-9 && vertex.charge == 1)
    let p = Track.vector(slope: SIMD2(0.004, 0.001), inverseMomentum: 1.0 / 20)
    let q = vertex.trackMomentum(0) - p
    #expect((q * q).sum() < 1e-18)
  }

  /// Two lines in the plane of x and z, apart by a known distance in y and otherwise symmetric: the vertex is in
  /// the middle, and its chi-squared the square of the distance over the sum of the variances there.
  @Test func twoLinesThatMissOneAnotherMeetHalfway() throws {
    var a = track(from: SIMD3(0, 0.5, 150_000), slope: SIMD2(0.004, 0), momentum: 10, charge: 1)
    a.covariance = TrackCovariance()
    (a.covariance.xx, a.covariance.yy) = (0.04, 0.09)
    var b = a
    b.line = TrackLine(position: SIMD2(-120, -0.5), slope: SIMD2(-0.004, 0))
    let vertex = try #require(fit([a, b]))
    #expect(abs(vertex.position.x) < 1e-9 && abs(vertex.position.y) < 1e-9)
    #expect(abs(vertex.position.z - 150_000) < 1e-6)
    #expect(abs(vertex.chi2 - 1 / 0.18) < 1e-9)
    // Var(z): x of each is known to 0.2 mm and the slopes are 8 mrad apart.
    let variance: Double = 2 * 0.04 / (0.008 * 0.008)
    #expect(abs(vertex.covariance[2] - variance) < 1e-3)
  }

  /// The momenta at the vertex are those of least chi-squared: no other lines through the vertex are nearer to
  /// the tracks.
  @Test func momentaFollowTheVertex() throws {
    var a = track(from: SIMD3(0, 0.3, 150_000), slope: SIMD2(0.004, 0.001), momentum: 10, charge: 1)
    a.covariance.txQ = 1e-10
    let b = track(from: SIMD3(0, -0.4, 150_100), slope: SIMD2(-0.003, 0), momentum: 12, charge: -1)
    let vertex = try #require(fit([a, b]))
    for (i, t) in [a, b].enumerated() {
      let p = vertex.trackMomentum(i)
      let slope = SIMD2(p.x / p.z, p.y / p.z)
      // The line through the vertex with the new slope, at the plane of the track.
      let at = SIMD2(vertex.position.x, vertex.position.y) + (180_000 - vertex.position.z) * slope
      let (before, after) = (t.line.position, at)
      #expect(abs(after.x - before.x) < 0.3 && abs(after.y - before.y) < 0.3)
      #expect(slope != t.line.slope)
    }
    #expect(vertex.chi2 > 0)
  }

  @Test func parallelLinesHaveNoVertex() {
    let a = track(from: SIMD3(0, 0, 150_000), slope: SIMD2(0.001, 0.001), momentum: 10, charge: 1)
    let b = track(from: SIMD3(10, 0, 150_000), slope: SIMD2(0.001, 0.001), momentum: 10, charge: -1)
    #expect(fit([a, b]) == nil)
  }

  @Test func aPairOfTheDumpPointsBackToIt() throws {
    let configuration = try ReconstructionFixture.configuration()
    // 3 mm beside the proton line at z = 20 m, with slope 1 mrad in y.
    let slope = SIMD2(0.0, 0.001)
    let at = SIMD3(3, -22 + 130_000 * slope.y, 150_000)
    var vertices = VertexColumns()
    var vertex = FittedVertex()
    vertex.position = at
    vertex.count = 2
    vertex.setMomentum(0, 30 * SIMD3(slope.x, slope.y, 1))
    vertex.setMomentum(1, 20 * SIMD3(slope.x, slope.y, 1))
    vertices.append(vertex, beamDistance: 0, beamZ: 0, first: 0)
    let found = vertices.approachToDump(of: 0, configuration)
    #expect(abs(found.z - 20_000) < 1e-6 && abs(found.distance - 3) < 1e-9)
  }

  @Test func invariantsOfAKaonAtRestAndInFlight() throws {
    let configuration = try ReconstructionFixture.configuration()
    #expect(abs(configuration.kaon.mass - ParticleMass.kaon) < 1e-12)
    let p = configuration.kaon.momentum
    #expect(abs((p * p).sum().squareRoot() - 75) < 1e-9 && abs(p.x / p.z - 0.0012) < 1e-15)
    // K -> pi pi0 at rest: the missing mass is that of the pi0.
    let (k, pi, pi0) = (ParticleMass.kaon, ParticleMass.pion, 0.1349768)
    let q = ((k * k - (pi + pi0) * (pi + pi0)) * (k * k - (pi - pi0) * (pi - pi0))).squareRoot() / (2 * k)
    let pion = EnergyMomentum(momentum: SIMD3(0, q, 0), mass: pi)
    let rest = EnergyMomentum(momentum: .zero, energy: k)
    #expect(abs((rest - pion).massSquared - pi0 * pi0) < 1e-15)
    #expect(abs((rest - pion).mass - pi0) < 1e-12)
  }

  /// Kaon decays to three pions, with chance in the detectors: mass, place and momentum come back.
  @Test func threePionsMakeTheirKaon() throws {
    let sample = try ReconstructionFixture.sample(ReconstructionFixture.kaons(.threePions, count: 400))
    let out = try ReconstructionFixture.reconstruct(sample)
    let l1 = try ReconstructionFixture.l1()
    var (accepted, found, l1Found, both) = (0, 0, 0, 0)
    var (mass, z, pull, momentum) = ([Double](), [Double](), [Double](), [Double]())
    for (i, event) in sample.batch.events.enumerated() {
      let particles = sample.truth[Int(event.number)].particles
      let pions = particles.indices.filter { particles[$0].parent == 0 && particles[$0].decayZ > 219_500 }
      guard pions.count == 3,
        pions.allSatisfy({ ReconstructionFixture.hasViews(sample.views[Int(event.number)][$0], 3) })
      else { continue }
      accepted += 1
      let range = out.tracks.range(ofEvent: i)
      let hasAll = pions.allSatisfy {
        ReconstructionFixture.match(particles[$0], out.tracks, range) != nil
      }
      let hasL1 = l1.evaluateAlone(event, of: sample.batch).info.straw.tracks >= 3
      if hasAll { found += 1 }
      if hasL1 { l1Found += 1 }
      if hasAll, hasL1 { both += 1 }
      guard let v = out.vertices.range(ofEvent: i).first, out.vertices.tracks(of: v).count == 3 else {
        continue
      }
      #expect(out.vertices.charge[v] == 1)
      let total = out.vertices.total(of: v, mass: ParticleMass.pion)
      mass.append(total.mass)
      z.append(out.vertices.position[v].z - particles[0].decayZ)
      pull.append(z[z.count - 1] / out.vertices.covariance[v][2].squareRoot())
      momentum.append((total.momentum * total.momentum).sum().squareRoot())
    }
    #expect(accepted > 20)
    #expect(Double(found) > 0.93 * Double(accepted) && found > l1Found)
    #expect(Double(both) > 0.93 * Double(l1Found))
    #expect(Double(mass.count) > 0.9 * Double(accepted))
    let n = Double(mass.count).squareRoot()
    let m = ReconstructionFixture.width(mass)
    #expect(abs(m.centre - ParticleMass.kaon) < 4 * 1.25 * 0.0010 / n && m.width < 0.0015)
    #expect(ReconstructionFixture.width(z).width < 900)
    #expect((0.5...1.7).contains(ReconstructionFixture.width(pull).width))
    #expect(abs(ReconstructionFixture.width(momentum).centre - 75) < 4 * 1.25 * 0.8 / n)
  }

  /// NA62's own selection of K⁺ → 3π keeps 15.4 % of the decays from 105 to 180 m (`physics.md` 2.3): the
  /// simulation and the reconstruction together are to come within a factor of two of it.
  @Test func theAcceptanceOfThreePionsIsThatOfNA62() throws {
    let configuration = try ReconstructionFixture.configuration()
    let count = 1200
    let sample = try ReconstructionFixture.sample(
      ReconstructionFixture.kaons(.threePions, count: count, seed: 11))
    let out = try ReconstructionFixture.reconstruct(sample)
    // x of the beam hole and z of the STRAW chambers, then NewCHOD around the axis (`physics.md` 2.1).
    let chambers = [(101.2, 183_508.0), (114.4, 194_066), (92.4, 204_459), (52.8, 218_885)]
    func isAccepted(_ i: Int) -> Bool {
      let track = out.tracks[i]
      func at(_ z: Double) -> SIMD2<Double> { track.extrapolate(to: z, magnet: configuration.magnet.z) }
      let newCHOD = at(238_131.5)
      return chambers.allSatisfy { hole, z in
        let place = at(z)
        let inHole = abs(place.x - hole) < 63.8 && abs(place.y) < 63.8
        return !inHole && (place * place).sum() < 1000 * 1000
      } && (140.0...1070).contains((newCHOD * newCHOD).sum().squareRoot())
    }
    var selected = 0
    for event in sample.batch.events.indices {
      let vertices = out.vertices.range(ofEvent: event).filter { out.vertices.tracks(of: $0).count == 3 }
      let passes = vertices.contains { v in
        let total = out.vertices.total(of: v, mass: ParticleMass.pion)
        let momentum = (total.momentum * total.momentum).sum().squareRoot()
        return out.vertices.charge[v] == 1 && out.vertices.chi2[v] < 25
          && (104_000...180_000).contains(out.vertices.position[v].z) && abs(momentum - 75) < 3
          && total.mass > 0.490 && total.mass < 0.497
          && out.vertices.tracks(of: v).allSatisfy { isAccepted(Int(out.vertices.track[$0])) }
      }
      if passes { selected += 1 }
    }
    let acceptance = Double(selected) / Double(count)
    #expect(acceptance > 0.154 / 2 && acceptance < 0.154 * 2, "\(acceptance)")
  }
}
