import Configuration

/// Reads the scans and histograms of a selection.
struct DisplayReader {
  let names: SelectionNames
  let regions: [SelectionRegion]
  let cuts: [SelectionCut]

  private static let counting = CountingReader(usesWords: true)
  private static let binLimit = 1_000_000

  /// The regions of a list of names, as bits and as they take effect; no bits where none is asked for.
  func regions(
    _ node: YAMLNode?
  ) throws(ConfigurationError) -> (bits: UInt64, effective: [ConfigValue.Entry]) {
    guard let node else { return (0, []) }
    var bits: UInt64 = 0
    for item in try node.sequence() {
      guard let region = try region(item) else { continue }
      guard bits >> UInt64(region.index) & 1 == 0 else { throw item.error("'\(region.name)' is repeated") }
      bits |= 1 << UInt64(region.index)
    }
    guard bits != 0 else { throw node.error("the list is empty", advice: "leave the key out") }
    let names = regions.indices.filter { bits >> UInt64($0) & 1 == 1 }.map { regions[$0].name }
    return (bits, [.init("regions", .list(names.map { .string($0) }))])
  }

  /// The region of that name; nil where none is asked for.
  func region(_ node: YAMLNode?) throws(ConfigurationError) -> (index: Int, name: String)? {
    guard let node else { return nil }
    let text = try node.string()
    guard let index = regions.firstIndex(where: { $0.name == text }) else {
      throw node.error(
        "unknown region \(ConfigurationError.quoted(text))",
        suggestion: NearestName.of(text, in: regions.map(\.name)))
    }
    return (index, text)
  }

  // MARK: Histograms

  func histograms(
    _ node: YAMLNode?
  ) throws(ConfigurationError) -> [(histogram: SelectionHistogram, effective: ConfigValue)] {
    var all: [(histogram: SelectionHistogram, effective: ConfigValue)] = []
    for item in try node?.sequence() ?? [] {
      let made = try histogram(item)
      guard !all.contains(where: { $0.histogram.empty.name == made.histogram.empty.name }) else {
        throw item.error("two histograms are named '\(made.histogram.empty.name)'")
      }
      all.append(made)
    }
    return all
  }

  private func histogram(
    _ node: YAMLNode
  ) throws(ConfigurationError) -> (histogram: SelectionHistogram, effective: ConfigValue) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["name", "axes", "after"])
    let name = try map.required("name").name()
    var stage = cuts.count
    var after: String?
    if let cut = map.optional("after") {
      let text = try cut.string()
      guard let index = cuts.firstIndex(where: { $0.name == text }) else {
        throw cut.error(
          "unknown cut \(ConfigurationError.quoted(text))",
          suggestion: NearestName.of(text, in: cuts.map(\.name)))
      }
      stage = index + 1
      after = text
    }
    let list = try map.required("axes")
    let items = try list.sequence()
    guard (1...2).contains(items.count) else {
      throw list.error("expected one or two axes, found \(items.count)")
    }
    var variables: [SelectionVariable] = []
    var axes: [HistogramAxis] = []
    var values: [ConfigValue] = []
    for item in items {
      let entry = try item.mapping()
      try entry.rejectUnknown(keys: ["variable", "bins", "from", "to"])
      let variable = try names.variable(entry.required("variable"))
      let dimension =
        variable.dimension == .count || variable.dimension == .flag ? .number : variable.dimension
      let low = try BoundsReader.number(entry.required("from"), dimension)
      let high = try BoundsReader.number(entry.required("to"), dimension)
      let bins = try entry.required("bins").int(in: 1...Self.binLimit)
      guard
        let axis = HistogramAxis(
          variable: variable.name, unit: variable.dimension.unit, bins: bins, low: low, high: high)
      else { throw item.error("'from' \(low) is not below 'to' \(high)", advice: "swap them") }
      variables.append(variable)
      axes.append(axis)
      values.append(
        .map([
          .init("variable", .string(variable.name)), .init("bins", .int(bins)),
          .init("from", Bounds.value(low, dimension)), .init("to", Bounds.value(high, dimension)),
        ]))
    }
    guard axes.reduce(1, { $0 * ($1.bins + 2) }) <= Self.binLimit else {
      throw list.error("more than \(Self.binLimit) bins", advice: "take wider bins")
    }
    var entries: [ConfigValue.Entry] = [.init("name", .string(name)), .init("axes", .list(values))]
    if let after { entries.append(.init("after", .string(after))) }
    return (
      SelectionHistogram(
        empty: Histogram(name: name, after: after, axes: axes), variables: variables, stage: stage),
      .map(entries)
    )
  }

  // MARK: Scans

  func scans(
    _ node: YAMLNode?
  ) throws(ConfigurationError) -> [(scan: SelectionScan, effective: ConfigValue)] {
    var all: [(scan: SelectionScan, effective: ConfigValue)] = []
    for item in try node?.sequence() ?? [] {
      let made = try scan(item)
      guard !all.contains(where: { $0.scan.empty.name == made.scan.empty.name }) else {
        throw item.error("two scans are named '\(made.scan.empty.name)'")
      }
      all.append(made)
    }
    return all
  }

  private func scan(
    _ node: YAMLNode
  ) throws(ConfigurationError) -> (scan: SelectionScan, effective: ConfigValue) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["name", "axes", "region", "second_at_most", "trust", "source"])
    let name = try map.required("name").name()
    let region = try region(map.optional("region"))
    let list = try map.required("axes")
    let items = try list.sequence()
    guard (1...2).contains(items.count) else {
      throw list.error("expected one or two axes, found \(items.count)")
    }
    var variables: [SelectionVariable] = []
    var axes: [MassScan.Axis] = []
    var values: [ConfigValue] = []
    for item in items {
      let (variable, axis) = try axis(item)
      variables.append(variable)
      axes.append(axis)
      values.append(
        .map([
          .init("variable", .string(variable.name)), .init("masses", masses(axis.masses)),
          .init("window", .map([.init("half_widths", masses(axis.halfWidths))])),
        ]))
    }
    var entries: [ConfigValue.Entry] = [.init("name", .string(name)), .init("axes", .list(values))]
    var ratio: Double?
    if let limit = map.optional("second_at_most") {
      guard axes.count == 2 else { throw limit.error("'second_at_most' is for a scan of two masses") }
      let value = try CountingReader.positive(limit)
      ratio = value
      entries.append(.init("second_at_most", .double(value)))
    }
    guard axes.reduce(1, { $0 * $1.masses.count }) <= Self.binLimit else {
      throw list.error("more than \(Self.binLimit) mass points")
    }
    if let region { entries.append(.init("region", .string(region.name))) }
    let provenance = try Self.counting.provenance(map)
    return (
      SelectionScan(
        empty: MassScan(name: name, axes: axes, region: region?.name, ratio: ratio), variables: variables,
        region: region.map { 1 << UInt64($0.index) } ?? 0), .map(entries + provenance.entries)
    )
  }

  private func masses(_ values: [Double]) -> ConfigValue { .list(values.map { Bounds.value($0, .mass) }) }

  private func axis(_ node: YAMLNode) throws(ConfigurationError) -> (SelectionVariable, MassScan.Axis) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["variable", "masses", "window"])
    let variable = try names.variable(map.required("variable"))
    guard variable.dimension == .mass else {
      throw try map.required("variable").error("\(variable.name) is not a mass")
    }
    let masses = try points(map.required("masses"))
    let widths = try halfWidths(map.required("window"), masses)
    return (variable, MassScan.Axis(variable: variable.name, masses: masses, halfWidths: widths))
  }

  private func points(_ node: YAMLNode) throws(ConfigurationError) -> [Double] {
    var masses: [Double] = []
    if node.isMapping {
      let map = try node.mapping()
      try map.rejectUnknown(keys: ["from", "to", "step"])
      let from = try BoundsReader.number(map.required("from"), .mass)
      let to = try BoundsReader.number(map.required("to"), .mass)
      let step = try BoundsReader.number(map.required("step"), .mass)
      guard step > 0, from <= to else {
        throw node.error("expected 'from' not above 'to', and a step above 0")
      }
      let steps = (to - from) / step
      guard steps < 100_000 else {
        throw node.error("more than 100000 mass points", advice: "take wider steps")
      }
      guard abs(steps - steps.rounded()) < 1e-6 else {
        throw node.error("the steps from \(from) do not end at \(to)", advice: "change 'to' or 'step'")
      }
      masses = (0...Int(steps.rounded())).map { from + Double($0) * step }
    } else {
      for item in try node.sequence() { masses.append(try BoundsReader.number(item, .mass)) }
    }
    guard let first = masses.first, first >= 0, zip(masses, masses.dropFirst()).allSatisfy(<) else {
      throw node.error("expected masses not below 0 that rise, each once")
    }
    return masses
  }

  /// Half the width of the window at each mass: the same everywhere, a list of them, or k·σ(m) of a table
  /// that is interpolated in straight lines and constant beyond its ends.
  private func halfWidths(_ node: YAMLNode, _ masses: [Double]) throws(ConfigurationError) -> [Double] {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["half_width", "half_widths", "sigmas", "sigma"])
    let kinds = ["half_width", "half_widths", "sigmas"].filter { map.optional($0) != nil }
    guard kinds.count == 1, (map.optional("sigma") != nil) == (kinds == ["sigmas"]) else {
      throw node.error("expected 'half_width', 'half_widths', or 'sigmas' with a table 'sigma'")
    }
    var widths: [Double] = []
    if let width = map.optional("half_width") {
      let value = try BoundsReader.number(width, .mass)
      widths = masses.map { _ in value }
    } else if let list = map.optional("half_widths") {
      for item in try list.sequence(count: masses.count) {
        widths.append(try BoundsReader.number(item, .mass))
      }
    } else {
      let count = try CountingReader.positive(map.required("sigmas"))
      let table = try table(map.required("sigma"))
      widths = masses.map { count * Self.interpolated($0, table) }
    }
    guard widths.allSatisfy({ $0 > 0 }) else { throw node.error("expected windows wider than 0") }
    return widths
  }

  private func table(_ node: YAMLNode) throws(ConfigurationError) -> [SIMD2<Double>] {
    var table: [SIMD2<Double>] = []
    for item in try node.sequence() {
      let pair = try item.sequence(count: 2)
      table.append(SIMD2(try BoundsReader.number(pair[0], .mass), try BoundsReader.number(pair[1], .mass)))
    }
    guard !table.isEmpty, zip(table, table.dropFirst()).allSatisfy({ $0.x < $1.x }) else {
      throw node.error("expected pairs of a mass and its resolution, with rising masses")
    }
    return table
  }

  private static func interpolated(_ mass: Double, _ table: [SIMD2<Double>]) -> Double {
    guard let next = table.firstIndex(where: { $0.x >= mass }) else { return table[table.count - 1].y }
    guard next > 0 else { return table[0].y }
    let (a, b) = (table[next - 1], table[next])
    return a.y + (b.y - a.y) * (mass - a.x) / (b.x - a.x)
  }
}
