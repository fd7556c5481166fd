import Configuration
import Foundation
import Testing

@testable import Searches

@Suite("Outputs of scans")
struct ScanOutputTests {
  private func report(_ name: String, masses: Int = 15, mixings: Int = 7) throws -> ScanReport {
    var scan = try ScanSamples.shipped(name)
    if case .darkPhoton(var search) = scan.model {
      search.masses.count = masses
      search.mixings.count = mixings
      scan.model = .darkPhoton(search)
    }
    return try ScanReport(scan, counts: nil, version: "test")
  }

  private func rows(_ text: String) -> [[String]] {
    text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test("the CSV of the contour, read back, is the contour")
  func contour() throws {
    let report = try report("aprime-mumu-closure")
    guard case .darkPhoton(let scan) = report.result else { return }
    let rows = rows(try #require(report.tables().first { $0.name == "contour.csv" }).text)
    #expect(rows.allSatisfy { $0.count == rows[0].count })
    #expect(rows.count == scan.contourPoints.count + 1)
    for (row, point) in zip(rows.dropFirst(), scan.contourPoints) {
      #expect(Double(row[0]) == point.mass && Int(row[1]) == point.observed)
      #expect(Double(row[6]) == point.interval?.lower && Double(row[7]) == point.interval?.upper)
      #expect(Double(row[16]) == point.expectedIntervals[4]?.lower)
    }
    let outline = self.rows(try #require(report.tables().first { $0.name == "outline.csv" }).text)
    let observed = outline.filter { $0[0] == "observed" }
    #expect(observed.first?.suffix(2) == observed.last?.suffix(2))
  }

  @Test("the CSV of the grid has a row for each mass and ε")
  func grid() throws {
    let table = try #require(try report("aprime-ee-closure").tables().first { $0.name == "grid.csv" })
    #expect(rows(table.text).count == 15 * 7 + 1)
  }

  @Test(
    "the data of HEPData are YAML in its form, with the numbers of the scan",
    arguments: ["aprime-mumu-closure", "kaon-aa", "kaon-S"])
  func hepData(name: String) throws {
    let report = try report(name)
    let files = report.hepData()
    let submission = try #require(files.first { $0.name == "submission.yaml" }).text
    let documents = submission.components(separatedBy: "---\n").dropFirst()
    #expect(documents.count == files.count)
    for document in documents.dropFirst() {
      let map = try YAMLNode.parse(text: document, file: "submission").mapping()
      let file = try map.required("data_file").string()
      let text = try #require(files.first { $0.name == file }).text
      let data = try YAMLNode.parse(text: text, file: file).mapping()
      var lengths: Set<Int> = []
      for key in ["independent_variables", "dependent_variables"] {
        for variable in try data.required(key).sequence() {
          let map = try variable.mapping()
          _ = try map.required("header").mapping().required("name").string()
          lengths.insert(try map.required("values").sequence().count)
        }
      }
      #expect(lengths.count == 1 && !lengths.contains(0))
    }
    if case .kaonDecay(let scan) = report.result {
      let data = try YAMLNode.parse(text: files[1].text, file: "limits").mapping()
      let limits = try data.required("dependent_variables").sequence()[0].mapping().required("values")
        .sequence()
      for (node, point) in zip(limits, scan.points) {
        let value = try node.mapping().required("value")
        guard let limit = point.branchingRatio else {
          #expect(try value.string() == "-")
          continue
        }
        #expect(abs(try value.double() / limit - 1) < 1e-5)
      }
    }
  }

  @Test("numbers are read by YAML 1.1 and 1.2 as numbers")
  func numbers() {
    #expect(ScanText.plain(5e-7) == "5.0e-07")
    #expect(ScanText.plain(5.53e-7) == "5.53e-07")
    #expect(ScanText.plain(1.4e17) == "1.4e+17")
    #expect(ScanText.plain(411) == "411.0")
    #expect(ScanText.plain(-0.25) == "-2.5e-01")
    #expect(ScanText.plain(2.302585) == "2.30258" || ScanText.plain(2.302585) == "2.30259")
    #expect(ScanText.plain(999_999.9) == "1.0e+06")
    #expect(ScanText.plain(12.5) == "12.5")
    #expect(ScanText.plain(0) == "0.0")
    for value in [1.234567e-300, 9.999999e5, 123_456.7, 0.1, 3] {
      #expect(abs((Double(ScanText.plain(value)) ?? 0) / value - 1) < 1e-5)
    }
  }

  @Test("the results say method, confidence level, tail, hash and version")
  func summary() throws {
    let json = try report("kaon-aa").summary().json()
    for part in [
      "\"schema\":\"spillway.scan-result/1\"", "\"confidence_level\":0.9", "\"method\":\"CLs",
      "\"tail\":\"one-sided upper, CLs\"", "\"version\":\"test\"", "\"configuration_hash\":\"",
    ] {
      #expect(json.contains(part), "\(part)")
    }
  }

  @Test(
    "the page stands alone and says that the bands coincide",
    arguments: ["aprime-mumu-closure", "kaon-aa", "kaon-S"])
  func page(name: String) throws {
    let report = try report(name)
    let page = report.html()
    #expect(page.contains("<svg") && !page.contains("http") && !page.contains("NaN") && !page.contains("nan"))
    #expect(page.contains("the bands are one line"))
    #expect(report.text().contains("the bands are one line"))
  }
}
