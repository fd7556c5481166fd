/// Where the slabs of CHOD are: two planes (`detectors.md` section 5, C). Lengths in mm.
public enum CHODGeometry {
  /// z of the plane that measures x, with vertical slabs, and of the one that measures y.
  public static let z = (vertical: 239_009.0, horizontal: 239_389.0)
  /// Radius of the hole.
  public static let holeRadius = 128.0
  /// Distances of the centres of the 16 slabs of a quadrant from the axis.
  public static let centres = [
    32.5, 97.53, 162.56, 227.59, 292.62, 357.65, 422.68, 487.71, 552.74, 617.77, 682.80, 764.83, 863.86,
    962.89, 1061.92, 1160.95,
  ]
  /// Their outer ends, where the photomultipliers are.
  public static let lengths = [
    1210.0, 1210, 1210, 1210, 1210, 1210, 1210, 1210, 1191, 1126, 1061, 996, 897, 798, 699, 600,
  ]

  // The same for the way from a point to its slab, which is walked for every track: no table is searched.
  private static let narrow = (count: 11, width: 65.03)
  private static let wide = (count: 5, width: 99.03, begin: 715.315)
  private static let longest = 1210.0
  private static let shorter: SIMD8<Double> = [1191, 1126, 1061, 996, 897, 798, 699, 600]

  /// Half of the width of a slab, by its place from the axis: eleven of 65 mm and five of 99 mm.
  public static func halfWidth(_ place: Int) -> Double { place < 11 ? 32.515 : 49.515 }

  /// The slab of a plane at a point, and the distance of the point from its photomultiplier; `nil` outside.
  public static func slab(horizontal: Bool, x: Double, y: Double) -> (slab: Int, distance: Double)? {
    guard x * x + y * y > holeRadius * holeRadius else { return nil }
    let across = abs(horizontal ? y : x)
    let along = abs(horizontal ? x : y)
    guard across < wide.begin + Double(wide.count) * wide.width else { return nil }
    let place =
      across < wide.begin
      ? min(Int((across + 0.015) / narrow.width), narrow.count - 1)
      : min(narrow.count + Int((across - wide.begin) / wide.width), narrow.count + wide.count - 1)
    let length = place < 8 ? longest : shorter[place - 8]
    guard along < length else { return nil }
    let quadrant = x < 0 ? (y > 0 ? 0 : 1) : (y > 0 ? 3 : 2)
    let number = isOutwards(quadrant, horizontal: horizontal) ? place : 15 - place
    return ((horizontal ? 64 : 0) + 16 * quadrant + number, length - along)
  }

  /// Whether the numbers of the slabs of a quadrant grow outwards. Quadrants are in the order of the slabs: x < 0
  /// and y > 0, then against the clock.
  private static func isOutwards(_ quadrant: Int, horizontal: Bool) -> Bool {
    (quadrant % 2 == 0) != horizontal
  }

  /// A slab: where it is, as a box in x and y, and how far its outer end is from the axis along it.
  public struct Slab: Sendable, Hashable {
    /// Whether it measures y.
    public var isHorizontal: Bool
    /// What it covers.
    public var box: DetectorBox
    /// Distance of the photomultiplier from the axis, along the slab.
    public var length: Double
  }

  /// The 128 slabs by number.
  public static let slabs: [Slab] = (0..<128).map { number in
    let isHorizontal = number >= 64
    let quadrant = number / 16 % 4
    let place = isOutwards(quadrant, horizontal: isHorizontal) ? number % 16 : 15 - number % 16
    let (x, y) = (quadrant < 2 ? -1.0 : 1.0, quadrant == 0 || quadrant == 3 ? 1.0 : -1.0)
    let across = (centres[place] - halfWidth(place), centres[place] + halfWidth(place))
    let along = (0.0, lengths[place])
    return Slab(
      isHorizontal: isHorizontal,
      box: isHorizontal
        ? DetectorBox(x: along, y: across, signX: x, signY: y)
        : DetectorBox(x: across, y: along, signX: x, signY: y),
      length: lengths[place])
  }
}
