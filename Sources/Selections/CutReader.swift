import Configuration

/// Reads the cuts of a selection.
struct CutReader {
  let names: SelectionNames

  private static let testKeys = ["variable", "require", "condition"] + BoundsReader.keys
  private static let counting = CountingReader(usesWords: true)

  func cut(_ node: YAMLNode) throws(ConfigurationError) -> (SelectionCut, ConfigValue) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["name"] + Self.testKeys + ["any_of", "all_of", "trust", "source"])
    let name = try map.required("name").name()
    let kinds = ["variable", "condition", "any_of", "all_of"].filter { map.optional($0) != nil }
    guard kinds.count == 1 else {
      throw node.error(
        "expected one of 'variable', 'condition', 'any_of' and 'all_of', found \(kinds.count) of them")
    }
    var tests: [SelectionCut.Test] = []
    var entries: [ConfigValue.Entry]
    let isAny = kinds[0] == "any_of"
    let isSingle = kinds[0] == "variable" || kinds[0] == "condition"
    if !isSingle, let list = map.optional(kinds[0]) {
      if let stray = map.entries.first(where: { Self.testKeys.contains($0.key) }) {
        throw stray.value.error(
          "'\(stray.key)' cannot stand beside '\(kinds[0])'", advice: "put it in an item")
      }
      var values: [ConfigValue] = []
      for item in try list.sequence() {
        let part = try item.mapping()
        try part.rejectUnknown(keys: Self.testKeys)
        let (test, value) = try test(part)
        tests.append(test)
        values.append(.map(value))
      }
      guard tests.count > 1 else { throw list.error("expected at least two items, found \(tests.count)") }
      entries = [.init(kinds[0], .list(values))]
    } else {
      let (test, value) = try test(map)
      tests = [test]
      entries = value
    }
    let provenance = try Self.counting.provenance(map)
    entries = [.init("name", .string(name))] + entries + provenance.entries
    let label = tests.map(\.label).joined(separator: isAny ? " or " : " and ")
    return (
      SelectionCut(name: name, label: label, provenance: provenance, tests: tests, isAny: isAny),
      .map(entries)
    )
  }

  private func test(
    _ map: YAMLMapping
  ) throws(ConfigurationError) -> (SelectionCut.Test, [ConfigValue.Entry]) {
    if let node = map.optional("condition") {
      if let stray = map.entries.first(where: { $0.key != "condition" && Self.testKeys.contains($0.key) }) {
        throw stray.value.error("'\(stray.key)' cannot stand beside 'condition'")
      }
      let condition = try ConditionReader.condition(node)
      return (.l1(condition), [.init("condition", condition.effective)])
    }
    let node = try map.required("variable")
    let text = try node.string()
    guard let require = map.optional("require") else {
      let variable = try names.variable(node)
      let bounds = try BoundsReader.bounds(map, variable.dimension)
      return (
        .bounds(variable, bounds),
        [.init("variable", .string(variable.name))] + bounds.entries(variable.dimension)
      )
    }
    guard let (scope, quantity) = names.tracks(text) else {
      throw node.error(
        "'require' is for several tracks, such as tracks.p, found \(node.summary)",
        suggestion: NearestName.of(text, in: TrackQuantity.allCases.map { "tracks.\($0.name)" }))
    }
    let bounds = try BoundsReader.bounds(map, quantity.dimension)
    let (count, value) = try trackCount(require)
    return (
      .tracks(scope, quantity, bounds, count),
      [.init("variable", .string(text)), .init("require", value)] + bounds.entries(quantity.dimension)
    )
  }

  private func trackCount(
    _ node: YAMLNode
  ) throws(ConfigurationError) -> (SelectionCut.TrackCount, ConfigValue) {
    guard node.isMapping else {
      switch try node.string() {
      case "all": return (.all, .string("all"))
      case "any": return (.any, .string("any"))
      default:
        throw node.error("expected 'all', 'any' or '{ min: …, max: … }', found \(node.summary)")
      }
    }
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["min", "max"])
    let limit = 0...1000
    let min = try map.optional("min")?.int(in: limit)
    let max = try map.optional("max")?.int(in: limit)
    guard min != nil || max != nil else { throw node.error("expected 'min', 'max' or both, found neither") }
    if let min, let max, min > max {
      throw node.error("'min' \(min) is above 'max' \(max)", advice: "swap them")
    }
    let entries = [("min", min), ("max", max)].compactMap { key, value in
      value.map { ConfigValue.Entry(key, .int($0)) }
    }
    return (.range(min: min, max: max), .map(entries))
  }
}
