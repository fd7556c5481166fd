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
    /// Identity of the one that a retraction, a correction or an end is about.
    public var refersTo: String?
    /// Sinks that have taken it, and those that have not yet.
    public var delivered: [String]
    /// See ``delivered``.
    public var pending: [String]

    /// An entry; see the properties.
    public init(
      id: String, rule: String, kind: String, severity: String, isFiring: Bool?, text: String,
      dataTime: String,
      wallTime: String, run: UInt32? = nil, burst: UInt32? = nil, event: UInt32? = nil,
      quantities: [String: String] = [:], hasDisplay: Bool = false, refersTo: String? = nil,
      delivered: [String] = [], pending: [String] = []
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
      self.refersTo = refersTo
      self.delivered = delivered
      self.pending = pending
    }
  }

  /// What a rule has raised since the start of the run.
  public struct Rule: Codable, Sendable, Hashable {
    /// Its name.
    public var rule: String
    /// Messages raised.
    public var raised: UInt64
    /// Alarms of it that are on.
    public var firing: Int

    /// A rule; see the properties.
    public init(rule: String, raised: UInt64, firing: Int) {
      self.rule = rule
      self.raised = raised
      self.firing = firing
    }
  }

  /// What a sink has taken since the start of the run.
  public struct Sink: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Messages that it has taken.
    public var delivered: UInt64
    /// Messages that wait for it.
    public var pending: UInt64
    /// Attempts that failed.
    public var failed: UInt64

    /// A sink; see the properties.
    public init(name: String, delivered: UInt64, pending: UInt64, failed: UInt64) {
      self.name = name
      self.delivered = delivered
      self.pending = pending
      self.failed = failed
    }
  }

  /// All that were raised, also those that are not listed.
  public var total: UInt64
  /// The newest, newest first.
  public var entries: [Entry]
  /// The rules, in their order.
  public var rules: [Rule]
  /// The sinks, in their order.
  public var sinks: [Sink]

  /// A document; see the properties.
  public init(total: UInt64, entries: [Entry], rules: [Rule] = [], sinks: [Sink] = []) {
    self.total = total
    self.entries = entries
    self.rules = rules
    self.sinks = sinks
  }
}
