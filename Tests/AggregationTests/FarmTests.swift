import Foundation
import NA62Formats
import SpillwayTestSupport
import Testing

@testable import Aggregation
@testable import TriggerPipeline

@Suite("The counts of a farm")
struct FarmTests {
  @Test("settled counts of the nodes add up, burst by burst, and are held once they are told")
  func addsUp() throws {
    var farm = FarmFixture.farm()
    var nodes = [TestNode(0), TestNode(1)]
    try nodes[0].settle(FarmFixture.counts([10, 20]))
    try nodes[1].settle(FarmFixture.counts([1, 2]))
    for i in nodes.indices { nodes[i].talk(to: &farm, at: 0) }
    let sum = try farm.counts()
    #expect(sum.events == 33)
    #expect(sum.bursts.map(\.burst.events) == [11, 22])
    #expect(sum.rates.bursts == 2)
    #expect(!farm.hasEnded)
    for i in nodes.indices {
      #expect(!nodes[i].report.isDone)
      nodes[i].report.end()
      nodes[i].talk(to: &farm, at: 1)
      #expect(nodes[i].report.isDone)
    }
    #expect(farm.hasEnded)
    #expect(farm.table(now: 1).map(\.state) == [.ended, .ended])
    #expect(farm.books.closes)
  }

  @Test("messages that are lost, doubled, late or overtaken change no count", arguments: 0..<20)
  func badNetwork(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var farm = FarmFixture.farm(3)
    var nodes = (0..<3).map { TestNode($0, of: 3) }
    /// What is on the way: to the farm or to a node, due at some time.
    var wire: [(due: Int64, to: Int?, from: Int, bytes: [UInt8])] = []
    var now: Int64 = 0
    func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
    func put(_ bytes: [UInt8], to: Int?, from: Int) {
      if chance(30) { return }
      for _ in 0..<(chance(20) ? 2 : 1) {
        wire.append((now + Int64(random.next() % 3000), to, from, bytes))
      }
    }
    var events = [[UInt64]](repeating: [], count: 3)
    for step in 0..<4000 {
      now = Int64(step) * 20
      for i in nodes.indices {
        if step % 300 == 100, events[i].count < 4 {
          events[i].append(random.next() % 1000)
          try nodes[i].settle(FarmFixture.counts(events[i]))
          nodes[i].report.add(alert: FarmFixture.alert(UInt32(step + i)))
        } else if step % 50 == 0, events[i].count < 4 {
          try nodes[i].show(FarmFixture.counts(events[i], open: random.next() % 100))
        }
        if step == 1500 { nodes[i].report.end() }
        if let bytes = nodes[i].report.next(now: now) { put(bytes, to: nil, from: i) }
      }
      for message in wire where message.due <= now {
        if let to = message.to {
          nodes[to].report.receive(message.bytes)
        } else if let reply = farm.receive(message.bytes, now: now) {
          put(reply, to: message.from, from: message.from)
        }
      }
      wire.removeAll { $0.due <= now }
    }
    #expect(nodes.allSatisfy { $0.report.isDone })
    #expect(farm.hasEnded)
    #expect(farm.books.closes)
    #expect(farm.books.repeated > 0)
    let sum = try farm.counts()
    #expect(sum.events == events.joined().reduce(0, +))
    #expect(sum.bursts.map(\.burst.events) == (0..<4).map { b in events.reduce(0) { $0 + $1[b] } })
    #expect(farm.alerts.count == 12)
    #expect(Set(farm.alerts.map(\.id)).count == 12)
  }

  @Test("a node that dies keeps what it settled, loses what it did not, and adds to it when it comes back")
  func comesBack() throws {
    var farm = FarmFixture.farm()
    var first = TestNode(0)
    try first.settle(FarmFixture.counts([10]))
    first.talk(to: &farm, at: 0)
    try first.show(FarmFixture.counts([10], open: 7))
    first.talk(to: &farm, at: 1000)
    #expect(try farm.counts(shownAt: 1000).events == 17)
    #expect(try farm.counts().events == 10)
    // Late, then lost: what it showed is no more shown.
    #expect(farm.table(now: 3500)[0].state == .late)
    #expect(try farm.counts(shownAt: 3500).events == 17)
    #expect(farm.table(now: 12_000)[0].state == .lost)
    #expect(try farm.counts(shownAt: 12_000).events == 10)
    var second = TestNode(0, instance: "b")
    second.talk(to: &farm, at: 13_000)
    var row = farm.table(now: 13_000)[0]
    #expect(row.state == .back)
    #expect(row.restarts == 1)
    #expect(row.droppedEvents == 7)
    #expect(row.events == 10)
    try second.settle(FarmFixture.counts([3], first: 2))
    second.talk(to: &farm, at: 13_600)
    row = farm.table(now: 13_600)[0]
    #expect(row.state == .running)
    #expect(row.bursts == 2)
    #expect(try farm.counts().bursts.map(\.burst.events) == [10, 3])
    // The first one was only asleep: it is told, and counts no more.
    try first.settle(FarmFixture.counts([10, 100]))
    first.talk(to: &farm, at: 14_000)
    #expect(
      first.report.verdict == .refused("another process has taken its place as node 0; end one of them"))
    #expect(try farm.counts().events == 13)
    let notes = farm.takeNotes()
    #expect(notes.contains { $0.contains("7 events of it are in no sum") })
    #expect(farm.books.closes)
  }

  @Test("a process that reads its stream again from the start replaces what the one before it had settled")
  func readsAgain() throws {
    var farm = FarmFixture.farm()
    var first = TestNode(0)
    try first.settle(FarmFixture.counts([10, 20]))
    first.talk(to: &farm, at: 0)
    var second = TestNode(0, instance: "b")
    second.talk(to: &farm, at: 1)
    #expect(try farm.counts().events == 30)
    try second.settle(FarmFixture.counts([10]))
    second.talk(to: &farm, at: 600)
    #expect(try farm.counts().events == 10)
    try second.settle(FarmFixture.counts([10, 20, 30]))
    second.talk(to: &farm, at: 1200)
    #expect(try farm.counts().bursts.map(\.burst.events) == [10, 20, 30])
  }

  @Test("a node that numbers the bursts in another way keeps what it had settled before, and counts no more")
  func outOfStep() throws {
    var farm = FarmFixture.farm()
    var nodes = [TestNode(0), TestNode(1)]
    try nodes[0].settle(FarmFixture.counts([10, 20, 30]))
    nodes[0].talk(to: &farm, at: 0)
    try nodes[1].settle(FarmFixture.counts([1]))
    nodes[1].talk(to: &farm, at: 0)
    // Its second burst is the farm's third.
    var wrong = FarmFixture.counts([1, 2])
    wrong.bursts[1] = BurstStatistics(
      burst: FarmFixture.counts([2], first: 2, late: 20_000_000_000).bursts[0].burst, counts: HLTStatistics())
    try nodes[1].settle(wrong)
    nodes[1].talk(to: &farm, at: 10)
    guard case .refused(let reason) = nodes[1].report.verdict else {
      Issue.record("not refused")
      return
    }
    #expect(reason.contains("burst 2 of run 0 is not that of the farm"))
    #expect(farm.table(now: 10)[1].state == .refused)
    #expect(try farm.counts().events == 61)
    // One that was told where the farm is begins with the right number.
    var again = TestNode(1, instance: "b")
    again.talk(to: &farm, at: 20)
    try again.settle(FarmFixture.counts([3], first: 4))
    again.talk(to: &farm, at: 600)
    #expect(try farm.counts().bursts.map(\.burst.events) == [11, 20, 30, 3])
  }

  @Test("clocks of nodes may differ by less than the tolerance")
  func clocks() throws {
    var farm = FarmFixture.farm()
    var nodes = [TestNode(0), TestNode(1)]
    try nodes[0].settle(FarmFixture.counts([10]))
    try nodes[1].settle(FarmFixture.counts([1], late: 6_000_000_000))
    for i in nodes.indices { nodes[i].talk(to: &farm, at: 0) }
    #expect(try farm.counts().events == 11)
  }

  @Test("who is not of the farm is told why, and disturbs nobody")
  func strangers() throws {
    var farm = FarmFixture.farm()
    var node = TestNode(0)
    try node.settle(FarmFixture.counts([10]))
    node.talk(to: &farm, at: 0)
    for (stranger, reason) in [
      (TestNode(0, instance: "b", configuration: "other"), "its configuration hash is other"),
      (TestNode(0, instance: "c", version: "2"), "it is Spillway 2, this is 1"),
      (TestNode(0, of: 3, instance: "d"), "it is node 0 of 3, this is a farm of 2"),
      (TestNode(7, of: 2, instance: "e"), "it is node 7 of 2"),
    ] {
      var stranger = stranger
      stranger.talk(to: &farm, at: 0)
      guard case .refused(let told) = stranger.report.verdict else {
        Issue.record("not refused: \(reason)")
        continue
      }
      #expect(told.contains(reason))
      #expect(farm.strangers.contains { $0.contains(reason) })
    }
    #expect(farm.table(now: 0).map(\.state) == [.running, .waiting])
    #expect(try farm.counts().events == 10)
    #expect(farm.books.refused == 4)
    #expect(farm.books.closes)
  }

  @Test("an aggregator that begins anew is told everything again")
  func newAggregator() throws {
    var farm = FarmFixture.farm()
    var node = TestNode(0)
    try node.settle(FarmFixture.counts([10, 20]))
    node.report.add(alert: FarmFixture.alert(1))
    node.talk(to: &farm, at: 0)
    farm = FarmFixture.farm()
    for now in stride(from: Int64(600), to: 3000, by: 100) { node.talk(to: &farm, at: now) }
    #expect(try farm.counts().bursts.map(\.burst.events) == [10, 20])
    // Candidates are told once; that they are missing is said.
    #expect(farm.alerts.isEmpty)
    #expect(farm.table(now: 3000)[0].alertsLost == 1)
  }

  @Test("candidates come once each; those beyond the room of a node or of the farm are counted")
  func alerts() throws {
    var farm = FarmFixture.farm { $0.mostAlerts = 5 }
    var options = NodeReport.Options()
    options.mostAlerts = 3
    var nodes = [TestNode(0, options: options), TestNode(1)]
    for event: UInt32 in 0..<4 { nodes[0].report.add(alert: FarmFixture.alert(event)) }
    // Of the same event, and no line at all.
    nodes[1].report.add(alert: FarmFixture.alert(0))
    nodes[1].report.add(alert: "{\"schema\":\"spillway.alert/1\"}")
    for event: UInt32 in 10..<13 { nodes[1].report.add(alert: FarmFixture.alert(event)) }
    for i in nodes.indices { nodes[i].talk(to: &farm, at: 0) }
    #expect(farm.alerts.map(\.event) == [0, 1, 2, 10, 11])
    #expect(farm.alerts[0].quantities == ["mass": "493.7"])
    #expect(nodes[0].report.alertsLost == 1)
    #expect(farm.table(now: 0)[0].alertsLost == 1)
    #expect(farm.alertsLost == 2)
  }

  @Test("a node is told where the farm is")
  func place() throws {
    var farm = FarmFixture.farm(3)
    #expect(farm.place == nil)
    var nodes = (0..<3).map { TestNode($0, of: 3) }
    nodes[0].report.note(
      place: FarmBurst(run: 0, burst: 4, isOpen: true, lastEvent: 100), dataTime: 100, drops: nil)
    nodes[1].report.note(
      place: FarmBurst(run: 0, burst: 4, isOpen: true, lastEvent: 300), dataTime: 300, drops: nil)
    for i in 0..<2 {
      nodes[i].talk(to: &farm, at: 0)
      nodes[i].talk(to: &farm, at: 600)
    }
    nodes[2].talk(to: &farm, at: 600)
    #expect(nodes[2].report.farm == FarmBurst(run: 0, burst: 4, isOpen: true, lastEvent: 300))
    // One node has ended the burst: it is over for all.
    try nodes[0].settle(FarmFixture.counts([1, 1, 1, 1]))
    nodes[0].talk(to: &farm, at: 1200)
    #expect(farm.place == FarmBurst(run: 0, burst: 4, isOpen: false, lastEvent: 300))
  }

  @Test("a node whose data are behind is late")
  func lag() {
    var farm = FarmFixture.farm()
    var nodes = [TestNode(0), TestNode(1)]
    nodes[0].report.note(place: nil, dataTime: 60_000_000_000, drops: 3)
    nodes[1].report.note(place: nil, dataTime: 50_000_000_000, drops: nil)
    for i in nodes.indices { nodes[i].talk(to: &farm, at: 0) }
    let table = farm.table(now: 100)
    #expect(table.map(\.state) == [.running, .late])
    #expect(table.map(\.lag) == [0, 10_000_000_000])
    #expect(table[0].drops == 3)
  }

  @Test("a node sends one message at a time, again only after its patience, and hello until it is heard")
  func pace() throws {
    var node = TestNode(0)
    func next(_ now: Int64) -> [UInt8]? { node.report.next(now: now) }
    let hello = try #require(next(0))
    #expect(try NodeMessage(hello).header.phase == .hello)
    #expect(next(999) == nil)
    let again = try #require(next(1000))
    #expect(try NodeMessage(again).header.sequence == 2)
    var farm = FarmFixture.farm()
    let reply = farm.receive(again, now: 1000)
    node.report.receive(try #require(reply))
    #expect(node.report.verdict == .accepted)
    #expect(next(1100) == nil)
    try node.settle(FarmFixture.counts([1]))
    #expect(next(1100) != nil)
    #expect(next(1200) == nil)
  }

  @Test("hundreds of bursts go in pieces, and counts wait for the last of them")
  func manyBursts() throws {
    var farm = FarmFixture.farm()
    var node = TestNode(0)
    try node.settle(FarmFixture.counts([UInt64](repeating: 1, count: 150)))
    node.talk(to: &farm, at: 0)
    #expect(try farm.counts().bursts.count == 150)
    #expect(farm.books.messages >= 4)
  }
}
