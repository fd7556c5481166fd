import Configuration
import NA62Formats

/// Reads one condition of a selection from YAML.
enum ConditionReader {
  /// Short for one mask of `l0.flags`.
  static let l0Mask = "l0.mask"

  private static let names = L1Variable.allCases.map(\.rawValue) + [l0Mask]

  static func condition(_ node: YAMLNode) throws(ConfigurationError) -> SelectionCondition {
    let map = try node.mapping()
    guard let entry = map.entries.first, map.entries.count == 1 else {
      throw node.error(
        "expected one variable with what is asked of it, found \(node.summary)",
        advice: "start a new list item for each condition")
    }
    if entry.key == l0Mask {
      let mask = try entry.value.int(in: 0...15)
      return SelectionCondition(.l0Flags, .bits(all: 1 << UInt16(mask), any: 0, none: 0))
    }
    guard let variable = L1Variable(rawValue: entry.key) else {
      throw ConfigurationError(
        file: node.file, line: entry.line, keyPath: entry.value.keyPath, problem: "unknown variable",
        suggestion: NearestName.of(entry.key, in: names),
        advice: "variables: \(names.joined(separator: ", "))")
    }
    switch variable.kind {
    case .integer, .real: return SelectionCondition(variable, try range(entry.value, variable))
    case .masks, .bits: return SelectionCondition(variable, try bits(entry.value, variable))
    case .code: return SelectionCondition(variable, try codes(entry.value))
    case .truth: return SelectionCondition(variable, .equals(try entry.value.bool()))
    }
  }

  // MARK: Numbers

  private static func range(
    _ node: YAMLNode, _ variable: L1Variable
  ) throws(ConfigurationError) -> SelectionCondition.Test {
    guard node.isMapping else {
      guard variable.kind == .integer else {
        throw node.error("expected 'min' and 'max', found \(node.summary)", advice: "write '{ max: … }'")
      }
      let value = try number(node, variable)
      return .range(min: value, max: value)
    }
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["min", "max"])
    guard !map.entries.isEmpty else { throw node.error("expected 'min', 'max' or both, found neither") }
    var bounds: (min: Double?, max: Double?) = (nil, nil)
    if let min = map.optional("min") { bounds.min = try number(min, variable) }
    if let max = map.optional("max") { bounds.max = try number(max, variable) }
    if let min = bounds.min, let max = bounds.max, min > max {
      throw node.error("'min' \(min) is above 'max' \(max): no event could pass", advice: "swap them")
    }
    return .range(min: bounds.min, max: bounds.max)
  }

  private static func number(_ node: YAMLNode, _ variable: L1Variable) throws(ConfigurationError) -> Double {
    let largest = Int(UInt32.max)
    guard !variable.units.isEmpty else { return Double(try node.int(in: 0...largest)) }
    let quantity = try node.quantity(units: variable.units.map(\.name), in: -1e12...1e12)
    let size = variable.units.first { $0.name == quantity.unit }?.size ?? 1
    let value = quantity.value * size
    if variable.kind == .integer {
      guard value >= 0, value <= Double(largest), value == value.rounded() else {
        throw node.error("expected a whole number from 0 to \(largest), found \(value)")
      }
    }
    return value
  }

  // MARK: Sets

  private static func bits(
    _ node: YAMLNode, _ variable: L1Variable
  ) throws(ConfigurationError) -> SelectionCondition.Test {
    var sets: (all: UInt16, any: UInt16, none: UInt16) = (0, 0, 0)
    if node.isMapping {
      let map = try setMapping(node, keys: ["all_of", "any_of", "none_of"])
      if let all = map.optional("all_of") { sets.all = try union(all, variable) }
      if let any = map.optional("any_of") { sets.any = try union(any, variable) }
      if let none = map.optional("none_of") { sets.none = try union(none, variable) }
    } else {
      sets.all = try bit(node, variable)
    }
    guard sets.all & sets.none == 0, sets.any == 0 || sets.any & ~sets.none != 0 else {
      throw node.error("asks for what 'none_of' forbids: no event could pass")
    }
    return .bits(all: sets.all, any: sets.any, none: sets.none)
  }

  private static func setMapping(
    _ node: YAMLNode, keys: [String]
  ) throws(ConfigurationError) -> YAMLMapping {
    let map = try node.mapping()
    try map.rejectUnknown(keys: keys)
    guard !map.entries.isEmpty else {
      throw node.error("expected \(keys.map { "'\($0)'" }.joined(separator: ", ")), found none of them")
    }
    return map
  }

  private static func union(_ node: YAMLNode, _ variable: L1Variable) throws(ConfigurationError) -> UInt16 {
    var union: UInt16 = 0
    for item in try items(node) { union |= try bit(item, variable) }
    return union
  }

  private static func items(_ node: YAMLNode) throws(ConfigurationError) -> [YAMLNode] {
    let items = try node.sequence()
    guard !items.isEmpty else { throw node.error("the list is empty", advice: "leave the key out") }
    return items
  }

  private static func bit(_ node: YAMLNode, _ variable: L1Variable) throws(ConfigurationError) -> UInt16 {
    if variable.kind == .masks { return 1 << UInt16(try node.int(in: 0...15)) }
    let text = try node.string()
    let names = variable.names
    guard let known = names.first(where: { $0.name == text }) else {
      throw node.error(
        "unknown flag \(ConfigurationError.quoted(text)) of \(variable.rawValue)",
        suggestion: NearestName.of(text, in: names.map(\.name)),
        advice: "flags: \(names.map(\.name).joined(separator: ", "))")
    }
    return known.bits
  }

  // MARK: Codes

  /// The names of L0 words; `special` stands for all words that L1 keeps unlooked at.
  private static let codeNames: [(name: String, codes: [UInt8])] = [
    ("special", (0...UInt8.max).filter { L0Word(rawValue: $0).isSpecial }),
    ("start-of-burst", [L0Word.startOfBurst.rawValue]), ("end-of-burst", [L0Word.endOfBurst.rawValue]),
    ("gtk-pulser", [L0Word.gtkPulser.rawValue]),
  ]

  private static func codes(_ node: YAMLNode) throws(ConfigurationError) -> SelectionCondition.Test {
    guard node.isMapping else { return .codes(try code(node)) }
    let map = try setMapping(node, keys: ["any_of", "none_of"])
    var codes = SIMD4<UInt64>(repeating: .max)
    if let any = map.optional("any_of") {
      var union = SIMD4<UInt64>(repeating: 0)
      for item in try items(any) { union |= try code(item) }
      codes = union
    }
    if let none = map.optional("none_of") {
      for item in try items(none) { codes &= try ~code(item) }
    }
    guard codes != SIMD4<UInt64>(repeating: 0) else {
      throw node.error("asks for what 'none_of' forbids: no event could pass")
    }
    return .codes(codes)
  }

  private static func code(_ node: YAMLNode) throws(ConfigurationError) -> SIMD4<UInt64> {
    let text = try node.string()
    let codes: [UInt8]
    if text.utf8.first.map({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }) ?? false {
      codes = [UInt8(try node.int(in: 0...255))]
    } else if let known = codeNames.first(where: { $0.name == text }) {
      codes = known.codes
    } else {
      let names = codeNames.map(\.name)
      throw node.error(
        "expected a word from 0x00 to 0xff or one of \(names.joined(separator: ", ")), found \(node.summary)",
        suggestion: NearestName.of(text, in: names))
    }
    return codes.reduce(into: SIMD4<UInt64>(repeating: 0)) { set, code in
      set[Int(code >> 6)] |= 1 << UInt64(code & 63)
    }
  }
}
