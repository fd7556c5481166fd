import Foundation

/// Where an aggregator listens.
public struct FarmEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// The host: a name or an address, or `*` for all addresses of this machine.
  public let host: String
  /// The port; 0 for any free one.
  public let port: UInt16

  /// Reads `tcp://host:port`.
  ///
  /// - Throws: `FarmError`.
  public init(_ text: String) throws(FarmError) {
    let parts = text.split(separator: "://", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "tcp", let colon = parts[1].lastIndex(of: ":"),
      let port = UInt16(parts[1][parts[1].index(after: colon)...]), colon > parts[1].startIndex,
      parts[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3B && $0 != 0x2F })
    else { throw FarmError("\(text): expected tcp://host:port, as tcp://127.0.0.1:8463") }
    host = String(parts[1][..<colon])
    self.port = port
  }

  /// Whether only this machine reaches it.
  public var isLoopback: Bool {
    host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
  }

  /// As ZeroMQ takes it.
  public var description: String { "tcp://\(host):\(port == 0 ? "*" : "\(port)")" }
}
