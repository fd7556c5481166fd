import Detectors
import L1Trigger
import Testing

@testable import Simulation

@Suite struct ResponseStatisticsTests {
  /// Mean and spread.
  private func moments(_ values: [Double]) -> (mean: Double, spread: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, square.squareRoot())
  }

  /// Hits of muons from x = 600 mm at 180 m, where all views see them, one to an event, before they are arranged.
  private func muons(_ count: Int) throws -> HitStore {
    var response = try SimulationFixture.detectorResponse()
    var hits = HitStore()
    for number in 0..<count {
      let muon = SimulationFixture.particle(
        .muonPlus, momentum: 30, from: Vector3(600, 80 + Double(number % 60), 181_000))
      response.respond(
        to: SimulationFixture.event([muon], number: UInt64(number), time: 1000 * Double(number)), seed: 7,
        into: &hits)
    }
    return hits
  }

  @Test func efficienciesAndResolutionsAreThoseOfTheConfiguration() throws {
    let count = 2000
    let configuration = try SimulationFixture.response()
    let hits = try muons(count)
    func times(_ detector: SimulatedDetector) -> [Double] {
      let list = hits[detector]
      return (0..<list.count).map { list.leading[$0] - 1000 * Double(list.event[$0]) }
    }
    // Binomial errors of 4 sigma.
    for detector in [SimulatedDetector.newCHOD, .muv3, .chod] {
      let expected = configuration[detector].efficiency
      let crossings = 2 * Double(count)
      // Both photomultipliers of a tile go together, the two slabs do not.
      let error = 4 * (expected * (1 - expected) / Double(count)).squareRoot()
      #expect(abs(Double(hits[detector].count) / crossings - expected) < error, "\(detector)")
    }
    for detector in [SimulatedDetector.newCHOD, .muv3] {
      let found = moments(times(detector))
      #expect(abs(found.spread / configuration[detector].resolution - 1) < 0.06, "\(detector)")
      #expect(abs(found.mean) < 0.15, "\(detector)")
    }
    // 64 layers; 2 x 4.875 mm of straw in 17.6 mm, with most of the efficiency of 0.985.
    let straws = Double(hits[.straw].count) / Double(count)
    #expect(straws > 0.9 * 64 * 9.75 / 17.6 && straws < 64 * 9.75 / 17.6)
    #expect(hits[.ktag].count == 0 && hits[.lav].count == 0 && hits[.sac].count == 0)
    // One cluster of a muon.
    #expect(abs(Double(hits[.lkr].count) / Double(count) - 0.98) < 0.03)
  }

  @Test func kaonsLightKTAGAndPionsOfDecaysDoNot() throws {
    var response = try SimulationFixture.detectorResponse()
    var hits = HitStore()
    let count = 500
    for number in 0..<count {
      response.respond(
        to: SimulationFixture.threePions(number: UInt64(number), time: 1000 * Double(number)), seed: 3,
        into: &hits)
    }
    let mean = Double(hits[.ktag].count) / Double(count)
    // 4 sigma of the mean of a Poisson distribution of mean 18.
    #expect(abs(mean - 18) < 4 * (18 / Double(count)).squareRoot())
    var sectors = [UInt64: Set<Int32>]()
    for i in 0..<hits[.ktag].count {
      sectors[hits[.ktag].event[i], default: []].insert(hits[.ktag].channel[i] / 384)
    }
    let enough = sectors.values.filter { $0.count >= 5 }.count
    #expect(Double(enough) / Double(count) > 0.97)
    #expect(hits[.muv3].count == 0)
  }

  @Test func aRingHasTheNumberOfPhotonsOfItsRadius() throws {
    var response = try SimulationFixture.detectorResponse()
    var hits = HitStore()
    let count = 400
    for number in 0..<count {
      // A positive pion of 35 GeV/c whose ring lies in the middle of the disk on the Jura side.
      let pion = SimulationFixture.particle(
        .pionPlus, momentum: 35, from: Vector3(700, 0, 183_000))
      response.respond(
        to: SimulationFixture.event([pion], number: UInt64(number)), seed: 5, into: &hits)
    }
    let list = hits[.rich]
    let photons = list.channel.filter { $0 < 2048 }.count
    let expected = 13.2 * (178.1 / 190.6) * (178.1 / 190.6)
    // Some photons fall between the cones or on the edge.
    let mean = Double(photons) / Double(count)
    #expect(mean > 0.85 * expected && mean < 1.05 * expected)
    // Each event has at least as many photons as ORs, and all on disk 0.
    #expect(list.channel.filter { $0 >= 2048 }.count < photons)
    #expect(list.channel.allSatisfy { $0 < 1024 || $0 >= 2048 })
  }

  @Test func aMuonBesideTheMirrorsMakesNoLight() throws {
    var response = try SimulationFixture.detectorResponse()
    func photons(at x: Double) -> Int {
      var hits = HitStore()
      for number in 0..<20 {
        let muon = SimulationFixture.particle(.muonMinus, momentum: 60, from: Vector3(x, 0, 219_000))
        response.respond(to: SimulationFixture.event([muon], number: UInt64(number)), seed: 5, into: &hits)
      }
      return hits[.rich].count
    }
    #expect(photons(at: 1000) > 100)
    #expect(photons(at: 1800) == 0)
  }

  @Test func theBeamGoesThroughWithoutATrace() throws {
    var response = try SimulationFixture.detectorResponse()
    var hits = HitStore()
    for number in 0..<50 {
      let pion = SimulationFixture.particle(
        .pionPlus, momentum: 75, from: Vector3(0, 0, 102_400), slopes: (0.0012, 0), parent: -1)
      response.respond(to: SimulationFixture.event([pion], number: UInt64(number)), seed: 5, into: &hits)
    }
    for detector in SimulatedDetector.allCases where detector != .ktag {
      #expect(hits[detector].count == 0, "\(detector)")
    }
    // 0.6 hits of a pion.
    #expect(hits[.ktag].count > 10 && hits[.ktag].count < 50)
  }

  @Test func photonsHitTheVetoInWhoseWayTheyAre() throws {
    var response = try SimulationFixture.detectorResponse()
    func hits(_ slope: Double, from z: Double, energy: Double = 5) -> HitStore {
      var hits = HitStore()
      let photon = SimulationFixture.particle(
        .photon, momentum: energy, from: Vector3(0, 0, z), slopes: (slope, 0))
      response.respond(to: SimulationFixture.event([photon]), seed: 2, into: &hits)
      return hits
    }
    // At LAV2 (z about 129 m) the photon is beyond 532 mm.
    let wide = hits(0.02, from: 102_400)
    #expect(wide[.lav].count >= 4)
    #expect(wide[.lav].channel.allSatisfy { $0 / 512 == 1 })
    #expect(wide[.lkr].count == 0)
    // On LKr at x = 400 mm.
    let middle = hits(0.004, from: 141_093)
    #expect(middle[.lkr].count == 1 && middle[.lav].count == 0)
    #expect(abs(middle[.lkr].amplitude[0] - 5) < 1)
    #expect(middle[.lkr].channel[0] / 1000 == 84)
    // Along the axis to SAC, at 100 mm to IRC.
    let axis = hits(0, from: 141_093)
    #expect(axis[.sac].count >= 4 && axis[.irc].count == 0 && axis[.lkr].count == 0)
    let ring = hits(0.001, from: 139_611.5)
    #expect(ring[.irc].count == 2 && ring[.lkr].count == 0 && ring[.sac].count == 0)
  }

  @Test func energiesAreSmearedAsConfigured() throws {
    var response = try SimulationFixture.detectorResponse()
    var hits = HitStore()
    let count = 1000
    for number in 0..<count {
      let photon = SimulationFixture.particle(.photon, momentum: 10, from: Vector3(500, 200, 230_000))
      response.respond(to: SimulationFixture.event([photon], number: UInt64(number)), seed: 1, into: &hits)
    }
    let found = moments(hits[.lkr].amplitude.map(Double.init))
    // 0.048^2 x 10 + 0.11^2 + 0.009^2 x 100 = 0.208^2.
    let error = 0.208 / Double(count).squareRoot()
    #expect(abs(found.mean - 10) < 4 * error)
    #expect(abs(found.spread / 0.2079 - 1) < 0.1)
    // 0.56 + 1.53 / 10 - 0.233 / sqrt(10).
    let times = moments(hits[.lkr].leading.map { $0 - 1e6 })
    #expect(abs(times.spread / 0.6393 - 1) < 0.1)
  }

  @Test func aPulseCrossesItsThresholdsInTime() throws {
    let configuration = try SimulationFixture.response()
    let pulse = ThresholdPulse(pulse: configuration.lav, settings: configuration[.lav])
    // A pulse of 30 mV: a sixth of the rise; 6.1 ns + 7.85 ns x ln(30 / 3.5).
    let (low, high) = pulse.edges(height: 30)
    #expect(abs(low.leading - 1.0167) < 0.001 && abs(low.trailing - 22.965) < 0.002)
    // Half of it; 6.1 ns + 7.85 ns x ln(30 / 13.5).
    #expect(abs(high.leading - 3.05) < 0.001 && abs(high.trailing - 12.368) < 0.002)
    func channels(_ height: Double) -> [Int32] {
      var draws = ResponseDraws(SimulationRandom(seed: 1, purpose: .response, index: 0))
      var hits = HitList()
      pulse.respond(height: height, low: 6, high: 7, time: 0, event: 0, particle: 0, &draws, &hits)
      return Array(hits.channel)
    }
    #expect(channels(4.9) == [] && channels(14.9) == [6] && channels(15.1) == [6, 7])
  }

  @Test func l1sDistancesOfStrawsAreThoseOfTheTrack() throws {
    let straw = try StrawResponse(SimulationFixture.response(), SimulationFixture.detectors().maps)
    var draws = ResponseDraws(SimulationRandom(seed: 1, purpose: .response, index: 0))
    var hits = HitList()
    var track = TrackState(
      SimulationFixture.particle(.muonPlus, momentum: 30, from: Vector3(600, 100, 183_000)), place: 0)
    track.end = .infinity
    for number in 0..<400 {
      straw.respond(
        track, chamber: 0, event: SimulationFixture.event([], number: UInt64(number), time: 0), &draws, &hits)
    }
    // Straw 94 of the first layer of view x: -1058.2 - 0.1735 + 17.6 x 94 = 596.03, 3.97 mm from the track.
    let maps = try SimulationFixture.detectors().maps
    let channel = try #require(maps.straw.firstIndex(of: 8 * 122 + 94))
    let distances = (0..<hits.count).filter { hits.channel[$0] == Int32(channel) }
      .map { StrawGeometry.drift(hits.leading[$0] / 1000) }
    let efficiency = Double(distances.count) / 400
    let error = (0.985 * 0.015 / 400).squareRoot()
    #expect(abs(efficiency - 0.985) < 4 * error)
    let found = moments(distances)
    #expect(abs(found.mean - 3.974) < 0.05)
    #expect(abs(found.spread / StrawGeometry.resolution(3.974) - 1) < 0.15)
  }

  @Test func hitsDoNotDependOnTheOrderOfTheEvents() throws {
    let configuration = try SimulationFixture.response()
    let events = (0..<20).map { SimulationFixture.threePions(number: $0, time: 40 * Double($0)) }
    func hits(_ events: [SimulatedEvent]) throws -> HitStore {
      var response = try SimulationFixture.detectorResponse()
      var hits = HitStore()
      for event in events { response.respond(to: event, seed: 9, into: &hits) }
      hits.arrange(configuration)
      return hits
    }
    let forwards = try hits(events)
    let backwards = try hits(events.reversed())
    for detector in SimulatedDetector.allCases {
      #expect(forwards[detector].channel == backwards[detector].channel)
      #expect(forwards[detector].leading == backwards[detector].leading)
    }
    #expect(forwards[.straw].count > 500)
    #expect(forwards[.straw].leading == forwards[.straw].leading.sorted())
  }

  @Test func hitsOfAChannelThatAreTooNearBecomeOne() {
    var list = HitList()
    list.append(channel: 3, leading: 20, trailing: 40, event: 1, particle: 0)
    list.append(channel: 3, leading: 10, trailing: 25, event: 0, particle: 0)
    list.append(channel: 4, leading: 12, trailing: 25, event: 0, particle: 0)
    list.append(channel: 3, leading: 26, trailing: .nan, event: 2, particle: 0)
    var sorter = HitSorter()
    list.arrange(merging: 15, channels: 512, &sorter)
    #expect(list.channel == [3, 4, 3])
    #expect(list.leading == [10, 12, 26])
    #expect(list.trailing[0] == 40)
  }

  @Test func noiseHasItsRate() throws {
    var configuration = try SimulationFixture.response()
    configuration[.newCHOD].noise = 1000
    let response = try DetectorResponse(
      configuration: configuration, maps: SimulationFixture.detectors().maps)
    var hits = HitStore()
    // 304 channels of 1 kHz in 10 ms.
    response.addNoise(stretch: 0, from: 0, to: 1e7, seed: 1, into: &hits)
    #expect(abs(Double(hits[.newCHOD].count) - 3040) < 4 * 55.2)
    #expect(hits[.muv3].count == 0)
    #expect(hits[.newCHOD].particle.allSatisfy { $0 == -1 })
  }
}
