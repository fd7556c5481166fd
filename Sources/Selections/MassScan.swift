/// Counts of events in windows around mass points of one or two masses: a commutative monoid.
///
/// A window holds both its borders. Windows may overlap: an event counts at every point whose window holds it.
public struct MassScan: Hashable, Sendable {
  /// One mass with its points.
  public struct Axis: Hashable, Sendable {
    /// Name of the variable.
    public let variable: String
    /// The mass points in MeV/c2.
    public let masses: [Double]
    /// Half the width of the window at each point in MeV/c2.
    public let halfWidths: [Double]

    func holds(_ value: Double, at point: Int) -> Bool {
      masses[point] - halfWidths[point] <= value && value <= masses[point] + halfWidths[point]
    }
  }

  /// Its name.
  public let name: String
  /// The first mass, and the second of a plane.
  public let axes: [Axis]
  /// The region that the events must be in; nil for all selected events.
  public let region: String?
  /// The indices of the points on both axes (0 on the second where there is none).
  public let points: [SIMD2<Int32>]
  /// The count at each point.
  public private(set) var counts: [UInt64]
  /// Selected events in which a mass is unavailable.
  public private(set) var unavailable: UInt64 = 0
  /// Index into ``points`` by both axes; -1 where there is no point.
  private let grid: [Int32]

  /// An empty scan; `ratio`: in a plane, points whose second mass is above this times the first are left out.
  public init(name: String, axes: [Axis], region: String?, ratio: Double?) {
    self.name = name
    self.axes = axes
    self.region = region
    let seconds = axes.count > 1 ? axes[1].masses : [0]
    var points: [SIMD2<Int32>] = []
    var grid: [Int32] = []
    for first in axes[0].masses.indices {
      for second in seconds.indices {
        let isAllowed = ratio.map { seconds[second] <= $0 * axes[0].masses[first] } ?? true
        grid.append(isAllowed ? Int32(points.count) : -1)
        if isAllowed { points.append(SIMD2(Int32(first), Int32(second))) }
      }
    }
    self.points = points
    self.grid = grid
    counts = [UInt64](repeating: 0, count: points.count)
  }

  /// The masses of a point in MeV/c2; one of them on a line.
  public func masses(_ point: Int) -> [Double] {
    axes.indices.map { axes[$0].masses[Int(points[point][$0])] }
  }

  /// Adds an event with its masses; the second counts only in a plane.
  public mutating func add(_ x: Double, _ y: Double = 0) {
    guard !x.isNaN, axes.count < 2 || !y.isNaN else {
      unavailable += 1
      return
    }
    let width = axes.count > 1 ? axes[1].masses.count : 1
    for first in axes[0].masses.indices where axes[0].holds(x, at: first) {
      for second in 0..<width where axes.count < 2 || axes[1].holds(y, at: second) {
        let point = Int(grid[first * width + second])
        if point >= 0 { counts[point] += 1 }
      }
    }
  }

  /// Adds the events of another; the points must be the same, which the accumulator has checked.
  mutating func merge(_ other: MassScan) {
    unavailable += other.unavailable
    for point in counts.indices { counts[point] += other.counts[point] }
  }
  /// The counts alone, in a fixed order: what is stored of them, and adds up.
  var tally: [UInt64] { [unavailable] + counts }

  /// Takes counts from the front of a tally; `false` where there are too few.
  mutating func restore(_ tally: inout ArraySlice<UInt64>) -> Bool {
    guard let head = tally.take(1), let stored = tally.take(counts.count) else { return false }
    unavailable = head[0]
    counts = stored
    return true
  }
}
