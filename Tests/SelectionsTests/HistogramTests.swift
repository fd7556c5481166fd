import SpillwayTestSupport
import Testing

@testable import Selections

@Suite struct HistogramTests {
  @Test func valuesOnEdgesAreInTheBinAbove() throws {
    let axis = try #require(HistogramAxis(variable: "x", unit: nil, bins: 4, low: 1, high: 3))
    #expect(axis.bin(1) == 1)
    #expect(axis.bin(1.5) == 2)
    #expect(axis.bin((3.0).nextDown) == 4)
    #expect(axis.bin(3) == 5)
    #expect(axis.bin((1.0).nextDown) == 0)
    #expect(axis.bin(.infinity) == 5)
    #expect(axis.bin(-.infinity) == 0)
    #expect(axis.bin(.nan) == nil)
  }

  @Test func everyEdgeBeginsItsOwnBin() throws {
    var random = SplitMix64(seed: 3)
    for _ in 0..<200 {
      let low = Double.random(in: -1e3...1e3, using: &random)
      let high = low + Double.random(in: 1e-3...1e3, using: &random)
      let bins = Int.random(in: 1...500, using: &random)
      let axis = try #require(HistogramAxis(variable: "x", unit: nil, bins: bins, low: low, high: high))
      for bin in 1...bins {
        #expect(axis.bin(axis.edge(bin)) == bin)
        #expect(axis.bin(axis.edge(bin).nextDown) == bin - 1)
      }
    }
  }

  @Test func axesThatHoldNothingAreRefused() {
    #expect(HistogramAxis(variable: "x", unit: nil, bins: 0, low: 0, high: 1) == nil)
    #expect(HistogramAxis(variable: "x", unit: nil, bins: 1, low: 1, high: 1) == nil)
    #expect(HistogramAxis(variable: "x", unit: nil, bins: 1, low: .nan, high: 1) == nil)
    #expect(HistogramAxis(variable: "x", unit: nil, bins: 1, low: -1e308, high: 1e308 * 1.5) == nil)
  }

  @Test func planeKeepsBothBinsAndTheUnavailable() throws {
    let x = try #require(HistogramAxis(variable: "x", unit: nil, bins: 2, low: 0, high: 2))
    let y = try #require(HistogramAxis(variable: "y", unit: nil, bins: 3, low: 0, high: 3))
    var histogram = Histogram(name: "h", after: nil, axes: [x, y])
    histogram.add(0.5, 2.5)
    histogram.add(5, -1)
    histogram.add(1.5, .nan)
    #expect(histogram.count(1, 3) == 1)
    #expect(histogram.count(3, 0) == 1)
    #expect(histogram.unavailable == 1)
    #expect(histogram.entries == 3)
  }
}
