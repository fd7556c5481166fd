import L0Trigger
import SpillwayTestSupport
import Testing

@Suite("conditions in the field's words")
struct ConditionParserTests {
  private static func parse(_ text: String, run: Int = 9000) throws(L0ConditionError) -> L0Condition {
    try L0ConditionParser(bits: PrimitiveBits(run: run)).parse(text)
  }

  private static func error(_ text: String, run: Int = 9000) -> L0ConditionError? {
    do {
      _ = try parse(text, run: run)
      return nil
    } catch { return error }
  }

  @Test(
    "a condition of 2018 gives the registers of its line",
    arguments: [
      (
        "RICH & Q1 & !MUV3",
        [0xFFFF, 0xFFFF, 0xFFFF, 0xBFFF, 0xFFFF, 0xFFFF, 0xFFFF],
        [0xFFFF, 0xBFFF, 0xFFFF, 0xBFFF, 0xBFFF, 0xFFFF, 0xFFFF]
      ),
      (
        "RICH & !QX & UTMC & !MUV & !LKr30",
        [0xFFFF, 0xFFFF, 0xFFFF, 0xBFFF, 0xF7FF, 0xFFFF, 0xBFFF],
        [0xFFFF, 0xBFFF, 0xFFFF, 0xBFFF, 0xE7FF, 0xFFFF, 0xBFFF]
      ),
      (
        "RICH & QX & LKr20",
        [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF],
        [0xFFFF, 0xBFFF, 0xFFFF, 0xFFFF, 0xF7FF, 0xFFFF, 0xEFFF]
      ),
    ] as [(String, [UInt16], [UInt16])])
  func knownRegisters(text: String, mask: [UInt16], dontcare: [UInt16]) throws {
    #expect(try Self.parse(text) == L0Condition(mask: mask, dontcare: dontcare))
  }

  @Test("spaces, parentheses, order and repetition change nothing")
  func sameCondition() throws {
    let expected = try Self.parse("RICH & QX & !MUV3")
    for text in [
      "RICH&QX&!MUV3", "  QX & RICH & ! MUV ", "(RICH & QX) & !MUV3", "((RICH)) & (QX & (!MUV3))",
      "RICH & QX & !(MUV3)", "RICH & RICH & QX & !MUV3", "any & RICH & QX & !MUV3", "RICH\t&\nQX & !MUV3[14]",
      "RICH[14] & NewCHOD[11] & !MUV3",
    ] {
      #expect(try Self.parse(text) == expected, "\(text)")
    }
  }

  @Test("any and true demand nothing", arguments: ["any", "true", "(any)", "any & true"])
  func noDemand(text: String) throws {
    #expect(try Self.parse(text) == L0Condition())
  }

  @Test("names follow the run")
  func names() throws {
    var bit8 = L0Condition()
    bit8[.muv3, 8] = .required
    #expect(try Self.parse("MOQ2", run: 7962) == bit8)
    #expect(try Self.parse("MT2", run: 7961) == bit8)
    var lkr = L0Condition()
    lkr[.lkr, 10] = .required
    #expect(try Self.parse("LKr", run: 8774) == lkr)
    #expect(try Self.parse("LKr[10]", run: 9000) == lkr)
    var lkr20 = L0Condition()
    lkr20[.lkr, 14] = .required
    #expect(try Self.parse("LKr20", run: 6492) == lkr20)
    lkr20 = L0Condition()
    lkr20[.lkr, 12] = .required
    #expect(try Self.parse("LKr20", run: 7976) == lkr20)
    #expect(Self.error("LKr20", run: 8774)?.problem == "unknown name 'LKr20' among the bits of run 8774")
  }

  @Test(
    "a mistake is explained where it stands",
    arguments: [
      ("", 1, "the condition is empty", nil, "'any'"),
      ("   ", 1, "the condition is empty", nil, "'any'"),
      ("QX & RIHC", 6, "unknown name 'RIHC' among the bits of run 9000", "RICH", ""),
      ("rich", 1, "unknown name 'rich'", "RICH", ""),
      ("RICH & nMUV", 8, "unknown name 'nMUV'", nil, "a veto is written '!MUV'"),
      ("RICH and QX", 6, "expected '&' before 'and'", nil, ""),
      ("and", 1, "unknown name 'and'", nil, "write '&'"),
      ("not", 1, "unknown name 'not'", nil, "write '!'"),
      ("or", 1, "unknown name 'or'", nil, "two masks"),
      ("none", 1, "unknown name 'none'", nil, "enabled: false"),
      ("RICH & !RICH", 9, "'RICH' is both required and forbidden", nil, "remove one"),
      ("!Q1 & NewCHOD", 7, "'Q1' and 'NewCHOD', one bit, are both required and forbidden", nil, ""),
      ("RICH | QX", 6, "one mask has no 'or'", nil, "write two masks"),
      ("RICH || QX", 6, "one mask has no 'or'", nil, "write two masks"),
      ("RICH && QX", 6, "'&' stands twice", nil, ""),
      ("RICH & & QX", 8, "expected a name before '&'", nil, ""),
      ("& QX", 1, "expected a name before '&'", nil, ""),
      ("RICH &", 7, "the condition ends where a name was expected", nil, ""),
      ("!", 2, "the condition ends where a name was expected", nil, ""),
      ("!!RICH", 2, "'!' stands twice", nil, ""),
      ("!(RICH & QX)", 1, "'!' before a conjunction is an 'or' of vetoes", nil, "two masks"),
      ("!any", 1, "'!' before a condition that demands nothing", nil, "remove it"),
      ("RICH QX", 6, "expected '&' before 'QX'", nil, ""),
      ("RICH !QX", 6, "expected '&'", nil, ""),
      ("(RICH", 1, "'(' without ')'", nil, "add it"),
      ("RICH)", 5, "')' without '('", nil, "remove it"),
      ("()", 2, "expected a name before ')'", nil, ""),
      ("RICH-QX", 5, "unexpected '-'", nil, "join bits by '&'"),
      ("RICH * QX", 6, "unexpected '*'", nil, "join bits by '&'"),
      ("LKr[15]", 1, "LKr has the bits 0 to 14, found 15", nil, "calibration"),
      ("LKr[99]", 1, "LKr has the bits 0 to 14, found 99", nil, ""),
      ("LKr[x]", 1, "expected the number of a bit in brackets, found 'x'", nil, ""),
      ("LKr[-1]", 1, "expected the number of a bit", nil, ""),
      ("LKr[]", 1, "expected the number of a bit", nil, ""),
      ("LKr[99999999999999999999]", 1, "expected the number of a bit", nil, ""),
      ("LKr[3", 1, "'[' without ']'", nil, ""),
      ("LKR[3]", 1, "unknown detector 'LKR'", "LKr", "detectors: CHOD"),
      ("[3]", 1, "unexpected '['", nil, ""),
      ("RICH & µ", 8, "unexpected 'µ'", nil, ""),
    ] as [(String, Int, String, String?, String)])
  func mistakes(text: String, position: Int, problem: String, suggestion: String?, advice: String) throws {
    let error = try #require(Self.error(text))
    #expect(error.position == position)
    #expect(error.problem.contains(problem), "\(error.problem)")
    #expect(error.suggestion == suggestion)
    #expect(advice.isEmpty || error.advice.contains(advice), "\(error.advice)")
  }

  @Test("deep and long texts are refused")
  func hostile() throws {
    let deep = String(repeating: "(", count: 900) + "RICH" + String(repeating: ")", count: 900)
    #expect(Self.error(deep)?.problem.contains("nested deeper than 16") == true)
    let long = String(repeating: "RICH & ", count: 1000) + "RICH"
    #expect(Self.error(long)?.problem.contains("longer than 2000") == true)
  }

  @Test("any text is read or refused at a place in it")
  func arbitraryText() {
    let pieces = [
      "RICH", "QX", "LKr[8]", "&", "!", "(", ")", "[", "]", " ", "any", "|", "9", "é", "\u{0}", "LKr[",
    ]
    var random = SplitMix64(seed: 31)
    for _ in 0..<3000 {
      let text = (0..<random.below(9)).map { _ in pieces[random.below(pieces.count)] }.joined()
      if let error = Self.error(text) {
        #expect((1...text.unicodeScalars.count + 1).contains(error.position), "\(text)")
        #expect(!error.problem.isEmpty)
      }
    }
  }

  @Test("a condition that is written and read again is the same", arguments: [6000, 7100, 7900, 8774, 9000])
  func roundTrip(run: Int) throws {
    let bits = PrimitiveBits(run: run)
    var random = SplitMix64(seed: UInt64(run))
    for _ in 0..<400 {
      let condition = RandomMenu.condition(&random)
      let text = try #require(condition.expression(bits: bits))
      #expect(try L0ConditionParser(bits: bits).parse(text) == condition, "\(text)")
    }
    #expect(L0Condition().expression(bits: bits) == "any")
  }

  @Test("what words cannot say has no expression")
  func noExpression() {
    for demand in [L0Condition.Demand.required, .forbidden, .impossible] {
      var condition = L0Condition()
      condition[.rich, 15] = demand
      #expect(condition.expression(bits: .latest) == nil)
    }
    var condition = L0Condition()
    condition[.lkr, 3] = .impossible
    #expect(condition.expression(bits: .latest) == nil)
  }

  @Test("vetoes come last, and a name stands for its bit")
  func expression() throws {
    #expect(
      try Self.parse("!LKr30 & !MUV & QX & LKr[8] & CHOD[3] & RICH").expression(bits: .latest)
        == "CHOD[3] & RICH & QX & C2E10 & !MUV3 & !LKr")
  }
}
