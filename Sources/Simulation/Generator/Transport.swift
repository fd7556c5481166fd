/// Where a particle is, with what momentum, and when.
struct ParticleState {
  var position: Vector3
  var momentum: FourMomentum
  var time: Double
}

/// The spectrometer magnet MNP33 as one kick in a plane, as the generators need it to know where charged
/// particles decay behind it.
public struct MagnetKick: Sendable, Equatable {
  /// z of the plane in mm.
  public var z: Double
  /// Change of the x component of the momentum of a particle of charge +1, in GeV/c.
  public var kick: Double

  /// A kick in the given plane.
  public init(z: Double, kick: Double) {
    self.z = z
    self.kick = kick
  }

  /// The state of `particle` at the plane `z`; straight lines before and behind the magnet.
  func state(of particle: SimulatedParticle, atZ z: Double) -> ParticleState {
    var state = ParticleState(position: particle.origin, momentum: particle.momentum, time: particle.time)
    let charge = Double(particle.species.charge)
    if charge != 0, particle.origin.z < self.z, z > self.z {
      Self.move(&state, toZ: self.z)
      let momentum = state.momentum.momentum
      let x = momentum.x + charge * kick
      let square = momentum.x * momentum.x + momentum.z * momentum.z - x * x
      // A particle too slow to pass goes on as it came: where it ends is the business of the detectors.
      if square > 0 {
        state.momentum.momentum.x = x
        state.momentum.momentum.z = square.squareRoot()
      }
    }
    Self.move(&state, toZ: z)
    return state
  }

  private static func move(_ state: inout ParticleState, toZ z: Double) {
    let momentum = state.momentum.momentum
    let step = z - state.position.z
    guard momentum.z != 0, step != 0 else { return }
    state.position.x += step * momentum.x / momentum.z
    state.position.y += step * momentum.y / momentum.z
    state.position.z = z
    // E/p_z - 1, without the difference of two numbers that are nearly equal.
    let energy = state.momentum.energy
    let lag =
      momentum.z > 0
      ? (energy * energy - momentum.z * momentum.z) / (momentum.z * (energy + momentum.z))
      : energy / momentum.z - 1
    state.time += step / Physics.lightSpeed * lag
  }
}
