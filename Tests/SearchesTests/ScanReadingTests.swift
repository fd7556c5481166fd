import Configuration
import Foundation
import SpillwayTestSupport
import Testing

@testable import Searches

@Suite("Files of scans")
struct ScanReadingTests {
  @Test("every shipped scan is read, and is named as its file")
  func shipped() throws {
    let directory = RepositoryPaths.path("Configs/scans")
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter {
      $0.hasSuffix(".yaml")
    }
    #expect(names.count >= 6)
    for name in names {
      let scan = try ScanConfiguration.load(path: "\(directory)/\(name)")
      #expect(name == "\(scan.name).yaml")
      #expect(scan.hash.count == 64)
    }
  }

  @Test(
    "what is wrong is told with its line",
    arguments: [
      ("schema: spillway.scan/1", "schema: spillway.scan/2", ":7: schema: expected 'spillway.scan/1'"),
      ("mixings:", "mixing:", "dark_photon.mixing: unknown key; did you mean 'mixings'?"),
      ("value: 0.53", "value: 0", "expected a number above 0 and at most 1"),
      ("value: 0.53", "value: 1.5", "dark_photon.acceptance.value: expected a number from 0.0 to 1.0"),
      ("value: 0.53", "value: nan", "found 'nan'"),
      ("value: 1.4e17", "value: -1", "dark_photon.protons.value"),
      ("from: 211.32 MeV/c2", "from: 211 MeV/c2", "the threshold"),
      ("to: 600 MeV/c2", "to: 900 MeV/c2", "where the widths hold"),
      ("to: 600 MeV/c2", "to: 600", "the unit is missing"),
      ("points: 195", "points: 1", "expected a whole number from 2 to 2000"),
      ("points: 195", "points: 1000000000", "expected a whole number from 2 to 2000"),
      ("from: 1e-7", "from: 0", "dark_photon.mixings.from"),
      ("from: 1e-7", "from: 1e-3", "expected 'from' below 'to'"),
      ("decays: [105 m, 180 m]", "decays: [180 m, 105 m]", "expected a range behind the dump"),
      ("decays: [105 m, 180 m]", "decays: [10 m, 180 m]", "expected a range behind the dump"),
      ("half_width: 7.5 MeV/c2", "half_width: 0 MeV/c2", "expected a window wider than 0"),
      ("half_width: 7.5 MeV/c2", "half_width: 7.5 mm", "wrong unit 'mm'"),
      ("events: 0.016", "events: -0.1", "observation.background.events"),
      ("scope: window", "scope: windows", "did you mean 'window'?"),
      ("trust: recalled-checked", "trust: certain", "expected one of published"),
      ("confidence_level: 0.9", "confidence_level: 90", "write 0.9 for 90 %"),
      ("dark_photon:", "light_photon:", "unknown key"),
      ("channel: mu+ mu-", "channel: pi+ pi-", "expected one of e+ e-, mu+ mu-"),
      ("masses: [411 MeV/c2]", "masses: [[411 MeV/c2, 1 MeV/c2]]", "observation.events.masses[0]"),
      ("proton_momentum: 400 GeV/c", "proton_momentum: 0 GeV/c", "proton_momentum"),
    ])
  func refused(old: String, new: String, message: String) throws {
    let text = try ScanSamples.text("aprime-mumu-closure")
    try #require(text.contains(old))
    let changed = text.replacingOccurrences(of: old, with: new)
    do {
      _ = try ScanSamples.scan(changed)
      Issue.record("no error for \(new)")
    } catch let error as ConfigurationError {
      #expect(error.description.contains(message), "\(error)")
      #expect(!error.description.contains("\n"))
    }
  }

  @Test(
    "tables of acceptances are checked",
    arguments: [
      ("[[215 MeV/c2, 0.1], [500 MeV/c2, 0.2]]", "the table covers 215.0 to 500.0"),
      ("[[500 MeV/c2, 0.1], [215 MeV/c2, 0.2]]", "expected masses that rise"),
      ("[[200 MeV/c2, 0.1], [200 MeV/c2, 0.2], [600 MeV/c2, 0.1]]", "each point once"),
      ("[[200 MeV/c2, 0.1, 0.2]]", "expected a list of 2 values"), ("[]", "at least one point"),
      ("[[200 MeV/c2, 1.2]]", "from 0.0 to 1.0"),
    ])
  func tables(table: String, message: String) throws {
    let text = try ScanSamples.text("aprime-mumu-closure")
      .replacingOccurrences(of: "{ value: 0.53,", with: "{ table: \(table),")
    let error = #expect(throws: ConfigurationError.self) { try ScanSamples.scan(text) }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test("an acceptance is straight between its points, and in a plane at the same share of the second mass")
  func interpolation() throws {
    let line = try Acceptance(
      node: YAMLNode.parse(
        text: "{table: [[100 MeV/c2, 0.1], [200 MeV/c2, 0.3]], trust: chosen, source: t}", file: "t"), axes: 1
    )
    #expect(abs(try #require(line.value(at: SIMD2(150, 0))) - 0.2) < 1e-12)
    #expect(line.value(at: SIMD2(100, 0)) == 0.1 && line.value(at: SIMD2(200, 0)) == 0.3)
    #expect(line.value(at: SIMD2(99, 0)) == nil && line.value(at: SIMD2(201, 0)) == nil)
    let plane = try Acceptance(
      node: YAMLNode.parse(
        text: """
          {table: [[100 MeV/c2, 25 MeV/c2, 0.1], [100 MeV/c2, 50 MeV/c2, 0.3], [200 MeV/c2, 100 MeV/c2, 0.5]],
          trust: chosen, source: t}
          """, file: "t"), axes: 2)
    #expect(abs(try #require(plane.value(at: SIMD2(150, 75))) - 0.4) < 1e-12)
    // Half the largest second mass: 0.1 in the row of 100, constant in that of 200.
    #expect(abs(try #require(plane.value(at: SIMD2(150, 37.5))) - 0.3) < 1e-12)
    #expect(abs(try #require(plane.value(at: SIMD2(100, 1))) - 0.1) < 1e-12)
  }

  @Test("any change of one byte is read or refused, never a trap")
  func hostile() throws {
    let bytes = Array(try ScanSamples.text("kaon-S").utf8)
    var random = SplitMix64(seed: 6)
    for _ in 0..<300 {
      var changed = bytes
      for _ in 0..<3 {
        changed[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      _ = try? ScanSamples.scan(String(decoding: changed, as: UTF8.self))
    }
  }
}
