import Configuration

/// Fills an `L1Configuration` from the `l1` of a menu.
struct L1MenuReader {
  /// The configuration read so far.
  var configuration = L1Configuration()
  /// Line on which each mask that was read is defined.
  var maskLines: [Int: Int] = [:]
  /// Warnings of the XML reader.
  var warnings: [String] = []

  private static let factors = 0...Int(UInt32.max)
  private static let globals = [
    "bypass_probability", "reduction", "downscaling", "flag_mode", "autoflag_every", "reference_source",
    "masks",
  ]
  private static let settings = [
    "algorithm", "window", "logic", "flag", "downscaling", "downscaled", "reference", "xx", "straw_flags",
    "variant",
    "process",
  ]

  /// Reads the value of `l1`.
  mutating func read(_ node: YAMLNode) throws(ConfigurationError) {
    let l1 = try node.mapping()
    let own = ["bypass_seed", "straw_scratch", "corrections", "data_block_masks", "hlt_conf_params"]
    try l1.rejectUnknown(keys: Self.globals + own)
    if let xml = l1.optional("hlt_conf_params") {
      for entry in l1.entries where Self.globals.contains(entry.key) {
        throw ConfigurationError(
          file: node.file, line: entry.line, keyPath: entry.value.keyPath,
          problem: "cannot stand beside 'hlt_conf_params', whose file holds it", advice: "remove one of them")
      }
      try readXML(xml)
    } else {
      try readGlobals(l1)
      for mask in try l1.required("masks").sequence() { try readMask(mask) }
    }
    if let seed = l1.optional("bypass_seed") {
      configuration.bypassSeed = UInt64(try seed.int(in: 0...Int.max))
    }
    if let scratch = l1.optional("straw_scratch") {
      configuration.strawScratch = try scratch.choice(StrawScratch.self)
    }
    if let list = l1.optional("corrections") {
      configuration.corrections = try list.options(L1Corrections.self, kind: "correction")
    }
    if let list = l1.optional("data_block_masks") { try readDataBlock(list) }
  }

  private mutating func readXML(_ node: YAMLNode) throws(ConfigurationError) {
    let path = try node.siblingPath()
    let result: HLTConfParamsReader
    do {
      result = try HLTConfParamsReader.load(path: path)
    } catch {
      throw error.line == nil ? node.error("the file \(path): \(error.problem)", advice: error.advice) : error
    }
    configuration = result.configuration
    warnings = result.warnings
    for mask in result.maskLines.keys { maskLines[mask] = node.line }
  }

  private mutating func readGlobals(_ l1: YAMLMapping) throws(ConfigurationError) {
    if let node = l1.optional("bypass_probability") {
      configuration.bypassProbability = try node.double(in: 0...1)
    }
    if let node = l1.optional("reduction") { configuration.reductionFactor = try Self.factor(node) }
    if let node = l1.optional("downscaling") { configuration.downscaleFactor = try Self.factor(node) }
    if let node = l1.optional("flag_mode") { configuration.flagMode = try node.bool() }
    if let node = l1.optional("autoflag_every") { configuration.autoFlagFactor = try Self.factor(node) }
    if let node = l1.optional("reference_source") {
      configuration.referenceSource = try node.int(in: 0...255)
    }
  }

  private mutating func readDataBlock(_ list: YAMLNode) throws(ConfigurationError) {
    var masks: [Int] = []
    for item in try list.sequence() {
      let number = try item.int(in: 0...15)
      guard !masks.contains(number) else {
        throw item.error("the mask \(number) stands twice", advice: "list each mask once")
      }
      guard maskLines[number] != nil else {
        let known = maskLines.keys.sorted().map(String.init).joined(separator: ", ")
        throw item.error("the mask \(number) is not defined", advice: "defined masks: \(known)")
      }
      masks.append(number)
    }
    configuration.dataBlockMasks = masks
  }

  private mutating func readMask(_ node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["number", "name", "reduction", "chain", "disabled"])
    let numberNode = try mapping.required("number")
    let number = try numberNode.int(in: 0...15)
    if let line = maskLines[number] {
      throw numberNode.error(
        "the mask \(number) is already defined on line \(line)", advice: "give each mask its own number")
    }
    maskLines[number] = numberNode.line
    var mask = L1Mask()
    if let name = mapping.optional("name"), !name.isNull { mask.name = try name.string() }
    if let reduction = mapping.optional("reduction") { mask.reduction = try Self.factor(reduction) }
    var lines: [L1Algorithm: Int] = [:]
    var processes: [Int: (algorithm: L1Algorithm, line: Int)] = [:]
    for (index, item) in try mapping.required("chain").sequence().enumerated() {
      let (algorithm, settings) = try Self.entry(item, index: index, lines: &lines)
      let process = settings.processID
      if let other = processes[process] {
        throw (try item.mapping().optional("process") ?? item).error(
          "place \(process) of the chain is already taken by \(other.algorithm.name) on line \(other.line)",
          advice: "give each algorithm its own place")
      }
      processes[process] = (algorithm, item.line)
      mask[algorithm] = settings
    }
    if let disabled = mapping.optional("disabled") {
      for item in try disabled.sequence() {
        let (algorithm, settings) = try Self.entry(item, index: nil, lines: &lines)
        mask[algorithm] = settings
      }
    }
    configuration.masks[number] = mask
  }

  /// Reads one algorithm; `index` is its place in the chain, nil if it is disabled.
  private static func entry(
    _ node: YAMLNode, index: Int?, lines: inout [L1Algorithm: Int]
  ) throws(ConfigurationError) -> (L1Algorithm, L1AlgorithmSettings) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: settings)
    let nameNode = try mapping.required("algorithm")
    let algorithm = try Self.algorithm(nameNode)
    if let line = lines[algorithm] {
      throw nameNode.error(
        "\(algorithm.name) already stands in this mask, on line \(line)", advice: "keep one of them")
    }
    lines[algorithm] = nameNode.line
    var result = L1AlgorithmSettings(defaultsOf: algorithm)
    result.isEnabled = index != nil
    if let index { result.processID = index }
    if let process = mapping.optional("process") {
      result.processID = try process.int(in: (index == nil ? -1 : 0)...6)
    }
    let windowNode = index == nil ? mapping.optional("window") : try mapping.required("window")
    if let windowNode {
      result.window = try windowNode.quantity(unit: "ns", in: 0...Double.greatestFiniteMagnitude)
    }
    let logicNode = index == nil ? mapping.optional("logic") : try mapping.required("logic")
    if let logicNode { result.isPositive = try logicNode.choice(LogicWord.self) == .require }
    if let flag = mapping.optional("flag") { result.isFlagged = try flag.bool() }
    if let downscaling = mapping.optional("downscaling") {
      result.isDownscaled = true
      result.downscaling = try Self.divisor(downscaling)
      if let switchNode = mapping.optional("downscaled") { result.isDownscaled = try switchNode.bool() }
    } else if let switchNode = mapping.optional("downscaled") {
      throw switchNode.error("says whether 'downscaling' takes effect, which is missing", advice: "add it")
    }
    if let reference = mapping.optional("reference") {
      result.reference = try reference.choice(ReferenceWord.self).place
    }
    result.xx = try parameter(of: algorithm, mapping)
    return (algorithm, result)
  }

  private static func algorithm(_ node: YAMLNode) throws(ConfigurationError) -> L1Algorithm {
    let text = try node.string()
    if let algorithm = L1Algorithm(menuName: text) { return algorithm }
    let names = L1Algorithm.decisionOrder.map(\.name)
    guard text != L1Algorithm.rich.name else {
      throw node.error("RICH takes no part in NA62's decision", advice: "remove it")
    }
    throw node.error(
      "unknown algorithm \(ConfigurationError.quoted(text)), expected one of "
        + names.joined(separator: ", "),
      suggestion: NearestName.of(text, in: names))
  }

  private static func parameter(
    of algorithm: L1Algorithm, _ mapping: YAMLMapping
  ) throws(ConfigurationError) -> UInt32 {
    var found: [(key: String, value: UInt32)] = []
    for entry in mapping.entries where ["xx", "straw_flags", "variant"].contains(entry.key) {
      let owner: L1Algorithm? = entry.key == "variant" ? .muv3 : entry.key == "straw_flags" ? .straw : nil
      if let owner, owner != algorithm {
        throw entry.value.error("only \(owner.name) has this key, not \(algorithm.name)", advice: "remove it")
      }
      if let other = found.first {
        throw entry.value.error("'\(other.key)' already says this", advice: "keep one of them")
      }
      found.append((entry.key, try parameterValue(entry)))
    }
    return found.first?.value ?? 0
  }

  private static func parameterValue(_ entry: YAMLMapping.Entry) throws(ConfigurationError) -> UInt32 {
    switch entry.key {
    case "variant": return UInt32(try entry.value.choice(MUV3VariantWord.self).place)
    case "straw_flags":
      var bits: UInt32 = 0
      for item in try entry.value.sequence() {
        let bit: UInt32 = 1 << UInt32(try item.choice(StrawFlagWord.self).place)
        guard bits & bit == 0 else { throw item.error("the flag \(item.summary) stands twice") }
        bits |= bit
      }
      return bits
    default: return try factor(entry.value)
    }
  }

  private static func factor(_ node: YAMLNode) throws(ConfigurationError) -> UInt32 {
    UInt32(truncatingIfNeeded: try node.int(in: factors))
  }

  private static func divisor(_ node: YAMLNode) throws(ConfigurationError) -> UInt32 {
    do {
      return UInt32(truncatingIfNeeded: try node.int(in: 1...Int(UInt32.max)))
    } catch {
      throw node.error(error.problem, advice: "every n-th is kept; leave the key out not to downscale")
    }
  }
}
