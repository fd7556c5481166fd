/// A particle on its way through the detectors: straight lines between the places where it is deflected.
struct TrackState {
  /// Speed of light in mm/ns.
  static let lightSpeed = 299.792458
  private static let slowness = 1 / lightSpeed

  var position: Vector3
  private(set) var momentum: Vector3
  /// Time in ns after a particle of the speed of light that left T10 with the event's reference time.
  var time: Double
  let species: Species
  let charge: Int
  /// Size of the momentum, GeV/c.
  let size: Double
  /// Energy, GeV.
  let energy: Double
  /// Where it ends.
  var end: Double
  /// Place in the event.
  let particle: Int32
  /// Slope in x.
  private(set) var slopeX: Double
  /// Slope in y.
  private(set) var slopeY: Double
  /// By how much it falls behind light along the axis, in ns per mm of z.
  private(set) var delay: Double

  init(_ particle: SimulatedParticle, place: Int) {
    position = particle.origin
    momentum = particle.momentum.momentum
    time = particle.time
    species = particle.species
    charge = particle.species.charge
    size = momentum.length
    energy = particle.momentum.energy
    end = particle.decayZ
    self.particle = Int32(truncatingIfNeeded: place)
    (slopeX, slopeY, delay) = (0, 0, 0)
    turn(to: momentum)
  }

  /// Gives it another direction.
  private mutating func turn(to momentum: Vector3) {
    self.momentum = momentum
    let inverse = 1 / momentum.z
    slopeX = momentum.x * inverse
    slopeY = momentum.y * inverse
    delay = (energy * inverse - 1) * Self.slowness
  }

  /// Whether it stands outside of a circle about the axis.
  @inline(__always)
  func isOutside(radius: Double) -> Bool {
    position.x * position.x + position.y * position.y > radius * radius
  }
  /// Speed over that of light.
  var beta: Double { energy > 0 ? size / energy : 1 }
  /// Whether it showers in matter.
  var showers: Bool { species == .photon || species == .electron || species == .positron }
  /// Whether it goes through matter.
  var isMuon: Bool { species == .muonPlus || species == .muonMinus }
  /// Whether it is a charged hadron.
  var isHadron: Bool { charge != 0 && !showers && !isMuon }
  /// Whether it gets away from the axis, or stays at its distance.
  var isLeaving: Bool { position.x * slopeX + position.y * slopeY >= 0 }

  /// Where its line meets a plane, whether it gets there or not.
  @inline(__always)
  func crossing(atZ z: Double) -> (x: Double, y: Double) {
    let dz = z - position.z
    return (position.x + dz * slopeX, position.y + dz * slopeY)
  }

  /// Moves it to a z, forwards; `false`, and it stays where it is, if it begins behind it or does not get there.
  @inline(__always)
  mutating func move(to z: Double) -> Bool {
    guard z >= position.z, z < end, momentum.z > 0 else { return false }
    let dz = z - position.z
    time += dz * delay
    position = Vector3(position.x + dz * slopeX, position.y + dz * slopeY, z)
    return true
  }

  /// The kick of a magnet with a vertical field, in GeV/c for a positive particle, towards smaller x; it keeps
  /// the size of the momentum.
  mutating func kick(_ kick: Double) {
    let x = momentum.x - Double(charge) * kick
    let z2 = size * size - x * x - momentum.y * momentum.y
    guard z2 > 0 else {
      end = position.z
      return
    }
    turn(to: Vector3(x, momentum.y, z2.squareRoot()))
  }

  /// Multiple scattering in a thin layer.
  mutating func scatter(_ layer: ScatteringLayer, _ draws: inout ResponseDraws) {
    guard charge != 0, layer.momentum > 0, size > 0 else { return }
    let theta = layer.momentum * energy / (size * size)
    let x = momentum.x + momentum.z * draws.gauss(theta)
    let y = momentum.y + momentum.z * draws.gauss(theta)
    let z2 = size * size - x * x - y * y
    guard z2 > 0 else { return }
    turn(to: Vector3(x, y, z2.squareRoot()))
  }
}

/// A layer of matter that scatters.
struct ScatteringLayer {
  /// Spread of the angle in one plane, times momentum and speed, in GeV/c.
  let momentum: Double

  /// A layer of so many radiation lengths (formula of Highland in the form of the Particle Data Group).
  init(radiationLengths lengths: Double) {
    momentum = lengths > 0 ? 0.0136 * lengths.squareRoot() * (1 + 0.038 * CMath.log(lengths)) : 0
  }
}
