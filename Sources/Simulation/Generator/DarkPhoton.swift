/// The dark photon of mass m and mixing ε: widths and lifetime (physics.md 4.3, trust C).
public struct DarkPhoton: Sendable, Equatable {
  /// Mass in GeV/c², from above 2 m(e) to 0.6.
  public let mass: Double
  /// Kinetic mixing ε.
  public let mixing: Double

  /// A dark photon; nil outside the range of masses for which the widths hold, or without mixing.
  public init?(mass: Double, mixing: Double) {
    guard mass > 2 * Species.electron.mass, mass <= 0.6, mixing > 0, mixing <= 1 else { return nil }
    self.mass = mass
    self.mixing = mixing
  }

  /// The width to a pair of leptons of `leptonMass`, in GeV.
  public func leptonWidth(_ leptonMass: Double) -> Double {
    let ratio = leptonMass * leptonMass / (mass * mass)
    guard ratio < 0.25 else { return 0 }
    return mixing * mixing * Physics.alpha * mass / 3 * (1 - 4 * ratio).squareRoot() * (1 + 2 * ratio)
  }

  /// The width to π⁺π⁻, with the ρ as form factor, in GeV.
  public var pionWidth: Double {
    let pion = Species.pionPlus.mass
    let square = 1 - 4 * pion * pion / (mass * mass)
    guard square > 0 else { return 0 }
    let rho = Physics.rhoMass * Physics.rhoMass
    let distance = rho - mass * mass
    let form = rho * rho / (distance * distance + rho * Physics.rhoWidth * Physics.rhoWidth)
    return mixing * mixing * Physics.alpha * mass / 12 * square * square.squareRoot() * form
  }

  /// The width to all that it decays to, in GeV.
  public var totalWidth: Double {
    leptonWidth(Species.electron.mass) + leptonWidth(Species.muonPlus.mass) + pionWidth
  }

  /// The part of the decays that go to a pair of leptons; it does not depend on ε.
  public func branchingFraction(_ channel: DumpProduction.Channel) -> Double {
    leptonWidth(channel.lepton.mass) / totalWidth
  }

  /// The mean life times the speed of light, in mm.
  public var decayLength: Double { Physics.hbarC / totalWidth }
}

/// Production of a dark photon by bremsstrahlung of the proton, by Blümlein and Brunner (arXiv:1311.3870;
/// physics.md 4.1), and its flight to the decay volume.
///
/// Production by mesons is left out: their yields per proton on the dump are not known here (physics.md 4.2,
/// X). There is no time-like form factor.
public struct DumpProduction: Sendable {
  /// A pair of leptons.
  public enum Channel: String, Sendable, Hashable, CaseIterable {
    /// e⁺e⁻.
    case electrons = "e+ e-"
    /// µ⁺µ⁻.
    case muons = "mu+ mu-"

    /// Twice the mass of the lepton, in GeV/c².
    public var threshold: Double { 2 * lepton.mass }

    var lepton: Species { self == .electrons ? .positron : .muonPlus }
    var title: String { self == .electrons ? "A' -> e+ e-" : "A' -> mu+ mu-" }
  }

  /// The dark photon.
  public let darkPhoton: DarkPhoton
  /// Momentum of the protons in GeV/c.
  public let protonMomentum: Double
  /// Where the protons end, in mm.
  public let origin: Vector3
  /// Where decays are made, in mm.
  public let decayRange: ClosedRange<Double>
  /// Least energy in GeV.
  public let leastEnergy: Double
  /// The largest transverse momentum in GeV/c.
  public let largestTransverseMomentum: Double
  private let flux: BremsstrahlungFlux
  /// Integral over z of the rate of decays per proton, up to each edge of the bins.
  private let integral: [Double]

  /// Production with energies above `leastEnergy`; nil if that is not possible or no decay is left in the
  /// range.
  public init?(
    darkPhoton: DarkPhoton, protonMomentum: Double, origin: Vector3, decayRange: ClosedRange<Double>,
    leastEnergy: Double, largestTransverseMomentum: Double
  ) {
    guard decayRange.lowerBound >= origin.z,
      let flux = BremsstrahlungFlux(
        mass: darkPhoton.mass, protonMomentum: protonMomentum, leastEnergy: leastEnergy,
        largestTransverseMomentum: largestTransverseMomentum)
    else { return nil }
    self.darkPhoton = darkPhoton
    self.protonMomentum = protonMomentum
    self.origin = origin
    self.decayRange = decayRange
    self.leastEnergy = leastEnergy
    self.largestTransverseMomentum = largestTransverseMomentum
    self.flux = flux
    integral = flux.decays(
      of: darkPhoton, from: decayRange.lowerBound - origin.z, to: decayRange.upperBound - origin.z)
    guard let sum = integral.last, sum > 0, sum.isFinite else { return nil }
  }

  /// Dark photons that decay in the range, per proton on the dump and for ε of the dark photon.
  public var decaysPerProton: Double {
    (integral.last ?? 0) * darkPhoton.mixing * darkPhoton.mixing
  }

  /// The probability to decay between two distances along z from the origin.
  public static func decayProbability(
    _ darkPhoton: DarkPhoton, momentumZ: Double, from first: Double, to last: Double
  ) -> Double {
    guard momentumZ > 0 else { return 0 }
    return decayProbability(
      length: darkPhoton.decayLength * momentumZ / darkPhoton.mass, from: first, to: last)
  }

  /// The probability to decay between two distances, for a mean flight of `length`; all in one unit.
  static func decayProbability(length: Double, from first: Double, to last: Double) -> Double {
    CMath.exp(-first / length) * Exponential.probability(within: last - first, mean: length)
  }

  /// Adds a dark photon that decays in the range, and its pair.
  func draw(_ channel: Channel, _ random: inout SimulationRandom, _ products: inout DecayProducts) {
    let z = fraction(random.uniform())
    let spectrum = BremsstrahlungSpectrum(mass: darkPhoton.mass, protonMomentum: protonMomentum)
    let transverse = spectrum.transverseMomentum(z: z, largest: largestTransverseMomentum, &random)
    let total = Kinematics.momentum(energy: z * protonMomentum, mass: darkPhoton.mass)
    let bounded = min(transverse, 0.9 * total)
    let angle = 2 * Double.pi * random.uniform()
    let momentum = Vector3(
      bounded * CMath.cos(angle), bounded * CMath.sin(angle), (total * total - bounded * bounded).squareRoot()
    )
    let length = darkPhoton.decayLength * momentum.z / darkPhoton.mass
    let end =
      decayRange.lowerBound
      + random.truncatedExponential(mean: length, end: decayRange.upperBound - decayRange.lowerBound)
    let place = products.particles.count
    products.particles.append(
      SimulatedParticle(
        species: .darkPhoton, parent: -1, momentum: FourMomentum(mass: darkPhoton.mass, momentum: momentum),
        origin: origin, time: 0))
    let lepton = channel.lepton
    products.addPair(
      lepton, lepton.mass, lepton.antiparticle, lepton.mass, of: darkPhoton.mass, along: random.direction())
    // Neutral: the magnet does not matter.
    let state = MagnetKick(z: .infinity, kick: 0).state(of: products.particles[place], atZ: end)
    products.complete(from: place + 1, parent: place, mass: darkPhoton.mass, end: state)
  }

  /// The fraction of the proton's energy below which the given part of the decays lies.
  private func fraction(_ part: Double) -> Double {
    let wanted = part * (integral.last ?? 0)
    var low = 0
    var high = integral.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if integral[middle] <= wanted { low = middle } else { high = middle }
    }
    let step = integral[high] - integral[low]
    let inside = step > 0 ? (wanted - integral[low]) / step : 0.5
    return flux.fractions.lowerBound + (Double(low) + inside) * flux.width
  }
}

/// Dark photons of one mass over the energies that a search takes, per proton and ε²: what does not depend on ε,
/// so that the yields for many ε are cheap.
public struct BremsstrahlungFlux: Sendable {
  /// Momentum at the middle of each bin, in GeV/c.
  public let momenta: [Double]
  /// dN/dz per proton and ε² at the middle of each bin, where z is the part of the proton's energy.
  public let densities: [Double]
  /// The z that the bins divide evenly.
  let fractions: ClosedRange<Double>
  /// Width of a bin in z.
  let width: Double

  /// The flux above `leastEnergy` (GeV) with at most a transverse momentum (GeV/c) and an angle to the proton's
  /// direction (rad); nil if nothing can be left.
  public init?(
    mass: Double, protonMomentum: Double, leastEnergy: Double, largestTransverseMomentum: Double,
    largestAngle: Double = .infinity, bins: Int = 4096
  ) {
    let least = max(leastEnergy, mass * 1.001) / protonMomentum
    guard least > 0, least < 0.999, largestTransverseMomentum > 0, largestAngle > 0, bins > 0 else {
      return nil
    }
    fractions = least...0.999
    width = (fractions.upperBound - fractions.lowerBound) / Double(bins)
    let spectrum = BremsstrahlungSpectrum(mass: mass, protonMomentum: protonMomentum)
    var momenta: [Double] = []
    var densities: [Double] = []
    momenta.reserveCapacity(bins)
    densities.reserveCapacity(bins)
    for bin in 0..<bins {
      let z = fractions.lowerBound + (Double(bin) + 0.5) * width
      let momentum = Kinematics.momentum(energy: z * protonMomentum, mass: mass)
      momenta.append(momentum)
      densities.append(
        max(
          0,
          spectrum.density(
            z: z, largestTransverseMomentum: min(largestTransverseMomentum, largestAngle * momentum))))
    }
    self.momenta = momenta
    self.densities = densities
  }

  /// Decays between two distances in mm from the dump, per proton and ε² of production, added up over the
  /// bins: 0 first, all last.
  func decays(of darkPhoton: DarkPhoton, from first: Double, to last: Double) -> [Double] {
    var sum = 0.0
    var integral = [0.0]
    integral.reserveCapacity(momenta.count + 1)
    for bin in momenta.indices {
      let decays = DumpProduction.decayProbability(
        darkPhoton, momentumZ: momenta[bin], from: first, to: last)
      sum += densities[bin] * decays * width
      integral.append(sum)
    }
    return integral
  }

  /// Dark photons of the flux's mass and this ε that decay between two distances in mm from the dump, per proton.
  public func decaysPerProton(_ darkPhoton: DarkPhoton, from first: Double, to last: Double) -> Double {
    let perMomentum = darkPhoton.decayLength / darkPhoton.mass
    var sum = 0.0
    for bin in momenta.indices {
      sum +=
        densities[bin]
        * DumpProduction.decayProbability(length: perMomentum * momenta[bin], from: first, to: last)
    }
    return sum * width * darkPhoton.mixing * darkPhoton.mixing
  }
}

/// The spectrum of dark photons per proton and ε², in z = E(A')/E(p) and p_T² (physics.md 4.1, trust C).
struct BremsstrahlungSpectrum {
  let mass: Double
  let protonMomentum: Double

  /// The coefficients of 1/H, 1/H² and 1/H³ at one z, where H = p_T² + `offset`; without the factor α/2π.
  struct Coefficients {
    let first: Double
    let second: Double
    let third: Double
    let offset: Double
  }

  func coefficients(z: Double) -> Coefficients {
    let proton = Species.proton.mass * Species.proton.mass
    let own = mass * mass
    let rest = 1 - z
    return Coefficients(
      first: (1 + rest * rest) / z,
      second: -2 * z * rest * (2 * proton + own),
      third: 4 * z * z * z * rest * proton * proton + 2 * z * rest * (z + rest * rest) * proton * own
        + 2 * z * rest * rest * own * own,
      offset: rest * own + z * z * proton)
  }

  /// dN/dz per ε², up to the largest p_T.
  func density(z: Double, largestTransverseMomentum: Double) -> Double {
    let c = coefficients(z: z)
    let end = c.offset + largestTransverseMomentum * largestTransverseMomentum
    let integral =
      c.first * CMath.log(end / c.offset) + c.second * (1 / c.offset - 1 / end)
      + c.third / 2 * (1 / (c.offset * c.offset) - 1 / (end * end))
    let proton = Species.proton.mass
    let ratio =
      Self.crossSection(s: 2 * proton * protonMomentum * (1 - z))
      / Self.crossSection(s: 2 * proton * protonMomentum)
    return Physics.alpha / (2 * Double.pi) * ratio * integral
  }

  /// p_T by the spectrum at one z: p_T² evenly in ln H, kept by the rest.
  func transverseMomentum(z: Double, largest: Double, _ random: inout SimulationRandom) -> Double {
    let c = coefficients(z: z)
    let range = CMath.log(1 + largest * largest / c.offset)
    let bound = c.first + c.third / (c.offset * c.offset)
    while true {
      let h = c.offset * CMath.exp(range * random.uniform())
      let value = c.first + c.second / h + c.third / (h * h)
      if value >= bound * random.uniform() { return max(0, h - c.offset).squareRoot() }
    }
  }

  /// The proton-proton cross-section in mb at s in GeV².
  static func crossSection(s: Double) -> Double {
    let logarithm = CMath.log(s / 28.94)
    return 35.45 + 0.308 * logarithm * logarithm + 42.53 * CMath.pow(s, -0.458) - 33.34 * CMath.pow(s, -0.545)
  }
}
