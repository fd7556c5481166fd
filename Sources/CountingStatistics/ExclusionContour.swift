#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The border of what is excluded in the plane of a position (such as a mass) and a coupling.
public struct ExclusionContour: Sendable, Hashable {
  /// The border at one position.
  public struct Point: Sendable, Hashable {
    /// The position.
    public let position: Double
    /// The excluded couplings; a tip, where the border closes, has both ends at one coupling.
    public let interval: ExclusionInterval

    /// A point.
    public init(position: Double, interval: ExclusionInterval) {
      self.position = position
      self.interval = interval
    }
  }

  /// The connected parts, each with its points in rising position.
  public let islands: [[Point]]

  /// A contour of parts.
  public init(islands: [[Point]]) { self.islands = islands }

  /// Whether nothing is excluded.
  public var isEmpty: Bool { islands.isEmpty }

  /// The excluded couplings at a position: between two points straight in the position and the logarithm of the
  /// coupling; nil where nothing is excluded.
  public func interval(at position: Double) -> ExclusionInterval? {
    for island in islands {
      guard let right = island.firstIndex(where: { $0.position >= position }) else { continue }
      if island[right].position == position { return island[right].interval }
      guard right > 0 else { continue }
      let (a, b) = (island[right - 1], island[right])
      let part = (position - a.position) / (b.position - a.position)
      func between(_ first: Double, _ second: Double) -> Double {
        exp(log(first) * (1 - part) + log(second) * part)
      }
      return ExclusionInterval(
        lower: between(a.interval.lower, b.interval.lower),
        upper: between(a.interval.upper, b.interval.upper),
        isLowerOpen: a.interval.isLowerOpen || b.interval.isLowerOpen,
        isUpperOpen: a.interval.isUpperOpen || b.interval.isUpperOpen)
    }
    return nil
  }

  /// The outlines: along the smaller couplings in rising position, back along the larger ones, and to the first
  /// point again.
  public var outlines: [[(position: Double, coupling: Double)]] {
    islands.map { island in
      let forth = island.map { (position: $0.position, coupling: $0.interval.lower) }
      let back = island.reversed().map { (position: $0.position, coupling: $0.interval.upper) }
      return forth + back + forth.prefix(1)
    }
  }

  /// The excluded area in position × ln coupling.
  public var area: Double {
    islands.reduce(0) { sum, island in
      zip(island, island.dropFirst()).reduce(sum) { sum, pair in
        let height =
          log(pair.0.interval.upper / pair.0.interval.lower)
          + log(pair.1.interval.upper / pair.1.interval.lower)
        return sum + 0.5 * height * (pair.1.position - pair.0.position)
      }
    }
  }
}

/// Follows the border of what limits exclude over the positions of a scan.
///
/// The curves are sampled once; each set of limits, such as the observed and the expected ones, then costs only the
/// crossings.
public struct ContourTracer<Curve: YieldCurve>: Sendable {
  /// The yields at each position, in rising position.
  public let profiles: [(position: Double, profile: YieldProfile<Curve>)]
  private let couplings: ClosedRange<Double>
  private let curve: @Sendable (Double) throws -> Curve

  /// A tracer over positions, which are sorted, and freed from doubles, first.
  ///
  /// Throws what `curve` throws, and as ``YieldProfile/init(_:couplings:sampleCount:)``.
  public init(
    positions: [Double], couplings: ClosedRange<Double>, curve: @escaping @Sendable (Double) throws -> Curve
  ) throws {
    self.couplings = couplings
    self.curve = curve
    var profiles: [(position: Double, profile: YieldProfile<Curve>)] = []
    for position in positions.sorted() where position != profiles.last?.position {
      profiles.append((position, try YieldProfile(curve(position), couplings: couplings)))
    }
    self.profiles = profiles
  }

  /// The border for a limit at each position.
  ///
  /// Between an excluded position and one that is not, the tip is sought to a millionth of their distance: there
  /// the greatest yield equals the limit. Throws what `limit` throws, or without convergence.
  public func contour(limit: (Double) throws -> Double) throws -> ExclusionContour {
    var islands: [[ExclusionContour.Point]] = []
    var island: [ExclusionContour.Point] = []
    var last: Double?
    for (position, profile) in profiles {
      if let interval = try profile.interval(limit: try limit(position)) {
        if island.isEmpty, let last {
          island += try end(inside: position, outside: last, limit).reversed()
        }
        island.append(ExclusionContour.Point(position: position, interval: interval))
      } else if let inside = island.last?.position {
        island += try end(inside: inside, outside: position, limit)
        islands.append(island)
        island = []
      }
      last = position
    }
    if !island.isEmpty { islands.append(island) }
    return ExclusionContour(islands: islands)
  }

  /// The border beyond the last excluded position: on the way to the tip, in ever smaller steps as it is round, and
  /// the tip.
  private func end(
    inside: Double, outside: Double, _ limit: (Double) throws -> Double
  ) throws -> [ExclusionContour.Point] {
    let tip = try tip(inside: inside, outside: outside, limit)
    var points: [ExclusionContour.Point] = []
    var part = 0.5
    while part > 0.01 {
      let position = tip.position + (inside - tip.position) * part
      let profile = try YieldProfile(curve(position), couplings: couplings)
      if position != inside, position != tip.position,
        let interval = try profile.interval(limit: limit(position))
      {
        points.append(ExclusionContour.Point(position: position, interval: interval))
      }
      part /= 2
    }
    return points + [tip]
  }

  /// The last position, from inside, at which something is excluded.
  private func tip(
    inside: Double, outside: Double, _ limit: (Double) throws -> Double
  ) throws -> ExclusionContour.Point {
    var (inner, outer) = (inside, outside)
    var best = try YieldProfile(curve(inner), couplings: couplings)
    while abs(outer - inner) > 1e-6 * abs(outside - inside) {
      let middle = 0.5 * (inner + outer)
      let profile = try YieldProfile(curve(middle), couplings: couplings)
      if profile.greatestYield >= (try limit(middle)) {
        (inner, best) = (middle, profile)
      } else {
        outer = middle
      }
    }
    // Where the limit jumps, the border ends in a vertical line, not in a tip.
    let tip = best.greatestCoupling
    let end = try best.interval(limit: limit(inner)) ?? ExclusionInterval(lower: tip, upper: tip)
    let isVertical = end.upper > end.lower * 1.05
    return ExclusionContour.Point(
      position: inner, interval: isVertical ? end : ExclusionInterval(lower: tip, upper: tip))
  }
}
