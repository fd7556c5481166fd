import CountingStatistics
import Testing

/// The fast part of the coverage study; the full one is `Benchmarks coverage` (`Docs/Coverage.md`).
@Suite("Coverage")
struct CoverageStudyTests {
  private let level = 0.9
  private let signals = (0...40).map { Double($0) * 0.2 }

  private func least(
    background: Double, _ interval: (Int) throws -> (lower: Double, upper: Double)
  ) throws -> Double {
    let study = try CoverageStudy(signalsUpTo: 8, backgroundsUpTo: background) { n, _ in try interval(n) }
    return try signals.map { try study.coverage(signal: $0, background: background) }.min() ?? 0
  }

  @Test("Methods that promise it cover at least as often as they say", arguments: [0, 0.5, 3])
  func promises(_ b: Double) throws {
    #expect(
      try least(background: b) { n in
        let interval = try GarwoodInterval.of(count: n, confidenceLevel: level)
        return (interval.lower - b, interval.upper - b)
      } >= level - 1e-6)
    #expect(
      try least(background: b) {
        (0, try PoissonCLs.upperLimit(observed: $0, background: b, confidenceLevel: level).upper)
      } >= level - 1e-6)
    for ends in [FeldmanCousinsBelt.Ends.outermost, .monotonic] {
      var belt = try FeldmanCousinsBelt(
        background: UncertainQuantity(b), confidenceLevel: level, ends: ends)
      #expect(
        try least(background: b) {
          let interval = try belt.interval(observed: $0)
          return (interval.lower, interval.upper)
        } >= level - 1e-6)
    }
  }

  @Test("The connected part alone, and the profile likelihood, do not")
  func shortfalls() throws {
    var belt = try FeldmanCousinsBelt(
      background: UncertainQuantity(3.5), confidenceLevel: level, ends: .connected)
    let study = try CoverageStudy(signalsUpTo: 2, backgroundsUpTo: 3.5) { n, _ in
      let interval = try belt.interval(observed: n)
      return (interval.lower, interval.upper)
    }
    // No event is accepted up to s = 0.746, and again from 1.03 to 1.058.
    let connected = try study.coverage(signal: 1.045, background: 3.5)
    #expect(connected < level && connected > 0.88, "\(connected)")
    let rolke = try RolkeInterval(background: .known(1), efficiency: .known(1), confidenceLevel: level)
    let profile = try least(background: 1) {
      let interval = try rolke.interval(observed: $0)
      return (interval.lower, interval.upper)
    }
    #expect(profile > 0.8 && profile < 0.85, "\(profile)")
  }

  @Test("With a measured background both counts are summed over")
  func measuredBackground() throws {
    let study = try CoverageStudy(signalsUpTo: 4, backgroundsUpTo: 2, auxiliaryRatio: 2) { n, m in
      let method = try RolkeInterval(
        background: .counted(m, ratio: 2), efficiency: .known(1), confidenceLevel: level)
      let interval = try method.interval(observed: n)
      return (interval.lower, interval.upper)
    }
    for s in [0.5, 2, 4] {
      let coverage = try study.coverage(signal: s, background: 2)
      #expect(coverage > 0.86 && coverage < 0.96, "\(s): \(coverage)")
    }
  }

  @Test("An interval that holds everything covers always, an empty one at a point never")
  func ends() throws {
    let all = try CoverageStudy(signalsUpTo: 5, backgroundsUpTo: 3, auxiliaryRatio: 1) { _, _ in (0, 1e9) }
    #expect(abs(try all.coverage(signal: 5, background: 3) - 1) < 1e-8)
    let none = try CoverageStudy(signalsUpTo: 5, backgroundsUpTo: 3) { _, _ in (7, 7) }
    #expect(try none.coverage(signal: 5, background: 3) == 0)
    #expect(throws: StatisticsError.self) { try all.coverage(signal: 6, background: 3) }
    #expect(throws: StatisticsError.self) { try all.coverage(signal: -1, background: 3) }
    #expect(throws: StatisticsError.self) {
      try CoverageStudy(signalsUpTo: 1e9, backgroundsUpTo: 0) { _, _ in (0, 1) }
    }
    #expect(throws: StatisticsError.self) {
      try CoverageStudy(signalsUpTo: 1, backgroundsUpTo: 0) { _, _ in (1, 0) }
    }
  }
}
