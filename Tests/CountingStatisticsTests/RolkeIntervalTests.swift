import CountingStatistics
import Testing

@Suite("Rolke, López, Conrad")
struct RolkeIntervalTests {
  struct Row: Sendable {
    var background: RolkeInterval.Background
    var efficiency: RolkeInterval.Efficiency
    var confidenceLevel: Double
    var observed: Int
    var lower: Double
    var upper: Double
    var isBounded = false

    func interval(_ fit: RolkeInterval.Fit = .maximum) throws -> SignalInterval {
      try RolkeInterval(
        background: background, efficiency: efficiency, confidenceLevel: confidenceLevel,
        isBounded: isBounded, fit: fit
      ).interval(observed: observed)
    }
  }

  /// ROOT's tutorial `Rolke.C` (`stat-reference-values.json`, block `rolke_tutorial`), models 2 to 7.
  static let tutorial: [Row] = [
    Row(
      background: .counted(3, ratio: 2.5), efficiency: .gaussian(0.9, width: 0.05), confidenceLevel: 0.95,
      observed: 10, lower: 3.884171, upper: 18.458354),
    Row(
      background: .gaussian(5, width: 0.5), efficiency: .gaussian(0.9, width: 0.05), confidenceLevel: 0.99,
      observed: 10, lower: 0, upper: 17.500487),
    Row(
      background: .counted(7, ratio: 5), efficiency: .known(0.25), confidenceLevel: 0.68, observed: 1,
      lower: 0, upper: 4.088069),
    Row(
      background: .gaussian(0, width: 1), efficiency: .known(0.65), confidenceLevel: 0.799999, observed: 1,
      lower: 0, upper: 4.915044),
    Row(
      background: .known(10), efficiency: .counted(passed: 500, trials: 750), confidenceLevel: 0.9,
      observed: 25, lower: 11.465459, upper: 36.303467),
    Row(
      background: .known(10), efficiency: .gaussian(0.77, width: 0.15), confidenceLevel: 0.95, observed: 15,
      lower: 0, upper: 20.174688),
  ]

  @Test("Models 2 to 7 of ROOT's tutorial, to the 1e-5 at which its search stops", arguments: tutorial)
  func tutorialRows(_ row: Row) throws {
    let got = try row.interval()
    #expect(abs(got.lower - row.lower) <= 1e-5 * row.upper, "\(got.lower)")
    #expect(abs(got.upper - row.upper) <= 1e-5 * row.upper, "\(got.upper)")
  }

  /// `TRolke` fits the background of model 1 as b = y / (τ - η/µ), with η the derivative of the efficiency's
  /// term; the maximum is at y / (τ + η/µ), and its likelihood comes out too low. A general minimiser (scipy) on
  /// the same likelihood gives the numbers on the right; ROOT's are in the rows.
  static let modelOne: [(row: Row, exact: Double)] = [
    (
      Row(
        background: .counted(10, ratio: 2.5), efficiency: .counted(passed: 50, trials: 100),
        confidenceLevel: 0.9, observed: 5, lower: 0, upper: 11.594263), 12.1019115906
    ),
    (
      Row(
        background: .counted(15, ratio: 5), efficiency: .counted(passed: 90, trials: 100),
        confidenceLevel: 0.9, observed: 0, lower: 0, upper: 1.172898, isBounded: true), 1.1751287847
    ),
    (
      Row(
        background: .counted(15, ratio: 5), efficiency: .counted(passed: 90, trials: 100),
        confidenceLevel: 0.9, observed: 0, lower: 0, upper: 0.936334), 0.9375745075
    ),
  ]

  @Test("Model 1 is that of the highest likelihood, a little above ROOT's", arguments: modelOne)
  func modelOneRows(_ row: Row, _ exact: Double) throws {
    let got = try row.interval()
    #expect(got.lower == 0)
    #expect(abs(got.upper - exact) < 1e-6, "\(got.upper)")
    #expect(got.upper > row.upper && got.upper < 1.05 * row.upper)
  }

  @Test("Fitted as in ROOT, model 1 gives ROOT's numbers and says so", arguments: modelOne)
  func modelOneAsROOT(_ row: Row, _: Double) throws {
    let got = try row.interval(.asROOT)
    #expect(got.lower == row.lower)
    #expect(abs(got.upper - row.upper) <= 2e-5 * row.upper, "\(got.upper)")
    #expect(got.origin.caution?.contains("as in ROOT") == true)
  }

  @Test("Fitted as in ROOT the other models change nothing", arguments: tutorial)
  func otherModelsAsROOT(_ row: Row) throws {
    let got = try row.interval(.asROOT)
    #expect(try got == row.interval())
  }

  @Test("Fitted as in ROOT an interval is never wider, and where the efficiency is well known the same")
  func asROOTIsNarrower() throws {
    for (count, ratio) in [(10, 2.5), (3, 0.5), (1, 20), (1000, 1)] {
      for (passed, trials) in [(3, 10), (50, 100), (1, 1_000_000), (5, 5), (900_000_000, 1_000_000_000)] {
        for observed in [0, 1, 50] {
          let (wide, narrow) = try (
            RolkeInterval(
              background: .counted(count, ratio: ratio), efficiency: .counted(passed: passed, trials: trials),
              confidenceLevel: 0.9),
            RolkeInterval(
              background: .counted(count, ratio: ratio), efficiency: .counted(passed: passed, trials: trials),
              confidenceLevel: 0.9, fit: .asROOT)
          )
          let (a, b) = try (wide.interval(observed: observed), narrow.interval(observed: observed))
          #expect(b.upper.isFinite && b.lower >= 0 && b.upper >= b.lower)
          // The line through one and two events can cross.
          guard observed > 0 else { continue }
          #expect(b.upper <= a.upper * (1 + 1e-9), "\(count), \(passed), \(observed): \(b.upper), \(a.upper)")
          #expect(b.lower >= a.lower * (1 - 1e-9), "\(count), \(passed), \(observed): \(b.lower), \(a.lower)")
          if passed == 900_000_000, count < 100 { #expect(isClose(b.upper, a.upper, relative: 1e-6)) }
        }
      }
    }
  }

  @Test("The critical numbers of model 3 of the tutorial, at 99 % and at 5 standard deviations")
  func criticalNumbers() throws {
    for (cl, expected) in [(0.99, 13), (1 - 5.733031e-7, 21)] {
      let method = try RolkeInterval(
        background: .gaussian(5, width: 0.5), efficiency: .gaussian(0.9, width: 0.05), confidenceLevel: cl)
      #expect(try method.criticalNumber() == expected)
    }
  }

  @Test("Unbounded, no event over 7 ± 1 gives 0.089 and says why; bounded 1.288")
  func unboundedCollapse() throws {
    let background = try UncertainQuantity(7, uncertainty: 1)
    let free = try RolkeInterval(background: background, confidenceLevel: 0.9, isBounded: false)
    let bounded = try RolkeInterval(background: background, confidenceLevel: 0.9)
    let collapsed = try free.interval(observed: 0)
    #expect(abs(collapsed.upper - 0.089) < 0.0005)
    #expect(collapsed.origin.caution?.contains("empty") == true)
    #expect(abs(try bounded.interval(observed: 0).upper - 1.288) < 0.0005)
    #expect(try free.interval(observed: 9).upper == bounded.interval(observed: 9).upper)
  }

  @Test("Exact nuisances: the limit of narrow ones, and a known efficiency only scales")
  func limits() throws {
    let known = try RolkeInterval(background: .known(3), efficiency: .known(1), confidenceLevel: 0.9)
    let narrow = try RolkeInterval(
      background: .gaussian(3, width: 1e-6), efficiency: .gaussian(1, width: 1e-6), confidenceLevel: 0.9)
    let half = try RolkeInterval(background: .known(3), efficiency: .known(0.5), confidenceLevel: 0.9)
    for n in [1, 5, 20] {
      let a = try known.interval(observed: n)
      let b = try narrow.interval(observed: n)
      #expect(abs(a.upper - b.upper) < 1e-6 && abs(a.lower - b.lower) < 1e-6)
      #expect(isClose(try half.interval(observed: n).upper, 2 * a.upper, relative: 1e-9))
    }
    // n ln(n/µ) - (n - µ) = z²/2 at both ends.
    #expect(abs(try known.interval(observed: 20).upper - (28.284177 - 3)) < 0.001)
  }

  @Test("A background from an auxiliary count is taken as one, and any other as Gaussian")
  func quantities() throws {
    let counted = try RolkeInterval(
      background: UncertainQuantity(auxiliaryCount: 7, ratio: 5), confidenceLevel: 0.9)
    guard case .counted(7, let ratio) = counted.background else {
      Issue.record("\(counted.background)")
      return
    }
    #expect(counted.model == 4 && isClose(ratio, 5))
    let none = try RolkeInterval(
      background: UncertainQuantity(auxiliaryCount: 0, ratio: 5), confidenceLevel: 0.9)
    #expect(none.background == .counted(0, ratio: 5))
    let gaussian = try RolkeInterval(
      background: UncertainQuantity(3, uncertainty: 0.7, shape: .logNormal), confidenceLevel: 0.9)
    #expect(gaussian.model == 5)
  }

  @Test("The mean and the median of what is expected lie between the limits of few and of many events")
  func sensitivity() throws {
    let method = try RolkeInterval(
      background: .counted(15, ratio: 5), efficiency: .known(1), confidenceLevel: 0.9)
    let mean = try method.meanUpperEnd()
    let median = try method.medianInterval()
    #expect(median.origin.inputs.observed == 3)
    #expect(try mean > method.interval(observed: 1).upper && mean < method.interval(observed: 6).upper)
  }

  @Test("No number is not a number, however extreme; what has no meaning is refused")
  func extremesAndRefusals() throws {
    let backgrounds: [RolkeInterval.Background] = [
      .known(0), .known(1e6), .counted(0, ratio: 1e-3), .counted(1_000_000, ratio: 1),
      .gaussian(0, width: 10), .gaussian(1e-12, width: 1e-12),
    ]
    let efficiencies: [RolkeInterval.Efficiency] = [
      .known(1e-6), .known(1), .counted(passed: 1, trials: 1_000_000), .counted(passed: 5, trials: 5),
      .gaussian(0.9, width: 0.01),
    ]
    for background in backgrounds {
      for efficiency in efficiencies {
        for isBounded in [true, false] {
          let method = try RolkeInterval(
            background: background, efficiency: efficiency, confidenceLevel: 0.9, isBounded: isBounded)
          for n in [0, 1, 30, 1_000_000] {
            let got = try method.interval(observed: n)
            #expect(
              got.lower >= 0 && got.upper >= got.lower && got.upper.isFinite,
              "\(background), \(efficiency), \(n): \(got.lower), \(got.upper)")
          }
        }
      }
    }
    #expect(throws: StatisticsError.self) {
      try RolkeInterval(background: .known(-1), efficiency: .known(1), confidenceLevel: 0.9)
    }
    #expect(throws: StatisticsError.self) {
      try RolkeInterval(background: .known(1), efficiency: .known(0), confidenceLevel: 0.9)
    }
    #expect(throws: StatisticsError.self) {
      try RolkeInterval(background: .counted(1, ratio: 0), efficiency: .known(1), confidenceLevel: 0.9)
    }
    #expect(throws: StatisticsError.self) {
      try RolkeInterval(
        background: .known(1), efficiency: .counted(passed: 0, trials: 5), confidenceLevel: 0.9)
    }
    #expect(throws: StatisticsError.self) {
      try RolkeInterval(background: .known(1), efficiency: .known(1), confidenceLevel: 1)
    }
    // An efficiency within 1.6 standard deviations of 0 excludes no signal.
    let vague = try RolkeInterval(
      background: .known(1), efficiency: .gaussian(0.5, width: 0.5), confidenceLevel: 0.9)
    #expect(throws: StatisticsError.self) { try vague.interval(observed: 5) }
    #expect(throws: StatisticsError.self) { try vague.interval(observed: -1) }
  }
}
