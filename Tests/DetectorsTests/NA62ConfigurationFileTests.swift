import Configuration
import Testing

@testable import Detectors

private func file(_ text: String) -> NA62ConfigurationFile {
  NA62ConfigurationFile(path: "MAP.conf", bytes: Array(text.utf8))
}

private func row(_ index: String, _ value: Int = 5, count: Int = 16) -> String {
  "ChRemap_\(index)=" + String(repeating: " \(value)", count: count)
}

private func message<Value>(_ body: () throws(ConfigurationError) -> Value) -> String? {
  do throws(ConfigurationError) {
    _ = try body()
    return nil
  } catch {
    return error.description
  }
}

@Suite struct NA62ConfigurationFileTests {
  @Test func readsRowsAndLeavesTheOthersUnmapped() throws {
    let text = "# ChRemap_0001= no\n\nNROChannels= 48\r\n\(row("0001", 7)) ## 1 2\n  \(row("2", 9))\n"
    let map = try file(text).channelMap(count: 64)
    #expect(map[..<16].allSatisfy { $0 == -1 })
    #expect(map[16..<32].allSatisfy { $0 == 7 })
    #expect(map[32..<48].allSatisfy { $0 == 9 })
    #expect(map[48...].allSatisfy { $0 == -1 })
  }

  @Test func doesNotReadALastLineWithoutNewline() throws {
    let text = "NROChannels= 16\n" + row("0000")
    #expect(try file(text).channelMap(count: 16) == .unmapped(16))
    #expect(try file(text + "\n").channelMap(count: 16) == ContiguousArray(repeating: 5, count: 16))
  }

  @Test func ignoresRowsBeyondTheChannels() throws {
    let map = try file("NROChannels= 16\n\(row("0001"))\n\(row("99999999"))\n").channelMap(count: 64)
    #expect(map == .unmapped(64))
  }

  @Test func refusesBrokenRows() {
    let head = "NROChannels= 32\n"
    #expect(
      message { () throws(ConfigurationError) in try file(row("0000") + "\n").channelMap(count: 32) }
        == "MAP.conf: no line 'NROChannels= n' was found; check that this is NA62's file of that detector")
    #expect(
      message { () throws(ConfigurationError) in try file("NROChannels= 64\n").channelMap(count: 32) }
        == "MAP.conf:1: NROChannels: expected a number of channels from 1 to 32; "
        + "check that this is NA62's file of that detector")
    #expect(
      message { () throws(ConfigurationError) in
        try file(head + row("0001", count: 15) + "\n").channelMap(count: 32)
      } == "MAP.conf:2: ChRemap_0001: expected 16 values, found 15")
    #expect(
      message { () throws(ConfigurationError) in
        try file(head + row("0001", count: 15) + " x\n").channelMap(count: 32)
      } == "MAP.conf:2: ChRemap_0001: expected a number, found 'x'")
    #expect(
      message { () throws(ConfigurationError) in
        try file(head + row("0001") + "\n" + row("1") + "\n").channelMap(count: 32)
      } == "MAP.conf:3: ChRemap_1: the row is repeated; it is already on line 2; keep one of them")
    #expect(
      message { () throws(ConfigurationError) in try file(head + row("x") + "\n").channelMap(count: 32) }
        == "MAP.conf:2: expected ChRemap_ and a number, found ChRemap_x=")
  }

  @Test func readsTimeOffsets() throws {
    #expect(try file("StationsT0= -6405.33\n").number(key: "StationsT0=") == -6405.33)
    #expect(try file("# a\n1.5 0 0\n24.2 0.0 0.0\n\n").firstNumberOfLastLine() == 24.2)
    #expect(try file("T_00= 1 2\nT_1= 3 4\n").table(prefix: "T_", rowCount: 2, columns: 2) == [1, 2, 3, 4])
    #expect(
      message { () throws(ConfigurationError) in
        try file("T_00= 1 2\n").table(prefix: "T_", rowCount: 2, columns: 2)
      }
        == "MAP.conf: T_1: the row is missing, expected 2 rows, found 1; "
        + "a last line without a newline is not read"
    )
    #expect(
      message { () throws(ConfigurationError) in try file("# x\n").firstNumberOfLastLine() }?
        .contains("no line with a number was found") == true)
    #expect(
      message { () throws(ConfigurationError) in try file("nan\n").firstNumberOfLastLine() }
        == "MAP.conf:1: expected a number, found 'nan'")
  }

  @Test func readsAnyBytesWithoutCrashing() {
    var state: UInt64 = 3
    for _ in 0..<200 {
      var bytes = Array("NROChannels= 32\n\(row("0000"))\n\(row("0001"))\n".utf8)
      for _ in 0..<5 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
      }
      let broken = NA62ConfigurationFile(path: "MAP.conf", bytes: bytes)
      _ = message { () throws(ConfigurationError) in try broken.channelMap(count: 32) }
    }
  }
}
