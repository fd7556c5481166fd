/// A decay, or what else happened at one moment of a burst: beam or halo that passes, a product of the dump.
public struct TruthDecay: Sendable, Equatable {
  /// A particle, at the place where it is made.
  public struct Particle: Sendable, Equatable {
    /// Number of the Particle Data Group.
    public var pdg: Int32
    /// Place in the decay of the particle it came from; -1 for none.
    public var parent: Int32
    /// Momentum in GeV/c.
    public var momentum: Vector3
    /// Where it is made, mm.
    public var origin: Vector3
    /// When it is made, ns since the decay's time.
    public var time: Double

    /// A particle; numbers are rounded to what is written.
    public init(pdg: Int32, parent: Int32, momentum: Vector3, origin: Vector3, time: Double) {
      self.pdg = pdg
      self.parent = parent
      self.momentum = TruthScale.rounded(momentum, TruthScale.momentum)
      self.origin = TruthScale.rounded(origin, TruthScale.place)
      self.time = TruthScale.rounded(time, TruthScale.time)
    }
  }

  /// Burst.
  public var burst: UInt32
  /// Number in the burst.
  public var number: UInt64
  /// ns since start of burst.
  public var time: Double
  /// What it is, as `K+ -> pi+ pi0`.
  public var channel: String
  /// z in mm at which the first particle decays, or where a pair is made; `nil` for none.
  public var vertexZ: Double?
  /// The particles; parents come before their children.
  public var particles: [Particle]
  /// Hits that the detectors made of it, before those of a channel that lie too near are joined.
  public var hits: TruthHitCounts

  /// A decay; numbers are rounded to what is written.
  public init(
    burst: UInt32, number: UInt64, time: Double, channel: String, vertexZ: Double?, particles: [Particle],
    hits: TruthHitCounts
  ) {
    self.burst = burst
    self.number = number
    self.time = TruthScale.rounded(time, TruthScale.time)
    self.channel = channel
    self.vertexZ = vertexZ.map { TruthScale.rounded($0, TruthScale.place) }
    self.particles = particles
    self.hits = hits
  }

  /// The truth of a simulated event.
  public init(_ event: SimulatedEvent, hits: TruthHitCounts, burst: UInt32) {
    self.init(
      burst: burst, number: event.number, time: event.time, channel: event.channel, vertexZ: event.vertexZ,
      particles: event.particles.map { particle in
        Particle(
          pdg: particle.species.rawValue, parent: particle.parent, momentum: particle.momentum.momentum,
          origin: particle.origin, time: particle.time)
      }, hits: hits)
  }

  /// Whether a channel is of beam or halo that passes.
  static func isPassing(_ channel: String) -> Bool {
    channel.hasPrefix("beam ") || channel.hasPrefix("halo ")
  }
}

extension SimulatedEvent {
  /// z in mm of the first vertex: where the first particle decays, or where a pair without a parent is made;
  /// `nil` where there is neither.
  public var vertexZ: Double? {
    guard let first = particles.first else { return nil }
    if particles.count > 1, particles[1].parent < 0 { return first.origin.z }
    return first.decayZ.isFinite ? first.decayZ : nil
  }
}
