import Crypto
import Hummingbird

/// A file that is built into the program.
struct StaticFile: Sendable {
  /// Its bytes.
  let bytes: ByteBuffer
  /// `Content-Type`.
  let mediaType: String
  /// `ETag`: changes with the bytes.
  let tag: String

  /// A file whose type is told by its name.
  init(_ name: String, _ bytes: [UInt8]) {
    self.bytes = ByteBuffer(bytes: bytes)
    mediaType = Self.mediaType(of: name)
    let digest = SHA256.hash(data: bytes).prefix(12)
    tag = "\"" + digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\""
  }

  /// `Content-Type` by the end of a name.
  static func mediaType(of name: String) -> String {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    case "json": "application/json"
    default: "application/octet-stream"
    }
  }

  /// The dashboard.
  static let page = StaticFile("dashboard.html", PackageResources.dashboard_html)
  /// The form for the token.
  static let login = StaticFile("login.html", PackageResources.login_html)
  /// The description of the API.
  static let openAPI = StaticFile("openapi.json", PackageResources.openapi_json)

  /// What the pages ask for at `/assets/NAME`: all files of `Page` but the pages themselves.
  static let assets: [String: StaticFile] = Dictionary(
    uniqueKeysWithValues: [
      ("alerts.js", PackageResources.alerts_js),
      ("charts.js", PackageResources.charts_js),
      ("connection.js", PackageResources.connection_js),
      ("counts.js", PackageResources.counts_js),
      ("dashboard.css", PackageResources.dashboard_css),
      ("dashboard.js", PackageResources.dashboard_js),
      ("dom.js", PackageResources.dom_js),
      ("favicon.svg", PackageResources.favicon_svg),
      ("format.js", PackageResources.format_js),
      ("health.js", PackageResources.health_js),
      ("nodes.js", PackageResources.nodes_js),
      ("rates.js", PackageResources.rates_js),
      ("theme.js", PackageResources.theme_js),
    ].map { name, bytes in (name, StaticFile(name, bytes)) })
}
