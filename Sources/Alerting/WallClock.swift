public import NA62Formats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where `t_wall` comes from. Only records that leave read it; no logic does (law 4).
public struct WallClock: Sendable {
  private let read: @Sendable () -> DataTime

  /// A clock that asks `read` each time.
  public init(_ read: @escaping @Sendable () -> DataTime) { self.read = read }

  /// The present time by this clock.
  public func now() -> DataTime { read() }

  /// The system's real-time clock, UTC.
  public static let system = WallClock {
    var time = timespec()
    guard clock_gettime(CLOCK_REALTIME, &time) == 0 else { return DataTime(nanoseconds: 0) }
    let (scaled, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    return DataTime(nanoseconds: overflow ? .max : scaled + Int64(time.tv_nsec))
  }

  /// A clock that stands still at `instant`.
  public static func fixed(_ instant: DataTime) -> WallClock { WallClock { instant } }

  /// The system clock, or the fixed second of SOURCE_DATE_EPOCH where it is set (reproducible-builds.org),
  /// so that two runs can write the same bytes.
  ///
  /// Throws ``AlertingError/badSourceDateEpoch(_:)`` for a value that is set but not whole seconds in range.
  public static func fromEnvironment() throws -> WallClock {
    try fromSourceDateEpoch(getenv("SOURCE_DATE_EPOCH").map { String(cString: $0) })
  }

  /// As ``fromEnvironment()``, with the variable's value given; nil or empty means the system clock.
  public static func fromSourceDateEpoch(_ value: String?) throws -> WallClock {
    guard let value, !value.isEmpty else { return .system }
    guard let seconds = Int64(value) else { throw AlertingError.badSourceDateEpoch(value) }
    let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { throw AlertingError.badSourceDateEpoch(value) }
    return .fixed(DataTime(nanoseconds: nanoseconds))
  }
}
