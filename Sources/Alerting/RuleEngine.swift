public import NA62Formats

/// Makes messages of what the rules are told: a state machine on data time, without I/O and without a clock.
///
/// Told the same inputs in the same order, it gives the same messages with the same keys; only `t_wall` is another.
/// What it is told in a replay (candidates, conditions, counts, ends of bursts) depends on the stream alone, not on
/// batches or workers, and so do the messages. What a blind selection has sealed changes nothing at all, not even
/// the order or the number of other messages (law 10).
public struct RuleEngine: Sendable {
  /// What the engine must know of the run.
  public struct Context: Sendable, Equatable {
    /// Whether the input is a recording: then messages are tests unless the rules say otherwise, and heartbeats and
    /// silence go by data time.
    public var isRecording: Bool
    /// Hash of the effective configuration.
    public var configurationHash: String
    /// Identity of the input, as messages show it.
    public var input: String
    /// Stands first in every key where it is not empty: set apart data that have the same runs and times, such as
    /// simulated ones.
    public var dataset: String
    /// The selections that are blind and were not opened.
    public var blindSelections: Set<String>

    /// A context; see the properties.
    public init(
      isRecording: Bool, configurationHash: String, input: String, dataset: String = "",
      blindSelections: Set<String> = []
    ) {
      self.isRecording = isRecording
      self.configurationHash = configurationHash
      self.input = input
      self.dataset = dataset
      self.blindSelections = blindSelections
    }
  }

  /// The rules.
  public let rules: AlertRuleSet
  /// The run.
  public let context: Context
  /// All that is remembered; put into another engine with the same rules it goes on from here.
  public var state: State

  /// An engine that was told nothing yet, or that goes on from a state.
  public init(rules: AlertRuleSet, context: Context, state: State = State()) {
    self.rules = rules
    self.context = context
    self.state = state
  }

  /// Whether the messages are tests.
  public var isTest: Bool {
    switch rules.testMode {
    case .auto: context.isRecording
    case .on: true
    case .off: false
    }
  }

  /// The books of a rule by its name.
  public func books(rule: String) -> RuleBooks { state.rules[rule]?.books ?? RuleBooks() }

  /// Tells the rules of something; returns the messages that they make of it, in order.
  ///
  /// - Parameters:
  ///   - input: what has happened.
  ///   - wallTime: what the messages carry as `t_wall`; nothing depends on it.
  public mutating func add(_ input: AlertInput, wallTime: DataTime) -> [AlertMessage] {
    var out = Messages(wallTime: wallTime)
    switch input {
    case .candidate(let record, let regions):
      guard !record.isBlind else { return [] }
      advance(to: record.dataTime.nanoseconds, &out)
      for index in rules.rules.indices { candidate(record, regions, rule: index, &out) }
    case .condition(let condition):
      if let selection = condition.selection, context.blindSelections.contains(selection) { return [] }
      advance(to: condition.dataTime.nanoseconds, &out)
      for index in rules.rules.indices { self.condition(condition, rule: index, &out) }
    case .quality(let counts):
      advance(to: counts.dataTime.nanoseconds, &out)
      for index in rules.rules.indices { quality(counts, rule: index, &out) }
    case .burst(let from, let to): burst(from.nanoseconds, to.nanoseconds, &out)
    case .retraction(let correction):
      // What was never told, as what is sealed, changes nothing.
      guard hasTold(correction) else { return [] }
      advance(to: correction.dataTime.nanoseconds, &out)
      for index in rules.rules.indices { retract(correction, rule: index, &out) }
    case .correction(let record, let regions, let correction):
      guard !record.isBlind else { return [] }
      advance(to: correction.dataTime.nanoseconds, &out)
      for index in rules.rules.indices { correct(record, regions, correction, rule: index, &out) }
    case .arrived(let data, let now): arrived(data.nanoseconds, now: now.nanoseconds, &out)
    case .wallClock(let now): wallClock(now.nanoseconds, &out)
    }
    return out.list
  }

  /// The data have ended: sums up what is still held back.
  public mutating func finish(wallTime: DataTime) -> [AlertMessage] {
    var out = Messages(wallTime: wallTime)
    for index in rules.rules.indices { closeWindow(rule: index, at: state.clock ?? 0, &out) }
    return out.list
  }

  // MARK: What all kinds share

  /// The messages that one input makes.
  struct Messages {
    let wallTime: DataTime
    var list: [AlertMessage] = []
  }

  /// The state of a rule.
  subscript(rule index: Int) -> RuleState {
    get { state.rules[rules.rules[index].name] ?? RuleState() }
    _modify { yield &state.rules[rules.rules[index].name, default: RuleState()] }
  }

  /// The identity of a message of a rule.
  func key(rule: AlertRule, _ parts: [String]) -> String {
    let dataset = context.dataset.isEmpty ? [] : [context.dataset]
    // A receiver that has taken a test must not take the alert itself for the same.
    return AlertKey.make((isTest ? ["test"] : []) + dataset + [rule.name] + parts)
  }

  /// A message with what all have.
  func message(
    _ kind: AlertMessage.Kind, _ rule: AlertRule, key parts: [String], text: String, at time: Int64,
    labels: [AlertMessage.Label] = [], _ out: Messages
  ) -> AlertMessage {
    let isTest = isTest
    let sinks = rule.sinks.filter { name in
      !isTest || rules.sinks.contains { $0.name == name && $0.takesTests }
    }
    return AlertMessage(
      key: key(rule: rule, parts), kind: kind, severity: rule.severity, rule: rule.name, sinks: sinks,
      text: text, labels: rule.labels + labels, dataTime: DataTime(nanoseconds: time), wallTime: out.wallTime,
      isTest: isTest, configurationHash: context.configurationHash, input: context.input)
  }

  /// Sends a message, or holds it back where the rule has sent too many; returns whether it was sent.
  ///
  /// - Parameter isForced: it goes out whatever the throttle says, since it ends or changes one that went out.
  @discardableResult
  mutating func send(_ message: AlertMessage, rule index: Int, isForced: Bool = false, _ out: inout Messages)
    -> Bool
  {
    let time = max(state.clock ?? .min, message.dataTime.nanoseconds)
    let wall = state.wall
    self[rule: index].books.found += 1
    if let throttle = rules.rules[index].throttle, !isForced {
      var window = self[rule: index].window ?? Window(start: time, wall: wall, sent: 0, held: 0)
      guard window.sent < throttle.messages else {
        window.held += 1
        self[rule: index].window = window
        self[rule: index].books.held += 1
        return false
      }
      window.sent += 1
      self[rule: index].window = window
    }
    self[rule: index].books.sent += 1
    out.list.append(message)
    return true
  }

  /// Data time goes on: closes the windows that have ended, in the order of their ends.
  mutating func advance(to time: Int64, _ out: inout Messages) {
    guard time > state.clock ?? .min else { return }
    var ended: [(end: Int64, rule: Int)] = []
    for (index, rule) in rules.rules.enumerated() {
      guard let throttle = rule.throttle, let window = self[rule: index].window else { continue }
      let (end, overflow) = window.start.addingReportingOverflow(throttle.interval)
      if !overflow, end <= time { ended.append((end, index)) }
    }
    for window in ended.sorted(by: <) { closeWindow(rule: window.rule, at: window.end, &out) }
    state.clock = time
  }

  /// Ends the window of a rule, and tells how many messages it has held back.
  mutating func closeWindow(rule index: Int, at time: Int64, _ out: inout Messages) {
    guard let window = self[rule: index].window else { return }
    self[rule: index].window = nil
    let rule = rules.rules[index]
    guard window.held > 0, let throttle = rule.throttle else { return }
    let start = DataTime(nanoseconds: window.start).rfc3339
    var summary = message(
      rule.trigger.kind, rule, key: ["summary", String(window.start), String(window.held)],
      text: "\(window.held) more of rule '\(rule.name)' since \(start) were held back "
        + "(at most \(throttle.messages) in \(AlertText.seconds(throttle.interval)))",
      at: time, out)
    summary.summarised = window.held
    self[rule: index].books.summarised += window.held
    self[rule: index].books.summaries += 1
    out.list.append(summary)
  }
}
