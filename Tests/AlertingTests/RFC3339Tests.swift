import Alerting
import NA62Formats
import Testing

@Suite struct RFC3339Tests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000000Z"),
    (1, "1970-01-01T00:00:00.000000001Z"),
    (-1, "1969-12-31T23:59:59.999999999Z"),
    (-86_400_000_000_000, "1969-12-31T00:00:00.000000000Z"),
    (951_782_399_999_999_999, "2000-02-28T23:59:59.999999999Z"),
    (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
    (951_868_800_000_000_000, "2000-03-01T00:00:00.000000000Z"),
    (4_107_542_399_000_000_000, "2100-02-28T23:59:59.000000000Z"),
    (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
    (1_535_760_000_123_456_789, "2018-09-01T00:00:00.123456789Z"),
    (-2_203_977_600_000_000_000, "1900-02-28T00:00:00.000000000Z"),
    (-2_203_891_200_000_000_000, "1900-03-01T00:00:00.000000000Z"),
    (Int64.max, "2262-04-11T23:47:16.854775807Z"),
    (Int64.min, "1677-09-21T00:12:43.145224192Z"),
  ])
  func instantsAreWrittenInUTCWithNineDecimals(_ row: (Int64, String)) {
    #expect(DataTime(nanoseconds: row.0).rfc3339 == row.1)
  }

  @Test func everyDayOfEightCenturiesIsTheOneAfterTheLast() {
    let day: Int64 = 86_400_000_000_000
    var (year, month, date) = (1700, 1, 1)
    for number in -98_615...106_000 {
      let text = DataTime(nanoseconds: Int64(number) * day).rfc3339
      let expected = [(year, 4), (month, 2), (date, 2)].map { value, width in
        String(repeating: "0", count: width - String(value).count) + String(value)
      }.joined(separator: "-")
      #expect(text == expected + "T00:00:00.000000000Z")
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
      date += 1
      if date > length { (date, month) = (1, month + 1) }
      if month > 12 { (month, year) = (1, year + 1) }
    }
  }
}
