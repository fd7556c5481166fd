/// Where the slabs of CHOD are: two planes (`detectors.md` section 5, C). Lengths in mm.
public enum CHODGeometry {
  /// z of the plane that measures x, with vertical slabs, and of the one that measures y.
  public static let z = (vertical: 239_009.0, horizontal: 239_389.0)
  /// Radius of the hole.
  public static let holeRadius = 128.0
  /// The 16 slabs of a quadrant: eleven are 65.03 mm wide, five 99.03 mm.
  private static let narrow = (count: 11, width: 65.03)
  private static let wide = (count: 5, width: 99.03, begin: 715.315)
  /// Outer ends of the slabs, where the photomultipliers are: those of the first eight are the same.
  private static let length = 1210.0
  private static let shorter: SIMD8<Double> = [1191, 1126, 1061, 996, 897, 798, 699, 600]

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
    let length = place < 8 ? length : shorter[place - 8]
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
    let across =
      place < narrow.count
      ? (narrow.width * Double(place) - 0.015, narrow.width * Double(place + 1) - 0.015)
      : (
        wide.begin + wide.width * Double(place - narrow.count),
        wide.begin + wide.width * Double(place - narrow.count + 1)
      )
    let end = place < 8 ? length : shorter[place - 8]
    let along = (0.0, end)
    return Slab(
      isHorizontal: isHorizontal,
      box: isHorizontal
        ? DetectorBox(x: along, y: across, signX: x, signY: y)
        : DetectorBox(x: across, y: along, signX: x, signY: y),
      length: end)
  }
}
