/// A configuration value as it takes effect, to be shown as YAML, written as JSON, and hashed.
///
/// Emission is deterministic: the same value gives the same bytes on every machine.
public indirect enum ConfigValue: Sendable, Equatable {
  /// One key of a mapping.
  public struct Entry: Sendable, Equatable {
    /// The key.
    public var key: String
    /// The value.
    public var value: ConfigValue

    /// A key with its value.
    public init(_ key: String, _ value: ConfigValue) {
      self.key = key
      self.value = value
    }
  }

  /// No value.
  case null
  /// A text.
  case string(String)
  /// A whole number.
  case int(Int)
  /// A number; in JSON, NaN and infinities become null.
  case double(Double)
  /// True or false.
  case bool(Bool)
  /// A list.
  case list([ConfigValue])
  /// A mapping, with its keys in the order they are shown in.
  case map([Entry])

  /// SHA-256 of the canonical JSON (compact, keys sorted by their bytes), as 64 hexadecimal digits: it does
  /// not depend on the order of the keys.
  public var sha256: String { SHA256.hex(of: json(sortedKeys: true)) }

  /// The value as JSON; keys in the given order, or sorted by their UTF-8 bytes; on one line, or indented
  /// with lists of scalars on one line.
  public func json(sortedKeys: Bool = false, isIndented: Bool = false) -> String {
    var text = ""
    appendJSON(to: &text, sortedKeys: sortedKeys, margin: isIndented ? "\n" : nil)
    return text
  }

  /// The value as block-style YAML that ends in a newline, keys in the given order.
  public func yaml() -> String {
    var text = ""
    switch self {
    case .list(let items) where !items.isEmpty: appendItems(items, to: &text, indentation: 0)
    case .map(let entries) where !entries.isEmpty: Self.appendEntries(entries, to: &text, indentation: 0)
    default: text = scalarYAML + "\n"
    }
    return text
  }

  /// `margin`: the line break and indentation of the line that the value is on; `nil` for all on one line.
  private func appendJSON(to text: inout String, sortedKeys: Bool, margin: String?) {
    switch self {
    case .null: text += "null"
    case .string(let value): text += Self.quoted(value)
    case .int(let value): text += String(value)
    case .double(let value): text += value.isFinite ? "\(value)" : "null"
    case .bool(let value): text += value ? "true" : "false"
    case .list(let items):
      let inner = items.contains(where: \.isNested) ? margin.map { $0 + "  " } : nil
      text += "["
      for (number, item) in items.enumerated() {
        if number > 0 { text += inner == nil && margin != nil ? ", " : "," }
        text += inner ?? ""
        item.appendJSON(to: &text, sortedKeys: sortedKeys, margin: inner)
      }
      text += (inner == nil ? "" : margin ?? "") + "]"
    case .map(let entries):
      let ordered =
        sortedKeys
        ? entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : entries
      let inner = entries.isEmpty ? nil : margin.map { $0 + "  " }
      text += "{"
      for (number, entry) in ordered.enumerated() {
        if number > 0 { text += "," }
        text += (inner ?? "") + Self.quoted(entry.key) + (margin == nil ? ":" : ": ")
        entry.value.appendJSON(to: &text, sortedKeys: sortedKeys, margin: inner)
      }
      text += (inner == nil ? "" : margin ?? "") + "}"
    }
  }

  private func appendItems(_ items: [ConfigValue], to text: inout String, indentation: Int) {
    let margin = String(repeating: " ", count: indentation)
    for item in items {
      text += "\(margin)-"
      if case .map(let entries) = item, !entries.isEmpty {
        // The first key stands behind the dash.
        text += " "
        Self.appendEntries(entries, to: &text, indentation: indentation + 2, isBegun: true)
      } else {
        item.appendNested(to: &text, indentation: indentation + 2)
      }
    }
  }

  /// `isBegun`: the margin of the first entry is there already.
  private static func appendEntries(
    _ entries: [Entry], to text: inout String, indentation: Int, isBegun: Bool = false
  ) {
    let margin = String(repeating: " ", count: indentation)
    for (number, entry) in entries.enumerated() {
      if number > 0 || !isBegun { text += margin }
      text += "\(isPlainWord(entry.key) ? entry.key : quoted(entry.key)):"
      entry.value.appendNested(to: &text, indentation: indentation + 2)
    }
  }

  private func appendNested(to text: inout String, indentation: Int) {
    switch self {
    case .list(let items) where items.contains(where: \.isNested):
      text += "\n"
      appendItems(items, to: &text, indentation: indentation)
    case .map(let entries) where !entries.isEmpty:
      text += "\n"
      Self.appendEntries(entries, to: &text, indentation: indentation)
    default: text += " \(scalarYAML)\n"
    }
  }

  private var isNested: Bool {
    switch self {
    case .list, .map: true
    default: false
    }
  }

  /// A scalar, an empty mapping, or a list of scalars on one line.
  private var scalarYAML: String {
    switch self {
    case .string(let value): Self.isPlain(value) ? value : Self.quoted(value)
    case .double(let value) where value.isNaN: ".nan"
    case .double(let value) where value.isInfinite: value < 0 ? "-.inf" : ".inf"
    case .list(let items): "[" + items.map(\.scalarYAML).joined(separator: ", ") + "]"
    default: json()
    }
  }

  /// Whether YAML reads `text` back as the same text without quotes: a plain word, or words with `&` and `!`
  /// between, as in `6.25 ns` or `RICH & !MUV3`.
  private static func isPlain(_ text: String) -> Bool {
    if isPlainWord(text) { return true }
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count > 1, let first = words.first?.utf8.first, isLetter(first) || isDigit(first) else {
      return false
    }
    return words.enumerated().allSatisfy { number, word in
      if word == "&" { return number > 0 && number < words.count - 1 }
      let rest = number > 0 && word.hasPrefix("!") ? word.dropFirst() : word
      guard let lead = rest.utf8.first, isLetter(lead) || isDigit(lead) else { return false }
      return rest.utf8.allSatisfy(isWordByte)
    }
  }

  /// Whether `text` is a word that starts with a letter and is not one of those with a meaning.
  private static func isPlainWord(_ text: String) -> Bool {
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    guard let first = text.utf8.first, isLetter(first), !reserved.contains(text.lowercased()) else {
      return false
    }
    return text.utf8.allSatisfy(isWordByte)
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || "_-./".utf8.contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  /// `text` as a JSON string, which is also a double-quoted YAML scalar.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
