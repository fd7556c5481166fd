import Aggregation
import Alerting
import Configuration
import EventBuilding
import Foundation
import L1Trigger
import Monitoring
import NA62Formats
import RateMonitoring
import TriggerPipeline

/// Makes the documents of the dashboard from what the nodes of a farm have told.
struct FarmSnapshot {
  /// Bursts of a line that are shown.
  private static let bursts = 60
  /// Candidates that are shown.
  private static let shownAlerts = 200

  let menu: L1Menu
  let endpoint: String
  /// The head of the page, as it is at the start.
  let status: RunStatus

  /// What the farm has counted and how its nodes are, at one moment.
  func snapshot(
    _ report: ReplayReport, _ counts: RunPartial, _ nodes: [FarmNode], alerts: [AlertLine], total: UInt64,
    strangers: [String], wallTime: String, state: RunStatus.State = .running
  ) -> MonitorSnapshot {
    var status = status
    status.state = state
    status.wallTime = wallTime
    status.bursts = UInt64(clamping: counts.bursts.count)
    let place = nodes.compactMap(\.place).max { ($0.run, $0.burst) < ($1.run, $1.burst) }
    status.run = place?.run
    status.burst = place?.burst
    status.dataTime = nodes.compactMap(\.dataTime).max().map(Self.time)
    let drops = nodes.compactMap(\.drops)
    return MonitorSnapshot(
      status: status, rates: rates(counts), counts: SnapshotBuilder.counts(report),
      alerts: AlertDocument(total: total, entries: Self.entries(alerts)),
      health: HealthDocument(
        books: SnapshotBuilder.books(report), stages: [],
        kernelDrops: drops.isEmpty ? nil : drops.reduce(0, &+), interfaceDrops: nil, lateness: nil,
        alertsPending: 0, memory: ProcessMemory.resident),
      nodes: NodesDocument(endpoint: endpoint, nodes: nodes.map(Self.node), strangers: strangers))
  }

  private static func time(_ nanoseconds: Int64) -> String { DataTime(nanoseconds: nanoseconds).rfc3339 }

  private static func node(_ node: FarmNode) -> NodesDocument.Node {
    let state: NodesDocument.State =
      switch node.state {
      case .waiting: .waiting
      case .running: .running
      case .back: .back
      case .late: .late
      case .lost: .lost
      case .ended: .ended
      case .refused: .refused
      }
    return NodesDocument.Node(
      node: node.node, state: state, reason: node.reason, age: node.age.map { Double($0) / 1000 },
      burst: node.place?.burst, dataTime: node.dataTime.map(time), lag: node.lag.map { Double($0) * 1e-9 },
      bursts: node.bursts, events: node.events, openEvents: node.openEvents,
      droppedEvents: node.droppedEvents, restarts: node.restarts, alerts: node.alerts,
      alertsLost: node.alertsLost, drops: node.drops)
  }

  /// Rates by burst, of the bursts that have ended at some node: of the masks, and of all events.
  private func rates(_ counts: RunPartial) -> RateDocument {
    var lines: [RateDocument.Line] = []
    let bursts = counts.bursts.suffix(Self.bursts)
    func line(_ level: RateDocument.Level, _ name: String, _ count: (RateTable) -> UInt64) {
      lines.append(
        RateDocument.Line(
          name: name, level: level,
          bursts: bursts.map { ended in
            var live = RateTable()
            live.add(ended.burst)
            return .init(
              run: ended.burst.run, burst: ended.burst.burst, count: count(ended.counts.rates),
              seconds: live.liveTime, dataTime: ended.burst.begin.rfc3339)
          }, along: [], band: nil, condition: .normal))
    }
    let masks = menu.configuration.masks.enumerated().map { number, mask in
      (number, mask.name.isEmpty ? "mask \(number)" : mask.name)
    }
    let active = masks.filter { number, _ in
      counts.bursts.contains { $0.counts.rates.masks[number].l0Input > 0 }
    }
    for (number, name) in active { line(.l0, name) { $0.masks[number].l0Input } }
    for (number, name) in active { line(.l1, name) { $0.masks[number].l1Accepted } }
    line(.stream, "events") { $0.events }
    line(.stream, "kept events") { $0.kept }
    return RateDocument(binSeconds: 0.1, isBurstOpen: false, lines: lines)
  }

  private static func entries(_ alerts: [AlertLine]) -> [AlertDocument.Entry] {
    alerts.suffix(shownAlerts).reversed().map { line in
      AlertDocument.Entry(
        id: line.id.replacing("/", with: ":"), rule: "candidates", kind: "candidate", severity: "information",
        isFiring: nil,
        text: "\(line.selection): event \(line.event) of burst \(line.burst), run \(line.run)",
        dataTime: line.dataTime, wallTime: line.wallTime, run: line.run, burst: line.burst, event: line.event,
        quantities: line.quantities)
    }
  }
}
