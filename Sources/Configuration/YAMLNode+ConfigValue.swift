extension YAMLNode {
  /// What stands here as a value, whatever it is: of JSON, which is YAML too, what `ConfigValue.json()` wrote.
  public var configValue: ConfigValue {
    switch content {
    case .sequence(let items): return .list(items.map(\.configValue))
    case .mapping(let entries): return .map(entries.map { .init($0.key, $0.value.configValue) })
    case .scalar(let text, let isPlain):
      guard isPlain else { return .string(text) }
      if isNull { return .null }
      if text == "true" || text == "false" { return .bool(text == "true") }
      if let number = Int(text) { return .int(number) }
      return Double(text).map { .double($0) } ?? .string(text)
    }
  }
}
