import Configuration
import Foundation
import L0Trigger
import MenuStudies
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("The report of a comparison")
struct CompareReportTests {
  private static func report(_ menus: [L0Menu], options: MenuStudy.Options = MenuStudy.Options())
    -> CompareReport
  {
    let packets = StudyFixture.random(seed: 5).packets()
    var capture = CaptureBooks()
    capture.packets = UInt64(packets.count)
    capture.datagrams = UInt64(packets.count)
    return CompareReport(
      result: StudyFixture.study(menus, packets, options: options),
      menus: StudyMenu.list(menus.map { (menu: $0, path: "a <path>.yaml") }),
      identity: StudyIdentity(
        input: "in & out.pcap", inputs: ["in & out.pcap"], version: "1.2.3", configurationHash: "abcdef"),
      capture: capture)
  }

  /// The fields of a line of a table, without quotes.
  private static func fields(_ line: Substring) -> Int {
    line.split(separator: ",", omittingEmptySubsequences: false).count
  }

  @Test("the structured values carry the origin, and their counts add up")
  func summary() throws {
    let report = Self.report(StudyFixture.menus(3))
    #expect(report.closes)
    #expect(report.lostShare == 0)
    let text = try report.summary().json()
    let value = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(value["schema"] as? String == "spillway.compare/1")
    #expect(value["version"] as? String == "1.2.3")
    #expect(value["configuration_hash"] as? String == "abcdef")
    let menus = try #require(value["menus"] as? [[String: Any]])
    let differences = try #require(value["differences"] as? [[String: Any]])
    #expect((menus.count, differences.count) == (3, 3))
    let sent = try menus.map { try #require($0["sent"] as? Int) }
    let (both, lost, gained) = (
      try #require(differences[0]["both"] as? Int), try #require(differences[0]["lost"] as? Int),
      try #require(differences[0]["gained"] as? Int)
    )
    #expect((both + lost, both + gained) == (sent[0], sent[1]))
    #expect(differences[0]["difference"] as? Int == sent[1] - sent[0])
  }

  @Test("every row of a table has the columns of its head")
  func tables() throws {
    let report = Self.report(StudyFixture.menus(3))
    for table in [try report.linesCSV(), try report.overlapsCSV(), report.differencesCSV()] {
      let lines = table.split(separator: "\n")
      #expect(lines.count > 3)
      #expect(Set(lines.map(Self.fields)).count == 1, "\(table)")
    }
    let disagreement = Disagreement(
      burst: 1, timestamp: 2, menu: 0, emulated: nil, recorded: LinePattern(rawValue: 3),
      primitivePacket: nil,
      recordPacket: PacketReference(input: 4, number: 5))
    let row = CompareReport.disagreementsCSV(
      [disagreement], menus: StudyMenu.list([(menu: StudyFixture.menu(), path: "")]))
    #expect(row == "plain,1,2,only recorded,,0 1,,,4,5\n")
    #expect(Self.fields(CompareReport.disagreementsHeader[...]) == Self.fields(row[...]))
  }

  @Test("the page stands alone, and names are text in it")
  func page() throws {
    var menus = StudyFixture.menus(10)
    menus[0].name = "<script>alert(1)</script>"
    menus[1].masks[0].name = "\"><img src=x>"
    var options = MenuStudy.Options()
    options.comparesRecorded = true
    let html = try Self.report(menus, options: options).html()
    #expect(html.hasPrefix("<!DOCTYPE html>"))
    #expect(html.contains("&lt;script&gt;alert(1)"))
    #expect(html.contains("in &amp; out.pcap"))
    for forbidden in ["<script", "<img", "http", "NaN", "nan", "inf\""] {
      #expect(!html.contains(forbidden), "\(forbidden)")
    }
    for part in ["Rates", "Rate along the burst", "Differences", "Overlaps of the lines", "Time differences"]
    {
      #expect(html.contains("<h2>\(part)</h2>"))
    }
    for tag in ["table", "svg", "details", "div", "h3", "p"] {
      let opened =
        html.components(separatedBy: "<\(tag)>").count + html.components(separatedBy: "<\(tag) ").count - 2
      #expect(opened == html.components(separatedBy: "</\(tag)>").count - 1, "\(tag)")
    }
  }

  @Test("a stream without primitives makes a report without rates")
  func empty() throws {
    let menus = StudyFixture.menus(2)
    let report = CompareReport(
      result: StudyFixture.study(menus, []), menus: StudyMenu.list(menus.map { (menu: $0, path: "x") }),
      identity: StudyIdentity(input: "-", inputs: ["-"], version: "0", configurationHash: "0"),
      capture: CaptureBooks())
    #expect(!report.hasPrimitives)
    #expect(try report.text().contains("in 0 ms of live time, - Hz"))
    #expect(try report.html().contains("No trigger was sent."))
    #expect(try report.linesCSV().contains("menu 0,0,,1.0,0,0,0,,,,0,"))
    _ = try report.summary()
  }

  @Test("menus of one name are told apart")
  func names() {
    let menus = [StudyFixture.menu(), StudyFixture.menu(), StudyFixture.menu { $0.name = "" }]
    #expect(
      StudyMenu.list(menus.map { (menu: $0, path: "") }).map(\.name) == ["plain", "plain (2)", "menu 3"])
  }

  @Test("the text names the steps and the examples")
  func text() throws {
    let text = try Self.report(StudyFixture.menus(3)).text()
    #expect(text.contains("menu 1 against menu 0: gained"))
    #expect(text.contains("downscaling"))
    #expect(text.contains(", input 0 packet "))
    #expect(text.contains("Books close"))
  }
}
