import Configuration

/// Reads the variables that a selection declares.
struct DerivedReader {
  let names: SelectionNames
  let beam: BeamLine?

  private static let ways = [
    "invariant_mass", "missing_mass_squared", "momentum", "transverse_momentum", "opening_angle", "pairing",
    "difference", "sum", "ratio", "absolute", "smallest", "largest", "mean",
  ]

  func variable(
    _ name: String, _ entry: YAMLMapping.Entry
  ) throws(ConfigurationError) -> (DerivedVariable, ConfigValue) {
    let node = entry.value
    let some = 1...RoleAssignments.limit
    switch entry.key {
    case "invariant_mass": return try ofRoles(name, node, .mass, some) { .invariantMass($0) }
    case "missing_mass_squared":
      try needBeam(node)
      return try ofRoles(name, node, .massSquared, some) { .missingMassSquared($0) }
    case "momentum": return try ofRoles(name, node, .momentum, some) { .momentum($0) }
    case "transverse_momentum":
      try needBeam(node)
      return try ofRoles(name, node, .momentum, some) { .transverseMomentum($0) }
    case "opening_angle": return try ofRoles(name, node, .angle, 2...2) { .openingAngle($0) }
    case "pairing": return try pairing(name, node)
    case "difference", "sum", "ratio": return try ofTwo(name, entry)
    case "absolute":
      let variable = try names.variable(node)
      return (
        DerivedVariable(name: name, definition: .absolute(variable), dimension: variable.dimension),
        .string(variable.name)
      )
    case "smallest", "largest", "mean": return try reduced(name, entry)
    default:
      throw ConfigurationError(
        file: node.file, line: entry.line, keyPath: node.keyPath, problem: "unknown way to calculate",
        suggestion: NearestName.of(entry.key, in: Self.ways),
        advice: "ways: \(Self.ways.joined(separator: ", "))")
    }
  }

  private func needBeam(_ node: YAMLNode) throws(ConfigurationError) {
    guard beam != nil else {
      throw node.error("needs the nominal beam", advice: "add 'beam' to the file or to the selection")
    }
  }

  private func ofRoles(
    _ name: String, _ node: YAMLNode, _ dimension: Dimension, _ count: ClosedRange<Int>,
    _ definition: (UInt8) -> DerivedVariable.Definition
  ) throws(ConfigurationError) -> (DerivedVariable, ConfigValue) {
    let set = try names.roles(node, count: count)
    return (
      DerivedVariable(name: name, definition: definition(set), dimension: dimension), list(names.names(set))
    )
  }

  private func pairing(
    _ name: String, _ node: YAMLNode
  ) throws(ConfigurationError) -> (DerivedVariable, ConfigValue) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["positive", "negative", "choose"])
    let positive = try map.required("positive")
    let negative = try map.required("negative")
    let plus = try names.roles(positive, count: 2...2)
    let minus = try names.roles(negative, count: 2...2)
    for (node, set, charge) in [(positive, plus, 1), (negative, minus, -1)] {
      for (index, role) in names.roles.enumerated() where set >> UInt8(index) & 1 == 1 {
        guard role.charge == charge else {
          throw node.error("the role '\(role.name)' has the charge \(role.charge)")
        }
      }
    }
    let choose = try map.required("choose")
    var target: Double?
    var rule = ConfigValue.string("smallest-difference")
    if choose.isMapping {
      let entry = try choose.mapping()
      try entry.rejectUnknown(keys: ["nearest"])
      let mass = try BoundsReader.number(entry.required("nearest"), .mass)
      target = mass
      rule = .map([.init("nearest", Bounds.value(mass, .mass))])
    } else if try choose.string() != "smallest-difference" {
      throw choose.error(
        "expected 'smallest-difference' or '{ nearest: … MeV/c2 }', found \(choose.summary)",
        suggestion: NearestName.of(try choose.string(), in: ["smallest-difference", "nearest"]))
    }
    return (
      DerivedVariable(
        name: name, definition: .pairing(positive: plus, negative: minus, target: target), dimension: .mass),
      .map([
        .init("positive", list(names.names(plus))), .init("negative", list(names.names(minus))),
        .init("choose", rule),
      ])
    )
  }

  private func ofTwo(
    _ name: String, _ entry: YAMLMapping.Entry
  ) throws(ConfigurationError) -> (DerivedVariable, ConfigValue) {
    let items = try entry.value.sequence(count: 2)
    let a = try names.variable(items[0])
    let b = try names.variable(items[1])
    let definition: DerivedVariable.Definition
    var dimension = a.dimension
    switch entry.key {
    case "difference": definition = .difference(a, b)
    case "sum": definition = .sum(a, b)
    default:
      definition = .ratio(a, b)
      dimension = .number
    }
    guard a.dimension == b.dimension else {
      throw entry.value.error(
        "\(a.name) is in \(a.dimension.unit ?? "no unit"), \(b.name) in \(b.dimension.unit ?? "no unit")",
        advice: "take two of the same unit")
    }
    guard a.dimension != .flag else { throw entry.value.error("\(a.name) is true or false, not a number") }
    // The difference of two counts may be negative.
    if dimension == .count { dimension = .number }
    return (
      DerivedVariable(name: name, definition: definition, dimension: dimension), list([a.name, b.name])
    )
  }

  private func reduced(
    _ name: String, _ entry: YAMLMapping.Entry
  ) throws(ConfigurationError) -> (DerivedVariable, ConfigValue) {
    let text = try entry.value.string()
    guard let (scope, quantity) = names.tracks(text),
      let reduction = DerivedVariable.Reduction(rawValue: entry.key)
    else {
      throw entry.value.error(
        "expected a quantity of several tracks such as tracks.p, found \(entry.value.summary)",
        suggestion: NearestName.of(text, in: TrackQuantity.allCases.map { "tracks.\($0.name)" }))
    }
    let isCount = quantity.dimension == .count || quantity.dimension == .flag
    return (
      DerivedVariable(
        name: name, definition: .reduced(reduction, scope, quantity),
        dimension: isCount ? .number : quantity.dimension), .string(text)
    )
  }

  private func list(_ names: [String]) -> ConfigValue { .list(names.map { .string($0) }) }
}
