import Configuration
import L0Trigger
import NA62Formats
import SpillwayTestSupport
import Testing

@Suite("the l0 of a menu file")
struct MenuFileTests {
  private static func text(_ l0: String) -> String { "schema: spillway.menu/1\nname: test\nl0:\n" + l0 }

  private static func load(_ l0: String) throws(ConfigurationError) -> L0Menu {
    try L0Menu.parse(text: text(l0), path: "menu.yaml")
  }

  private static func message(_ text: String) -> String? {
    do {
      _ = try L0Menu.parse(text: text, path: "menu.yaml")
      return nil
    } catch { return error.description }
  }

  @Test("every key has its effect")
  func everyKey() throws {
    let menu = try Self.load(
      """
        run: 6492
        reference_detector: NewCHOD
        control_detector: LKr
        slot: 25 ns
        time_cuts: {all: 9.75 ns, MUV3: 20 ticks/256, TALK: 0 ns}
        delta_packet: 3
        primitive_dt: 75 ns
        fixed_latency: 4000 ticks
        end_of_burst: 1 s
        offsets: {MUV3: 2}
        formats: {all: 32-bit, LKr: 64-bit}
        group_by: count
        count_mode: header
        stale_count: true
        downscaling_reset: true
        corrections: [same-address, last-groups]
        masks:
          - {number: 15, condition: "!MUV3", downscaling: {factor: 2.5, mode: hash, seed: 7}, enabled: false}
          - number: 2
            name: two
            mask: [0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0x7fff]
            dontcare: [0xffff, 0xbfff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff]
            downscaling: 5/2
        control: {condition: LKr, downscaling: {factor: 3}}
        calibration_word: 4
        periodic:
          - {period: 80 us, word: 2, start: 0 ticks, end: 100 ms}
          - {period: 8 ns, word: 63, start: 25 ns, end: 4294967295 ticks}
        random: {period: 1 ms, word: 32, start: 1 ticks, end: 2 ticks, seed: 18446744073709551615}
        dead_windows: [{begin: 10 ticks, end: 20 ticks}]
      """)
    var expected = L0Menu()
    expected.name = "test"
    expected.bits = PrimitiveBits(run: 6492)
    expected.referenceDetector = .newCHOD
    expected.controlDetector = .lkr
    expected.fineTimeBits = 0
    expected.timeCuts = [100, 100, 100, 20, 100, 0, 100]
    expected.deltaPacket = 3
    expected.primitiveDT = 3
    expected.fixedLatency = 4000
    expected.endOfBurst = 40_078_458
    expected.offsets[3] = 2
    expected.formats[6] = .words64
    expected.grouping = .count
    expected.counting = .header
    expected.usesStaleCount = true
    expected.resetsDownscaling = true
    expected.corrections = [.sameAddress, .lastGroups]
    var veto = L0Condition()
    veto[.muv3, 14] = .forbidden
    var registers = L0Condition()
    registers[.rich, 14] = .required
    registers[.lkr, 15] = .impossible
    var lkr = L0Condition()
    lkr[.lkr, 14] = .required
    expected.masks = [
      L0Menu.Mask(
        number: 2, name: "two", condition: registers, downscaling: L0Downscaling(numerator: 5, denominator: 2)
      ),
      L0Menu.Mask(
        number: 15, name: "", isEnabled: false, condition: veto,
        downscaling: L0Downscaling(numerator: 5, denominator: 2, mode: .hash, seed: 7)),
    ]
    expected.control = L0Menu.Control(isEnabled: true, condition: lkr, downscaling: L0Downscaling(3))
    expected.calibrationWord = 4
    expected.periodics = [
      L0Menu.Periodic(period: 10_000, word: 2, start: 0, end: 4_007_846),
      L0Menu.Periodic(period: 1, word: 63, start: 1, end: 4_294_967_295),
    ]
    expected.random = L0Menu.Random(
      pulser: L0Menu.Periodic(period: 125_000, word: 32, start: 1, end: 2), seed: .max)
    expected.deadWindows = [L0Menu.DeadWindow(begin: 10, end: 20)]
    #expect(menu == expected)
  }

  @Test(
    "what a menu leaves out has the setting of its run",
    arguments: [(5949, 0, 100), (5950, 1, 100), (7873, 1, 100), (7874, 2, 64), (9000, 2, 64)])
  func runDefaults(run: Int, bits: Int, cut: Int16) throws {
    let menu = try Self.load("  run: \(run)\n  masks: []")
    var expected = L0Menu()
    expected.name = "test"
    expected.bits = PrimitiveBits(run: run)
    expected.fineTimeBits = bits
    expected.timeCuts = [Int16](repeating: cut, count: 7)
    #expect(menu == expected)
  }

  @Test(
    "a slot is read from its width, quoted or measured",
    arguments: [
      ("25 ns", 0), ("24.95 ns", 0), ("12.5 ns", 1), ("12.48 ns", 1), ("6.25 ns", 2), ("6.24 ns", 2),
      ("3.125 ns", 3), ("3.12 ns", 3), ("0 bits", 0), ("3 bits", 3),
    ])
  func slots(text: String, bits: Int) throws {
    #expect(try Self.load("  slot: \(text)\n  masks: []").fineTimeBits == bits)
  }

  @Test(
    "times become the nearest whole unit of the processor",
    arguments: [
      ("time_cuts: 6.24 ns", 64), ("time_cuts: 9.75 ns", 100), ("time_cuts: 32767 ticks/256", 32767),
      ("time_cuts: 0 ns", 0),
    ])
  func cuts(text: String, cut: Int16) throws {
    #expect(try Self.load("  \(text)\n  masks: []").timeCuts == [Int16](repeating: cut, count: 7))
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    var l0: String
    var parts: [String]
    var testDescription: String { l0 }

    init(_ l0: String, _ parts: String...) {
      self.l0 = l0
      self.parts = parts
    }
  }

  static let mistakes = [
    Mistake(
      "  masks:\n    - {number: 1, condition: any}\n    - {number: 1, condition: any}",
      "menu.yaml:6: l0.masks[1].number: the mask 1 is already defined on line 5"),
    Mistake("  masks:\n    - {number: 16, condition: any}", "from 0 to 15, found 16"),
    Mistake("  masks:\n    - {condition: any}", "the key 'number' is missing"),
    Mistake("  masks:\n    - {number: 1}", "l0.masks[0]: the key 'condition' is missing"),
    Mistake("  masks:\n    - {number: 1, conditoin: any}", "unknown key; did you mean 'condition'?"),
    Mistake(
      "  masks:\n    - {number: 1, condition: RICH & RIHC}",
      "menu.yaml:5: l0.masks[0].condition: unknown name 'RIHC' among the bits of run 9000, "
        + "at character 8 of 'RICH & RIHC'; did you mean 'RICH'?"),
    Mistake("  masks:\n    - {number: 1, condition: RICH | QX}", "no 'or'", "write two masks"),
    Mistake("  masks:\n    - {number: 1, condition: RICH & !RICH}", "both required and forbidden"),
    Mistake("  masks:\n    - {number: 1, condition: !MUV3 & RICH}", "menu.yaml:5: ", "in quotes"),
    Mistake("  masks:\n    - number: 1\n      condition: !MUV3", "menu.yaml:6: ", "'!MUV3'", "in quotes"),
    Mistake("  masks:\n    - {number: 1, condition: [RICH, QX]}", "expected text, found a list of 2"),
    Mistake(
      "  masks:\n    - {number: 1, condition: any, mask: [1]}",
      "l0.masks[0].mask: cannot stand beside 'condition'"),
    Mistake("  masks:\n    - {number: 1, mask: [1, 2, 3, 4, 5, 6, 7]}", "the key 'dontcare' is missing"),
    Mistake("  masks:\n    - {number: 1, mask: [1, 2], dontcare: [1, 2]}", "expected a list of 7 values"),
    Mistake(
      "  masks:\n    - {number: 1, mask: [0x10000, 2, 3, 4, 5, 6, 7], dontcare: [1, 2, 3, 4, 5, 6, 7]}",
      "expected a 16-bit word"),
    Mistake(
      "  masks:\n    - {number: 1, condition: any, downscaling: 0}",
      "l0.masks[0].downscaling: expected a factor of at least 1, as 100, 2.5 or 5/2, found '0'"),
    Mistake("  masks:\n    - {number: 1, condition: any, downscaling: -3}", "found '-3'"),
    Mistake("  masks:\n    - {number: 1, condition: any, downscaling: [2]}", "found a list of 1"),
    Mistake("  masks:\n    - {number: 1, condition: any, downscaling: {mode: hash}}", "'factor' is missing"),
    Mistake(
      "  masks:\n    - {number: 1, condition: any, downscaling: {factor: 2, mode: hsah}}",
      "expected one of counter, hash", "did you mean 'hash'?"),
    Mistake(
      "  masks:\n    - {number: 1, condition: any, downscaling: {factor: 2, seed: 1}}",
      "a counter has no seed"),
    Mistake(
      "  masks:\n    - {number: 1, condition: any, downscaling: {factor: 2, mode: hash, seed: -1}}",
      "seed: expected a whole number"),
    Mistake("  masks:\n    - {number: 1, condition: any, enabled: maybe}", "expected true or false"),
    Mistake("  run: 9000", "menu.yaml:4: l0: the key 'masks' is missing"),
    Mistake("  masks: []\n  refrence_detector: RICH", "did you mean 'reference_detector'?"),
    Mistake("  masks: []\n  reference_detector: RICHH", "expected one of CHOD, RICH", "mean 'RICH'?"),
    Mistake("  masks: []\n  control_detector: 0", "l0.control_detector: expected one of CHOD"),
    Mistake("  masks: []\n  run: -1", "l0.run: expected a whole number from 0"),
    Mistake("  masks: []\n  slot: 6 ns", "25, 12.5, 6.25 or 3.125 ns", "found '6 ns'"),
    Mistake("  masks: []\n  slot: 4 bits", "0 to 3 bits"),
    Mistake("  masks: []\n  slot: 6.25", "the unit is missing"),
    Mistake("  masks: []\n  time_cuts: -6.24 ns", "l0.time_cuts: expected a number of at least 0.0 ns"),
    Mistake("  masks: []\n  time_cuts: 64", "the unit is missing, expected a unit of ns, ticks/256"),
    Mistake("  masks: []\n  time_cuts: 64 fine", "wrong unit 'fine'"),
    Mistake("  masks: []\n  time_cuts: 1.5 ticks/256", "whole number of ticks/256 from 0 to 32767"),
    Mistake("  masks: []\n  time_cuts: 32768 ticks/256", "from 0 to 32767, found '32768 ticks/256'"),
    Mistake("  masks: []\n  time_cuts: 4000 ns", "longer than 32767 ticks/256"),
    Mistake("  masks: []\n  time_cuts: {MUV: 5 ns}", "l0.time_cuts.MUV: unknown key", "did you mean 'MUV3'?"),
    Mistake("  masks: []\n  time_cuts:", "expected a number with a unit of ns, ticks/256, found nothing"),
    Mistake("  masks: []\n  delta_packet: 7", "from 0 to 6, found 7"),
    Mistake("  masks: []\n  primitive_dt: -1 ticks", "at least 0.0 ticks, found -1.0"),
    Mistake("  masks: []\n  primitive_dt: 2.5 ticks", "whole number of ticks"),
    Mistake("  masks: []\n  primitive_dt: 2", "the unit is missing, expected a unit of ticks, ns, us, ms, s"),
    Mistake("  masks: []\n  fixed_latency: 4294967296 ticks", "from 0 to 4294967295"),
    Mistake("  masks: []\n  fixed_latency: 200 s", "longer than 4294967295 ticks"),
    Mistake("  masks: []\n  fixed_latency: 1e300 s", "longer than 4294967295 ticks"),
    Mistake("  masks: []\n  end_of_burst: never", "l0.end_of_burst: expected a number with a unit"),
    Mistake("  masks: []\n  offsets: -1", "l0.offsets: expected a whole number from 0"),
    Mistake("  masks: []\n  formats: 16-bit", "expected one of 32-bit, 64-bit"),
    Mistake("  masks: []\n  group_by: headers", "did you mean 'header'?"),
    Mistake("  masks: []\n  count_mode: word", "did you mean 'words'?"),
    Mistake("  masks: []\n  corrections: [last-group]", "did you mean 'last-groups'?"),
    Mistake("  masks: []\n  corrections: [last-groups, last-groups]", "'last-groups' stands twice"),
    Mistake("  masks: []\n  control: CHOD", "expected a mapping of keys to values"),
    Mistake("  masks: []\n  control: {downscaling: 4}", "l0.control: the key 'condition' is missing"),
    Mistake("  masks: []\n  calibration_word: 64", "from 0 to 63"),
    Mistake(
      "  masks: []\n  periodic: [{period: 9 ns, word: 1, start: 0 ticks, end: 1 ticks}]",
      "steps of 8 ns", "found '9 ns'"),
    Mistake(
      "  masks: []\n  periodic: [{period: 0 ns, word: 1, start: 0 ticks, end: 1 ticks}]", "steps of 8 ns"),
    Mistake(
      "  masks: []\n  periodic: [{period: 1e300 s, word: 1, start: 0 ticks, end: 1 ticks}]", "steps of 8"),
    Mistake(
      "  masks: []\n  periodic: [{period: 8 ns, word: 1, start: 2 ticks, end: 1 ticks}]",
      "l0.periodic[0].end: ends before it begins"),
    Mistake("  masks: []\n  periodic: [{}, {}, {}]", "two pulsers, found 3"),
    Mistake("  masks: []\n  random: {period: 8 ns, start: 0 ticks, end: 1 ticks}", "'word' is missing"),
    Mistake("  masks: []\n  dead_windows: [{begin: 2 ticks, end: 1 ticks}]", "ends before it begins"),
    Mistake("  masks: []\n  dead_windows: [{start: 2 ticks, end: 3 ticks}]", "unknown key"),
  ]

  @Test("a mistake is explained in one line", arguments: mistakes)
  func mistake(_ mistake: Mistake) throws {
    let message = try #require(Self.message(Self.text(mistake.l0)))
    for part in mistake.parts + ["menu.yaml:"] { #expect(message.contains(part), "\(message)") }
    #expect(!message.contains("\n"))
  }

  @Test(
    "a mistake in the head of the file is explained",
    arguments: [
      (
        "schema: spillway.menu/2\nname: a\nl0: {masks: []}", "menu.yaml:1: schema: expected 'spillway.menu/1'"
      ),
      ("schema: spillway.menu/1\nl0: {masks: []}", "the key 'name' is missing"),
      (
        "schema: spillway.menu/1\nname: a\nl1: {masks: []}",
        "the key 'l0' is missing: the menu has chains of L1 only"
      ),
      ("schema: spillway.menu/1\nname: a", "so is 'l0'"),
      ("schema: spillway.menu/1\nname: a\nl0: {masks: []}\nl2: {}", "l2: unknown key"),
      ("name: a\nl0: {masks: []}", "the key 'schema' is missing"),
    ])
  func head(text: String, part: String) throws {
    let message = try #require(Self.message(text))
    #expect(message.contains(part), "\(message)")
  }

  @Test("a damaged menu is read or refused in one line")
  func damaged() throws {
    let good = try Array(ConfigurationFile.text(path: RepositoryPaths.menu("dump-2021.yaml")).utf8)
    let start = try #require(good.firstRange(of: Array("l0:".utf8))?.lowerBound)
    var random = SplitMix64(seed: 12)
    for _ in 0..<300 {
      var bytes = good
      for _ in 0...random.below(3) {
        let at = start + random.below(bytes.count - start)
        switch random.below(3) {
        case 0: bytes[at] = UInt8(32 + random.below(95))
        case 1: bytes.remove(at: at)
        default: bytes.insert(UInt8(32 + random.below(95)), at: at)
        }
      }
      if let message = Self.message(String(decoding: bytes, as: UTF8.self)) {
        #expect(message.hasPrefix("menu.yaml:") && !message.contains("\n"), "\(message)")
      }
    }
  }

  @Test("the chains of L1 in the same file are left to their reader")
  func both() throws {
    let menu = try L0Menu.parse(
      text:
        "schema: spillway.menu/1\nname: a\ndescription: b\ndetectors: no/such.yaml\nl1: {}\nl0: {masks: []}",
      path: "menu.yaml")
    #expect(menu.name == "a")
    #expect(menu.description == "b")
  }

  @Test("the effective menu reads back as the same")
  func effective() throws {
    var random = SplitMix64(seed: 4)
    for _ in 0..<200 {
      let menu = RandomMenu.menu(&random)
      let file = ConfigValue.map([
        .init("schema", .string("spillway.menu/1")), .init("name", .string(menu.name)),
        .init("description", .string(menu.description)), .init("l0", menu.section),
      ])
      #expect(try L0Menu.parse(text: file.yaml(), path: "menu.yaml") == menu, "\(file.yaml())")
      #expect(try L0Menu.parse(text: file.json(), path: "menu.yaml") == menu)
      let text = menu.fileText(comment: ["made\nby: chance"])
      #expect(text.hasPrefix("# made?by: chance\n\nschema: "))
      #expect(try L0Menu.parse(text: text, path: "menu.yaml") == menu, "\(text)")
    }
  }

  @Test("the hash depends on what triggers, not on names")
  func hash() throws {
    let l0 = "  run: 9000\n  masks:\n    - {number: 1, name: a, condition: RICH & QX, downscaling: 5/2}"
    let menu = try Self.load(l0)
    var renamed = menu
    renamed.name = "other"
    renamed.description = "other"
    renamed.bits = PrimitiveBits(run: 8000)
    renamed.masks[0].name = "b"
    #expect(renamed.hash == menu.hash)
    #expect(menu.hash.count == 64)
    #expect(try Self.load(l0.replacing("QX", with: "Q2")).hash != menu.hash)
    #expect(try Self.load(l0.replacing("5/2", with: "2.5")).hash == menu.hash)
    #expect(try Self.load(l0.replacing("5/2", with: "{factor: 5/2, mode: hash}")).hash != menu.hash)
    #expect(try Self.load(l0 + "\n  delta_packet: 2").hash != menu.hash)
  }

  @Test("what a menu can hardly mean gives a warning")
  func warnings() throws {
    var menu = try Self.load("  masks:\n    - {number: 1, condition: RICH}")
    #expect(menu.warnings.isEmpty)
    menu.masks[0].condition[.rich, 3] = .impossible
    #expect(menu.warnings == ["mask 1 can never fire: a bit has mask 0 and dontcare 1"])
    menu.masks[0].isEnabled = false
    #expect(menu.warnings.isEmpty)
    menu.masks[0].isEnabled = true
    menu.masks[0].condition = L0Condition()
    menu.masks[0].condition[.rich, 15] = .required
    #expect(menu.warnings.map { $0.contains("bit 15") } == [true])
    menu.masks[0].condition[.rich, 15] = .forbidden
    #expect(menu.warnings.isEmpty)
    menu.timeCuts[1] = 0
    #expect(menu.warnings.map { $0.contains("reference detector RICH is 0") } == [true])
    menu.timeCuts[1] = 1
    menu.fixedLatency = 768
    #expect(menu.warnings.map { $0.contains("fixed_latency is 768 ticks") } == [true])
    menu.fixedLatency = 769
    menu.usesStaleCount = true
    #expect(menu.warnings.map { $0.contains("stale_count") } == [true])
    menu.counting = .header
    #expect(menu.warnings.isEmpty)
  }
}
