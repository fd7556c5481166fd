public import Configuration
import CountingStatistics

/// Reads and writes the counting experiment of a selection; the schemas differ in how they write the trust.
struct CountingReader {
  /// Whether trust is a word (schema 2) or a letter (schema 1).
  let usesWords: Bool

  /// The keys that ``experiment(_:name:)`` reads.
  static let keys = ["background", "efficiency", "normalisation", "confidence_level", "running"]

  struct Result {
    let experiment: CountingExperiment
    let background: Provenance
    let normalisation: Provenance?
    let unit: String?
    let running: Provenance?
  }

  func experiment(_ map: YAMLMapping, name: String) throws(ConfigurationError) -> Result {
    let background = try map.required("background").mapping()
    try background.rejectUnknown(keys: ["events", "uncertainty", "shape", "trust", "source"])
    let events = try expected(background)
    let efficiency = try map.optional("efficiency").map(Self.fraction) ?? 1
    let normalisation = try map.optional("normalisation").map(normalisation)
    let level = try map.optional("confidence_level").map(Self.confidenceLevel) ?? 0.9
    let running = try map.optional("running").map(running)
    let experiment: CountingExperiment
    do {
      experiment = try CountingExperiment(
        name: name, expectedBackground: events, efficiency: efficiency, normalisation: normalisation?.value,
        confidenceLevel: level, running: running?.value)
    } catch {
      throw map.node.error("\(error)")
    }
    return Result(
      experiment: experiment, background: try provenance(background),
      normalisation: normalisation?.provenance, unit: normalisation?.unit, running: running?.provenance)
  }

  /// How the exposure grows: `unit`, `total` (what the background is expected for), `per_burst`, and
  /// `false_alarms: { accepted: 1, per: 1e18 }` in the same unit.
  private func running(
    _ node: YAMLNode
  ) throws(ConfigurationError) -> (value: RunningExposure, provenance: Provenance) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["unit", "total", "per_burst", "false_alarms", "trust", "source"])
    let total = try Self.positive(map.required("total"))
    let perBurst = try Self.positive(map.required("per_burst"))
    var alarms: (accepted: Double, per: Double)?
    if let node = map.optional("false_alarms") {
      let entry = try node.mapping()
      try entry.rejectUnknown(keys: ["accepted", "per"])
      alarms = (
        try Self.positive(entry.required("accepted")), try Self.positive(entry.required("per"))
      )
    }
    let unit = try map.required("unit").text()
    do {
      let budget = try alarms.map { try FalseAlarmBudget(alarms: $0.accepted, perExposure: $0.per) }
      let value = try RunningExposure(unit: unit, total: total, perPeriod: perBurst, falseAlarms: budget)
      return (value, try provenance(map))
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw node.error("\(error)")
    }
  }

  /// `events`, with `uncertainty` (one standard deviation, in events) and its `shape` where there is one.
  private func expected(_ map: YAMLMapping) throws(ConfigurationError) -> UncertainQuantity {
    let events = try map.required("events")
    let value = try events.double(in: 0...Double.greatestFiniteMagnitude)
    var width: Double?
    if let node = map.optional("uncertainty") {
      width = try node.double(in: 0...Double.greatestFiniteMagnitude)
    }
    var shape = UncertainQuantity.Shape.gaussian
    if let node = map.optional("shape") {
      guard width != nil else {
        throw node.error("a shape without an uncertainty", advice: "add 'uncertainty', in events")
      }
      shape = try node.choice(UncertainQuantity.Shape.self)
    }
    do {
      return try UncertainQuantity(value, uncertainty: width ?? 0, shape: width == nil ? .known : shape)
    } catch {
      throw events.error("\(error)")
    }
  }

  func provenance(_ map: YAMLMapping) throws(ConfigurationError) -> Provenance {
    let node = try map.required("trust")
    let trust: Trust
    if usesWords {
      let words = Trust.allCases.map(\.word)
      let text = try node.string()
      guard let known = Trust.allCases.first(where: { $0.word == text }) else {
        throw node.error(
          "expected one of \(words.joined(separator: ", ")), found \(node.summary)",
          suggestion: NearestName.of(text, in: words))
      }
      trust = known
    } else {
      trust = try node.choice(Trust.self)
    }
    return Provenance(trust: trust, source: try map.required("source").text())
  }

  /// The keys and values that ``experiment(_:name:)`` reads.
  func entries(
    _ experiment: CountingExperiment, background: Provenance, normalisation: Provenance?, unit: String?,
    running: Provenance?
  ) -> [ConfigValue.Entry] {
    let expected = experiment.expectedBackground
    var numbers: [ConfigValue.Entry] = [.init("events", .double(expected.value))]
    if !expected.isKnown {
      numbers.append(.init("uncertainty", .double(expected.uncertainty)))
      numbers.append(.init("shape", .string(expected.shape.rawValue)))
    }
    var entries: [ConfigValue.Entry] = [
      .init("background", .map(numbers + self.entries(background))),
      .init("efficiency", .double(experiment.efficiency)),
    ]
    if let value = experiment.normalisation, let unit, let normalisation {
      entries.append(
        .init(
          "normalisation",
          .map(
            [
              .init("exposure", .double(value.exposure)), .init("unit", .string(unit)),
              .init("acceptance", .double(value.acceptance)),
            ] + self.entries(normalisation))))
    }
    if let plan = experiment.running, let running {
      var numbers: [ConfigValue.Entry] = [
        .init("unit", .string(plan.unit)), .init("total", .double(plan.total)),
        .init("per_burst", .double(plan.perPeriod)),
      ]
      if let budget = plan.falseAlarms {
        numbers.append(
          .init(
            "false_alarms",
            .map([.init("accepted", .double(budget.rate)), .init("per", .double(1))])))
      }
      entries.append(.init("running", .map(numbers + self.entries(running))))
    }
    return entries + [.init("confidence_level", .double(experiment.confidenceLevel))]
  }

  func entries(_ provenance: Provenance) -> [ConfigValue.Entry] {
    [
      .init("trust", .string(usesWords ? provenance.trust.word : provenance.trust.rawValue)),
      .init("source", .string(provenance.source)),
    ]
  }

  private func normalisation(
    _ node: YAMLNode
  ) throws(ConfigurationError) -> (value: Normalisation, unit: String, provenance: Provenance) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["exposure", "unit", "acceptance", "trust", "source"])
    let number = try Self.positive(map.required("exposure"))
    let acceptance = try Self.fraction(map.required("acceptance"))
    let value: Normalisation
    do {
      value = try Normalisation(exposure: number, acceptance: acceptance)
    } catch {
      throw node.error("\(error)")
    }
    return (value, try map.required("unit").text(), try provenance(map))
  }

  static func positive(_ node: YAMLNode) throws(ConfigurationError) -> Double {
    let value = try node.double()
    guard value > 0 else { throw node.error("expected a number above 0, found \(value)") }
    return value
  }

  static func fraction(_ node: YAMLNode) throws(ConfigurationError) -> Double {
    let value = try node.double()
    guard value > 0, value <= 1 else {
      throw node.error("expected a number above 0 and at most 1, found \(value)")
    }
    return value
  }

  private static func confidenceLevel(_ node: YAMLNode) throws(ConfigurationError) -> Double {
    let value = try node.double()
    guard value > 0, value < 1 else {
      throw node.error("expected a number above 0 and below 1, found \(value)", advice: "write 0.9 for 90 %")
    }
    return value
  }
}

extension YAMLNode {
  /// Text without white space at its ends; may be empty where it is quoted. Throws as `string()` does.
  public func text() throws(ConfigurationError) -> String {
    let text = try string()
    let isSpace: (Character) -> Bool = { $0.isWhitespace }
    let front = text.drop(while: isSpace)
    return String(front.reversed().drop(while: isSpace).reversed())
  }

  /// A name of letters, digits, '-' and '_'; throws if it is another text, empty or longer than 64.
  public func name() throws(ConfigurationError) -> String {
    let name = try string()
    guard Self.isName(name) else {
      throw error("expected a name of at most 64 letters, digits, '-' and '_', found \(summary)")
    }
    return name
  }

  static func isName(_ name: String) -> Bool {
    let isWord = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    return isWord && (1...64).contains(name.utf8.count)
  }

  /// Whether the node holds a mapping.
  var isMapping: Bool { (try? mapping()) != nil }
}
