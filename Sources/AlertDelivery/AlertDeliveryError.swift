/// What is wrong with an outbox or a sink, in one line: what, where, what to do.
public struct AlertDeliveryError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What happened, where, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
