/// Relativistic kinematics, in GeV.
enum Kinematics {
  /// The momentum of the products of a two-body decay in the frame of the parent; 0 below threshold.
  static func breakupMomentum(_ mass: Double, _ first: Double, _ second: Double) -> Double {
    let sum = first + second
    let difference = first - second
    // As differences of masses, not of squares: exact near threshold.
    let square = (mass - sum) * (mass + sum) * (mass - difference) * (mass + difference)
    return square > 0 ? square.squareRoot() / (2 * mass) : 0
  }

  /// The momentum of a particle of the given energy and mass; 0 if the energy is not enough.
  static func momentum(energy: Double, mass: Double) -> Double {
    let square = (energy - mass) * (energy + mass)
    return square > 0 ? square.squareRoot() : 0
  }

  /// Two unit vectors perpendicular to the unit vector `axis` and to each other.
  static func transverse(to axis: Vector3) -> (Vector3, Vector3) {
    // Without a branch near the poles (Duff and others, Journal of Computer Graphics Techniques 6, 2017).
    let sign: Double = axis.z < 0 ? -1 : 1
    let a = -1 / (sign + axis.z)
    let b = axis.x * axis.y * a
    return (
      Vector3(1 + sign * axis.x * axis.x * a, sign * b, -sign * axis.x),
      Vector3(b, sign + axis.y * axis.y * a, -axis.y)
    )
  }
}

extension FourMomentum {
  /// This four-momentum, given in the frame where `parent` is at rest, in the frame where `parent` has the
  /// given momentum; `mass` is the parent's.
  func boosted(from parent: FourMomentum, mass: Double) -> FourMomentum {
    let along = momentum.dot(parent.momentum)
    let scale = (along / (parent.energy + mass) + energy) / mass
    return FourMomentum(
      energy: (parent.energy * energy + along) / mass, momentum: momentum + scale * parent.momentum)
  }

  /// A particle of the given mass and momentum along the unit vector `direction`.
  init(mass: Double, momentum: Double, along direction: Vector3) {
    self.init(energy: (mass * mass + momentum * momentum).squareRoot(), momentum: momentum * direction)
  }
}
