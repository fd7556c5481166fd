/// The newest candidates and alarms (`/api/v1/alerts`), newest first.
public struct AlertDocument: Codable, Sendable, Hashable {
  /// One message.
  public struct Entry: Codable, Sendable, Hashable, Identifiable {
    /// Identity: the key under which it is delivered once.
    public var id: String
    /// The rule that raised it.
    public var rule: String
    /// What it is: candidate, significance, drift, quality, silence, heartbeat, retraction or
    /// correction.
    public var kind: String
    /// information, warning, critical.
    public var severity: String
    /// Whether it is still so; nil where it cannot end (a candidate).
    public var isFiring: Bool?
    /// One line for a person.
    public var text: String
    /// Data time, RFC 3339.
    public var dataTime: String
    /// Wall time, RFC 3339.
    public var wallTime: String
    /// Run, burst and event of a candidate.
    public var run: UInt32?
    /// See ``run``.
    public var burst: UInt32?
    /// See ``run``.
    public var event: UInt32?
    /// What decided, name and value as text.
    public var quantities: [String: String]
    /// Whether there is a picture at `/api/v1/candidates/ID/display.svg`.
    public var hasDisplay: Bool
    /// Sinks that have taken it, and those that have not yet.
    public var delivered: [String]
    /// See ``delivered``.
    public var pending: [String]

    /// An entry; see the properties.
    public init(
      id: String, rule: String, kind: String, severity: String, isFiring: Bool?, text: String,
      dataTime: String,
      wallTime: String, run: UInt32? = nil, burst: UInt32? = nil, event: UInt32? = nil,
      quantities: [String: String] = [:], hasDisplay: Bool = false, delivered: [String] = [],
      pending: [String] = []
    ) {
      self.id = id
      self.rule = rule
      self.kind = kind
      self.severity = severity
      self.isFiring = isFiring
      self.text = text
      self.dataTime = dataTime
      self.wallTime = wallTime
      self.run = run
      self.burst = burst
      self.event = event
      self.quantities = quantities
      self.hasDisplay = hasDisplay
      self.delivered = delivered
      self.pending = pending
    }
  }

  /// All that were raised, also those that are not listed.
  public var total: UInt64
  /// The newest, newest first.
  public var entries: [Entry]

  /// A document; see the properties.
  public init(total: UInt64, entries: [Entry]) {
    self.total = total
    self.entries = entries
  }
}
