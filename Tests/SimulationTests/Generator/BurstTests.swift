import Foundation
import Testing

@testable import Simulation

@Test(arguments: ["kaon-2018", "dump-2021"])
func sameSeedGivesTheSameBurstHoweverItIsSliced(_ name: String) throws {
  let generator = try #require(
    BurstGenerator(configuration: GeneratorSupport.configuration(name), seed: 7))
  let again = try #require(BurstGenerator(configuration: GeneratorSupport.configuration(name), seed: 7))
  let first = generator.sliceCount / 2
  let forward = Array(generator.slices(first..<(first + 2)))
  let backward = [again.events(inSlice: first + 1), again.events(inSlice: first)]
  #expect(forward == backward.reversed())
  #expect(forward[0] != forward[1])
  let other = try #require(
    BurstGenerator(configuration: GeneratorSupport.configuration(name), seed: 8))
  #expect(other.events(inSlice: first) != forward[0])
}

@Test func eventsComeInTheOrderOfTimeInsideTheirSliceWithNumbersOfTheirOwn() throws {
  let generator = try #require(
    BurstGenerator(configuration: GeneratorSupport.configuration("kaon-2018"), seed: 2))
  var numbers: Set<UInt64> = []
  for slice in 20_000..<20_002 {
    let events = generator.events(inSlice: slice)
    let start = Double(slice) * generator.sliceDuration
    #expect(zip(events, events.dropFirst()).allSatisfy { ($0.time, $0.number) < ($1.time, $1.number) })
    #expect(events.allSatisfy { $0.time >= start && $0.time < start + generator.sliceDuration })
    for event in events {
      #expect(numbers.insert(event.number).inserted)
      for (place, particle) in event.particles.enumerated() where particle.parent >= 0 {
        #expect(Int(particle.parent) < place)
      }
    }
  }
  #expect(generator.events(inSlice: -1).isEmpty)
  #expect(generator.events(inSlice: generator.sliceCount).isEmpty)
}

@Test func oneSourceDoesNotDisturbAnother() throws {
  var configuration = try GeneratorSupport.configuration("kaon-2018")
  let all = try #require(BurstGenerator(configuration: configuration, seed: 5)).events(inSlice: 20_000)
  configuration.halo = nil
  let alone = try #require(BurstGenerator(configuration: configuration, seed: 5)).events(inSlice: 20_000)
  #expect(all.filter { !$0.channel.hasPrefix("halo") } == alone)
  #expect(all.count > alone.count)
}

@Test func decaysComeAtTheRateOfBeamAndLifetime() throws {
  var configuration = try GeneratorSupport.configuration("kaon-2018")
  configuration.halo = nil
  configuration.beam?.passing = []
  configuration.spill.rippleAmplitude = 0
  let generator = try #require(BurstGenerator(configuration: configuration, seed: 1))
  var kaons = 0.0
  var pions = 0.0
  for events in generator.slices(20_000..<20_010) {
    kaons += Double(events.count { $0.channel.hasPrefix("K+") })
    pions += Double(events.count { $0.channel == "pi+ decay" })
  }
  // 0.2505 of the kaons and 0.0380 of the pions decay before 265 m (detectors.md 14.2).
  let seconds = 10 * generator.sliceDuration * 1e-9
  let expectedKaons = 45e6 * 0.2505 * seconds
  let expectedPions = 750e6 * 0.70208 * 0.0380 * seconds
  #expect(abs(kaons - expectedKaons) < 4 * expectedKaons.squareRoot() + 0.01 * expectedKaons)
  #expect(abs(pions - expectedPions) < 4 * expectedPions.squareRoot() + 0.01 * expectedPions)
}

@Test func beamHasTheGivenMomentsOfMomentumPlaceAndSlope() throws {
  let beam = try #require(GeneratorSupport.configuration("kaon-2018").beam)
  var random = SimulationRandom(seed: 1, purpose: .beam, index: 0)
  let particles = (0..<20_000).map { _ in beam.draw(.kaonPlus, &random) }
  func moments(_ values: [Double]) -> (mean: Double, rms: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
  }
  let momentum = moments(particles.map(\.momentum.momentum.length))
  let x = moments(particles.map(\.origin.x))
  let y = moments(particles.map(\.origin.y))
  let slopesX = particles.map { $0.momentum.momentum.x / $0.momentum.momentum.z }
  let slopeX = moments(slopesX)
  let slopeY = moments(particles.map { $0.momentum.momentum.y / $0.momentum.momentum.z })
  // The cuts make the widths smaller by up to 3 %, and shift the mean momentum by 5 MeV/c.
  #expect(abs(momentum.mean - 74.995) < 0.02)
  #expect((0.73...0.765).contains(momentum.rms))
  #expect(particles.allSatisfy { (72.9...77.2).contains($0.momentum.momentum.length + 1e-12) })
  #expect(abs(x.mean) < 0.4 && (12.8...13.8).contains(x.rms))
  #expect(abs(y.mean) < 0.16 && (5.3...5.8).contains(y.rms))
  #expect(abs(slopeX.mean - 1.2008e-3) < 3e-6 && (0.090e-3...0.095e-3).contains(slopeX.rms))
  #expect(abs(slopeY.mean) < 3e-6 && (0.099e-3...0.104e-3).contains(slopeY.rms))
  let product = zip(particles, slopesX).reduce(0) { $0 + ($1.0.origin.x - x.mean) * ($1.1 - slopeX.mean) }
  #expect(abs(product / 20_000 / (x.rms * slopeX.rms) - -0.57) < 0.03)
}

@Test func haloMuonsFollowTheirQuantiles() throws {
  let halo = try #require(GeneratorSupport.configuration("kaon-2018").halo)
  let component = try #require(halo.components.last)
  var random = SimulationRandom(seed: 1, purpose: .halo, index: 0)
  let muons = (0..<5000).map { _ in component.draw(atZ: halo.z, &random) }
  // Kaon- component: medians of momentum and of x in the reference.
  #expect(abs(Double(muons.count { $0.momentum.momentum.length < 41.08 }) / 5000 - 0.5) < 0.03)
  #expect(abs(Double(muons.count { $0.origin.x < -1263 }) / 5000 - 0.5) < 0.03)
  #expect(abs(Double(muons.count { $0.momentum.momentum.length < 98.57 }) / 5000 - 0.9) < 0.02)
  #expect(muons.allSatisfy { $0.species == .muonMinus && abs($0.momentum.massSquared - 0.011163613) < 1e-8 })
}

@Test func promptPairsShareTheirVertexAndTheMuonsEnergy() throws {
  var configuration = try GeneratorSupport.configuration("dump-2021")
  configuration.dump = nil
  configuration.promptPairs?.rate = 1e5
  configuration.spill.rise = 0
  let generator = try #require(BurstGenerator(configuration: configuration, seed: 1))
  let events = generator.events(inSlice: 100).filter { $0.channel.hasPrefix("prompt") }
  #expect(events.count > 300)
  for event in events {
    let primary = event.particles.filter { $0.parent < 0 }
    #expect(primary.count == 3)
    #expect(primary.allSatisfy { $0.origin == primary[0].origin && (80_000...102_000).contains($0.origin.z) })
    #expect(primary[0].species == primary[1].species.antiparticle)
  }
}

@Test func haloMuonsOfOppositeChargeCoincideByChanceOnly() throws {
  var configuration = try GeneratorSupport.configuration("dump-2021")
  configuration.dump = nil
  configuration.promptPairs = nil
  configuration.spill.rippleAmplitude = 0
  let generator = try #require(BurstGenerator(configuration: configuration, seed: 4))
  let events = generator.slices(200..<205).flatMap { $0 }
  let plus = events.filter { $0.channel == "halo mu+" }.map(\.time)
  let minus = events.filter { $0.channel == "halo mu-" }.map(\.time)
  let seconds = 5 * generator.sliceDuration * 1e-9
  #expect(abs(Double(plus.count) - 4e5 * seconds) < 4 * (4e5 * seconds).squareRoot())
  // Within 100 ns to each side: 2 R+ R- dt T.
  var pairs = 0
  var first = 0
  for time in plus {
    while first < minus.count && minus[first] < time - 100 { first += 1 }
    var place = first
    while place < minus.count && minus[place] < time + 100 {
      pairs += 1
      place += 1
    }
  }
  let expected = 2 * 4e5 * 3e5 * 100e-9 * seconds
  #expect(abs(Double(pairs) - expected) < 4 * expected.squareRoot())
}

@Test func spillRisesRipplesAndFalls() {
  let spill = SpillShape(
    duration: 4.8e9, rise: 0.5e9, fall: 0.5e9, rippleFrequency: 50, rippleAmplitude: 0.2)
  #expect(spill.intensity(at: -1) == 0)
  #expect(spill.intensity(at: 4.8e9) == 0)
  #expect(abs(spill.intensity(at: 0.25e9 + 1e7) - 0.52) < 1e-9)
  #expect(abs(spill.intensity(at: 2.005e9) - 1.2) < 1e-9)
  #expect(abs(spill.intensity(at: 2.015e9) - 0.8) < 1e-9)
}
