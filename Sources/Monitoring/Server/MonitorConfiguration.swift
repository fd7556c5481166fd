/// Where and how the monitor is served.
public struct MonitorConfiguration: Sendable {
  /// Certificate and key for TLS.
  public struct TLS: Sendable, Hashable {
    /// PEM file with the certificate, and those that vouch for it.
    public var certificate: String
    /// PEM file with the private key.
    public var key: String

    /// Two PEM files.
    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// The port where none is given.
  public static let defaultPort = 8462
  /// Where Debian's package libjs-dygraphs puts the chart library.
  public static let defaultLibrary = "/usr/share/javascript/dygraphs"

  /// Name or address to listen on.
  public var host: String
  /// Port; 0 for any free one.
  public var port: Int
  /// The token that opens it; nil is allowed on loopback only.
  public var token: AccessToken?
  /// Certificate and key; nil for plain HTTP.
  public var tls: TLS?
  /// Names by which a browser may ask, beside those of loopback; not looked at beyond loopback if empty.
  public var hostNames: [String]
  /// Directory of the chart library.
  public var library: String
  /// What clients may take.
  public var limits: MonitorLimits

  /// A configuration; see the properties.
  public init(
    host: String = "127.0.0.1", port: Int = defaultPort, token: AccessToken? = nil, tls: TLS? = nil,
    hostNames: [String] = [], library: String = defaultLibrary, limits: MonitorLimits = MonitorLimits()
  ) {
    self.host = host
    self.port = port
    self.token = token
    self.tls = tls
    self.hostNames = hostNames
    self.library = library
    self.limits = limits
  }

  /// Host and port of `PORT`, `HOST:PORT` or `[ADDRESS]:PORT`.
  /// - Throws: ``MonitorError/badAddress(_:)``.
  public static func address(_ text: String) throws(MonitorError) -> (host: String, port: Int) {
    if let port = UInt16(text) { return ("127.0.0.1", Int(port)) }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { throw .badAddress(text) }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw .badAddress(text)
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .badAddress(text) }
    return (String(host), Int(port))
  }

  /// Whether only this machine can reach it.
  public var isLoopback: Bool { HostCheck.isLoopback(host) }

  /// Host and port as in a URL.
  public func authority(port: Int) -> String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// What a person should know before it starts; one line each.
  public var warnings: [String] {
    guard !isLoopback, tls == nil else { return [] }
    return [
      "\(authority(port: port)): without certificate and key the token and all data go over the network in clear"
    ]
  }

  /// Whether it is safe to listen.
  /// - Throws: ``MonitorError/needsToken(address:)``.
  func check() throws(MonitorError) {
    if !isLoopback, token == nil { throw .needsToken(address: authority(port: port)) }
  }
}
