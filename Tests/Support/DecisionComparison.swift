/// Compares tables of decisions column by column, by column name: integers and text equal, reals by their
/// bits after parsing, as `compare.py` of the golden data does.
public struct DecisionComparison: Sendable {
  /// What differs; empty where the tables agree.
  public private(set) var differences: [String] = []
  /// Rows compared.
  public private(set) var rows = 0
  /// Columns compared.
  public private(set) var columns = 0

  private static let doubles: Set<Substring> = ["chod_tavg"]
  private static let singles: Set<Substring> = [
    "straw_p0", "straw_p1", "straw_p2", "straw_p3", "straw_vz0", "straw_vz1", "straw_vz2", "straw_vz3",
    "straw_cda", "straw_dist",
  ]
  /// Columns of the golden tables that no decision uses.
  private static let ignored: Set<Substring> = ["muv2_ret"]

  /// Compares two tables, each with its line of column names.
  public init(expected: some StringProtocol, actual: some StringProtocol) {
    let expected = Self.table(expected)
    let actual = Self.table(actual)
    guard let wanted = expected.first, let given = actual.first else {
      differences = ["a table without column names"]
      return
    }
    if expected.count != actual.count {
      differences.append("\(expected.count - 1) rows expected, \(actual.count - 1) found")
    }
    var pairs: [(name: Substring, Int, Int)] = []
    for (i, name) in wanted.enumerated() where !Self.ignored.contains(name) {
      guard let j = given.firstIndex(of: name) else {
        differences.append("no column \(name)")
        continue
      }
      pairs.append((name, i, j))
    }
    columns = pairs.count
    for (e, a) in zip(expected, actual).dropFirst() {
      rows += 1
      guard e.count == wanted.count, a.count == given.count else {
        differences.append("row \(rows): wrong number of fields")
        continue
      }
      for (name, i, j) in pairs where e[i] != a[j] && !Self.isSame(name, e[i], a[j]) {
        if differences.count < 20 {
          differences.append("row \(rows) event \(e[0]) \(name): expected \(e[i]), found \(a[j])")
        }
      }
    }
  }

  private static func table(_ text: some StringProtocol) -> [[Substring]] {
    Substring(text).split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
  }

  private static func isSame(_ column: Substring, _ a: Substring, _ b: Substring) -> Bool {
    if doubles.contains(column) {
      guard let x = Double(a), let y = Double(b) else { return false }
      return x.bitPattern == y.bitPattern
    }
    if singles.contains(column) {
      guard let x = Float(a), let y = Float(b) else { return false }
      return x.bitPattern == y.bitPattern
    }
    guard let x = integer(a), let y = integer(b) else { return false }
    return x == y
  }

  private static func integer(_ text: Substring) -> Int? {
    text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
  }
}
