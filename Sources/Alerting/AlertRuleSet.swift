public import Configuration

/// The rules of a file, and the sinks that they name.
public struct AlertRuleSet: Sendable, Equatable {
  /// Name and version of the file format.
  public static let schema = "spillway.alerts/1"

  /// Whether messages are marked as tests.
  public enum TestMode: String, Sendable, CaseIterable {
    /// Where the input is a recording.
    case auto
    /// Always.
    case on
    /// Never.
    case off
  }

  /// Whether messages are marked as tests.
  public var testMode: TestMode
  /// The sinks.
  public var sinks: [AlertSinkSpecification]
  /// The rules, in the order of the file.
  public var rules: [AlertRule]
  /// The rules as they take effect, defaults included. Secrets are named here, not shown.
  public var effective: ConfigValue

  /// Reads a file of rules.
  public static func load(path: String) throws(ConfigurationError) -> AlertRuleSet {
    try read(YAMLNode.load(path: path))
  }

  /// Reads rules from a parsed file.
  public static func read(_ node: YAMLNode) throws(ConfigurationError) -> AlertRuleSet {
    try AlertRuleReader.read(node)
  }

  /// Hash of the rules as they take effect.
  public var hash: String { effective.sha256 }

  /// A selection that rules may name.
  public struct KnownSelection: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its open regions.
    public var openRegions: [String]
    /// Its blind regions.
    public var blindRegions: [String]
    /// Whether it is blind: then no message tells of its count.
    public var isBlind: Bool

    /// A selection; see the properties.
    public init(name: String, openRegions: [String], blindRegions: [String], isBlind: Bool) {
      self.name = name
      self.openRegions = openRegions
      self.blindRegions = blindRegions
      self.isBlind = isBlind
    }
  }

  /// Checks the names in the rules against the selections of a run.
  ///
  /// Throws for a selection or a region that is not there, for a region that is blind, and for a significance of a
  /// blind selection: such a rule could never send anything, and its writer should know.
  public func check(selections: [KnownSelection]) throws(ConfigurationError) {
    for rule in rules {
      for node in rule.selectionNodes {
        let pattern = NamePattern(try node.string())
        let found = selections.filter { pattern.matches($0.name) }
        guard !found.isEmpty else {
          throw node.error(
            "no selection of this run has the name \(ConfigurationError.quoted(pattern.text))",
            suggestion: NearestName.of(pattern.text, in: selections.map(\.name)),
            advice: "selections: \(selections.map(\.name).joined(separator: ", "))")
        }
        if rule.trigger.kind == .significance, pattern.isName, found.allSatisfy(\.isBlind) {
          throw node.error(
            "the selection '\(pattern.text)' is blind: its significance would tell its count",
            advice: "take it out, or open the selection with 'spillway unblind'")
        }
      }
      guard case .candidate(let patterns, _) = rule.trigger else { continue }
      let selected = selections.filter { patterns.matches($0.name) }
      for node in rule.regionNodes {
        let pattern = NamePattern(try node.string())
        if selected.contains(where: { $0.openRegions.contains(where: pattern.matches) }) { continue }
        guard !selected.contains(where: { $0.blindRegions.contains(where: pattern.matches) }) else {
          throw node.error(
            "the region \(ConfigurationError.quoted(pattern.text)) is blind: no message tells what is in it",
            advice: "name an open region")
        }
        throw node.error(
          "no region \(ConfigurationError.quoted(pattern.text)) in the selections of this rule",
          suggestion: NearestName.of(pattern.text, in: selected.flatMap(\.openRegions)))
      }
    }
  }
}
