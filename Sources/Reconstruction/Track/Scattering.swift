import Foundation

/// Multiple scattering.
enum Scattering {
  /// Width of the angle in a plane, in rad GeV/c for a particle of the speed of light: the formula of Highland
  /// in the form of the Particle Data Group.
  static func planeAngle(radiationLengths: Double) -> Double {
    0.0136 * radiationLengths.squareRoot() * (1 + 0.038 * log(radiationLengths))
  }
}
