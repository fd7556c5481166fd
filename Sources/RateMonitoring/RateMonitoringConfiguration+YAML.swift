public import Configuration

extension RateMonitoringConfiguration {
  /// The version of the file format.
  public static let schema = "spillway.monitoring/1"

  private static let keys = [
    "schema", "name", "description", "false_alarms", "bin", "bursts_kept", "burst", "packet_loss",
    "board_tolerance", "identifier_tolerance", "silence", "lines",
  ]
  private static let lineKeys = [
    "line", "rate", "counts", "seconds", "relative_to", "ratio", "part_of", "share", "tolerance", "change",
    "sample",
  ]
  /// Lines in a file, at most.
  private static let maximumLines = 4096

  /// The configuration in the file at `path`. Throws as `YAMLNode.load` and ``init(_:)`` do.
  public static func load(path: String) throws(ConfigurationError) -> Self {
    try Self(YAMLNode.load(path: path))
  }

  /// The configuration of a parsed file.
  ///
  /// Throws for another schema, an unknown key, a value outside its range, a line of an unknown level, named twice or
  /// without exactly one expectation.
  public init(_ node: YAMLNode) throws(ConfigurationError) {
    let root = try node.mapping()
    try root.rejectUnknown(keys: Self.keys)
    let schema = try root.required("schema")
    guard try schema.string() == Self.schema else {
      throw schema.error("expected \(Self.schema), found \(schema.summary)")
    }
    self.init()
    name = try root.required("name").string()
    if let node = root.optional("description") { description = try node.string() }
    if let node = root.optional("false_alarms") {
      let alarms = try node.mapping()
      try alarms.rejectUnknown(keys: ["count", "per"])
      let count = try alarms.required("count").double(in: 1e-9...1e9)
      let per = try alarms.required("per").quantity(units: ["s", "h", "d"], in: 1e-3...1e9)
      falseAlarmRate = count / (per.value * (["h": 3600, "d": 86_400][per.unit] ?? 1))
    }
    if let node = root.optional("bin") {
      let width = try node.quantity(units: ["ms", "s"], in: 1e-3...1e6)
      binSeconds = width.value * (width.unit == "ms" ? 1e-3 : 1)
    }
    if let node = root.optional("bursts_kept") { burstsKept = try node.int(in: 1...100_000) }
    if let node = root.optional("burst") { burstSeconds = try node.quantity(unit: "s", in: 1e-3...1e4) }
    if let node = root.optional("packet_loss") { packetLoss = try node.double(in: 0...0.5) }
    if let node = root.optional("board_tolerance") { boardTolerance = try node.double(in: 0...100) }
    if let node = root.optional("identifier_tolerance") { identifierTolerance = try node.double(in: 0...100) }
    if let node = root.optional("silence") {
      let silence = try node.quantity(units: ["ms", "s"], in: 1e-3...1e6)
      silenceSeconds = silence.value * (silence.unit == "ms" ? 1e-3 : 1)
    }
    guard let node = root.optional("lines") else { return }
    let items = try node.sequence()
    guard items.count <= Self.maximumLines else {
      throw node.error("expected at most \(Self.maximumLines) lines, found \(items.count)")
    }
    var seen: Set<RateLine> = []
    for item in items {
      let band = try Self.band(item)
      guard seen.insert(band.line).inserted else {
        throw item.error("the line '\(band.line)' is there twice", advice: "remove one")
      }
      bands.append(band)
    }
  }

  private static func band(_ node: YAMLNode) throws(ConfigurationError) -> Band {
    let map = try node.mapping()
    try map.rejectUnknown(keys: lineKeys)
    let given = ["rate", "counts", "relative_to", "part_of"].filter { map.optional($0) != nil }
    guard given.count == 1 else {
      throw node.error(
        "expected one of rate, counts, relative_to, part_of, found "
          + (given.isEmpty ? "none" : given.joined(separator: ", ")))
    }
    let partner = ["counts": "seconds", "relative_to": "ratio", "part_of": "share"][given[0]]
    for key in ["seconds", "ratio", "share"] where key != partner {
      if let stray = map.optional(key) {
        throw stray.error("'\(key)' does not go with '\(given[0])'", advice: "remove it")
      }
    }
    let expectation: Expectation
    switch given[0] {
    case "rate":
      let rate = try map.required("rate").quantity(units: ["Hz", "kHz", "MHz"], in: 1e-6...1e9)
      expectation = .rate(rate.value * (["kHz": 1e3, "MHz": 1e6][rate.unit] ?? 1))
    case "counts":
      expectation = .counts(
        UInt64(try map.required("counts").int(in: 0...(1 << 52))),
        seconds: try map.required("seconds").double(in: 1e-6...1e12))
    case "relative_to":
      expectation = .relative(
        try line(map.required("relative_to")), ratio: try map.required("ratio").double(in: 1e-9...1e9))
    default:
      expectation = .part(
        try line(map.required("part_of")), share: try map.required("share").double(in: 1e-9...0.99))
    }
    var band = Band(line: try line(map.required("line")), expectation: expectation)
    if let node = map.optional("tolerance") { band.tolerance = try node.double(in: 0...0.99) }
    if let node = map.optional("change") { band.change = try node.double(in: 1.01...1000) }
    if let node = map.optional("sample") { band.sample = try node.choice(Sample.self) }
    if band.sample == .bin, given[0] != "rate" {
      throw node.error("'sample: bin' needs a known rate", advice: "use 'rate', or 'sample: burst'")
    }
    return band
  }

  private static func line(_ node: YAMLNode) throws(ConfigurationError) -> RateLine {
    let text = try node.string()
    guard let line = RateLine(text: text) else {
      let level = text.split(separator: "/").first.map(String.init) ?? text
      throw node.error(
        "expected LEVEL/NAME with a level of \(RateLevel.allCases.map(\.rawValue).joined(separator: ", "))",
        suggestion: NearestName.of(level, in: RateLevel.allCases.map(\.rawValue)))
    }
    return line
  }

  /// The configuration as it takes effect: what the reader reads again.
  public var effective: ConfigValue {
    .map([
      .init("schema", .string(Self.schema)), .init("name", .string(name)),
      .init("description", .string(description)),
      .init(
        "false_alarms",
        .map([.init("count", .double(falseAlarmRate * 86_400)), .init("per", .string("1 d"))])),
      .init("bin", .string("\(binSeconds) s")), .init("bursts_kept", .int(burstsKept)),
      .init("burst", .string("\(burstSeconds) s")), .init("packet_loss", .double(packetLoss)),
      .init("board_tolerance", .double(boardTolerance)),
      .init("identifier_tolerance", .double(identifierTolerance)),
      .init("silence", .string("\(silenceSeconds) s")), .init("lines", .list(bands.map(\.effective))),
    ])
  }
}

extension RateMonitoringConfiguration.Band {
  /// The band as it stands in a file.
  var effective: ConfigValue {
    var entries = [ConfigValue.Entry("line", .string(line.description))]
    switch expectation {
    case .rate(let rate): entries.append(.init("rate", .string("\(rate) Hz")))
    case .counts(let counts, let seconds):
      entries += [.init("counts", .int(Int(clamping: counts))), .init("seconds", .double(seconds))]
    case .relative(let other, let ratio):
      entries += [.init("relative_to", .string(other.description)), .init("ratio", .double(ratio))]
    case .part(let whole, let share):
      entries += [.init("part_of", .string(whole.description)), .init("share", .double(share))]
    }
    entries += [
      .init("tolerance", .double(tolerance)), .init("change", .double(change)),
      .init("sample", .string(sample.rawValue)),
    ]
    return .map(entries)
  }
}
