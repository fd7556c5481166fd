/// What became of an attempt to deliver.
public enum DeliveryOutcome: Sendable, Equatable {
  /// All messages were taken.
  case delivered
  /// They may be taken later: why not now, and when the receiver asks to be tried again.
  case failed(String, retryAfter: Duration? = nil)
  /// They will never be taken, and why.
  case refused(String)
}

/// A place that messages are delivered to.
public protocol DeliverySink: Sendable {
  /// Most messages in one delivery.
  var batchLimit: Int { get }
  /// How often it must be told again what is still firing; nil for never.
  var repeatInterval: Duration? { get }
  /// Delivers messages in order; returns when the receiver has taken them, or has not.
  func deliver(_ messages: [OutboxMessage]) async -> DeliveryOutcome
  /// Tells again what is still firing.
  func tellAgain(_ firing: [OutboxMessage]) async -> DeliveryOutcome
  /// Lets go of what it holds.
  func close() async
}

extension DeliverySink {
  /// One message a delivery.
  public var batchLimit: Int { 1 }
  /// Never told again.
  public var repeatInterval: Duration? { nil }
  /// Does nothing.
  public func tellAgain(_ firing: [OutboxMessage]) async -> DeliveryOutcome { .delivered }
  /// Does nothing.
  public func close() async {}
}

/// A sink under its name.
public struct NamedSink: Sendable {
  /// Its name, by which the rules call it.
  public var name: String
  /// What kind it is, as in the file of rules.
  public var type: String
  /// The sink.
  public var sink: any DeliverySink

  /// A sink under a name.
  public init(name: String, type: String, sink: any DeliverySink) {
    self.name = name
    self.type = type
    self.sink = sink
  }
}
