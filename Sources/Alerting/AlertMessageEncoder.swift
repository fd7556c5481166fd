/// Writes an ``AlertMessage`` as one JSON line with a fixed order of keys (schema `spillway.message/1`).
public enum AlertMessageEncoder {
  /// The line, without its line end. Every key is always there.
  public static func line(_ message: AlertMessage) -> String { json(message).text }

  /// The message as an ordered JSON value.
  ///
  /// A candidate of a blind selection is null, and so is all that tells of its count or its place (law 10). The rule
  /// engine makes no such message; this holds for one that was made by hand.
  public static func json(_ message: AlertMessage) -> JSONLine {
    let isBlind = message.candidate?.isBlind ?? false
    func open(_ value: JSONLine?) -> JSONLine { isBlind ? .null : value ?? .null }
    return .object([
      .init("schema", .string(AlertMessage.schema)),
      .init("key", .string(message.key)),
      .init("kind", .string(message.kind.rawValue)),
      .init("state", message.isFiring.map { .string($0 ? "firing" : "resolved") } ?? .null),
      .init("severity", .string(message.severity.rawValue)),
      .init("rule", .string(message.rule)),
      .init("text", .string(message.text)),
      .init("test", .bool(message.isTest)),
      .init("labels", .object(message.labels.map { .init($0.name, .string($0.value)) })),
      .init("candidate", open(message.candidate.map(AlertEncoder.json))),
      .init("regions", open(.array(message.regions.map { .string($0) }))),
      .init(
        "crossing",
        open(
          message.crossing.map {
            .object([
              .init("statistic", .string($0.statistic)), .init("threshold", .double($0.threshold)),
              .init("value", .double($0.value)),
            ])
          })),
      .init("observed", open(.optional(message.observed))),
      .init("expected", .optional(message.expected)),
      .init(
        "false_alarms",
        message.falseAlarm.map {
          .object([.init("expected", .double($0.rate)), .init("per", .string($0.basis.rawValue))])
        } ?? .null),
      .init("refers_to", message.refersTo.map { .string($0) } ?? .null),
      .init("summarised", message.summarised.map { .integer($0) } ?? .null),
      .init("t_data", .string(message.dataTime.rfc3339)),
      .init("t_wall", .string(message.wallTime.rfc3339)),
      .init("configuration", .string(message.configurationHash)),
      .init("input", .string(message.input)),
    ])
  }
}
