import Alerting
import Foundation
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@testable import TriggerPipeline

/// Files of an interrupted run, cut back to a checkpoint and written on.
@Suite("Files of a run that goes on")
struct RunFilesTests {
  private static func quarantine(_ path: String, append: Bool, _ numbers: Range<UInt32>) throws {
    let writer = QuarantineWriter(path: path, append: append)
    for number in numbers {
      try writer.write(
        time: DataTime(nanoseconds: Int64(number)), packet: PacketReference(input: 0, number: number),
        frame: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Int(number)),
        link: number % 2 == 0 ? .ethernet : .rawIP, reason: "test")
    }
    try writer.close()
  }

  @Test("a quarantine that was cut back and written on has the bytes of one that was not")
  func quarantine() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let (whole, part) = ("\(directory)/whole.pcap", "\(directory)/part.pcap")
      try Self.quarantine(whole, append: false, 1..<30)
      try Self.quarantine(part, append: false, 1..<12)
      let lengths = try RunFiles.lengths(of: [part])
      // What came behind the checkpoint, and is not whole.
      let file = try OutputFile(path: part, append: true)
      try file.write("lost")
      try file.close()
      try RunFiles.cut([part], to: lengths)
      try Self.quarantine(part, append: true, 12..<30)
      #expect(FileManager.default.contents(atPath: part) == FileManager.default.contents(atPath: whole))
      // One that did not exist begins as ever; what is no quarantine is begun anew.
      try Self.quarantine("\(directory)/new.pcap", append: true, 1..<30)
      try Data("no pcapng".utf8).write(to: URL(fileURLWithPath: part))
      try Self.quarantine(part, append: true, 1..<30)
      for path in ["\(directory)/new.pcap", part] {
        #expect(FileManager.default.contents(atPath: path) == FileManager.default.contents(atPath: whole))
      }
    }
  }

  @Test("files are cut to their lengths, taken away where they had none, and never made longer")
  func cut() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let (kept, later, short) = ("\(directory)/a", "\(directory)/b", "\(directory)/c")
      try OutputFile.write("abc", to: kept)
      try OutputFile.write("abcdef", to: short)
      let lengths = try RunFiles.lengths(of: [kept, later, short])
      #expect(lengths == [kept: 3, short: 6])
      try OutputFile.write("abcdef", to: kept)
      try OutputFile.write("x", to: later)
      try RunFiles.cut([kept, later], to: lengths)
      #expect(try String(contentsOfFile: kept, encoding: .utf8) == "abc")
      #expect(!FileManager.default.fileExists(atPath: later))
      try OutputFile.write("ab", to: short)
      let error = #expect(throws: RunDirectoryError.self) { try RunFiles.cut([short], to: lengths) }
      #expect(error?.description.contains("\(short): has 2 bytes, 6 were written") == true)
      #expect(throws: RunDirectoryError.self) {
        try RunFiles.cut(["\(directory)/none"], to: ["\(directory)/none": 1])
      }
    }
  }
}
