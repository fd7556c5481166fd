import Detectors
import L1Trigger
import Testing

@testable import Simulation

/// Where the response looks once and not in every layer, nothing is lost.
@Suite struct ShortcutTests {
  private func track(_ random: inout SimulationRandom) -> TrackState {
    let species: [Species] = [.muonPlus, .pionMinus, .photon, .positron]
    let particle = SimulationFixture.particle(
      species[Int(random.uniform(0, 4))], momentum: random.uniform(0.5, 60),
      from: Vector3(
        random.uniform(-2000, 2000), random.uniform(-2000, 2000), random.uniform(102_400, 240_000)),
      slopes: (random.uniform(-0.04, 0.04), random.uniform(-0.04, 0.04)),
      decayZ: random.uniform() < 0.2 ? random.uniform(103_000, 245_000) : .infinity)
    return TrackState(particle, place: 0)
  }

  @Test func aStationThatIsNotInTheWayGetsNoHit() throws {
    let lav = try LAVResponse(SimulationFixture.response(), SimulationFixture.detectors().maps)
    var random = SimulationRandom(seed: 3, purpose: .response, index: 0)
    var draws = ResponseDraws(random)
    let event = SimulationFixture.event([])
    var skipped = (one: 0, all: 0)
    var hit = 0
    for _ in 0..<4000 {
      let start = track(&random)
      var isHit = false
      var isStopped = false
      for station in 0..<12 {
        var here = start
        var hits = HitList()
        lav.respond(&here, station: station, event: event, &draws, &hits)
        if !lav.isInTheWay(of: start, station: station) {
          skipped.one += 1
          #expect(hits.count == 0 && here.end == start.end)
        }
        if station < 8 {
          isHit = isHit || hits.count > 0
          isStopped = isStopped || here.end != start.end
        }
      }
      if !lav.isInTheWayBeforeSpectrometer(of: start) {
        skipped.all += 1
        #expect(!isHit && !isStopped)
      }
      hit += isHit ? 1 : 0
    }
    #expect(skipped.one > 1000 && skipped.all > 200 && hit > 200)
  }

  @Test func everyStrawThatIsCrossedHasAHit() throws {
    var configuration = try SimulationFixture.response()
    configuration[.straw].efficiency = 1
    let straw = try StrawResponse(configuration, SimulationFixture.detectors().maps)
    var random = SimulationRandom(seed: 4, purpose: .response, index: 0)
    var draws = ResponseDraws(random)
    var crossed = 0
    for number in 0..<3000 {
      // Points all over the chamber, also in and at the hole.
      let reach = number % 2 == 0 ? 1300.0 : 150
      let chamber = number % 4
      let z = StrawResponse.chamberZ[chamber] - 200
      let slopes = (x: random.uniform(-0.05, 0.05), y: random.uniform(-0.05, 0.05))
      let track = TrackState(
        SimulationFixture.particle(
          .muonPlus, momentum: 20,
          from: Vector3(random.uniform(-reach, reach), random.uniform(-reach, reach), z), slopes: slopes),
        place: 0)
      var channels: Set<Int32> = []
      let diagonal = 0.5.squareRoot()
      for view in 0..<4 {
        for layer in 0..<4 {
          let at = StrawResponse.chamberZ[chamber] + StrawGeometry.viewZ[view] + StrawGeometry.layerZ[layer]
          let (x, y) = track.crossing(atZ: at)
          let (across, along) = [
            (diagonal * (x - y), diagonal * (x + y)), (diagonal * (x + y), diagonal * (x - y)), (x, y),
            (y, x),
          ][view]
          // At the wall the efficiency is below 1.
          if let found = straw.crossing(
            chamber: chamber, view: view, layer: layer, across: across, along: along), found.1 < 4.4
          {
            channels.insert(Int32(found.0))
          }
        }
      }
      var hits = HitList()
      let isCrossed = straw.respond(
        track, chamber: chamber, event: SimulationFixture.event([]), &draws, &hits)
      #expect(channels.isSubset(of: Set(hits.channel)))
      #expect(isCrossed || hits.count == 0)
      crossed += channels.count
    }
    #expect(crossed > 10_000)
  }

  @Test func particlesWithoutAPlaceOrAMomentumDoNoHarm() throws {
    var response = try SimulationFixture.detectorResponse()
    let values = [Double.nan, .infinity, -.infinity, 0, -1e300, 1e300]
    var hits = HitStore()
    for a in values {
      for b in values {
        for species in [Species.muonPlus, .pionMinus, .photon, .kaonPlus] {
          let momenta = [Vector3(a, b, 10), Vector3(a, 0, b), Vector3(0, a, b), Vector3(0.1, 0.1, 20)]
          for momentum in momenta {
            for origin in [Vector3(a, b, 110_000), Vector3(0, a, b), Vector3(500, 300, 180_000)] {
              let particle = SimulatedParticle(
                species: species, parent: -1, momentum: FourMomentum(energy: 20, momentum: momentum),
                origin: origin, time: a)
              response.respond(to: SimulationFixture.event([particle], time: b), seed: 1, into: &hits)
            }
          }
        }
      }
    }
    hits.arrange(response.configuration)
    var maker = try PrimitiveMaker(
      configuration: response.configuration, maps: SimulationFixture.detectors().maps)
    var primitives = FramePrimitives()
    maker.makePrimitives(frame: 0, hits: hits, into: &primitives)
    #expect(hits[.ktag].count > 0)
  }

  @Test func slabsOfTheHodoscopeAreWhereTheirCentresAre() throws {
    let centres = [
      32.5, 97.53, 162.56, 227.59, 292.62, 357.65, 422.68, 487.71, 552.74, 617.77, 682.80, 764.83, 863.86,
      962.89, 1061.92, 1160.95,
    ]
    // Quadrant x > 0, y > 0 of the plane that measures x: slabs count inwards.
    for (place, centre) in centres.enumerated() {
      let half = place < 11 ? 32.5 : 49.4
      for x in [centre - half, centre, centre + half] {
        let found = try #require(CHODGeometry.slab(horizontal: false, x: x, y: 130))
        #expect(found.slab == 48 + 15 - place, "x = \(x)")
      }
    }
    #expect(CHODGeometry.slab(horizontal: false, x: 1210.6, y: 130) == nil)
    let first = try #require(CHODGeometry.slab(horizontal: false, x: 30, y: 210))
    #expect(first.distance == 1000)
    #expect(CHODGeometry.slab(horizontal: false, x: 1160, y: 601) == nil)
  }
}
