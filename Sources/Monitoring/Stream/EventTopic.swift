/// The parts of a snapshot that are sent each for itself.
enum EventTopic: String, CaseIterable, Sendable {
  /// The head of the page.
  case status
  /// The rates.
  case rates
  /// The counting experiments.
  case counts
  /// Candidates and alarms.
  case alerts
  /// Books and health.
  case health
  /// The nodes of a farm.
  case nodes

  /// The part of a snapshot as JSON; nil where it has none.
  func json(of snapshot: MonitorSnapshot) throws -> [UInt8]? {
    switch self {
    case .status: try DocumentEncoder.json(snapshot.status)
    case .rates: try DocumentEncoder.json(snapshot.rates)
    case .counts: try DocumentEncoder.json(snapshot.counts)
    case .alerts: try DocumentEncoder.json(snapshot.alerts)
    case .health: try DocumentEncoder.json(snapshot.health)
    case .nodes: try snapshot.nodes.map { try DocumentEncoder.json($0) }
    }
  }

  /// Whether the part is the same in two snapshots.
  func isSame(_ first: MonitorSnapshot, _ second: MonitorSnapshot) -> Bool {
    switch self {
    case .status: first.status == second.status
    case .rates: first.rates == second.rates
    case .counts: first.counts == second.counts
    case .alerts: first.alerts == second.alerts
    case .health: first.health == second.health
    case .nodes: first.nodes == second.nodes
    }
  }
}
