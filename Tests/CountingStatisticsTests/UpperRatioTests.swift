import Testing

@testable import CountingStatistics

@Suite("The ratio of upper tails")
struct UpperRatioTests {
  @Test("says of each step what the tails say", arguments: [1, 2.5, 64, 1000, 2e6])
  func steps(shape: Double) throws {
    for x in [0, 0.5, shape, shape + 1, 1.2 * shape + 2] {
      let ratio = try IncompleteGamma.UpperRatio(shape: shape, x: x)
      let first = try IncompleteGamma.logTails(shape: shape, x: x).upper
      for step in [0, 1e-3, 1, 30, shape] {
        let found = try ratio.at(step: step)
        let last = try IncompleteGamma.logTails(shape: shape, x: x + step).upper
        #expect(found.upper == last)
        #expect(abs(found.ratio - (last - first)) < 1e-9 * max(1, shape.squareRoot(), abs(last)))
        #expect(try IncompleteGamma.logUpperRatio(shape: shape, x: x, step: step) == found.ratio)
      }
    }
  }
}
