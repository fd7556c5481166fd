/// Where messages go, as the file of rules says: nothing is opened yet.
public struct AlertSinkSpecification: Sendable, Equatable {
  /// A text that is given, or that lies where only its owner reads it.
  public enum Source: Sendable, Equatable {
    /// The text itself.
    case literal(String)
    /// An environment variable.
    case environment(String)
    /// The first line of a file.
    case file(String)
  }

  /// A receiver that speaks HTTP.
  public struct Endpoint: Sendable, Equatable {
    /// Its address, `https://…` or `http://…`.
    public var url: Source
    /// A file with the certificates that are trusted, in PEM; nil for those of the system.
    public var authorities: String?
    /// Longest time for one request, in nanoseconds.
    public var timeout: Int64
    /// What is sent as `Authorization: Bearer …`.
    public var token: Source?

    /// An endpoint; see the properties.
    public init(
      url: Source, authorities: String? = nil, timeout: Int64 = 10_000_000_000, token: Source? = nil
    ) {
      self.url = url
      self.authorities = authorities
      self.timeout = timeout
      self.token = token
    }
  }

  /// What kind of place it is.
  public enum Kind: Sendable, Equatable {
    /// JSON lines, added to a file.
    case file(path: String)
    /// Lines for a person, on standard error.
    case terminal
    /// One request a message; signed with HMAC-SHA256 where there is a secret.
    case webhook(Endpoint, secret: Source?)
    /// Alertmanager of Prometheus. Firing alerts are sent again every `resend` nanoseconds; those that cannot end
    /// are shown for `hold` nanoseconds.
    case alertmanager(Endpoint, resend: Int64, hold: Int64)
    /// Mail through a program that takes it as `sendmail -t -i` does.
    case email(command: [String], from: String, to: [String])
  }

  /// Its name.
  public var name: String
  /// What kind of place it is.
  public var kind: Kind
  /// Whether it gets messages that are tests.
  public var takesTests: Bool

  /// A sink; see the properties.
  public init(name: String, kind: Kind, takesTests: Bool = true) {
    self.name = name
    self.kind = kind
    self.takesTests = takesTests
  }

  /// The word for its kind, as in the file.
  public var type: String {
    switch kind {
    case .file: "file"
    case .terminal: "terminal"
    case .webhook: "webhook"
    case .alertmanager: "alertmanager"
    case .email: "email"
    }
  }
}
