import Foundation

/// What is accepted as an address of a receiver.
public enum AlertAddress {
  /// What is wrong with an address for HTTP, and what to do; nil where it is right.
  ///
  /// A user in the address would be a secret in a file that is shown; a token without TLS would be read by others on
  /// the way, so it is only taken for this machine itself.
  public static func problem(_ text: String, hasToken: Bool) -> (what: String, advice: String)? {
    guard text.utf8.count <= 2048, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
      let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
      parts.scheme == "https" || parts.scheme == "http"
    else { return ("expected an address that begins with https:// or http://", "check the address") }
    guard parts.user == nil, parts.password == nil else {
      return ("the address holds a user or a password", "use token_env or token_file")
    }
    guard parts.fragment == nil else { return ("the address has a part behind '#'", "take it away") }
    let isHere = host == "localhost" || host.hasPrefix("127.") || host == "::1" || host == "[::1]"
    guard !hasToken || parts.scheme == "https" || isHere else {
      return ("a token would go over the network in the clear", "use https")
    }
    return nil
  }

  /// Whether a text is a plain mail address, `local@domain`, without anything that means more in a header.
  public static func isMailbox(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...64).contains(parts[0].utf8.count), (1...253).contains(parts[1].utf8.count),
      text.utf8.first != UInt8(ascii: "-")
    else { return false }
    let isAtom: (UInt8) -> Bool = { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "-._+".utf8.contains(byte)
      }
    }
    return parts[0].utf8.allSatisfy(isAtom)
      && parts[1].utf8.allSatisfy { isAtom($0) && $0 != UInt8(ascii: "+") }
  }
}
