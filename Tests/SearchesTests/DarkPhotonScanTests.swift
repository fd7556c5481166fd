import CountingStatistics
import Foundation
import Testing

@testable import Searches

@Suite("Scans of dark photons")
struct DarkPhotonScanTests {
  @Test("the edges are within 30 % of points of the published contours, and within 10 % as found")
  func published() throws {
    for (name, points) in ScanSamples.published {
      let scan = try ScanSamples.darkPhoton(name, masses: 40)
      for point in points {
        let interval = try #require(scan.observed.interval(at: point.mass), "\(name) \(point.mass)")
        #expect(abs(interval.lower / point.lower - 1) < 0.1, "\(name) \(point.mass)")
        #expect(abs(interval.upper / point.upper - 1) < 0.1, "\(name) \(point.mass)")
      }
    }
  }

  @Test(
    "the edges are within 30 % of the whole published contours from 250 to 500 MeV (skipped without the data)",
    .enabled(if: ScanSamples.contour("ee") != nil && ScanSamples.contour("mumu") != nil),
    arguments: ["mumu", "ee"])
  func wholeContour(channel: String) throws {
    let outline = try #require(ScanSamples.contour(channel))
    let scan = try ScanSamples.darkPhoton("aprime-\(channel)-closure", masses: 80)
    for mass in stride(from: 250.0, through: channel == "ee" ? 480 : 500, by: 5) {
      // The digitised dent is not as steep as the window.
      if channel == "mumu", abs(abs(mass - 411) - 7.5) < 3 { continue }
      let (low, high) = try #require(ScanSamples.crossings(outline, mass))
      let interval = try #require(scan.observed.interval(at: mass))
      #expect(abs(interval.lower / low - 1) < 0.3, "\(mass)")
      #expect(abs(interval.upper / high - 1) < 0.3, "\(mass)")
    }
  }

  @Test("the µµ contour closes at both ends: at the threshold, and at 0.54 to 0.56 GeV")
  func closes() throws {
    let scan = try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 40)
    #expect(scan.observed.islands.count == 1)
    let island = try #require(scan.observed.islands.first)
    for end in [island.first, island.last] {
      let interval = try #require(end?.interval)
      #expect(interval.lower == interval.upper)
    }
    #expect((211.3...213).contains(try #require(island.first?.position)))
    #expect((540.0...560).contains(try #require(island.last?.position)))
  }

  @Test("one event at 411 MeV makes the dent from 403.5 to 418.5 MeV; none makes no dent")
  func dent() throws {
    let one = try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 30)
    let none = try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 30, events: [])
    let seen = one.contourPoints.filter { $0.observed == 1 }.map(\.mass)
    #expect(abs(try #require(seen.min()) - 403.5) < 1e-5)
    #expect(abs(try #require(seen.max()) - 418.5) < 1e-5)
    #expect(none.contourPoints.allSatisfy { $0.observed == 0 })
    for mass in [405.0, 411, 418] {
      let (a, b) = (
        try #require(one.observed.interval(at: mass)), try #require(none.observed.interval(at: mass))
      )
      #expect(a.lower > 1.2 * b.lower && a.upper < 0.9 * b.upper)
      // What is expected knows nothing of the event.
      let expected = try #require(one.expected[2].interval(at: mass))
      #expect(abs(expected.lower / b.lower - 1) < 1e-3)
    }
    for mass in [403.4, 418.6, 300] {
      let (a, b) = (
        try #require(one.observed.interval(at: mass)), try #require(none.observed.interval(at: mass))
      )
      #expect(abs(a.lower / b.lower - 1) < 2e-3 && abs(a.upper / b.upper - 1) < 2e-3)
    }
  }

  @Test("at 411 MeV the limit is 3.874 events, and the edges are those of the closure test within 5 %")
  func known() throws {
    let scan = try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 30)
    let point = try #require(scan.contourPoints.first { $0.mass == 411 })
    #expect(abs(point.limit - 3.874) < 5e-4)
    let interval = try #require(point.interval)
    #expect(abs(interval.lower / 5.53e-7 - 1) < 0.05)
    #expect(abs(interval.upper / 1.33e-6 - 1) < 0.05)
    let expected = try #require(point.expectedIntervals[2])
    #expect(abs(expected.lower / 4.25e-7 - 1) < 0.05)
    #expect(abs(expected.upper / 1.56e-6 - 1) < 0.05)
  }

  @Test("the more events, the less is excluded")
  func monotonic() throws {
    let areas = try [[], [411], [411, 411], [411, 411, 300], Array(repeating: 411.0, count: 40)].map {
      events in
      try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 25, events: events).observed.area
    }
    #expect(zip(areas, areas.dropFirst()).allSatisfy(>), "\(areas)")
  }

  @Test("with next to no background all bands are one line")
  func bands() throws {
    let scan = try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 10)
    #expect(scan.points.allSatisfy { Set($0.expectedIntervals).count == 1 })
    #expect(scan.expected.count == 5 && Set(scan.expected).count == 1)
  }

  @Test("with background the bands lie inside each other")
  func wideBands() throws {
    let text = try ScanSamples.text("aprime-mumu-closure")
      .replacingOccurrences(of: "events: 0.016", with: "events: 2.5")
    var configuration = try ScanSamples.scan(text)
    guard case .darkPhoton(var search) = configuration.model else { return }
    search.masses.count = 12
    search.mixings.count = 3
    configuration.model = .darkPhoton(search)
    let report = try ScanReport(configuration, counts: nil, version: "test")
    guard case .darkPhoton(let scan) = report.result else { return }
    let areas = scan.expected.map(\.area)
    #expect(zip(areas, areas.dropFirst()).allSatisfy(>))
    #expect(!report.notes.contains { $0.hasPrefix("expected:") })
  }

  @Test("the grid excludes where the contour does")
  func grid() throws {
    let scan = try ScanSamples.darkPhoton("aprime-mumu-closure", masses: 12, mixings: 40)
    for (point, yields) in zip(scan.points, scan.yields) {
      for (mixing, yield) in zip(scan.mixings, yields) {
        let isInside = point.interval.map { $0.lower <= mixing && mixing <= $0.upper } ?? false
        #expect(isInside == (yield >= point.limit))
      }
    }
  }
}
