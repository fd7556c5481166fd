/// The expansion of the K → 3π matrix element squared about the centre of the Dalitz plot:
/// 1 + gU + hU² + kV², with U = (s₃ - s₀)/m²(π⁺) and V = (s₁ - s₂)/m²(π⁺), the third pion being the odd one.
///
/// The cusp of K → π⁺π⁰π⁰ at the threshold of π⁺π⁻ and the Coulomb factor of K → π⁺π⁺π⁻ are left out.
struct ThreePionSlopes: Sendable {
  let g: Double
  let h: Double
  let k: Double

  /// K⁺ → π⁺π⁺π⁻ (detectors.md 15, trust C).
  static let charged = ThreePionSlopes(g: -0.21134, h: 0.01848, k: -0.00463)
  /// K⁺ → π⁰π⁰π⁺ (detectors.md 15, trust C).
  static let neutral = ThreePionSlopes(g: 0.6715, h: -0.0270, k: 0.0081)

  func density(_ energies: ThreeEnergies, parentMass: Double, _ masses: (Double, Double, Double)) -> Double {
    let square = parentMass * parentMass
    let unit = Species.pionPlus.mass * Species.pionPlus.mass
    let s1 = square + masses.0 * masses.0 - 2 * parentMass * energies.first
    let s2 = square + masses.1 * masses.1 - 2 * parentMass * energies.second
    let s3 = square + masses.2 * masses.2 - 2 * parentMass * energies.third
    let u = (s3 - (s1 + s2 + s3) / 3) / unit
    let v = (s1 - s2) / unit
    return 1 + g * u + h * u * u + k * v * v
  }
}
