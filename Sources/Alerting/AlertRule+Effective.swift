import Configuration

extension AlertRule {
  /// The rule as it takes effect.
  var effective: ConfigValue {
    var entries: [ConfigValue.Entry] = [.init("name", .string(name))]
    if !description.isEmpty { entries.append(.init("description", .string(description))) }
    entries.append(.init("on", .string(trigger.kind.rawValue)))
    entries += trigger.effective
    if trigger.kind == .candidate { entries.append(.init("deduplicate", .string(identity.rawValue))) }
    entries.append(.init("severity", .string(severity.rawValue)))
    entries.append(.init("sinks", .list(sinks.map { .string($0) })))
    if !labels.isEmpty {
      entries.append(.init("labels", .map(labels.map { .init($0.name, .string($0.value)) })))
    }
    if let throttle {
      entries.append(
        .init(
          "throttle",
          .map([.init("messages", .int(throttle.messages)), .init("interval", throttle.interval.seconds)])))
    }
    if let falseAlarm {
      entries.append(
        .init(
          "false_alarms",
          .map([
            .init("expected", .double(falseAlarm.rate)), .init("per", .string(falseAlarm.basis.rawValue)),
          ])))
    }
    return .map(entries)
  }
}

extension AlertRule.Trigger {
  fileprivate var effective: [ConfigValue.Entry] {
    func list(_ key: String, _ patterns: [NamePattern]) -> [ConfigValue.Entry] {
      patterns.isEmpty ? [] : [.init(key, .list(patterns.map { .string($0.text) }))]
    }
    switch self {
    case .candidate(let selections, let regions):
      return list("selections", selections) + list("regions", regions)
    case .significance(let selections, let statistic, let thresholds):
      return list("selections", selections) + [
        .init("statistic", .string(statistic.rawValue)),
        .init("thresholds", .list(thresholds.map { .double($0) })),
      ]
    case .drift(let lines, let levels, let kinds):
      return list("lines", lines) + list("levels", levels) + list("kinds", kinds)
    case .quality(let items, let reasons, let share, let minimum, let books):
      let shares: [ConfigValue.Entry] = share.map { [.init("share", .double($0))] } ?? []
      return list("items", items) + list("reasons", reasons) + shares + [
        .init("minimum", .int(Int(clamping: minimum))), .init("books", .bool(books)),
      ]
    case .silence(let after): return [.init("after", after.seconds)]
    case .heartbeat(let every): return [.init("every", every.seconds)]
    }
  }
}
