/// A four-momentum in GeV: the momentum and the energy.
public struct EnergyMomentum: Sendable, Hashable, BitwiseCopyable {
  /// Momentum, GeV/c.
  public var momentum: SIMD3<Double>
  /// Energy, GeV.
  public var energy: Double

  /// A four-momentum.
  @inlinable
  public init(momentum: SIMD3<Double>, energy: Double) {
    self.momentum = momentum
    self.energy = energy
  }

  /// The four-momentum of a particle of a mass in GeV/c².
  @inlinable
  public init(momentum: SIMD3<Double>, mass: Double) {
    self.init(momentum: momentum, energy: (mass * mass + (momentum * momentum).sum()).squareRoot())
  }

  /// The invariant mass squared, GeV²/c⁴.
  @inlinable public var massSquared: Double { energy * energy - (momentum * momentum).sum() }
  /// The invariant mass, GeV/c²; 0 where its square is negative.
  @inlinable public var mass: Double { max(massSquared, 0).squareRoot() }
  /// The sum.
  @inlinable public static func + (a: Self, b: Self) -> Self {
    Self(momentum: a.momentum + b.momentum, energy: a.energy + b.energy)
  }
  /// The difference.
  @inlinable public static func - (a: Self, b: Self) -> Self {
    Self(momentum: a.momentum - b.momentum, energy: a.energy - b.energy)
  }
}

/// Masses in GeV/c² (Particle Data Group).
public enum ParticleMass {
  /// K⁺.
  public static var kaon: Double { 0.493677 }
  /// π⁺.
  public static var pion: Double { 0.13957039 }
  /// µ.
  public static var muon: Double { 0.1056583755 }
  /// e.
  public static var electron: Double { 0.00051099895 }
}

extension VertexColumns {
  /// The four-momentum of one of a vertex's tracks as a particle of `mass`.
  public func particle(_ place: Int, of vertex: Int, mass: Double) -> EnergyMomentum {
    EnergyMomentum(momentum: trackMomentum[trackStarts[vertex] + place], mass: mass)
  }

  /// The four-momentum of a vertex, all tracks of `mass`.
  public func total(of vertex: Int, mass: Double) -> EnergyMomentum {
    var sum = EnergyMomentum(momentum: .zero, energy: 0)
    for i in tracks(of: vertex) { sum = sum + EnergyMomentum(momentum: trackMomentum[i], mass: mass) }
    return sum
  }

  /// Where the line of a vertex's momentum comes nearest to the line of the protons on the dump: z on that line
  /// and the distance, mm (`z_TAX` and `CDA_TAX`).
  public func approachToDump(
    of vertex: Int, _ configuration: ReconstructionConfiguration
  ) -> (z: Double, distance: Double) {
    let dump = configuration.dump
    let approach = ClosestApproach(
      position[vertex], along: momentum[vertex], dump.point, along: SIMD3(dump.slope, 1))
    return (approach.second.z, approach.distance)
  }
}

extension ReconstructionConfiguration {
  /// The four-momentum of a K⁺ of the central beam.
  public var kaon: EnergyMomentum {
    EnergyMomentum(
      momentum: Track.vector(slope: beam.slope, inverseMomentum: 1 / beamMomentum), mass: ParticleMass.kaon)
  }

  /// The squared missing mass (P_K − P)², GeV²/c⁴, with the central beam.
  public func missingMassSquared(_ particle: EnergyMomentum) -> Double { (kaon - particle).massSquared }

  /// Where a line comes nearest to the central beam: z on the beam and the distance, mm.
  public func approachToBeam(_ position: SIMD3<Double>, along: SIMD3<Double>) -> (z: Double, distance: Double)
  {
    let approach = ClosestApproach(position, along: along, beam.point, along: SIMD3(beam.slope, 1))
    return (approach.second.z, approach.distance)
  }
}
