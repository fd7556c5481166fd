import CountingStatistics
import Foundation
import Testing

@Suite struct ExcessSignificanceTests {
  /// Count, background, p, one-sided Z, two-sided Z, by scipy 1.17.
  @Test(arguments: [
    (1, 0.016, 0.01587267994471488, 2.147602333584587, 2.411830012581083),
    (20, 7.03, 4.703285308248914e-05, 3.9054101465157074, 4.069902321197144),
    (51, 18, 1.5605942840660338e-10, 6.292636398348866, 6.39933078069426),
    (3, 5, 0.8753479805169189, -1.152041454641592, 0.15686914114093023),
  ])
  func pValueAndZAgree(_ row: (Int, Double, Double, Double, Double)) throws {
    let result = try ExcessSignificance(observed: row.0, background: row.1)
    #expect(isClose(result.pValue, row.2))
    #expect(isClose(try #require(result.zOneSided), row.3))
    #expect(isClose(try #require(result.zTwoSided), row.4))
  }

  @Test func noEventsHaveNoOneSidedZAndTwoSidedZero() throws {
    for b in [0, 1, 1e5] {
      let result = try ExcessSignificance(observed: 0, background: b)
      #expect(result.pValue == 1)
      #expect(result.zOneSided == nil)
      #expect(abs(try #require(result.zTwoSided)) < 1e-7)
    }
  }

  @Test func eventsWithoutBackgroundAreImpossibleNotNaN() throws {
    let result = try ExcessSignificance(observed: 1, background: 0)
    #expect(result.pValue == 0)
    #expect(result.zOneSided == nil && result.zTwoSided == nil)
  }

  @Test func significanceReachesBelowTheSmallestNumber() throws {
    let result = try ExcessSignificance(observed: 1_000, background: 1)
    #expect(result.pValue == 0)
    #expect(result.logPValue.isFinite)
    #expect(try #require(result.zOneSided) > 100)
  }

  @Test func significanceGrowsWithTheCount() throws {
    var last = -Double.infinity
    for n in 1..<400 {
      let z = try #require(try ExcessSignificance(observed: n, background: 60).zOneSided)
      #expect(z > last)
      last = z
    }
  }

  @Test func inputsWithoutMeaningAreRefused() {
    #expect(throws: StatisticsError.self) { try ExcessSignificance(observed: -1, background: 1) }
    #expect(throws: StatisticsError.self) { try ExcessSignificance(observed: 1, background: -1) }
    #expect(throws: StatisticsError.self) { try ExcessSignificance(observed: 1, background: .nan) }
  }
}
