import Configuration
import CountingStatistics

/// Reads selections from YAML.
enum SelectionReader {
  static func read(_ root: YAMLNode) throws(ConfigurationError) -> SelectionSet {
    let file = try root.mapping()
    try file.rejectUnknown(keys: ["schema", "selections"])
    let schema = try file.required("schema")
    guard try schema.string() == SelectionSet.schema else {
      throw schema.error(
        "expected '\(SelectionSet.schema)', found \(schema.summary)",
        advice: "check that this is a selection file of this version")
    }
    let list = try file.required("selections")
    var selections: [Selection] = []
    for node in try list.sequence() {
      let selection = try selection(node)
      guard !selections.contains(where: { $0.name == selection.name }) else {
        throw try node.mapping().required("name").error(
          "two selections are named \(ConfigurationError.quoted(selection.name))",
          advice: "give each selection its own name")
      }
      selections.append(selection)
    }
    guard !selections.isEmpty else {
      throw list.error("expected at least one selection, found none", advice: "add one")
    }
    return SelectionSet(selections: selections)
  }

  private static func selection(_ node: YAMLNode) throws(ConfigurationError) -> Selection {
    let map = try node.mapping()
    try map.rejectUnknown(keys: [
      "name", "description", "require_kept", "conditions", "background", "efficiency", "normalisation",
      "confidence_level", "blind", "alert",
    ])
    let name = try name(map.required("name"))
    let description = try map.optional("description")?.text() ?? ""
    let list = try map.required("conditions")
    var conditions: [SelectionCondition] = []
    for item in try list.sequence() { conditions.append(try ConditionReader.condition(item)) }
    guard !conditions.isEmpty else {
      throw list.error("expected at least one condition, found none", advice: "add one")
    }

    let background = try map.required("background").mapping()
    try background.rejectUnknown(keys: ["events", "trust", "source"])
    let events = try background.required("events").double(in: 0...Double.greatestFiniteMagnitude)
    let efficiency = try map.optional("efficiency").map(fraction) ?? 1
    let normalisation = try map.optional("normalisation").map(normalisation)
    let level = try map.optional("confidence_level").map(confidenceLevel) ?? 0.9

    let experiment: CountingExperiment
    do {
      experiment = try CountingExperiment(
        name: name, background: events, efficiency: efficiency, normalisation: normalisation?.value,
        confidenceLevel: level)
    } catch {
      throw node.error("\(error)")
    }
    return Selection(
      name: name, description: description, conditions: conditions,
      requiresKept: try map.optional("require_kept")?.bool() ?? true, experiment: experiment,
      backgroundProvenance: try provenance(background),
      normalisationProvenance: normalisation?.provenance, exposureUnit: normalisation?.unit,
      isBlind: try map.optional("blind")?.bool() ?? true,
      raisesAlert: try map.optional("alert")?.bool() ?? true)
  }

  private static func name(_ node: YAMLNode) throws(ConfigurationError) -> String {
    let name = try node.string()
    let isWord = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    guard isWord, (1...64).contains(name.utf8.count) else {
      throw node.error("expected a name of at most 64 letters, digits, '-' and '_', found \(node.summary)")
    }
    return name
  }

  private static func provenance(_ map: YAMLMapping) throws(ConfigurationError) -> Provenance {
    Provenance(
      trust: try map.required("trust").choice(Trust.self), source: try map.required("source").text())
  }

  private static func normalisation(
    _ node: YAMLNode
  ) throws(ConfigurationError) -> (value: Normalisation, unit: String, provenance: Provenance) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["exposure", "unit", "acceptance", "trust", "source"])
    let exposure = try map.required("exposure")
    let number = try exposure.double()
    guard number > 0 else { throw exposure.error("expected a number above 0, found \(number)") }
    let acceptance = try fraction(map.required("acceptance"))
    let value: Normalisation
    do {
      value = try Normalisation(exposure: number, acceptance: acceptance)
    } catch {
      throw node.error("\(error)")
    }
    return (value, try map.required("unit").text(), try provenance(map))
  }

  private static func fraction(_ node: YAMLNode) throws(ConfigurationError) -> Double {
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
  /// Text without white space at its ends; may be empty where it is quoted.
  fileprivate func text() throws(ConfigurationError) -> String {
    let text = try string()
    let isSpace: (Character) -> Bool = { $0.isWhitespace }
    let front = text.drop(while: isSpace)
    return String(front.reversed().drop(while: isSpace).reversed())
  }
}
