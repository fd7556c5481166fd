import Foundation
import Testing

@testable import CountingStatistics

@Suite("Quantities with an uncertainty")
struct UncertainQuantityTests {
  @Test("The mean of a Gaussian cut off at zero is that of the formula µ + σ φ(µ/σ) / Φ(µ/σ)")
  func truncatedGaussianMean() throws {
    for (mean, sigma) in [(0.016, 0.002), (1.0, 1.0), (7.03, 0.94), (0.0, 2.0), (1e6, 1e5)] {
      let z = mean / sigma
      let density = exp(-0.5 * z * z) / (2 * Double.pi).squareRoot()
      let expected = mean + sigma * density / NormalDistribution.survival(-z)
      let got = try UncertainQuantity(mean, uncertainty: sigma).expectation { $0 }
      #expect(abs(got - expected) < 1e-10 * expected, "\(mean) ± \(sigma)")
    }
  }

  @Test("Mean and variance of gamma, log-normal and auxiliary count are those of their formulas")
  func moments() throws {
    func check(_ quantity: UncertainQuantity, mean: Double, variance: Double) throws {
      let first = try quantity.expectation { $0 }
      let second = try quantity.expectation { ($0 - mean) * ($0 - mean) }
      #expect(abs(first - mean) < 1e-9 * mean, "\(quantity): \(first), not \(mean)")
      #expect(abs(second - variance) < 1e-8 * variance, "\(quantity): \(second), not \(variance)")
    }
    for (b, s) in [(0.5, 0.1), (1.0, 1.0), (3.0, 6.0), (7.03, 0.94), (1e4, 50.0)] {
      try check(UncertainQuantity(b, uncertainty: s, shape: .gamma), mean: b, variance: s * s)
    }
    for (b, s) in [(0.5, 0.1), (7.03, 0.94), (1.0, 0.5)] {
      let width = s / b
      let mean = b * exp(width * width / 2)
      let variance = mean * mean * (exp(width * width) - 1)
      try check(UncertainQuantity(b, uncertainty: s, shape: .logNormal), mean: mean, variance: variance)
    }
    for (m, tau) in [(0, 1.0), (0, 14.44), (3, 2.0), (25, 50.0)] {
      let shape = Double(m) + 1
      try check(
        UncertainQuantity(auxiliaryCount: m, ratio: tau), mean: shape / tau, variance: shape / (tau * tau))
    }
  }

  @Test("An auxiliary count gives value and uncertainty, and those give the count again")
  func auxiliaryCountRoundTrip() throws {
    let measured = try UncertainQuantity(auxiliaryCount: 25, ratio: 50)
    #expect(measured.value == 0.5)
    #expect(measured.uncertainty == 0.1)
    let (count, ratio) = try #require(measured.auxiliary)
    #expect(abs(count - 25) < 1e-9 && abs(ratio - 50) < 1e-9)
    let none = try UncertainQuantity(auxiliaryCount: 0, ratio: 4)
    let empty = try #require(none.auxiliary)
    #expect(none.value == 0 && empty.count == 0 && empty.ratio == 4)
  }

  @Test("What has no meaning is refused by name")
  func refusals() {
    #expect(throws: StatisticsError.self) { try UncertainQuantity(-1) }
    #expect(throws: StatisticsError.self) { try UncertainQuantity(.nan) }
    #expect(throws: StatisticsError.self) { try UncertainQuantity(1, uncertainty: -0.1) }
    #expect(throws: StatisticsError.self) { try UncertainQuantity(1, uncertainty: .infinity) }
    #expect(throws: StatisticsError.self) { try UncertainQuantity(1, uncertainty: 0.1, shape: .known) }
    #expect(throws: StatisticsError.self) { try UncertainQuantity(0, uncertainty: 0.1, shape: .logNormal) }
    #expect(throws: StatisticsError.self) { try UncertainQuantity(auxiliaryCount: -1, ratio: 1) }
    #expect(throws: StatisticsError.self) { try UncertainQuantity(auxiliaryCount: 1, ratio: 0) }
  }
}
