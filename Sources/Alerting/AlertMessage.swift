public import NA62Formats

/// One message to people or machines: what a rule says of the data, with all that is needed to look again.
public struct AlertMessage: Sendable, Equatable {
  /// Name and version of the JSON layout.
  public static let schema = "spillway.message/1"

  /// What a message tells.
  public enum Kind: String, Sendable, CaseIterable, Codable {
    /// An event that a selection took.
    case candidate
    /// A counting experiment that has come to a threshold.
    case significance
    /// A rate that has left its band, or is back.
    case drift
    /// Losses above what is allowed, or books that do not close.
    case quality
    /// No data.
    case silence
    /// The chain works: no alert means that there is nothing to tell.
    case heartbeat
    /// An earlier message does not hold any more.
    case retraction
    /// An earlier message in a changed form.
    case correction
  }

  /// A name with a value, by which receivers sort and route.
  public struct Label: Sendable, Equatable, Codable {
    /// The name: letters, digits and `_`.
    public var name: String
    /// The value.
    public var value: String

    /// A label.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The threshold that a counting experiment has come to.
  public struct Crossing: Sendable, Equatable {
    /// What was compared, as in the state of the candidate: `anytime_p_value`, for example.
    public var statistic: String
    /// The threshold.
    public var threshold: Double
    /// The value.
    public var value: Double

    /// A crossing; see the properties.
    public init(statistic: String, threshold: Double, value: Double) {
      self.statistic = statistic
      self.threshold = threshold
      self.value = value
    }
  }

  /// How often such a message would come by chance.
  public struct FalseAlarm: Sendable, Equatable {
    /// What the number counts by.
    public enum Basis: String, Sendable, CaseIterable, Codable {
      /// Expected false alarms in an hour of data time.
      case hour
      /// Expected false alarms in a burst.
      case burst
      /// Expected false alarms, or where small the probability of one, over the whole run.
      case run
    }

    /// The expected number of false alarms.
    public var rate: Double
    /// In what.
    public var basis: Basis

    /// A false-alarm rate.
    public init(_ rate: Double, per basis: Basis) {
      self.rate = rate
      self.basis = basis
    }
  }

  /// Identity: the same in every run over the same data, and another for any other message. ASCII, at most 200 bytes.
  public var key: String
  /// What it tells.
  public var kind: Kind
  /// How much it asks of the reader.
  public var severity: AlertSeverity
  /// The rule that made it.
  public var rule: String
  /// The sinks that it goes to; not a part of its content.
  public var sinks: [String]
  /// One line for a person.
  public var text: String
  /// Labels of the rule and of what was found, in a fixed order.
  public var labels: [Label]
  /// What a firing message and its end have in common; nil where there is no end.
  public var series: String?
  /// Whether it is still so; nil where it cannot end, as for a candidate.
  public var isFiring: Bool?
  /// The candidate.
  public var candidate: AlertRecord?
  /// The open regions that hold the candidate.
  public var regions: [String]
  /// The threshold of a message on a significance.
  public var crossing: Crossing?
  /// What was measured, in the unit of the text.
  public var observed: Double?
  /// What was expected, in the same unit.
  public var expected: Double?
  /// How often this comes by chance, where the rule or the finding says so.
  public var falseAlarm: FalseAlarm?
  /// The key of the message that this one retracts or corrects.
  public var refersTo: String?
  /// How many messages this one stands for; nil for one that stands for itself.
  public var summarised: UInt64?
  /// When it happened, in data time.
  public var dataTime: DataTime
  /// When the message was made.
  public var wallTime: DataTime
  /// Whether it is a test: the data were recorded before, or the rules say so.
  public var isTest: Bool
  /// Hash of the effective configuration.
  public var configurationHash: String
  /// Identity of the input.
  public var input: String

  /// A message that tells nothing yet; see the properties.
  public init(
    key: String, kind: Kind, severity: AlertSeverity, rule: String, sinks: [String], text: String,
    labels: [Label] = [], dataTime: DataTime, wallTime: DataTime, isTest: Bool, configurationHash: String,
    input: String
  ) {
    self.key = key
    self.kind = kind
    self.severity = severity
    self.rule = rule
    self.sinks = sinks
    self.text = text
    self.labels = labels
    regions = []
    self.dataTime = dataTime
    self.wallTime = wallTime
    self.isTest = isTest
    self.configurationHash = configurationHash
    self.input = input
  }

  /// The line for a person, marked where it is a test.
  public var title: String { isTest ? "TEST: \(text)" : text }
}
