/// Signal of the dump: how often, and how it decays.
public struct DumpSignal: Sendable {
  /// Where dark photons come from.
  public var production: DumpProduction
  /// Decays in the range per second at the flat top of the spill: a choice, not a prediction, which is
  /// ``DumpProduction/decaysPerProton``.
  public var rate: Double
  /// What they decay to.
  public var channels: ChannelTable<DumpProduction.Channel>

  /// A signal.
  public init(production: DumpProduction, rate: Double, channels: ChannelTable<DumpProduction.Channel>) {
    self.production = production
    self.rate = rate
    self.channels = channels
  }
}

/// What a burst is made of. Rates are per second at the flat top of the spill; lengths in mm, times in ns.
public struct BurstConfiguration: Sendable {
  /// Name of the configuration, as `kaon-2018`.
  public var name: String
  /// Intensity over the burst.
  public var spill: SpillShape
  /// Frames of 256 timestamps (6.4 µs) in a slice, the least part of a burst that is made at once.
  public var framesPerSlice: Int
  /// Beyond this z nothing decays.
  public var endZ: Double
  /// The spectrometer magnet.
  public var magnet: MagnetKick
  /// How K⁺ decay.
  public var kaonChannels: ChannelTable<KaonChannel>
  /// How π⁰ decay.
  public var pionZeroChannels: ChannelTable<PionZeroChannel>
  /// Masses of the new particles of K⁺ decays.
  public var newParticles: NewParticleMasses
  /// The beam; nil in dump mode.
  public var beam: Beam?
  /// Halo muons; nil for none.
  public var halo: Halo?
  /// Dark photons of the dump; nil for none.
  public var dump: DumpSignal?
  /// Prompt pairs by halo muons; nil for none.
  public var promptPairs: PromptPairs?

  /// A burst of the given parts.
  public init(
    name: String, spill: SpillShape, framesPerSlice: Int, endZ: Double, magnet: MagnetKick,
    kaonChannels: ChannelTable<KaonChannel>, pionZeroChannels: ChannelTable<PionZeroChannel>,
    newParticles: NewParticleMasses, beam: Beam? = nil, halo: Halo? = nil, dump: DumpSignal? = nil,
    promptPairs: PromptPairs? = nil
  ) {
    self.name = name
    self.spill = spill
    self.framesPerSlice = framesPerSlice
    self.endZ = endZ
    self.magnet = magnet
    self.kaonChannels = kaonChannels
    self.pionZeroChannels = pionZeroChannels
    self.newParticles = newParticles
    self.beam = beam
    self.halo = halo
    self.dump = dump
    self.promptPairs = promptPairs
  }
}
