import Configuration

/// One rule: what it looks at, and what becomes of its messages.
public struct AlertRule: Sendable, Equatable {
  /// What a rule looks at.
  public enum Trigger: Sendable, Equatable {
    /// Candidates of selections; of those with an open region, in one of these regions where some are named.
    case candidate(selections: [NamePattern], regions: [NamePattern])
    /// A statistic of a counting experiment that comes to one of the thresholds, the weakest first.
    case significance(selections: [NamePattern], statistic: Statistic, thresholds: [Double])
    /// Drifts by their labels; an empty list takes any.
    case drift(lines: [NamePattern], levels: [NamePattern], kinds: [NamePattern])
    /// Losses of items above a share of all, and books that do not close; `share` nil: the books alone.
    case quality(items: [NamePattern], reasons: [NamePattern], share: Double?, minimum: UInt64, books: Bool)
    /// No data for so many nanoseconds.
    case silence(after: Int64)
    /// A sign of life every so many nanoseconds.
    case heartbeat(every: Int64)

    /// The kind of the messages.
    public var kind: AlertMessage.Kind {
      switch self {
      case .candidate: .candidate
      case .significance: .significance
      case .drift: .drift
      case .quality: .quality
      case .silence: .silence
      case .heartbeat: .heartbeat
      }
    }
  }

  /// What a rule on a significance compares; named as in the state of a candidate.
  public enum Statistic: String, Sendable, CaseIterable {
    /// The p-value that holds although it is looked at after every event.
    case anytimePValue = "anytime_p_value"
    /// Its one-sided significance.
    case anytimeZ = "anytime_z"
    /// The p-value of one look.
    case pValue = "p_value"
    /// Its one-sided significance.
    case zOneSided = "z_one_sided"

    /// Whether a lower value is a stronger one.
    public var isProbability: Bool { self == .anytimePValue || self == .pValue }

    /// Whether it may be looked at after each event.
    public var isAnytime: Bool { self == .anytimePValue || self == .anytimeZ }

    /// The value in the state of a candidate.
    func value(_ state: AlertRecord.State) -> Double? {
      switch self {
      case .anytimePValue: state.anytimePValue
      case .anytimeZ: state.anytimeZ
      case .pValue: state.pValue
      // A significance that is infinite is above every threshold.
      case .zOneSided: state.zOneSided ?? .infinity
      }
    }
  }

  /// At most so many messages in so long; the rest are summed up in one.
  public struct Throttle: Sendable, Equatable {
    /// Messages.
    public var messages: Int
    /// Nanoseconds of data time, from the first message on.
    public var interval: Int64

    /// A throttle.
    public init(messages: Int, interval: Int64) {
      self.messages = messages
      self.interval = interval
    }
  }

  /// What makes two candidates the same one.
  public enum Identity: String, Sendable, CaseIterable {
    /// The same event in the same selection.
    case selection
    /// The same event, whichever selection took it: one message an event.
    case event
  }

  /// Its name.
  public var name: String
  /// What it is for; may be empty.
  public var description: String
  /// What it looks at.
  public var trigger: Trigger
  /// The severity of its messages.
  public var severity: AlertSeverity
  /// The sinks that its messages go to.
  public var sinks: [String]
  /// Labels that its messages carry.
  public var labels: [AlertMessage.Label]
  /// How many messages it may send; nil for all.
  public var throttle: Throttle?
  /// What makes two candidates the same one.
  public var identity: Identity
  /// How often its messages come by chance, as the file says.
  public var falseAlarm: AlertMessage.FalseAlarm?
  /// Where it stands, for errors that are found later.
  var node: YAMLNode?
  /// The selections and regions that it names, with their places.
  var selectionNodes: [YAMLNode] = []
  var regionNodes: [YAMLNode] = []

  /// A rule; see the properties.
  public init(
    name: String, description: String = "", trigger: Trigger, severity: AlertSeverity = .warning,
    sinks: [String], labels: [AlertMessage.Label] = [], throttle: Throttle? = nil,
    identity: Identity = .selection, falseAlarm: AlertMessage.FalseAlarm? = nil
  ) {
    self.name = name
    self.description = description
    self.trigger = trigger
    self.severity = severity
    self.sinks = sinks
    self.labels = labels
    self.throttle = throttle
    self.identity = identity
    self.falseAlarm = falseAlarm
  }
}
