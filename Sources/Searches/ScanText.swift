import Pages

/// Numbers of scans as text.
enum ScanText {
  static func number(_ value: Double) -> String { TextTable.number(value) }

  /// One mass, or two.
  static func masses(_ masses: SIMD2<Double>) -> String {
    masses.y == 0 ? number(masses.x) : "\(number(masses.x)), \(number(masses.y))"
  }

  /// A range of ε; `<` and `>` where it goes on beyond what is scanned.
  static func lower(_ interval: (value: Double, isOpen: Bool)?) -> String {
    interval.map { ($0.isOpen ? "<" : "") + number($0.value) } ?? "-"
  }

  static func upper(_ interval: (value: Double, isOpen: Bool)?) -> String {
    interval.map { ($0.isOpen ? ">" : "") + number($0.value) } ?? "-"
  }

  /// A number that YAML 1.1 and 1.2 read as a number: with a point, six significant digits.
  static func plain(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0.0" : "\(value)" }
    var scale = 1.0
    var rest = value.magnitude
    while rest >= 1e6 { (rest, scale) = (rest / 10, scale * 10) }
    while rest < 1e5 { (rest, scale) = (rest * 10, scale / 10) }
    // By way of the decimal text, so that it ends where the digits end.
    let digits = "\(Int(rest.rounded()))"
    var exponent = digits.count - 1
    while scale > 1.5 { (scale, exponent) = (scale / 10, exponent + 1) }
    while scale < 0.5 { (scale, exponent) = (scale * 10, exponent - 1) }
    var mantissa = "\(digits.prefix(1)).\(digits.dropFirst())"
    while mantissa.hasSuffix("0"), !mantissa.hasSuffix(".0") { mantissa.removeLast() }
    let sign = value < 0 ? "-" : ""
    if exponent == 0 { return sign + mantissa }
    guard (1...4).contains(exponent) else {
      return
        "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(exponent.magnitude < 10 ? "0" : "")\(exponent.magnitude)"
    }
    var whole = "\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
    while whole.hasSuffix("0"), !whole.hasSuffix(".0") { whole.removeLast() }
    return sign + (whole.hasSuffix(".") ? whole + "0" : whole)
  }
}
