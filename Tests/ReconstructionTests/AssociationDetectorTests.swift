import Detectors
import EventBuilding
import NA62Formats
import Simulation
import SpillwayTestSupport
import Testing

@testable import Reconstruction

/// What single particles are found to be, against the truth.
@Suite struct AssociationDetectorTests {
  /// What was found of a species in a range of momenta.
  private struct Found {
    var tracks = 0
    var chod = 0
    var pairs = 0
    var newCHOD = 0
    var muv3 = 0
    var rings = 0
    var ktag = 0
    var inAcceptance = 0
    /// How often each hypothesis (e, µ, π) was the best of the three.
    var best = SIMD3<Int>.zero
    var ratios: [Double] = []
    var chodTimes: [Double] = []
    var newCHODTimes: [Double] = []
    var muv3Times: [Double] = []
    var richTimes: [Double] = []
    var ktagTimes: [Double] = []
    var masses: [Double] = []
    var radii: [Double] = []
    var lkrTimes: [Double] = []
    var lkrDistances: [Double] = []
  }

  private func find(_ species: Species, _ momenta: ClosedRange<Double>, count: Int) throws -> Found {
    let sample = try AssociationFixture.sample(
      AssociationFixture.guns(species, momenta: momenta, count: count, seed: 3))
    let out = try AssociationFixture.reconstruct(sample)
    var found = Found()
    for (event, truth) in sample.truth.enumerated() {
      guard
        let i = AssociationFixture.track(
          out, ofEvent: event, momentum: truth.particles[1].momentum.momentum.length)
      else { continue }
      // What the trigger's time leaves of a TDC unit is not to blur the times.
      let shift =
        ((truth.time / ClockTicks.fineTimeUnit).rounded(.down) + 0.5) * ClockTicks.fineTimeUnit - truth.time
      let a = out.associations
      found.tracks += 1
      if a.acceptance[i].isSuperset(of: [.chod, .newCHOD, .rich, .lkr, .muv3]) { found.inAcceptance += 1 }
      if a.chod[i].planes > 0 { found.chod += 1 }
      if a.chod[i].planes == 2 {
        found.pairs += 1
        found.chodTimes.append(Double(a.chod[i].time) + shift)
      }
      if a.newCHOD[i].isFound {
        found.newCHOD += 1
        found.newCHODTimes.append(Double(a.newCHOD[i].time) + shift)
      }
      if a.muv3[i].isFound {
        found.muv3 += 1
        found.muv3Times.append(Double(a.muv3[i].time) + shift)
      }
      if !a.rich[i].time.isNaN {
        found.rings += 1
        found.richTimes.append(Double(a.rich[i].time) + shift)
        found.masses.append(Double(a.rich[i].massSquared))
        found.radii.append(Double(a.rich[i].radius))
      }
      let l = a.rich[i].logLikelihood
      found.best[l.x > max(l.y, l.z) ? 0 : l.y > l.z ? 1 : 2] += 1
      if a.events[event].ktagSectors >= 5 {
        found.ktag += 1
        found.ktagTimes.append(Double(a.events[event].ktagTime) + shift)
      }
      found.ratios.append(Double(a.lkr[i].ratio))
      if a.lkr[i].cluster >= 0 {
        found.lkrTimes.append(Double(a.lkr[i].time) + shift)
        found.lkrDistances.append(Double(a.lkr[i].distance))
      }
    }
    return found
  }

  private func share(_ part: Int, _ all: Int) -> Double { Double(part) / Double(max(all, 1)) }

  @Test func positronsAreFoundAndTold() throws {
    let found = try find(.positron, 15...35, count: 300)
    expectHodoscopes(found)
    #expect(found.muv3 == 0)
    #expect(share(found.best.x, found.tracks) > 0.95)
    #expect(share(found.ratios.count { abs($0 - 1) < 0.1 }, found.tracks) > 0.97)
    let core = AssociationFixture.moments(found.ratios.filter { abs($0 - 1) < 0.1 })
    #expect(abs(core.mean - 1) < 0.01 && core.spread < 0.025)
    #expect(abs(AssociationFixture.moments(found.masses).mean) < 0.001)
    // The simulation puts a shower into the middle of its cell: up to 14 mm from the track.
    #expect(found.lkrDistances.allSatisfy { $0 < 20 })
  }

  @Test func muonsAreFoundAndTold() throws {
    let found = try find(.muonPlus, 15...35, count: 300)
    expectHodoscopes(found)
    #expect(share(found.muv3, found.tracks) > 0.97)
    // The later of two photomultipliers of 0.45 ns each.
    let time = AssociationFixture.moments(found.muv3Times)
    #expect(abs(time.mean - 0.25) < 0.08 && abs(time.spread - 0.37) < 0.07)
    #expect(share(found.best.y, found.tracks) > 0.93)
    #expect(found.ratios.allSatisfy { $0 < 0.1 })
    #expect(
      abs(AssociationFixture.moments(found.masses).mean - ParticleMass.muon * ParticleMass.muon) < 0.001)
  }

  @Test func pionsAreFoundAndTold() throws {
    let found = try find(.pionPlus, 15...35, count: 300)
    expectHodoscopes(found)
    #expect(found.muv3 == 0)
    #expect(share(found.best.z, found.tracks) > 0.96)
    #expect(share(found.ratios.count { $0 > 0.9 }, found.tracks) < 0.12)
    #expect(
      abs(AssociationFixture.moments(found.masses).mean - ParticleMass.pion * ParticleMass.pion) < 0.001)
  }

  /// Efficiencies and times that are the same for all charged particles.
  private func expectHodoscopes(_ found: Found) {
    #expect(found.tracks > 290 && found.inAcceptance > 290)
    // Some hit LAV12 or IRC before.
    #expect(share(found.chod, found.tracks) > 0.97)
    #expect(share(found.pairs, found.tracks) > 0.94)
    #expect(share(found.newCHOD, found.tracks) > 0.965)
    #expect(share(found.rings, found.tracks) > 0.88)
    #expect(share(found.ktag, found.tracks) > 0.97)
    for (times, least, most) in [
      (found.chodTimes, 0.17, 0.24), (found.newCHODTimes, 0.7, 0.97), (found.richTimes, 0.06, 0.12),
      (found.ktagTimes, 0.05, 0.09),
    ] {
      let time = AssociationFixture.moments(times)
      #expect(abs(time.mean) < 0.15)
      #expect(time.spread > least && time.spread < most, "\(time.spread) in \(least)...\(most)")
    }
  }

  @Test func ringsOfThreeTracksAreToldApart() throws {
    let species: [Species] = [.positron, .muonPlus, .pionPlus]
    let guns = try species.enumerated().map {
      try AssociationFixture.guns($1, momenta: 18...32, count: 150, seed: UInt64(20 + $0))
    }
    let truth = (0..<150).map { i in
      var event = guns[0][i]
      event.particles += [guns[1][i].particles[1], guns[2][i].particles[1]]
      return event
    }
    let sample = try AssociationFixture.sample(truth)
    let out = try AssociationFixture.reconstruct(sample)
    var right = SIMD3<Int>.zero
    var all = SIMD3<Int>.zero
    for (event, truth) in truth.enumerated() where out.tracks.range(ofEvent: event).count == 3 {
      for k in 0..<3 {
        let p = truth.particles[k + 1].momentum.momentum.length
        guard let i = AssociationFixture.track(out, ofEvent: event, momentum: p),
          abs(1 / abs(out.tracks.inverseMomentum[i]) - p) < 1, out.associations.rich[i].hits >= 6
        else { continue }
        let l = out.associations.rich[i].logLikelihood
        all[k] += 1
        if l[k] == max(l[0], l[1], l[2]) { right[k] += 1 }
      }
    }
    for k in 0..<3 {
      #expect(all[k] > 80)
      #expect(share(right[k], all[k]) > 0.9, "\(species[k]): \(right[k]) of \(all[k])")
    }
  }

  @Test func photonsInTheVetoesAreSeen() throws {
    var random = SimulationRandom(seed: 4, purpose: .decay, index: 9)
    /// Photons from 110 m to a z, between two radii.
    func photons(to z: Double, _ radii: ClosedRange<Double>) -> [SimulatedEvent] {
      (0..<100).map { number in
        let angle = random.uniform(0, 2 * Double.pi)
        let radius = random.uniform(radii.lowerBound, radii.upperBound) / (z - 110_000)
        // By the half angle: no functions of the C library here.
        let t = angle < .pi ? random.uniform(-1, 1) : 1 / random.uniform(-1, 1)
        let slopes = SIMD2((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)) * radius
        let photon = AssociationFixture.particle(
          .photon, momentum: random.uniform(1, 20), from: Vector3(0, 0, 110_000), slopes: slopes)
        return SimulatedEvent(
          number: UInt64(number), time: 1e6 + 5000.37 * Double(number), channel: "photon", particles: [photon]
        )
      }
    }
    func seen(_ events: [SimulatedEvent], _ value: (EventAssociation) -> Float) throws -> Int {
      let out = try AssociationFixture.reconstruct(AssociationFixture.sample(events))
      return out.associations.events.count { value($0) > 0 }
    }
    for (z, inner) in [(129_000.0, 532.0), (165_400, 772), (192_800, 972)] {
      #expect(try seen(photons(to: z, (inner + 30)...(inner + 320))) { $0.lavHits } >= 99)
    }
    #expect(try seen(photons(to: 239_611.5, 80...140)) { $0.ircHits } >= 98)
    #expect(try seen(photons(to: 260_956, 0...55)) { $0.sacHits } >= 98)
    let inLKr = try AssociationFixture.reconstruct(
      AssociationFixture.sample(photons(to: 241_093, 300...900)))
    let clear = inLKr.associations.events.filter { $0.lavHits == 0 }
    #expect(clear.count > 75)
    #expect(clear.count { $0.extraClusters == 1 } >= clear.count - 3)
  }

  @Test func dataOfLKrThatAreAddedLaterGiveTheSame() throws {
    let sample = try AssociationFixture.sample(
      AssociationFixture.guns(.positron, momenta: 20...30, count: 8, seed: 3))
    let worker = Reconstructor(
      configuration: try AssociationFixture.configuration(), layout: try AssociationFixture.layout(),
      maps: try AssociationFixture.detectors().maps)
    var late = ReconstructedBatch()
    for (i, event) in sample.batch.events.enumerated() {
      worker.reconstruct(event, of: sample.batch, into: &late)
      #expect(late.associations.clusters.range(ofEvent: i).isEmpty)
      worker.add(
        .calorimeter, of: event, of: sample.batch, calorimeter: sample.calorimeters[i], to: &late)
    }
    let whole = try AssociationFixture.reconstruct(sample)
    #expect(whole.associations.clusters.count > 4)
    #expect(whole.associations.lkr.contains { $0.ratio > 0.8 })
    // NaN is not equal to itself, but is written the same.
    #expect("\(late.associations)" == "\(whole.associations)")
    #expect(late.states == whole.states)
  }

  /// Events of several particles, so that rings and showers are near one another.
  private func crowds(_ count: Int) throws -> [SimulatedEvent] {
    var events = try AssociationFixture.guns(.positron, momenta: 10...40, count: count, seed: 21)
    for (species, seed) in [(Species.photon, UInt64(22)), (.electron, 23), (.photon, 24), (.muonPlus, 25)] {
      let others = try AssociationFixture.guns(species, momenta: 3...30, count: count, seed: seed)
      for i in events.indices where i < others.count && (i + Int(seed)) % 3 != 0 {
        events[i].particles += others[i].particles.suffix(1)
      }
    }
    return events
  }

  @Test func partsThatAreAddedInAnyOrderGiveTheSame() throws {
    let sample = try AssociationFixture.sample(crowds(60))
    let whole = try AssociationFixture.reconstruct(sample)
    let worker = Reconstructor(
      configuration: try AssociationFixture.configuration(), layout: try AssociationFixture.layout(),
      maps: try AssociationFixture.detectors().maps)
    let parts: [DetectorParts] = [.lav, .hodoscopes, .showers, .ktag, .times, .calorimeter]
    var late = ReconstructedBatch()
    for (i, event) in sample.batch.events.enumerated() {
      worker.begin(event, of: sample.batch, into: &late)
      #expect(late.associations.events[i].downstreamTime.isNaN)
      var there: DetectorParts = []
      for k in parts.indices {
        let part = parts[(k + i) % parts.count]
        let added = worker.add(
          part, of: event, of: sample.batch, calorimeter: sample.calorimeters[i], to: &late)
        #expect(added == part.withTheirOwnNeeds.subtracting(there))
        there.formUnion(added)
      }
      #expect(there == .all)
    }
    // NaN is not equal to itself, but is written the same.
    #expect("\(late)" == "\(whole)")
  }

  @Test func showersAtTheTracksAreThoseOfTheWholeCalorimeter() throws {
    let sample = try AssociationFixture.sample(crowds(150))
    let whole = try AssociationFixture.reconstruct(sample)
    let worker = Reconstructor(
      configuration: try AssociationFixture.configuration(), layout: try AssociationFixture.layout(),
      maps: try AssociationFixture.detectors().maps)
    var late = ReconstructedBatch()
    for (i, event) in sample.batch.events.enumerated() {
      worker.begin(event, of: sample.batch, into: &late)
      worker.add(.showers, of: event, of: sample.batch, calorimeter: sample.calorimeters[i], to: &late)
      #expect(late.associations.events[i].lkrClusters.isNaN)
    }
    #expect(late.associations.clusters.count == 0)
    func text(_ matches: ContiguousArray<ClusterMatch>) -> [String] {
      matches.map { "\($0.energy) \($0.ratio) \($0.time) \($0.distance)" }
    }
    #expect(text(late.associations.lkr) == text(whole.associations.lkr))
    #expect(whole.associations.lkr.count { $0.cluster >= 0 } > 100)
    // Clusters that share cells, and others that need not be found.
    #expect(whole.associations.clusters.count > 300)
  }

  @Test func withoutDataOfLKrItsQuantitiesAreNotAvailable() throws {
    let sample = try AssociationFixture.sample(
      AssociationFixture.guns(.positron, momenta: 20...30, count: 5, seed: 3))
    let out = try AssociationFixture.reconstruct(sample, calorimeter: false)
    for event in out.associations.events {
      #expect(event.state.contains(.noLKr))
      #expect(event.lkrEnergy.isNaN && event.lkrClusters.isNaN && event.extraClusters.isNaN)
    }
    #expect(out.associations.lkr.allSatisfy { $0.energy.isNaN && $0.ratio.isNaN && $0.cluster == -1 })
    // The rest does not depend on it.
    let whole = try AssociationFixture.reconstruct(sample)
    #expect(out.associations.chod == whole.associations.chod)
    #expect(out.associations.muv3.map(\.tile) == whole.associations.muv3.map(\.tile))
  }
}
