public import CountingStatistics

/// The scan of a dark photon over mass and ε: yields, limits, contours.
public struct DarkPhotonScan: Sendable {
  /// One mass.
  public struct Point: Sendable, Hashable {
    /// The mass in MeV/c².
    public let mass: Double
    /// Acceptance × efficiency.
    public let acceptance: Double
    /// Events in the window.
    public let observed: Int
    /// Expected background in the window.
    public let background: BackgroundEstimate
    /// Upper limit on signal events.
    public let limit: Double
    /// The limits expected under background only.
    public let expected: Quantiles
    /// The largest number of expected events over ε.
    public let greatestYield: Double
    /// The ε of it.
    public let greatestMixing: Double
    /// The excluded ε; nil for none.
    public let interval: ExclusionInterval?
    /// The ε that are excluded at the expected limits.
    public let expectedIntervals: [ExclusionInterval?]
  }

  /// The search.
  public let search: DarkPhotonSearch
  /// The masses of the grid.
  public let points: [Point]
  /// The points along the contours: those of the grid, and both sides of each jump of the count.
  public let contourPoints: [Point]
  /// The ε of the grid.
  public let mixings: [Double]
  /// Expected events on the grid, one list over ε for each mass.
  public let yields: [[Double]]
  /// The border of what is excluded.
  public let observed: ExclusionContour
  /// The borders at the expected limits, from -2 σ to +2 σ.
  public let expected: [ExclusionContour]
  /// The most significant mass; nil where nothing was seen.
  public let excess: ScanExcess?
  /// Windows that do not overlap.
  public let windows: Int

  /// Makes the scan; throws where counts or acceptances are missing, or a limit cannot be given.
  init(
    _ search: DarkPhotonSearch, _ observation: ScanObservation, _ counts: ObservedCounts,
    _ limits: WindowLimits
  ) throws {
    self.search = search
    let backgrounds = WindowBackgrounds(observation, domain: [search.masses.range])
    let masses = search.masses.values
    let positions = try counts.positions(masses)
    let tracer = try ContourTracer(
      positions: positions,
      couplings: search.mixings.range.lowerBound...search.mixings.range.upperBound
    ) { try DarkPhotonYield(search, mass: $0) }
    let contourPoints = try tracer.profiles.map { mass, profile in
      try Self.point(mass, profile, counts, backgrounds, limits)
    }
    self.contourPoints = contourPoints
    let grid = Set(masses)
    points = contourPoints.filter { grid.contains($0.mass) }
    let mixings = search.mixings.values
    self.mixings = mixings
    yields = tracer.profiles.filter { grid.contains($0.position) }.map { _, profile in
      mixings.map { profile.curve.yield(coupling: $0) }
    }
    observed = try tracer.contour { mass in
      try limits.observed(try counts.count(at: SIMD2(mass, 0)), backgrounds.background(at: SIMD2(mass, 0)))
    }
    var expected: [ExclusionContour] = []
    for quantile in Quantiles.names.indices {
      // With next to no background the quantiles are one and the same.
      if quantile > 0,
        contourPoints.allSatisfy({ $0.expected.values[quantile] == $0.expected.values[quantile - 1] })
      {
        expected.append(expected[quantile - 1])
      } else {
        expected.append(
          try tracer.contour { mass in
            try limits.expected(backgrounds.background(at: SIMD2(mass, 0))).values[quantile]
          })
      }
    }
    self.expected = expected
    windows = ScanExcess.disjointWindows(
      search.masses.values(count: 20_001).map { (SIMD2($0, 0), observation.halfWidths(at: SIMD2($0, 0))) })
    excess = try ScanExcess.most(
      of: contourPoints.map {
        (SIMD2($0.mass, 0), try limits.excess($0.observed, $0.background))
      }, windows: windows)
  }

  private static func point(
    _ mass: Double, _ profile: YieldProfile<DarkPhotonYield>,
    _ counts: ObservedCounts, _ backgrounds: WindowBackgrounds, _ limits: WindowLimits
  ) throws -> Point {
    let place = SIMD2(mass, 0)
    let background = backgrounds.background(at: place)
    let count = try counts.count(at: place)
    let limit = try limits.observed(count, background)
    let expected = try limits.expected(background)
    var intervals: [ExclusionInterval?] = []
    for (index, value) in expected.values.enumerated() {
      if index > 0, value == expected.values[index - 1] {
        intervals.append(intervals[index - 1])
      } else {
        intervals.append(try profile.interval(limit: value))
      }
    }
    return Point(
      mass: mass, acceptance: profile.curve.acceptance, observed: count,
      background: background, limit: limit, expected: expected, greatestYield: profile.greatestYield,
      greatestMixing: profile.greatestCoupling, interval: try profile.interval(limit: limit),
      expectedIntervals: intervals)
  }
}

/// The background in the window around each point.
struct WindowBackgrounds: Sendable {
  private let observation: ScanObservation
  /// The area of what is scanned: a range of masses, or the part of a plane with m₂ ≤ m₁/2.
  private let area: Double

  init(_ observation: ScanObservation, domain: [ClosedRange<Double>]) {
    self.observation = observation
    let first = domain[0]
    guard domain.count > 1 else {
      area = first.upperBound - first.lowerBound
      return
    }
    let (second, steps) = (domain[1], 1000)
    let step = (first.upperBound - first.lowerBound) / Double(steps)
    area = (0..<steps).reduce(0) { sum, number in
      let mass = first.lowerBound + (Double(number) + 0.5) * step
      return sum + step * max(0, min(second.upperBound, mass / 2) - second.lowerBound)
    }
  }

  func background(at point: SIMD2<Double>) -> BackgroundEstimate {
    let estimate = observation.background.estimate
    guard observation.background.scope == .region, area > 0 else { return estimate }
    let half = observation.halfWidths(at: point)
    let window = 2 * half.x * (observation.windows.count > 1 ? 2 * half.y : 1)
    return estimate.scaled(by: min(1, window / area))
  }
}
