import EventBuilding
import Foundation
import NA62Formats
import PacketCapture
import Testing

@testable import RateMonitoring

/// A monitor that goes on from what another one remembered.
struct MonitorStateTests {
  private static var bins: RateMonitoringConfiguration {
    var configuration = MonitorFixture.bins
    configuration.bands = [
      .init(
        line: RateLine(.detector, "RICH"), expectation: .rate(2e6), tolerance: 0.1, change: 1.3, sample: .bin),
      .init(
        line: RateLine(.detector, "CHOD"), expectation: .counts(2_000_000, seconds: 1), tolerance: 0.1,
        change: 1.3,
        sample: .bin),
    ]
    return configuration
  }

  private static func monitor(_ configuration: RateMonitoringConfiguration = bins) throws -> RateMonitor {
    var options = RateMonitor.Options()
    options.hasEvents = false
    return try RateMonitor(
      configuration: configuration, layout: try MonitorFixture.kaonMenu.get().layout, options: options)
  }

  private static func findings(
    _ packets: [MonitorFixture.Packet], between: (inout RateMonitor) throws -> Void
  ) throws -> (texts: [String], rows: [String], totals: [RateLine: UInt64]) {
    var monitor = try monitor()
    var found: [RateFinding] = []
    var rows: [String] = []
    for begin in stride(from: 0, to: packets.count, by: 700) {
      let part = packets[begin..<min(packets.count, begin + 700)]
      found += try monitor.add(PacketBatch(part.map(\.scripted), first: UInt32(begin + 1)))
      rows += monitor.takeEnded().flatMap { RatesByBurst.rows(of: $0.burst, $0.key) }
      try between(&monitor)
    }
    found += try monitor.finish()
    rows += monitor.takeEnded().flatMap { RatesByBurst.rows(of: $0.burst, $0.key) }
    return (found.map { "\($0.dataTime.nanoseconds) \($0.text)" }, rows, monitor.totals)
  }

  @Test func aMonitorRestoredFromJSONFindsWhatTheFirstOneFinds() throws {
    // A dead detector in the second burst: states in the middle of a fault are among those that are kept.
    let packets = try MonitorFixture.bursts(3) { burst, time, packet in
      burst == 2 && packet.primitives == .muv3 && time > 0.01 ? [] : [packet]
    }
    let whole = try Self.findings(packets) { _ in }
    let restored = try Self.findings(packets) { monitor in
      let data = try JSONEncoder().encode(monitor.state)
      monitor = try Self.monitor()
      try monitor.restore(JSONDecoder().decode(RateMonitor.State.self, from: data))
    }
    #expect(whole.texts.count >= 2)
    #expect(restored.texts == whole.texts)
    #expect(Set(whole.rows.map { $0.split(separator: ",")[1] }) == ["1", "2", "3"])
    #expect(restored.rows == whole.rows)
    #expect(restored.totals == whole.totals)
  }

  @Test func totalsAreTheSumsOfTheBursts() throws {
    let packets = try MonitorFixture.bursts(2)
    let (_, rows, totals) = try Self.findings(packets) { _ in }
    var sums: [String: UInt64] = [:]
    for row in rows {
      let fields = row.split(separator: ",", omittingEmptySubsequences: false)
      sums["\(fields[4])/\(fields[5])", default: 0] += UInt64(fields[6]) ?? 0
    }
    #expect(sums["detector/RICH"] ?? 0 > 0)
    #expect(totals.allSatisfy { sums[$0.key.description] == $0.value })
  }

  @Test func aStateOfOtherBandsIsRefused() throws {
    let state = try Self.monitor().state
    var other = Self.bins
    other.bands.removeLast()
    var monitor = try Self.monitor(other)
    #expect(throws: RateMonitoringError.differentState) { try monitor.restore(state) }
  }
}
