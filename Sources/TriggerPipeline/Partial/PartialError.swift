/// Why what a run has counted cannot be read back or merged, in one line.
public struct PartialError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What happened, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }

  static func broken(_ what: String) -> PartialError {
    PartialError("the stored counts are not whole (\(what)); was the ledger changed? replay the inputs again")
  }
}
