/// A distribution given by its quantiles at 1, 5, 10, 25, 50, 75, 90, 95 and 99 %: straight lines between
/// them, and beyond the first and the last as far as 0 and 100 %.
public struct QuantileTable: Sendable, Equatable {
  /// The probabilities, with the ends.
  private static let probabilities: SIMD16<Double> = [
    0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1, 1, 1, 1, 1, 1,
  ]
  /// How many quantiles a table has.
  public static let count = 9

  /// Values at the probabilities; the rest is unused.
  private let values: SIMD16<Double>

  /// A table of nine values in ascending order; nil otherwise.
  public init?(_ quantiles: [Double]) {
    guard quantiles.count == Self.count, quantiles.allSatisfy(\.isFinite) else { return nil }
    guard zip(quantiles, quantiles.dropFirst()).allSatisfy({ $0 <= $1 }) else { return nil }
    let first = quantiles[0] - (quantiles[1] - quantiles[0]) / 4
    let last = quantiles[8] + (quantiles[8] - quantiles[7]) / 4
    var values = SIMD16<Double>(repeating: 0)
    for (place, value) in ([first] + quantiles + [last]).enumerated() { values[place] = value }
    self.values = values
  }

  /// The value below which the fraction `probability` lies.
  public func value(at probability: Double) -> Double {
    var place = 0
    while place < Self.count && probability > Self.probabilities[place + 1] { place += 1 }
    let low = Self.probabilities[place]
    let part = (probability - low) / (Self.probabilities[place + 1] - low)
    return values[place] + min(max(part, 0), 1) * (values[place + 1] - values[place])
  }
}

/// One kind of halo muons at a plane.
///
/// Place and slope in one direction are drawn from their quantiles with normal numbers of the given
/// correlation between; the two directions and the momentum are independent.
public struct HaloComponent: Sendable, Equatable {
  /// One transverse direction.
  public struct Profile: Sendable, Equatable {
    /// Place in mm.
    public var position: QuantileTable
    /// Slope in rad.
    public var slope: QuantileTable
    /// Correlation of the normal numbers that place and slope are drawn with.
    public var correlation: Double

    /// A profile.
    public init(position: QuantileTable, slope: QuantileTable, correlation: Double) {
      self.position = position
      self.slope = slope
      self.correlation = correlation
    }

    func draw(_ random: inout SimulationRandom) -> (position: Double, slope: Double) {
      let a = random.standardNormal()
      let b = random.standardNormal()
      let c = correlation * a + (1 - correlation * correlation).squareRoot() * b
      return (position.value(at: Self.normalIntegral(a)), slope.value(at: Self.normalIntegral(c)))
    }

    private static func normalIntegral(_ x: Double) -> Double { CMath.erfc(-x * 0.5.squareRoot()) / 2 }
  }

  /// µ⁺ or µ⁻.
  public var species: Species
  /// Muons per second at the flat top of the spill.
  public var rate: Double
  /// Momentum in GeV/c; what is below 0.1 GeV/c counts as 0.1 GeV/c.
  public var momentum: QuantileTable
  /// To the Jura side.
  public var x: Profile
  /// Upwards.
  public var y: Profile

  /// A component.
  public init(species: Species, rate: Double, momentum: QuantileTable, x: Profile, y: Profile) {
    self.species = species
    self.rate = rate
    self.momentum = momentum
    self.x = x
    self.y = y
  }

  /// A muon of this kind at the plane `z`.
  func draw(atZ z: Double, _ random: inout SimulationRandom) -> SimulatedParticle {
    let p = max(0.1, momentum.value(at: random.uniform()))
    let (x, slopeX) = self.x.draw(&random)
    let (y, slopeY) = self.y.draw(&random)
    let along = p / (1 + slopeX * slopeX + slopeY * slopeY).squareRoot()
    return SimulatedParticle(
      species: species, parent: -1,
      momentum: FourMomentum(mass: species.mass, momentum: along * Vector3(slopeX, slopeY, 1)),
      origin: Vector3(x, y, z), time: 0)
  }
}

/// The halo of muons.
public struct Halo: Sendable, Equatable {
  /// z of the plane where the muons are given, in mm.
  public var z: Double
  /// Its components.
  public var components: [HaloComponent]

  /// Muons per second at the flat top of the spill.
  public var rate: Double { components.reduce(0) { $0 + $1.rate } }

  /// A halo.
  public init(z: Double, components: [HaloComponent]) {
    self.z = z
    self.components = components
  }
}

/// Pairs of leptons that a muon makes in material before the decay volume, in time with each other.
///
/// A simple model (trust M): the muon, one of the halo, loses a part v of its energy, evenly in ln v, to a
/// pair with mass evenly in its logarithm and a transverse momentum of normal components; a nucleus takes up
/// the rest.
public struct PromptPairs: Sendable, Equatable {
  /// Pairs per second at the flat top of the spill.
  public var rate: Double
  /// Fraction of e⁺e⁻; the rest are µ⁺µ⁻.
  public var electronFraction: Double
  /// Where they are made, in mm.
  public var z: ClosedRange<Double>
  /// The least part of the muon's energy, above 0.
  public var leastEnergyPart: Double
  /// The largest mass of a pair in GeV/c².
  public var largestMass: Double
  /// Width of each component of the pair's transverse momentum, in GeV/c.
  public var transverseMomentum: Double

  /// Prompt pairs.
  public init(
    rate: Double, electronFraction: Double, z: ClosedRange<Double>, leastEnergyPart: Double,
    largestMass: Double,
    transverseMomentum: Double
  ) {
    self.rate = rate
    self.electronFraction = electronFraction
    self.z = z
    self.leastEnergyPart = leastEnergyPart
    self.largestMass = largestMass
    self.transverseMomentum = transverseMomentum
  }

  /// The muon after the loss, and the pair; nothing if the muon has not the energy for one.
  func draw(by muon: SimulatedParticle, _ random: inout SimulationRandom, _ products: inout DecayProducts) {
    let isElectron = random.uniform() < electronFraction
    let lepton: Species = isElectron ? .positron : .muonPlus
    let z = random.uniform(z.lowerBound, z.upperBound)
    let part = CMath.exp(CMath.log(leastEnergyPart) * random.uniform())
    let threshold = 2 * lepton.mass
    let pairMass = threshold * CMath.exp(CMath.log(max(1, largestMass / threshold)) * random.uniform())
    let kickX = random.standardNormal()
    let kickY = random.standardNormal()
    let direction = random.direction()
    let energy = part * muon.momentum.energy
    let rest = muon.momentum.energy - energy
    let speed = muon.momentum.momentum
    guard energy > pairMass, rest > muon.species.mass, speed.z > 0 else { return }
    let axis = (1 / speed.length) * speed
    let (u, v) = Kinematics.transverse(to: axis)
    let along = Kinematics.momentum(energy: energy, mass: pairMass)
    let pair = FourMomentum(
      mass: pairMass,
      momentum: along * axis + (transverseMomentum * kickX) * u + (transverseMomentum * kickY) * v)
    let step = z - muon.origin.z
    let place = Vector3(
      muon.origin.x + step * speed.x / speed.z, muon.origin.y + step * speed.y / speed.z, z)
    let start = products.particles.count
    products.addPair(
      lepton, lepton.mass, lepton.antiparticle, lepton.mass, of: pairMass, along: direction)
    for number in start..<products.particles.count {
      products.particles[number].momentum = products.particles[number].momentum.boosted(
        from: pair, mass: pairMass)
    }
    let slowed = Kinematics.momentum(energy: rest, mass: muon.species.mass)
    products.add(muon.species, FourMomentum(mass: muon.species.mass, momentum: slowed, along: axis))
    for number in start..<products.particles.count { products.particles[number].origin = place }
  }
}
