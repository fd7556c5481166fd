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
      let shift = ((truth.time / ClockTicks.fineTimeUnit).rounded(.down) + 0.5) * ClockTicks.fineTimeUnit - truth.time
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

  private func report(_ name: String, _ f: Found) {
    let m = AssociationFixture.moments
    print(
      name, "tracks", f.tracks, "acc", f.inAcceptance, "chod", f.chod, f.pairs, "newchod", f.newCHOD, "muv3", f.muv3, "rings",
      f.rings, "ktag", f.ktag, "best", f.best)
    print(
      "  times chod", m(f.chodTimes), "newchod", m(f.newCHODTimes), "muv3", m(f.muv3Times), "rich", m(f.richTimes), "ktag",
      m(f.ktagTimes), "lkr", m(f.lkrTimes))
    print("  m2", m(f.masses), "R", m(f.radii), "eop", m(f.ratios), f.lkrDistances.count, m(f.lkrDistances))
  }

  @Test func study() throws {
    for species in [Species.positron, .muonPlus, .pionPlus] {
      report("\(species)", try find(species, 15...35, count: 300))
    }
  }
}
