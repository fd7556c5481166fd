/// Energies of three products in the frame of their parent, in GeV, in the order of the decay.
struct ThreeEnergies {
  var first: Double
  var second: Double
  var third: Double
}

/// What the square of a three-body matrix element depends on, up to a constant.
enum DalitzDensity: Sendable {
  /// All of phase space equally likely.
  case flat
  /// K → 3π; the third is the odd pion.
  case threePions(ThreePionSlopes)
  /// K → π ℓ ν, in the order ℓ, ν, π.
  case semileptonic(SemileptonicForm)
  /// µ → e ν ν, in the order e, the neutrino of the electron's kind, that of the muon's.
  case muon
}

/// A three-body decay drawn from its Dalitz plot: two energies, evenly, where the third closes the triangle
/// of momenta, then kept by the matrix element.
struct DalitzPlot: Sendable {
  private let parentMass: Double
  private let species: (Species, Species, Species)
  private let masses: (Double, Double, Double)
  private let density: DalitzDensity
  private let limits: (Double, Double)
  private let largestDensity: Double

  /// The decay of a particle of `parentMass` to three products; nil if it is not possible.
  init?(
    parentMass: Double, _ first: (Species, Double), _ second: (Species, Double), _ third: (Species, Double),
    density: DalitzDensity
  ) {
    guard parentMass > first.1 + second.1 + third.1 else { return nil }
    self.parentMass = parentMass
    species = (first.0, second.0, third.0)
    masses = (first.1, second.1, third.1)
    self.density = density
    func largestEnergy(_ own: Double, _ others: Double) -> Double {
      (parentMass * parentMass + own * own - others * others) / (2 * parentMass)
    }
    limits = (largestEnergy(first.1, second.1 + third.1), largestEnergy(second.1, first.1 + third.1))
    // The densities are smooth, with their maximum often on the boundary: a grid finds it but for a part
    // that the margin covers.
    let steps = 100
    var largest = 0.0
    for i in 0...steps {
      for j in 0...steps {
        let energies = Self.energies(
          parentMass: parentMass,
          first.1 + (limits.0 - first.1) * Double(i) / Double(steps),
          second.1 + (limits.1 - second.1) * Double(j) / Double(steps))
        guard Self.cosine(energies, masses) != nil else { continue }
        largest = max(largest, Self.value(density, energies, parentMass: parentMass, masses))
      }
    }
    guard largest > 0 else { return nil }
    largestDensity = 1.03 * largest
  }

  /// Adds the products in the parent's frame.
  func decay(_ random: inout SimulationRandom, _ products: inout DecayProducts) {
    while true {
      let energies = Self.energies(
        parentMass: parentMass, random.uniform(masses.0, limits.0), random.uniform(masses.1, limits.1))
      guard let cosine = Self.cosine(energies, masses) else { continue }
      let value = Self.value(density, energies, parentMass: parentMass, masses)
      guard value >= random.uniform() * largestDensity else { continue }
      let axis = random.direction()
      let (x, y) = Kinematics.transverse(to: axis)
      let turn = random.circle()
      let sine = (1 - cosine * cosine).squareRoot()
      let second = cosine * axis + sine * (turn.cosine * x + turn.sine * y)
      let p1 = Kinematics.momentum(energy: energies.first, mass: masses.0) * axis
      let p2 = Kinematics.momentum(energy: energies.second, mass: masses.1) * second
      products.add(species.0, FourMomentum(energy: energies.first, momentum: p1))
      products.add(species.1, FourMomentum(energy: energies.second, momentum: p2))
      products.add(species.2, FourMomentum(energy: energies.third, momentum: -1 * (p1 + p2)))
      return
    }
  }

  private static func energies(parentMass: Double, _ first: Double, _ second: Double) -> ThreeEnergies {
    ThreeEnergies(first: first, second: second, third: parentMass - first - second)
  }

  /// The cosine of the angle between the first two; nil outside the Dalitz plot.
  private static func cosine(_ energies: ThreeEnergies, _ masses: (Double, Double, Double)) -> Double? {
    guard energies.third >= masses.2 else { return nil }
    let p1 = Kinematics.momentum(energy: energies.first, mass: masses.0)
    let p2 = Kinematics.momentum(energy: energies.second, mass: masses.1)
    let p3 = Kinematics.momentum(energy: energies.third, mass: masses.2)
    guard p1 > 0, p2 > 0 else { return nil }
    let cosine = (p3 * p3 - p1 * p1 - p2 * p2) / (2 * p1 * p2)
    return abs(cosine) <= 1 ? cosine : nil
  }

  private static func value(
    _ density: DalitzDensity, _ energies: ThreeEnergies, parentMass: Double,
    _ masses: (Double, Double, Double)
  ) -> Double {
    switch density {
    case .flat: 1
    case .threePions(let slopes): slopes.density(energies, parentMass: parentMass, masses)
    case .semileptonic(let form):
      form.density(energies, parentMass: parentMass, leptonMass: masses.0, pionMass: masses.2)
    case .muon: MuonDecay.density(energies, muonMass: parentMass, electronMass: masses.0)
    }
  }
}
