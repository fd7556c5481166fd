import L1Trigger

/// Directions and places of the straw views, in the forms that the track fit works with.
///
/// Views are numbered 4 chamber + view, views of a chamber 0 = v, 1 = u, 2 = x, 3 = y. A straw has a place,
/// 512 view + rank, where ranks of a view follow the coordinate across the straws: the four layers of a view
/// are staggered by a quarter of the pitch, so neighbours in rank are 4.4 mm apart.
enum StrawPlanes {
  /// Views of all chambers.
  static let viewCount = 16
  /// Places of a view; ranks go up to 487.
  static let ranks = 512
  /// The place of what is not a straw.
  static let noPlace = UInt16(viewCount * ranks - 1)
  /// Distance of neighbouring ranks, mm.
  static var step: Double { StrawGeometry.pitch / 4 }

  /// The coordinate that a view measures is x times the first component plus y times the second.
  @inline(__always)
  static func direction(_ view: Int) -> SIMD2<Double> {
    let d = 0.5.squareRoot()
    switch view & 3 {
    case 0: return SIMD2(d, -d)
    case 1: return SIMD2(d, d)
    case 2: return SIMD2(1, 0)
    default: return SIMD2(0, 1)
    }
  }

  /// The components of the directions by x and by y, of all views.
  @inline(__always) static var byX: SIMD4<Double> { SIMD4(0.5.squareRoot(), 0.5.squareRoot(), 1, 0) }
  @inline(__always) static var byY: SIMD4<Double> { SIMD4(-0.5.squareRoot(), 0.5.squareRoot(), 0, 1) }

  /// z of the views from the chamber's centre, and how far the layers stand from it, mm.
  @inline(__always) static var viewZ: SIMD4<Float> { SIMD4(-173.5, -116.5, 116.5, 173.5) }
  @inline(__always) static var layerReach: Float { 18.5 }

  /// The rank of a straw in its view, by layer (2 × half + plane) and number.
  static func rank(view: Int, layer: Int, tube: Int) -> Int {
    let offsets = StrawGeometry.planeOffsets[view]
    let lowest = offsets.min() ?? 0
    return 4 * tube + Int(((offsets[layer] - lowest) / step).rounded())
  }
}
