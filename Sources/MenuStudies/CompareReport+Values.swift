public import Configuration
import CountingStatistics
import L0Trigger
import PacketCapture
import TriggerPipeline

extension CompareReport {
  /// Everything as structured values.
  public func summary() throws -> ConfigValue {
    var entries: [ConfigValue.Entry] = [
      .init("schema", .string("spillway.compare/1")),
      .init("version", .string(identity.version)),
      .init("inputs", .list(identity.inputs.map { .string($0) })),
      .init("configuration_hash", .string(identity.configurationHash)),
      .init("bursts", int(result.bursts)),
      .init("method_of_rates", .string("Garwood, 68.27 %, two-sided, central")),
      .init("menus", .list(try menus.indices.map(menuValue))),
    ]
    let pairs = try zip(result.pairs, result.differences).map { pair, difference in
      try differenceValue(pair.first, pair.second, difference)
    }
    entries.append(.init("differences", .list(pairs)))
    if !result.comparisons.isEmpty {
      entries.append(.init("method_of_shares", .string("Clopper-Pearson, 68.27 %, two-sided, central")))
      entries.append(.init("recorded", .list(try menus.indices.map(recordedValue))))
    }
    entries.append(.init("primitives", primitivesValue()))
    entries.append(.init("books_close", .bool(closes)))
    var levels: [ConfigValue.Entry] = []
    for level in ["capture", "datagrams", "records"] {
      let columns = books.filter { $0.level == level }
      guard !columns.isEmpty else { continue }
      levels.append(.init(level, .map(columns.map { .init($0.column, int($0.count)) })))
    }
    entries.append(.init("books", .map(levels)))
    return .map(entries)
  }

  private func int(_ value: UInt64) -> ConfigValue { .int(Int(clamping: value)) }

  private func rateEntries(_ count: UInt64, _ menu: Int, _ prefix: String = "") throws -> [ConfigValue.Entry]
  {
    let rate = try rate(count, menu)
    return [
      .init("\(prefix)rate_hz", rate.map { .double($0.rate) } ?? .null),
      .init("\(prefix)rate_low_hz", rate.map { .double($0.interval.lower) } ?? .null),
      .init("\(prefix)rate_high_hz", rate.map { .double($0.interval.upper) } ?? .null),
    ]
  }

  private func menuValue(_ menu: Int) throws -> ConfigValue {
    let counts = result.menus[menu]
    let triggers = counts.triggers
    let lines = try rows(menu).map { row in
      ConfigValue.map(
        [
          .init("number", .int(row.line.number)), .init("name", .string(row.line.name)),
          .init("downscaling", .double(row.line.downscaling)), .init("matched", int(row.before)),
          .init("after_downscaling", int(row.after)), .init("sent", int(row.sent)),
        ] + (try rateEntries(row.sent, menu)) + [.init("pure", int(row.pure))]
          + (try rateEntries(row.pure, menu, "pure_")) + [
            .init("proportional", .double(row.proportional)),
            .init("proportional_error", .double(row.proportionalError)),
            .init("not_sent", int(row.deadTimeLosses)),
          ])
    }
    let numbers = menus[menu].lines.map(\.number)
    let overlaps = numbers.map { i in ConfigValue.list(numbers.map { int(counts.overlaps[i, $0]) }) }
    return .map(
      [
        .init("name", .string(menus[menu].name)), .init("path", .string(menus[menu].path)),
        .init("hash", .string(menus[menu].hash)), .init("live_time_s", .double(counts.liveTime)),
        .init("sent", int(triggers.sent)),
      ] + (try rateEntries(triggers.sent, menu)) + [
        .init("fired", int(triggers.fired)), .init("other_sources", int(counts.otherSources)),
        .init(
          "not_sent",
          .map([
            .init("dead_time", int(triggers.rejectedDeadTime)),
            .init("windows", int(triggers.rejectedWindow)),
            .init("end_of_burst", int(triggers.notSentEndOfBurst)), .init("late", int(triggers.rejectedLate)),
          ])), .init("lines", .list(lines)),
        .init(
          "overlaps",
          .map([.init("lines", .list(numbers.map { .int($0) })), .init("counts", .list(overlaps))])),
        .init(
          "profile",
          .map([
            .init("bin_clock_periods", .int(1 << counts.profile.exponent)),
            .init("sent", .list(trimmed(counts.profile.counts).map(int))),
          ])),
      ])
  }

  /// Counts without the zeros at the end.
  func trimmed(_ counts: [UInt64]) -> ArraySlice<UInt64> {
    counts.prefix((counts.lastIndex { $0 > 0 } ?? -1) + 1)
  }

  private func stepsValue(_ counts: StepCounts) -> ConfigValue {
    .map(DifferenceStep.allCases.filter { counts[$0] > 0 }.map { .init($0.key, int(counts[$0])) })
  }

  private func differenceValue(
    _ first: Int, _ second: Int, _ difference: MenuDifference
  ) throws -> ConfigValue {
    func change(_ lost: StepCounts, _ gained: StepCounts, _ both: UInt64) -> [ConfigValue.Entry] {
      let change = CountDifference(lost: lost.total, gained: gained.total, both: both)
      return [
        .init("both", int(both)), .init("lost", int(change.lost)), .init("gained", int(change.gained)),
        .init("difference", .int(Int(change.value))), .init("error", .double(change.error)),
        .init("error_if_independent", .double(change.errorIfIndependent)),
        .init("lost_at", stepsValue(lost)), .init("gained_at", stepsValue(gained)),
      ]
    }
    let lines = lines(first, second).map { line in
      let counts = difference.lines[line]
      return ConfigValue.map(
        [.init("number", .int(line))] + change(counts.lost, counts.gained, counts.both))
    }
    let examples = [
      ("lost", difference.lostExamples), ("gained", difference.gainedExamples),
      ("changed", difference.changedExamples),
    ].flatMap { kind, few in
      few.elements.map { example in
        ConfigValue.map([
          .init("kind", .string(kind)), .init("burst", .int(Int(example.burst))),
          .init("timestamp", .int(Int(example.timestamp))), .init("first_lines", linesValue(example.first)),
          .init("second_lines", linesValue(example.second)), .init("step", .string(example.step.key)),
          .init("packet", packetValue(example.packet)),
        ])
      }
    }
    return .map(
      [
        .init("first", .string(menus[first].name)), .init("second", .string(menus[second].name)),
        .init("changed", int(difference.changed.total)),
        .init("changed_at", stepsValue(difference.changed)),
        .init("other_fine_time", int(difference.otherFineTime)),
      ] + change(difference.lost, difference.gained, difference.both) + [
        .init("lines", .list(lines)), .init("examples", .list(examples)),
      ])
  }

  private func linesValue(_ pattern: LinePattern) -> ConfigValue {
    var lines: [ConfigValue] = []
    pattern.forEach { lines.append(.int($0)) }
    return .list(lines)
  }

  private func packetValue(_ packet: PacketReference?) -> ConfigValue {
    guard let packet else { return .null }
    return .map([.init("input", .int(Int(packet.input))), .init("number", .int(Int(packet.number)))])
  }

  private func recordedValue(_ menu: Int) throws -> ConfigValue {
    let counts = result.comparisons[menu]
    func shareEntries(_ name: String, _ passed: UInt64, _ trials: UInt64) throws -> [ConfigValue.Entry] {
      let interval = try share(passed, trials)
      return [
        .init(name, trials > 0 ? .double(Double(passed) / Double(trials)) : .null),
        .init("\(name)_low", interval.map { .double($0.lower) } ?? .null),
        .init("\(name)_high", interval.map { .double($0.upper) } ?? .null),
      ]
    }
    let lines = try recordedRows(menu).map { row in
      ConfigValue.map(
        [
          .init("line", row.line.map { .int($0) } ?? .string("all")), .init("both", int(row.counts.both)),
          .init("only_emulated", int(row.counts.onlyEmulated)),
          .init("only_recorded", int(row.counts.onlyRecorded)),
        ] + (try shareEntries("efficiency", row.counts.both, row.counts.both + row.counts.onlyRecorded))
          + (try shareEntries("purity", row.counts.both, row.counts.both + row.counts.onlyEmulated)))
    }
    let examples = counts.examples.elements.map { example in
      ConfigValue.map([
        .init("kind", .string(example.kind.replacing(" ", with: "_"))),
        .init("burst", .int(Int(example.burst))), .init("timestamp", .int(Int(example.timestamp))),
        .init("emulated_lines", example.emulated.map(linesValue) ?? .null),
        .init("recorded_lines", example.recorded.map(linesValue) ?? .null),
        .init("primitive_packet", packetValue(example.primitivePacket)),
        .init("record_packet", packetValue(example.recordPacket)),
      ])
    }
    return .map([
      .init("menu", .string(menus[menu].name)), .init("other_lines", int(counts.otherLines)),
      .init("emulated_other_sources", int(counts.emulatedOtherSources)), .init("lines", .list(lines)),
      .init("examples", .list(examples)),
    ])
  }

  private func primitivesValue() -> ConfigValue {
    let statistics = result.primitives
    let detectors = zip(L0Detector.allCases, statistics.detectors).map { detector, seen in
      ConfigValue.map([
        .init("detector", .string(detector.name)), .init("packets", int(seen.packets)),
        .init("missing_packets", int(seen.missing)), .init("primitives", int(seen.primitives)),
        .init("calibrations", int(seen.calibrations)),
        .init("time_differences_first", .int(-seen.timeDifferences.count / 2)),
        .init("time_differences", .list(seen.timeDifferences.map(int))),
      ])
    }
    return .map([
      .init("menu", .string(menus.first?.name ?? "")), .init("groups", int(statistics.groups)),
      .init("detectors", .list(detectors)),
    ])
  }
}
