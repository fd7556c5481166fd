/// A symmetric 2 × 2 matrix.
struct Symmetric2: BitwiseCopyable {
  var xx: Double
  var xy: Double
  var yy: Double

  /// The inverse of a positive definite matrix, else `nil`.
  @inline(__always)
  func inverted() -> Symmetric2? {
    let determinant = xx * yy - xy * xy
    // Not a number compares as false.
    guard xx > 0, determinant > 0 else { return nil }
    let r = 1 / determinant
    return Symmetric2(xx: yy * r, xy: -xy * r, yy: xx * r)
  }

  @inline(__always)
  static func * (a: Symmetric2, v: SIMD2<Double>) -> SIMD2<Double> {
    SIMD2(a.xx * v.x + a.xy * v.y, a.xy * v.x + a.yy * v.y)
  }

  @inline(__always)
  static func * (a: Double, b: Symmetric2) -> Symmetric2 {
    Symmetric2(xx: a * b.xx, xy: a * b.xy, yy: a * b.yy)
  }

  @inline(__always)
  static func - (a: Symmetric2, b: Symmetric2) -> Symmetric2 {
    Symmetric2(xx: a.xx - b.xx, xy: a.xy - b.xy, yy: a.yy - b.yy)
  }

  /// With a number added to the diagonal.
  @inline(__always)
  func plus(_ diagonal: Double) -> Symmetric2 { Symmetric2(xx: xx + diagonal, xy: xy, yy: yy + diagonal) }
}

/// A 2 × 2 matrix by its columns.
struct Matrix2: BitwiseCopyable {
  var x: SIMD2<Double>
  var y: SIMD2<Double>

  @inline(__always)
  init(x: SIMD2<Double>, y: SIMD2<Double>) {
    self.x = x
    self.y = y
  }

  @inline(__always)
  init(_ a: Symmetric2) {
    x = SIMD2(a.xx, a.xy)
    y = SIMD2(a.xy, a.yy)
  }

  /// a bᵀ.
  @inline(__always)
  init(_ a: SIMD2<Double>, times b: SIMD2<Double>) {
    x = a * b.x
    y = a * b.y
  }

  @inline(__always) var transposed: Matrix2 { Matrix2(x: SIMD2(x.x, y.x), y: SIMD2(x.y, y.y)) }

  @inline(__always)
  static func * (a: Matrix2, v: SIMD2<Double>) -> SIMD2<Double> { a.x * v.x + a.y * v.y }

  @inline(__always)
  static func * (a: Matrix2, b: Matrix2) -> Matrix2 { Matrix2(x: a * b.x, y: a * b.y) }

  @inline(__always)
  static func * (a: Double, b: Matrix2) -> Matrix2 { Matrix2(x: a * b.x, y: a * b.y) }

  @inline(__always)
  static func + (a: Matrix2, b: Matrix2) -> Matrix2 { Matrix2(x: a.x + b.x, y: a.y + b.y) }

  @inline(__always)
  static func - (a: Matrix2, b: Matrix2) -> Matrix2 { Matrix2(x: a.x - b.x, y: a.y - b.y) }
}

/// The normal equations of a broken line: places (x, y) in four chambers and the bend.
///
/// What is measured in a chamber couples x and y; a kink couples the chambers, in x and in y alike, and in x the
/// bend. So the nine equations are blocks of 2 × 2 of which those off the diagonal are numbers. The chambers 1
/// and 4 are coupled only to what is between them: they are eliminated first, and nothing is left but straight
/// code with one division a block.
struct BrokenLineEquations: BitwiseCopyable {
  /// Of a chamber at an end: its inverse block, and what couples it to the chambers 2 and 3 and the bend.
  private struct End: BitwiseCopyable {
    var inverse: Symmetric2
    var to1: Double
    var to2: Double
    var toBend: Double
  }

  /// What the solution adds to the places, by chamber, and to the bend.
  private(set) var x: SIMD4<Double>
  private(set) var y: SIMD4<Double>
  private(set) var bend: Double
  /// By how much chi-squared falls.
  private(set) var gain: Double

  private let first: End
  private let last: End
  /// Inverse blocks of the chambers 2 and 3 in the order of elimination, and those of the coupling.
  private let inverse1: Symmetric2
  private let inverse2: Symmetric2
  private let between: Symmetric2
  private let bend1: SIMD2<Double>
  private let bend2: SIMD2<Double>
  private let inverseBend: Double

  /// Solves the equations; `nil` if they are not positive definite.
  ///
  /// - Parameters:
  ///   - blocks: what is measured in the chambers.
  ///   - right: right sides by chamber, kinks included.
  ///   - rightBend: right side of the bend.
  ///   - kinks: derivatives of the kinks in the chambers 2 and 3 by the places in the four chambers.
  ///   - kinksByBend: the same by the bend, for x.
  ///   - weight: 1/σ² of a kink.
  @inline(__always)
  init?(
    blocks: (Symmetric2, Symmetric2, Symmetric2, Symmetric2),
    right: (SIMD2<Double>, SIMD2<Double>, SIMD2<Double>, SIMD2<Double>), rightBend: Double,
    kinks: (SIMD4<Double>, SIMD4<Double>), kinksByBend: (Double, Double), weight: Double
  ) {
    let (a, b) = kinks
    let (p, q) = kinksByBend
    @inline(__always)
    func coupling(_ i: Int, _ k: Int) -> Double { weight * (a[i] * a[k] + b[i] * b[k]) }
    @inline(__always)
    func coupling(_ i: Int) -> Double { weight * (a[i] * p + b[i] * q) }

    guard let s0 = blocks.0.plus(coupling(0, 0)).inverted(), let s3 = blocks.3.plus(coupling(3, 3)).inverted()
    else { return nil }
    let e0 = End(inverse: s0, to1: coupling(0, 1), to2: coupling(0, 2), toBend: coupling(0))
    let e3 = End(inverse: s3, to1: coupling(3, 1), to2: coupling(3, 2), toBend: coupling(3))
    let (v0, v3) = (s0 * right.0, s3 * right.3)
    let r11 = blocks.1.plus(coupling(1, 1)) - (e0.to1 * e0.to1) * s0 - (e3.to1 * e3.to1) * s3
    let r12 =
      Symmetric2(xx: 0, xy: 0, yy: 0).plus(coupling(1, 2)) - (e0.to1 * e0.to2) * s0 - (e3.to1 * e3.to2) * s3
    let r22 = blocks.2.plus(coupling(2, 2)) - (e0.to2 * e0.to2) * s0 - (e3.to2 * e3.to2) * s3
    // Columns of the inverse blocks for x, to which the bend is coupled.
    let (c0, c3) = (SIMD2(s0.xx, s0.xy) * e0.toBend, SIMD2(s3.xx, s3.xy) * e3.toBend)
    let r1 = SIMD2(coupling(1), 0) - e0.to1 * c0 - e3.to1 * c3
    let r2 = SIMD2(coupling(2), 0) - e0.to2 * c0 - e3.to2 * c3
    let rb = weight * (p * p + q * q) - e0.toBend * c0.x - e3.toBend * c3.x
    let g1 = right.1 - e0.to1 * v0 - e3.to1 * v3
    let g2 = right.2 - e0.to2 * v0 - e3.to2 * v3
    let gb = rightBend - e0.toBend * v0.x - e3.toBend * v3.x

    guard let s1 = r11.inverted() else { return nil }
    let (m12, u1, v1) = (Matrix2(r12), s1 * r1, s1 * g1)
    let product = m12 * (Matrix2(s1) * m12)
    guard let s2 = (r22 - Symmetric2(xx: product.x.x, xy: product.x.y, yy: product.y.y)).inverted() else {
      return nil
    }
    let (l2, h2) = (r2 - r12 * u1, g2 - r12 * v1)
    let (u2, v2) = (s2 * l2, s2 * h2)
    let pivot = rb - (r1 * u1).sum() - (l2 * u2).sum()
    guard pivot > 0 else { return nil }
    inverseBend = 1 / pivot
    let db = (gb - (r1 * v1).sum() - (l2 * v2).sum()) * inverseBend
    let d2 = v2 - db * u2
    let d1 = v1 - s1 * (r12 * d2) - db * u1
    let d0 = s0 * (right.0 - e0.to1 * d1 - e0.to2 * d2 - SIMD2(e0.toBend * db, 0))
    let d3 = s3 * (right.3 - e3.to1 * d1 - e3.to2 * d2 - SIMD2(e3.toBend * db, 0))
    x = SIMD4(d0.x, d1.x, d2.x, d3.x)
    y = SIMD4(d0.y, d1.y, d2.y, d3.y)
    bend = db
    gain = (right.0 * d0 + right.1 * d1 + right.2 * d2 + right.3 * d3).sum() + rightBend * db
    (first, last, inverse1, inverse2, between) = (e0, e3, s1, s2, r12)
    (bend1, bend2) = (u1, u2)
  }

  /// The blocks of the inverse that the lines before and behind the magnet need: rows of the first index, so
  /// that `places.01` is x, y in chamber 1 with x, y in chamber 2; `…Bend` the same with the bend.
  struct Covariance: BitwiseCopyable {
    var c00: Matrix2
    var c01: Matrix2
    var c11: Matrix2
    var c22: Matrix2
    var c32: Matrix2
    var c33: Matrix2
    var bend0: SIMD2<Double>
    var bend1: SIMD2<Double>
    var bendBend: Double
  }

  /// The covariance of the solution, from the end of the elimination backwards.
  var covariance: Covariance {
    let bb = inverseBend
    let b2 = -bb * bend2
    let c22 = Matrix2(inverse2) + Matrix2(bend2 * bb, times: bend2)
    let t = Matrix2(inverse1) * Matrix2(between)
    let b1 = -bb * bend1 - t * b2
    // −C₁₂ = T C₂₂ + u C_b2.
    let c12 = -1 * (t * c22 + Matrix2(bend1, times: b2))
    let c11 = Matrix2(inverse1) - c12 * t.transposed - Matrix2(b1, times: bend1)
    let c21 = c12.transposed
    let (c01, _, b0, c00) = outer(first, c11, c12, c21, c22, b1, b2, bb)
    let (_, c32, _, c33) = outer(last, c11, c12, c21, c22, b1, b2, bb)
    return Covariance(
      c00: c00, c01: c01, c11: c11, c22: c22, c32: c32, c33: c33, bend0: b0, bend1: b1, bendBend: bb)
  }

  /// The blocks of a chamber at an end: with the chambers 2 and 3, with the bend, with itself.
  @inline(__always)
  private func outer(
    _ end: End, _ c11: Matrix2, _ c12: Matrix2, _ c21: Matrix2, _ c22: Matrix2, _ b1: SIMD2<Double>,
    _ b2: SIMD2<Double>, _ bb: Double
  ) -> (with1: Matrix2, with2: Matrix2, withBend: SIMD2<Double>, itself: Matrix2) {
    let s = Matrix2(end.inverse)
    let e = SIMD2(end.toBend, 0)
    let with1 = -1 * (s * (end.to1 * c11 + end.to2 * c21 + Matrix2(e, times: b1)))
    let with2 = -1 * (s * (end.to1 * c12 + end.to2 * c22 + Matrix2(e, times: b2)))
    let withBend = -1 * (s * (end.to1 * b1 + end.to2 * b2 + e * bb))
    let itself =
      s - (end.to1 * with1 + end.to2 * with2 + Matrix2(withBend, times: e)) * s
    return (with1, with2, withBend, itself)
  }
}
