import CountingStatistics
import Foundation
import Testing

/// Published counts (`published_counts.json`, where each number's origin is given) against the methods here.
@Suite("Published counting experiments")
struct PublishedCountsTests {
  struct Row: Sendable {
    var name: String
    var observed: Int
    var background: Double
    var sigma = 0.0
    var sensitivity: Double
    var level = 0.9
    var published: Double
    /// Relative: 0.2 % where the inputs are published, 4 % else.
    var tolerance = 0.04
  }

  static let rows = [
    Row(
      name: "K+ -> pi+ nu nu 2016", observed: 1, background: 0.152, sensitivity: 3.15e-10, level: 0.95,
      published: 1.45e-9, tolerance: 2e-3),
    Row(
      name: "the same, as rounded in the paper", observed: 1, background: 0.152, sensitivity: 3.15e-10,
      level: 0.95,
      published: 1.4e-9),
    Row(
      name: "K+ -> pi+ nu nu 2016 and 2017", observed: 3, background: 1.65, sensitivity: 3.462e-11,
      published: 1.78e-10, tolerance: 1e-2),
    Row(
      name: "pi- e e", observed: 0, background: 0.16, sigma: 0.03, sensitivity: 9.4e-11, published: 2.2e-10),
    Row(
      name: "pi- mu mu", observed: 1, background: 0.91, sigma: 0.41, sensitivity: 1.28e-11, published: 4.2e-11
    ),
    Row(
      name: "pi- mu e", observed: 0, background: 1.07, sigma: 0.2, sensitivity: 1.82e-11, published: 4.2e-11),
    Row(
      name: "pi+ mu- e", observed: 2, background: 0.92, sigma: 0.34, sensitivity: 1.44e-11, published: 6.6e-11
    ),
    Row(
      name: "pi0 -> mu- e", observed: 0, background: 0.23, sigma: 0.15, sensitivity: 1.39e-10,
      published: 3.2e-10),
    Row(
      name: "mu- nu e e", observed: 0, background: 0.26, sigma: 0.04, sensitivity: 3.53e-11,
      published: 8.1e-11),
    Row(
      name: "pi- e e, all", observed: 0, background: 0.43, sigma: 0.09, sensitivity: 2.28e-11,
      published: 5.3e-11),
    Row(
      name: "pi- pi0 e e", observed: 0, background: 0.044, sigma: 0.02, sensitivity: 3.68e-10,
      published: 8.5e-10),
  ]

  @Test("Limits are the published ones, with and without the background's uncertainty", arguments: rows)
  func limits(_ row: Row) throws {
    for sigma in Set([0, row.sigma]) {
      let limit = try MarginalCLs.upperLimit(
        observed: row.observed, background: try UncertainQuantity(row.background, uncertainty: sigma),
        confidenceLevel: row.level)
      let result = limit.upper * row.sensitivity
      #expect(
        abs(result - row.published) < row.tolerance * row.published, "\(row.name) ± \(sigma): \(result)")
    }
  }

  @Test("The 20 events over 7.03 are 3.5 to 3.9 standard deviations as one bin, beside the published 3.4")
  func runOne() throws {
    for (sigma, expected) in [(0.0, 3.91), (0.93, 3.66), (1.05, 3.59)] {
      let background = try UncertainQuantity(7.03, uncertainty: sigma)
      let z =
        sigma == 0
        ? try #require(try ExcessSignificance(observed: 20, background: background).zOneSided)
        : try AsymptoticCLs(observed: 20, background: background).discoverySignificance()
      #expect(abs(z - expected) < 0.02, "± \(sigma): \(z)")
    }
    for shape in [UncertainQuantity.Shape.gaussian, .logNormal, .gamma, .auxiliaryCount] {
      for sigma in [0.82, 0.94, 1.05] {
        let background = try UncertainQuantity(7.03, uncertainty: sigma, shape: shape)
        let z = try #require(try ExcessSignificance(observed: 20, background: background).zOneSided)
        #expect(z > 3.45 && z < 3.91, "\(shape) ± \(sigma): \(z)")
      }
    }
    let later = try AsymptoticCLs(observed: 51, background: try UncertainQuantity(18, uncertainty: 2.5))
    #expect(abs(try later.discoverySignificance() - 5.16) < 0.01)
  }

  @Test("One event over 0.016 has p = 0.01587: 2.15 standard deviations one-sided, 2.41 two-sided")
  func darkPhoton() throws {
    let known = try ExcessSignificance(observed: 1, background: 0.016)
    #expect(abs(known.pValue - 0.01587) < 5e-6)
    #expect(abs(try #require(known.zOneSided) - 2.15) < 5e-3)
    #expect(abs(try #require(known.zTwoSided) - 2.41) < 5e-3)
    let background = try UncertainQuantity(0.016, uncertainty: 0.002)
    let uncertain = try ExcessSignificance(observed: 1, background: background)
    #expect(abs(uncertain.pValue - known.pValue) < 1e-4)
    let one = try MarginalCLs.upperLimit(observed: 1, background: background, confidenceLevel: 0.9)
    let none = try MarginalCLs.upperLimit(observed: 0, background: background, confidenceLevel: 0.9)
    #expect(abs(one.upper - 3.874) < 1e-3 && abs(none.upper - 2.302585) < 1e-6)
  }
}
