import Alerting
import EventBuilding
import Foundation
import NA62Formats
import SpillwayTestSupport

@testable import Aggregation
@testable import TriggerPipeline

/// Nodes and counts for the tests of the aggregator.
enum FarmFixture {
  static let start: Int64 = 1_700_000_000_000_000_000

  static var empty: RunPartial {
    RunPartial(
      ReplayAccount(selections: nil, identity: RunIdentity(input: "", configurationHash: "")), stored: nil,
      l0: nil)
  }

  static func farm(_ nodes: UInt32 = 2, change: (inout Farm.Options) -> Void = { _ in }) -> Farm {
    var options = Farm.Options(nodes: nodes, configuration: "hash", version: "1", empty: empty)
    change(&options)
    return Farm(options)
  }

  /// Counts of so many events in each burst, 20 s apart from burst 1 on, and of some in a burst that has not ended.
  static func counts(_ events: [UInt64], first: UInt32 = 1, open: UInt64 = 0, late: Int64 = 0) -> RunPartial {
    var partial = empty
    for (index, count) in events.enumerated() {
      let burst = first + UInt32(index)
      let begin = start + Int64(burst) * 20_000_000_000 + late
      partial.bursts.append(
        BurstStatistics(
          burst: BurstSummary(
            burst: burst, begin: DataTime(nanoseconds: begin),
            end: DataTime(nanoseconds: begin + 5_000_000_000), timestamps: 1000...2000, events: count),
          counts: HLTStatistics()))
      partial.rates.add(partial.bursts[index].burst)
    }
    let all = events.reduce(0, +) + open
    partial.rates.events = all
    partial.builder.events = all
    partial.builder.eventsBuilt = all
    return partial
  }

  /// A candidate's line.
  static func alert(_ event: UInt32, burst: UInt32 = 1, selection: String = "K3pi") -> String {
    AlertEncoder.line(
      AlertRecord(
        selection: selection, isBlind: false,
        event: .init(run: 0, burst: burst, number: event, timestamp: ClockTicks(5), fineTime: 0),
        l0: .init(dataType: 1, word: 1, flags: 1), l1: .init(word: 1, acceptedMasks: [0]), packets: [],
        quantities: [.init("mass", .number(493.7))], state: nil,
        dataTime: DataTime(nanoseconds: start + Int64(event)), wallTime: DataTime(nanoseconds: start),
        configurationHash: "hash", input: "test"))
  }
}

/// A process of a node, with what it has counted.
struct TestNode {
  var report: NodeReport
  private var told = 0

  init(
    _ node: UInt32, of nodes: UInt32 = 2, instance: String = "a", configuration: String = "hash",
    version: String = "1", options: NodeReport.Options = .init()
  ) {
    report = NodeReport(
      .init(
        node: node, nodes: nodes, instance: instance, version: version, configuration: configuration),
      options: options)
  }

  /// The end of a burst.
  mutating func settle(_ counts: RunPartial) throws {
    report.settle(counts: try counts.data(), newBursts: try counts.burstData(from: told))
    told = counts.bursts.count
  }

  mutating func show(_ counts: RunPartial) throws { report.show(counts: try counts.data()) }

  /// Talks to a farm until there is nothing to say at this time.
  mutating func talk(to farm: inout Farm, at now: Int64) {
    while let bytes = report.next(now: now) {
      guard let reply = farm.receive(bytes, now: now) else { return }
      report.receive(reply)
      if case .refused = report.verdict { return }
    }
  }
}
