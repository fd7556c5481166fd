import Configuration
import Foundation
import L0Trigger
import SpillwayTestSupport
import Testing

@Suite("shipped menus")
struct ShippedMenuTests {
  private static func menu(_ name: String) throws -> L0Menu {
    try L0Menu.load(path: RepositoryPaths.menu("\(name).yaml"))
  }

  @Test(
    "a shipped menu has no doubtful setting", arguments: ["kaon-2016", "kaon-2017", "kaon-2018", "dump-2021"])
  func sound(name: String) throws {
    let menu = try Self.menu(name)
    #expect(menu.name == name)
    #expect(menu.warnings.isEmpty)
    #expect(!menu.masks.isEmpty)
    #expect(menu.control.isEnabled)
  }

  @Test(
    "a kaon menu has slots and cuts of its year, and RICH in every line",
    arguments: [("kaon-2016", 1, 100, 7), ("kaon-2017", 2, 64, 8), ("kaon-2018", 2, 64, 9)])
  func kaon(name: String, bits: Int, cut: Int16, lines: Int) throws {
    let menu = try Self.menu(name)
    #expect(menu.fineTimeBits == bits)
    #expect(menu.timeCuts == [Int16](repeating: cut, count: 7))
    #expect(menu.referenceDetector == .rich)
    #expect(menu.controlDetector == .chod)
    #expect(menu.control.downscaling == L0Downscaling(400))
    #expect(menu.masks.count == lines)
    #expect(menu.masks.allSatisfy { $0.condition[.rich, 14] == .required })
  }

  @Test("the dump menu has no RICH")
  func dump() throws {
    let menu = try Self.menu("dump-2021")
    #expect(menu.referenceDetector == .newCHOD)
    #expect(menu.controlDetector == .lkr)
    #expect(menu.masks.map(\.downscaling.factor) == [20, 1])
    #expect(menu.masks.map { $0.condition.expression(bits: menu.bits) } == ["NewCHOD", "H2"])
    #expect(menu.control.condition.expression(bits: menu.bits) == "LKr")
    #expect(menu.control.condition[.lkr, 10] == .required)
  }

  @Test("the registers of the 2018 menu", .enabled(if: MenuRegisterFormTests.hasGolden))
  func registers2018() throws {
    let menu = try Self.menu("kaon-2018")
    let golden = try L0Menu.load(path: MenuRegisterFormTests.golden("clean2018"))
    #expect(menu.hash == golden.hash)
    #expect(menu.masks.map(\.condition) == golden.masks.map(\.condition))
    #expect(menu.masks.map(\.downscaling) == golden.masks.map(\.downscaling))
    #expect(menu.masks.map(\.number) == golden.masks.map(\.number))
    #expect(menu.control == golden.control)
  }

  @Test("the required and forbidden bits of the 2018 menu")
  func bits2018() throws {
    let masks = try Self.menu("kaon-2018").masks
    func words(_ lanes: L0Words) -> [UInt16] { (0..<7).map { lanes[$0] } }
    let required: [Int: [UInt16]] = [
      0: [0, 0x4000, 0, 0, 0x4000, 0, 0], 1: [0, 0x4000, 0, 0, 0x1000, 0, 0],
      2: [0, 0x4000, 0, 0x1000, 0x0400, 0, 0], 3: [0, 0x4000, 0, 0x0400, 0x0800, 0, 0x2000],
      4: [0, 0x4000, 0, 0, 0x0800, 0, 0x1000], 5: [0, 0x4000, 0, 0, 0x0800, 0, 0],
      6: [0, 0x4000, 0, 0x1000, 0x0800, 0, 0], 7: [0, 0x4000, 0, 0x0400, 0x0400, 0, 0x2000],
      10: [0, 0x4000, 0, 0x0200, 0, 0, 0],
    ]
    let forbidden: [Int: [UInt16]] = [
      0: [0, 0, 0, 0x4000, 0, 0, 0], 1: [0, 0, 0, 0x4000, 0x0800, 0, 0x4000], 2: [0, 0, 0, 0, 0, 0, 0x2000],
      10: [0, 0, 0, 0, 0x0400, 0, 0],
    ]
    for mask in masks {
      #expect(words(mask.condition.required) == required[mask.number], "mask \(mask.number)")
      #expect(
        words(mask.condition.forbidden) == forbidden[mask.number] ?? [0, 0, 0, 0, 0, 0, 0],
        "mask \(mask.number)")
    }
  }

  @Test(
    "lines and downscalings are those of the table of the year",
    .enabled(if: FileManager.default.fileExists(atPath: table(2018))), arguments: [2016, 2017, 2018])
  func tables(year: Int) throws {
    let menu = try Self.menu("kaon-\(year)")
    let parser = L0ConditionParser(bits: menu.bits)
    let text = try String(contentsOfFile: Self.table(year), encoding: .utf8)
    let rows = text.split(separator: "\n").dropFirst(2).map { $0.split(separator: ",") }
    let lines = rows.filter { $0[1] != "Control" }
    #expect(lines.count == menu.masks.count)
    for (row, mask) in zip(lines, menu.masks) {
      // `nMUV` is a veto.
      let words = row[1].split(separator: "-").map { $0.hasPrefix("n") ? "!" + $0.dropFirst() : String($0) }
      #expect(Int(row[0]) == mask.number)
      #expect(try parser.parse(words.joined(separator: " & ")) == mask.condition, "\(row[1])")
      #expect(UInt32(row[2]).map { L0Downscaling($0) } == mask.downscaling, "\(row[1])")
    }
    let control = try #require(rows.first { $0[1] == "Control" })
    #expect(UInt32(control[2]).map { L0Downscaling($0) } == menu.control.downscaling)
  }

  private static func table(_ year: Int) -> String {
    RepositoryPaths.root.deletingLastPathComponent().appendingPathComponent(
      "shared/data/trigger_menu_\(year).csv"
    ).path
  }
}
