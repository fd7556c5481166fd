import Glibc
import NA62Formats
import PacketCapture
import TriggerPipeline

/// How well a replay keeps the due times: a made stream of 200 000 packets/s through the feed of the pipelines, with
/// nothing behind it, at several speeds.
struct ClockBenchmark {
  /// Distance of two packets in ns of data time.
  private static let distance: Int64 = 5000
  private static let packetsPerBatch = 180
  /// Time that each speed takes, in s.
  let seconds: Double

  func run() async throws {
    print("replay clock: 200 000 packets/s of data time, \(seconds) s at each speed")
    let bare = Self.bareSleeps(seconds: min(seconds, 5))
    print(
      "  a bare thread that sleeps as often wakes up late by \(Int(bare.quantile(0.5) ?? 0)) µs in the median, "
        + "\(Int(bare.quantile(0.99) ?? 0)) µs at the 99th percentile: what this machine, as busy as it is, can do"
    )
    for speed in [1, 0.1, 10] {
      let feed = PacketFeed(speed: speed)
      let packets = Int(seconds * speed * 1e9 / Double(Self.distance))
      try await feed.run(source: Self.stream(packets)) { _ in true }
      guard let pace = feed.pace else { continue }
      let error = (pace.seconds / pace.plannedSeconds - 1) * 100
      print(
        "  speed \(speed): \(packets) packets in \(pace.seconds) s, planned \(pace.plannedSeconds) s, error "
          + "\((error * 1e5).rounded() / 1e5) % (limit 0.1); packets late by at most "
          + "\(Int(pace.lateness.quantile(0.5) ?? 0)) µs in the median, \(Int(pace.lateness.quantile(0.99) ?? 0)) µs "
          + "at the 99th percentile (limit 1000)")
    }
  }

  /// How late a thread that does nothing else wakes up, with as many due times as the clock has releases.
  private static func bareSleeps(seconds: Double) -> StageTiming {
    func now() -> Int64 {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
    var timing = StageTiming()
    var due = now()
    for _ in 0..<Int(seconds * 1e9 / Double(ReplayClock.grain)) {
      due += ReplayClock.grain
      var time = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
      timing.add(UInt64(max(0, now() - due)))
    }
    return timing
  }

  /// Batches of packets without content, as full as those of a capture of 1400-byte packets.
  private static func stream(_ packets: Int) -> @Sendable () throws -> (() throws -> PacketBatch?) {
    {
      var made = 0
      return {
        guard made < packets else { return nil }
        let range = made..<min(packets, made + packetsPerBatch)
        made = range.upperBound
        let datagrams = ContiguousArray(
          range.map { number in
            Datagram(
              time: DataTime(nanoseconds: Int64(number) * distance),
              packet: PacketReference(input: 0, number: UInt32(truncatingIfNeeded: number + 1)),
              frameOffset: 0,
              frameLength: 0, payloadOffset: 0, payloadLength: 0, sourceAddress: 0, destinationAddress: 0,
              sourcePort: 0, destinationPort: 0)
          })
        return PacketBatch(
          bytes: [], datagrams: datagrams, watermark: DataTime(nanoseconds: Int64(made) * distance))
      }
    }
  }
}
