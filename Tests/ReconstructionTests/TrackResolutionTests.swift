import Simulation
import SpillwayTestSupport
import Testing

@testable import Reconstruction

/// Single tracks against the truth. The samples are of fixed seeds, and the limits leave four standard deviations
/// for another sample.
@Suite struct TrackResolutionTests {
  /// What was found of pions of a momentum.
  private struct Found {
    var accepted = 0
    var matched = 0
    var l1 = 0
    var both = 0
    var tracks = 0
    var wrongCharge = 0
    var relative: [Double] = []
    var expected: [Double] = []
    var pulls: [Double] = []
    var slopePulls: [Double] = []
    var chi2: [Double] = []
    var times: [Double] = []
  }

  private func pions(_ momentum: Double, count: Int) throws -> Found {
    var random = SplitMix64(seed: UInt64(1000 * momentum))
    let events = (0..<count).map { i in
      ReconstructionFixture.gun(i % 2 == 0 ? .pionPlus : .pionMinus, momentum, &random)
    }
    let sample = try ReconstructionFixture.sample(events, seed: UInt64(momentum))
    let out = try ReconstructionFixture.reconstruct(sample)
    let l1 = try ReconstructionFixture.l1()
    var found = Found()
    for (i, event) in sample.batch.events.enumerated() {
      let particle = sample.truth[Int(event.number)].particles[0]
      let range = out.tracks.range(ofEvent: i)
      let match = ReconstructionFixture.match(particle, out.tracks, range)
      if ReconstructionFixture.hasViews(sample.views[Int(event.number)][0], 3) {
        let hasL1 = l1.evaluateAlone(event, of: sample.batch).info.straw.tracks > 0
        found.accepted += 1
        if match != nil { found.matched += 1 }
        if hasL1 { found.l1 += 1 }
        if hasL1, match != nil { found.both += 1 }
      }
      found.tracks += range.count
      found.wrongCharge += range.filter { out.tracks[$0].charge != particle.species.charge }.count
      guard let match else { continue }
      let track = out.tracks[match]
      let q = Double(particle.species.charge) / momentum
      found.relative.append(track.momentum / momentum - 1)
      found.expected.append(track.momentumError / track.momentum)
      found.pulls.append((track.inverseMomentum - q) / track.covariance.qq.squareRoot())
      let slope = track.upstream.slope - ReconstructionFixture.line(particle).slope
      found.slopePulls.append(slope.x / track.covariance.txTx.squareRoot())
      found.slopePulls.append(slope.y / track.covariance.tyTy.squareRoot())
      found.chi2.append(Double(track.chi2) / Double(track.degreesOfFreedom))
      found.times.append(Double(track.time))
    }
    return found
  }

  @Test(arguments: [6.0, 12, 25, 55])
  func momentumIsAsGoodAsTheHitsAllow(_ momentum: Double) throws {
    let found = try pions(momentum, count: 250)
    let count = Double(found.relative.count)
    #expect(count > 60)
    let (centre, width) = ReconstructionFixture.width(found.relative)
    let expected = ReconstructionFixture.width(found.expected).centre
    let error = 1.3 / (2 * count).squareRoot()
    // The fit's own error is the bound by what the straws measure and what chambers scatter (Docs).
    #expect(abs(width / expected - 1) < 4 * error)
    #expect(abs(centre) < 4 * 1.25 * expected / count.squareRoot())
    #expect(abs(ReconstructionFixture.width(found.pulls).width - 1) < 4 * error)
    #expect(abs(ReconstructionFixture.width(found.slopePulls).width - 1) < 4 * error)
    // The simulation scatters more than 0.30 %: see Docs/Reconstruction.md.
    let nominal = (0.003 * 0.003 + 0.000_05 * 0.000_05 * momentum * momentum).squareRoot()
    #expect(expected / nominal < 1.35 && expected / nominal > 0.9)
    #expect((0.8...1.1).contains(ReconstructionFixture.width(found.chi2).centre))
    let time = ReconstructionFixture.width(found.times)
    #expect(abs(time.centre) < 1 && time.width < 2)
  }

  @Test func chargesAreRightAndMoreTracksAreFoundThanByL1() throws {
    var all = Found()
    for momentum in [5.5, 9, 17, 35, 58] {
      let found = try pions(momentum, count: 250)
      all.accepted += found.accepted
      all.matched += found.matched
      all.l1 += found.l1
      all.both += found.both
      all.tracks += found.tracks
      all.wrongCharge += found.wrongCharge
    }
    #expect(all.accepted > 400 && all.tracks > 500)
    #expect(all.wrongCharge == 0)
    #expect(Double(all.both) / Double(all.l1) > 0.96)
    #expect(Double(all.matched) / Double(all.accepted) > 0.96)
    #expect(all.matched > all.l1)
  }
}
