/// A vector in space: mm for places, GeV/c for momenta. z points along the beam from the target T10, y up,
/// x to the Jura side.
public struct Vector3: Sendable, Hashable {
  /// The component to the Jura side.
  public var x: Double
  /// The component upwards.
  public var y: Double
  /// The component along the beam.
  public var z: Double

  /// A vector of the given components.
  @inlinable
  public init(_ x: Double, _ y: Double, _ z: Double) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The scalar product.
  @inlinable
  public func dot(_ other: Vector3) -> Double { x * other.x + y * other.y + z * other.z }

  /// The length.
  @inlinable
  public var length: Double { dot(self).squareRoot() }

  /// The sum.
  @inlinable
  public static func + (a: Self, b: Self) -> Self { Self(a.x + b.x, a.y + b.y, a.z + b.z) }

  /// The difference.
  @inlinable
  public static func - (a: Self, b: Self) -> Self { Self(a.x - b.x, a.y - b.y, a.z - b.z) }

  /// A multiple.
  @inlinable
  public static func * (a: Double, b: Self) -> Self { Self(a * b.x, a * b.y, a * b.z) }
}

/// A four-momentum in GeV.
public struct FourMomentum: Sendable, Hashable {
  /// Energy.
  public var energy: Double
  /// Momentum.
  public var momentum: Vector3

  /// A four-momentum of the given energy and momentum.
  @inlinable
  public init(energy: Double, momentum: Vector3) {
    self.energy = energy
    self.momentum = momentum
  }

  /// The four-momentum of a particle of the given mass, in GeV/c², on its shell.
  @inlinable
  public init(mass: Double, momentum: Vector3) {
    self.init(energy: (mass * mass + momentum.dot(momentum)).squareRoot(), momentum: momentum)
  }

  /// The invariant mass squared, in GeV²/c⁴.
  @inlinable
  public var massSquared: Double { energy * energy - momentum.dot(momentum) }

  /// The sum.
  @inlinable
  public static func + (a: Self, b: Self) -> Self {
    Self(energy: a.energy + b.energy, momentum: a.momentum + b.momentum)
  }

  /// The difference.
  @inlinable
  public static func - (a: Self, b: Self) -> Self {
    Self(energy: a.energy - b.energy, momentum: a.momentum - b.momentum)
  }
}

/// A kind of particle, by the numbers of the Particle Data Group; new particles have numbers from 9 000 000.
public enum Species: Int32, Sendable, Hashable, CaseIterable {
  /// γ.
  case photon = 22
  /// e⁻.
  case electron = 11
  /// e⁺.
  case positron = -11
  /// µ⁻.
  case muonMinus = 13
  /// µ⁺.
  case muonPlus = -13
  /// ν_e.
  case neutrinoE = 12
  /// ν̄_e.
  case antineutrinoE = -12
  /// ν_µ.
  case neutrinoMu = 14
  /// ν̄_µ.
  case antineutrinoMu = -14
  /// π⁺.
  case pionPlus = 211
  /// π⁻.
  case pionMinus = -211
  /// π⁰.
  case pionZero = 111
  /// K⁺.
  case kaonPlus = 321
  /// K⁻.
  case kaonMinus = -321
  /// p.
  case proton = 2212
  /// The dark photon A'.
  case darkPhoton = 9_000_001
  /// The dark scalar S.
  case darkScalar = 9_000_002
  /// The axion-like particle a.
  case axion = 9_000_003

  /// Electric charge in units of the proton's.
  public var charge: Int {
    switch self {
    case .positron, .muonPlus, .pionPlus, .kaonPlus, .proton: 1
    case .electron, .muonMinus, .pionMinus, .kaonMinus: -1
    default: 0
    }
  }
}

/// One particle of a simulated event, from where it is made to where it decays or leaves.
public struct SimulatedParticle: Sendable, Hashable {
  /// What it is.
  public var species: Species
  /// Place in the event of the particle it came from; -1 for one that came with the beam or from the dump.
  public var parent: Int32
  /// Momentum where it is made, in GeV.
  public var momentum: FourMomentum
  /// Where it is made, in mm.
  public var origin: Vector3
  /// When it is made, in ns since the event's reference time: the moment at which a particle with the speed of
  /// light that left T10 would pass the same z. A beam particle so has times near 0 everywhere.
  public var time: Double
  /// z at which it decays, in mm; infinite if it does not.
  public var decayZ: Double

  /// A particle with the given fields.
  public init(
    species: Species, parent: Int32, momentum: FourMomentum, origin: Vector3, time: Double,
    decayZ: Double = .infinity
  ) {
    self.species = species
    self.parent = parent
    self.momentum = momentum
    self.origin = origin
    self.time = time
    self.decayZ = decayZ
  }
}

/// What happens at one moment of a burst: a beam particle with what becomes of it, a halo muon, or a product of
/// the dump.
public struct SimulatedEvent: Sendable, Hashable {
  /// Number in the burst, from 0: the index of its random streams.
  public var number: UInt64
  /// Reference time in ns since the start of burst.
  public var time: Double
  /// What it is, as `K+ -> pi+ pi0` or `halo mu+`.
  public var channel: String
  /// The particles; parents come before their children.
  public var particles: [SimulatedParticle]

  /// An event with the given fields.
  public init(number: UInt64, time: Double, channel: String, particles: [SimulatedParticle]) {
    self.number = number
    self.time = time
    self.channel = channel
    self.particles = particles
  }
}
