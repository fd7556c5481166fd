import Foundation
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@testable import EventBuilding

@Suite("Shares of a farm")
struct EventShardTests {
  @Test("an event goes to one node: eight by eight, in turn")
  func rule() throws {
    let shards = try (0..<3).map { try #require(EventShard(node: $0, of: 3)) }
    for event: UInt32 in 0..<100 {
      #expect(shards.filter { $0.holds(event) }.map(\.node) == [event / 8 % 3])
    }
    #expect((8..<16).allSatisfy { shards[1].holds($0) })
    // l1.md 3.1: index = (e - M k) + (M - M N) floor(e / (M N)).
    for shard in shards {
      for event: UInt32 in 0..<1000 where shard.holds(event) {
        let (e, k) = (Int(event), Int(shard.node))
        #expect(Int(shard.index(of: event)) == (e - 8 * k) + (8 - 24) * (e / 24))
      }
    }
  }

  @Test(arguments: [(3, 3), (0, 0), (0, 65), (7, 2)])
  func noSuchNode(_ node: UInt32, _ nodes: UInt32) {
    #expect(EventShard(node: node, of: nodes) == nil)
  }

  @Test(
    "packets of other nodes cost a column, packets across the border are taken apart, and the books close")
  func builds() throws {
    var options = EventBuilder.Options()
    options.shard = EventShard(node: 1, of: 2)
    // Events 0..<8 and 16..<24 are those of node 0; the last packets hold 4 events of each node.
    let packets =
      BuilderFixture.packets(first: 0, count: 8) + BuilderFixture.packets(first: 8, count: 4)
      + BuilderFixture.packets(first: 12, count: 8)
    let batch = BuilderFixture.build(packets, options: options)
    #expect(batch.events.map(\.number) == Array(8..<16))
    #expect(batch.books.fragments == 5 * 20)
    #expect(batch.books.otherNode.fragments == 5 * 12)
    #expect(batch.books.events == 8)
    #expect(batch.books.closes)
    var all = batch.books
    options.shard = EventShard(node: 0, of: 2)
    let other = BuilderFixture.build(packets, options: options)
    #expect(other.events.map(\.number) == Array(0..<8) + Array(16..<20))
    all += other.books
    #expect(all.closes)
    #expect(all.eventsBuilt == 20)
  }

  @Test("the end of a burst is seen by all nodes, whoever takes its event")
  func endOfBurst() {
    for node: UInt32 in [0, 1] {
      var options = EventBuilder.Options()
      options.shard = EventShard(node: node, of: 2)
      let late = 7_000_000_000 as Int64
      let batch = BuilderFixture.build(
        BuilderFixture.packets(first: 0, count: 8)
          + BuilderFixture.packets(first: 8, word: 0x23, isLast: true)
          + BuilderFixture.packets(first: 0, count: 8, at: late), options: options)
      #expect(batch.endedBursts.map(\.burst) == [1, 2])
    }
  }

  @Test("what a node may hold is counted in its own events, as in NA62's farm")
  func limit() {
    var options = EventBuilder.Options()
    options.shard = EventShard(node: 0, of: 4)
    options.maximumEvents = 16
    // Events 0..<8 and 32..<40 have the places 0..<16; 64 is beyond.
    let batch = BuilderFixture.build(
      [0, 32, 64].flatMap { BuilderFixture.packets(first: $0, count: 8) }, options: options)
    #expect(batch.events.map(\.number) == Array(0..<8) + Array(32..<40))
    #expect(batch.books.fragmentsOutOfRange == 40)
    #expect(batch.books.closes)
  }

  @Test("books without other nodes are stored as they were before there were any, and read back")
  func stored() throws {
    let plain = try JSONEncoder().encode(BuilderBooks())
    #expect(!String(decoding: plain, as: UTF8.self).contains("otherNode"))
    #expect(try JSONDecoder().decode(BuilderBooks.self, from: plain) == BuilderBooks())
    var books = BuilderBooks()
    books.fragments = 3
    books.otherNode.fragments = 3
    #expect(try JSONDecoder().decode(BuilderBooks.self, from: JSONEncoder().encode(books)) == books)
  }
}
