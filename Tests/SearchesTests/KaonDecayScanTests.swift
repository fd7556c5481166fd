import Configuration
import Foundation
import Testing

@testable import Searches

@Suite("Scans of kaon decays")
struct KaonDecayScanTests {
  private func scan(_ name: String, _ change: (String) -> String = { $0 }) throws -> KaonDecayScan {
    let report = try ScanReport(
      ScanSamples.scan(change(try ScanSamples.text(name))), counts: nil, version: "test")
    guard case .kaonDecay(let scan) = report.result else { throw ScanError("no kaon decay") }
    return scan
  }

  @Test("K+ -> pi+ a a has 35 masses from 5 to 175 MeV")
  func axions() throws {
    let scan = try scan("kaon-aa")
    #expect(scan.points.map(\.masses.x) == (1...35).map { Double($0) * 5 })
  }

  @Test("a limit on the branching ratio is the limit on events over kaons × acceptance")
  func ratio() throws {
    let scan = try scan("kaon-aa")
    for point in scan.points {
      #expect(point.observed == 0 && abs(point.limit - 2.302585) < 1e-6)
      let expected = 2.302585 / (8.58e11 * point.acceptance)
      #expect(abs(try #require(point.branchingRatio) / expected - 1) < 1e-6)
    }
  }

  @Test("an event weakens the limit in the windows that hold it only")
  func event() throws {
    let scan = try scan("kaon-aa") {
      $0 + "  events: { masses: [101 MeV/c2], trust: chosen, source: a test }\n"
    }
    #expect(scan.points.filter { $0.observed == 1 }.map(\.masses.x) == [100])
    #expect(scan.excess?.masses.x == 100)
    // All 12 to 60 MeV, where the windows are narrower than the steps; then every other one.
    #expect(scan.excess?.windows == 23)
  }

  @Test("the plane of S and A' ends at m(S) / 2")
  func plane() throws {
    let scan = try scan("kaon-S")
    #expect(scan.points.allSatisfy { $0.masses.y <= $0.masses.x / 2 && $0.masses.x <= 354 })
    #expect(scan.points.contains { $0.masses == SIMD2(300, 150) })
    #expect(!scan.points.contains { $0.masses == SIMD2(300, 155) })
    // The cut on the peak of pi0 -> 4e takes all there.
    #expect(scan.points.filter { (120...150).contains($0.masses.x) }.allSatisfy { $0.branchingRatio == nil })
    #expect(scan.points.filter { $0.masses.x > 160 }.allSatisfy { $0.branchingRatio != nil })
  }

  @Test("masses that no kaon can make are refused")
  func kinematics() throws {
    let text = try ScanSamples.text("kaon-aa").replacingOccurrences(
      of: "to: 175 MeV/c2, step", with: "to: 180 MeV/c2, step")
    let error = #expect(throws: ConfigurationError.self) { try ScanSamples.scan(text) }
    #expect(error?.description.contains("which a kaon can make") == true)
  }
}
