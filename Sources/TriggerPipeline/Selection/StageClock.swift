#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The clock of the times that are taken of each event, ns from some point on.
///
/// It is read ten times for an event of some 15 µs: `ContinuousClock` would add half a µs, as its durations are
/// divided with 128 bits.
enum StageClock {
  static var nanoseconds: UInt64 {
    var time = timespec()
    guard clock_gettime(CLOCK_MONOTONIC, &time) == 0 else { return 0 }
    return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
  }
}
