import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Replay clock")
struct ReplayClockTests {
  private static let start: Int64 = 5_000_000_000

  private func datagrams(_ times: [Int64]) -> ContiguousArray<Datagram> {
    PacketBatch(times.map { ScriptedPacket([1], at: $0) }).datagrams
  }

  /// Runs a stream on a virtual clock that wakes `oversleep` ns late, and takes `work` ns for each release;
  /// returns when each packet was released.
  private func run(
    _ times: [Int64], speed: Double, oversleep: Int64 = 0, work: Int64 = 0
  ) -> (clock: ReplayClock, released: [Int64], steps: Int) {
    var clock = ReplayClock(speed: speed)
    let packets = datagrams(times)
    var (now, released, steps) = (Self.start, [Int64](), 0)
    while released.count < times.count, steps < 100_000 {
      steps += 1
      switch clock.step(packets[released.count...], now: now) {
      case .release(let count, let late):
        #expect(late >= 0)
        released += Array(repeating: now, count: count)
        now += work
      case .wait(let until):
        #expect(until > now)
        now = until + oversleep
      }
    }
    return (clock, released, steps)
  }

  @Test("packets far from one another are released when due, at any speed", arguments: [0.1, 1, 10])
  func known(_ speed: Double) {
    let times: [Int64] = [7, 10_000_007, 25_000_007, 25_000_007]
    let run = run(times, speed: speed)
    #expect(run.released == times.map { Self.start + Int64(Double($0 - 7) / speed) })
    #expect(run.clock.elapsedNanoseconds == 25_000_000)
    #expect(run.clock.takenNanoseconds == run.clock.plannedNanoseconds)
    #expect(run.clock.breaks == 0)
  }

  @Test("a packet is never early, and late by no more than the grain and the oversleep; nothing adds up")
  func noDrift() {
    // 200 000 packets/s over half a second of data time.
    let times = (0..<100_000).map { Int64($0) * 5000 }
    for (speed, oversleep) in [(1.0, Int64(0)), (1, 70_000), (10, 70_000), (0.5, 1_000_000)] {
      let run = run(times, speed: speed, oversleep: oversleep, work: 3000)
      #expect(run.released.count == times.count)
      var worst: Int64 = 0
      for (time, released) in zip(times, run.released) {
        let late = released - Self.start - Int64(Double(time) / speed)
        #expect(late >= 0)
        worst = max(worst, late)
      }
      #expect(worst <= ReplayClock.grain + oversleep + 3000)
      #expect(run.steps < 20_000, "packets go in batches")
    }
  }

  @Test("after a hold-up all that is due is released at once, and what follows is on time again")
  func catchesUp() {
    let packets = datagrams([0, 1_000_000, 2_000_000, 50_000_000])
    var clock = ReplayClock(speed: 1)
    #expect(clock.step(packets[...], now: 100) == .release(count: 1, lateNanoseconds: 0))
    #expect(clock.step(packets[1...], now: 20_000_100) == .release(count: 2, lateNanoseconds: 19_000_000))
    #expect(clock.step(packets[3...], now: 20_000_200) == .wait(until: 50_000_100))
    #expect(clock.step(packets[3...], now: 50_000_100) == .release(count: 1, lateNanoseconds: 0))
  }

  @Test("a packet with an earlier time is due with the one before it")
  func unordered() {
    let run = run([1_000_000, 3_000_000, 2_000_000, 4_000_000], speed: 1)
    #expect(run.released.map { $0 - Self.start } == [0, 2_000_000, 2_000_000, 3_000_000])
  }

  @Test("jumps of data time by more than the longest gap are not waited for, whatever the times are")
  func breaks() {
    let far = ReplayClock.longestGap
    let run = run([0, far, far + far + 1, far + far + 1_000_001, 5, 1_000_005], speed: 1)
    #expect(
      run.released.map { $0 - Self.start }
        == [
          0, far, far, far + 1_000_000, far + 1_000_000,
          far + 2_000_000,
        ])
    #expect(run.clock.breaks == 2)
    for times: [Int64] in [[.min, .max, 0, .max], [0, .min, .max], [.max, .max, .min]] {
      let hostile = self.run(times, speed: 0.001)
      #expect(hostile.released.count == times.count)
      #expect(hostile.clock.takenNanoseconds < 1_000_000)
    }
  }

  @Test("nothing waits for an empty batch, and it does not start the clock")
  func empty() {
    var clock = ReplayClock(speed: 1)
    let packets = datagrams([1000])
    #expect(clock.step([], now: 5) == .release(count: 0, lateNanoseconds: 0))
    #expect(clock.step(packets[...], now: 900_000) == .release(count: 1, lateNanoseconds: 0))
  }

  @Test("the parts of a batch are the batch: datagrams once each, books and quarantine with the last")
  func parts() {
    var books = CaptureBooks()
    books.packets = 3
    books.datagrams = 3
    let scripted = PacketBatch((0..<3).map { ScriptedPacket([UInt8($0)], at: Int64($0)) })
    let batch = PacketBatch(
      bytes: scripted.bytes, datagrams: scripted.datagrams, books: books, watermark: DataTime(nanoseconds: 9))
    let parts = [batch.part(0..<1), batch.part(1..<1), batch.part(1..<7)]
    #expect(parts.map(\.datagrams.count) == [1, 0, 2])
    #expect(parts.map(\.books.packets) == [0, 0, 3])
    #expect(parts[0].watermark == DataTime(nanoseconds: 0))
    #expect(parts[2].watermark == DataTime(nanoseconds: 9))
    #expect(parts.flatMap { part in part.datagrams.map { part.bytes[$0.payloadOffset] } } == [0, 1, 2])
    #expect(batch.part(0..<3) === batch)
  }
}
