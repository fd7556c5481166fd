import Glibc
import NIOConcurrencyHelpers

/// Stops a live capture from any thread or signal handler's queue: what was received until then is still given out.
public final class LiveStop: Sendable {
  /// Becomes readable when the capture has to stop.
  let readEnd: Int32
  private let writeEnd: Int32
  private let time = NIOLockedValueBox<Int64?>(nil)

  /// A capture that is not to stop yet. Throws where the system has no more descriptors.
  public init() throws(CaptureError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw .cannotUseInterface(name: "-", reason: "no pipe for its stop: \(String(cString: strerror(errno)))")
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Stops the capture: packets stamped later than now are not taken. Only the first call counts.
  public func stop() {
    let isFirst = time.withLockedValue { time in
      guard time == nil else { return false }
      time = Self.now()
      return true
    }
    var byte: UInt8 = 0
    if isFirst { _ = write(writeEnd, &byte, 1) }
  }

  /// When the capture was stopped, in ns since the epoch; nil while it runs.
  var stopTime: Int64? { time.withLockedValue { $0 } }

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
