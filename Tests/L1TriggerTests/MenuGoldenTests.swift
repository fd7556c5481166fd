import Foundation
import L1Trigger
import Testing

@Suite("golden menus")
struct MenuGoldenTests {
  static let names = ["default", "pnn", "refchod", "stateful"]

  private func menu(_ name: String) throws -> L1Menu {
    try L1Menu.load(path: "\(MenuFixture.root)/Configs/menus/golden-\(name).yaml")
  }

  @Test(
    "a golden menu says exactly what the .cfg says", .enabled(if: MenuFixture.hasGolden), arguments: names)
  func matchesConfiguration(name: String) throws {
    let text = try String(contentsOfFile: "\(MenuFixture.golden)/\(name).cfg", encoding: .utf8)
    let expected = try GoldenConfiguration.parse(text)
    var actual = try menu(name).configuration
    for mask in actual.masks.indices { actual.masks[mask].name = "" }
    for mask in expected.masks.indices { #expect(actual.masks[mask] == expected.masks[mask], "mask \(mask)") }
    #expect(actual == expected)
  }

  @Test("only the mask that NA62's code always rejects gives a warning", arguments: names)
  func warnings(name: String) throws {
    let warnings = try menu(name).warnings
    #expect(warnings.count == (name == "default" ? 1 : 0))
    if name == "default" {
      let warning = try #require(warnings.first)
      #expect(warning.contains("golden-default.yaml:"))
      #expect(warning.contains("mask 14: no event can pass: the chain KTAG 0, CHOD 1, LAV 2"))
    }
  }

  @Test("a golden menu's name, layout and hash", arguments: names)
  func parts(name: String) throws {
    let menu = try menu(name)
    #expect(menu.name == "golden-\(name)")
    #expect(menu.layout.fragmentCount == 60)
    #expect(menu.layout.index(of: .l1) == 8)
    #expect(menu.hash.count == 64)
  }

  @Test("the hashes of the golden menus differ")
  func hashes() throws {
    #expect(try Set(Self.names.map { try menu($0).hash }).count == 4)
  }

  @Test("the effective configuration reads back as the same", arguments: names)
  func effective(name: String) throws {
    let menu = try menu(name)
    guard case .map(let entries) = menu.effective(), let l1 = entries.first(where: { $0.key == "l1" }) else {
      Issue.record("no l1")
      return
    }
    let text = l1.value.yaml().split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    let again = try MenuFixture.load(MenuFixture.text(l1: text))
    #expect(again.configuration == menu.configuration)
    #expect(again.hash == menu.hash)
  }
}

/// Reads the .cfg files of the golden data, whose format their README describes.
private enum GoldenConfiguration {
  struct Unknown: Error { var text: String }

  static func parse(_ text: String) throws -> L1Configuration {
    var result = L1Configuration()
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ").map(String.init)
      switch words.first {
      case "global":
        for word in words.dropFirst() { try global(word, &result) }
      case "active": result.dataBlockMasks = words[1].split(separator: ",").compactMap { Int($0) }
      case "mask":
        guard let number = Int(words[1]) else { throw Unknown(text: words[1]) }
        var algorithm: L1Algorithm?
        for word in words.dropFirst(2) {
          let parts = word.split(separator: "=").map(String.init)
          if parts.count == 1 {
            algorithm = L1Algorithm.allCases.first {
              $0.name.lowercased() == parts[0] || ($0 == .muv3 && parts[0] == "muv")
            }
          } else if let algorithm {
            try setting(parts[0], parts[1], &result.masks[number][algorithm])
          } else if parts[0] == "reductionFactor" {
            result.masks[number].reduction = try #require(UInt32(parts[1]))
          } else {
            throw Unknown(text: word)
          }
        }
      default: throw Unknown(text: String(line))
      }
    }
    return result
  }

  private static func global(_ word: String, _ result: inout L1Configuration) throws {
    let parts = word.split(separator: "=").map(String.init)
    let value = try #require(UInt32(parts[1]))
    switch parts[0] {
    case "bypassProbability": result.bypassProbability = Double(value)
    case "reductionFactor": result.reductionFactor = value
    case "downscaleFactor": result.downscaleFactor = value
    case "flagMode": result.flagMode = value != 0
    case "autoFlagFactor": result.autoFlagFactor = value
    case "referenceTimeSourceID": result.referenceSource = Int(value)
    default: throw Unknown(text: word)
    }
  }

  private static func setting(_ key: String, _ text: String, _ result: inout L1AlgorithmSettings) throws {
    let value = try #require(UInt32(text))
    switch key {
    case "process": result.processID = Int(value)
    case "enable": result.isEnabled = value != 0
    case "logic": result.isPositive = value != 0
    case "flag": result.isFlagged = value != 0
    case "downscale": result.isDownscaled = value != 0
    case "dsfactor": result.downscaling = value
    case "ref": result.reference = Int(value)
    case "window": result.window = Double(value)
    case "xx": result.xx = value
    default: throw Unknown(text: key)
    }
  }
}
