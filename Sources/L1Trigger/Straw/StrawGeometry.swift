import Detectors

/// The geometry that the STRAW algorithm works with (`l1.md` 5.9).
///
/// Views are numbered 0 = v, 1 = u, 2 = x, 3 = y; all lengths are in mm, and z is relative to the magnet
/// unless said otherwise.
public enum StrawGeometry {
  // Computed, so that they are constants in the code: a stored one is checked for its initialisation at
  // each use.
  @inline(__always) static var sqrt2: Double { 2.0.squareRoot() }
  @inline(__always) static var inverseSqrt2: Double { 1.0 / 2.0.squareRoot() }
  /// z of the magnet's centre.
  static let magnet: Float = 197_645
  /// z of the chambers.
  @inline(__always) static var z: SIMD4<Float> { SIMD4(-14137, -3579, 6814, 21240) }

  /// Offsets of the straws by view and by 2 × half + plane.
  public static let planeOffsets: [[Double]] = [
    [-1058.2, -1067.0, -1071.4, -1062.6], [-1062.6, -1071.4, -1067.0, -1058.2],
    [-1058.2, -1067.0, -1071.4, -1062.6], [-1080.2, -1089.0, -1084.6, -1075.8],
  ]
  /// Offsets of the views by chamber and view.
  public static let viewOffsets: [[Double]] = [
    [-0.0538315, 0.0857196, -0.1735152, 0.0267571], [0.2585159, 0.0453096, 0.1563879, -0.01980598],
    [-0.00973369, 0.0212925, -0.3323366, 0.046397608], [0.03975005, 0.1124206, -0.02243413, -0.02177299],
  ]
  /// Lower and upper limits of the central hole by chamber; by view in the vector.
  static let holeLow = (
    SIMD4<Float>(6.6, 6.6, 37.4, -63.8), SIMD4<Float>(15.4, 15.4, 50.6, -63.8),
    SIMD4<Float>(2.2, 2.2, 28.6, -63.8), SIMD4<Float>(-24.2, -24.2, -11, -63.8)
  )
  static let holeHigh = (
    SIMD4<Float>(134.2, 134.2, 165.0, 63.8), SIMD4<Float>(143, 143, 178.2, 63.8),
    SIMD4<Float>(129.8, 129.8, 156.2, 63.8), SIMD4<Float>(103.4, 103.4, 116.6, 63.8)
  )
  /// Half length of a straw view.
  static let halfWidth = 1052.1111931800842

  /// The limits of a chamber's central hole by view, in double precision.
  public static func hole(chamber: Int) -> (low: SIMD4<Double>, high: SIMD4<Double>) {
    switch chamber {
    case 0: (SIMD4(holeLow.0), SIMD4(holeHigh.0))
    case 1: (SIMD4(holeLow.1), SIMD4(holeHigh.1))
    case 2: (SIMD4(holeLow.2), SIMD4(holeHigh.2))
    default: (SIMD4(holeLow.3), SIMD4(holeHigh.3))
    }
  }

  /// Whether a point of two views lies where exactly two views of the chamber see it.
  @inline(__always)
  static func isInTwoViews(hole: (low: SIMD4<Double>, high: SIMD4<Double>), x: Double, y: Double) -> Bool {
    let i = inverseSqrt2
    let v = i * x + i * y
    let u = i * x + -i * y
    var hit = sees(hole.low[0], hole.high[0], v, u) ? 1 : 0
    hit += sees(hole.low[1], hole.high[1], u, v) ? 1 : 0
    hit += sees(hole.low[2], hole.high[2], x, y) ? 1 : 0
    hit += sees(hole.low[3], hole.high[3], y, x) ? 1 : 0
    return hit == 2
  }

  /// Whether a view sees a point: `p` across the straws, `q` along them.
  @inline(__always)
  private static func sees(_ low: Double, _ high: Double, _ p: Double, _ q: Double) -> Bool {
    let inside = (high < p && p < halfWidth) || (-halfWidth < p && p < low)
    return inside && abs(q) < 1050
  }

  /// Drift distance in mm for a drift time in µs.
  @inline(__always)
  public static func drift(_ microseconds: Double) -> Double {
    let d = microseconds - 0.00807073
    let q = 763.831 * d + -58.9754 * d * d
    let r = -2.29722 + abs(q).squareRoot() - 22.5652 * microseconds
    return r < 0 ? 0 : r
  }

  /// Drift distance of hits that are too early: that of 1 µs (sic).
  @inline(__always) static var earlyDrift: Float { Float(drift(1)) }
}

/// What the algorithm needs to know of a readout channel.
struct StrawChannel {
  /// Number of keys: 4 chambers × 4 views × 4 planes × 122 tubes, and the unmapped one.
  static let keyCount = 7809
  /// (16 chamber + 4 view + 2 half + plane) × 122 + tube + 1: the key of a straw; 0 is the unmapped one.
  var key: Int32
  /// 8 × chamber + 2 × view + half: the half view the straw belongs to.
  var halfView: Int32
  /// The plane of the half view.
  var plane: Int32
  /// Position of the wire across the view.
  var position: Float
  /// Time offset of the channel's mezzanine in ns.
  var mezzanineT0: Double

  /// The table of all readout channels.
  ///
  /// An unmapped channel takes part as straw −1 of the first plane, as in NA62's code (`l1.md` 5.9.1).
  static func table(_ maps: L1DetectorMaps) -> [StrawChannel] {
    (0..<8192).map { channel in
      let g = channel < maps.straw.count ? Int(maps.straw[channel]) : -1
      let chamber = g / 1952
      let view = g % 1952 / 488
      let half = g % 488 / 244
      let plane = g % 244 / 122
      let tube = g % 122
      let position =
        17.6 * Double(tube) + StrawGeometry.planeOffsets[view][2 * half + plane]
        + StrawGeometry.viewOffsets[chamber][view]
      return StrawChannel(
        key: Int32(g + 1), halfView: Int32(8 * chamber + 2 * view + half), plane: Int32(plane),
        position: Float(position), mezzanineT0: maps.strawMezzanineT0[channel / 16])
    }
  }
}
