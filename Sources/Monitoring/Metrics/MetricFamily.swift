/// What a family of metrics is: its name, and what is said of it.
struct MetricFamily: Sendable, Hashable {
  /// The kinds that Prometheus knows, as far as they are used.
  enum Kind: String, Sendable, Hashable {
    /// A sum that only grows.
    case counter
    /// A value now.
    case gauge
    /// Values by size.
    case histogram
  }

  /// Whole name, with its unit, and `_total` for a counter.
  var name: String
  /// Kind.
  var kind: Kind
  /// Help for a person.
  var help: String
  /// Upper edges of a histogram's bins, rising, without infinity.
  var edges: [Double] = []

  /// The name without what tells a counter.
  var stem: Substring { kind == .counter && name.hasSuffix("_total") ? name.dropLast(6) : name[...] }

  /// The unit in which the name ends; nil without one.
  var unit: Substring? {
    let units = ["seconds", "bytes", "hertz", "batches"]
    return stem.split(separator: "_").last.flatMap { word in units.contains(String(word)) ? word : nil }
  }

  /// A name that Prometheus takes: letters, digits and `_`, not beginning with a digit.
  static func sanitized(_ text: String) -> String {
    var name = String(
      text.unicodeScalars.prefix(200).map { scalar in
        isLetter(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
      })
    if name.isEmpty || name.unicodeScalars.first.map({ !isLetter($0) }) == true { name = "_" + name }
    return name
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
  }
}
