import Configuration
import NA62Formats
import SpillwayTestSupport
import Testing

@testable import RateMonitoring

struct RateConfigurationTests {
  private func read(_ text: String) throws -> RateMonitoringConfiguration {
    try RateMonitoringConfiguration(YAMLNode.parse(text: text, file: "m.yaml"))
  }

  private let head = "schema: spillway.monitoring/1\nname: a\n"

  @Test func readsWhatItWrites() throws {
    var configuration = RateMonitoringConfiguration()
    configuration.name = "run 9001"
    configuration.description = "a reference"
    configuration.falseAlarmRate = 3 / 86_400.0
    configuration.bands = [
      .init(line: RateLine(.detector, "CHOD"), expectation: .rate(1.25e7), tolerance: 0.2, sample: .bin),
      .init(line: RateLine(.l0, "mask 1"), expectation: .counts(1234, seconds: 10.5), change: 2),
      .init(line: RateLine(.l1, "mask 1"), expectation: .part(RateLine(.l0, "mask 1"), share: 0.125)),
      .init(
        line: RateLine(.detector, "RICH"), expectation: .relative(RateLine(.detector, "NewCHOD"), ratio: 1.5)),
    ]
    #expect(try read(configuration.effective.yaml()) == configuration)
  }

  @Test func shippedConfigurationsAreRead() throws {
    let configuration = try RateMonitoringConfiguration.load(
      path: RepositoryPaths.path("Configs/monitoring/kaon-2018.yaml"))
    #expect(!configuration.bands.isEmpty)
  }

  @Test(arguments: [
    ("lines: [{line: l0/mask 1}]", "expected one of rate, counts, relative_to, part_of"),
    ("lines: [{line: l0/mask 1, rate: 5}]", "unit"),
    ("lines: [{line: l0/mask 1, rate: 0 Hz}]", "expected a number"),
    ("lines: [{line: l0/mask 1, rate: 5 Hz, counts: 3}]", "rate, counts"),
    ("lines: [{line: l0/mask 1, rate: 5 Hz, share: 0.5}]", "does not go with"),
    ("lines: [{line: l3/mask 1, rate: 5 Hz}]", "LEVEL/NAME"),
    ("lines: [{line: l0/, rate: 5 Hz}]", "LEVEL/NAME"),
    ("lines: [{line: l0/a, rate: 5 Hz}, {line: l0/a, rate: 6 Hz}]", "twice"),
    ("lines: [{line: l0/a, counts: 5, seconds: 0}]", "expected a number"),
    ("lines: [{line: l0/a, counts: -1, seconds: 1}]", "whole number"),
    ("lines: [{line: l0/a, counts: 5, seconds: 1, sample: bin}]", "known rate"),
    ("lines: [{line: l0/a, rate: 5 Hz, tolerance: 1.5}]", "expected a number"),
    ("lines: [{line: l0/a, rate: 5 Hz, change: 1}]", "expected a number"),
    ("lines: [{line: l0/a, rate: nan Hz}]", "expected a number"),
    ("bin: 0 ms", "expected a number"), ("bin: 5", "unit"), ("false_alarms: {count: 0, per: 1 d}", "number"),
    ("false_alarm: 3", "unknown key"), ("packet_loss: 2", "expected a number"), ("bursts_kept: 0", "whole"),
  ])
  func refusesWhatHasNoMeaning(_ text: String, _ message: String) {
    do {
      _ = try read(head + text)
      Issue.record("'\(text)' was taken")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
      #expect("\(error)".contains("m.yaml"))
    }
  }

  @Test func partsOfABurstAddUp() throws {
    var (a, b) = (RateCounts(binNanoseconds: 100), RateCounts(binNanoseconds: 100))
    let (key, line) = (RateCounts.Key(run: 1, burst: 2), RateLine(.l0, "mask 1"))
    func part(_ begin: Int64, _ end: Int64, _ along: [UInt64]) -> RateCounts.Burst {
      var burst = RateCounts.Burst(
        begin: DataTime(nanoseconds: begin), end: DataTime(nanoseconds: end),
        firstBin: RateCounts.bin(of: begin, width: 100))
      burst.lines[line] = RateCounts.Line()
      burst.lines[line]?.count = along.reduce(0, +)
      burst.lines[line]?.along = along
      return burst
    }
    a.bursts[key] = part(-150, 110, [1, 2, 3, 4])
    b.bursts[key] = part(20, 290, [5, 6, 7])
    var (ab, ba) = (a, b)
    try ab.merge(b)
    try ba.merge(a)
    #expect(ab == ba)
    #expect(ab.bursts[key] == part(-150, 290, [1, 2, 8, 10, 7]))
    #expect(throws: RateMonitoringError.self) { try ab.merge(RateCounts(binNanoseconds: 5)) }
  }

  @Test func rowsOfTheTableAreInOrder() {
    var counts = RateCounts(binNanoseconds: 1_000_000)
    for burst: UInt32 in [2, 1] {
      var value = RateCounts.Burst(
        begin: DataTime(nanoseconds: Int64(burst) * 1_000_000_000),
        end: DataTime(nanoseconds: Int64(burst) * 1_000_000_000 + 500_000_000), firstBin: 0)
      value.lines[RateLine(.l1, "a, \"b\"")] = RateCounts.Line()
      value.lines[RateLine(.l1, "a, \"b\"")]?.count = 7
      counts.bursts[.init(run: 3, burst: burst)] = value
    }
    #expect(
      RatesByBurst.rows(of: counts) == [
        "3,1,1000000000,0.5,l1,\"a, \"\"b\"\"\",7,14.0", "3,2,2000000000,0.5,l1,\"a, \"\"b\"\"\",7,14.0",
      ])
  }

  @Test func linesAreReadFromText() {
    #expect(RateLine(text: "l0/mask 1") == RateLine(.l0, "mask 1"))
    #expect(RateLine(text: "detector/IRC/SAC/NewCHOD board 0")?.name == "IRC/SAC/NewCHOD board 0")
    #expect(RateLine(text: "l0") == nil && RateLine(text: "x/y") == nil)
    #expect(PacketTally.board(RateLine(.detector, "IRC/SAC/NewCHOD board 2"))?.number == 2)
    #expect(PacketTally.board(RateLine(.detector, "0x38 board 2"))?.source == SourceID(rawValue: 0x38))
    #expect(PacketTally.board(RateLine(.detector, "STRAW board 300")) == nil)
  }
}
