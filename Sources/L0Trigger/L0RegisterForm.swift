public import Configuration

/// A menu in the form of the processor's registers, as JSON: seven mask and seven dontcare words for each
/// line (`l0tp.md` 4.1, 6.1).
public enum L0RegisterForm {
  /// The keys of the form, in the order they are written in.
  static let keys = [
    "name", "reference_detector", "control_detector", "bit_finetime", "time_cut", "delta_packet",
    "primitive_dt", "fixed_latency", "offsets", "eob_timestamp", "group_by", "count_mode", "stale_count",
    "control", "masks",
  ]
  private static let maskKeys = ["index", "name", "enabled", "mask", "dontcare", "downscaling"]

  /// Whether a file looks like the form: JSON with masks, not a menu of ours.
  public static func isRegisterForm(_ root: YAMLNode) -> Bool {
    guard let top = try? root.mapping() else { return false }
    return top.optional("schema") == nil && top.optional("masks") != nil
  }

  /// Reads the file at `path`.
  ///
  /// Throws if it cannot be read, or has an unknown, repeated or impossible key.
  public static func load(path: String) throws(ConfigurationError) -> L0Menu {
    // JSON is read as YAML, which contains it.
    try read(YAMLNode.load(path: path))
  }

  /// Reads the form from a parsed file. Throws as ``load(path:)`` does.
  public static func read(_ root: YAMLNode) throws(ConfigurationError) -> L0Menu {
    let top = try root.mapping()
    try top.rejectUnknown(keys: keys)
    var menu = L0Menu()
    if let node = top.optional("name"), !node.isNull { menu.name = try node.string() }
    if let node = top.optional("reference_detector") { menu.referenceDetector = try detector(node) }
    if let node = top.optional("control_detector") { menu.controlDetector = try detector(node) }
    if let node = top.optional("bit_finetime") { menu.fineTimeBits = try node.int(in: 0...3) }
    if let node = top.optional("time_cut") {
      menu.timeCuts = try sevenNumbers(node, in: -32768...32767).map { Int16(truncatingIfNeeded: $0) }
    }
    if let node = top.optional("delta_packet") { menu.deltaPacket = try node.int(in: 0...6) }
    if let node = top.optional("primitive_dt") { menu.primitiveDT = try register(node) }
    if let node = top.optional("fixed_latency") { menu.fixedLatency = try register(node) }
    if let node = top.optional("eob_timestamp"), !node.isNull { menu.endOfBurst = try register(node) }
    if let node = top.optional("offsets") { menu.offsets = try sevenNumbers(node, in: 0...0xFF_FFFF) }
    if let node = top.optional("group_by") { menu.grouping = try node.choice(L0Menu.Grouping.self) }
    if let node = top.optional("count_mode") { menu.counting = try node.choice(L0Menu.Counting.self) }
    if let node = top.optional("stale_count") { menu.usesStaleCount = try node.bool() }
    if let node = top.optional("control") {
      let control = try node.mapping()
      try control.rejectUnknown(keys: ["enabled", "mask", "dontcare", "downscaling"])
      menu.control.isEnabled = try control.optional("enabled").map(bool) ?? true
      menu.control.condition = try condition(control)
      menu.control.downscaling = try downscaling(control)
    }
    var lines: [Int: Int] = [:]
    for node in try top.required("masks").sequence() {
      let mask = try node.mapping()
      try mask.rejectUnknown(keys: maskKeys)
      let index = try mask.required("index")
      let number = try index.int(in: 0...15)
      if let line = lines[number] {
        throw index.error(
          "the mask \(number) is already defined on line \(line)", advice: "give each mask its own index")
      }
      lines[number] = index.line
      menu.masks.append(
        L0Menu.Mask(
          number: number, name: try mask.optional("name").map(text) ?? "",
          isEnabled: try mask.optional("enabled").map(bool) ?? true, condition: try condition(mask),
          downscaling: try downscaling(mask)))
    }
    menu.masks.sort { $0.number < $1.number }
    return menu
  }

  /// The menu in the form; what the form cannot say is left out and named in `lost`.
  public static func write(_ menu: L0Menu) -> (value: ConfigValue, lost: [String]) {
    var lost: [String] = []
    func factor(_ downscaling: L0Downscaling, _ name: String) -> ConfigValue {
      if downscaling.mode != .counter { lost.append("\(name): the downscaling by hash becomes a counter") }
      if downscaling.numerator % downscaling.denominator != 0 {
        lost.append("\(name): the downscaling \(downscaling.factor) becomes a whole number")
      }
      return .int(Int((downscaling.factor).rounded()))
    }
    func entries(_ condition: L0Condition) -> [ConfigValue.Entry] {
      [.init("mask", words(condition.mask)), .init("dontcare", words(condition.dontcare))]
    }
    if !menu.corrections.isEmpty { lost.append("the corrections") }
    if !menu.periodics.isEmpty || menu.random != nil || menu.calibrationWord != nil {
      lost.append("periodic, random and calibration triggers")
    }
    if !menu.deadWindows.isEmpty { lost.append("the choke and error windows") }
    if menu.formats.contains(.words64) { lost.append("the 64-bit format of packets") }
    if menu.resetsDownscaling { lost.append("that downscalings begin anew with a burst") }
    let masks = menu.masks.sorted { $0.number < $1.number }
    let value = ConfigValue.map([
      .init("name", .string(menu.name)),
      .init("reference_detector", .int(menu.referenceDetector.rawValue)),
      .init("control_detector", .int(menu.controlDetector.rawValue)),
      .init("bit_finetime", .int(menu.fineTimeBits)),
      .init("time_cut", .list(menu.timeCuts.map { .int(Int($0)) })),
      .init("delta_packet", .int(menu.deltaPacket)),
      .init("primitive_dt", .int(Int(menu.primitiveDT))),
      .init("fixed_latency", .int(Int(menu.fixedLatency))),
      .init("offsets", .list(menu.offsets.map { .int($0) })),
      .init("eob_timestamp", menu.endOfBurst.map { .int(Int($0)) } ?? .null),
      .init("group_by", .string(menu.grouping.rawValue)),
      .init("count_mode", .string(menu.counting.rawValue)),
      .init("stale_count", .bool(menu.usesStaleCount)),
      .init(
        "control",
        .map(
          [.init("enabled", .bool(menu.control.isEnabled))] + entries(menu.control.condition)
            + [.init("downscaling", factor(menu.control.downscaling, "control"))])),
      .init(
        "masks",
        .list(
          masks.map { mask in
            .map(
              [
                .init("index", .int(mask.number)), .init("name", .string(mask.name)),
                .init("enabled", .bool(mask.isEnabled)),
              ] + entries(mask.condition)
                + [.init("downscaling", factor(mask.downscaling, "mask \(mask.number)"))])
          })),
    ])
    return (value, lost)
  }

  /// The words of the seven inputs.
  static func words(_ lanes: L0Words) -> ConfigValue {
    .list((0..<L0Detector.count).map { .string(hex(lanes[$0])) })
  }

  /// A word as `0x00ff`.
  private static func hex(_ word: UInt16) -> String {
    let digits = String(word, radix: 16)
    return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
  }

  private static func text(_ node: YAMLNode) throws(ConfigurationError) -> String {
    node.isNull ? "" : try node.string()
  }

  private static func bool(_ node: YAMLNode) throws(ConfigurationError) -> Bool { try node.bool() }

  private static func detector(_ node: YAMLNode) throws(ConfigurationError) -> L0Detector {
    L0Detector(rawValue: try node.int(in: 0...6)) ?? .rich
  }

  private static func register(_ node: YAMLNode) throws(ConfigurationError) -> UInt32 {
    UInt32(truncatingIfNeeded: try node.int(in: 0...Int(UInt32.max)))
  }

  private static func sevenNumbers(
    _ node: YAMLNode, in range: ClosedRange<Int>
  ) throws(ConfigurationError) -> [Int] {
    var numbers: [Int] = []
    for item in try node.sequence(count: L0Detector.count) { numbers.append(try item.int(in: range)) }
    return numbers
  }

  /// Reads `mask` and `dontcare`.
  static func condition(_ mapping: YAMLMapping) throws(ConfigurationError) -> L0Condition {
    L0Condition(
      mask: try words(mapping.required("mask")), dontcare: try words(mapping.required("dontcare")))
  }

  private static func words(_ node: YAMLNode) throws(ConfigurationError) -> [UInt16] {
    var words: [UInt16] = []
    for item in try node.sequence(count: L0Detector.count) {
      let text = try item.string()
      let digits = text.hasPrefix("0x") ? UInt16(text.dropFirst(2), radix: 16) : UInt16(text)
      guard let digits else {
        throw item.error("expected a 16-bit word, as '0x40ff', found \(item.summary)")
      }
      words.append(digits)
    }
    return words
  }

  private static func downscaling(_ mapping: YAMLMapping) throws(ConfigurationError) -> L0Downscaling {
    guard let node = mapping.optional("downscaling") else { return L0Downscaling(1) }
    return L0Downscaling(UInt32(truncatingIfNeeded: try node.int(in: 1...Int(UInt32.max))))
  }
}
