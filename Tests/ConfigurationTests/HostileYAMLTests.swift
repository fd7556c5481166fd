import Configuration
import Foundation
import Testing

/// The error of parsing `text`, or nil if it is accepted.
private func problem(_ text: String) -> ConfigurationError? {
  do {
    _ = try YAMLNode.parse(text: text, file: "hostile.yaml")
    return nil
  } catch {
    return error
  }
}

private func loadProblem(_ bytes: [UInt8]) throws -> ConfigurationError? {
  let path = NSTemporaryDirectory() + "spillway-\(UUID().uuidString).yaml"
  defer { try? FileManager.default.removeItem(atPath: path) }
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  do {
    _ = try YAMLNode.load(path: path)
    return nil
  } catch {
    return error
  }
}

@Suite struct HostileYAMLTests {
  @Test(arguments: [65, 300, 2000, 1_000_000])
  func refusesDeepNestingInEveryStyle(depth: Int) {
    #expect(problem(String(repeating: "[", count: depth) + String(repeating: "]", count: depth)) != nil)
    #expect(problem(String(repeating: "{a: ", count: min(depth, 200_000))) != nil)
    #expect(problem(String(repeating: "- ", count: depth) + "1") != nil)
    #expect(problem(String(repeating: "? ", count: depth) + "1") != nil)
    #expect(problem(String(repeating: "[\n", count: depth) + String(repeating: "]", count: depth)) != nil)
    #expect(problem("'\n': " + String(repeating: "[", count: depth)) != nil)
    let steps = min(depth, 1500)
    #expect(problem((0..<steps).map { String(repeating: " ", count: $0) + "a:\n" }.joined()) != nil)
  }

  @Test func acceptsNestingUpToTheLimit() {
    let depth = YAMLLimits.depth
    #expect(problem(String(repeating: "[", count: depth) + String(repeating: "]", count: depth)) == nil)
    #expect(
      problem(String(repeating: "[", count: depth + 1) + String(repeating: "]", count: depth + 1))?.problem
        == "nested deeper than 64 levels")
  }

  @Test func acceptsUnbalancedBracketsInComments() {
    let lines = (0..<1000).map { "k\($0): 1 # of [0, 1)\n" }
    #expect(problem(lines.joined()) == nil)
  }

  private func bomb(levels: Int) -> String {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...levels {
      let item = "*a\(level - 1)"
      text += "a\(level): &a\(level) [\(Array(repeating: item, count: 10).joined(separator: ", "))]\n"
    }
    return text
  }

  @Test func refusesAnAliasBomb() {
    #expect(
      problem(bomb(levels: 20))?.problem == "more than 100000 values after expanding aliases")
  }

  @Test(arguments: [
    "? *a20\n: 1\n", "*a20 : 1\n", "{[*a20]: 1}\n", "? [*a20, *a19]\n: 1\n", "x: {*a20 : 1}\n",
  ])
  func refusesAnAliasBombInAKey(key: String) {
    #expect(problem(bomb(levels: 20) + key) != nil)
  }

  @Test func expandsAnHonestAlias() throws {
    let root = try YAMLNode.parse(text: "a: &w 5 ns\nb: *w\n", file: "t").mapping()
    #expect(try root.required("b").quantity(unit: "ns") == 5)
  }

  @Test func refusesTooManyValues() {
    let list = "[" + String(repeating: "1,", count: 100_001) + "1]"
    #expect(problem(list)?.problem == "more than 100000 values after expanding aliases")
  }

  @Test(arguments: [
    "[1", "a: b: c", "\"", "\t- a", "%YAML 9.9\n---\n", "a: *none", "--- 1\n--- 2", "a: \u{7}",
  ])
  func refusesWhatIsNotOneDocument(text: String) throws {
    let error = try #require(problem(text))
    #expect(error.problem.hasPrefix("not valid YAML"))
    #expect(!error.description.contains("\n"))
  }

  @Test func refusesAnEmptyFile() {
    #expect(problem("")?.problem == "the file is empty")
    #expect(problem("# only a comment\n")?.problem == "the file is empty")
  }

  @Test func refusesStructuredAndLongKeys() {
    #expect(problem("[a, b]: 1")?.problem == "a key must be a word of at most 256 bytes")
    #expect(
      problem(String(repeating: "k", count: 300) + ": 1")?.problem
        == "a key must be a word of at most 256 bytes")
  }

  @Test func namesTheLineThatIsNotUTF8() throws {
    let error = try #require(try loadProblem(Array("a: 1\nb: ".utf8) + [0xFF, 0xFE, 0x0A]))
    #expect(error.line == 2)
    #expect(error.problem == "not UTF-8 text")
  }

  @Test func refusesBinaryFiles() throws {
    var state: UInt64 = 1
    let bytes = (0..<4096).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    #expect(try loadProblem(bytes) != nil)
    #expect(try loadProblem([0, 0, 0, 0]) != nil)
  }

  @Test func acceptsAByteOrderMark() throws {
    #expect(try loadProblem([0xEF, 0xBB, 0xBF] + Array("a: 1\n".utf8)) == nil)
  }

  @Test func refusesAHugeFile() throws {
    let bytes = [UInt8](repeating: 0x20, count: ConfigurationFile.sizeLimit + 1)
    #expect(try loadProblem(bytes)?.problem.hasPrefix("larger than 16 MiB") == true)
  }

  @Test(arguments: [
    ("/nonexistent/menu.yaml", "cannot be opened: No such file or directory"),
    ("/tmp", "is a directory, expected a file"), ("/dev/zero", "is not a regular file"),
    ("", "not a file name"),
  ])
  func refusesWhatIsNotAFile(path: String, expected: String) {
    do {
      _ = try YAMLNode.load(path: path)
      Issue.record("accepted")
    } catch {
      #expect(error.problem == expected)
    }
  }

  @Test func neverCrashesOnMutatedText() {
    let base = Array(
      "masks:\n  - {id: 0x1, window: 5 ns, of: [a, 'b', \"c\"]}\n  - &x |\n    t\n  - *x\n? k\n: v\n".utf8)
    var state: UInt64 = 7
    for _ in 0..<3000 {
      var bytes = base
      for _ in 0..<4 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let at = Int(state >> 33) % bytes.count
        bytes[at] = Array("[]{}-?:*&|>'\"#%!, \n\ta0\u{0}~".utf8)[Int((state >> 20) & 0xFF) % 24]
      }
      _ = problem(String(decoding: bytes, as: UTF8.self))
    }
  }
}
