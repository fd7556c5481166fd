/// A set of switches that a configuration gives as a list of their names.
public protocol NamedOptionSet: OptionSet where Element == Self {
  /// The names of the switches, in the order in which they are shown.
  static var named: [(name: String, value: Self)] { get }
}

extension NamedOptionSet {
  /// The set in the words of a configuration.
  public var effective: ConfigValue {
    .list(Self.named.filter { contains($0.value) }.map { .string($0.name) })
  }
}

extension YAMLNode {
  /// The value as a set: a list of names of switches, each at most once.
  ///
  /// Throws if the value is no list, or holds an unknown or repeated name; `kind` says what a switch is, as in
  /// "the correction 'x' stands twice".
  public func options<Options: NamedOptionSet>(
    _ type: Options.Type, kind: String
  ) throws(ConfigurationError) -> Options {
    let names = Options.named.map(\.name)
    var result: Options = []
    for item in try sequence() {
      let name = try item.string()
      guard let found = Options.named.first(where: { $0.name == name }) else {
        throw item.error(
          "expected one of \(names.joined(separator: ", ")), found \(item.summary)",
          suggestion: NearestName.of(name, in: names))
      }
      guard !result.contains(found.value) else {
        throw item.error("the \(kind) \(item.summary) stands twice", advice: "remove one")
      }
      result.insert(found.value)
    }
    return result
  }
}
