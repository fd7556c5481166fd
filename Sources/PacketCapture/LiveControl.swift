import Glibc
import NIOConcurrencyHelpers

/// What a live capture shares with other threads: its stop, after which what was received until then is still given
/// out, and the packets that it lost so far.
public final class LiveControl: Sendable {
  /// Becomes readable when the capture has to stop.
  let readEnd: Int32
  private let writeEnd: Int32
  private struct State {
    var time: Int64?
    var waitsForBurst = false
    var drops: (kernel: UInt64, interface: UInt64) = (0, 0)
  }
  private let state = NIOLockedValueBox(State())

  /// A capture that is not to stop yet. Throws where the system has no more descriptors.
  public init() throws(CaptureError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw .cannotUseInterface(
        name: "-", reason: "no pipe for its stop: \(String(cString: strerror(errno)))")
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Stops the capture: packets stamped later than now are not taken.
  public func stop() { stop(at: Self.now()) }

  /// Stops the capture when the burst under way has ended: behind its end-of-burst trigger, as soon as what comes
  /// would be dropped (`BurstTracker.Options.flushAfter`), or when no packet has come for a second.
  public func stopAtBurstEnd() { state.withLockedValue { $0.waitsForBurst = true } }

  /// Stops the capture: packets stamped later than this time, in ns since the epoch, are not taken. Only the first
  /// time counts.
  func stop(at time: Int64) {
    let isFirst = state.withLockedValue { state in
      guard state.time == nil else { return false }
      state.time = time
      return true
    }
    var byte: UInt8 = 0
    if isFirst { _ = write(writeEnd, &byte, 1) }
  }

  /// Packets that the kernel and the interface have dropped so far; the books say the same, batch by batch.
  public var drops: (kernel: UInt64, interface: UInt64) { state.withLockedValue { $0.drops } }

  /// Notes packets that were dropped.
  func dropped(kernel: UInt64, interface: UInt64) {
    state.withLockedValue {
      $0.drops.kernel &+= kernel
      $0.drops.interface &+= interface
    }
  }

  /// When the capture stops, in ns since the epoch; nil while it runs.
  var stopTime: Int64? { state.withLockedValue { $0.time } }

  /// Whether the capture is to stop at the end of the burst.
  var waitsForBurst: Bool { state.withLockedValue { $0.waitsForBurst } }

  /// The time of day that the kernel stamps packets with, in ns since the epoch.
  static func now() -> Int64 { nanoseconds(CLOCK_REALTIME) }

  /// The time of a clock that nobody sets, in ns.
  static func monotonic() -> Int64 { nanoseconds(CLOCK_MONOTONIC) }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
