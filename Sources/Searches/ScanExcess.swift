#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

public import CountingStatistics

/// The most significant point of a scan, and what it is worth given that one looked everywhere.
public struct ScanExcess: Sendable, Hashable {
  /// The masses of the point in MeV/c²; the second is 0 on a line.
  public let masses: SIMD2<Double>
  /// Its count, background and local significance.
  public let local: ExcessSignificance
  /// The number of windows that do not overlap.
  public let windows: Int
  /// The probability that background alone gives such a point anywhere: 1 - (1 - p)^N (Šidák).
  public let globalPValue: Double
  /// Z of the global p-value, one-sided; nil where it is infinite.
  public let globalZ: Double?

  init(masses: SIMD2<Double>, local: ExcessSignificance, windows: Int) throws {
    self.masses = masses
    self.local = local
    self.windows = windows
    globalPValue = exp(try TrialsFactor.logSidak(logPValue: local.logPValue, trials: windows))
    globalZ =
      globalPValue > 0 && globalPValue < 1 ? try NormalDistribution.inverseSurvival(globalPValue) : nil
  }

  /// How many of the windows, taken in their order, do not overlap with one that was taken before: on a line the
  /// largest number of such windows.
  static func disjointWindows(_ windows: [(centre: SIMD2<Double>, halfWidth: SIMD2<Double>)]) -> Int {
    var taken: [(centre: SIMD2<Double>, halfWidth: SIMD2<Double>)] = []
    for window in windows {
      let isFree = taken.reversed().allSatisfy { other in
        let distance = window.centre - other.centre
        let reach = window.halfWidth + other.halfWidth
        // An axis that is not there has no width, and divides nothing.
        return (0..<2).contains { reach[$0] > 0 && abs(distance[$0]) >= reach[$0] }
      }
      if isFree { taken.append(window) }
    }
    return taken.count
  }

  /// The most significant of points with a count above 0; nil where nothing was seen. Of neighbours that are equal,
  /// as all whose window holds the one event, it is the one nearest to their middle.
  static func most(
    of points: [(masses: SIMD2<Double>, local: ExcessSignificance)], windows: Int
  ) throws -> ScanExcess? {
    guard let least = points.filter({ $0.local.observed > 0 }).map(\.local.logPValue).min() else {
      return nil
    }
    let equal = points.drop { $0.local.observed == 0 || $0.local.logPValue > least + 1e-12 * abs(least) }
      .prefix { $0.local.observed > 0 && $0.local.logPValue <= least + 1e-12 * abs(least) }
    guard let first = equal.first, let last = equal.last else { return nil }
    let middle = 0.5 * (first.masses + last.masses)
    func distance(_ masses: SIMD2<Double>) -> Double { ((masses - middle) * (masses - middle)).sum() }
    let best = equal.min { distance($0.masses) < distance($1.masses) } ?? first
    return try ScanExcess(masses: best.masses, local: best.local, windows: windows)
  }
}
