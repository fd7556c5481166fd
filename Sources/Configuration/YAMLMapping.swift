/// A mapping of a YAML file, whose keys are all known and none repeated.
public struct YAMLMapping: Sendable {
  /// One key with its value.
  public struct Entry: Sendable, Equatable {
    /// The key.
    public let key: String
    /// Line of the key, from 1.
    public let line: Int
    /// The value.
    public let value: YAMLNode
  }

  /// The node that holds the mapping.
  public let node: YAMLNode
  /// The entries in the order of the file.
  public let entries: [Entry]

  /// The keys in the order of the file.
  public var keys: [String] { entries.map(\.key) }

  init(node: YAMLNode, entries: [Entry]) {
    self.node = node
    self.entries = entries
  }

  /// The value of `key`; throws if the key is missing, and names a key that looks like it.
  public func required(_ key: String) throws(ConfigurationError) -> YAMLNode {
    if let value = optional(key) { return value }
    let similar = NearestName.of(key, in: keys)
    throw node.error(
      "the key '\(key)' is missing", advice: similar.map { "is '\($0)' a misspelling of it?" } ?? "add it")
  }

  /// The value of `key`, or nil if the key is missing.
  public func optional(_ key: String) -> YAMLNode? {
    entries.first { $0.key == key }?.value
  }

  /// Throws for the first key that is not in `known`, and names the nearest valid one.
  public func rejectUnknown(keys known: [String]) throws(ConfigurationError) {
    for entry in entries where !known.contains(entry.key) {
      let unused = known.filter { optional($0) == nil }
      let suggestion = NearestName.of(entry.key, in: unused) ?? NearestName.of(entry.key, in: known)
      throw ConfigurationError(
        file: node.file, line: entry.line, keyPath: entry.value.keyPath, problem: "unknown key",
        suggestion: suggestion, advice: "valid keys: \(known.joined(separator: ", "))")
    }
  }
}
