import CountingStatistics
import Foundation
import Testing

@Suite("CLs summed over counts and auxiliary counts")
struct EnumeratedCLsTests {
  private func model(_ n: Int, _ b: Double, _ sigma: Double, _ ordering: OrderingRule) throws -> EnumeratedCLs
  {
    try EnumeratedCLs(
      observed: n, background: try UncertainQuantity(b, uncertainty: sigma), ordering: ordering)
  }

  /// Section 4.2 of the statistics reference, column "toys / exact" (the toys have errors of some 0.003).
  @Test("The reference's toys and exact numbers come out")
  func referenceTable() throws {
    for (n, b, sigma, s, cls, tolerance, ordering) in [
      (0, 0.5, 0.1, 2.303, 0.100, 5e-4, OrderingRule.count),
      (0, 0.5, 0.1, 2.996, 0.050, 5e-4, .count),
      (0, 0.5, 0.1, 2.303, 0.098, 4e-3, .profileLikelihoodRatio),
      (0, 0.5, 0.1, 2.996, 0.055, 6e-3, .profileLikelihoodRatio),
      (3, 1.0, 0.3, 5.7, 0.062, 4e-3, .profileLikelihoodRatio),
      (1, 0.016, 0.002, 3.9, 0.062, 4e-3, .profileLikelihoodRatio),
      (1, 0.016, 0.002, 3.9, 0.098, 5e-4, .count),
    ] {
      let got = try model(n, b, sigma, ordering).cls(signal: s)
      #expect(abs(got - cls) < tolerance, "\(n), \(b) ± \(sigma), s \(s), \(ordering.rawValue): \(got)")
    }
  }

  @Test("Toys agree with the sum, and a seed gives the same toys again")
  func toys() throws {
    for (n, b, sigma, s) in [(3, 1.0, 0.3, 5.7), (1, 0.016, 0.002, 3.9), (5, 5, 1, 4)] {
      for ordering in [OrderingRule.count, .profileLikelihoodRatio] {
        let model = try model(n, b, sigma, ordering)
        let toys = ResultOrigin.Toys(seed: 7, count: 4_000)
        let thrown = try model.toyCLs(signal: s, toys: toys)
        let exact = try model.cls(signal: s)
        #expect(abs(thrown.cls - exact) < 4 * thrown.uncertainty, "\(n), \(b): \(thrown), \(exact)")
        let again = try model.toyCLs(signal: s, toys: toys)
        #expect(again.cls == thrown.cls)
      }
    }
  }

  @Test("CLs at the limit is 1 - CL, and the result names the ordering")
  func limits() throws {
    for ordering in [OrderingRule.count, .profileLikelihoodRatio] {
      let model = try model(3, 1, 0.3, ordering)
      let limit = try model.upperLimit(confidenceLevel: 0.9)
      #expect(try model.cls(signal: limit.upper * 1.0001) < 0.1001)
      #expect(try model.cls(signal: limit.upper * 0.9999) > 0.0999)
      #expect(limit.origin.ordering == ordering && limit.method == .enumeratedCLs)
      #expect(try model.upperLimit(confidenceLevel: 0.95).upper > limit.upper)
    }
  }

  @Test("What cannot be summed, or has no meaning, is refused")
  func refusals() throws {
    #expect(throws: StatisticsError.self) { try model(1_000_000, 1e6, 10, .profileLikelihoodRatio) }
    #expect(throws: StatisticsError.self) { try model(-1, 1, 0.1, .count) }
    #expect(throws: StatisticsError.self) { try model(1, 1, 0, .count) }
    #expect(throws: StatisticsError.self) { try model(1, 1, 0.1, .posterior) }
    let good = try model(1, 1, 0.3, .count)
    #expect(throws: StatisticsError.self) { try good.cls(signal: -1) }
    #expect(throws: StatisticsError.self) { try good.upperLimit(confidenceLevel: 1) }
    #expect(throws: StatisticsError.self) { try good.toyCLs(signal: 1, toys: .init(seed: 1, count: 0)) }
  }
}
