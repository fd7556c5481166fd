/// How much an alert asks of the person who reads it.
public enum AlertSeverity: String, Sendable, CaseIterable, Codable {
  /// To be known; nothing has to be done.
  case information
  /// To be looked at.
  case warning
  /// To be looked at now.
  case critical
}
