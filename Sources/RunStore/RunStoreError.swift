/// What is wrong with a ledger, in one line: what, where, what to do.
public struct RunStoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What happened, where, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
