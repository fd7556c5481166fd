/// A particle on its way through the detectors: straight lines between the places where it is deflected.
struct TrackState {
  /// Speed of light in mm/ns.
  static let lightSpeed = 299.792458

  var position: Vector3
  var momentum: Vector3
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
  }

  /// Slope in x.
  var slopeX: Double { momentum.x / momentum.z }
  /// Slope in y.
  var slopeY: Double { momentum.y / momentum.z }
  /// Distance from the axis.
  var radius: Double { (position.x * position.x + position.y * position.y).squareRoot() }
  /// Speed over that of light.
  var beta: Double { energy > 0 ? size / energy : 1 }
  /// By how much it falls behind light along the axis, in ns per mm of z.
  var delay: Double { (size / (momentum.z * beta) - 1) / Self.lightSpeed }
  /// Whether it showers in matter.
  var showers: Bool { species == .photon || species == .electron || species == .positron }
  /// Whether it goes through matter.
  var isMuon: Bool { species == .muonPlus || species == .muonMinus }
  /// Whether it is a charged hadron.
  var isHadron: Bool { charge != 0 && !showers && !isMuon }
  /// Whether a detector can see it: no neutrino, nothing that decays before it gets anywhere, nothing unknown.
  var isVisible: Bool { charge != 0 || species == .photon }

  /// Moves it to a z, forwards; `false`, and it stays where it is, if it begins behind it or does not get there.
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
    momentum = Vector3(x, momentum.y, z2.squareRoot())
  }

  /// Multiple scattering in a thin layer of so many radiation lengths (formula of Highland in the form of the
  /// Particle Data Group).
  mutating func scatter(_ lengths: Double, _ draws: inout ResponseDraws) {
    guard charge != 0, lengths > 0, size > 0 else { return }
    let theta = 0.0136 / (size * beta) * lengths.squareRoot() * (1 + 0.038 * CMath.log(lengths))
    let x = momentum.x + momentum.z * draws.gauss(theta)
    let y = momentum.y + momentum.z * draws.gauss(theta)
    let z2 = size * size - x * x - y * y
    guard z2 > 0 else { return }
    momentum = Vector3(x, y, z2.squareRoot())
  }
}
