import Configuration

/// Reads the regions of a selection.
struct RegionReader {
  let names: SelectionNames

  private static let counting = CountingReader(usesWords: true)
  private static let shapes = ["interval", "box", "ellipse", "everything"]

  func regions(
    _ node: YAMLNode?
  ) throws(ConfigurationError) -> (regions: [SelectionRegion], effective: [ConfigValue]) {
    var regions: [SelectionRegion] = []
    var effective: [ConfigValue] = []
    for item in try node?.sequence() ?? [] {
      let (region, value) = try region(item, regions)
      guard !regions.contains(where: { $0.name == region.name }) else {
        throw item.error("two regions are named '\(region.name)'", advice: "give each region its own name")
      }
      regions.append(region)
      effective.append(value)
      guard regions.count <= SelectionRegion.limit else {
        throw item.error("more than \(SelectionRegion.limit) regions")
      }
    }
    return (regions, effective)
  }

  /// The sets of regions of which an event is in one only.
  func exclusive(
    _ node: YAMLNode?, _ regions: [SelectionRegion]
  ) throws(ConfigurationError) -> [[Int]] {
    var sets: [[Int]] = []
    for item in try node?.sequence() ?? [] {
      let set = try indices(item, regions)
      guard set.count > 1 else { throw item.error("expected at least two regions, found \(set.count)") }
      guard set == set.sorted() else {
        throw item.error(
          "the regions are not in their order of declaration", advice: "the first that holds an event gets it"
        )
      }
      sets.append(set)
    }
    return sets
  }

  private func indices(_ node: YAMLNode, _ regions: [SelectionRegion]) throws(ConfigurationError) -> [Int] {
    var set: [Int] = []
    for item in try node.sequence() {
      let text = try item.string()
      guard let index = regions.firstIndex(where: { $0.name == text }) else {
        throw item.error(
          "no region \(ConfigurationError.quoted(text)) is declared before",
          suggestion: NearestName.of(text, in: regions.map(\.name)))
      }
      guard !set.contains(index) else { throw item.error("the region '\(text)' is repeated") }
      set.append(index)
    }
    return set
  }

  private func region(
    _ node: YAMLNode, _ before: [SelectionRegion]
  ) throws(ConfigurationError) -> (SelectionRegion, ConfigValue) {
    let map = try node.mapping()
    try map.rejectUnknown(
      keys: ["name", "blind"] + Self.shapes + ["border", "excluding", "trust", "source"])
    let name = try map.required("name").name()
    let isBlind = try map.optional("blind")?.bool() ?? false
    let kinds = Self.shapes.filter { map.optional($0) != nil }
    guard let kind = kinds.first, kinds.count == 1, let body = map.optional(kind) else {
      throw node.error("expected one of \(Self.shapes.joined(separator: ", ")), found \(kinds.count) of them")
    }
    var entries: [ConfigValue.Entry] = [.init("name", .string(name)), .init("blind", .bool(isBlind))]
    var shape = SelectionRegion.Shape.everything
    var label = "everything"
    if kind != "ellipse", let border = map.optional("border") {
      throw border.error(
        "'border' is for an ellipse", advice: "write 'min' or 'above' for the sides of a box")
    }
    switch kind {
    case "ellipse":
      let includes = try border(map.required("border"))
      let ellipse = try ellipse(body, includes)
      shape = .ellipse(ellipse)
      label = Self.label(ellipse)
      entries += [
        .init("ellipse", Self.effective(ellipse)), .init("border", .string(includes ? "inside" : "outside")),
      ]
    case "everything":
      guard try body.bool() else { throw body.error("expected true") }
      entries.append(.init("everything", .bool(true)))
    default:
      let sides = try sides(body, kind == "interval" ? 1...1 : 2...8)
      shape = .box(sides)
      label = sides.map { $0.bounds.label($0.variable.name, $0.variable.dimension) }
        .joined(separator: " and ")
      let values = sides.map {
        ConfigValue.Entry($0.variable.name, .map($0.bounds.entries($0.variable.dimension)))
      }
      entries.append(.init(kind, .map(values)))
    }
    var excluded: UInt64 = 0
    if let list = map.optional("excluding") {
      let set = try indices(list, before)
      for index in set { excluded |= 1 << UInt64(index) }
      entries.append(.init("excluding", .list(set.map { .string(before[$0].name) })))
      if !set.isEmpty { label += ", without " + set.map { before[$0].name }.joined(separator: ", ") }
    }
    let provenance = try Self.counting.provenance(map)
    return (
      SelectionRegion(
        name: name, isBlind: isBlind, label: label, provenance: provenance, shape: shape, excluded: excluded),
      .map(entries + provenance.entries)
    )
  }

  private func sides(
    _ node: YAMLNode, _ count: ClosedRange<Int>
  ) throws(ConfigurationError) -> [SelectionRegion.Condition] {
    var sides: [SelectionRegion.Condition] = []
    for entry in try node.mapping().entries {
      let variable = try variable(entry)
      let map = try entry.value.mapping()
      try map.rejectUnknown(keys: BoundsReader.keys)
      let bounds = try BoundsReader.bounds(map, variable.dimension)
      sides.append(SelectionRegion.Condition(variable: variable, bounds: bounds))
    }
    guard count.contains(sides.count) else {
      throw node.error(
        count == 1...1
          ? "an interval is in one variable, found \(sides.count)"
          : "a box is in 2 to \(count.upperBound) variables, found \(sides.count)")
    }
    return sides
  }

  private func variable(_ entry: YAMLMapping.Entry) throws(ConfigurationError) -> SelectionVariable {
    try names.variable(named: entry.key, at: entry.value)
  }

  private func border(_ node: YAMLNode) throws(ConfigurationError) -> Bool {
    switch try node.string() {
    case "inside": return true
    case "outside": return false
    default: throw node.error("expected 'inside' or 'outside', found \(node.summary)")
    }
  }

  private func ellipse(
    _ node: YAMLNode, _ includesBorder: Bool
  ) throws(ConfigurationError) -> SelectionRegion.Ellipse {
    let entries = try node.mapping().entries
    guard entries.count == 2 else {
      throw node.error("an ellipse is in two variables, found \(entries.count)")
    }
    var axes: [(variable: SelectionVariable, center: Double, semiAxis: Double)] = []
    for entry in entries {
      let variable = try variable(entry)
      let map = try entry.value.mapping()
      try map.rejectUnknown(keys: ["center", "semi_axis"])
      let semiAxis = try map.required("semi_axis")
      let size = try BoundsReader.number(semiAxis, variable.dimension)
      guard size > 0 else { throw semiAxis.error("expected a semi-axis above 0, found \(size)") }
      axes.append((variable, try BoundsReader.number(map.required("center"), variable.dimension), size))
    }
    return SelectionRegion.Ellipse(
      x: axes[0].variable, y: axes[1].variable, center: SIMD2(axes[0].center, axes[1].center),
      semiAxes: SIMD2(axes[0].semiAxis, axes[1].semiAxis), includesBorder: includesBorder)
  }

  private static func label(_ ellipse: SelectionRegion.Ellipse) -> String {
    let parts = [(ellipse.x, 0), (ellipse.y, 1)].map { variable, axis in
      let center = Bounds.text(ellipse.center[axis], variable.dimension)
      return "((\(variable.name) - \(center)) / \(Bounds.text(ellipse.semiAxes[axis], variable.dimension)))^2"
    }
    return parts.joined(separator: " + ") + (ellipse.includesBorder ? " <= 1" : " < 1")
  }

  private static func effective(_ ellipse: SelectionRegion.Ellipse) -> ConfigValue {
    .map(
      [(ellipse.x, 0), (ellipse.y, 1)].map { variable, axis in
        .init(
          variable.name,
          .map([
            .init("center", Bounds.value(ellipse.center[axis], variable.dimension)),
            .init("semi_axis", Bounds.value(ellipse.semiAxes[axis], variable.dimension)),
          ]))
      })
  }
}
