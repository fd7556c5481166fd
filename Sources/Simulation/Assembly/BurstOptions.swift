/// Changes to what a burst is made of, as the options of a command ask for them.
extension BurstConfiguration {
  /// Scales the beam, the halo and what the halo makes; 1 leaves them. The rate of dark photons is a choice of its
  /// own and stays.
  public mutating func scale(intensity: Double) {
    beam?.rate *= intensity
    if var halo {
      for i in halo.components.indices { halo.components[i].rate *= intensity }
      self.halo = halo
    }
    promptPairs?.rate *= intensity
  }

  /// Sets the mass of the new particle of a channel, in GeV/c²: a of π⁺aa, S of π⁺S, whose A' gets a fifth of it.
  ///
  /// - Returns: whether the decay is possible with it.
  public mutating func setMass(_ mass: Double, of channel: KaonChannel) -> Bool {
    let masses: NewParticleMasses?
    switch channel {
    case .axions:
      masses = NewParticleMasses(
        axion: mass, darkScalar: newParticles.darkScalar, darkPhoton: newParticles.darkPhoton)
    case .darkScalar:
      masses = NewParticleMasses(axion: newParticles.axion, darkScalar: mass, darkPhoton: mass / 5)
    default: masses = nil
    }
    guard let masses else { return false }
    newParticles = masses
    return true
  }

  /// A burst with nothing but decays of kaons of this beam.
  ///
  /// - Parameters:
  ///   - channels: how they decay.
  ///   - rate: decays per second at the flat top of the spill.
  /// - Returns: the burst; nil without a beam whose kaons decay.
  public func signal(_ channels: ChannelTable<KaonChannel>, rate: Double) -> BurstConfiguration? {
    guard var beam else { return nil }
    let probability = beam.decayProbability(.kaonPlus, momentumZ: beam.momentum.mean)
    guard probability > 0 else { return nil }
    beam.kaonFraction = 1
    beam.pionFraction = 0
    beam.passing = []
    beam.rate = rate / probability
    var signal = self
    signal.beam = beam
    signal.kaonChannels = channels
    signal.halo = nil
    signal.dump = nil
    signal.promptPairs = nil
    return signal
  }
}

extension DumpSignal {
  /// Changes the dark photon, in GeV/c² and ε, what it decays to, and its rate; nil leaves a value.
  ///
  /// - Returns: what is not possible, if anything.
  public mutating func change(
    mass: Double?, mixing: Double?, channel: DumpProduction.Channel?, rate: Double?
  ) -> String? {
    if mass != nil || mixing != nil {
      let old = production
      guard
        let darkPhoton = DarkPhoton(
          mass: mass ?? old.darkPhoton.mass, mixing: mixing ?? old.darkPhoton.mixing)
      else { return "the A' needs a mass above 1.02 and at most 600 MeV, and a mixing above 0, at most 1" }
      guard
        let new = DumpProduction(
          darkPhoton: darkPhoton, protonMomentum: old.protonMomentum, origin: old.origin,
          decayRange: old.decayRange, leastEnergy: old.leastEnergy,
          largestTransverseMomentum: old.largestTransverseMomentum)
      else { return "no A' of this mass and mixing decays in the range" }
      production = new
    }
    let darkPhoton = production.darkPhoton
    let wanted = channel.map { [$0] } ?? DumpProduction.Channel.allCases
    if channel != nil || mass != nil {
      let table = ChannelTable(wanted.map { ($0, darkPhoton.leptonWidth($0.lepton.mass)) })
      guard let table else { return "the A' is too light for this pair of leptons" }
      channels = table
    }
    if let rate { self.rate = rate }
    return nil
  }
}
