import Foundation
import SpillwayTestSupport
import Testing

@Suite("spillway listen, and replay that sends or repeats")
struct ListenTests {
  private static let stream = RepositoryPaths.replay("ordered-100.pcap.gz")

  @Test("wrong options are told in one line")
  func usage() async throws {
    try await SpillwayProcess("replay", "-", "--loop", "2").expectUsage(
      "standard input can be read only once")
    try await SpillwayProcess("replay", Self.stream, "--loop", "0").expectUsage("a number from 1, or forever")
    try await SpillwayProcess("replay", Self.stream, "--loop", "2", "--truth", "x")
      .expectUsage("the truth is of one pass")
    try await SpillwayProcess("replay", Self.stream, "--send", "127.0.0.1", "--interface", "lo")
      .expectUsage("give one of them")
    try await SpillwayProcess("replay", Self.stream, "--send", "127.0.0.1", "--out", "/tmp/none")
      .expectUsage("--out: with --send nothing goes through the trigger")
    try await SpillwayProcess("replay", Self.stream, "--send", "127.0.0.1:0").expectUsage("'0' is no port")
    try await SpillwayProcess("replay", Self.stream, "--interface", "nowhere0").expectUsage("there is none")
    try await SpillwayProcess("listen", "--interface", "lo", "--stop-at", "x").expectUsage("burst or now")
    try await SpillwayProcess("listen", "--interface", "lo", "--buffer-mib", "0").expectUsage("1 to 2047")
    try await SpillwayProcess("listen", "--interface", "lo", "--duration", "0").expectUsage("more than 0")
    try await SpillwayProcess("listen").expectUsage("--interface")
  }

  @Test(
    "a bad interface or filter is told in one line", .enabled(if: Loopback.mayCapture, "needs CAP_NET_RAW"))
  func badInterface() async throws {
    try await SpillwayProcess("listen", "--interface", "nowhere0").expectUsage("there is none of this name")
    try await SpillwayProcess("listen", "--interface", "lo", "--filter", "no such")
      .expectUsage("filter 'no such'")
  }

  @Test("a replay of three passes has three times the events, in three bursts")
  func loops() async throws {
    let one = try await SpillwayProcess("replay", Self.stream, "--json")
    let three = try await SpillwayProcess("replay", Self.stream, "--loop", "3", "--json")
    #expect(three.code == one.code)
    for (level, column) in [("capture", "packets"), ("fragments", "in"), ("events", "built")] {
      let count = try #require(try one.book(level, column))
      #expect(count > 0)
      #expect(try three.book(level, column) == 3 * count, "\(level) \(column)")
    }
  }

  @Test(
    "what a replay sends, a second Spillway takes",
    .enabled(if: Loopback.mayCapture, "capturing on lo needs CAP_NET_RAW"))
  func sendAndListen() async throws {
    let run = try await withThrowingTaskGroup(of: SpillwayProcess?.self) { group in
      group.addTask {
        try await SpillwayProcess(
          "listen", "--interface", "lo", "--filter", "udp and dst host \(Loopback.host)", "--limit", "150",
          "--duration", "120", "--tolerance", "1", "--json")
      }
      group.addTask {
        // Again and again until the other one has had enough.
        while !Task.isCancelled {
          let sender = try await SpillwayProcess(
            "replay", Self.stream, "--send", Loopback.host, "--loop", "2", "--json")
          #expect(sender.code == 0, "\(sender.errors)")
          let sent = try #require(try sender.json()["sent"] as? [String: Any])
          #expect(sent["packets"] as? Int == sent["sent"] as? Int)
        }
        return nil
      }
      let first = try await group.next()
      group.cancelAll()
      return try #require(first ?? nil)
    }
    #expect(run.code == 0, "\(run.errors)")
    #expect(try run.book("events", "built") ?? 0 >= 150)
    #expect(try run.book("capture", "lost-kernel-buffer") == 0)
  }
}
