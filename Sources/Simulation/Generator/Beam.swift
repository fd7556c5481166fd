/// The beam of kaon mode at a plane before the decay volume.
public struct Beam: Sendable, Equatable {
  /// What the beam is made of.
  public enum Component: String, Sendable, Hashable, CaseIterable {
    /// K⁺.
    case kaon
    /// π⁺.
    case pion
    /// Protons.
    case proton

    /// The particle.
    public var species: Species {
      switch self {
      case .kaon: .kaonPlus
      case .pion: .pionPlus
      case .proton: .proton
      }
    }
  }

  /// One transverse direction: place in mm, slope in rad.
  public struct Profile: Sendable, Equatable {
    /// Place at the plane, in mm.
    public var position: CutNormal
    /// Mean slope.
    public var slope: Double
    /// Width of the slope.
    public var slopeWidth: Double
    /// Correlation of place and slope.
    public var correlation: Double

    /// A profile of the given moments.
    public init(position: CutNormal, slope: Double, slopeWidth: Double, correlation: Double) {
      self.position = position
      self.slope = slope
      self.slopeWidth = slopeWidth
      self.correlation = correlation
    }

    func draw(_ random: inout SimulationRandom) -> (position: Double, slope: Double) {
      let place = position.draw(&random)
      let scaled = position.width > 0 ? (place - position.mean) / position.width : 0
      let free = (1 - correlation * correlation).squareRoot() * random.standardNormal()
      return (place, slope + slopeWidth * (correlation * scaled + free))
    }
  }

  /// Particles per second at the flat top of the spill.
  public var rate: Double
  /// Fractions of kaons and of pions; the rest are protons.
  public var kaonFraction: Double
  /// Fraction of pions.
  public var pionFraction: Double
  /// Momentum in GeV/c.
  public var momentum: CutNormal
  /// z in mm of the plane where the profiles hold.
  public var z: Double
  /// Profile to the Jura side.
  public var x: Profile
  /// Profile upwards.
  public var y: Profile
  /// Where decays of beam particles are made, in mm, from the plane on.
  public var decayRange: ClosedRange<Double>
  /// Components of which particles without a decay there are in the burst too.
  public var passing: Set<Component>

  /// A beam with the given properties.
  public init(
    rate: Double, kaonFraction: Double, pionFraction: Double, momentum: CutNormal, z: Double, x: Profile,
    y: Profile, decayRange: ClosedRange<Double>, passing: Set<Component>
  ) {
    self.rate = rate
    self.kaonFraction = kaonFraction
    self.pionFraction = pionFraction
    self.momentum = momentum
    self.z = z
    self.x = x
    self.y = y
    self.decayRange = decayRange
    self.passing = passing
  }

  /// A beam particle at the plane, with time 0 as at any z.
  func draw(_ species: Species, _ random: inout SimulationRandom) -> SimulatedParticle {
    let p = momentum.draw(&random)
    let (x, slopeX) = self.x.draw(&random)
    let (y, slopeY) = self.y.draw(&random)
    let z = p / (1 + slopeX * slopeX + slopeY * slopeY).squareRoot()
    return SimulatedParticle(
      species: species, parent: -1,
      momentum: FourMomentum(mass: species.mass, momentum: z * Vector3(slopeX, slopeY, 1)),
      origin: Vector3(x, y, self.z), time: 0)
  }

  /// Mean decay length along z in mm of a particle with `momentumZ`; nil for a stable one.
  static func decayLength(_ species: Species, momentumZ: Double) -> Double? {
    species.decayLength.map { $0 * momentumZ / species.mass }
  }

  /// The probability to decay in the range for a particle with `momentumZ`.
  func decayProbability(_ species: Species, momentumZ: Double) -> Double {
    guard let length = Self.decayLength(species, momentumZ: momentumZ) else { return 0 }
    return CMath.exp(-(decayRange.lowerBound - z) / length) - CMath.exp(-(decayRange.upperBound - z) / length)
  }

  /// The largest probability to decay in the range for any momentum of the beam.
  ///
  /// It has one maximum in momentum, so it is at an end of the range of momenta or inside; a scan with a
  /// margin of a thousandth covers both.
  func largestDecayProbability(_ species: Species) -> Double {
    var largest = 0.0
    let steps = 200
    // Slopes make p_z smaller than p; one per mille covers slopes up to 45 mrad.
    let low = 0.999 * momentum.range.lowerBound
    for step in 0...steps {
      let p = low + (momentum.range.upperBound - low) * Double(step) / Double(steps)
      largest = max(largest, decayProbability(species, momentumZ: p))
    }
    return min(1, 1.001 * largest)
  }
}
