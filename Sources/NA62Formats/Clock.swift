/// Times and clocks of the NA62 data: one type per unit, so that units cannot be mixed.

/// An instant of data time: nanoseconds since the Unix epoch, as stamped by the capture.
///
/// All logic of Spillway runs on data time, never on the wall clock.
public struct DataTime: Hashable, Comparable, Sendable, BitwiseCopyable, Codable {
  /// Nanoseconds since 1970-01-01T00:00:00 UTC.
  public var nanoseconds: Int64

  /// The instant `nanoseconds` after the Unix epoch.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Whether one instant is before another.
  @inlinable
  public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

  /// Time from `earlier` to this instant, in seconds; saturates instead of overflowing.
  @inlinable
  public func seconds(since earlier: DataTime) -> Double {
    (Double(nanoseconds) - Double(earlier.nanoseconds)) * 1e-9
  }
}

/// A count of the 40 MHz-like experiment clock since the start of the burst.
public struct ClockTicks: Hashable, Comparable, Sendable {
  /// Periods of the clock since the start of burst.
  public var count: UInt32

  /// `count` periods after the start of burst.
  @inlinable
  public init(_ count: UInt32) { self.count = count }

  /// Whether one count is lower than another.
  @inlinable
  public static func < (a: Self, b: Self) -> Bool { a.count < b.count }

  /// Length of one clock period in ns as the STRAW code has it (`l1.md` 4.1).
  public static let strawPeriod = 24.951059536

  /// Length of 1/256 of a period in ns as every other L1 algorithm has it: 24.950971341 / 256.
  /// The two constants differ in NA62's code, and both are kept (`l1.md` 4.1).
  public static let fineTimeUnit = 0.097464731802
}
