public import Configuration

/// The selections of a file, in its order.
public struct SelectionSet: Sendable, Hashable {
  /// Name and version of the file's layout.
  public static let schema = "spillway.selections/1"

  /// The selections.
  public let selections: [Selection]
  /// SHA-256 of the effective form: it does not depend on how the file was written.
  public let hash: String

  init(selections: [Selection]) {
    self.selections = selections
    hash = Self.effective(selections).sha256
  }

  /// Reads and checks a selection file.
  public static func load(path: String) throws(ConfigurationError) -> SelectionSet {
    try SelectionReader.read(YAMLNode.load(path: path))
  }

  /// Reads and checks the text of a selection file; `file` names it in errors.
  public static func parse(text: String, file: String) throws(ConfigurationError) -> SelectionSet {
    try SelectionReader.read(YAMLNode.parse(text: text, file: file))
  }

  /// The selections as they take effect, with every default written out: a valid selection file.
  public var effective: ConfigValue { Self.effective(selections) }

  private static func effective(_ selections: [Selection]) -> ConfigValue {
    .map([.init("schema", .string(schema)), .init("selections", .list(selections.map(\.effective)))])
  }
}
