/// A JSON value whose objects keep the order of their keys, so that the same record gives the same bytes.
public enum JSONLine: Sendable, Equatable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A signed integer.
  case int(Int64)
  /// An unsigned integer.
  case unsigned(UInt64)
  /// A number, written in the shortest form that reads back as the same; `null` where not finite.
  case double(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONLine])
  /// Members in the order given. Keys are not checked for duplicates.
  case object([Member])

  /// One member of an object.
  public struct Member: Sendable, Equatable {
    /// The key.
    public var key: String
    /// The value.
    public var value: JSONLine

    /// The member `key`: `value`.
    public init(_ key: String, _ value: JSONLine) {
      self.key = key
      self.value = value
    }
  }

  /// The value as JSON text on one line, without a line end. No text in it can break the line.
  public var text: String {
    var out = ""
    write(to: &out)
    return out
  }

  /// An integer.
  public static func integer(_ value: some FixedWidthInteger & SignedInteger) -> JSONLine {
    .int(Int64(clamping: value))
  }

  /// An unsigned integer.
  public static func integer(_ value: some FixedWidthInteger & UnsignedInteger) -> JSONLine {
    .unsigned(UInt64(clamping: value))
  }

  /// A number, or `null` for nil.
  public static func optional(_ value: Double?) -> JSONLine { value.map(JSONLine.double) ?? .null }

  private func write(to out: inout String) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .int(let value): out += String(value)
    case .unsigned(let value): out += String(value)
    case .double(let value): out += value.isFinite ? value.description : "null"
    case .string(let value): Self.quote(value, to: &out)
    case .array(let values):
      out += "["
      for (index, value) in values.enumerated() {
        if index > 0 { out += "," }
        value.write(to: &out)
      }
      out += "]"
    case .object(let members):
      out += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { out += "," }
        Self.quote(member.key, to: &out)
        out += ":"
        member.value.write(to: &out)
      }
      out += "}"
    }
  }

  private static func quote(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{8}": out += "\\b"
      case "\u{C}": out += "\\f"
      // Control characters must be escaped; U+0085, U+2028 and U+2029 end a line for some readers.
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
