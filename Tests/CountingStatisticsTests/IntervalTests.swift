import CountingStatistics
import Testing

@Suite struct IntervalTests {
  /// By scipy 1.17.
  @Test(arguments: [
    (0, 0, 1.8410216450092631), (1, 0.17275377902344996, 3.299526559115855),
    (2, 0.7081854398189713, 4.637859623455245), (3, 1.367295313890434, 5.918185832883396),
    (10, 6.891305560638357, 14.266949761009391), (100, 90.0167451771134, 111.03336094114967),
    (1_000_000, 999000.000166674, 1001001.0003333407),
  ])
  func garwoodAgrees(_ row: (Int, Double, Double)) throws {
    let interval = try GarwoodInterval.of(count: row.0)
    #expect(isClose(interval.lower, row.1))
    #expect(isClose(interval.upper, row.2))
    #expect(interval.method == .garwood && interval.tail == .central)
  }

  @Test func garwoodHoldsForHugeCounts() throws {
    let interval = try GarwoodInterval.of(count: 1_000_000_000_000)
    #expect(isClose(interval.lower, 1e12 - 1e6, relative: 1e-10))
    #expect(isClose(interval.upper, 1e12 + 1e6, relative: 1e-10))
  }

  /// By scipy 1.17.
  @Test(arguments: [
    (0, 10, 0.6826894921370859, 0, 0.1681491861379764),
    (3, 10, 0.6826894921370859, 0.1416719011071802, 0.5082624819902524),
    (10, 10, 0.95, 0.6915028921812392, 1),
    (1, 1_000_000, 0.95, 2.53178076637942e-08, 5.571630655166939e-06),
    (500, 1_000, 0.9, 0.47351773123569124, 0.5264822687643087),
    (999_999, 1_000_000, 0.95, 0.9999944283693448, 0.9999999746821924),
    (0, 0, 0.9, 0, 1),
  ])
  func clopperPearsonAgrees(_ row: (Int, Int, Double, Double, Double)) throws {
    let interval = try ClopperPearsonInterval.of(passed: row.0, trials: row.1, confidenceLevel: row.2)
    #expect(isClose(interval.lower, row.3, relative: 1e-10))
    #expect(isClose(interval.upper, row.4, relative: 1e-10))
  }

  @Test func clopperPearsonMirrors() throws {
    for (k, n) in [(0, 7), (2, 7), (90, 1_000), (123_456, 1_000_000_000)] {
      let some = try ClopperPearsonInterval.of(passed: k, trials: n)
      let rest = try ClopperPearsonInterval.of(passed: n - k, trials: n)
      #expect(isClose(some.lower, 1 - rest.upper, relative: 1e-6) && some.lower <= some.upper)
      #expect(isClose(some.upper, 1 - rest.lower, relative: 1e-6))
    }
  }

  @Test func rateOfNothingStillHasAnUpperError() throws {
    let rate = try RateEstimate(count: 0, liveTime: 4)
    #expect(rate.rate == 0 && rate.errorDown == 0)
    #expect(isClose(rate.errorUp, 1.8410216450092631 / 4))
    let three = try RateEstimate(count: 3, liveTime: 2)
    #expect(three.rate == 1.5 && three.errorUp > three.errorDown)
  }

  @Test func inputsWithoutMeaningAreRefused() {
    #expect(throws: StatisticsError.self) { try GarwoodInterval.of(count: -1) }
    #expect(throws: StatisticsError.self) { try GarwoodInterval.of(count: 1, confidenceLevel: 1) }
    #expect(throws: StatisticsError.self) { try ClopperPearsonInterval.of(passed: 2, trials: 1) }
    #expect(throws: StatisticsError.self) { try ClopperPearsonInterval.of(passed: -1, trials: 1) }
    #expect(throws: StatisticsError.self) { try ClopperPearsonInterval.of(passed: 0, trials: .max) }
    for time in [0, -1, Double.nan, .infinity, .leastNonzeroMagnitude] {
      #expect(throws: StatisticsError.self) { try RateEstimate(count: 1, liveTime: time) }
    }
  }
}
