import Configuration
import Testing

private enum Reference: String, CaseIterable { case l0tp, chod }

/// The error that `body` throws, in its one line.
private func message(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch let error as ConfigurationError {
    return error.description
  } catch {
    return "another error: \(error)"
  }
}

private func node(_ value: String) throws -> YAMLNode {
  try YAMLNode.parse(text: "first: 1\nmasks:\n  - window: \(value)\n", file: "menu.yaml")
    .mapping().required("masks").sequence()[0].mapping().required("window")
}

@Suite struct YAMLNodeTests {
  @Test func readsEveryKindOfValue() throws {
    #expect(try node("0x14").int() == 20)
    #expect(try node("-7").int(in: -10...0) == -7)
    #expect(try node("2.5e1").double() == 25)
    #expect(try node("true").bool())
    #expect(try node("6.25 ns").quantity(unit: "ns") == 6.25)
    #expect(try node("6.25ns").quantity(unit: "ns") == 6.25)
    #expect(try node("12 ticks").quantity(units: ["ns", "ticks"]) == Quantity(value: 12, unit: "ticks"))
    #expect(try node("chod").choice(Reference.self) == .chod)
    #expect(try node("[1, 2]").sequence().map { try $0.int() } == [1, 2])
    #expect(try node("~").isNull)
  }

  @Test(arguments: ["!MUV3", "!MUV3 RICH", "!MUV3 & RICH", "& RICH", "[!RICH]", "!a {b: 1}"])
  func refusesTagsAndAnchorsThatWouldBeLost(value: String) {
    let text = message { _ = try node(value) }
    #expect(text?.hasPrefix("menu.yaml:3: ") == true, "\(text ?? "")")
    #expect(text?.contains("put a text that begins with '!', '&' or '*' in quotes") == true, "\(text ?? "")")
  }

  @Test(arguments: [
    ("five", "expected a whole number from 0 to 9, found 'five'"),
    ("10", "expected a whole number from 0 to 9, found 10"),
    ("07", "expected a whole number from 0 to 9, found '07'"),
    ("1.5", "expected a whole number from 0 to 9, found '1.5'"),
    ("'5'", "expected a whole number from 0 to 9, found '5'; remove the quotes"),
    ("99999999999999999999", "expected a whole number from 0 to 9, found '99999999999999999999'"),
    ("0x-1", "expected a whole number from 0 to 9, found '0x-1'"),
    ("[1]", "expected a whole number from 0 to 9, found a list of 1"),
    ("", "expected a whole number from 0 to 9, found nothing"),
  ])
  func namesTheExpectedWholeNumber(value: String, problem: String) {
    #expect(message { _ = try node(value).int(in: 0...9) } == "menu.yaml:3: masks[0].window: \(problem)")
  }

  @Test(arguments: [
    ("5", "the unit is missing, expected a unit of ns, ticks; write for example '5 ns'"),
    ("5 us", "wrong unit 'us', expected a unit of ns, ticks; did you mean 'ns'?"),
    ("5 MeV", "wrong unit 'MeV', expected a unit of ns, ticks"),
    ("5 tick", "wrong unit 'tick', expected a unit of ns, ticks; did you mean 'ticks'?"),
    ("ns", "expected a number with a unit of ns, ticks, found 'ns'; write for example '5 ns'"),
    ("1 2 ns", "expected a number with a unit of ns, ticks, found '1 2 ns'; write for example '5 ns'"),
    ("nan ns", "expected a number with a unit of ns, ticks, found 'nan ns'; write for example '5 ns'"),
    ("-5 ns", "expected a number of at least 0.0 ns, found -5.0"),
  ])
  func namesTheExpectedUnits(value: String, problem: String) {
    let text = message {
      _ = try node(value).quantity(units: ["ns", "ticks"], in: 0...Double.greatestFiniteMagnitude)
    }
    #expect(text == "menu.yaml:3: masks[0].window: \(problem)")
  }

  @Test func namesTheNearestChoice() {
    let text = message { _ = try node("chood").choice(Reference.self) }
    #expect(
      text == "menu.yaml:3: masks[0].window: expected one of l0tp, chod, found 'chood'; did you mean 'chod'?")
  }

  @Test func refusesWhatIsNotOfTheAskedKind() {
    let place = "menu.yaml:3: masks[0].window: "
    #expect(message { _ = try node("yes").bool() } == place + "expected true or false, found 'yes'")
    #expect(message { _ = try node("[]").string() } == place + "expected text, found a list of 0")
    #expect(message { _ = try node("x").sequence() } == place + "expected a list, found 'x'")
    #expect(
      message { _ = try node("[1]").sequence(count: 2) } == place + "expected a list of 2 values, found 1")
    #expect(
      message { _ = try node("x").mapping() } == place + "expected a mapping of keys to values, found 'x'")
    #expect(message { _ = try node("inf").double() } == place + "expected a number, found 'inf'")
    #expect(
      message { _ = try node("3").double(in: 0...1) } == place
        + "expected a number from 0.0 to 1.0, found 3.0")
  }

  @Test func namesTheNearestKeyForAnUnknownOne() throws {
    let root = try YAMLNode.parse(
      text: "masks:\n  - {id: 1}\n  - id: 2\n    windw: 5 ns\n", file: "menu.yaml")
    let mask = try root.mapping().required("masks").sequence()[1].mapping()
    #expect(
      message { try mask.rejectUnknown(keys: ["id", "window"]) }
        == "menu.yaml:4: masks[1].windw: unknown key; did you mean 'window'? valid keys: id, window")
    #expect(
      message { try mask.rejectUnknown(keys: ["id", "reference"]) }
        == "menu.yaml:4: masks[1].windw: unknown key; valid keys: id, reference")
  }

  @Test func namesAMissingKey() throws {
    let root = try YAMLNode.parse(text: "windw: 5 ns\n", file: "menu.yaml").mapping()
    #expect(
      message { _ = try root.required("window") }
        == "menu.yaml:1: the key 'window' is missing; is 'windw' a misspelling of it?")
    #expect(message { _ = try root.required("name") } == "menu.yaml:1: the key 'name' is missing; add it")
    #expect(root.optional("name") == nil)
  }

  @Test func refusesARepeatedKeyAndNamesBothLines() {
    let text = "a:\n  window: 1\n  b: 2\n  window: 3\n"
    #expect(
      message { _ = try YAMLNode.parse(text: text, file: "menu.yaml") }
        == "menu.yaml:4: the key 'window' is repeated; it is already on line 2; keep one of them")
    #expect(
      message { _ = try YAMLNode.parse(text: "{a: 1, a: 2}", file: "menu.yaml") }
        == "menu.yaml:1: the key 'a' is repeated; keep one of them")
  }
}

@Suite struct NearestNameTests {
  @Test func countsEditsAndSwaps() {
    #expect(NearestName.editDistance("window", "windw") == 1)
    #expect(NearestName.editDistance("window", "widnow") == 1)
    #expect(NearestName.editDistance("", "abc") == 3)
    #expect(NearestName.of("Window", in: ["mask", "window"]) == "window")
    #expect(NearestName.of("a", in: ["xyz"]) == nil)
    #expect(NearestName.of(String(repeating: "a", count: 100_000), in: ["a"]) == nil)
  }
}
