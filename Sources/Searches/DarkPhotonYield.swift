public import CountingStatistics
import Simulation

/// The expected events of a dark photon of one mass as a function of ε:
/// N = N(POT) ε² ∫ dz dp_T² w(z, p_T²) × BR(ll) × P(decay in the range) × A × efficiency (physics.md 4).
public struct DarkPhotonYield: YieldCurve {
  /// Bins of the flux in z. Twice as many change no yield of the shipped scans by more than 0.1 %.
  static let bins = 1024

  /// Acceptance × efficiency for decays in the decay range, within the largest angle.
  public let acceptance: Double
  private let mass: Double
  /// Protons × branching fraction × acceptance.
  private let factor: Double
  private let flux: BremsstrahlungFlux?
  private let first: Double
  private let last: Double

  /// The yields of a search at one mass in MeV/c²; all are 0 where nothing can be made, or decay to the pair.
  ///
  /// Throws for a mass for which the acceptance is not known.
  public init(_ search: DarkPhotonSearch, mass: Double) throws(ScanError) {
    guard let acceptance = search.acceptance.value(at: SIMD2(mass, 0)) else {
      throw ScanError("no acceptance for \(ScanText.number(mass)) MeV/c2; measure more points, or scan less")
    }
    self.mass = mass / 1000
    let production = search.production
    let branching = DarkPhoton(mass: self.mass, mixing: 1)?.branchingFraction(search.channel) ?? 0
    first = production.decays.lowerBound - production.dump
    last = production.decays.upperBound - production.dump
    flux = Self.flux(self.mass, production, largestAngle: production.largestAngle)
    var within = acceptance
    if let mixing = search.acceptance.sampleMixing, let photon = DarkPhoton(mass: self.mass, mixing: mixing),
      let flux, let all = Self.flux(self.mass, production, largestAngle: .infinity)
    {
      // What a sample at all angles accepts lies within the largest angle, so it is that much larger a part there.
      let part =
        flux.decaysPerProton(photon, from: first, to: last)
        / all.decaysPerProton(photon, from: first, to: last)
      within = part > 0 ? min(1, acceptance / part) : 0
    }
    self.acceptance = within
    factor = search.protons.value * branching * within
  }

  private static func flux(
    _ mass: Double, _ production: DarkPhotonSearch.Production, largestAngle: Double
  ) -> BremsstrahlungFlux? {
    BremsstrahlungFlux(
      mass: mass, protonMomentum: production.protonMomentum, leastEnergy: production.leastEnergy,
      largestTransverseMomentum: production.largestTransverseMomentum, largestAngle: largestAngle, bins: bins)
  }

  /// Expected events for ε.
  public func yield(coupling: Double) -> Double {
    guard let flux, let photon = DarkPhoton(mass: mass, mixing: coupling) else { return 0 }
    return factor * flux.decaysPerProton(photon, from: first, to: last)
  }
}
