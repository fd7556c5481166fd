import Foundation
import SpillwayTestSupport
import Testing

@testable import Aggregation
@testable import TriggerPipeline

@Suite("An aggregator and hostile bytes")
struct FarmHostileTests {
  /// A message with counts, bursts and a candidate.
  private static func message(_ counts: RunPartial, sequence: UInt64 = 1) throws -> NodeMessage {
    var header = NodeMessage.Header(
      node: 0, nodes: 2, instance: "a", version: "1", configuration: "hash", sequence: sequence,
      phase: .running)
    header.isSettled = true
    header.bursts = counts.bursts.count
    var message = NodeMessage(header: header)
    message.counts = Array(try counts.data())
    message.bursts = try counts.burstData().map { Array($0) }
    message.alerts = [Array(FarmFixture.alert(1).utf8)]
    return message
  }

  @Test("a message comes back as it was sent")
  func comesBack() throws {
    var message = try Self.message(FarmFixture.counts([1, 2]))
    let read = try NodeMessage(message.encoded())
    message.header.hasCounts = true
    message.header.burstCount = 2
    #expect(read == message)
  }

  @Test("any damage costs a column of the books, never a crash, and other nodes nothing")
  func damage() throws {
    var random = SplitMix64(seed: 11)
    let bytes = try Self.message(FarmFixture.counts([1, 2])).encoded()
    var farm = FarmFixture.farm()
    var other = TestNode(1)
    try other.settle(FarmFixture.counts([5]))
    other.talk(to: &farm, at: 0)
    for round in 0..<3000 {
      var damaged = bytes
      for _ in 0..<(1 + round % 3) {
        damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      if round % 5 == 0 { damaged.removeLast(Int(random.next() % UInt64(damaged.count))) }
      _ = farm.receive(damaged, now: 0)
      _ = farm.table(now: Int64(round))
      _ = farm.place
    }
    #expect(farm.books.closes)
    #expect(farm.books.malformed > 0)
    #expect(try farm.counts().events >= 5)
    #expect(farm.table(now: 0)[1].events == 5)
    #expect(farm.strangers.count <= 32)
    let notes = farm.takeNotes()
    #expect(notes.count <= 1000)
  }

  @Test("counts that do not close, or cannot be added, and bursts of no time are refused")
  func refused() throws {
    func verdict(_ change: (inout RunPartial) -> Void) throws -> String? {
      var counts = FarmFixture.counts([1, 2])
      change(&counts)
      var farm = FarmFixture.farm()
      let reply = farm.receive(try Self.message(counts).encoded(), now: 0)
      #expect(try farm.counts().events == (farm.books.taken == 1 ? counts.events : 0))
      return try reply.map { try FarmReply($0) }?.refusal
    }
    #expect(try verdict { _ in } == nil)
    #expect(try verdict { $0.builder.eventsBuilt += 1 }?.contains("do not close") == true)
    #expect(try verdict { $0.rates.events += 1 }?.contains("do not close") == true)
    #expect(
      try verdict {
        $0.selections = SelectionPartial(hash: "x", parts: [], alerted: [])
      }?.contains("different options") == true)
    #expect(
      try verdict { counts in
        var burst = counts.bursts[0].burst
        burst.begin = .init(nanoseconds: -5)
        counts.bursts[0] = BurstStatistics(burst: burst, counts: counts.bursts[0].counts)
      }?.contains("cannot be") == true)
    #expect(
      try verdict { counts in
        var burst = counts.bursts[0].burst
        burst.end = .init(nanoseconds: .max)
        counts.bursts[0] = BurstStatistics(burst: burst, counts: counts.bursts[0].counts)
      }?.contains("cannot be") == true)
  }

  @Test("numbers of a header at the ends of their range")
  func ranges() throws {
    var farm = FarmFixture.farm()
    var sequence: UInt64 = 0
    for change: (inout NodeMessage.Header) -> Void in [
      { $0.firstBurst = .max }, { $0.firstBurst = -1 }, { $0.bursts = .max }, { $0.firstAlert = .max },
      { $0.firstAlert = 1 << 61 }, { $0.alertsLost = .max }, { $0.dataTime = .min }, { $0.dataTime = .max },
      { $0.node = .max }, { $0.nodes = 0 }, { $0.instance = "" },
      { $0.place = FarmBurst(run: .max, burst: .max, isOpen: true, lastEvent: .min) },
      { $0.drops = .max }, { $0.sequence = .max },
    ] {
      sequence += 1
      var message = try Self.message(FarmFixture.counts([1]), sequence: sequence)
      change(&message.header)
      _ = farm.receive(try message.encoded(), now: 0)
      _ = farm.table(now: 0)
    }
    #expect(farm.books.closes)
  }

  @Test("a node that comes back again and again is turned away in the end")
  func restarts() throws {
    var farm = FarmFixture.farm()
    for number in 0..<300 {
      var node = TestNode(0, instance: "i\(number)")
      node.talk(to: &farm, at: Int64(number))
    }
    #expect(farm.table(now: 300)[0].restarts == 100)
    #expect(farm.strangers.contains { $0.contains("has come back 100 times") })
  }

  @Test("replies that are none, or of others, are not listened to")
  func replies() throws {
    var node = TestNode(0)
    _ = node.report.next(now: 0)
    node.report.receive([])
    node.report.receive(Array("nonsense".utf8))
    node.report.receive(try FarmReply(instance: "b", sequence: 1).encoded())
    node.report.receive(try FarmReply(instance: "a", sequence: 99).encoded())
    #expect(node.report.verdict == .none)
    var reply = FarmReply(instance: "a", sequence: 1)
    reply.bursts = .max
    reply.alerts = .max
    reply.settled = .max
    node.report.receive(try reply.encoded())
    #expect(node.report.verdict == .accepted)
    try node.settle(FarmFixture.counts([1]))
    #expect(!node.report.isDone)
  }
}
