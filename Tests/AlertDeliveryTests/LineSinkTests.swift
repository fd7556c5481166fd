@testable import AlertDelivery
import Alerting
import Foundation
import SpillwayTestSupport
import Testing

/// The sinks that write lines.
@Suite struct LineSinkTests {
  private typealias S = DeliverySamples

  @Test func theFileGetsEachLineOnceAlsoAfterAKill() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/messages.jsonl"
      let stored = (0..<4).map { S.stored(S.message($0)) }
      let first = try FileDelivery(path: path)
      #expect(await first.deliver(Array(stored[0..<3])) == .delivered)
      await first.close()
      // Killed before the outbox had noted it, and in the middle of a line.
      let torn = try #require(FileHandle(forWritingAtPath: path))
      try torn.seekToEnd()
      try torn.write(contentsOf: Data(stored[3].body.utf8.prefix(20)))
      try torn.close()
      let second = try FileDelivery(path: path)
      #expect(await second.deliver(stored) == .delivered)
      await second.close()
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
      #expect(lines == stored[0..<3].map(\.body) + [String(stored[3].body.prefix(20)), stored[3].body])
    }
  }

  @Test func theTerminalGetsOneLineWithoutAnythingThatMovesItsCursor() async throws {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let message = S.stored(S.message(7, isFiring: true, series: "s", text: "a\u{1B}[2J\nb\u{202E}"))
    #expect(await TerminalDelivery(descriptor: descriptor).deliver([message]) == .delivered)
    #expect(await TerminalDelivery(descriptor: descriptor, hasColours: true).deliver([message]) == .delivered)
    try pipe.fileHandleForWriting.close()
    let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    #expect(
      text == """
        1970-01-01T00:00:07.000000000Z WARNING rule firing: a [2J b 
        1970-01-01T00:00:07.000000000Z \u{1B}[33mWARNING\u{1B}[0m rule firing: a [2J b 

        """)
  }

  @Test func sinksAreMadeOfAFileOfRules() throws {
    let rules = try AlertRuleSet.load(path: RepositoryPaths.path("Configs/alerts/example.yaml"))
    let directory = FileManager.default.temporaryDirectory.path
    let sinks = try AlertSinks.make(
      rules.sinks.map {
        var sink = $0
        if case .file = sink.kind { sink.kind = .file(path: "/dev/null") }
        return sink
      }, directory: directory, environment: [:])
    #expect(sinks.map(\.type) == ["file", "terminal", "webhook", "alertmanager", "email"])
  }
}
