import Detectors
import L1Trigger
import Testing

@testable import Simulation

@Suite struct ResponseGeometryTests {
  @Test func aTrackGoesStraightAndGetsTheKickOfTheMagnet() {
    var plus = TrackState(
      SimulationFixture.particle(
        .pionPlus, momentum: 30, from: Vector3(10, 20, 150_000), slopes: (0.002, -0.001)),
      place: 0)
    let moved = plus.move(to: 160_000)
    #expect(moved)
    #expect(abs(plus.position.x - 30) < 1e-9 && abs(plus.position.y - 10) < 1e-9)
    let before = plus.momentum
    plus.kick(0.270)
    #expect(abs(plus.momentum.x - before.x + 0.270) < 1e-12)
    #expect(plus.momentum.y == before.y)
    #expect(abs(plus.momentum.length - 30) < 1e-9)
    var minus = TrackState(
      SimulationFixture.particle(.pionMinus, momentum: 30, from: Vector3(0, 0, 150_000)), place: 0)
    minus.kick(0.270)
    #expect(abs(minus.momentum.x - 0.270) < 1e-12)
    let back = minus.move(to: 149_000)
    #expect(!back)
  }

  @Test func aSlowParticleIsLateByItsPathAndSpeed() {
    // 1 GeV/c of a pion over 100 m: 1/beta - 1 = 0.0096929, path 333.564 ns.
    var track = TrackState(
      SimulationFixture.particle(.pionPlus, momentum: 1, from: Vector3(0, 0, 100_000)), place: 0)
    let moved = track.move(to: 200_000)
    #expect(moved)
    #expect(abs(track.time - 3.2332) < 0.001)
  }

  @Test func aTrackCrossesTheStrawsThatGeometrySays() throws {
    let maps = try SimulationFixture.detectors().maps
    let straw = try StrawResponse(SimulationFixture.response(), maps)
    // View x, first layer of chamber 1: wires at -1058.2 - 0.1735 + 17.6 n; x = 300 is 3.17 mm from wire 77.
    let found = try #require(straw.crossing(chamber: 0, view: 2, layer: 0, across: 300, along: 0))
    #expect(maps.straw[found.0] == 8 * 122 + 77)
    #expect(abs(found.1 - 3.1735) < 0.001)
    // Between two straws; in the hole; beyond the end of the straw.
    #expect(straw.crossing(chamber: 0, view: 2, layer: 0, across: 305.5, along: 0) == nil)
    #expect(straw.crossing(chamber: 0, view: 2, layer: 0, across: 103.2, along: 0) == nil)
    #expect(straw.crossing(chamber: 0, view: 2, layer: 0, across: 300, along: 1051) == nil)
  }

  @Test func driftTimesAreTheInverseOfL1sLaw() throws {
    let straw = try StrawResponse(SimulationFixture.response(), SimulationFixture.detectors().maps)
    for step in 1...487 {
      let r = 0.01 * Double(step)
      #expect(abs(StrawGeometry.drift(straw.driftTime(r) / 1000) - r) < 0.002, "r = \(r)")
    }
    #expect(straw.driftTime(4.87) < 175)
  }

  @Test func tilesAndSlabsAreWhereTheyAre() throws {
    #expect(NewCHODGeometry.tile(x: 200, y: 50) == 101)
    #expect(NewCHODGeometry.tile(x: -300, y: -250) == 314)
    #expect(NewCHODGeometry.tile(x: 100, y: -50) == nil)
    #expect(NewCHODGeometry.tile(x: 0.5, y: 1000) == 138)
    #expect(MUV3Geometry.tile(x: 550, y: 110) == 80)
    #expect(MUV3Geometry.tile(x: -1210, y: -1210) == 0)
    #expect(MUV3Geometry.tile(x: -146, y: 0) == 147)
    #expect(MUV3Geometry.tile(x: 146, y: 146) == 151)
    #expect(MUV3Geometry.tile(x: 0, y: 50) == nil)
    let vertical = try #require(CHODGeometry.slab(horizontal: false, x: 100, y: 200))
    #expect(vertical == (62, 1010))
    let horizontal = try #require(CHODGeometry.slab(horizontal: true, x: 100, y: 200))
    #expect(horizontal == (115, 1110))
    // Blocks of LAV1 in its first and second ring (table of `detectors.md`).
    let lav1 = LAVResponse.stations[0]
    #expect(LAVResponse.block(station: lav1, layer: 0, x: 98.2, y: 710.2) == 0)
    #expect(LAVResponse.block(station: lav1, layer: 0, x: -42.2, y: 715.8) == 1)
    #expect(lav1.z == 121_418)
    #expect(SmallAngleResponse.ircCounter(x: 12, y: 100) == 1)
    #expect(SmallAngleResponse.ircCounter(x: 12, y: 50) == nil)
  }

  @Test func aRingHasTheRadiusOfItsSpeed() throws {
    let rich = try RingResponse(SimulationFixture.response(), SimulationFixture.detectors().maps)
    func beta(_ mass: Double, _ p: Double) -> Double { p / (p * p + mass * mass).squareRoot() }
    let pion = SimulationFixture.mass(.pionPlus)
    #expect(rich.radius(beta: beta(pion, 12.3)) == nil)
    // R^2 = R_e^2 - (f m / p)^2 for small angles: 190.6^2 - 67.87^2 at 35 GeV/c.
    let radius = try #require(rich.radius(beta: beta(pion, 35)))
    #expect(abs(radius - 178.1) < 0.3)
    #expect(rich.photomultiplier(x: -258, y: 96) == 0)
    #expect(rich.photomultiplier(x: 0, y: 320) == nil)
  }
}
