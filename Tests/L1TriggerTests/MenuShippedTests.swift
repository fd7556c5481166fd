import Foundation
import L1Trigger
import Testing

@Suite("shipped kaon menus")
struct MenuShippedTests {
  private static func table(_ year: Int) -> String {
    URL(fileURLWithPath: MenuFixture.root).deletingLastPathComponent()
      .appendingPathComponent("shared/data/trigger_menu_\(year).csv").path
  }

  private static func menu(_ year: Int) throws -> L1Menu {
    try L1Menu.load(path: "\(MenuFixture.root)/Configs/menus/kaon-\(year).yaml")
  }

  /// The enabled algorithms of a mask as NA62's database names a chain: `KTAG5notLAV6FlagSTRAW`, without
  /// STRAW's number.
  private static func name(of mask: L1Mask) -> String {
    L1Algorithm.decisionOrder.filter { mask[$0].isEnabled }
      .sorted { mask[$0].processID < mask[$1].processID }
      .map { algorithm in
        let settings = mask[algorithm]
        let window = algorithm == .straw ? "" : "\(Int(settings.window))"
        return
          "\(settings.isPositive ? "" : "not")\(algorithm.name)\(window)\(settings.isFlagged ? "Flag" : "")"
      }.joined()
  }

  @Test(
    "every chain is that of the table of the year",
    .enabled(if: FileManager.default.fileExists(atPath: table(2018))), arguments: [2016, 2017, 2018])
  func tables(year: Int) throws {
    let menu = try Self.menu(year)
    let rows = try String(contentsOfFile: Self.table(year), encoding: .utf8).split(separator: "\n").dropFirst(
      2
    )
    .map { $0.split(separator: ",") }.filter { $0[1] != "Control" }
    var numbers: [Int] = []
    for row in rows {
      let number = try #require(Int(row[0]))
      numbers.append(number)
      let chain = row[3].replacingOccurrences(of: "STRAW300", with: "STRAW")
        .replacingOccurrences(of: "STRAW0", with: "STRAW")
      #expect(Self.name(of: menu.configuration.masks[number]) == chain, "mask \(number)")
    }
    #expect(menu.configuration.dataBlockMasks == numbers)
  }

  @Test(
    "only chains whose STRAW flags are not known give a warning",
    arguments: [(2016, 0), (2017, 0), (2018, 2)])
  func warnings(year: Int, count: Int) throws {
    let warnings = try Self.menu(year).warnings
    #expect(warnings.count == count)
    #expect(warnings.allSatisfy { $0.contains("STRAW is asked for no flag") })
  }
}
