import Configuration

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
    try map.rejectUnknown(
      keys: ["name", "description", "require_kept", "conditions"] + CountingReader.keys + ["blind", "alert"])
    let name = try map.required("name").name()
    let description = try map.optional("description")?.text() ?? ""
    let list = try map.required("conditions")
    var conditions: [SelectionCondition] = []
    for item in try list.sequence() { conditions.append(try ConditionReader.condition(item)) }
    guard !conditions.isEmpty else {
      throw list.error("expected at least one condition, found none", advice: "add one")
    }

    let counting = try CountingReader(usesWords: false).experiment(map, name: name)
    return Selection(
      name: name, description: description, conditions: conditions,
      requiresKept: try map.optional("require_kept")?.bool() ?? true,
      experiment: counting.experiment, backgroundProvenance: counting.background,
      normalisationProvenance: counting.normalisation, runningProvenance: counting.running,
      exposureUnit: counting.unit,
      isBlind: try map.optional("blind")?.bool() ?? true,
      raisesAlert: try map.optional("alert")?.bool() ?? true)
  }
}
