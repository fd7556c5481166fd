import Alerting
import Foundation
import Testing

@Suite struct JSONLineTests {
  @Test func keysKeepTheirOrder() {
    let value = JSONLine.object([
      .init("b", .int(1)), .init("a", .array([.null, .bool(true), .bool(false), .unsigned(.max)])),
      .init("c", .object([])), .init("d", .array([])),
    ])
    #expect(value.text == #"{"b":1,"a":[null,true,false,18446744073709551615],"c":{},"d":[]}"#)
  }

  @Test(arguments: [
    ("plain", #""plain""#), ("a\"b\\c/", #""a\"b\\c/""#), ("\n\r\t\u{8}\u{C}", #""\n\r\t\b\f""#),
    ("\u{0}\u{1}\u{1F}\u{7F}", #""\u0000\u0001\u001f\u007f""#),
    ("π⁺ K→πνν 🙂 é", #""π⁺ K→πνν 🙂 é""#), ("\u{2028}\u{2029}\u{85}", #""\u2028\u2029\u0085""#),
    ("\r\n", #""\r\n""#), ("\"\u{301}", "\"\\\"\u{301}\""),
  ])
  func textIsEscaped(_ row: (String, String)) {
    #expect(JSONLine.string(row.0).text.unicodeScalars.elementsEqual(row.1.unicodeScalars))
  }

  @Test func numbersReadBackAsTheSame() throws {
    let values = [
      0, -0.0, 0.1, 1e-300, .leastNonzeroMagnitude, 1.0 / 3, 1e16, 123456789.125, 1.7976931348623157e308,
    ]
    for value in values {
      #expect(Double(JSONLine.double(value).text)?.bitPattern == value.bitPattern)
    }
    #expect(JSONLine.double(0.1).text == "0.1")
  }

  @Test func numbersWithoutValueAreNull() {
    #expect(JSONLine.double(.nan).text == "null")
    #expect(JSONLine.double(.infinity).text == "null")
    #expect(JSONLine.optional(nil).text == "null")
    #expect(JSONLine.optional(1.5).text == "1.5")
  }

  @Test func everyScalarSurvivesAnotherReader() throws {
    let scalars = (0..<0x3000).compactMap { UnicodeScalar(UInt32($0)) } + ["\u{FEFF}", "\u{10FFFF}"]
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    let line = JSONLine.object([.init(text, .string(text))]).text
    #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
    let read = try JSONSerialization.jsonObject(with: Data(line.utf8))
    let members = try #require(read as? [String: String])
    #expect(members.count == 1)
    for (key, value) in members {
      #expect(key.unicodeScalars.elementsEqual(scalars))
      #expect(value.unicodeScalars.elementsEqual(scalars))
    }
  }
}
