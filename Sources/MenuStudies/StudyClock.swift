import NA62Formats

/// The clock that rates are given in.
enum StudyClock {
  /// Length of a clock period in seconds.
  static let period = ClockTicks.strawPeriod * 1e-9
}
