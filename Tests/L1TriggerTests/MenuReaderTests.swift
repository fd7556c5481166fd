import Configuration
import L1Trigger
import Testing

@Suite("menu reader")
struct MenuReaderTests {
  private static let good = "algorithm: KTAG, window: 5 ns, logic: require"

  /// A menu's text and what its error must say.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var parts: [String]
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ parts: String...) {
      self.name = name
      self.text = text
      self.parts = parts
    }
  }

  static let entryMistakes: [Mistake] = [
    Mistake(
      "unknown key", "algorithm: KTAG, windw: 5 ns, logic: require", "menu.yaml:8",
      "l1.masks[0].chain[0].windw", "unknown key", "did you mean 'window'?"),
    Mistake(
      "negative window", "algorithm: KTAG, window: -5 ns, logic: veto",
      "window: expected a number of at least 0",
      "found -5"),
    Mistake(
      "wrong unit", "algorithm: KTAG, window: 5 ms, logic: veto", "wrong unit 'ms', expected the unit ns"),
    Mistake("missing unit", "algorithm: KTAG, window: 5, logic: veto", "the unit is missing", "5 ns"),
    Mistake("missing window", "algorithm: KTAG, logic: veto", "chain[0]: the key 'window' is missing"),
    Mistake("missing logic", "algorithm: KTAG, window: 5 ns", "the key 'logic' is missing"),
    Mistake("missing algorithm", "window: 5 ns, logic: veto", "the key 'algorithm' is missing"),
    Mistake(
      "unknown algorithm", "algorithm: KTAGG, window: 5 ns, logic: veto",
      "chain[0].algorithm: unknown algorithm",
      "expected one of CHOD, KTAG, LAV", "did you mean 'KTAG'?"),
    Mistake(
      "case of algorithm", "algorithm: newchod, window: 5 ns, logic: veto", "did you mean 'NewCHOD'?"),
    Mistake("RICH", "algorithm: RICH, window: 5 ns, logic: veto", "RICH takes no part"),
    Mistake(
      "unknown logic", "algorithm: KTAG, window: 5 ns, logic: vetoo", "expected one of require, veto",
      "did you mean 'veto'?"),
    Mistake("unknown reference", good + ", reference: CHOT", "expected one of L0TP, CHOD", "mean 'CHOD'?"),
    Mistake(
      "downscaling 0", good + ", downscaling: 0", "expected a whole number from 1 to 4294967295, found 0"),
    Mistake("downscaling too large", good + ", downscaling: 4294967296", "found 4294967296"),
    Mistake("downscaled alone", good + ", downscaled: true", "chain[0].downscaled", "'downscaling'"),
    Mistake("process too large", good + ", process: 7", "from 0 to 6, found 7"),
    Mistake("straw flags elsewhere", good + ", straw_flags: [pnn]", "only STRAW has this key, not KTAG"),
    Mistake("variant elsewhere", good + ", variant: tight", "only MUV3 has this key"),
    Mistake(
      "unknown flag", "algorithm: STRAW, window: 5 ns, logic: veto, straw_flags: [pn]", "straw_flags[0]",
      "did you mean 'pnn'?"),
    Mistake(
      "flag twice", "algorithm: STRAW, window: 5 ns, logic: veto, straw_flags: [pnn, pnn]",
      "'pnn' stands twice"),
    Mistake(
      "xx and flags", "algorithm: STRAW, window: 5 ns, logic: veto, straw_flags: [pnn], xx: 1",
      "'straw_flags' already says this"),
    Mistake("xx negative", good + ", xx: -1", "xx: expected a whole number from 0"),
    Mistake("flag not a bool", good + ", flag: yes", "expected true or false"),
  ]

  @Test("a mistake in a chain entry is explained", arguments: entryMistakes)
  func entry(mistake: Mistake) throws {
    let message = try #require(MenuFixture.message(MenuFixture.text(entry: mistake.text)))
    for part in mistake.parts + ["menu.yaml:"] { #expect(message.contains(part), "\(message)") }
  }

  static let menuMistakes: [Mistake] = [
    Mistake(
      "two masks with one number",
      MenuFixture.text(masks: "    - {number: 2, chain: []}\n    - {number: 2, chain: []}"),
      "menu.yaml:7: l1.masks[1].number: the mask 2 is already defined on line 6"),
    Mistake(
      "mask number", MenuFixture.text(masks: "    - {number: 16, chain: []}"),
      "menu.yaml:6: l1.masks[0].number: expected a whole number from 0 to 15, found 16"),
    Mistake("no mask number", MenuFixture.text(masks: "    - {chain: []}"), "the key 'number' is missing"),
    Mistake("no chain", MenuFixture.text(masks: "    - {number: 1}"), "the key 'chain' is missing"),
    Mistake(
      "mask reduction", MenuFixture.text(masks: "    - {number: 1, reduction: -1, chain: []}"),
      "expected a whole number from 0 to 4294967295, found -1"),
    Mistake(
      "algorithm twice",
      MenuFixture.text(
        masks: "    - number: 1\n      chain:\n        - {\(good)}\n        - {\(good)}"),
      "menu.yaml:9: l1.masks[0].chain[1].algorithm: KTAG already stands in this mask, on line 8"),
    Mistake(
      "enabled and disabled",
      MenuFixture.text(
        masks: "    - number: 1\n      chain:\n        - {\(good)}\n      disabled:\n        - {\(good)}"),
      "menu.yaml:10: l1.masks[0].disabled[0].algorithm: KTAG already stands in this mask, on line 8"),
    Mistake(
      "place twice",
      MenuFixture.text(
        masks: "    - number: 1\n      chain:\n        - {\(good)}\n"
          + "        - {algorithm: LAV, window: 6 ns, logic: veto, process: 0}"),
      "menu.yaml:9: l1.masks[0].chain[1].process: place 0 of the chain is already taken by KTAG on line 8"),
    Mistake("no masks", MenuFixture.text(l1: "  reduction: 1"), "l1: the key 'masks' is missing"),
    Mistake(
      "data block mask twice",
      MenuFixture.text(l1: "  data_block_masks: [1, 1]\n  masks:\n    - {number: 1, chain: []}"),
      "menu.yaml:5: l1.data_block_masks[1]: the mask 1 stands twice"),
    Mistake(
      "data block mask undefined",
      MenuFixture.text(l1: "  data_block_masks: [2]\n  masks:\n    - {number: 1, chain: []}"),
      "l1.data_block_masks[0]: the mask 2 is not defined", "defined masks: 1"),
    Mistake(
      "bypass probability above 1", MenuFixture.text(l1: "  bypass_probability: 1.5\n  masks: []"),
      "menu.yaml:5: l1.bypass_probability: expected a number from 0.0 to 1.0, found 1.5"),
    Mistake(
      "bypass probability below 0", MenuFixture.text(l1: "  bypass_probability: -0.1\n  masks: []"),
      "found -0.1"),
    Mistake(
      "reduction", MenuFixture.text(l1: "  reduction: 4294967296\n  masks: []"), "l1.reduction",
      "4294967295"),
    Mistake(
      "downscaling", MenuFixture.text(l1: "  downscaling: -1\n  masks: []"), "l1.downscaling: expected"),
    Mistake("autoflag", MenuFixture.text(l1: "  autoflag_every: many\n  masks: []"), "found 'many'"),
    Mistake("seed", MenuFixture.text(l1: "  bypass_seed: -1\n  masks: []"), "l1.bypass_seed: expected"),
    Mistake(
      "reference source", MenuFixture.text(l1: "  reference_source: 256\n  masks: []"),
      "from 0 to 255, found 256"),
    Mistake(
      "scratch", MenuFixture.text(l1: "  straw_scratch: orignal\n  masks: []"), "did you mean 'original'?"),
    Mistake(
      "unknown correction", MenuFixture.text(l1: "  corrections: [chain-oder]\n  masks: []"),
      "menu.yaml:5: l1.corrections[0]: expected one of distinct-boards,", "did you mean 'chain-order'?"),
    Mistake(
      "correction twice", MenuFixture.text(l1: "  corrections: [chain-order, chain-order]\n  masks: []"),
      "l1.corrections[1]: the correction 'chain-order' stands twice"),
    Mistake(
      "unknown global", MenuFixture.text(l1: "  reductoin: 1\n  masks: []"), "did you mean 'reduction'?"),
    Mistake(
      "wrong schema", "schema: spillway.menu/2\nname: a\ndetectors: b\nl1: {masks: []}",
      "menu.yaml:1: schema: expected 'spillway.menu/1', found 'spillway.menu/2'"),
    Mistake("no schema", "name: a\ndetectors: b\nl1: {masks: []}", "the key 'schema' is missing"),
    Mistake("no name", "schema: spillway.menu/1\ndetectors: b\nl1: {masks: []}", "the key 'name' is missing"),
    Mistake("no detectors", "schema: spillway.menu/1\nname: b\nl1: {masks: []}", "'detectors' is missing"),
    Mistake("no l1", "schema: spillway.menu/1\nname: b\ndetectors: c", "the key 'l1' is missing"),
    Mistake(
      "only l0", "schema: spillway.menu/1\nname: b\nl0: {masks: []}",
      "the key 'l1' is missing: the menu has lines of L0 only"),
    Mistake(
      "missing detectors file",
      "schema: spillway.menu/1\nname: b\ndetectors: no/such.yaml\nl1: {masks: []}",
      "menu.yaml:3: detectors: the file no/such.yaml: cannot be opened"),
    Mistake(
      "missing XML file", MenuFixture.text(l1: "  hlt_conf_params: no/such.xml"),
      "menu.yaml:5: l1.hlt_conf_params: the file no/such.xml: cannot be opened"),
    Mistake(
      "XML and masks", MenuFixture.text(l1: "  hlt_conf_params: a.xml\n  masks: []"),
      "menu.yaml:6: l1.masks: cannot stand beside 'hlt_conf_params'"),
  ]

  @Test("a mistake in a menu is explained", arguments: menuMistakes)
  func menu(mistake: Mistake) throws {
    let message = try #require(MenuFixture.message(mistake.text))
    for part in mistake.parts { #expect(message.contains(part), "\(message)") }
  }

  @Test("a menu whose sources lack the virtual source 0x44 is refused")
  func virtualSource() throws {
    let path = "\(MenuFixture.root)/Configs/detectors/na62-2018.yaml"
    let text = try ConfigurationFile.text(path: path).split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.contains("{id: 0x44") }.joined(separator: "\n")
    try MenuFixture.withFile("detectors.yaml", text) { file in
      let message = MenuFixture.message(
        "schema: spillway.menu/1\nname: b\ndetectors: \(file)\nl1: {masks: []}")
      #expect(
        message?.contains("menu.yaml:3: detectors: the L0 sources lack the virtual source 0x44") == true)
    }
  }

  @Test("every setting has its key")
  func settings() throws {
    let menu = try MenuFixture.load(
      MenuFixture.text(
        l1: """
            bypass_probability: 0.25
            bypass_seed: 7
            reduction: 2
            downscaling: 3
            flag_mode: true
            autoflag_every: 4
            reference_source: 5
            straw_scratch: original
            corrections: [straw-slopes, chain-order]
            data_block_masks: [9, 1]
            masks:
              - number: 9
                name: nine
                reduction: 6
                chain:
                  - algorithm: STRAW
                    window: 2.5 ns
                    logic: veto
                    flag: true
                    downscaling: 8
                    reference: CHOD
                    straw_flags: [exotic, one-track]
                    process: 1
                  - {algorithm: MUV3, window: 1 ns, logic: require, variant: neighbours, process: 0,
                     downscaling: 3, downscaled: false}
                disabled:
                  - {algorithm: KTAG, window: 5 ns}
              - {number: 1, chain: []}
          """))
    var expected = L1Configuration()
    expected.bypassProbability = 0.25
    expected.bypassSeed = 7
    expected.reductionFactor = 2
    expected.downscaleFactor = 3
    expected.flagMode = true
    expected.autoFlagFactor = 4
    expected.referenceSource = 5
    expected.strawScratch = .original
    expected.corrections = [.chainOrder, .strawSlopes]
    expected.dataBlockMasks = [9, 1]
    expected.masks[9].name = "nine"
    expected.masks[9].reduction = 6
    var straw = L1AlgorithmSettings()
    straw.processID = 1
    straw.isEnabled = true
    straw.isPositive = false
    straw.isFlagged = true
    straw.isDownscaled = true
    straw.downscaling = 8
    straw.reference = 1
    straw.window = 2.5
    straw.xx = 0b10_0010
    expected.masks[9][.straw] = straw
    var muv3 = L1AlgorithmSettings()
    muv3.processID = 0
    muv3.isEnabled = true
    muv3.window = 1
    muv3.xx = 2
    muv3.downscaling = 3
    expected.masks[9][.muv3] = muv3
    expected.masks[9][.ktag].window = 5
    for mask in expected.masks.indices {
      #expect(menu.configuration.masks[mask] == expected.masks[mask], "mask \(mask)")
    }
    #expect(menu.configuration == expected)
    #expect(menu.path == "menu.yaml")
  }

  @Test("lines of L0 in the same file change nothing")
  func linesOfL0() throws {
    let text = MenuFixture.text(entry: Self.good)
    #expect(try MenuFixture.load(text + "\nl0: {masks: [], nonsense: 1}") == MenuFixture.load(text))
  }

  private func warnings(_ entries: String...) throws -> [String] {
    let chain = entries.map { "        - {\($0)}" }.joined(separator: "\n")
    return try MenuFixture.load(MenuFixture.text(masks: "    - number: 3\n      chain:\n" + chain)).warnings
  }

  @Test("what a menu can hardly mean gives a warning")
  func doubts() throws {
    let chod = "algorithm: CHOD, window: 10 ns, logic: require"
    let lav = "algorithm: LAV, window: 6 ns, logic: veto"
    #expect(try warnings(Self.good, lav, chod).isEmpty)
    #expect(
      try warnings(Self.good, chod, lav).map { $0.hasPrefix("menu.yaml:6: mask 3: no event") } == [true])
    #expect(try warnings(Self.good, chod, lav + ", flag: true").isEmpty)
    let incomplete = try warnings(Self.good + ", process: 1", lav + ", process: 2")
    #expect(incomplete.count == 1 && incomplete.allSatisfy { $0.contains("timeout") })
    let downscaled = try warnings(chod + ", downscaling: 2", Self.good + ", downscaling: 3")
    #expect(downscaled.count == 1 && downscaled.allSatisfy { $0.contains("only that of CHOD") })
    #expect(try warnings("algorithm: STRAW, window: 5 ns, logic: require").count == 1)
    #expect(try warnings("algorithm: STRAW, window: 5 ns, logic: require, xx: 64").count == 1)
    #expect(try warnings("algorithm: MUV3, window: 5 ns, logic: require, xx: 3").count == 1)
  }

  @Test("what is corrected gives no warning")
  func corrected() throws {
    let entries = [
      "algorithm: LAV, window: 6 ns, logic: veto, downscaling: 2",
      "algorithm: KTAG, window: 5 ns, logic: require",
      "algorithm: CHOD, window: 10 ns, logic: require, downscaling: 3",
    ]
    let chain = entries.map { "        - {\($0)}" }.joined(separator: "\n")
    let masks = "  masks:\n    - number: 3\n      chain:\n" + chain
    #expect(try MenuFixture.load(MenuFixture.text(l1: masks)).warnings.count == 2)
    let corrections = "  corrections: [chain-order, every-downscaling]\n"
    #expect(try MenuFixture.load(MenuFixture.text(l1: corrections + masks)).warnings.isEmpty)
  }

  @Test("the hash depends on what decides, not on the name of the menu")
  func hash() throws {
    let text = MenuFixture.text(entry: Self.good)
    let menu = try MenuFixture.load(text)
    let renamed = try MenuFixture.load(text.replacing("name: test", with: "name: other"))
    let changed = try MenuFixture.load(text.replacing("5 ns", with: "6 ns"))
    #expect(menu.hash == renamed.hash)
    #expect(menu.hash != changed.hash)
    let corrected = try MenuFixture.load(text.replacing("l1:", with: "l1:\n  corrections: [chain-order]"))
    #expect(menu.hash != corrected.hash)
  }
}
