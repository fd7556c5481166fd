/// Where two straight lines come nearest to one another.
public struct ClosestApproach: Sendable, Hashable {
  /// The points of the first and of the second line, mm.
  public var first: SIMD3<Double>
  /// The point of the second line, mm.
  public var second: SIMD3<Double>
  /// Their distance, mm.
  public var distance: Double

  /// Of the lines through two points with two directions; of parallel lines at the first point.
  public init(
    _ a: SIMD3<Double>, along u: SIMD3<Double>, _ b: SIMD3<Double>, along v: SIMD3<Double>
  ) {
    // By cross products: of nearly parallel lines the difference of scalar ones would keep few digits.
    let normal = Self.cross(u, v)
    let determinant = (normal * normal).sum()
    let (uu, vv) = ((u * u).sum(), (v * v).sum())
    let w = b - a
    if determinant > 1e-18 * uu * vv {
      first = a + ((Self.cross(w, v) * normal).sum() / determinant) * u
      second = b + ((Self.cross(w, u) * normal).sum() / determinant) * v
    } else {
      first = a
      second = vv > 0 ? b - ((w * v).sum() / vv) * v : b
    }
    let gap = first - second
    distance = (gap * gap).sum().squareRoot()
  }

  @inline(__always)
  private static func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
  }

  /// The middle between the two points, mm.
  public var middle: SIMD3<Double> { (first + second) / 2 }
}
