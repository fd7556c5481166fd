import NA62Formats

/// The clock of the readout, as the simulation has it: the period of STRAW's code, and 1/256 of it for the TDCs.
public enum ReadoutClock {
  /// Clock period in ns.
  public static let period = ClockTicks.strawPeriod
  /// What a TDC counts in, ns.
  public static let unit = ClockTicks.strawPeriod / 256
  /// Clock periods of a frame, for which each detector sends one packet of primitives.
  public static let framePeriods: UInt32 = 256
  /// Length of a frame in ns.
  public static let frame = period * Double(framePeriods)

  /// Time in TDC units of a time in ns since the start of burst: what lies beyond a unit is cut off, as the TDC
  /// does; `nil` before the burst, beyond 2³² clock periods, and for NaN.
  public static func units(_ nanoseconds: Double) -> Int64? {
    // Converting cuts what is above 0.
    let value = nanoseconds / unit
    guard value >= 0, value < 0x1p40 else { return nil }
    return Int64(value)
  }
}
