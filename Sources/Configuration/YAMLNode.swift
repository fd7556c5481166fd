/// A value of a YAML file that knows its file, line and key path, and is read strictly.
///
/// Every accessor either returns the value in the asked form or throws an error that says what was
/// expected there.
public struct YAMLNode: Sendable, Equatable {
  /// What stands at a node.
  enum Content: Sendable, Equatable {
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([YAMLMapping.Entry])
  }

  /// The file's path, or the name of the text.
  public let file: String
  /// Line where the value starts, from 1.
  public let line: Int
  /// Keys from the root, as `masks[3].window`; empty for the root.
  public let keyPath: String
  let content: Content

  /// Reads and checks the YAML file at `path`.
  ///
  /// Throws if the file cannot be read, is larger than 16 MiB, is not UTF-8, is not one well-formed YAML
  /// document, repeats a key in a mapping, or goes beyond the limits of ``YAMLLimits``.
  public static func load(path: String) throws(ConfigurationError) -> YAMLNode {
    try parse(text: ConfigurationFile.text(path: path), file: path)
  }

  /// Reads and checks YAML text; `file` names it in errors. Throws as ``load(path:)`` does.
  public static func parse(text: String, file: String) throws(ConfigurationError) -> YAMLNode {
    try YAMLReader(file: file, text: text).root()
  }

  /// An error about this value.
  public func error(_ problem: String, suggestion: String? = nil, advice: String = "") -> ConfigurationError {
    ConfigurationError(
      file: file, line: line, keyPath: keyPath, problem: problem, suggestion: suggestion, advice: advice)
  }

  /// What the node holds, to be quoted in an error.
  public var summary: String {
    switch content {
    case .scalar(let text, let isPlain):
      isPlain && Self.nulls.contains(text) ? "nothing" : ConfigurationError.quoted(text)
    case .sequence(let items): "a list of \(items.count)"
    case .mapping(let entries): "a mapping of \(entries.count) keys"
    }
  }

  /// Whether there is no value: nothing, `~` or `null`, without quotes.
  public var isNull: Bool {
    guard case .scalar(let text, true) = content else { return false }
    return Self.nulls.contains(text)
  }

  /// The value as a mapping from keys to values; throws if it is not one.
  public func mapping() throws(ConfigurationError) -> YAMLMapping {
    guard case .mapping(let entries) = content else {
      throw error("expected a mapping of keys to values, found \(summary)")
    }
    return YAMLMapping(node: self, entries: entries)
  }

  /// The value as a list; throws if it is not one.
  public func sequence() throws(ConfigurationError) -> [YAMLNode] {
    guard case .sequence(let items) = content else { throw error("expected a list, found \(summary)") }
    return items
  }

  /// The value as a list of exactly `count` items; throws if it is not one.
  public func sequence(count: Int) throws(ConfigurationError) -> [YAMLNode] {
    let items = try sequence()
    guard items.count == count else {
      throw error("expected a list of \(count) values, found \(items.count)")
    }
    return items
  }

  /// The value as text; throws if it is a list, a mapping or nothing.
  public func string() throws(ConfigurationError) -> String {
    guard case .scalar(let text, _) = content, !isNull else {
      throw error("expected text, found \(summary)")
    }
    return text
  }

  /// The value as a whole number within `range`, decimal or hexadecimal with `0x`; throws otherwise.
  public func int(in range: ClosedRange<Int> = Int.min...Int.max) throws(ConfigurationError) -> Int {
    let expected =
      range == Int.min...Int.max
      ? "a whole number" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard case .scalar(let text, true) = content, let value = Self.wholeNumber(text) else {
      throw error("expected \(expected), found \(summary)", advice: numberAdvice)
    }
    guard range.contains(value) else { throw error("expected \(expected), found \(value)") }
    return value
  }

  /// The value as a finite number within `range`; throws otherwise.
  public func double(
    in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  ) throws(ConfigurationError) -> Double {
    let expected = "a number\(Self.phrase(range))"
    guard case .scalar(let text, true) = content, let value = Self.number(text) else {
      throw error("expected \(expected), found \(summary)", advice: numberAdvice)
    }
    guard range.contains(value) else { throw error("expected \(expected), found \(value)") }
    return value
  }

  /// The value as `true` or `false`; throws otherwise.
  public func bool() throws(ConfigurationError) -> Bool {
    switch content {
    case .scalar("true", isPlain: true): return true
    case .scalar("false", isPlain: true): return false
    default: throw error("expected true or false, found \(summary)")
    }
  }

  /// The value as a number within `range` followed by one of `units`, as `6.25 ns`; throws if the number or
  /// the unit is missing or another.
  public func quantity(
    units: [String],
    in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  ) throws(ConfigurationError) -> Quantity {
    let names = units.joined(separator: ", ")
    let unitText = units.count == 1 ? "the unit \(names)" : "a unit of \(names)"
    guard case .scalar(let text, _) = content, !isNull else {
      throw error("expected a number with \(unitText), found \(summary)", advice: unitAdvice(units))
    }
    let parts = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    guard let first = parts.first, parts.count <= 2 else {
      throw error("expected a number with \(unitText), found \(summary)", advice: unitAdvice(units))
    }
    var numberText = first
    var unit = parts.count == 2 ? parts[1] : ""
    if parts.count == 1, Self.number(first) == nil,
      let known = units.filter({ first.hasSuffix($0) }).max(by: { $0.utf8.count < $1.utf8.count })
    {
      numberText = String(first.dropLast(known.count))
      unit = known
    }
    guard let value = Self.number(numberText) else {
      throw error("expected a number with \(unitText), found \(summary)", advice: unitAdvice(units))
    }
    guard !unit.isEmpty else {
      throw error("the unit is missing, expected \(unitText)", advice: unitAdvice(units))
    }
    guard units.contains(unit) else {
      throw error(
        "wrong unit \(ConfigurationError.quoted(unit)), expected \(unitText)",
        suggestion: NearestName.of(unit, in: units))
    }
    guard range.contains(value) else {
      throw error("expected a number\(Self.phrase(range)) \(unit), found \(value)")
    }
    return Quantity(value: value, unit: unit)
  }

  /// The value as a number of the one unit `unit`, within `range`; throws as ``quantity(units:in:)`` does.
  public func quantity(
    unit: String,
    in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  ) throws(ConfigurationError) -> Double {
    try quantity(units: [unit], in: range).value
  }

  /// The value as one of the names of `type`; throws and names the valid ones otherwise.
  public func choice<Choice: CaseIterable & RawRepresentable>(
    _ type: Choice.Type
  ) throws(ConfigurationError) -> Choice where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    let expected = "expected one of \(names.joined(separator: ", "))"
    guard case .scalar(let text, _) = content, !isNull else { throw error("\(expected), found \(summary)") }
    guard let value = Choice(rawValue: text) else {
      throw error("\(expected), found \(summary)", suggestion: NearestName.of(text, in: names))
    }
    return value
  }

  private static let nulls: Set<String> = ["", "~", "null", "Null", "NULL"]

  private var numberAdvice: String {
    guard case .scalar(let text, false) = content, Self.number(text) != nil else { return "" }
    return "remove the quotes"
  }

  private func unitAdvice(_ units: [String]) -> String {
    units.first.map { "write for example '5 \($0)'" } ?? ""
  }

  private static func phrase(_ range: ClosedRange<Double>) -> String {
    let largest = Double.greatestFiniteMagnitude
    switch (range.lowerBound <= -largest, range.upperBound >= largest) {
    case (true, true): return ""
    case (false, true): return " of at least \(range.lowerBound)"
    case (true, false): return " of at most \(range.upperBound)"
    case (false, false): return " from \(range.lowerBound) to \(range.upperBound)"
    }
  }

  /// Decimal without leading zeros (which YAML 1.1 takes as octal), or hexadecimal with `0x`.
  static func wholeNumber(_ text: String) -> Int? {
    var digits = Substring(text)
    let isNegative = digits.first == "-"
    if isNegative || digits.first == "+" { digits = digits.dropFirst() }
    var radix = 10
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      digits = digits.dropFirst(2)
      radix = 16
    } else if digits.utf8.count > 1 && digits.hasPrefix("0") {
      return nil
    }
    guard let first = digits.first, first != "-", first != "+" else { return nil }
    return Int((isNegative ? "-" : "") + digits, radix: radix)
  }

  /// A finite decimal number.
  static func number(_ text: String) -> Double? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
      let value = Double(text), value.isFinite
    else { return nil }
    return value
  }
}

extension YAMLNode {
  /// The value as a path, which is relative to the directory of the file in which it stands; throws if it is no
  /// string.
  public func siblingPath() throws(ConfigurationError) -> String {
    let path = try string()
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return file[...slash] + path
  }
}
