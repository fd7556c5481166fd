import CountingStatistics

/// A number with its uncertainty on the command line: `0.016`, `0.016±0.002`, `0.016+-0.002`, `7.03±13%`, with the
/// shape behind a colon (`7.03±0.94:log-normal`), or an auxiliary count as `25/50`: 25 events where 50 times the
/// quantity is expected.
enum UncertainNumber {
  /// The quantity that a text says; throws, with what was expected, where it says none.
  static func parse(_ text: String) throws -> UncertainQuantity {
    var rest = Substring(text)
    var shape: UncertainQuantity.Shape?
    if let colon = rest.lastIndex(of: ":") {
      let name = String(rest[rest.index(after: colon)...])
      guard let known = UncertainQuantity.Shape(rawValue: name) else {
        let names = UncertainQuantity.Shape.allCases.map(\.rawValue).joined(separator: ", ")
        throw Problem("unknown shape '\(name)', expected one of \(names)")
      }
      shape = known
      rest = rest[..<colon]
    }
    if let slash = rest.firstIndex(of: "/") {
      guard let count = Int(rest[..<slash]), let ratio = Double(rest[rest.index(after: slash)...]),
        shape == nil || shape == .auxiliaryCount
      else { throw Problem("expected a count and a ratio, as 25/50") }
      return try UncertainQuantity(auxiliaryCount: count, ratio: ratio)
    }
    let parts = rest.replacing("+-", with: "±").split(separator: "±", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first, let value = Double(first) else {
      throw Problem("expected a number, as 0.016 or 0.016±0.002")
    }
    guard parts.count == 2 else {
      guard shape == nil || shape == .known else { throw Problem("a shape without an uncertainty") }
      return try UncertainQuantity(value)
    }
    let isRelative = parts[1].last == "%"
    guard let width = Double(isRelative ? parts[1].dropLast() : parts[1]) else {
      throw Problem("expected an uncertainty behind ±, as 0.002 or 13%")
    }
    return try UncertainQuantity(
      value, uncertainty: isRelative ? value * width / 100 : width, shape: shape ?? .gaussian)
  }

  private struct Problem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
}
