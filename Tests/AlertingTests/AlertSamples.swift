import Alerting
import Configuration
import NA62Formats

/// Rules and inputs for the tests.
enum AlertSamples {
  static let configuration = RuleEngine.Context(
    isRecording: true, configurationHash: "abc", input: "a.pcap", blindSelections: ["hidden"])

  /// Rules from YAML, with one sink `log` unless others are given.
  static func rules(
    _ rules: String, sinks: String = "[{name: log, type: file, path: sent.jsonl}]", head: String = ""
  ) throws -> AlertRuleSet {
    let text = "schema: spillway.alerts/1\n\(head)\nsinks: \(sinks)\nrules:\n\(rules)"
    return try AlertRuleSet.read(YAMLNode.parse(text: text, file: "alerts.yaml"))
  }

  static func engine(_ text: String, isRecording: Bool = true, head: String = "") throws -> RuleEngine {
    var context = configuration
    context.isRecording = isRecording
    return RuleEngine(rules: try rules(text, head: head), context: context)
  }

  /// A moment, in seconds.
  static func at(_ seconds: Double) -> DataTime { DataTime(nanoseconds: Int64(seconds * 1e9)) }

  static func record(
    _ number: UInt32, selection: String = "k3pi", at seconds: Double = 100, isBlind: Bool = false,
    observed: Int = 1, anytime: Double? = 0.5
  ) -> AlertRecord {
    AlertRecord(
      selection: selection, isBlind: isBlind,
      event: .init(run: 8_000, burst: 17, number: number, timestamp: ClockTicks(1_000), fineTime: 128),
      l0: .init(dataType: 1, word: 16, flags: 5), l1: .init(word: 3, acceptedMasks: [0, 5]),
      packets: [.init(input: 0, number: 7)], quantities: [.init("vertex.mass", .number(493.677))],
      state: .init(
        observed: observed, background: 0.5, upperLimit: 3.874, branchingRatioLimit: nil,
        confidenceLevel: 0.9,
        method: "CLs", tail: "one-sided upper, CLs", pValue: 0.0159, zOneSided: 2.15, zTwoSided: 2.41,
        anytimePValue: anytime, anytimeZ: 0.842),
      dataTime: at(seconds), wallTime: at(0), configurationHash: "abc", input: "a.pcap")
  }

  static func drift(
    _ key: String, isFiring: Bool, at seconds: Double, level: String = "L0", kind: String = "dead",
    since: Double? = nil
  ) -> AlertInput {
    .condition(
      AlertCondition(
        key: key, labels: [.init("line", key), .init("level", level), .init("kind", kind)],
        isFiring: isFiring,
        text: "\(key) counts 3 where 100 are expected", observed: 3, expected: 100,
        falseAlarm: .init(0.01, per: .hour), dataTime: at(seconds), since: since.map(at)))
  }
}
