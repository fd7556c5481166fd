/// Why the monitor cannot start; one line each.
public enum MonitorError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The token cannot be used.
  case badToken(String)
  /// An address beyond this machine, and no token.
  case needsToken(address: String)
  /// An address that cannot be read.
  case badAddress(String)
  /// Certificate or key cannot be used.
  case badCertificate(String)
  /// The address cannot be listened on.
  case cannotBind(address: String, reason: String)

  /// One line for a person.
  public var description: String {
    switch self {
    case .badToken(let text): text
    case .needsToken(let address):
      "\(address): other machines can reach this address: give a token file, or set SPILLWAY_TOKEN"
    case .badAddress(let text): "\(text): expected PORT or HOST:PORT, such as 8462, 0.0.0.0:8462 or [::]:8462"
    case .badCertificate(let text): text
    case .cannotBind(let address, let reason):
      "\(address): cannot listen here: \(reason); choose another port, or 0 for any free one"
    }
  }
}
