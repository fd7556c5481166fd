import Configuration
import NA62Formats

/// Fills an `L0Menu` from the `l0` of a menu.
struct L0MenuReader {
  /// The menu read so far.
  var menu = L0Menu()

  private static let keys = [
    "run", "reference_detector", "control_detector", "slot", "time_cuts", "delta_packet", "primitive_dt",
    "fixed_latency", "end_of_burst", "offsets", "formats", "group_by", "count_mode", "stale_count",
    "downscaling_reset", "corrections", "masks", "control", "calibration_word", "periodic", "random",
    "dead_windows",
  ]

  /// Reads the value of `l0`.
  mutating func read(_ node: YAMLNode) throws(ConfigurationError) {
    let l0 = try node.mapping()
    try l0.rejectUnknown(keys: Self.keys)
    if let node = l0.optional("run") { menu.bits = PrimitiveBits(run: try node.int(in: PrimitiveBits.runs)) }
    let defaults = L0RunDefaults(run: menu.bits.run)
    menu.fineTimeBits = defaults.fineTimeBits
    menu.timeCuts = [Int16](repeating: defaults.timeCut, count: L0Detector.count)
    try readAlignment(l0)
    try readSwitches(l0)
    var lines: [Int: Int] = [:]
    for node in try l0.required("masks").sequence() { try readMask(node, lines: &lines) }
    menu.masks.sort { $0.number < $1.number }
    if let node = l0.optional("control") { menu.control = try control(node) }
    try readOtherTriggers(l0)
  }

  private mutating func readAlignment(_ l0: YAMLMapping) throws(ConfigurationError) {
    if let node = l0.optional("reference_detector") {
      menu.referenceDetector = try L0Quantities.detector(node)
    }
    if let node = l0.optional("control_detector") { menu.controlDetector = try L0Quantities.detector(node) }
    if let node = l0.optional("slot") { menu.fineTimeBits = try L0Quantities.slotBits(node) }
    if let node = l0.optional("time_cuts") {
      try Self.readEach(node, into: &menu.timeCuts) { node throws(ConfigurationError) in
        try L0Quantities.timeCut(node)
      }
    }
    if let node = l0.optional("delta_packet") { menu.deltaPacket = try node.int(in: 0...6) }
    if let node = l0.optional("primitive_dt") { menu.primitiveDT = try L0Quantities.ticks(node) }
    if let node = l0.optional("fixed_latency") { menu.fixedLatency = try L0Quantities.ticks(node) }
    if let node = l0.optional("end_of_burst"), !node.isNull {
      menu.endOfBurst = try L0Quantities.ticks(node)
    }
    if let node = l0.optional("offsets") {
      try Self.readEach(node, into: &menu.offsets) { node throws(ConfigurationError) in
        try node.int(in: 0...0xFF_FFFF)
      }
    }
    if let node = l0.optional("formats") {
      try Self.readEach(node, into: &menu.formats) { node throws(ConfigurationError) in
        try node.choice(MTP.Format.self)
      }
    }
  }

  private mutating func readSwitches(_ l0: YAMLMapping) throws(ConfigurationError) {
    if let node = l0.optional("group_by") { menu.grouping = try node.choice(L0Menu.Grouping.self) }
    if let node = l0.optional("count_mode") { menu.counting = try node.choice(L0Menu.Counting.self) }
    if let node = l0.optional("stale_count") { menu.usesStaleCount = try node.bool() }
    if let node = l0.optional("downscaling_reset") { menu.resetsDownscaling = try node.bool() }
    if let node = l0.optional("corrections") {
      menu.corrections = try node.options(L0Menu.Corrections.self, kind: "correction")
    }
  }

  private mutating func readMask(
    _ node: YAMLNode, lines: inout [Int: Int]
  ) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(
      keys: ["number", "name", "enabled", "condition", "mask", "dontcare", "downscaling"])
    let numberNode = try mapping.required("number")
    let number = try numberNode.int(in: 0...15)
    if let line = lines[number] {
      throw numberNode.error(
        "the mask \(number) is already defined on line \(line)", advice: "give each mask its own number")
    }
    lines[number] = numberNode.line
    var mask = L0Menu.Mask(number: number, name: "", condition: try condition(mapping))
    if let node = mapping.optional("name"), !node.isNull { mask.name = try node.string() }
    if let node = mapping.optional("enabled") { mask.isEnabled = try node.bool() }
    if let node = mapping.optional("downscaling") { mask.downscaling = try Self.downscaling(node) }
    menu.masks.append(mask)
  }

  private func control(_ node: YAMLNode) throws(ConfigurationError) -> L0Menu.Control {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["enabled", "condition", "mask", "dontcare", "downscaling"])
    var control = L0Menu.Control(
      isEnabled: true, condition: try condition(mapping), downscaling: L0Downscaling(1))
    if let node = mapping.optional("enabled") { control.isEnabled = try node.bool() }
    if let node = mapping.optional("downscaling") { control.downscaling = try Self.downscaling(node) }
    return control
  }

  /// The `condition`, or the registers `mask` and `dontcare`.
  private func condition(_ mapping: YAMLMapping) throws(ConfigurationError) -> L0Condition {
    guard let node = mapping.optional("condition") else {
      guard mapping.optional("mask") != nil || mapping.optional("dontcare") != nil else {
        _ = try mapping.required("condition")
        return L0Condition()
      }
      return try L0RegisterForm.condition(mapping)
    }
    for key in ["mask", "dontcare"] {
      if let other = mapping.optional(key) {
        throw other.error(
          "cannot stand beside 'condition', which says the same", advice: "remove one of them")
      }
    }
    let text = try node.string()
    do {
      return try L0ConditionParser(bits: menu.bits).parse(text)
    } catch {
      throw node.error(
        "\(error.problem), at character \(error.position) of \(ConfigurationError.quoted(text))",
        suggestion: error.suggestion, advice: error.advice)
    }
  }

  /// A factor, or a mapping of factor, mode and seed.
  private static func downscaling(_ node: YAMLNode) throws(ConfigurationError) -> L0Downscaling {
    guard let mapping = try? node.mapping() else { return try factor(node) }
    try mapping.rejectUnknown(keys: ["factor", "mode", "seed"])
    var result = try factor(mapping.required("factor"))
    if let node = mapping.optional("mode") { result.mode = try node.choice(L0Downscaling.Mode.self) }
    if let node = mapping.optional("seed") {
      guard result.mode == .hash else {
        throw node.error("a counter has no seed", advice: "remove it, or add 'mode: hash'")
      }
      result.seed = try L0Quantities.seed(node)
    }
    return result
  }

  private static func factor(_ node: YAMLNode) throws(ConfigurationError) -> L0Downscaling {
    guard let text = try? node.string(), let factor = L0Downscaling(text: text) else {
      throw node.error(
        "expected a factor of at least 1, as 100, 2.5 or 5/2, found \(node.summary)",
        advice: "one in so many is kept; to keep none write 'enabled: false'")
    }
    return factor
  }

  private mutating func readOtherTriggers(_ l0: YAMLMapping) throws(ConfigurationError) {
    if let node = l0.optional("calibration_word"), !node.isNull {
      menu.calibrationWord = UInt8(truncatingIfNeeded: try node.int(in: 0...63))
    }
    if let node = l0.optional("periodic") {
      let items = try node.sequence()
      guard items.count <= 2 else {
        throw node.error("the processor has two pulsers, found \(items.count)", advice: "remove some")
      }
      for item in items {
        let mapping = try item.mapping()
        try mapping.rejectUnknown(keys: ["period", "word", "start", "end"])
        menu.periodics.append(try Self.pulser(mapping))
      }
    }
    if let node = l0.optional("random"), !node.isNull {
      let mapping = try node.mapping()
      try mapping.rejectUnknown(keys: ["period", "word", "start", "end", "seed"])
      var random = L0Menu.Random(pulser: try Self.pulser(mapping), seed: 0)
      if let node = mapping.optional("seed") { random.seed = try L0Quantities.seed(node) }
      menu.random = random
    }
    guard let node = l0.optional("dead_windows") else { return }
    for item in try node.sequence() {
      let mapping = try item.mapping()
      try mapping.rejectUnknown(keys: ["begin", "end"])
      let (begin, end) = try Self.span(mapping, "begin")
      menu.deadWindows.append(L0Menu.DeadWindow(begin: begin, end: end))
    }
  }

  private static func pulser(_ mapping: YAMLMapping) throws(ConfigurationError) -> L0Menu.Periodic {
    let period = try L0Quantities.pulserPeriod(mapping.required("period"))
    let word = UInt8(truncatingIfNeeded: try mapping.required("word").int(in: 0...63))
    let (start, end) = try span(mapping, "start")
    return L0Menu.Periodic(period: period, word: word, start: start, end: end)
  }

  private static func span(
    _ mapping: YAMLMapping, _ first: String
  ) throws(ConfigurationError) -> (UInt32, UInt32) {
    let begin = try L0Quantities.ticks(mapping.required(first))
    let endNode = try mapping.required("end")
    let end = try L0Quantities.ticks(endNode)
    guard begin <= end else {
      throw endNode.error("ends before it begins: \(end) ticks, and '\(first)' is \(begin) ticks")
    }
    return (begin, end)
  }

  /// Reads one value for all detectors, or a mapping from detectors to values, in which `all` stands for
  /// those that are not named.
  private static func readEach<Value>(
    _ node: YAMLNode, into values: inout [Value],
    _ read: (YAMLNode) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) {
    guard let mapping = try? node.mapping() else {
      values = [Value](repeating: try read(node), count: values.count)
      return
    }
    try mapping.rejectUnknown(keys: ["all"] + L0Detector.names)
    if let node = mapping.optional("all") {
      values = [Value](repeating: try read(node), count: values.count)
    }
    for detector in L0Detector.allCases {
      if let node = mapping.optional(detector.name) { values[detector.rawValue] = try read(node) }
    }
  }
}
