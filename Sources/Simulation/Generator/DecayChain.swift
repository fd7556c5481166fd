/// Lets the particles of an event decay in flight, and their products too.
struct DecayChain: Sendable {
  private let kaons: KaonDecays
  private let kaonChannels: ChannelTable<KaonChannel>
  private let pionZeroChannels: ChannelTable<PionZeroChannel>
  private let newParticles: NewParticleMasses
  private let muons: DalitzPlot
  private let magnet: MagnetKick
  /// Beyond it nothing decays, in mm.
  private let endZ: Double
  /// PDG: π⁺ → e⁺ν.
  private static let pionToElectron = 1.230e-4

  /// nil if a decay is not possible, which the masses exclude.
  init?(_ configuration: BurstConfiguration) {
    guard let kaons = KaonDecays(masses: configuration.newParticles), let muons = MuonDecay.plot else {
      return nil
    }
    self.kaons = kaons
    self.muons = muons
    kaonChannels = configuration.kaonChannels
    pionZeroChannels = configuration.pionZeroChannels
    newParticles = configuration.newParticles
    magnet = configuration.magnet
    endZ = configuration.endZ
  }

  /// Lets the K⁺ at place `place` decay at `z`; returns how.
  func decayKaon(
    _ place: Int, atZ z: Double, _ random: inout SimulationRandom, _ products: inout DecayProducts
  ) -> KaonChannel {
    let channel = kaonChannels.draw(&random)
    let start = products.particles.count
    kaons.decay(channel, &random, &products)
    complete(from: start, parent: place, mass: Species.kaonPlus.mass, atZ: z, &products)
    return channel
  }

  /// Lets the charged pion at place `place` decay at `z`.
  func decayPion(
    _ place: Int, atZ z: Double, _ random: inout SimulationRandom, _ products: inout DecayProducts
  ) {
    let pion = products.particles[place].species
    let isElectron = random.uniform() < Self.pionToElectron
    let lepton: Species = isElectron ? .positron : .muonPlus
    let neutrino: Species = isElectron ? .neutrinoE : .neutrinoMu
    let isMirrored = pion == .pionMinus
    let start = products.particles.count
    products.addPair(
      isMirrored ? lepton.antiparticle : lepton, lepton.mass, isMirrored ? neutrino.antiparticle : neutrino,
      0,
      of: pion.mass, along: random.direction())
    complete(from: start, parent: place, mass: pion.mass, atZ: z, &products)
  }

  /// Lets decay what does so before the end of the apparatus, from place `start` on, and what comes of it.
  func decayAll(from start: Int, _ random: inout SimulationRandom, _ products: inout DecayProducts) {
    var place = start
    while place < products.particles.count {
      decay(place, &random, &products)
      place += 1
    }
  }

  private func decay(_ place: Int, _ random: inout SimulationRandom, _ products: inout DecayProducts) {
    let particle = products.particles[place]
    let start = products.particles.count
    switch particle.species {
    case .pionZero:
      PionZeroDecays.decay(pionZeroChannels.draw(&random), &random, &products)
      complete(from: start, parent: place, mass: particle.species.mass, atZ: particle.origin.z, &products)
    case .axion, .darkPhoton:
      // The dark photons of the dump, of any mass, have decayed already.
      guard particle.decayZ == .infinity else { return }
      let mass = particle.species == .axion ? newParticles.axion : newParticles.darkPhoton
      let electron = Species.electron.mass
      products.addPair(.positron, electron, .electron, electron, of: mass, along: random.direction())
      complete(from: start, parent: place, mass: mass, atZ: particle.origin.z, &products)
    case .darkScalar:
      let mass = newParticles.darkPhoton
      products.addPair(
        .darkPhoton, mass, .darkPhoton, mass, of: newParticles.darkScalar, along: random.direction())
      complete(from: start, parent: place, mass: newParticles.darkScalar, atZ: particle.origin.z, &products)
    case .pionPlus, .pionMinus:
      guard let z = decayZ(of: particle, &random) else { return }
      decayPion(place, atZ: z, &random, &products)
    case .muonPlus, .muonMinus:
      guard let z = decayZ(of: particle, &random) else { return }
      muons.decay(&random, &products)
      if particle.species == .muonMinus {
        for child in start..<products.particles.count {
          products.particles[child].species = products.particles[child].species.antiparticle
        }
      }
      complete(from: start, parent: place, mass: particle.species.mass, atZ: z, &products)
    default: return
    }
  }

  /// Where the particle decays by the exponential law; nil if not before the end, or if it has decayed
  /// already, or flies upstream.
  private func decayZ(of particle: SimulatedParticle, _ random: inout SimulationRandom) -> Double? {
    guard let length = particle.species.decayLength, particle.momentum.momentum.z > 0,
      particle.decayZ == .infinity
    else { return nil }
    let mean = length * particle.momentum.momentum.z / particle.species.mass
    let z = particle.origin.z + mean * random.standardExponential()
    return z < endZ ? z : nil
  }

  private func complete(
    from start: Int, parent: Int, mass: Double, atZ z: Double, _ products: inout DecayProducts
  ) {
    let end = magnet.state(of: products.particles[parent], atZ: z)
    products.complete(from: start, parent: parent, mass: mass, end: end)
  }
}
