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
    let w = a - b
    let (uu, uv, vv) = ((u * u).sum(), (u * v).sum(), (v * v).sum())
    let (uw, vw) = ((u * w).sum(), (v * w).sum())
    let determinant = uu * vv - uv * uv
    // Of unit vectors the determinant is the square of the sine of their angle.
    let isParallel = !(determinant > 1e-18 * uu * vv)
    let s = isParallel ? 0 : (uv * vw - vv * uw) / determinant
    let t = vv > 0 ? (vw + s * uv) / vv : 0
    first = a + s * u
    second = b + t * v
    let gap = first - second
    distance = (gap * gap).sum().squareRoot()
  }

  /// The middle between the two points, mm.
  public var middle: SIMD3<Double> { (first + second) / 2 }
}
