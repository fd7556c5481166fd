import Configuration
import Testing

@Suite struct ConfigValueTests {
  private let value = ConfigValue.map([
    .init("name", .string("pnn")), .init("window", .double(6.25)), .init("masks", .list([.int(1), .int(2)])),
    .init("blind", .bool(true)), .init("note", .null),
    .init("inner", .map([.init("b", .int(1)), .init("a", .list([.map([.init("x y", .string("yes"))])]))])),
  ])

  @Test func writesJSONInTheGivenOrder() {
    #expect(
      value.json() == #"{"name":"pnn","window":6.25,"masks":[1,2],"blind":true,"note":null,"#
        + #""inner":{"b":1,"a":[{"x y":"yes"}]}}"#)
  }

  @Test func indentedJSONIsTheSameValue() {
    #expect(
      value.json(isIndented: true) == """
        {
          "name": "pnn",
          "window": 6.25,
          "masks": [1, 2],
          "blind": true,
          "note": null,
          "inner": {
            "b": 1,
            "a": [
              {
                "x y": "yes"
              }
            ]
          }
        }
        """)
    #expect(
      ConfigValue.map([.init("a", .list([])), .init("b", .map([]))]).json(isIndented: true)
        == "{\n  \"a\": [],\n  \"b\": {}\n}")
  }

  @Test func writesListsOfMappingsBehindTheDash() throws {
    let list = ConfigValue.list([
      .map([.init("a", .int(1)), .init("b", .map([.init("c", .list([.list([.int(2)])]))]))]), .map([]),
      .list([.map([.init("d", .int(3))])]),
    ])
    let text = list.yaml()
    #expect(text.hasPrefix("- a: 1\n  b:\n    c:\n"))
    let items = try YAMLNode.parse(text: text, file: "t").sequence()
    let inner = try items[0].mapping().required("b").mapping().required("c").sequence()
    #expect(try inner[0].sequence()[0].int() == 2)
    #expect(try items[1].mapping().keys.isEmpty)
    #expect(try items[2].sequence()[0].mapping().required("d").int() == 3)
  }

  @Test func writesYAMLThatReadsBack() throws {
    let text = value.yaml()
    #expect(
      text == """
        name: pnn
        window: 6.25
        masks: [1, 2]
        blind: true
        note: null
        inner:
          b: 1
          a:
            - "x y": "yes"

        """)
    let root = try YAMLNode.parse(text: text, file: "t").mapping()
    #expect(try root.required("window").double() == 6.25)
    #expect(try root.required("inner").mapping().required("a").sequence().count == 1)
  }

  @Test func hashDoesNotDependOnTheOrderOfKeys() {
    let one = ConfigValue.map([.init("a", .int(1)), .init("b", .int(2))])
    let two = ConfigValue.map([.init("b", .int(2)), .init("a", .int(1))])
    #expect(one.sha256 == two.sha256)
    #expect(one.sha256 == SHA256.hex(of: #"{"a":1,"b":2}"#))
    #expect(one.json() != two.json())
  }

  @Test func escapesTextAndReplacesWhatJSONCannotHold() {
    #expect(ConfigValue.string("a\"\\\n\u{1}\u{2028}é").json() == "\"a\\\"\\\\\\n\\u0001\\u2028é\"")
    #expect(ConfigValue.list([.double(.nan), .double(.infinity), .double(0.1)]).json() == "[null,null,0.1]")
    #expect(ConfigValue.list([.double(.nan), .double(-.infinity)]).yaml() == "- .nan\n- -.inf\n")
  }

  @Test func everyTextReadsBackFromYAML() throws {
    for text in [
      "true", "12", "", "~", " x", "a: b", "#c", "*a", "é\u{7}", "a\nb", "plain-1.2", "null", "-",
      "6.25 ns", "64 ticks/256", "RICH & !MUV3", "!MUV3 & RICH", "& a", "a &", "a !", "12 13", "a - b",
      "a  b",
      "LKr[8] & QX", "2001-12-14 21", "a # b", "true & false", "1 & 2", "a\u{A0}b",
    ] {
      let yaml = ConfigValue.map([.init("k", .string(text))]).yaml()
      #expect(try YAMLNode.parse(text: yaml, file: "t").mapping().required("k").string() == text)
    }
  }
}
