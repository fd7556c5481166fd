import Foundation
import Testing

@testable import PacketCapture

@Suite struct LineReaderTests {
  private func withPath(_ name: String, _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(
      "lines-\(UUID().uuidString)-\(name)"
    ).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func lines(_ path: String, maximumLength: Int = 1 << 22) throws -> [[UInt8]] {
    let reader = try LineReader(path: path, maximumLength: maximumLength)
    var lines: [[UInt8]] = []
    while let line = try reader.next({ Array($0) }) { lines.append(line) }
    #expect(reader.lineNumber == lines.count)
    return lines
  }

  @Test(arguments: ["a.txt", "a.txt.gz", "a.txt.zst"])
  func linesOfAnyLengthAreReadAsTheyWereWritten(_ name: String) throws {
    try withPath(name) { path in
      // Empty ones, one longer than the buffer, and none at the end.
      let sizes = [0, 1, 300_000, 0] + (0..<3000).map { $0 * 7919 % 1000 } + [5]
      let written = sizes.enumerated().map { place, size in
        (0..<size).map { UInt8(truncatingIfNeeded: (place + $0) % 200 + 20) }
      }
      let sink = try FileSink(path: path)
      for (place, line) in written.enumerated() { try sink.write(place == 0 ? line : [0x0A] + line) }
      try sink.close()
      #expect(try lines(path) == written)
    }
  }

  @Test(arguments: ["a.gz", "a.zst"]) func filesThatAreLeftOpenAreWholeToo(_ name: String) throws {
    try withPath(name) { path in
      do {
        let sink = try FileSink(path: path)
        try sink.write(Array("one\ntwo\n".utf8))
      }
      #expect(try lines(path) == [Array("one".utf8), Array("two".utf8)])
    }
  }

  @Test func theSameBytesGiveTheSameFile() throws {
    for name in ["a.gz", "a.zst"] {
      var files: [Data] = []
      for _ in 0..<2 {
        try withPath(name) { path in
          let sink = try FileSink(path: path)
          for i in 0..<100_000 as Range<UInt32> { try sink.write(i &* 2_654_435_761) }
          try sink.close()
          files.append(try Data(contentsOf: URL(fileURLWithPath: path)))
        }
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func aFileThatIsCutSaysSo() throws {
    try withPath("a.gz") { path in
      let sink = try FileSink(path: path)
      for i in 0..<100_000 as Range<UInt32> { try sink.write(i &* 2_654_435_761) }
      try sink.close()
      let url = URL(fileURLWithPath: path)
      try Data(contentsOf: url).prefix(100_000).write(to: url)
      #expect(throws: CaptureError.self) { try lines(path) }
    }
  }

  @Test func aLineThatIsTooLongIsRefused() throws {
    try withPath("a.txt") { path in
      try Data("short\n123456\n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(try lines(path, maximumLength: 6).count == 2)
      #expect(throws: CaptureError.tooLarge(path: "\(path): line 2", limit: 5)) {
        try lines(path, maximumLength: 5)
      }
    }
  }
}
