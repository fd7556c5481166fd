import HTTPTypes
import Hummingbird

/// Decides who may see what.
struct Gatekeeper: Sendable {
  /// Name of the cookie with a session.
  static let cookie = "spillway_session"

  private let configuration: MonitorConfiguration
  private let sessions = SessionTable()
  private let failures: FailureLimiter

  init(configuration: MonitorConfiguration) {
    self.configuration = configuration
    failures = FailureLimiter(
      allowed: configuration.limits.failures, recovery: configuration.limits.failureRecovery)
  }

  /// Whether there is a token at all.
  var hasToken: Bool { configuration.token != nil }

  /// An answer to a request that came under a foreign name; nil if the name is right.
  func refuseHost(of request: Request) -> Response? {
    guard configuration.isLoopback || !configuration.hostNames.isEmpty else { return nil }
    let names = configuration.hostNames + [configuration.host]
    if HostCheck.allows(request.head.authority, names: names) { return nil }
    return Problem.response(
      .misdirectedRequest, "the name in Host is not one of this server; ask 127.0.0.1 or localhost")
  }

  /// An answer to a request that may not see a route; nil if it may.
  func refuse(_ request: Request, from address: String) -> Response? {
    guard let token = configuration.token else { return nil }
    if let key = Self.session(in: request), sessions.isOpen(key) { return nil }
    let fields: HTTPFields = [.wwwAuthenticate: "Bearer realm=\"spillway\""]
    guard let given = request.headers[.authorization] else {
      return Problem.response(
        .unauthorized, "a token is needed: Authorization: Bearer TOKEN, or log in at /login", fields)
    }
    if let wait = failures.wait(of: address) { return Self.tooMany(wait) }
    let parts = given.split(separator: " ", maxSplits: 1)
    if parts.count == 2, parts[0].lowercased() == "bearer", token.matches(String(parts[1])) { return nil }
    failures.fail(address)
    return Problem.response(.unauthorized, "wrong token", fields)
  }

  /// Opens a session for a token that was typed in.
  func logIn(_ text: String, from address: String) -> Response {
    guard let token = configuration.token else { return Self.redirect(to: "/") }
    if let wait = failures.wait(of: address) { return Self.tooMany(wait) }
    guard token.matches(text) else {
      failures.fail(address)
      return Self.redirect(to: "/login#refused")
    }
    let age = Int(SessionTable.lifetime.components.seconds)
    return Self.redirect(to: "/", cookie: cookie(sessions.open(), age: age))
  }

  /// Ends the session of a request.
  func logOut(_ request: Request) -> Response {
    if let key = Self.session(in: request) { sessions.close(key) }
    return Self.redirect(to: "/login", cookie: cookie("", age: 0))
  }

  /// An answer to a request that changes something and comes from a page of another site; nil for our own.
  func refuseForeign(_ request: Request) -> Response? {
    if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ request.headers[$0] }) {
      if site == "same-origin" || site == "none" { return nil }
    } else {
      // Clients that are no browsers send neither.
      guard let origin = request.headers[.origin] else { return nil }
      let host = origin.lowercased().split(separator: "/").last.map(String.init)
      if host == request.head.authority?.lowercased() { return nil }
    }
    return Problem.response(.forbidden, "only a page of this server can ask for this")
  }

  private func cookie(_ value: String, age: Int) -> String {
    let secure = configuration.tls == nil ? "" : "; Secure"
    return "\(Self.cookie)=\(value); Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict\(secure)"
  }

  private static func session(in request: Request) -> String? {
    for field in request.headers[values: .cookie] {
      for pair in field.split(separator: ";") {
        let parts = pair.drop(while: { $0 == " " }).split(separator: "=", maxSplits: 1)
        if parts.count == 2, parts[0] == cookie { return String(parts[1]) }
      }
    }
    return nil
  }

  private static func redirect(to path: String, cookie: String? = nil) -> Response {
    var headers: HTTPFields = [.location: path, .cacheControl: "no-store"]
    if let cookie { headers[.setCookie] = cookie }
    return Response(status: .seeOther, headers: headers)
  }

  private static func tooMany(_ wait: Duration) -> Response {
    let seconds = wait.components.seconds + 1
    return Problem.response(
      .tooManyRequests, "too many wrong tokens; try again in \(seconds) s", [.retryAfter: "\(seconds)"])
  }
}
