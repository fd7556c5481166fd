/// A table for a terminal: columns padded to their widest cell.
public struct TextTable {
  /// Which side of its column a cell stands on.
  public enum Alignment {
    /// The left.
    case left
    /// The right.
    case right
  }

  private let alignments: [Alignment]
  private var rows: [[String]]

  /// A table with the given names of columns.
  public init(_ header: [String], alignments: [Alignment]) {
    self.alignments = alignments
    rows = [header]
  }

  /// Rows below the header.
  public var rowCount: Int { rows.count - 1 }

  /// Appends a row, a cell for each column.
  public mutating func append(_ row: [String]) { rows.append(row) }

  /// The table, a line for each row.
  public var text: String {
    let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var out = ""
    for (r, row) in rows.enumerated() {
      var line = " "
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += " " + (alignments[column] == .left ? cell + padding : padding + cell) + " "
      }
      while line.last == " " { line.removeLast() }
      out += line + "\n"
      if r == 0 {
        out += "  " + widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ") + "\n"
      }
    }
    return out
  }

  /// A number with four significant digits, in plain notation where that is short.
  public static func number(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    if value == 0 { return "0" }
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    if exponent >= -4, exponent < 7 {
      var scale = 1.0
      for _ in 0..<max(0, 3 - exponent) { scale *= 10 }
      let rounded = (value * scale).rounded() / scale
      return rounded == rounded.rounded() && abs(rounded) < 1e15
        ? "\(Int64(rounded))" : "\(rounded)"
    }
    let digits = (mantissa * 1000).rounded() / 1000
    return "\(value < 0 ? "-" : "")\(digits)e\(exponent)"
  }
}
