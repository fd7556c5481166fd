/// What went wrong between nodes and aggregator, in one line.
public struct FarmError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What happened, where, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
