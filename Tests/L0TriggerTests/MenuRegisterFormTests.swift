import Configuration
import Foundation
import L0Trigger
import SpillwayTestSupport
import Testing

@Suite("menus in register form")
struct MenuRegisterFormTests {
  static let fixture = RepositoryPaths.root.appendingPathComponent("Tests/Fixtures/l0/registers.json").path
  static let goldenNames = ["clean2018", "stress", "boundary"]
  static let hasGolden = FileManager.default.fileExists(atPath: golden("stress"))

  static func golden(_ name: String) -> String { RepositoryPaths.goldenL0("\(name).menu.json") }

  /// Expects that the registers in a file survive the way to a readable menu and back.
  private static func expectRoundTrip(_ path: String, run: Int) throws {
    var menu = try L0RegisterForm.load(path: path)
    menu.bits = PrimitiveBits(run: run)
    let again = try L0Menu.parse(text: menu.fileText(comment: ["test"]), path: "menu.yaml")
    #expect(again == menu)
    let (value, lost) = L0RegisterForm.write(again)
    #expect(lost.isEmpty)
    let written = try JSONSerialization.jsonObject(with: Data(value.json(isIndented: true).utf8))
    let original = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
    let writtenMap = try #require(written as? [String: Any])
    for (key, value) in try #require(original as? [String: Any]) {
      #expect((writtenMap[key] as? NSObject) == (value as? NSObject), "\(key)")
    }
  }

  @Test("registers survive the way to a readable menu and back", arguments: [6492, 7100, 9000])
  func roundTrip(run: Int) throws { try Self.expectRoundTrip(Self.fixture, run: run) }

  @Test(
    "golden registers survive the way to a readable menu and back", .enabled(if: hasGolden),
    arguments: goldenNames)
  func goldenRoundTrip(name: String) throws { try Self.expectRoundTrip(Self.golden(name), run: 9000) }

  @Test("registers that words can say become conditions, others stay registers")
  func readable() throws {
    let text = try L0Menu.load(path: Self.fixture).fileText(comment: ["test"])
    #expect(text.contains("\n      condition: RICH & QX\n"))
    #expect(text.contains("\n      condition: \"RICH & C2E10 & !MUV3 & !TALK[0] & !LKr[10]\"\n"))
    #expect(text.contains("\n      condition: any\n"))
    #expect(text.count(of: "mask: [\"0x") == 2)
    #expect(text.contains("slot: 12.5 ns"))
    #expect(!text.contains("formats"))
  }

  @Test("what registers cannot hold is named")
  func lost() throws {
    let menu = try L0Menu.parse(
      text: """
        schema: spillway.menu/1
        name: test
        l0:
          formats: 64-bit
          downscaling_reset: true
          corrections: [last-groups]
          masks:
            - {number: 3, condition: RICH, downscaling: 2.5}
            - {number: 4, condition: RICH, downscaling: {factor: 2, mode: hash}}
          calibration_word: 1
          dead_windows: [{begin: 1 ticks, end: 2 ticks}]
        """, path: "menu.yaml")
    let lost = L0RegisterForm.write(menu).lost
    #expect(lost.count == 7)
    for part in ["mask 3", "mask 4", "hash", "corrections", "calibration", "choke", "64-bit", "begin anew"] {
      #expect(lost.contains { $0.contains(part) }, "\(part): \(lost)")
    }
  }

  @Test(
    "a mistake in the register form is explained",
    arguments: [
      ("\"index\": 3", "\"index\": 0", "the mask 0 is already defined"),
      ("\"index\": 3", "\"index\": 16", "from 0 to 15, found 16"),
      ("\"bit_finetime\": 1", "\"bit_finetime\": 4", "from 0 to 3, found 4"),
      ("\"delta_packet\"", "\"delta_pakcet\"", "did you mean 'delta_packet'?"),
      ("\"0xbfff\"", "\"0xbfffg\"", "expected a 16-bit word, as '0x40ff'"),
      ("\"downscaling\": 400", "\"downscaling\": 0", "from 1 to 4294967295, found 0"),
    ])
  func mistakes(old: String, new: String, part: String) throws {
    let text = try String(contentsOfFile: Self.fixture, encoding: .utf8)
    let place = try #require(text.range(of: old))
    do {
      _ = try L0Menu.parse(text: text.replacingCharacters(in: place, with: new), path: "menu.json")
      Issue.record("no error")
    } catch { #expect(error.description.contains(part), "\(error)") }
  }
}

extension String {
  fileprivate func count(of part: String) -> Int { components(separatedBy: part).count - 1 }
}
