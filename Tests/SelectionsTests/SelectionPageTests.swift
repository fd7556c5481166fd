import Configuration
import Foundation
import Testing

@testable import Selections

/// The pages of the selections say what the files say.
@Suite struct SelectionPageTests {
  private static let pages = [
    "K3pi", "Kpi4e", "K2piDoubleDalitz", "DarkPhotonMuMu", "DarkPhotonEE", "Kpinunu", "HaloMuons",
  ]

  /// To make the parts again after a change of a file: SPILLWAY_WRITE_PAGES=1 swift test --filter SelectionPage
  @Test(arguments: pages) func pageAgreesWithTheFile(_ page: String) throws {
    let path = "\(Shipped.root)/Docs/Selections/\(page).md"
    let text = try ConfigurationFile.text(path: path)
    let renewed = SelectionPage.renewed(text, selections: try Shipped.all().selections)
    if ProcessInfo.processInfo.environment["SPILLWAY_WRITE_PAGES"] != nil {
      try renewed.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(text == renewed, "Docs/Selections/\(page).md differs from its file in Configs/selections")
  }

  @Test(arguments: pages) func pageHasItsPartsInOrder(_ page: String) throws {
    let text = try ConfigurationFile.text(path: "\(Shipped.root)/Docs/Selections/\(page).md")
    let headings = text.split(separator: "\n").filter { $0.hasPrefix("## ") }
    #expect(
      headings == [
        "## Purpose", "## Source", "## Trigger lines", "## Cuts", "## Regions", "## Normalisation",
        "## Plots",
      ])
    let names = try Shipped.all().selections.map(\.name).filter { $0.hasPrefix(page) }
    #expect(!names.isEmpty)
    for name in names {
      for section in SelectionPage.Section.allCases {
        #expect(text.contains("\n<!-- \(name) \(section.rawValue) -->\n"), "\(name) \(section.rawValue)")
      }
    }
  }

  @Test func exampleOfTheGuideIsASelectionFile() throws {
    let text = try ConfigurationFile.text(path: "\(Shipped.root)/Docs/Selections.md")
    let parts = text.split(separator: "```yaml\n")
    let example = try #require(parts.dropFirst().first?.split(separator: "```").first)
    let set = try PhysicsSelectionSet.parse(text: String(example), file: "Docs/Selections.md")
    #expect(set.selections.map(\.name) == ["DarkPhoton"])
    #expect(set.selections[0].cuts.count == 4)
  }

  @Test func renewedPartStandsBetweenItsMarks() throws {
    let selection = try physics([
      "topology: event", "cuts:", cut("c", "variable: event.lav_hits, max: 1"),
    ])
    let page = "# T\n<!-- sample cuts -->\nold\n<!-- end -->\nrest\n<!-- other cuts -->\nkept\n<!-- end -->\n"
    let renewed = SelectionPage.renewed(page, selections: [selection])
    #expect(renewed.contains("| 1 | c | `event.lav_hits <= 1` | chosen | test |"))
    #expect(!renewed.contains("old"))
    #expect(renewed.contains("rest") && renewed.contains("kept"))
    #expect(SelectionPage.renewed(renewed, selections: [selection]) == renewed)
  }
}
