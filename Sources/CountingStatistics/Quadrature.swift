#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Integration by Gauss-Kronrod rules (7 and 15 points) on halves that divide until the error is small.
enum Quadrature {
  private static let nodes: [Double] = [
    0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
    0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
    0.586087235467691130294144691693190, 0.405845151377397166906606412076961,
    0.207784955007898467600689403773245, 0,
  ]
  private static let kronrod: [Double] = [
    0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
    0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
    0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
    0.204432940075298892414161999234649, 0.209482141084727828012999174891714,
  ]
  private static let gauss: [Double] = [
    0.129484966168869693270611432679082, 0.279705391489276667901467771423780,
    0.381830050505118944950369775488975, 0.417959183673469387755102040816327,
  ]

  /// Weights of the barycentric interpolation between the 15 nodes of one piece, up to a common factor.
  static let barycentric: [Double] = {
    let all = Self.nodes(from: -1, to: 1, pieces: 1).map(\.point)
    return all.map { x in all.reduce(1) { $1 == x ? $0 : $0 / (2 * (x - $1)) } }
  }()

  /// ∫ f over [low, high], to `relative` of the whole (of a function that does not change sign).
  ///
  /// `pieces` is the number of equal parts to begin with: enough that no feature hides between the nodes.
  /// Where the digits of f run out before, 1e-9 is accepted after `limit` divisions. Throws if that is not
  /// reached either, or where f is not a number.
  static func integral(
    from low: Double, to high: Double, pieces: Int = 8, relative: Double = 1e-12, limit: Int = 500,
    _ f: (Double) throws -> Double
  ) throws -> Double {
    guard high > low else { return 0 }
    var open: [(low: Double, high: Double, value: Double, error: Double)] = []
    let step = (high - low) / Double(pieces)
    for piece in 0..<pieces {
      let a = low + Double(piece) * step
      let b = piece == pieces - 1 ? high : a + step
      let (value, error) = try rule(a, b, f)
      open.append((a, b, value, error))
    }
    for _ in 0..<limit {
      let total = open.reduce(0) { $0 + $1.value }
      let error = open.reduce(0) { $0 + $1.error }
      guard total.isFinite else { break }
      if error <= relative * abs(total) || error < 1e-300 { return total }
      guard let worst = open.indices.max(by: { open[$0].error < open[$1].error }) else { break }
      let part = open[worst]
      let middle = 0.5 * (part.low + part.high)
      // No more digits to gain: the rest is rounding.
      guard middle > part.low, middle < part.high else { return total }
      let (left, leftError) = try rule(part.low, middle, f)
      let (right, rightError) = try rule(middle, part.high, f)
      open[worst] = (part.low, middle, left, leftError)
      open.append((middle, part.high, right, rightError))
    }
    let total = open.reduce(0) { $0 + $1.value }
    if total.isFinite, open.reduce(0, { $0 + $1.error }) <= 1e-9 * abs(total) { return total }
    throw StatisticsError.notConverged("integral from \(low) to \(high)")
  }

  /// Points and weights of the 15-point rule on each of `pieces` equal parts, in rising order: for an integral
  /// of a smooth function that is done many times.
  static func nodes(from low: Double, to high: Double, pieces: Int) -> [(point: Double, weight: Double)] {
    let half = 0.5 * (high - low) / Double(pieces)
    return (0..<pieces).flatMap { piece in
      let centre = low + (2 * Double(piece) + 1) * half
      return (-7...7).map { k in
        let node = Self.nodes[7 - abs(k)]
        return (centre + (k < 0 ? -node : node) * half, kronrod[7 - abs(k)] * half)
      }
    }
  }

  private static func rule(
    _ low: Double, _ high: Double, _ f: (Double) throws -> Double
  ) rethrows -> (value: Double, error: Double) {
    let centre = 0.5 * (low + high)
    let half = 0.5 * (high - low)
    let middle = try f(centre)
    var wide = kronrod[7] * middle
    var narrow = gauss[3] * middle
    for k in 0..<7 {
      let pair = try f(centre - half * nodes[k]) + f(centre + half * nodes[k])
      wide += kronrod[k] * pair
      if k % 2 == 1 { narrow += gauss[k / 2] * pair }
    }
    let difference = abs(wide - narrow) * half
    // The usual estimate of QUADPACK is far more cautious than this power for a smooth function.
    let scale = abs(wide) * half
    let sharpened = scale > 0 ? scale * min(1, pow(200 * difference / scale, 1.5)) : 0
    return (wide * half, max(min(difference, sharpened), 1e-16 * scale))
  }
}
