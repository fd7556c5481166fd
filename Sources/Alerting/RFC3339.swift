public import NA62Formats

extension DataTime {
  /// The instant as RFC 3339 in UTC with nine decimals, such as `2018-06-01T12:00:00.000000001Z`.
  ///
  /// Pure integer arithmetic on the proleptic Gregorian calendar, without time zones or leap seconds;
  /// holds for every value of the type (years 1677 to 2262).
  public var rfc3339: String {
    let perSecond: Int64 = 1_000_000_000
    let second = Self.floorDivide(nanoseconds, perSecond)
    let day = Self.floorDivide(second.quotient, 86_400)
    let date = Self.civilDate(daysSinceEpoch: day.quotient)
    let time = day.remainder
    return Self.padded(date.year, 4) + "-" + Self.padded(date.month, 2) + "-" + Self.padded(date.day, 2)
      + "T" + Self.padded(time / 3_600, 2) + ":" + Self.padded(time / 60 % 60, 2) + ":"
      + Self.padded(time % 60, 2) + "." + Self.padded(second.remainder, 9) + "Z"
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder < 0 ? (quotient - 1, remainder + b) : (quotient, remainder)
  }

  /// Year, month and day of a day number, counted in eras of 400 years that begin on 1 March.
  private static func civilDate(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let era = floorDivide(daysSinceEpoch + 719_468, 146_097)
    let dayOfEra = era.remainder
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (era.quotient * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
