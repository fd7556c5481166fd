import Foundation
import Testing

@testable import Simulation

private let threshold = 0.001

private func production(mass: Double, mixing: Double) throws -> DumpProduction {
  let darkPhoton = try #require(DarkPhoton(mass: mass, mixing: mixing))
  return try #require(
    DumpProduction(
      darkPhoton: darkPhoton, protonMomentum: 400, origin: Vector3(0, -22, 23_070),
      decayRange: 105_000...180_000, leastEnergy: 10, largestTransverseMomentum: 1))
}

@Test func lifetimeOfTheDarkPhotonIsThatOfTheReference() throws {
  // physics.md 4.4: 300 MeV and 2.5e-6 give a mean path of about 0.02 m at rest.
  let heavy = try #require(DarkPhoton(mass: 0.3, mixing: 2.5e-6))
  #expect((19...26).contains(heavy.decayLength))
  // Below 2 m(µ) only e⁺e⁻: 3 ħc / (ε² α m), but for a last part.
  let light = try #require(DarkPhoton(mass: 0.1, mixing: 1e-6))
  #expect(abs(light.decayLength / (3 * 1.973269804e-13 * 137.036 / (1e-12 * 0.1)) - 1) < 1e-6)
  #expect(light.leptonWidth(0.105658) == 0)
}

@Test(arguments: [(0.05, 1e-5), (0.3, 1e-6), (0.3, 2.5e-6)])
func darkPhotonsDecayByTheExponentialLaw(_ mass: Double, _ mixing: Double) throws {
  let production = try production(mass: mass, mixing: mixing)
  let alpha = 1 / 137.036
  func width(_ lepton: Double) -> Double {
    let x = lepton * lepton / (mass * mass)
    return x < 0.25 ? mixing * mixing * alpha * mass / 3 * (1 - 4 * x).squareRoot() * (1 + 2 * x) : 0
  }
  let total = width(0.000510999) + width(0.105658) + production.darkPhoton.pionWidth
  let sample = GeneratorSupport.decays(count: 5000) { production.draw(.electrons, &$0, &$1) }
  let parts = sample.map { particles in
    let length = 1.973269804e-13 / total * particles[0].momentum.momentum.z / mass
    return (1 - exp(-(particles[0].decayZ - 105_000) / length)) / (1 - exp(-75_000 / length))
  }
  #expect(GeneratorSupport.kolmogorov(parts) { $0 } > threshold)
}

/// dN/dz dp_T² of physics.md 4.1 at 400 GeV, per ε² and without α/2π.
private func yield(_ z: Double, _ square: Double, _ mass: Double) -> Double {
  let proton = 0.938272 * 0.938272
  let m2 = mass * mass
  let h = square + (1 - z) * m2 + z * z * proton
  func sigma(_ s: Double) -> Double {
    35.45 + 0.308 * pow(log(s / 28.94), 2) + 42.53 * pow(s, -0.458) - 33.34 * pow(s, -0.545)
  }
  let bracket =
    (1 + (1 - z) * (1 - z)) / z - 2 * z * (1 - z)
    * ((2 * proton + m2) / h - 2 * z * z * proton * proton / (h * h))
    + 2 * z * (1 - z) * (z + (1 - z) * (1 - z)) * proton * m2 / (h * h)
    + 2 * z * (1 - z) * (1 - z) * m2 * m2 / (h * h)
  return sigma(2 * 0.938272 * 400 * (1 - z)) / sigma(2 * 0.938272 * 400) * bracket / h
}

@Test(arguments: [(0.05, 1e-5), (0.3, 1e-6), (0.5, 8e-7)])
func darkPhotonsHaveTheSpectrumOfBremsstrahlungTimesTheDecayLaw(_ mass: Double, _ mixing: Double) throws {
  let production = try production(mass: mass, mixing: mixing)
  let sample = GeneratorSupport.decays(count: 5000) { production.draw(.electrons, &$0, &$1) }
  func density(_ z: Double) -> Double {
    let steps = 400
    // Even in the logarithm of p_T² + m², where the density is smooth.
    let offset = 0.002
    let range = log((1 + offset) / offset)
    var sum = 0.0
    for step in 0..<steps {
      let h = offset * exp(range * (Double(step) + 0.5) / Double(steps))
      sum += h * yield(z, h - offset, mass)
    }
    let length = production.darkPhoton.decayLength * (z * z * 160_000 - mass * mass).squareRoot() / mass
    return sum * (exp(-81_930 / length) - exp(-156_930 / length))
  }
  let cumulative = GeneratorSupport.cumulative(0.025...0.999, steps: 800, density: density)
  let fractions = sample.map { $0[0].momentum.energy / 400 }
  #expect(GeneratorSupport.kolmogorov(fractions, cumulative: cumulative) > threshold)
  #expect(sample.allSatisfy { hypot($0[0].momentum.momentum.x, $0[0].momentum.momentum.y) <= 1 + 1e-12 })
}

@Test func transverseMomentumFollowsTheSpectrumAtItsFraction() {
  let spectrum = BremsstrahlungSpectrum(mass: 0.3, protonMomentum: 400)
  var random = SimulationRandom(seed: 1, purpose: .dump, index: 0)
  for z in [0.1, 0.5, 0.9] {
    let sample = (0..<4000).map { _ in
      let transverse = spectrum.transverseMomentum(z: z, largest: 1, &random)
      return transverse * transverse
    }
    let cumulative = GeneratorSupport.cumulative(0...1, steps: 5000) { yield(z, $0, 0.3) }
    #expect(GeneratorSupport.kolmogorov(sample, cumulative: cumulative) > threshold)
  }
}

@Test func yieldIsPositiveOverTheWholeSpectrum() {
  for mass in [0.005, 0.05, 0.2, 0.5, 0.6] {
    for step in 1..<100 {
      for power in 0...20 {
        #expect(yield(Double(step) / 100, pow(10, -6 + 0.3 * Double(power)), mass) > 0)
      }
    }
  }
}

@Test(arguments: [
  (0.300, 4.04e-7, 2.303), (0.300, 2.51e-6, 2.303), (0.411, 5.53e-7, 3.874), (0.411, 1.33e-6, 3.874),
])
func yieldClosesOnThePublishedExclusion(_ mass: Double, _ mixing: Double, _ limit: Double) throws {
  // physics.md 3.2: with 1.4e17 protons, polar angles below 4 mrad and an acceptance of 0.53, the number of
  // pairs of muons at the edges of the published contour is that of the limit. Here the edges are found within
  // 10 % in the mixing.
  func events(_ mixing: Double) throws -> Double {
    let production = try production(mass: mass, mixing: mixing)
    let sample = GeneratorSupport.decays(count: 3000) { production.draw(.muons, &$0, &$1) }
    let forward = sample.count { particles in
      let momentum = particles[0].momentum.momentum
      return hypot(momentum.x, momentum.y) < 4e-3 * momentum.z
    }
    let photon = production.darkPhoton
    let muons = photon.leptonWidth(0.105658)
    let fraction = muons / (muons + photon.leptonWidth(0.000510999) + photon.pionWidth)
    return 1.4e17 * production.decaysPerProton * Double(forward) / 3000 * fraction * 0.53
  }
  let below = try events(0.9 * mixing)
  let above = try events(1.1 * mixing)
  #expect((min(below, above)...max(below, above)).contains(limit), "\(below) \(above)")
}
