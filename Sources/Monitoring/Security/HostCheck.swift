/// Whether the `Host` of a request is one under which the monitor is meant to be reached.
///
/// A page of another site can make its own name point to 127.0.0.1 and then read what is served there as its own
/// (DNS rebinding). The browser still sends that name in `Host`.
enum HostCheck {
  /// Whether an address or name is this machine alone.
  static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Whether a `Host` header is allowed: any name of loopback, or one of the names given; the port is not looked
  /// at, as a tunnel may change it.
  static func allows(_ authority: String?, names: [String]) -> Bool {
    guard let host = authority.flatMap(hostName) else { return false }
    return isLoopback(host) || names.contains { $0.lowercased() == host }
  }

  /// The name in a `Host` header, in lower case, without its port.
  static func hostName(_ authority: String) -> String? {
    let text = authority.lowercased()
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      return isPort(text[text.index(after: end)...]) ? String(text[...end]) : nil
    }
    guard let colon = text.firstIndex(of: ":") else { return text.isEmpty ? nil : text }
    return isPort(text[colon...]) && colon != text.startIndex ? String(text[..<colon]) : nil
  }

  /// Whether a text is empty or a colon with a port.
  private static func isPort(_ text: Substring) -> Bool {
    text.isEmpty || (text.first == ":" && UInt16(text.dropFirst()) != nil)
  }
}
