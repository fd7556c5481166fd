import CountingStatistics
import Foundation
import Testing

@Suite("On and off counts")
struct OnOffTests {
  @Test("Z_Bi and Li-Ma agree with every reference row")
  func significances() throws {
    for row in OnOffReference.significances {
      let counts = try OnOffCounts(on: row.on, off: row.off, ratio: row.ratio)
      #expect(abs(try #require(try counts.binomial().z) - row.binomial) < 6e-5, "\(row)")
      #expect(abs(try #require(try counts.profileLikelihood().z) - row.liMa) < 6e-5, "\(row)")
    }
  }

  @Test("Asimov Z agrees with every reference row, with and without uncertainty")
  func asimov() throws {
    for row in OnOffReference.asimov {
      let background = try UncertainQuantity(row.background, uncertainty: row.sigma)
      let z = try AsimovSignificance.of(signal: row.signal, background: background)
      #expect(abs(z - row.z) < row.decimals, "\(row): \(z)")
    }
  }

  @Test("RooStats' BinomialObsZ and BinomialExpZ are the binomial test of value ± uncertainty")
  func rooStatsBinomialZ() throws {
    for (n, b, relative, z) in [
      (5.0, 1.0, 0.3, 2.41010), (20, 7.03, 0.134, 3.55088), (20, 10, 0.3, 1.71296),
    ] {
      let background = try UncertainQuantity(b, uncertainty: b * relative)
      let got = try OnOffCounts(on: n, background: background).binomial().z
      #expect(abs(try #require(got) - z) < 6e-6)
    }
  }

  @Test("Z_Bi is the tail averaged over an auxiliary count's background")
  func binomialIsMarginal() throws {
    for (on, off, ratio) in [(4, 5, 5.0), (50, 55, 2), (2, 0, 3), (1, 12, 0.7)] {
      let z = try OnOffCounts(on: Double(on), off: Double(off), ratio: ratio).binomial().z
      let marginal = try ExcessSignificance(
        observed: on, background: try UncertainQuantity(auxiliaryCount: off, ratio: ratio))
      #expect(isClose(try #require(z), try #require(marginal.zOneSided)))
    }
  }

  @Test("A deficit has a negative Z, no counts none, and few events a caution")
  func signsAndCautions() throws {
    let deficit = try OnOffCounts(on: 2, off: 50, ratio: 5)
    #expect(try #require(try deficit.profileLikelihood().z) < 0)
    #expect(try #require(try deficit.binomial().z) < 0)
    #expect(try deficit.profileLikelihood().caution != nil)
    #expect(try OnOffCounts(on: 0, off: 0, ratio: 5).binomial().z == nil)
    #expect(try OnOffCounts(on: 0, off: 0, ratio: 5).profileLikelihood().z == 0)
    #expect(try OnOffCounts(on: 100, off: 50, ratio: 1).profileLikelihood().caution == nil)
  }

  @Test("What has no meaning is refused")
  func refusals() {
    #expect(throws: StatisticsError.self) { try OnOffCounts(on: -1, off: 1, ratio: 1) }
    #expect(throws: StatisticsError.self) { try OnOffCounts(on: 1, off: .nan, ratio: 1) }
    #expect(throws: StatisticsError.self) { try OnOffCounts(on: 1, off: 1, ratio: 0) }
    #expect(throws: StatisticsError.self) { try OnOffCounts(on: 1, background: try UncertainQuantity(1)) }
    #expect(throws: StatisticsError.self) {
      try AsimovSignificance.of(signal: 1, background: try UncertainQuantity(0))
    }
    #expect(throws: StatisticsError.self) {
      try AsimovSignificance.of(signal: -1, background: try UncertainQuantity(1))
    }
  }
}
