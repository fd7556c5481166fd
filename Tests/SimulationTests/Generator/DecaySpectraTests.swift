import Foundation
import Testing

@testable import Simulation

// Samples have fixed seeds; a test fails if its p-value is below 0.001.
private let threshold = 0.001
private let kaon = Species.kaonPlus.mass
private let pion = Species.pionPlus.mass

@Test func branchingFractionsAreThoseOfTheTable() throws {
  let events = try GeneratorSupport.kaons(count: 20_000)
  let total = KaonChannel.allCases.reduce(0) { $0 + $1.branchingFraction }
  var chiSquare = 0.0
  var degrees = -1.0
  for channel in KaonChannel.allCases where channel.branchingFraction > 1e-6 {
    let expected = Double(events.count) * channel.branchingFraction / total
    let seen = Double(events.count { $0.channel == channel.title })
    chiSquare += (seen - expected) * (seen - expected) / expected
    degrees += 1
  }
  // The 99.9 % point of χ² for 5 degrees of freedom.
  #expect(degrees == 5)
  #expect(chiSquare < 20.5)
}

@Test func dalitzDecaysOfPionZeroAreAsFrequentAsInTheTable() throws {
  let events = try GeneratorSupport.kaons([(.twoPions, 1)], count: 20_000)
  let seen = Double(events.count { $0.particles.contains { $0.parent >= 1 && $0.species == .positron } })
  let expected = 20_000 * (0.01174 + 3.34e-5)
  #expect(abs(seen - expected) < 4 * expected.squareRoot())
}

@Test(arguments: [(KaonChannel.muonNeutrino, 0.105658, 0.0), (.twoPions, 0.13957, 0.134977)])
func twoBodyDecaysAreIsotropic(_ channel: KaonChannel, _ first: Double, _ second: Double) throws {
  let energy = (kaon * kaon + first * first - second * second) / (2 * kaon)
  let momentum = GeneratorSupport.momentum(energy: energy, mass: first)
  let cosines = try GeneratorSupport.kaons([(channel, 1)], count: 5000).map { event in
    let parent = event.particles[0].momentum
    let gamma = parent.energy / kaon
    return (event.particles[1].momentum.energy - gamma * energy) / (parent.momentum.length / kaon * momentum)
  }
  #expect(cosines.allSatisfy { abs($0) < 1 + 1e-9 })
  #expect(GeneratorSupport.kolmogorov(cosines) { ($0 + 1) / 2 } > threshold)
}

@Test func kaonsDecayByTheExponentialLaw() throws {
  let events = try GeneratorSupport.kaons(count: 10_000)
  // With the length of each, the part of the law below the decay is even from 0 to 1. Mean path at 75 GeV/c:
  // 563.857 m (physics.md 2.3).
  let parts = events.map { event in
    let length = 563_857 / 75 * event.particles[0].momentum.momentum.z
    let all = 1 - exp(-(265_000 - 102_425) / length)
    return (1 - exp(-(event.particles[0].decayZ - 102_425) / length)) / all
  }
  #expect(GeneratorSupport.kolmogorov(parts) { $0 } > threshold)
}

@Test func pionsDecayInFlightByTheirLifetime() throws {
  let events = try GeneratorSupport.kaons([(.twoPions, 1)], count: 10_000)
  var expected = 0.0
  var seen = 0.0
  for event in events {
    let particle = event.particles[1]
    expected += 1 - exp(-(265_000 - particle.origin.z) / (4_193_851 / 75 * particle.momentum.momentum.z))
    if particle.decayZ < 265_000 { seen += 1 }
  }
  #expect(abs(seen - expected) < 4 * expected.squareRoot())
}

@Test func missingMassOfKaonToTwoPionsIsThePionZero() throws {
  for event in try GeneratorSupport.kaons([(.twoPions, 1)], pionZero: .photons, count: 500) {
    let missing = (event.particles[0].momentum - event.particles[1].momentum).massSquared
    #expect(abs(missing - 0.134977 * 0.134977) < 1e-10)
    let photons = event.particles.filter { $0.species == .photon }
    let pair = (photons[0].momentum + photons[1].momentum).massSquared
    #expect(abs(pair.squareRoot() - 0.134977) < 1e-9)
  }
}

/// The density of U, integrated over V: the three pions of mass `pair`, `pair` and `odd`.
private func threePionDensity(
  _ u: Double, pair: Double, odd: Double, g: Double, h: Double, k: Double
) -> Double {
  let s0 = (kaon * kaon + 2 * pair * pair + odd * odd) / 3
  let s3 = s0 + u * pion * pion
  let energy = (kaon * kaon + odd * odd - s3) / (2 * kaon)
  let p3 = GeneratorSupport.momentum(energy: energy, mass: odd)
  let inner = max(0, s3 / 4 - pair * pair).squareRoot()
  let largest = 2 * kaon / (pion * pion) * 2 * p3 * inner / s3.squareRoot()
  return largest * (1 + g * u + h * u * u + k * largest * largest / 3)
}

@Test(arguments: [
  (KaonChannel.threePions, 0.13957, 0.13957, -0.21134, 0.01848, -0.00463),
  (.threePionsNeutral, 0.134977, 0.13957, 0.6715, -0.0270, 0.0081),
])
func dalitzSlopesOfThreePions(
  _ channel: KaonChannel, _ pair: Double, _ odd: Double, _ g: Double, _ h: Double, _ k: Double
) throws {
  let decays = try #require(KaonDecays(masses: GeneratorSupport.configuration("kaon-2018").newParticles))
  let s0 = (kaon * kaon + 2 * pair * pair + odd * odd) / 3
  let sample = GeneratorSupport.decays(count: 10_000) { decays.decay(channel, &$0, &$1) }.map { particles in
    (kaon * kaon + odd * odd - 2 * kaon * particles[2].momentum.energy - s0) / (pion * pion)
  }
  let low = (4 * pair * pair - s0) / (pion * pion)
  let high = ((kaon - odd) * (kaon - odd) - s0) / (pion * pion)
  func probability(_ slope: Double) -> Double {
    let cumulative = GeneratorSupport.cumulative(low...high) {
      threePionDensity($0, pair: pair, odd: odd, g: slope, h: h, k: k)
    }
    return GeneratorSupport.kolmogorov(sample, cumulative: cumulative)
  }
  #expect(probability(g) > threshold)
  // The test sees a slope that is not there.
  #expect(probability(g + 0.1) < threshold)
}

/// dΓ/dE(π) of K → π ℓ ν from helicity amplitudes: another form of the matrix element than that of the
/// generator.
private func semileptonicDensity(
  _ energy: Double, lepton: Double, pionMass: Double, xi: Double, scale: Double
) -> Double {
  let q2 = kaon * kaon + pionMass * pionMass - 2 * kaon * energy
  guard q2 > lepton * lepton else { return 0 }
  let p = GeneratorSupport.momentum(energy: energy, mass: pionMass)
  let t = q2 / (pion * pion)
  let form = 1 + scale * (0.0252 * t + 0.0008 * t * t)
  let difference = kaon * kaon - pionMass * pionMass
  let scalar = form * (1 + q2 / difference * xi)
  let ratio = lepton * lepton / q2
  let longitudinal = 4 * kaon * kaon * p * p / q2 * form * form
  let timelike = difference * difference / q2 * scalar * scalar
  return p * q2 * (1 - ratio) * (1 - ratio) * (longitudinal * (1 + ratio / 2) + 1.5 * ratio * timelike)
}

@Test(arguments: [
  (KaonChannel.electron3, 0.000510999, 0.134977, 0.0, 1.0), (.muon3, 0.105658, 0.134977, -0.14, 1),
  (.pionNeutrinos, 0, 0.13957, 0, 0.99),
])
func pionSpectrumOfSemileptonicDecays(
  _ channel: KaonChannel, _ lepton: Double, _ pionMass: Double, _ xi: Double, _ scale: Double
) throws {
  let decays = try #require(KaonDecays(masses: GeneratorSupport.configuration("kaon-2018").newParticles))
  let sample = GeneratorSupport.decays(count: 10_000) { decays.decay(channel, &$0, &$1) }
    .map { $0[2].momentum.energy }
  let high = (kaon * kaon + pionMass * pionMass - lepton * lepton) / (2 * kaon)
  let cumulative = GeneratorSupport.cumulative(pionMass...high) {
    semileptonicDensity($0, lepton: lepton, pionMass: pionMass, xi: xi, scale: scale)
  }
  #expect(GeneratorSupport.kolmogorov(sample, cumulative: cumulative) > threshold)
}

@Test(arguments: [KaonChannel.electron3, .pionNeutrinos])
func leptonsOfAVectorCurrentPreferToFlyAcrossThePion(_ channel: KaonChannel) throws {
  let decays = try #require(KaonDecays(masses: GeneratorSupport.configuration("kaon-2018").newParticles))
  // For leptons without mass the angle in their own frame has the density 3/4 sin²θ.
  let cosines = GeneratorSupport.decays(count: 10_000) { decays.decay(channel, &$0, &$1) }.map {
    ($0[0].momentum.energy - $0[1].momentum.energy) / $0[2].momentum.momentum.length
  }
  let probability = GeneratorSupport.kolmogorov(cosines) { value in
    let c = min(1, max(-1, value))
    return (2 + 3 * c - c * c * c) / 4
  }
  #expect(probability > threshold)
}

@Test func electronsOfPionElectronsShareTheirPhaseSpaceEvenly() throws {
  let decays = try #require(KaonDecays(masses: GeneratorSupport.configuration("kaon-2018").newParticles))
  let sample = GeneratorSupport.decays(count: 3000) { decays.decay(.pionElectrons, &$0, &$1) }
  // By symmetry the four have one spectrum, whatever the order in which the generator makes them.
  let energies = (0..<4).map { place in
    sample.map { particles in particles.filter { abs($0.species.rawValue) == 11 }[place].momentum.energy }
  }
  let first = energies[0].sorted()
  for other in energies.dropFirst() {
    let distance = zip(first, other.sorted()).reduce(0) { $0 + $1.0 - $1.1 } / 3000
    // The width of the spectrum is about 35 MeV: the means differ by 0.9 MeV at one standard deviation.
    #expect(abs(distance) < 0.0036)
  }
}

@Test func massOfDalitzPairsFollowsKrollAndWada() {
  let electron = 0.000510999
  let pionZero = 0.134977
  let r = 4 * electron * electron / (pionZero * pionZero)
  let sample = GeneratorSupport.decays(count: 10_000) { PionZeroDecays.decay(.dalitz, &$0, &$1) }.map {
    particles in
    log((particles[1].momentum + particles[2].momentum).massSquared / (pionZero * pionZero))
  }
  let cumulative = GeneratorSupport.cumulative(log(r)...0, steps: 20_000) { logarithm in
    let x = exp(logarithm)
    return pow(max(0, 1 - x), 3) * (1 + r / (2 * x)) * max(0, 1 - r / x).squareRoot() * pow(1 + 0.032 * x, 2)
  }
  #expect(GeneratorSupport.kolmogorov(sample, cumulative: cumulative) > threshold)
}

@Test func electronsOfDalitzPairsShareTheEnergyByTheVirtualPhotonsPolarisation() {
  let electron = 0.000510999
  let sample = GeneratorSupport.decays(count: 10_000) { PionZeroDecays.decay(.dalitz, &$0, &$1) }
  // The cumulative distribution of the angle at the ratio of each event is even from 0 to 1.
  let parts = sample.map { particles in
    let pair = particles[1].momentum + particles[2].momentum
    let ratio = 4 * electron * electron / pair.massSquared
    let beta = (1 - ratio).squareRoot()
    let y = (particles[1].momentum.energy - particles[2].momentum.energy) / pair.momentum.length
    func integral(_ y: Double) -> Double { (1 + ratio) * y + y * y * y / 3 }
    return (integral(y) + integral(beta)) / (2 * integral(beta))
  }
  #expect(GeneratorSupport.kolmogorov(parts) { $0 } > threshold)
}

@Test func planesOfDoubleDalitzPairsPreferToBePerpendicular() {
  let sample = GeneratorSupport.decays(count: 4000) { PionZeroDecays.decay(.doubleDalitz, &$0, &$1) }
  let sum = sample.reduce(0.0) { sum, particles in
    func normal(_ a: Vector3, _ b: Vector3) -> Vector3 {
      Vector3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    }
    let first = normal(particles[0].momentum.momentum, particles[1].momentum.momentum)
    let second = normal(particles[2].momentum.momentum, particles[3].momentum.momentum)
    let cosine = first.dot(second) / (first.length * second.length)
    return sum + 2 * cosine * cosine - 1
  }
  // The mean of cos 2φ is -α/2 with α about 0.2 for a pseudoscalar; its error here is 0.011.
  #expect((-0.14 ... -0.06).contains(sum / 4000))
}

@Test func positronsOfMuonDecaysHaveTheMichelSpectrum() throws {
  let plot = try #require(MuonDecay.plot)
  let sample = GeneratorSupport.decays(count: 10_000) { plot.decay(&$0, &$1) }
    .map { 2 * $0[0].momentum.energy / 0.105658 }
  #expect(GeneratorSupport.kolmogorov(sample) { min(1, $0 * $0 * $0 * (2 - $0)) } > threshold)
}

@Test func phaseSpaceOfThreeIsEvenInTheDalitzPlot() throws {
  let space = try #require(
    PhaseSpace(parentMass: kaon, products: [(.axion, 0.1), (.axion, 0.1), (.pionPlus, pion)]))
  let plot = try #require(
    DalitzPlot(parentMass: kaon, (.axion, 0.1), (.axion, 0.1), (.pionPlus, pion), density: .flat))
  let cumulative = GeneratorSupport.cumulative(pion...((kaon * kaon + pion * pion - 0.04) / (2 * kaon))) {
    let s = kaon * kaon + pion * pion - 2 * kaon * $0
    return GeneratorSupport.momentum(energy: $0, mass: pion) * max(0, s / 4 - 0.01).squareRoot()
      / s.squareRoot()
  }
  func energies(_ sample: [[SimulatedParticle]]) -> [Double] {
    sample.compactMap { $0.first { $0.species == .pionPlus }?.momentum.energy }
  }
  let first = energies(GeneratorSupport.decays(count: 5000) { space.decay(&$0, &$1) })
  let second = energies(GeneratorSupport.decays(count: 5000) { plot.decay(&$0, &$1) })
  #expect(GeneratorSupport.kolmogorov(first, cumulative: cumulative) > threshold)
  #expect(GeneratorSupport.kolmogorov(second, cumulative: cumulative) > threshold)
}
