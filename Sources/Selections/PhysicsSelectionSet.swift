public import Configuration

/// The selections of one or several files, in their order: of schema 2, and of schema 1 as selections whose
/// candidate is the event.
public struct PhysicsSelectionSet: Sendable, Equatable {
  /// Name and version of the files' layout.
  public static let schema = "spillway.selections/2"

  /// The selections.
  public let selections: [PhysicsSelection]
  /// SHA-256 of the effective form: it does not depend on how the files were written.
  public let hash: String

  init(selections: [PhysicsSelection]) {
    self.selections = selections
    hash = Self.effective(selections).sha256
  }

  /// Reads and checks selection files; throws also where two selections have one name.
  public static func load(paths: [String]) throws(ConfigurationError) -> PhysicsSelectionSet {
    var selections: [PhysicsSelection] = []
    for path in paths { try read(YAMLNode.load(path: path), into: &selections) }
    return PhysicsSelectionSet(selections: selections)
  }

  /// Reads and checks the text of a selection file; `file` names it in errors.
  public static func parse(text: String, file: String) throws(ConfigurationError) -> PhysicsSelectionSet {
    var selections: [PhysicsSelection] = []
    try read(YAMLNode.parse(text: text, file: file), into: &selections)
    return PhysicsSelectionSet(selections: selections)
  }

  /// The selections as they take effect, with every default written out: a valid selection file.
  public var effective: ConfigValue { Self.effective(selections) }

  /// An empty account for each selection, in their order.
  public func accounts() -> [PhysicsAccount] { selections.map { PhysicsAccount($0) } }

  private static func effective(_ selections: [PhysicsSelection]) -> ConfigValue {
    .map([.init("schema", .string(schema)), .init("selections", .list(selections.map(\.effective)))])
  }

  private static func read(
    _ root: YAMLNode, into selections: inout [PhysicsSelection]
  ) throws(ConfigurationError) {
    let file = try root.mapping()
    let schema = try file.required("schema")
    switch try schema.string() {
    case SelectionSet.schema:
      for selection in try SelectionReader.read(root).selections {
        try append(PhysicsSelection(selection, file: root.file), root, &selections)
      }
    case Self.schema:
      try file.rejectUnknown(keys: ["schema", "beam", "selections"])
      let beam = try file.optional("beam").map(PhysicsSelectionReader.beam)
      let list = try file.required("selections")
      let nodes = try list.sequence()
      guard !nodes.isEmpty else {
        throw list.error("expected at least one selection, found none", advice: "add one")
      }
      for node in nodes {
        try append(PhysicsSelectionReader(fileBeam: beam).selection(node), node, &selections)
      }
    default:
      throw schema.error(
        "expected '\(Self.schema)' or '\(SelectionSet.schema)', found \(schema.summary)",
        advice: "check that this is a selection file")
    }
  }

  private static func append(
    _ selection: PhysicsSelection, _ node: YAMLNode, _ selections: inout [PhysicsSelection]
  ) throws(ConfigurationError) {
    guard !selections.contains(where: { $0.name == selection.name }) else {
      throw node.error(
        "two selections are named '\(selection.name)'", advice: "give each selection its own name")
    }
    selections.append(selection)
  }
}

extension PhysicsSelection {
  /// The selection of schema 1 as one whose candidate is the event: it takes the same events, by the same
  /// cut flow.
  init(_ selection: Selection, file: String) throws(ConfigurationError) {
    let cuts = selection.conditions.enumerated().map { index, condition in
      ConfigValue.map([
        .init("name", .string("condition-\(index + 1)")), .init("condition", condition.effective),
        .init("trust", .string(Trust.chosen.word)), .init("source", .string("a file of schema 1")),
      ])
    }
    let counting = CountingReader(usesWords: true).entries(
      selection.experiment, background: selection.backgroundProvenance,
      normalisation: selection.normalisationProvenance, unit: selection.exposureUnit,
      running: selection.runningProvenance)
    let form = ConfigValue.map([
      .init("name", .string(selection.name)), .init("description", .string(selection.description)),
      .init("trigger", .map([.init("kept", .bool(selection.requiresKept))])),
      .init("topology", .string(SelectionTopology.event.rawValue)), .init("cuts", .list(cuts)),
      .init("counting", .map(counting)), .init("blind", .bool(selection.isBlind)),
      .init("alert", .bool(selection.raisesAlert)),
    ])
    // The one reader makes all selections.
    self = try PhysicsSelectionReader(fileBeam: nil).selection(
      YAMLNode.parse(text: form.yaml(), file: file))
  }
}
