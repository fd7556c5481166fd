import Configuration

/// Reads numbers with units, and bounds on them.
enum BoundsReader {
  /// The keys of bounds.
  static let keys = ["min", "max", "above", "below", "equals", "is"]

  /// A number of a dimension, in its first unit.
  static func number(_ node: YAMLNode, _ dimension: Dimension) throws(ConfigurationError) -> Double {
    let units = dimension.units
    guard !units.isEmpty else {
      if dimension == .count { return Double(try node.int(in: 0...Int(UInt32.max))) }
      return try node.double(in: -1e15...1e15)
    }
    let quantity = try node.quantity(units: units.map(\.name), in: -1e15...1e15)
    return quantity.value * (units.first { $0.name == quantity.unit }?.size ?? 1)
  }

  /// The bounds of a mapping, whose other keys are not looked at.
  static func bounds(_ map: YAMLMapping, _ dimension: Dimension) throws(ConfigurationError) -> Bounds {
    let given = map.keys.filter(keys.contains)
    guard !given.isEmpty else {
      throw map.node.error(
        "expected a bound, found none",
        advice: dimension == .flag ? "write 'is: true'" : "write 'min', 'max', 'above', 'below' or 'equals'")
    }
    if let node = map.optional("is") {
      guard dimension == .flag else { throw node.error("'is' is for what is true or false") }
      guard given.count == 1 else { throw map.node.error("'is' cannot stand with another bound") }
      let value = try node.bool() ? 1.0 : 0
      return Bounds(low: .included(value), high: .included(value))
    }
    guard dimension != .flag else {
      throw map.node.error("expected 'is: true' or 'is: false', found '\(given[0])'")
    }
    if let node = map.optional("equals") {
      guard given.count == 1 else { throw map.node.error("'equals' cannot stand with another bound") }
      let value = try number(node, dimension)
      return Bounds(low: .included(value), high: .included(value))
    }
    var bounds = Bounds()
    if let node = map.optional("min") { bounds.low = .included(try number(node, dimension)) }
    if let node = map.optional("above") {
      guard bounds.low == nil else { throw node.error("'min' and 'above' exclude each other") }
      bounds.low = .excluded(try number(node, dimension))
    }
    if let node = map.optional("max") { bounds.high = .included(try number(node, dimension)) }
    if let node = map.optional("below") {
      guard bounds.high == nil else { throw node.error("'max' and 'below' exclude each other") }
      bounds.high = .excluded(try number(node, dimension))
    }
    guard bounds.lowest <= bounds.highest else {
      throw map.node.error("no value lies within the bounds", advice: "swap them")
    }
    return bounds
  }
}
