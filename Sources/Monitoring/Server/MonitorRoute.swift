import Foundation

/// What a path means.
enum MonitorRoute: Sendable, Hashable {
  /// The dashboard.
  case page
  /// The form for the token.
  case login
  /// The end of a session.
  case logout
  /// A file of ours.
  case asset(String)
  /// A file of the chart library.
  case library(String)
  /// One document.
  case document(EventTopic)
  /// All documents in one.
  case snapshot
  /// The stream of events.
  case events
  /// The picture of a candidate.
  case display(String)
  /// The description of the API.
  case openAPI
  /// Numbers for Prometheus.
  case metrics
  /// Whether the server lives, and with `?ready` whether it has something to show.
  case health

  /// The files of the chart library that are given.
  static let libraryFiles: Set<String> = ["dygraph.min.js", "dygraph.min.css"]
  /// Longest identity of a candidate.
  static let identityLength = 128

  /// The route of a path as it stands in the request; nil if there is none.
  init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
    switch parts {
    case [""]: self = .page
    case ["login"]: self = .login
    case ["logout"]: self = .logout
    case ["metrics"]: self = .metrics
    case ["healthz"]: self = .health
    case ["api", "v1", "snapshot"]: self = .snapshot
    case ["api", "v1", "events"]: self = .events
    case ["api", "v1", "openapi.json"]: self = .openAPI
    default:
      if parts.count == 2, parts[0] == "assets", StaticFile.assets[parts[1]] != nil {
        self = .asset(parts[1])
      } else if parts.count == 3, parts[0] == "assets", parts[1] == "vendor",
        Self.libraryFiles.contains(parts[2])
      {
        self = .library(parts[2])
      } else if parts.count == 3, parts[0] == "api", parts[1] == "v1",
        let topic = EventTopic(rawValue: parts[2])
      {
        self = .document(topic)
      } else if parts.count == 5, parts[0] == "api", parts[1] == "v1", parts[2] == "candidates",
        parts[4] == "display.svg", let id = Self.identity(parts[3])
      {
        self = .display(id)
      } else {
        return nil
      }
    }
  }

  /// Whether it can be asked without a token: what holds no data of a run.
  var isOpen: Bool {
    switch self {
    case .login, .health, .asset, .library: true
    default: false
    }
  }

  /// The methods that it has, beside OPTIONS.
  var methods: [String] {
    switch self {
    case .login: ["GET", "HEAD", "POST"]
    case .logout: ["POST"]
    default: ["GET", "HEAD"]
    }
  }

  /// The identity of a candidate: letters, digits and `. _ : + -`, percent-encoded or not. It goes to the caller as
  /// a key, and is no path.
  private static func identity(_ text: String) -> String? {
    guard let id = text.removingPercentEncoding, !id.isEmpty, id.utf8.count <= identityLength,
      id.unicodeScalars.allSatisfy({ scalar in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", ":", "+", "-": true
        default: false
        }
      })
    else { return nil }
    return id
  }
}
