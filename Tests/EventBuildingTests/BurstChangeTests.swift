import EventBuilding
import NA62Formats
import SpillwayTestSupport
import Testing

private func seconds(_ value: Double) -> Int64 { Int64(value * 1e9) }

@Suite("Burst change")
struct BurstTrackerTests {
  @Test("without an end-of-burst trigger nothing ever changes")
  func quiet() {
    var tracker = BurstTracker()
    for time in [0, 5, 100, 1e6] {
      #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(time))) == .build)
    }
    #expect(tracker.l0tpPacket(firstEvent: 0, word: .startOfBurst) == .build)
    #expect(tracker.burst == 1)
  }

  @Test("after the end-of-burst trigger: 4 s of building, 2 s of flushing, then the next burst")
  func endOfBurst() {
    var tracker = BurstTracker()
    tracker.endOfBurst(event: 100, at: DataTime(nanoseconds: seconds(10)))
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(14))) == .build)
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(14) + 1)) == .flush)
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(16))) == .flush)
    #expect(tracker.burst == 1)
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(16) + 1)) == .endBurst)
    #expect(tracker.burst == 2)
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(15))) == .build)
  }

  @Test("a second end-of-burst trigger does not begin the wait again")
  func endTwice() {
    var tracker = BurstTracker()
    tracker.endOfBurst(event: 100, at: DataTime(nanoseconds: 0))
    tracker.endOfBurst(event: 101, at: DataTime(nanoseconds: seconds(3)))
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(5))) == .flush)
  }

  @Test("a start-of-burst record at a lower event number opens the next burst at once")
  func startOfBurst() {
    var tracker = BurstTracker()
    tracker.endOfBurst(event: 100, at: DataTime(nanoseconds: 0))
    #expect(tracker.l0tpPacket(firstEvent: 100, word: .startOfBurst) == .build)
    #expect(tracker.l0tpPacket(firstEvent: 0, word: L0Word(rawValue: 1)) == .build)
    #expect(tracker.l0tpPacket(firstEvent: 0, word: .startOfBurst) == .endBurst)
    #expect(tracker.burst == 2)
    #expect(tracker.l0tpPacket(firstEvent: 0, word: .startOfBurst) == .build)
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(5))) == .build)
  }

  @Test("waits and the first burst can be set")
  func options() {
    var options = BurstTracker.Options()
    options.firstBurst = 8300
    options.flushAfter = 1
    options.cleanAfter = 2
    var tracker = BurstTracker(options: options)
    #expect(tracker.burst == 8300)
    tracker.endOfBurst(event: 0, at: DataTime(nanoseconds: 0))
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(1.5))) == .flush)
    #expect(tracker.arrival(at: DataTime(nanoseconds: seconds(2.5))) == .endBurst)
    #expect(tracker.burst == 8301)
  }
}

@Suite("Bursts in event building")
struct BuilderBurstTests {
  /// A burst: start of burst, `events` physics events, end of burst, and its duration of 1 s.
  private func burst(_ events: Int, from nanoseconds: Int64, startsAnew: Bool = true) -> [ScriptedPacket] {
    var packets: [ScriptedPacket] = []
    for i in 0...(events + 1) {
      let word: UInt8 = i == 0 ? (startsAnew ? 0x22 : 1) : i == events + 1 ? 0x23 : 1
      packets += BuilderFixture.packets(
        first: UInt32(i), word: word, isLast: i == events + 1, timestamp: UInt32(1000 * (i + 1)),
        at: nanoseconds + Int64(i))
    }
    return packets
  }

  @Test("a start-of-burst record ends the burst before: what is pending is given up, numbers start again")
  func startOpensNext() {
    var packets = burst(3, from: seconds(1))
    packets += BuilderFixture.packets(first: 7, at: seconds(1.1))[..<2]
    packets += burst(2, from: seconds(2))
    let batch = BuilderFixture.build(packets)
    #expect(batch.events.map(\.burst) == [1, 1, 1, 1, 1, 2, 2, 2, 2])
    #expect(batch.events.map(\.number) == [0, 1, 2, 3, 4, 0, 1, 2, 3])
    #expect(BuilderFixture.texts(batch.unfinished) == ["7 of burst 1: [1, 0, 1, 1], burst-end"])
    #expect(batch.endedBursts.map(\.burst) == [1, 2])
    #expect(batch.endedBursts.map(\.events) == [5, 4])
    #expect(batch.endedBursts.map(\.timestamps) == [1000...5000, 1000...4000])
    #expect(batch.endedBursts.first?.begin == DataTime(nanoseconds: seconds(1)))
    #expect(batch.endedBursts.first?.end == DataTime(nanoseconds: seconds(1.1)))
    #expect(batch.books.closes)
  }

  @Test("late packets are built for 4 s, then dropped, and 6 s after the end the next burst begins")
  func flushAndClean() {
    var packets = burst(2, from: 0)
    let late = BuilderFixture.packets(first: 40, count: 1)
    let times: [Double] = [0.5, 3.9, 4.5, 5.9]
    for (i, time) in times.enumerated() {
      var packet = late[i]
      packet.nanoseconds = seconds(time)
      packets.append(packet)
    }
    packets += burst(1, from: seconds(7), startsAnew: false)
    let batch = BuilderFixture.build(packets)
    #expect(batch.books.flushed == 2)
    #expect(BuilderFixture.texts(batch.unfinished) == ["40 of burst 1: [1, 0, 1, 1], burst-end"])
    #expect(batch.events.map(\.burst) == [1, 1, 1, 1, 2, 2, 2])
    #expect(batch.books.closes)
  }

  @Test("every event of a burst is built before the burst is reported as ended")
  func summaryBehindItsEvents() {
    let builder = EventBuilder(layout: BuilderFixture.layout)
    let first = BuilderFixture.build(burst(2, from: 0), with: builder, finishes: false)
    #expect(first.endedBursts.isEmpty)
    let second = BuilderFixture.build(burst(2, from: seconds(1)), with: builder, finishes: false)
    #expect(second.endedBursts.map(\.burst) == [1])
    #expect(second.endedBursts.map(\.events) == [4])
    builder.finish()
    #expect(builder.takeBatch().endedBursts.map(\.burst) == [2])
    builder.finish()
    #expect(builder.takeBatch().endedBursts.isEmpty)
  }
}
