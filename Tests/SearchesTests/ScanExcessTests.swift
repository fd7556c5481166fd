import CountingStatistics
import Foundation
import Testing

@testable import Searches

@Suite("Significance of a scan")
struct ScanExcessTests {
  @Test("one event over 0.016: p = 0.01587, 2.15 σ one-sided and 2.41 σ two-sided")
  func local() throws {
    let scan = try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 20)
    let excess = try #require(scan.excess)
    #expect(excess.masses.x == 411)
    #expect(abs(excess.local.pValue - 0.01587) < 5e-6)
    #expect(abs(try #require(excess.local.zOneSided) - 2.15) < 0.005)
    #expect(abs(try #require(excess.local.zTwoSided) - 2.41) < 0.005)
    // 388.68 MeV hold 26 windows of 15 MeV whose centres are in the range.
    #expect(excess.windows == 26)
    #expect(abs(excess.globalPValue - (1 - pow(1 - excess.local.pValue, 26))) < 1e-12)
  }

  @Test("nothing seen is no excess")
  func nothing() throws {
    #expect(try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 10, events: []).excess == nil)
  }

  @Test("a background spread over the masses gives the global p of all of them")
  func region() throws {
    let text = try ScanSamples.text("aprime-mumu-closure")
      .replacingOccurrences(of: "scope: window", with: "scope: region")
    let report = try ScanReport(ScanSamples.scan(text), counts: nil, version: "test")
    let excess = try #require(report.excess)
    #expect(abs(excess.local.background - 0.016 * 15 / 388.68) < 1e-9)
    // P(any event) = 1 - exp(-0.016), up to the ends of the range.
    #expect(abs(excess.globalPValue / 0.01587 - 1) < 0.05)
  }

  @Test("windows that touch do not overlap; wider ones do")
  func windows() {
    func count(_ half: Double) -> Int {
      ScanExcess.disjointWindows((1...35).map { (SIMD2(Double($0) * 5, 0), SIMD2(half, 0)) })
    }
    #expect(count(2.5) == 35)
    #expect(count(2.6) == 18)
    #expect(count(1000) == 1)
    let plane = (0..<4).flatMap { i in (0..<4).map { (SIMD2(Double(i), Double($0)), SIMD2(0.5, 1.0)) } }
    #expect(ScanExcess.disjointWindows(plane) == 8)
  }
}
