import NA62Formats

/// Writes an ``AlertRecord`` as one JSON line with a fixed order of keys (schema `spillway.alert/1`).
public enum AlertEncoder {
  /// The line, without its line end.
  ///
  /// For a blind selection the names of the quantities stay and their values are null, as are all parts of
  /// the state that tell the count (law 10); every key is always there.
  public static func line(_ record: AlertRecord) -> String { json(record).text }

  /// The record as an ordered JSON value.
  public static func json(_ record: AlertRecord) -> JSONLine {
    .object([
      .init("schema", .string(AlertRecord.schema)),
      .init("event_type", .string(AlertRecord.eventType)),
      .init("id", .string(record.id)),
      .init("selection", .string(record.selection)),
      .init("blind", .bool(record.isBlind)),
      .init("run", .integer(record.event.run)),
      .init("burst", .integer(record.event.burst)),
      .init("event", .integer(record.event.number)),
      .init("timestamp", .integer(record.event.timestamp.count)),
      .init("fine_time", .integer(record.event.fineTime)),
      .init(
        "l0",
        .object([
          .init("data_type", .integer(record.l0.dataType)), .init("word", .integer(record.l0.word)),
          .init("flags", .integer(record.l0.flags)),
        ])),
      .init(
        "l1",
        .object([
          .init("word", .integer(record.l1.word)),
          .init("accepted_masks", .array(record.l1.acceptedMasks.map { .integer($0) })),
        ])),
      .init(
        "packets",
        .array(
          record.packets.map {
            .object([.init("input", .integer($0.input)), .init("packet", .integer($0.number))])
          })),
      .init(
        "quantities",
        .object(record.quantities.map { .init($0.name, record.isBlind ? .null : value($0.value)) })),
      .init("state", record.state.map { state($0, isBlind: record.isBlind) } ?? .null),
      .init("t_data", .string(record.dataTime.rfc3339)),
      .init("t_wall", .string(record.wallTime.rfc3339)),
      .init("configuration", .string(record.configurationHash)),
      .init("input", .string(record.input)),
    ])
  }

  /// The state of a counting experiment as it stands in a line.
  static func text(of state: AlertRecord.State) -> String { self.state(state, isBlind: false).text }

  private static func value(_ value: AlertRecord.Quantity.Value) -> JSONLine {
    switch value {
    case .number(let number): .double(number)
    case .integer(let integer): .integer(integer)
    case .flag(let flag): .bool(flag)
    }
  }

  private static func state(_ state: AlertRecord.State, isBlind: Bool) -> JSONLine {
    func masked(_ value: JSONLine) -> JSONLine { isBlind ? .null : value }
    return .object([
      .init("observed", masked(.integer(state.observed))),
      .init("background", .double(state.background)),
      .init("upper_limit_events", masked(.double(state.upperLimit))),
      .init("upper_limit_branching_ratio", masked(.optional(state.branchingRatioLimit))),
      .init("confidence_level", .double(state.confidenceLevel)),
      .init("method", .string(state.method)),
      .init("tail", .string(state.tail)),
      .init("p_value", masked(.double(state.pValue))),
      .init("z_one_sided", masked(.optional(state.zOneSided))),
      .init("z_two_sided", masked(.optional(state.zTwoSided))),
      .init("anytime_p_value", masked(.optional(state.anytimePValue))),
      .init("anytime_z", masked(.optional(state.anytimeZ))),
    ])
  }
}
