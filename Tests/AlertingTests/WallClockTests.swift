import Alerting
import NA62Formats
import Testing

@Suite struct WallClockTests {
  @Test func fixedClockStandsStill() {
    let clock = WallClock.fixed(DataTime(nanoseconds: 5))
    #expect(clock.now() == DataTime(nanoseconds: 5) && clock.now() == clock.now())
  }

  @Test func systemClockIsInThisCentury() {
    #expect(WallClock.system.now() > DataTime(nanoseconds: 1_700_000_000_000_000_000))
  }

  @Test func sourceDateEpochFixesTheClock() throws {
    let clock = try WallClock.fromSourceDateEpoch("1535760000")
    #expect(clock.now().rfc3339 == "2018-09-01T00:00:00.000000000Z")
    #expect(try WallClock.fromSourceDateEpoch(nil).now() > DataTime(nanoseconds: 0))
    #expect(try WallClock.fromSourceDateEpoch("").now() > DataTime(nanoseconds: 0))
  }

  @Test(arguments: ["x", "1.5", " 1", "9223372037", "99999999999999999999"])
  func uselessSourceDateEpochIsAnError(_ value: String) {
    #expect(throws: AlertingError.badSourceDateEpoch(value)) { try WallClock.fromSourceDateEpoch(value) }
  }
}
