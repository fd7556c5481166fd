/// Fields of tables as CSV (RFC 4180).
public enum CSV {
  /// A text as a field: quoted where it has to be.
  public static func field(_ text: String) -> String {
    text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  /// The fields of a row without its line end; nil where a quote is not closed or is in the middle of a field.
  public static func fields(_ row: some StringProtocol) -> [String]? {
    var fields = [""]
    var isQuoted = false
    var wasQuoted = false
    for character in row {
      switch character {
      case "\"":
        if isQuoted {
          (isQuoted, wasQuoted) = (false, true)
        } else if wasQuoted {
          // The second of two quotes: one that belongs to the text.
          fields[fields.count - 1].append(character)
          (isQuoted, wasQuoted) = (true, false)
        } else {
          guard fields[fields.count - 1].isEmpty else { return nil }
          isQuoted = true
        }
      case "," where !isQuoted:
        fields.append("")
        wasQuoted = false
      default:
        guard !wasQuoted else { return nil }
        fields[fields.count - 1].append(character)
      }
    }
    return isQuoted ? nil : fields
  }
}
