/// The nodes of a farm (`/api/v1/nodes`); there is none where a run is of one machine.
public struct NodesDocument: Codable, Sendable, Hashable {
  /// How a node is.
  public enum State: String, Codable, Sendable, Hashable, CaseIterable {
    /// It has not been heard of.
    case waiting
    /// It counts.
    case running
    /// It counts again, after another process of the node was there.
    case back
    /// It was not heard of for a while, or its data are behind.
    case late
    /// It was not heard of for long.
    case lost
    /// It has told its last counts.
    case ended
    /// It is there, and its counts are not taken.
    case refused
  }

  /// One node.
  public struct Node: Codable, Sendable, Hashable {
    /// Its number, from 0.
    public var node: UInt32
    /// How it is.
    public var state: State
    /// Why it is refused; nil where it is not.
    public var reason: String?
    /// Time since its last message in s; nil before the first.
    public var age: Double?
    /// The burst that it is in, or was in last; nil before its first event.
    public var burst: UInt32?
    /// Newest data time, RFC 3339; nil before the first packet.
    public var dataTime: String?
    /// How far its data are behind those of the first node, in s; nil where it is not known.
    public var lag: Double?
    /// Bursts that are settled.
    public var bursts: Int
    /// Events of the settled bursts.
    public var events: UInt64
    /// Events of the burst under way: shown, not settled.
    public var openEvents: UInt64
    /// Events of bursts that the node did not live to end: in no sum.
    public var droppedEvents: UInt64
    /// Processes that have taken the place of another one.
    public var restarts: Int
    /// Candidates that it has told.
    public var alerts: UInt64
    /// Candidates that never came.
    public var alertsLost: UInt64
    /// Packets that its kernel or interface dropped; nil for a recording.
    public var drops: UInt64?

    /// A node; see the properties.
    public init(
      node: UInt32, state: State, reason: String? = nil, age: Double? = nil, burst: UInt32? = nil,
      dataTime: String? = nil, lag: Double? = nil, bursts: Int = 0, events: UInt64 = 0,
      openEvents: UInt64 = 0,
      droppedEvents: UInt64 = 0, restarts: Int = 0, alerts: UInt64 = 0, alertsLost: UInt64 = 0,
      drops: UInt64? = nil
    ) {
      self.node = node
      self.state = state
      self.reason = reason
      self.age = age
      self.burst = burst
      self.dataTime = dataTime
      self.lag = lag
      self.bursts = bursts
      self.events = events
      self.openEvents = openEvents
      self.droppedEvents = droppedEvents
      self.restarts = restarts
      self.alerts = alerts
      self.alertsLost = alertsLost
      self.drops = drops
    }
  }

  /// Where the aggregator listens.
  public var endpoint: String
  /// The nodes, by number.
  public var nodes: [Node]
  /// Who was turned away, and why.
  public var strangers: [String]

  /// A document; see the properties.
  public init(endpoint: String, nodes: [Node], strangers: [String] = []) {
    self.endpoint = endpoint
    self.nodes = nodes
    self.strangers = strangers
  }
}
