/// All that the dashboard shows at one moment: what a run publishes some times a second.
public struct MonitorSnapshot: Codable, Sendable, Hashable {
  /// What is being looked at.
  public var status: RunStatus
  /// The rates.
  public var rates: RateDocument
  /// The counting experiments.
  public var counts: CountsDocument
  /// Candidates and alarms.
  public var alerts: AlertDocument
  /// Books and health.
  public var health: HealthDocument
  /// The nodes; nil where a run is of one machine.
  public var nodes: NodesDocument?

  /// A snapshot; see the properties.
  public init(
    status: RunStatus, rates: RateDocument, counts: CountsDocument, alerts: AlertDocument,
    health: HealthDocument, nodes: NodesDocument? = nil
  ) {
    self.status = status
    self.rates = rates
    self.counts = counts
    self.alerts = alerts
    self.health = health
    self.nodes = nodes
  }
}
