import Testing
@testable import RateMonitoring

struct Explore {
  @Test func explore() async throws {
    var c = RateMonitoringConfiguration()
    c.binSeconds = 0.002
    let packets = try MonitorFixture.kaon.get()
    print("packets", packets.count, packets.first?.scripted.nanoseconds ?? 0, packets.last?.scripted.nanoseconds ?? 0)
    let (findings, monitor) = try await MonitorFixture.run(packets, c)
    for f in findings { print(f.dataTime, f.statistic, f.text) }
    for line in monitor.snapshot().lines { print(line.line, line.bursts.map(\.count), line.along.prefix(12)) }
  }
}
