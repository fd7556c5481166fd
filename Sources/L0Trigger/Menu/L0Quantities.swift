import Configuration
import NA62Formats

/// Reads the quantities of an L0 menu: times with their units, detectors, seeds.
enum L0Quantities {
  /// One period of the clock in ns (`l0tp.md` 1.2).
  private static let period = ClockTicks.strawPeriod

  /// A time in clock periods: whole ticks, or a time with a unit, to the nearest tick.
  static func ticks(_ node: YAMLNode) throws(ConfigurationError) -> UInt32 {
    let quantity = try node.quantity(
      units: ["ticks", "ns", "us", "ms", "s"], in: 0...Double.greatestFiniteMagnitude)
    if quantity.unit == "ticks" { return UInt32(try whole(node, quantity, below: 0x1_0000_0000)) }
    let ticks = (nanoseconds(quantity) / period).rounded()
    guard ticks <= Double(UInt32.max) else {
      throw node.error("longer than \(UInt32.max) ticks, the largest that the processor can hold")
    }
    return UInt32(ticks)
  }

  /// A time cut in 1/256 of a clock period, to the nearest one.
  static func timeCut(_ node: YAMLNode) throws(ConfigurationError) -> Int16 {
    let quantity = try node.quantity(units: ["ns", "ticks/256"], in: 0...Double.greatestFiniteMagnitude)
    if quantity.unit == "ticks/256" { return Int16(try whole(node, quantity, below: 0x8000)) }
    let cut = (quantity.value / (period / 256)).rounded()
    guard cut < 0x8000 else {
      throw node.error("longer than 32767 ticks/256 (3193.6 ns), the largest time cut of the processor")
    }
    return Int16(cut)
  }

  /// The width of a slot, as the number of bits of the fine time in its address.
  static func slotBits(_ node: YAMLNode) throws(ConfigurationError) -> Int {
    let quantity = try node.quantity(units: ["ns", "bits"], in: 0...Double.greatestFiniteMagnitude)
    for bits in 0...3 {
      // 6.25 ns as usually quoted, and 6.24 ns, which is a quarter of a clock period.
      let width = 25 / Double(1 << bits)
      let isWidth = quantity.unit == "ns" && abs(quantity.value / width - 1) < 0.005
      if isWidth || quantity.unit == "bits" && quantity.value == Double(bits) { return bits }
    }
    throw node.error(
      "a slot is 25, 12.5, 6.25 or 3.125 ns wide (0 to 3 bits), found \(node.summary)")
  }

  /// The nominal width of a slot, as the effective menu writes it.
  static func slot(bits: Int) -> String {
    let widths = ["25 ns", "12.5 ns", "6.25 ns", "3.125 ns"]
    return widths.indices.contains(bits) ? widths[bits] : "\(bits) bits"
  }

  /// The period of a pulser in its steps of 8 ns.
  static func pulserPeriod(_ node: YAMLNode) throws(ConfigurationError) -> UInt32 {
    let quantity = try node.quantity(units: ["ns", "us", "ms", "s"], in: 0...Double.greatestFiniteMagnitude)
    let steps = nanoseconds(quantity) / 8
    let whole = steps.rounded()
    guard whole >= 1, whole <= Double(UInt32.max), abs(steps - whole) < 1e-6 * max(1, whole * 1e-6) else {
      throw node.error(
        "a pulser runs in steps of 8 ns, from 8 ns to \(8 * UInt64(UInt32.max)) ns, found \(node.summary)")
    }
    return UInt32(whole)
  }

  /// A detector by its name.
  static func detector(_ node: YAMLNode) throws(ConfigurationError) -> L0Detector {
    let name = try node.string()
    if let detector = L0Detector(name: name) { return detector }
    throw node.error(
      "expected one of \(L0Detector.names.joined(separator: ", ")), found \(node.summary)",
      suggestion: NearestName.of(name, in: L0Detector.names))
  }

  /// A seed of 64 bits.
  static func seed(_ node: YAMLNode) throws(ConfigurationError) -> UInt64 {
    guard let text = try? node.string(), let seed = UInt64(text) else {
      throw node.error("expected a whole number from 0 to \(UInt64.max), found \(node.summary)")
    }
    return seed
  }

  /// How the effective menu writes a seed.
  static func effective(seed: UInt64) -> ConfigValue {
    Int(exactly: seed).map { .int($0) } ?? .string("\(seed)")
  }

  private static func nanoseconds(_ quantity: Quantity) -> Double {
    switch quantity.unit {
    case "us": quantity.value * 1e3
    case "ms": quantity.value * 1e6
    case "s": quantity.value * 1e9
    default: quantity.value
    }
  }

  private static func whole(
    _ node: YAMLNode, _ quantity: Quantity, below limit: Int
  ) throws(ConfigurationError) -> Int {
    guard let value = Int(exactly: quantity.value), value < limit else {
      throw node.error(
        "expected a whole number of \(quantity.unit) from 0 to \(limit - 1), found \(node.summary)")
    }
    return value
  }
}
