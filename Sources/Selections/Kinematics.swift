import Glibc

/// Four-momenta as x, y, z, E in MeV.
enum Kinematics {
  /// E² − p² in MeV².
  static func massSquared(_ p: SIMD4<Double>) -> Double { p.w * p.w - (p.x * p.x + p.y * p.y + p.z * p.z) }

  /// √(E² − p²) in MeV; 0 where rounding, or a measured momentum, makes the square negative.
  static func mass(_ p: SIMD4<Double>) -> Double {
    let square = massSquared(p)
    return square < 0 ? 0 : square.squareRoot()
  }

  /// |p| in MeV.
  static func momentum(_ p: SIMD4<Double>) -> Double { (p.x * p.x + p.y * p.y + p.z * p.z).squareRoot() }

  /// The part of p across a direction of length 1, in MeV.
  static func across(_ p: SIMD4<Double>, _ direction: SIMD3<Double>) -> Double {
    let p = SIMD3(p.x, p.y, p.z)
    let rest = p - direction * (p * direction).sum()
    return (rest * rest).sum().squareRoot()
  }

  /// The angle between two momenta in rad: 2 asin(|u − v| / 2) of their directions, which keeps its precision
  /// at the small angles of this experiment; NaN where one momentum is 0.
  static func angle(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> Double {
    let u = SIMD3(a.x, a.y, a.z) / momentum(a)
    let v = SIMD3(b.x, b.y, b.z) / momentum(b)
    let d = u - v
    return 2 * asin(min(1, (d * d).sum().squareRoot() / 2))
  }
}
