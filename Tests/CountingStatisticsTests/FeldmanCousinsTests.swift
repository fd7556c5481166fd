@testable import CountingStatistics
import Testing

@Suite("Feldman-Cousins")
struct FeldmanCousinsTests {
  typealias Reference = FeldmanCousinsReference

  private func interval(
    _ n: Int, _ b: Double, _ cl: Double = 0.9, _ ends: FeldmanCousinsBelt.Ends = .outermost
  ) throws -> SignalInterval {
    var belt = try FeldmanCousinsBelt(background: UncertainQuantity(b), confidenceLevel: cl, ends: ends)
    return try belt.interval(observed: n)
  }

  /// `TFeldmanCousins` stops at the first rejected signal, so its table is that of the connected part.
  @Test("Every row of ROOT's table, as the part around the best fit", arguments: Reference.rows)
  func connectedPartIsTheReference(_ row: Reference.Row) throws {
    for (i, b) in Reference.backgrounds.enumerated() {
      let got = try interval(row.observed, b, row.confidenceLevel, .connected)
      #expect(abs(got.lower - row.lower[i]) <= Reference.tolerance, "b \(b): \(got.lower)")
      #expect(abs(got.upper - row.upper[i]) <= Reference.tolerance, "b \(b): \(got.upper)")
    }
  }

  /// The 13 rows of ROOT's table whose accepted signals have a gap: count, background, 90 or 95 %.
  private static let gaps: Set<[Double]> = [
    [0, 2.5, 0.9], [0, 3.5, 0.9], [1, 5, 0.9], [2, 10, 0.9], [3, 10, 0.9], [0, 3, 0.95], [0, 4, 0.95],
    [0, 5, 0.95], [1, 5, 0.95], [1, 10, 0.95], [2, 10, 0.95], [4, 10, 0.95], [5, 10, 0.95],
  ]

  @Test("The outermost ends differ from ROOT's where the accepted signals have a gap, and say so")
  func gapsAreTold() throws {
    for row in Reference.rows {
      for (i, b) in Reference.backgrounds.enumerated() {
        let got = try interval(row.observed, b, row.confidenceLevel)
        let hasGap = Self.gaps.contains([Double(row.observed), b, row.confidenceLevel])
        #expect((abs(got.upper - row.upper[i]) > Reference.tolerance) == hasGap, "\(row.observed), \(b)")
        #expect((got.origin.caution != nil) == hasGap, "\(row.observed), \(b)")
        #expect(got.upper >= row.upper[i] - Reference.tolerance)
      }
    }
  }

  @Test("The published table without background, to its two decimals")
  func published() throws {
    for (n, lower, upper) in Reference.published {
      let got = try interval(n, 0)
      // Made on a grid of 0.005, then rounded.
      #expect(abs(got.lower - lower) <= 0.0101 && abs(got.upper - upper) <= 0.0101, "\(n): \(got)")
    }
  }

  /// The reference was made in steps of 0.01 of the background, along which the upper end falls by up to half
  /// of that after each jump: it is too low by up to 0.005, and 0.001 of its grid in the signal.
  @Test("The monotonic upper ends for no event")
  func monotonicReference() throws {
    for (b, upper) in Reference.monotonic {
      let got = try interval(0, b, 0.9, .monotonic)
      #expect(got.upper > upper - 0.001 && got.upper < upper + 0.006, "\(b): \(got.upper)")
      #expect(got.origin.method == .feldmanCousinsMonotonic)
    }
  }

  @Test("The monotonic upper end is the greatest of the raw ones at this background and above")
  func monotonicIsTheSupremum() throws {
    for (n, cl) in [(0, 0.9), (2, 0.68)] {
      var supremum = 0.0
      for step in stride(from: 1_000, through: 0, by: -1) {
        let b = Double(step) * 0.01
        supremum = max(supremum, try interval(n, b, cl).upper)
        if b <= 8, step % 50 == 0 {
          let got = try interval(n, b, cl, .monotonic).upper
          #expect(got >= supremum - 1e-9 && got < supremum + 0.01, "\(n), \(b): \(got), \(supremum)")
        }
      }
    }
  }

  @Test("The backgrounds at which islands become accepted rise with the gap, so halving finds the first")
  func jumpsRise() throws {
    for level in [0.5, 0.6827, 0.9, 0.95, 0.9973] {
      for n in [0, 1, 2, 5, 17] {
        let belt = UnifiedPoissonBelt(background: 0, alpha: 1 - level)
        var last = -Double.infinity
        for m in (n + 1)...(n + 120) {
          guard let jump = try belt.jump(n, m) else { continue }
          #expect(jump.background > last && jump.high <= Double(m + 1), "\(level), \(n), \(m)")
          last = jump.background
        }
        #expect(last > 50)
      }
    }
    // A background far above the count takes no longer than others.
    #expect(try interval(0, 1e6, 0.9, .monotonic).upper < 1)
    #expect(throws: StatisticsError.self) { try interval(3, 1, 0.4, .monotonic) }
  }

  @Test("Published results of rare kaon decays: the ends times the single-event sensitivity")
  func publishedCounts() throws {
    // K → πνν̄ 2016 + 2017 at 90 %, 2016 at 95 % (published_counts.json, physics.md 3).
    #expect(abs(try interval(3, 1.65).upper * 3.462e-11 - 2.00e-10) < 0.005e-10)
    #expect(abs(try interval(1, 0.152, 0.95).upper * 3.15e-10 - 15.7e-10) < 0.05e-10)
    for (n, b, lower, upper) in [
      (0, 0.0, 0.0, 2.44), (1, 0, 0.11, 4.36), (0, 0.5, 0, 1.94), (0, 1, 0, 1.61), (2, 0, 0.53, 5.91),
    ] {
      let got = try interval(n, b)
      #expect(abs(got.lower - lower) <= 0.01 && abs(got.upper - upper) <= 0.01, "\(n), \(b): \(got)")
    }
  }

  @Test("It covers at least as often as it says, for every signal and background of a grid")
  func coverage() throws {
    for cl in [0.68, 0.9] {
      for b in [0, 0.5, 2.5, 3.5, 7.03] {
        var belt = try FeldmanCousinsBelt(background: UncertainQuantity(b), confidenceLevel: cl)
        for step in 0...60 {
          let s = Double(step) * 0.17
          let counts = try PoissonDistribution(mean: s + b)
          var covered = 0.0
          for n in 0..<60 {
            let interval = try belt.interval(observed: n)
            if interval.lower <= s, s <= interval.upper { covered += counts.probability(of: n) }
          }
          #expect(covered > cl - 1e-9, "s \(s), b \(b): \(covered)")
        }
      }
    }
  }

  @Test("Averaged over an uncertainty that goes to nothing, it is that of the known background")
  func marginalisedGoesToKnown() throws {
    for shape in [UncertainQuantity.Shape.gaussian, .logNormal, .gamma, .auxiliaryCount] {
      let background = try UncertainQuantity(3, uncertainty: 1e-4, shape: shape)
      let efficiency = try UncertainQuantity(1, uncertainty: 1e-5, shape: .logNormal)
      var belt = try FeldmanCousinsBelt(background: background, confidenceLevel: 0.9)
      var both = try FeldmanCousinsBelt(
        background: background, efficiency: efficiency, confidenceLevel: 0.9)
      for n in shape == .gaussian ? [0, 1, 6] : [6] {
        let known = try interval(n, 3)
        let got = try belt.interval(observed: n)
        #expect(abs(got.lower - known.lower) < 1e-4 && abs(got.upper - known.upper) < 1e-4, "\(n), \(shape)")
        let gotBoth = try both.interval(observed: n)
        #expect(abs(gotBoth.upper - known.upper) < 1e-3, "\(n), \(shape)")
      }
    }
  }

  @Test("The profile construction covers at the backgrounds it was made for, summed over both counts")
  func profileCoverage() throws {
    let (ratio, s, b, cl) = (2.0, 1.0, 0.5, 0.9)
    let counts = try PoissonDistribution(mean: s + b)
    let auxiliary = try PoissonDistribution(mean: ratio * b)
    var covered = 0.0
    for m in 0..<6 {
      var belt = try FeldmanCousinsBelt(
        background: UncertainQuantity(auxiliaryCount: m, ratio: ratio), confidenceLevel: cl,
        treatment: .profiled)
      for n in 0..<8 {
        let interval = try belt.interval(observed: n)
        if interval.lower <= s, s <= interval.upper {
          covered += counts.probability(of: n) * auxiliary.probability(of: m)
        }
      }
    }
    #expect(covered > cl - 0.005 && covered < 0.97, "\(covered)")
  }

  @Test("An efficiency scales the signal; its uncertainty widens the interval")
  func efficiency() throws {
    let background = try UncertainQuantity(3)
    var half = try FeldmanCousinsBelt(
      background: background, efficiency: UncertainQuantity(0.5), confidenceLevel: 0.9)
    let known = try interval(5, 3)
    #expect(abs(try half.interval(observed: 5).upper - 2 * known.upper) < 1e-9)
    var wide = try FeldmanCousinsBelt(
      background: background, efficiency: UncertainQuantity(1, uncertainty: 0.2, shape: .logNormal),
      confidenceLevel: 0.9)
    #expect(try wide.interval(observed: 5).upper > known.upper + 0.05)
  }

  @Test("Extreme inputs give finite ends or are refused")
  func extremes() throws {
    let huge = try interval(1_000_000, 1e6)
    // Near a maximum at the bound: 1.645 standard deviations up.
    #expect(huge.lower == 0 && abs(huge.upper - 1646) < 1)
    #expect(abs(try interval(3, 1e-12).upper - interval(3, 0).upper) < 1e-9)
    for cl in [1e-6, 0.5, 0.999_999] {
      for (n, b) in [(0, 0.0), (0, 100), (1, 1e-12), (50, 3)] {
        let got = try interval(n, b, cl)
        #expect(got.lower >= 0 && got.upper >= got.lower && got.upper.isFinite, "\(n), \(b), \(cl): \(got)")
      }
    }
  }

  @Test("What has no meaning or no bounded time is refused")
  func refusals() throws {
    let known = try UncertainQuantity(1)
    let uncertain = try UncertainQuantity(3, uncertainty: 1)
    for cl in [0, 1, -0.5, 90, Double.nan] {
      #expect(throws: StatisticsError.self) { try interval(1, 1, cl) }
    }
    #expect(throws: StatisticsError.self) { try interval(-1, 1) }
    #expect(throws: StatisticsError.self) { try interval(.max, 1) }
    #expect(throws: StatisticsError.self) { try interval(1, 1e8) }
    #expect(throws: StatisticsError.self) {
      try FeldmanCousinsBelt(background: known, efficiency: UncertainQuantity(0), confidenceLevel: 0.9)
    }
    #expect(throws: StatisticsError.self) {
      try FeldmanCousinsBelt(background: uncertain, confidenceLevel: 0.9, ends: .monotonic)
    }
    #expect(throws: StatisticsError.self) {
      try FeldmanCousinsBelt(
        background: uncertain, efficiency: UncertainQuantity(1, uncertainty: 0.1), confidenceLevel: 0.9,
        treatment: .profiled)
    }
    #expect(throws: StatisticsError.self) {
      try FeldmanCousinsBelt(background: UncertainQuantity(1e4, uncertainty: 10), confidenceLevel: 0.9)
    }
    var belt = try FeldmanCousinsBelt(background: uncertain, confidenceLevel: 0.9)
    #expect(throws: StatisticsError.self) { try belt.interval(observed: 100_000) }
  }
}
