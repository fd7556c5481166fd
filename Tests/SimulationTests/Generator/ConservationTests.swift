import Testing

@testable import Simulation

private let masses: [Species: Double] = [.axion: 0.1, .darkScalar: 0.25, .darkPhoton: 0.05]

/// The largest violation in an event: of the balance at a vertex, or of the mass of a particle, relative to
/// the energy.
private func violation(_ event: SimulatedEvent, masses: [Species: Double]) -> Double {
  var worst = 0.0
  for (place, particle) in event.particles.enumerated() {
    let energy = particle.momentum.energy
    let mass = masses[particle.species] ?? particle.species.mass
    worst = max(worst, abs(particle.momentum.massSquared - mass * mass) / (energy * energy))
    let children = event.particles.filter { $0.parent == place }
    guard !children.isEmpty else { continue }
    let sum = children.dropFirst().reduce(children[0].momentum) { $0 + $1.momentum }
    let rest = sum - particle.momentum
    worst = max(worst, abs(rest.energy) / energy, rest.momentum.length / energy)
    for child in children {
      worst = max(worst, abs(child.origin.z - particle.decayZ) / 1e5)
    }
  }
  return worst
}

@Test(arguments: KaonChannel.allCases, PionZeroChannel.allCases)
func everyVertexConservesMomentumWithMassesOnShell(_ channel: KaonChannel, _ pionZero: PionZeroChannel) throws
{
  let events = try GeneratorSupport.kaons([(channel, 1)], pionZero: pionZero, count: 100)
  #expect(events.count == 100)
  for event in events {
    #expect(event.channel == "K+ -> \(channel.rawValue)")
    #expect(event.particles.contains { $0.parent == 0 })
    #expect(violation(event, masses: masses) < 1e-9)
  }
}

@Test(arguments: KaonChannel.allCases)
func chargeIsConservedInEveryDecay(_ channel: KaonChannel) throws {
  for event in try GeneratorSupport.kaons([(channel, 1)], pionZero: .doubleDalitz, count: 50) {
    for (place, particle) in event.particles.enumerated() {
      let children = event.particles.filter { $0.parent == place }
      guard !children.isEmpty else { continue }
      #expect(children.reduce(0) { $0 + $1.species.charge } == particle.species.charge)
    }
  }
}

@Test func dumpDecaysConserveMomentumAndPointBackToTheDump() throws {
  var configuration = try GeneratorSupport.configuration("dump-2021")
  configuration.dump?.rate = 1e6
  configuration.halo = nil
  configuration.promptPairs = nil
  let generator = try #require(BurstGenerator(configuration: configuration, seed: 3))
  let events = generator.events(inSlice: 200)
  #expect(events.count > 3000)
  for event in events.prefix(1000) {
    let parent = event.particles[0]
    #expect(parent.species == .darkPhoton)
    #expect(parent.origin == Vector3(0, -22, 23_070))
    #expect((105_000...180_000).contains(parent.decayZ))
    let pair = event.particles[1].momentum + event.particles[2].momentum - parent.momentum
    #expect(abs(pair.energy) < 1e-9 * parent.momentum.energy)
    #expect(pair.momentum.length < 1e-9 * parent.momentum.energy)
    let step = event.particles[1].origin - parent.origin
    let crossing = step.x * parent.momentum.momentum.z - step.z * parent.momentum.momentum.x
    #expect(abs(crossing) < 1e-9 * step.z * parent.momentum.energy)
  }
}

@Test func magnetTurnsChargedParticlesBeforeTheyDecayBehindIt() {
  let magnet = MagnetKick(z: 196_995, kick: -0.27)
  let momentum = FourMomentum(mass: 0.13957, momentum: Vector3(0.1, 0.2, 20))
  let pion = SimulatedParticle(
    species: .pionPlus, parent: -1, momentum: momentum, origin: Vector3(0, 0, 150_000), time: 0)
  let before = magnet.state(of: pion, atZ: 190_000)
  #expect(before.momentum == momentum)
  #expect(abs(before.position.x - 0.1 / 20 * 40_000) < 1e-9)
  let behind = magnet.state(of: pion, atZ: 200_000)
  #expect(abs(behind.momentum.momentum.x - -0.17) < 1e-12)
  #expect(abs(behind.momentum.massSquared - momentum.massSquared) < 1e-10)
  #expect(behind.momentum.momentum.y == 0.2)
  var other = pion
  other.species = .pionMinus
  #expect(abs(magnet.state(of: other, atZ: 200_000).momentum.momentum.x - 0.37) < 1e-12)
  other.species = .pionZero
  #expect(magnet.state(of: other, atZ: 200_000).momentum == momentum)
}

@Test func slowParticlesComeLaterThanLight() {
  let magnet = MagnetKick(z: 1e9, kick: 0)
  let kaon = SimulatedParticle(
    species: .kaonPlus, parent: -1, momentum: FourMomentum(mass: 0.493677, momentum: Vector3(0.3, 0, 2)),
    origin: Vector3(0, 0, 100_000), time: 5)
  let p = kaon.momentum.momentum.length
  let path = 10_000 * p / 2
  let expected = 5 + path / (299.792458 * p / kaon.momentum.energy) - 10_000 / 299.792458
  #expect(abs(magnet.state(of: kaon, atZ: 110_000).time - expected) < 1e-9)
}
