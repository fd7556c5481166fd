import Configuration

/// Reads rules and sinks from YAML.
enum AlertRuleReader {
  static func read(_ root: YAMLNode) throws(ConfigurationError) -> AlertRuleSet {
    let file = try root.mapping()
    try file.rejectUnknown(keys: ["schema", "description", "test_mode", "sinks", "rules"])
    let schema = try file.required("schema")
    guard try schema.string() == AlertRuleSet.schema else {
      throw schema.error(
        "expected '\(AlertRuleSet.schema)', found \(schema.summary)",
        advice: "check that this is a file of alert rules of this version")
    }
    _ = try file.optional("description")?.string()
    let testMode = try file.optional("test_mode")?.choice(AlertRuleSet.TestMode.self) ?? .auto
    // Without sinks only the dashboard shows what the rules find.
    let sinks = try file.optional("sinks").map { list throws(ConfigurationError) in
      try AlertSinkReader.sinks(list)
    } ?? []
    let list = try file.required("rules")
    var rules: [AlertRule] = []
    for node in try list.sequence() {
      let rule = try rule(node, sinks: sinks.map(\.name))
      guard !rules.contains(where: { $0.name == rule.name }) else {
        throw try node.mapping().required("name").error(
          "two rules are named '\(rule.name)'", advice: "give each rule its own name")
      }
      rules.append(rule)
    }
    guard !rules.isEmpty else {
      throw list.error("expected at least one rule, found none", advice: "add one")
    }
    return AlertRuleSet(
      testMode: testMode, sinks: sinks, rules: rules,
      effective: .map([
        .init("schema", .string(AlertRuleSet.schema)), .init("test_mode", .string(testMode.rawValue)),
        .init("sinks", .list(sinks.map(\.effective))), .init("rules", .list(rules.map(\.effective))),
      ]))
  }

  private static let common = [
    "name", "description", "on", "severity", "sinks", "labels", "throttle", "false_alarms",
  ]

  private enum On: String, CaseIterable { case candidate, significance, drift, quality, silence, heartbeat }

  private static func keys(_ on: On) -> [String] {
    switch on {
    case .candidate: ["selections", "regions", "deduplicate"]
    case .significance: ["selections", "statistic", "thresholds"]
    case .drift: ["lines", "levels", "kinds"]
    case .quality: ["items", "reasons", "share", "minimum", "books"]
    case .silence: ["after"]
    case .heartbeat: ["every"]
    }
  }

  private static func rule(_ node: YAMLNode, sinks: [String]) throws(ConfigurationError) -> AlertRule {
    let map = try node.mapping()
    let on = try map.required("on").choice(On.self)
    try map.rejectUnknown(keys: common + keys(on))
    var rule = AlertRule(
      name: try map.required("name").identifier(), trigger: try trigger(on, map),
      severity: try map.optional("severity")?.choice(AlertSeverity.self)
        ?? (on == .heartbeat ? .information : .warning),
      sinks: sinks)
    rule.description = try map.optional("description")?.string() ?? ""
    if let list = map.optional("sinks") { rule.sinks = try names(list, of: sinks) }
    rule.labels = try labels(map.optional("labels"))
    rule.throttle = try throttle(map.optional("throttle"))
    rule.identity = try map.optional("deduplicate")?.choice(AlertRule.Identity.self) ?? .selection
    rule.falseAlarm = try falseAlarm(map.optional("false_alarms"))
    rule.node = node
    rule.selectionNodes = try map.optional("selections")?.sequence() ?? []
    rule.regionNodes = try map.optional("regions")?.sequence() ?? []
    return rule
  }

  private static func trigger(_ on: On, _ map: YAMLMapping) throws(ConfigurationError) -> AlertRule.Trigger {
    switch on {
    case .candidate:
      return .candidate(
        selections: try patterns(map.required("selections")), regions: try patterns(map.optional("regions")))
    case .significance:
      let statistic =
        try map.optional("statistic")?.choice(AlertRule.Statistic.self) ?? .anytimePValue
      return .significance(
        selections: try patterns(map.required("selections")), statistic: statistic,
        thresholds: try thresholds(map.required("thresholds"), statistic))
    case .drift:
      return .drift(
        lines: try patterns(map.optional("lines")), levels: try patterns(map.optional("levels")),
        kinds: try patterns(map.optional("kinds")))
    case .quality:
      let share = try map.optional("share")?.double(in: 0...1)
      let books = try map.optional("books")?.bool() ?? true
      guard share != nil || books else {
        throw map.node.error(
          "the rule looks at nothing", advice: "give a 'share' of lost items, or 'books: true'")
      }
      return .quality(
        items: try patterns(map.optional("items")), reasons: try patterns(map.optional("reasons")),
        share: share, minimum: UInt64(try map.optional("minimum")?.int(in: 1...1_000_000_000) ?? 1),
        books: books)
    case .silence: return .silence(after: try map.required("after").duration(from: 100_000_000))
    case .heartbeat: return .heartbeat(every: try map.required("every").duration(from: 1_000_000_000))
    }
  }

  /// Names or patterns; none where the key is missing, at least one where it is there.
  private static func patterns(_ node: YAMLNode?) throws(ConfigurationError) -> [NamePattern] {
    guard let node else { return [] }
    var patterns: [NamePattern] = []
    for item in try node.sequence() {
      let text = try item.string()
      guard !text.isEmpty, text.utf8.count <= 128 else {
        throw item.error("expected a name or a pattern of at most 128 bytes, found \(item.summary)")
      }
      patterns.append(NamePattern(text))
    }
    guard (1...256).contains(patterns.count) else {
      throw node.error("expected 1 to 256 names, found \(patterns.count)", advice: "'*' stands for all")
    }
    return patterns
  }

  private static func thresholds(
    _ node: YAMLNode, _ statistic: AlertRule.Statistic
  ) throws(ConfigurationError) -> [Double] {
    var values: [Double] = []
    for item in try node.sequence() {
      let value = try item.double(in: statistic.isProbability ? 0...1 : 0...100)
      let isStronger = values.last.map { statistic.isProbability ? value < $0 : value > $0 } ?? true
      guard isStronger else {
        throw item.error(
          "\(value) is not stronger than the one before",
          advice: "put thresholds in order, from the weakest to the strongest")
      }
      values.append(value)
    }
    guard (1...16).contains(values.count) else {
      throw node.error("expected 1 to 16 thresholds, found \(values.count)")
    }
    return values
  }

  private static func names(_ node: YAMLNode, of known: [String]) throws(ConfigurationError) -> [String] {
    var names: [String] = []
    for item in try node.sequence() {
      let name = try item.string()
      guard known.contains(name) else {
        throw item.error(
          "no sink \(ConfigurationError.quoted(name))", suggestion: NearestName.of(name, in: known),
          advice: "sinks: \(known.joined(separator: ", "))")
      }
      guard !names.contains(name) else { throw item.error("the sink '\(name)' is repeated") }
      names.append(name)
    }
    guard !names.isEmpty else {
      throw node.error("the rule sends to no sink", advice: "name one, or leave the key out for all")
    }
    return names
  }

  private static let reserved = [
    "alertname", "severity", "kind", "rule", "test", "selection", "run", "burst", "event", "key", "input",
    "line", "level", "scope", "items",
  ]

  private static func labels(_ node: YAMLNode?) throws(ConfigurationError) -> [AlertMessage.Label] {
    guard let node else { return [] }
    var labels: [AlertMessage.Label] = []
    for entry in try node.mapping().entries {
      guard entry.key.isLabelName, !reserved.contains(entry.key) else {
        throw entry.value.error(
          reserved.contains(entry.key)
            ? "'\(entry.key)' is a label that messages set themselves"
            : "expected a label of letters, digits and '_' that begins with a letter",
          advice: "take another name")
      }
      let value = try entry.value.string()
      guard value.utf8.count <= 256 else { throw entry.value.error("longer than 256 bytes") }
      labels.append(.init(entry.key, value))
    }
    guard labels.count <= 32 else { throw node.error("more than 32 labels") }
    return labels
  }

  private static func throttle(_ node: YAMLNode?) throws(ConfigurationError) -> AlertRule.Throttle? {
    guard let node else { return nil }
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["messages", "interval"])
    return AlertRule.Throttle(
      messages: try map.required("messages").int(in: 1...1_000_000),
      interval: try map.required("interval").duration(from: 1_000_000))
  }

  private static func falseAlarm(_ node: YAMLNode?) throws(ConfigurationError) -> AlertMessage.FalseAlarm? {
    guard let node else { return nil }
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["expected", "per"])
    return .init(
      try map.required("expected").double(in: 0...1e12),
      per: try map.required("per").choice(AlertMessage.FalseAlarm.Basis.self))
  }
}

extension YAMLNode {
  /// A name of letters, digits, `-`, `_` and `.`; throws if it is another text, empty or longer than 64.
  func identifier() throws(ConfigurationError) -> String {
    let name = try string()
    let isWord = name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "-_.".utf8.contains(byte)
      }
    }
    guard isWord, (1...64).contains(name.utf8.count) else {
      throw error("expected a name of at most 64 letters, digits, '-', '_' and '.', found \(summary)")
    }
    return name
  }

  /// A time in nanoseconds, of at least `least` and at most 30 days.
  func duration(from least: Int64) throws(ConfigurationError) -> Int64 {
    let units = ["s": 1e9, "ms": 1e6, "min": 6e10, "h": 3.6e12]
    let quantity = try quantity(units: ["s", "ms", "min", "h"], in: 0...1e9)
    let nanoseconds = quantity.value * (units[quantity.unit] ?? 1e9)
    guard nanoseconds >= Double(least), nanoseconds <= 30 * 86_400e9 else {
      throw error("expected a time from \(Double(least) / 1e9) s to 30 days, found \(summary)")
    }
    return Int64(nanoseconds.rounded())
  }
}

extension String {
  /// Whether it can be a label: letters, digits and `_`, at most 64, no digit first.
  var isLabelName: Bool {
    guard let first = utf8.first, !(0x30...0x39).contains(first), utf8.count <= 64 else { return false }
    return utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
      default: false
      }
    }
  }
}
