/// The head of a menu file, which holds the lines of L0 under `l0`, the chains of L1 under `l1`, or both.
public struct MenuFile: Sendable {
  /// The version of the file format that this code reads.
  public static let schema = "spillway.menu/1"

  private static let keys = ["schema", "name", "description", "detectors", "l0", "l1"]

  /// Name of the menu, as `kaon-2018`.
  public let name: String
  /// What the menu is for; may be empty.
  public let description: String
  private let root: YAMLMapping

  /// The head of a parsed file.
  ///
  /// Throws if the schema is another, the name is missing, a key is unknown, or there is neither `l0` nor
  /// `l1`.
  public init(_ node: YAMLNode) throws(ConfigurationError) {
    root = try node.mapping()
    try root.rejectUnknown(keys: Self.keys)
    let schema = try root.required("schema")
    guard try schema.string() == Self.schema else {
      throw schema.error("expected '\(Self.schema)', found \(schema.summary)")
    }
    name = try root.required("name").string()
    if let node = root.optional("description"), !node.isNull {
      description = try node.string()
    } else {
      description = ""
    }
    guard has("l0") || has("l1") else {
      throw node.error(
        "the key 'l1' is missing, and so is 'l0'", advice: "add lines of L0, chains of L1, or both")
    }
  }

  /// Whether the file has a key.
  public func has(_ key: String) -> Bool { root.optional(key) != nil }

  /// The value of a key; throws if it is missing, and says what the file holds instead.
  public func required(_ key: String) throws(ConfigurationError) -> YAMLNode {
    if key == "l1", !has("l1") {
      throw root.node.error(
        "the key 'l1' is missing: the menu has lines of L0 only",
        advice: "add chains of L1, or give a menu that has them")
    }
    if key == "l0", !has("l0") {
      throw root.node.error(
        "the key 'l0' is missing: the menu has chains of L1 only",
        advice: "add lines of L0, or give a menu that has them")
    }
    return try root.required(key)
  }
}
