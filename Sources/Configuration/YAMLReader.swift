import Yams

/// Turns YAML text into `YAMLNode`s: composes it with Yams and copies the tree within the limits.
struct YAMLReader {
  let file: String
  let text: String

  /// The root of the only document; throws if there is none, or more than one.
  func root() throws(ConfigurationError) -> YAMLNode {
    guard text.utf8.count <= ConfigurationFile.sizeLimit else {
      throw ConfigurationError(file: file, problem: "larger than 16 MiB, the limit for a configuration file")
    }
    if let line = YAMLScan.lineOfTooDeepNesting(text) { throw tooDeep(line: line) }
    if let line = YAMLScan.lineOfDangerousAlias(text) {
      throw ConfigurationError(
        file: file, line: line, problem: "an alias (*name) cannot be used together with a structured key",
        advice: "write the values out")
    }
    guard let node = try composed() else {
      throw ConfigurationError(file: file, problem: "the file is empty", advice: "expected a YAML document")
    }
    var count = 0
    return try copy(node, keyPath: "", line: 1, depth: 0, count: &count)
  }

  private func composed() throws(ConfigurationError) -> Node? {
    do {
      return try Yams.compose(yaml: text, .basic, .default, .utf8)
    } catch let error as YamlError {
      throw configurationError(error)
    } catch {
      throw ConfigurationError(file: file, problem: "not valid YAML: \(error)")
    }
  }

  private func configurationError(_ error: YamlError) -> ConfigurationError {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let place = context.map { " (\($0.text))" } ?? ""
      return ConfigurationError(
        file: file, line: mark.line, problem: "not valid YAML: \(problem)\(place), column \(mark.column)",
        advice: Self.isMark(context?.text) ? Self.quoteAdvice : "")
    case .reader(let problem, let offset, _, _):
      let line = offset.map { offset in 1 + text.utf8.prefix(max(0, offset)).count { $0 == 0x0A } }
      return ConfigurationError(
        file: file, line: line, problem: "not valid YAML: \(problem)",
        advice: "check that this is a text file")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.first ?? ""
      let first = context.mark.line
      let second = YAMLScan.lineOfRepeatedKey(
        key, in: text, afterLine: first, column: context.mark.column)
      return ConfigurationError(
        file: file, line: second ?? first,
        problem: "the key \(ConfigurationError.quoted(key)) is repeated"
          + (second == nil ? "" : "; it is already on line \(first)"),
        advice: "keep one of them")
    default:
      return ConfigurationError(file: file, problem: "not valid YAML: \(error)")
    }
  }

  private static let quoteAdvice = "put a text that begins with '!', '&' or '*' in quotes"

  /// Whether the scanner was reading what it took for a tag, an anchor or an alias.
  private static func isMark(_ context: String?) -> Bool {
    guard let context else { return false }
    return context.hasSuffix("a tag") || context.hasSuffix("an anchor") || context.hasSuffix("an alias")
  }

  private func tooDeep(line: Int) -> ConfigurationError {
    ConfigurationError(
      file: file, line: line, problem: "nested deeper than \(YAMLLimits.depth) levels",
      advice: "check that this is the right file")
  }

  private func copy(
    _ node: Node, keyPath: String, line: Int, depth: Int, count: inout Int
  ) throws(ConfigurationError) -> YAMLNode {
    let line = node.mark?.line ?? line
    count += 1
    guard count <= YAMLLimits.nodes else {
      throw ConfigurationError(
        file: file, line: line, problem: "more than \(YAMLLimits.nodes) values after expanding aliases",
        advice: "write fewer values, or check that this is the right file")
    }
    // A tag would be dropped without a word, and with it the '!' of `condition: !MUV3`.
    guard !node.tag.description.hasPrefix("!") else {
      throw ConfigurationError(
        file: file, line: line, keyPath: keyPath,
        problem: "the tag \(ConfigurationError.quoted(node.tag.description)) has no meaning here",
        advice: Self.quoteAdvice)
    }
    let isScalar = node.scalar != nil
    guard depth < YAMLLimits.depth || isScalar else { throw tooDeep(line: line) }
    let content: YAMLNode.Content
    switch node {
    case .scalar(let scalar):
      content = .scalar(scalar.string, isPlain: scalar.style == .plain)
    case .sequence(let sequence):
      var items: [YAMLNode] = []
      for item in sequence {
        let path = "\(keyPath)[\(items.count)]"
        items.append(try copy(item, keyPath: path, line: line, depth: depth + 1, count: &count))
      }
      content = .sequence(items)
    case .mapping(let mapping):
      var entries: [YAMLMapping.Entry] = []
      for (key, value) in mapping {
        let keyLine = key.mark?.line ?? line
        guard case .scalar(let scalar) = key, scalar.string.utf8.count <= YAMLLimits.keyLength else {
          throw ConfigurationError(
            file: file, line: keyLine, keyPath: keyPath,
            problem: "a key must be a word of at most \(YAMLLimits.keyLength) bytes")
        }
        let path = keyPath.isEmpty ? scalar.string : "\(keyPath).\(scalar.string)"
        let copied = try copy(value, keyPath: path, line: keyLine, depth: depth + 1, count: &count)
        entries.append(YAMLMapping.Entry(key: scalar.string, line: keyLine, value: copied))
      }
      content = .mapping(entries)
    case .alias:
      throw ConfigurationError(file: file, line: line, problem: "an alias that was not resolved")
    }
    return YAMLNode(file: file, line: line, keyPath: keyPath, content: content)
  }
}
