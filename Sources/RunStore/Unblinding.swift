import Configuration

/// That a selection was opened: an entry of the ledger, chained to the one before it.
public struct Unblinding: Sendable, Hashable {
  /// Number of the entry, from 1.
  public var number: Int
  /// The selection.
  public var selection: String
  /// When, as RFC 3339.
  public var time: String
  /// Who, as the system says.
  public var user: String
  /// Why.
  public var reason: String
  /// Hash of the entry before; of the first one the hash of the run.
  public var previous: String
  /// Hash of the entry.
  public var hash: String

  init(number: Int, selection: String, time: String, user: String, reason: String, previous: String) {
    self.number = number
    self.selection = selection
    self.time = time
    self.user = user
    self.reason = reason
    self.previous = previous
    hash = ""
    hash = expectedHash
  }

  /// The hash that the entry must have: of all its fields, the hash of the entry before included.
  var expectedHash: String {
    ConfigValue.list(
      [previous, "\(number)", selection, time, user, reason].map { .string($0) }
    ).sha256
  }
}
