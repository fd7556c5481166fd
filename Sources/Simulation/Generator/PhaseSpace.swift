/// Decays to up to eight particles, with all of phase space equally likely: GENBOD (James, CERN 68-15, 1968)
/// with its weight removed by rejection.
struct PhaseSpace: Sendable {
  private let parentMass: Double
  private let count: Int
  private let masses: SIMD8<Double>
  private let species: [Species]
  private let free: Double
  private let largestWeight: Double

  /// The decay of a particle of `parentMass` to two to eight products; nil if it is not possible.
  init?(parentMass: Double, products: [(species: Species, mass: Double)]) {
    guard (2...8).contains(products.count) else { return nil }
    var masses = SIMD8<Double>(repeating: 0)
    for (number, product) in products.enumerated() { masses[number] = product.mass }
    free = parentMass - masses.sum()
    guard free > 0 else { return nil }
    self.parentMass = parentMass
    self.masses = masses
    count = products.count
    species = products.map(\.species)
    largestWeight = 1.02 * Self.largestWeight(masses, count: products.count, free: free)
  }

  /// The largest product of breakup momenta, on a grid of cluster masses.
  ///
  /// The weight is a chain in which each factor knows two neighbouring clusters, so the best way to each mass
  /// of one cluster follows from the best ways to the cluster before. The grid misses the maximum by its
  /// square.
  private static func largestWeight(_ masses: SIMD8<Double>, count: Int, free: Double) -> Double {
    let steps = 60
    var best = [Double](repeating: 1, count: steps + 1)
    var sum = masses[0]
    for number in 1..<count {
      let previousSum = sum
      sum += masses[number]
      let previous = best
      for step in 0...steps {
        let cluster = sum + free * Double(step) / Double(steps)
        // The first cluster is the first product alone: it has one mass.
        let earlier = number == 1 ? 0...0 : 0...step
        best[step] = earlier.reduce(0) { largest, before in
          let inner = previousSum + free * Double(before) / Double(steps)
          return max(largest, previous[before] * Kinematics.breakupMomentum(cluster, inner, masses[number]))
        }
      }
    }
    return best[steps]
  }

  /// Adds the products in the parent's frame.
  func decay(_ random: inout SimulationRandom, _ products: inout DecayProducts) {
    // clusters[k] is the invariant mass of products 0...k.
    var clusters = masses
    var momenta = SIMD8<Double>(repeating: 0)
    repeat {
      clusters = invariantMasses(&random)
      var weight = 1.0
      for number in 1..<count {
        momenta[number] = Kinematics.breakupMomentum(clusters[number], clusters[number - 1], masses[number])
        weight *= momenta[number]
      }
      if weight >= random.uniform() * largestWeight { break }
    } while true
    var cluster = FourMomentum(energy: parentMass, momentum: Vector3(0, 0, 0))
    for number in stride(from: count - 1, to: 0, by: -1) {
      let direction = random.direction()
      let product = FourMomentum(mass: masses[number], momentum: momenta[number], along: direction)
      let rest = FourMomentum(mass: clusters[number - 1], momentum: -momenta[number], along: direction)
      products.add(species[number], product.boosted(from: cluster, mass: clusters[number]))
      cluster = rest.boosted(from: cluster, mass: clusters[number])
    }
    products.add(species[0], cluster)
  }

  private func invariantMasses(_ random: inout SimulationRandom) -> SIMD8<Double> {
    var steps = SIMD8<Double>(repeating: 0)
    steps[count - 1] = 1
    for number in 1..<(count - 1) {
      // Insertion into the steps before it keeps them sorted.
      let value = random.uniform()
      var place = number
      while place > 1 && steps[place - 1] > value {
        steps[place] = steps[place - 1]
        place -= 1
      }
      steps[place] = value
    }
    var result = masses
    var sum = masses[0]
    for number in 1..<count {
      sum += masses[number]
      result[number] = sum + steps[number] * free
    }
    return result
  }
}
