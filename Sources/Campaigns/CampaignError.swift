/// What of a campaign cannot be: one line that says what, where and what to do.
public struct CampaignError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The line.
  public let description: String

  /// An error; see ``description``.
  public init(_ description: String) { self.description = description }
}
