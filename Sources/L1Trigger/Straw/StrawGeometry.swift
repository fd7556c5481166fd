public import Detectors
public import NA62Formats

/// The geometry that the STRAW algorithm works with (`l1.md` 5.9).
///
/// Views are numbered 0 = v, 1 = u, 2 = x, 3 = y; all lengths are in mm, and z is relative to the magnet
/// unless said otherwise.
public enum StrawGeometry {
  // Computed, so that they are constants in the code: a stored one is checked for its initialisation at
  // each use.
  @inline(__always) static var sqrt2: Double { 2.0.squareRoot() }
  @inline(__always) static var inverseSqrt2: Double { 1.0 / 2.0.squareRoot() }
  /// z of the magnet's centre, as L1 has it.
  static let magnet: Float = 197_645
  /// z of the chambers' centres from the target (`detectors.md` 4.1).
  public static let chamberZ = [183_508.0, 194_066, 204_459, 218_885]
  /// z of the views from the chamber's centre.
  public static let viewZ = [-173.5, -116.5, 116.5, 173.5]
  /// z of the layers from the view's centre, by 2 × half + plane.
  public static let layerZ = [-18.5, -7.5, 7.5, 18.5]
  /// Distance of the straws of a layer.
  @inlinable public static var pitch: Double { 17.6 }
  /// Inner radius of a straw.
  @inlinable public static var strawRadius: Double { 4.875 }
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

  /// Resolution of a drift distance, in mm (`detectors.md` 4.3).
  @inlinable
  public static func resolution(_ r: Double) -> Double {
    if r < 1 { return 0.7 - 0.363 * r }
    if r < 4 { return 0.476 - 0.147 * r + 0.0092 * r * r + 0.00135 * r * r * r }
    return 0.1218
  }

  /// The drift time in ns for a distance in mm: the inverse of ``drift(_:)``, which rises between 17 and 200 ns.
  public static func driftTime(_ distance: Double) -> Double {
    var low = 0.0170
    var high = 0.2
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if drift(middle) < distance { low = middle } else { high = middle }
    }
    return 1000 * (low + high) / 2
  }

  /// What a time counts from, in ns from the event's timestamp, for the event's fine time (`l1.md` 5.9.1).
  @inlinable @inline(__always)
  public static func reference(fineTime: UInt8) -> Double {
    (Double(fineTime) * ClockTicks.strawPeriod) / 256 + 0.5
  }

  /// Drift distance in mm for a drift time in µs.
  @inlinable @inline(__always)
  public static func drift(_ microseconds: Double) -> Double {
    let d = microseconds - 0.00807073
    let q = 763.831 * d + -58.9754 * d * d
    let r = -2.29722 + abs(q).squareRoot() - 22.5652 * microseconds
    return r < 0 ? 0 : r
  }

  /// Drift distance of hits that are too early: that of 1 µs (sic).
  @inline(__always) static var earlyDrift: Float { Float(drift(1)) }
}

/// What the decoding of straws needs to know of a readout channel.
public struct StrawChannel: Sendable {
  /// Number of keys: 4 chambers × 4 views × 4 planes × 122 tubes, and the unmapped one.
  public static let keyCount = 7809
  /// (16 chamber + 4 view + 2 half + plane) × 122 + tube + 1: the key of a straw; 0 is the unmapped one.
  public var key: Int32
  /// 8 × chamber + 2 × view + half: the half view the straw belongs to.
  public var halfView: Int32
  /// The plane of the half view.
  public var plane: Int32
  /// Position of the wire across the view.
  public var position: Float
  /// Time offset of the channel's mezzanine in ns.
  public var mezzanineT0: Double

  /// The table of all readout channels.
  ///
  /// An unmapped channel takes part as straw −1 of the first plane, as in NA62's code (`l1.md` 5.9.1).
  public static func table(_ maps: L1DetectorMaps) -> [StrawChannel] {
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
