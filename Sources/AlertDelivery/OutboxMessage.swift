public import Alerting

/// A message as the outbox keeps it.
public struct OutboxMessage: Sendable, Hashable {
  /// Its place in the order of all messages.
  public var id: Int64
  /// Its key, under which it is delivered.
  public var key: String
  /// What it tells.
  public var kind: AlertMessage.Kind
  /// How much it asks of the reader.
  public var severity: AlertSeverity
  /// The rule that made it.
  public var rule: String
  /// What a firing message and its end have in common.
  public var series: String?
  /// Whether it is still so; nil where it cannot end.
  public var isFiring: Bool?
  /// One line for a person, marked where it is a test.
  public var title: String
  /// Data time, RFC 3339.
  public var dataTime: String
  /// Wall time, RFC 3339.
  public var wallTime: String
  /// The whole message as one JSON line (`spillway.message/1`).
  public var body: String
}

/// Where a message has got to, by the names of the sinks.
public struct DeliveryState: Sendable, Hashable {
  /// Sinks that have taken it.
  public var delivered: [String] = []
  /// Sinks that have not taken it yet.
  public var pending: [String] = []
  /// Sinks that have refused it for good.
  public var refused: [String] = []
}

/// The books of a sink: received = delivered + pending + refused.
public struct SinkBooks: Sendable, Hashable {
  /// Messages put into its queue.
  public var received: UInt64 = 0
  /// Messages it has taken.
  public var delivered: UInt64 = 0
  /// Messages that wait for it.
  public var pending: UInt64 = 0
  /// Messages that it has refused for good.
  public var refused: UInt64 = 0

  /// Whether every message is in exactly one column.
  public var closes: Bool { received == delivered + pending + refused }
}
