import Configuration

/// Reads one selection of schema 2: builds what it declares together with its effective form.
struct PhysicsSelectionReader {
  /// The beam of the file, for selections that state none.
  let fileBeam: BeamLine?

  private static let counting = CountingReader(usesWords: true)
  private static let keys = [
    "name", "description", "beam", "trigger", "topology", "roles", "variables", "cuts", "regions",
    "exclusive",
    "scans", "histograms", "counting", "flux", "blind", "alert",
  ]

  static func beam(_ node: YAMLNode) throws(ConfigurationError) -> BeamLine {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["momentum", "slope_x", "slope_y", "trust", "source"])
    let momentum = try map.required("momentum")
    let value = try BoundsReader.number(momentum, .momentum)
    guard value > 0 else { throw momentum.error("expected a momentum above 0, found \(value)") }
    return BeamLine(
      momentum: value, slopeX: try BoundsReader.number(map.required("slope_x"), .angle),
      slopeY: try BoundsReader.number(map.required("slope_y"), .angle),
      provenance: try counting.provenance(map))
  }

  func selection(_ node: YAMLNode) throws(ConfigurationError) -> PhysicsSelection {
    let map = try node.mapping()
    try map.rejectUnknown(keys: Self.keys)
    let name = try map.required("name").name()
    let description = try map.optional("description")?.text() ?? ""
    let beam = try map.optional("beam").map(Self.beam) ?? fileBeam
    let trigger = try trigger(map.optional("trigger"))
    let topology = try map.required("topology").choice(SelectionTopology.self)
    var effective: [ConfigValue.Entry] = [
      .init("name", .string(name)), .init("description", .string(description)),
    ]
    if let beam { effective.append(.init("beam", beam.effective)) }
    effective += [.init("trigger", trigger.effective), .init("topology", .string(topology.rawValue))]

    let roles = try roles(map, topology)
    if !roles.isEmpty { effective.append(.init("roles", .list(roles.map(\.effective)))) }
    var names = SelectionNames(topology: topology, roles: roles)
    var variables: [ConfigValue.Entry] = []
    for entry in try map.optional("variables")?.mapping().entries ?? [] {
      variables.append(try declare(entry, &names, beam))
    }
    if !variables.isEmpty { effective.append(.init("variables", .map(variables))) }

    let list = try map.required("cuts")
    var cuts: [SelectionCut] = []
    var cutValues: [ConfigValue] = []
    for item in try list.sequence() {
      let (cut, value) = try CutReader(names: names).cut(item)
      guard !cuts.contains(where: { $0.name == cut.name }) else {
        throw item.error("two cuts are named '\(cut.name)'", advice: "give each cut its own name")
      }
      cuts.append(cut)
      cutValues.append(value)
    }
    guard !cuts.isEmpty else { throw list.error("expected at least one cut, found none", advice: "add one") }
    effective.append(.init("cuts", .list(cutValues)))

    let regionReader = RegionReader(names: names)
    let regions = try regionReader.regions(map.optional("regions"))
    if !regions.regions.isEmpty { effective.append(.init("regions", .list(regions.effective))) }
    let exclusive = try regionReader.exclusive(map.optional("exclusive"), regions.regions)
    if !exclusive.isEmpty {
      let sets = exclusive.map { ConfigValue.list($0.map { .string(regions.regions[$0].name) }) }
      effective.append(.init("exclusive", .list(sets)))
    }
    let displays = DisplayReader(names: names, regions: regions.regions, cuts: cuts)
    let scans = try displays.scans(map.optional("scans"))
    if !scans.isEmpty { effective.append(.init("scans", .list(scans.map(\.effective)))) }
    let histograms = try displays.histograms(map.optional("histograms"))
    if !histograms.isEmpty { effective.append(.init("histograms", .list(histograms.map(\.effective)))) }

    let counting = try map.optional("counting").map { node throws(ConfigurationError) in
      try self.counting(node, name, displays)
    }
    if let counting { effective.append(.init("counting", counting.effective)) }
    let flux = try map.optional("flux").map { node throws(ConfigurationError) in
      try self.flux(node, displays)
    }
    if let flux { effective.append(.init("flux", flux.effective)) }
    let isBlind = try map.optional("blind")?.bool() ?? true
    let raisesAlert = try map.optional("alert")?.bool() ?? true
    effective += [.init("blind", .bool(isBlind)), .init("alert", .bool(raisesAlert))]

    let form = ConfigValue.map(effective)
    return PhysicsSelection(
      name: name, description: description, requiresKept: trigger.isKept,
      triggerConditions: trigger.conditions, triggerProvenance: trigger.provenance, topology: topology,
      roles: roles, beam: beam, cuts: cuts, regions: regions.regions, exclusiveRegions: exclusive,
      counting: counting?.counting, flux: flux?.flux, isBlind: isBlind, raisesAlert: raisesAlert,
      effective: form, hash: form.sha256, variables: names.variables,
      histograms: histograms.map(\.histogram), scans: scans.map(\.scan),
      plan: SelectionPlan(
        requiresKept: trigger.isKept, triggerConditions: trigger.conditions, topology: topology, roles: roles,
        cutCount: cuts.count, isBlind: isBlind,
        program: SelectionCompiler.compile(
          topology: topology, variables: names.variables, cuts: cuts, regions: regions.regions,
          histograms: histograms.map(\.histogram), scans: scans.map(\.scan)),
        constants: SelectionConstants(
          roles: roles, beam: beam, regions: regions.regions, exclusive: exclusive)))
  }

  // MARK: Trigger and roles

  private struct Trigger {
    var isKept = true
    var conditions: [SelectionCondition] = []
    var provenance: Provenance?

    var effective: ConfigValue {
      var entries: [ConfigValue.Entry] = [.init("kept", .bool(isKept))]
      if let provenance {
        entries.append(.init("conditions", .list(conditions.map(\.effective))))
        entries += provenance.entries
      }
      return .map(entries)
    }
  }

  private func trigger(_ node: YAMLNode?) throws(ConfigurationError) -> Trigger {
    var trigger = Trigger()
    guard let node else { return trigger }
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["kept", "conditions", "trust", "source"])
    trigger.isKept = try map.optional("kept")?.bool() ?? true
    for item in try map.optional("conditions")?.sequence() ?? [] {
      trigger.conditions.append(try ConditionReader.condition(item))
    }
    if !trigger.conditions.isEmpty { trigger.provenance = try Self.counting.provenance(map) }
    return trigger
  }

  private func roles(
    _ map: YAMLMapping, _ topology: SelectionTopology
  ) throws(ConfigurationError) -> [SelectionRole] {
    guard topology != .event else {
      if let node = map.optional("roles") { throw node.error("an event has no roles", advice: "remove them") }
      return []
    }
    let list = try map.required("roles")
    var roles: [SelectionRole] = []
    for item in try list.sequence() {
      let entry = try item.mapping()
      try entry.rejectUnknown(keys: ["name", "charge", "mass"])
      let name = try entry.required("name").name()
      guard !roles.contains(where: { $0.name == name }) else {
        throw item.error("two roles are named '\(name)'", advice: "give each role its own name")
      }
      let charge = try entry.required("charge")
      let value = try charge.int(in: -1...1)
      guard value != 0 else { throw charge.error("expected +1 or -1, found 0") }
      let mass = try entry.required("mass").choice(ParticleMass.self)
      roles.append(SelectionRole(name: name, charge: value, mass: mass))
    }
    let allowed = topology == .track ? 1...1 : 2...RoleAssignments.limit
    guard allowed.contains(roles.count) else {
      throw list.error(
        topology == .track
          ? "expected one role, found \(roles.count)"
          : "expected 2 to \(RoleAssignments.limit) roles, found \(roles.count)")
    }
    return roles
  }

  // MARK: Variables

  private func declare(
    _ entry: YAMLMapping.Entry, _ names: inout SelectionNames, _ beam: BeamLine?
  ) throws(ConfigurationError) -> ConfigValue.Entry {
    guard YAMLNode.isName(entry.key) else {
      throw entry.value.error("expected a name of at most 64 letters, digits, '-' and '_' for a variable")
    }
    let map = try entry.value.mapping()
    guard let definition = map.entries.first, map.entries.count == 1 else {
      throw entry.value.error("expected one way to calculate the variable, found \(map.entries.count)")
    }
    let (variable, value) = try DerivedReader(names: names, beam: beam).variable(entry.key, definition)
    names.variables.append(variable)
    return .init(entry.key, .map([.init(definition.key, value)]))
  }

  // MARK: Counting

  private func counting(
    _ node: YAMLNode, _ name: String, _ displays: DisplayReader
  ) throws(ConfigurationError) -> (counting: SelectionCounting, effective: ConfigValue) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["regions"] + CountingReader.keys)
    let regions = try displays.regions(map.optional("regions"))
    let result = try Self.counting.experiment(map, name: name)
    return (
      SelectionCounting(
        experiment: result.experiment, backgroundProvenance: result.background,
        normalisationProvenance: result.normalisation, runningProvenance: result.running,
        exposureUnit: result.unit, regions: regions.bits),
      .map(
        regions.effective
          + Self.counting.entries(
            result.experiment, background: result.background, normalisation: result.normalisation,
            unit: result.unit, running: result.running))
    )
  }

  private func flux(
    _ node: YAMLNode, _ displays: DisplayReader
  ) throws(ConfigurationError) -> (flux: SelectionFlux, effective: ConfigValue) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["unit", "regions", "acceptance", "branching_fraction", "downscaling"])
    let regions = try displays.regions(map.optional("regions"))
    let acceptance = try fraction(map.required("acceptance"))
    let branching = try fraction(map.required("branching_fraction"))
    let downscaling = try map.optional("downscaling").map(CountingReader.positive) ?? 1
    let unit = try map.required("unit").text()
    let flux = SelectionFlux(
      unit: unit, acceptance: acceptance.value, branchingFraction: branching.value, downscaling: downscaling,
      regions: regions.bits, acceptanceProvenance: acceptance.provenance,
      branchingProvenance: branching.provenance)
    var entries: [ConfigValue.Entry] = [.init("unit", .string(unit))] + regions.effective
    for (key, part) in [("acceptance", acceptance), ("branching_fraction", branching)] {
      entries.append(
        .init(key, .map([.init("value", .double(part.value))] + part.provenance.entries)))
    }
    return (flux, .map(entries + [.init("downscaling", .double(downscaling))]))
  }

  private func fraction(
    _ node: YAMLNode
  ) throws(ConfigurationError) -> (value: Double, provenance: Provenance) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["value", "trust", "source"])
    return (try CountingReader.fraction(map.required("value")), try Self.counting.provenance(map))
  }
}

extension SelectionRole {
  fileprivate var effective: ConfigValue {
    .map([
      .init("name", .string(name)), .init("charge", .int(charge)), .init("mass", .string(mass.rawValue)),
    ])
  }
}
