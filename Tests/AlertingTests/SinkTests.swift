import Alerting
import Foundation
import Testing

@Suite struct SinkTests {
  private func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("alerts-\(UUID()).jsonl").path
  }

  @Test func memoryKeepsOrder() {
    let sink = MemorySink()
    sink.deliver(["a"])
    sink.deliver(["b", "c"])
    #expect(sink.lines == ["a", "b", "c"])
  }

  @Test func fileHoldsEveryLineAndIsEmptiedOrAppended() throws {
    let path = temporaryPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let first = try JSONLinesSink(path: path)
    try first.deliver(["one", "two"])
    try first.deliver([])
    try first.close()
    let second = try JSONLinesSink(path: path, append: true)
    try second.deliver(["three"])
    try second.close()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\nthree\n")
    try JSONLinesSink(path: path).close()
    #expect(try String(contentsOfFile: path, encoding: .utf8).isEmpty)
  }

  @Test func closedSinkRefusesLines() throws {
    let path = temporaryPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let sink = try JSONLinesSink(path: path)
    try sink.close()
    try sink.close()
    #expect(throws: AlertingError.closed(path: path)) { try sink.deliver(["x"]) }
  }

  @Test func openErrorNamesThePath() {
    let path = "/nonexistent-directory/alerts.jsonl"
    #expect(throws: AlertingError.cannotOpen(path: path, reason: "No such file or directory")) {
      try JSONLinesSink(path: path)
    }
    #expect(throws: AlertingError.self) { try JSONLinesSink(path: "a\u{0}b") }
  }

  #if os(Linux)
    @Test func fullDiskNamesThePath() throws {
      let sink = try JSONLinesSink(path: "/dev/full")
      #expect(throws: AlertingError.cannotWrite(path: "/dev/full", reason: "No space left on device")) {
        try sink.deliver(["x"])
      }
    }

    @Test func partialWritesToANonBlockingPipeArriveWhole() throws {
      var ends: [Int32] = [0, 0]
      try #require(pipe(&ends) == 0)
      try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
      let (readEnd, writeEnd) = (ends[0], ends[1])
      let sink = JSONLinesSink(descriptor: writeEnd, name: "pipe")
      let lines = (0..<20_000).map { "line \($0) " + String(repeating: "x", count: $0 % 50) }
      let writer = Thread {
        try? sink.deliver(lines)
        try? sink.close()
        _ = close(writeEnd)
      }
      writer.start()
      let read = FileHandle(fileDescriptor: readEnd, closeOnDealloc: true).readDataToEndOfFile()
      #expect(String(decoding: read, as: UTF8.self) == lines.map { $0 + "\n" }.joined())
    }
  #endif
}
