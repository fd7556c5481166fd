import Foundation
import Selections
import Simulation
import Testing

@testable import Searches

@Suite("Yields of dark photons")
struct DarkPhotonYieldTests {
  private func search(_ name: String = "aprime-mumu-closure") throws -> DarkPhotonSearch {
    guard case .darkPhoton(let search) = try ScanSamples.shipped(name).model else {
      throw ScanError("no dark photon")
    }
    return search
  }

  @Test("at 300 MeV and 2.5e-6 the lifetime is about 0.02 m")
  func lifetime() throws {
    let photon = try #require(DarkPhoton(mass: 0.3, mixing: 2.5e-6))
    #expect(abs(photon.decayLength / 1000 - 0.02) < 0.005)
  }

  @Test("a decay is certain near the dump for a short life, and goes as length / mean flight for a long one")
  func decayProbability() throws {
    let short = try #require(DarkPhoton(mass: 0.3, mixing: 1))
    #expect(DumpProduction.decayProbability(short, momentumZ: 100, from: 0, to: 1000) == 1)
    #expect(DumpProduction.decayProbability(short, momentumZ: 100, from: 82_000, to: 157_000) == 0)
    let long = try #require(DarkPhoton(mass: 0.3, mixing: 1e-8))
    let flight = long.decayLength * 100 / 0.3
    let probability = DumpProduction.decayProbability(long, momentumZ: 100, from: 82_000, to: 157_000)
    #expect(abs(probability / (75_000 / flight) - 1) < 0.02)
  }

  /// The integral over z and p_T² of physics.md 4, written out again with plain sums, in GeV and m.
  private func byHand(mass: Double, mixing: Double, acceptance: Double) -> Double {
    let (alpha, proton, beam) = (1 / 137.036, 0.938272, 400.0)
    func sigma(_ s: Double) -> Double {
      35.45 + 0.308 * pow(log(s / 28.94), 2) + 42.53 * pow(s, -0.458) - 33.34 * pow(s, -0.545)
    }
    func width(_ lepton: Double) -> Double {
      let x = lepton * lepton / (mass * mass)
      return x < 0.25 ? mixing * mixing * alpha * mass / 3 * sqrt(1 - 4 * x) * (1 + 2 * x) : 0
    }
    let (electrons, muons) = (width(0.000510999), width(0.105658))
    let pions = DarkPhoton(mass: mass, mixing: mixing)?.pionWidth ?? 0
    let total = electrons + muons + pions
    let decayLength = 1.973269804e-16 / total
    var sum = 0.0
    let (zBins, tBins) = (400, 400)
    for i in 0..<zBins {
      let (low, high) = (10 / beam, 0.999)
      let z = low + (Double(i) + 0.5) * (high - low) / Double(zBins)
      let momentum = sqrt(z * z * beam * beam - mass * mass)
      let largest = min(1, 0.004 * momentum)
      let flight = decayLength * momentum / mass
      let decay = exp(-(105 - 23.07) / flight) - exp(-(180 - 23.07) / flight)
      let ratio = sigma(2 * proton * beam * (1 - z)) / sigma(2 * proton * beam)
      for j in 0..<tBins {
        let step = largest / Double(tBins)
        let t = (Double(j) + 0.5) * step
        let (m2, p2, r) = (mass * mass, proton * proton, 1 - z)
        let h = t * t + r * m2 + z * z * p2
        let bracket =
          (1 + r * r) / z - 2 * z * r * ((2 * p2 + m2) / h - 2 * z * z * p2 * p2 / (h * h))
          + 2 * z * r * (z + r * r) * p2 * m2 / (h * h) + 2 * z * r * r * m2 * m2 / (h * h)
        let w = alpha / (2 * .pi * h) * bracket
        sum += ratio * w * decay * 2 * t * step * (high - low) / Double(zBins)
      }
    }
    return 1.4e17 * mixing * mixing * sum * muons / total * acceptance
  }

  @Test(
    "yields agree with the integral over z and p_T² made by hand",
    arguments: [(300.0, 1e-6), (411, 5.5e-7), (500, 9e-7)])
  func hand(mass: Double, mixing: Double) throws {
    let yield = try DarkPhotonYield(search(), mass: mass).yield(coupling: mixing)
    let expected = byHand(mass: mass / 1000, mixing: mixing, acceptance: 0.53)
    #expect(abs(yield / expected - 1) < 0.005, "\(yield) \(expected)")
  }

  @Test("for long lives production and decay both go with ε²")
  func scaling() throws {
    let curve = try DarkPhotonYield(search(), mass: 300)
    let (a, b) = (curve.yield(coupling: 1e-9), curve.yield(coupling: 2e-9))
    #expect(a > 0 && abs(b / a / 16 - 1) < 1e-4)
  }

  @Test("more bins change next to nothing", arguments: [250.0, 400, 550])
  func bins(mass: Double) throws {
    let search = try search()
    let photon = try #require(DarkPhoton(mass: mass / 1000, mixing: 1e-6))
    func decays(_ bins: Int) throws -> Double {
      try #require(
        BremsstrahlungFlux(
          mass: mass / 1000, protonMomentum: 400, leastEnergy: 10, largestTransverseMomentum: 1,
          largestAngle: search.production.largestAngle, bins: bins)
      ).decaysPerProton(photon, from: 81_930, to: 156_930)
    }
    #expect(abs(try decays(DarkPhotonYield.bins) / decays(16 * DarkPhotonYield.bins) - 1) < 1e-3)
  }

  @Test("the sum over the flux is that of the simulation's production")
  func oneFormula() throws {
    let photon = try #require(DarkPhoton(mass: 0.3, mixing: 1e-6))
    let production = try #require(
      DumpProduction(
        darkPhoton: photon, protonMomentum: 400, origin: Vector3(0, -22, 23_070),
        decayRange: 105_000...180_000,
        leastEnergy: 10, largestTransverseMomentum: 1))
    let flux = try #require(
      BremsstrahlungFlux(mass: 0.3, protonMomentum: 400, leastEnergy: 10, largestTransverseMomentum: 1))
    let sum = flux.decaysPerProton(photon, from: 81_930, to: 156_930)
    #expect(abs(sum / production.decaysPerProton - 1) < 1e-12)
  }

  @Test("branching fractions add up to 1 below the pions")
  func branching() throws {
    let photon = try #require(DarkPhoton(mass: 0.25, mixing: 1e-6))
    #expect(abs(photon.branchingFraction(.electrons) + photon.branchingFraction(.muons) - 1) < 1e-12)
    let light = try #require(DarkPhoton(mass: 0.1, mixing: 1e-6))
    #expect(light.branchingFraction(.muons) == 0)
  }

  @Test("an acceptance of a sample at all angles gives that sample's yield back, at its ε")
  func sample() throws {
    let text = try ScanSamples.text("aprime-mumu-closure")
    let sampled = text.replacingOccurrences(of: "{ value: 0.53,", with: "{ value: 0.2, sample_mixing: 1e-6,")
    let open = text.replacingOccurrences(of: "{ value: 0.53,", with: "{ value: 0.2,")
      .replacingOccurrences(of: "    largest_angle: 4 mrad\n", with: "")
    func curve(_ text: String) throws -> DarkPhotonYield {
      guard case .darkPhoton(let search) = try ScanSamples.scan(text).model else {
        throw ScanError("no dark photon")
      }
      return try DarkPhotonYield(search, mass: 300)
    }
    let (within, all) = (try curve(sampled), try curve(open))
    #expect(abs(within.yield(coupling: 1e-6) / all.yield(coupling: 1e-6) - 1) < 1e-9)
    // Less ε is more length, so more of the soft ones at large angles, which are not accepted.
    #expect(within.yield(coupling: 3e-7) < 0.5 * all.yield(coupling: 3e-7))
    #expect((0.2...0.6).contains(within.acceptance) && all.acceptance == 0.2)
  }
}
