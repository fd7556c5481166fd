/// The matrix element squared of K → π ℓ ν with a vector current: A F² + B ξ F² + C ξ² F², with the form
/// factor F = 1 + λ' t/m²(π⁺) + λ'' (t/m²(π⁺))² (detectors.md 15, trust C). With no lepton mass it is that of
/// K → π ν ν̄ too.
struct SemileptonicForm: Sendable {
  let slope: Double
  let curvature: Double
  let xi: Double

  /// K⁺ → π⁰ e⁺ ν.
  static let electron = SemileptonicForm(slope: 0.0252, curvature: 0.0008, xi: 0)
  /// K⁺ → π⁰ µ⁺ ν.
  static let muon = SemileptonicForm(slope: 0.0252, curvature: 0.0008, xi: -0.14)
  /// K⁺ → π⁺ ν ν̄: slopes 0.99 of those above.
  static let neutrinos = SemileptonicForm(slope: 0.99 * 0.0252, curvature: 0.99 * 0.0008, xi: 0)

  func density(
    _ energies: ThreeEnergies, parentMass: Double, leptonMass: Double, pionMass: Double
  ) -> Double {
    let lepton = leptonMass * leptonMass
    let pion = pionMass * pionMass
    let charged = Species.pionPlus.mass * Species.pionPlus.mass
    let w = (parentMass * parentMass + pion - lepton) / (2 * parentMass) - energies.third
    let t = (parentMass * parentMass + pion - 2 * parentMass * energies.third) / charged
    let form = 1 + slope * t + curvature * t * t
    let a =
      parentMass * (2 * energies.first * energies.second - parentMass * w)
      + lepton * (w / 4 - energies.second)
    let b = lepton * (energies.second - w / 2)
    let c = lepton * w / 4
    return form * form * (a + b * xi + c * xi * xi)
  }
}
