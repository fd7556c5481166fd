extension RuleEngine {
  /// All that the engine remembers, to be kept with a checkpoint of the run.
  public struct State: Codable, Sendable, Equatable {
    /// The newest data time of what the rules were told, in nanoseconds.
    var clock: Int64?
    /// The end of the newest burst.
    var burstEnd: Int64?
    /// Live: the newest data time that has come, and by the wall clock when.
    var newestData: Int64?
    var arrival: Int64?
    /// Live: the wall clock.
    var wall: Int64?
    /// By the name of the rule.
    var rules: [String: RuleState] = [:]

    /// The state before anything was told.
    public init() {}
  }

  /// What a rule remembers.
  struct RuleState: Codable, Sendable, Equatable {
    var books = RuleBooks()
    var window: Window?
    var recent = RecentNames()
    /// What is firing, by its key.
    var episodes: [String: Episode] = [:]
    /// The thresholds that were crossed, by the selection.
    var crossings: [String: [Crossing]] = [:]
    /// The newest sign of life, as a number of intervals since 1970.
    var beat: Int64?
  }

  /// A stretch of time in which a rule may send so many messages.
  struct Window: Codable, Sendable, Equatable {
    var start: Int64
    /// Live: its start by the wall clock.
    var wall: Int64?
    var sent: Int
    var held: UInt64
  }

  /// Something that fires.
  struct Episode: Codable, Sendable, Equatable {
    var since: Int64
    /// Whether its message was sent, and not held back.
    var wasSent: Bool
  }

  /// A threshold that was crossed.
  struct Crossing: Codable, Sendable, Equatable {
    /// The candidate with which it was crossed.
    var candidate: String
    /// Thresholds crossed, this one included.
    var level: Int
    /// The key of the message.
    var key: String
  }
}

/// What became of all that a rule has found: found = sent + held + repeated.
public struct RuleBooks: Codable, Sendable, Equatable {
  /// All that it found.
  public var found: UInt64 = 0
  /// Sent as a message of its own.
  public var sent: UInt64 = 0
  /// Held back by the throttle, to be summed up.
  public var held: UInt64 = 0
  /// Told before: the same event again, or a condition that goes on.
  public var repeated: UInt64 = 0
  /// Of those held, how many summaries have told.
  public var summarised: UInt64 = 0
  /// Summaries sent.
  public var summaries: UInt64 = 0

  /// Whether everything found is in exactly one column.
  public var closes: Bool { found == sent + held + repeated && summarised <= held }
}

/// The newest names that were told; the oldest is forgotten when there are too many.
struct RecentNames: Codable, Sendable, Equatable {
  static let limit = 16_384
  private var order: [String] = []
  private var next = 0
  private var names: Set<String> = []

  /// Remembers a name; `false` if it was known.
  mutating func insert(_ name: String) -> Bool {
    guard names.insert(name).inserted else { return false }
    if order.count < Self.limit {
      order.append(name)
    } else {
      names.remove(order[next])
      order[next] = name
      next = (next + 1) % Self.limit
    }
    return true
  }

  func contains(_ name: String) -> Bool { names.contains(name) }

  private enum CodingKeys: CodingKey { case order, next }

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    order = try container.decode([String].self, forKey: .order)
    next = try container.decode(Int.self, forKey: .next)
    names = Set(order)
    guard order.count <= Self.limit, next == 0 || order.indices.contains(next) else {
      throw DecodingError.dataCorruptedError(
        forKey: .next, in: container, debugDescription: "not a ring of names")
    }
  }
}
