/// A way for a π⁰ to decay.
public enum PionZeroChannel: String, Sendable, Hashable, CaseIterable {
  /// π⁰ → γγ.
  case photons = "gamma gamma"
  /// π⁰ → e⁺e⁻γ (Dalitz).
  case dalitz = "e+ e- gamma"
  /// π⁰ → e⁺e⁻e⁺e⁻ (double Dalitz).
  case doubleDalitz = "e+ e- e+ e-"

  /// The branching fraction (PDG, physics.md 5, trust M).
  public var branchingFraction: Double {
    switch self {
    case .photons: 0.98823
    case .dalitz: 0.01174
    case .doubleDalitz: 3.34e-5
    }
  }
}

/// The decays of the π⁰.
enum PionZeroDecays {
  private static let mass = Species.pionZero.mass
  private static let electronMass = Species.electron.mass
  /// 4 m²(e)/m²(π⁰): the smallest x.
  static let threshold = 4 * electronMass * electronMass / (mass * mass)
  /// The form-factor slope a of 1 + ax (detectors.md 15, trust C).
  static let slope = 0.032

  /// Adds the products in the frame of the π⁰.
  static func decay(
    _ channel: PionZeroChannel, _ random: inout SimulationRandom, _ products: inout DecayProducts
  ) {
    switch channel {
    case .photons: products.addPair(.photon, 0, .photon, 0, of: mass, along: random.direction())
    case .dalitz: dalitz(&random, &products)
    case .doubleDalitz: doubleDalitz(&random, &products)
    }
  }

  /// The density of ln x, at most 1, by Kroll and Wada (Phys. Rev. 98, 1955, 1355): x is the square of the
  /// mass of the pair over that of the π⁰.
  static func density(x: Double) -> Double {
    let ratio = threshold / x
    guard x < 1, ratio < 1 else { return 0 }
    let form = 1 + slope * x
    let rest = 1 - x
    return rest * rest * rest * (1 + ratio / 2) * (1 - ratio).squareRoot() * form * form
  }

  /// x by its density, then the angle of the positron in the frame of the pair by 1 + y² + r/x with
  /// y = cos θ (1 - r/x)^½.
  private static func dalitz(_ random: inout SimulationRandom, _ products: inout DecayProducts) {
    var x: Double
    repeat { x = logarithmic(&random) } while density(x: x) < random.uniform()
    let square = 1 - threshold / x
    var cosine: Double
    repeat {
      cosine = random.uniform(-1, 1)
    } while 2 - square + square * cosine * cosine < 2 * random.uniform()
    let axis = random.direction()
    let momentum = mass * (1 - x) / 2
    products.add(.photon, FourMomentum(mass: 0, momentum: -momentum, along: axis))
    addElectrons(
      x: x, momentum: momentum, axis: axis, cosine: cosine, angle: 2 * Double.pi * random.uniform(), &products
    )
  }

  /// Two virtual photons whose planes prefer to be perpendicular; vector-meson form factor.
  ///
  /// The density in (ln x₁, ln x₂, the two angles in the frames of the pairs, the angle φ between the planes)
  /// is λ^{3/2} β₁ β₂ |F|² (2 - t₁ - t₂ + t₁ t₂ sin²φ), t = β² sin²θ. The exchange of the two positrons has
  /// the same density; its interference with the direct term is left out.
  private static func doubleDalitz(_ random: inout SimulationRandom, _ products: inout DecayProducts) {
    let rho = Physics.rhoMass * Physics.rhoMass / (mass * mass)
    let largestForm = CMath.pow(1 - 1 / rho, -4)
    while true {
      let x1 = logarithmic(&random)
      let x2 = logarithmic(&random)
      guard x1.squareRoot() + x2.squareRoot() < 1 else { continue }
      let a = (1 - x1 - x2) * (1 - x1 - x2) - 4 * x1 * x2
      let square1 = 1 - threshold / x1
      let square2 = 1 - threshold / x2
      let c1 = random.uniform(-1, 1)
      let c2 = random.uniform(-1, 1)
      let angle1 = 2 * Double.pi * random.uniform()
      let angle2 = 2 * Double.pi * random.uniform()
      let t1 = square1 * (1 - c1 * c1)
      let t2 = square2 * (1 - c2 * c2)
      let sine = CMath.sin(angle1 - angle2)
      let form = 1 / ((1 - x1 / rho) * (1 - x2 / rho))
      let value =
        a * a.squareRoot() * (square1 * square2).squareRoot() * form * form
        * (2 - t1 - t2 + t1 * t2 * sine * sine)
      guard value >= 2 * largestForm * random.uniform() else { continue }
      let axis = random.direction()
      let momentum = mass * a.squareRoot() / 2
      addElectrons(x: x1, momentum: momentum, axis: axis, cosine: c1, angle: angle1, &products)
      addElectrons(x: x2, momentum: -momentum, axis: axis, cosine: c2, angle: angle2, &products)
      return
    }
  }

  private static let logarithmOfThreshold = CMath.log(threshold)

  /// x from its threshold to 1, evenly in ln x.
  private static func logarithmic(_ random: inout SimulationRandom) -> Double {
    // The rounding of exp and log may give a last place below the threshold.
    max(threshold, CMath.exp(logarithmOfThreshold * random.uniform()))
  }

  private static func addElectrons(
    x: Double, momentum: Double, axis: Vector3, cosine: Double, angle: Double, _ products: inout DecayProducts
  ) {
    let pairMass = x.squareRoot() * mass
    let pair = FourMomentum(mass: pairMass, momentum: momentum, along: axis)
    let (u, v) = Kinematics.transverse(to: axis)
    let sine = (1 - cosine * cosine).squareRoot()
    let direction = cosine * axis + sine * (CMath.cos(angle) * u + CMath.sin(angle) * v)
    let own = Kinematics.breakupMomentum(pairMass, electronMass, electronMass)
    products.add(
      .positron,
      FourMomentum(mass: electronMass, momentum: own, along: direction).boosted(from: pair, mass: pairMass))
    products.add(
      .electron,
      FourMomentum(mass: electronMass, momentum: -own, along: direction).boosted(from: pair, mass: pairMass))
  }
}
