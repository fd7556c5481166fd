public import Configuration
import Selections
import Simulation

extension ScanConfiguration {
  /// Reads the YAML file at `path`; throws if it cannot be read, or holds an unknown or missing key, a value out of
  /// range, a wrong unit or parts that do not go together.
  public static func load(path: String) throws(ConfigurationError) -> ScanConfiguration {
    try ScanConfiguration(node: YAMLNode.load(path: path))
  }

  /// Reads the root of a file; throws as ``load(path:)`` does.
  public init(node: YAMLNode) throws(ConfigurationError) {
    let root = try node.mapping()
    try root.rejectUnknown(keys: [
      "schema", "name", "description", "confidence_level", "dark_photon", "kaon_decay", "observation",
    ])
    let schema = try root.required("schema")
    guard try schema.string() == Self.schema else {
      throw schema.error("expected '\(Self.schema)', found \(schema.summary)")
    }
    name = try root.required("name").name()
    description = try root.optional("description")?.text() ?? ""
    confidenceLevel = try root.optional("confidence_level").map(Self.confidenceLevel) ?? 0.9
    let domain: [ClosedRange<Double>]
    switch (root.optional("dark_photon"), root.optional("kaon_decay")) {
    case (let dump?, nil):
      let search = try DarkPhotonSearch(node: dump)
      model = .darkPhoton(search)
      domain = [search.masses.range]
    case (nil, let decay?):
      let search = try KaonDecaySearch(node: decay)
      model = .kaonDecay(search)
      domain = search.axes.map(\.range)
    default:
      throw node.error("expected one of 'dark_photon' and 'kaon_decay'", advice: "it says what is scanned")
    }
    observation = try ScanObservation(node: root.required("observation"), domain: domain)
  }

  private static func confidenceLevel(_ node: YAMLNode) throws(ConfigurationError) -> Double {
    let value = try node.double()
    guard value >= 0.5, value <= 0.9999 else {
      throw node.error("expected a number from 0.5 to 0.9999, found \(value)", advice: "write 0.9 for 90 %")
    }
    return value
  }
}

extension DarkPhotonSearch {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: [
      "channel", "protons", "production", "masses", "mixings", "acceptance",
    ])
    let channel = try map.required("channel").choice(DumpProduction.Channel.self)
    let masses = try map.required("masses").massGrid()
    guard masses.range.lowerBound > channel.threshold * 1000, masses.range.upperBound <= 600 else {
      throw try map.required("masses").error(
        "expected masses above \(channel.threshold * 1000) MeV/c2, the threshold, to 600 MeV/c2, where the widths hold"
      )
    }
    let acceptance = try Acceptance(node: map.required("acceptance"), axes: 1, isDarkPhoton: true)
    try acceptance.check(covers: masses, map.required("acceptance"))
    self.channel = channel
    self.masses = masses
    self.acceptance = acceptance
    protons = try SourcedNumber(node: map.required("protons"))
    production = try Production(node: map.required("production"))
    mixings = try map.required("mixings").mixingGrid()
  }
}

extension DarkPhotonSearch.Production {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: [
      "proton_momentum", "dump", "decays", "least_energy", "largest_transverse_momentum", "largest_angle",
      "trust", "source",
    ])
    protonMomentum = try map.required("proton_momentum").quantity(unit: "GeV/c", in: 1...100_000)
    dump = try map.required("dump").quantity(unit: "m", in: -1000...1000) * 1000
    let ends = try map.required("decays").sequence(count: 2)
    let first = try ends[0].quantity(unit: "m", in: -1000...10_000) * 1000
    let last = try ends[1].quantity(unit: "m", in: -1000...10_000) * 1000
    guard dump <= first, first < last else {
      throw try map.required("decays").error("expected a range behind the dump, the smaller end first")
    }
    decays = first...last
    leastEnergy = try map.required("least_energy").quantity(unit: "GeV", in: 0...protonMomentum * 0.99)
    largestTransverseMomentum = try map.required("largest_transverse_momentum").quantity(
      unit: "GeV/c", in: 0.001...100)
    largestAngle =
      try map.optional("largest_angle").map { node throws(ConfigurationError) in
        try node.quantity(unit: "mrad", in: 0.001...1000) / 1000
      } ?? .infinity
    provenance = try Provenance(reading: map)
  }
}

extension KaonDecaySearch {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["decay", "kaons", "masses", "acceptance"])
    let decay = try map.required("decay").choice(Decay.self)
    let list = try map.required("masses")
    var axes: [ScanGrid] = []
    if decay == .axions {
      axes = [try list.massGrid()]
    } else {
      for item in try list.sequence(count: 2) { axes.append(try item.massGrid()) }
    }
    guard axes[0].range.upperBound <= decay.largestMass else {
      throw list.error("expected first masses to \(decay.largestMass) MeV/c2, which a kaon can make")
    }
    let acceptance = try Acceptance(node: map.required("acceptance"), axes: axes.count)
    try acceptance.check(covers: axes[0], map.required("acceptance"))
    self.decay = decay
    self.axes = axes
    self.acceptance = acceptance
    kaons = try SourcedNumber(node: map.required("kaons"))
    let count = points.count
    guard (1...ScanGrid.largestPoints).contains(count) else {
      throw list.error("\(count) points, expected 1 to \(ScanGrid.largestPoints)")
    }
  }
}

extension ScanGrid {
  /// Most points of a scan over two axes.
  public static let largestPoints = 1_000_000
}

extension SourcedNumber {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["value", "trust", "source"])
    let number = try map.required("value")
    value = try number.double(in: 0...1e30)
    guard value > 0 else { throw number.error("expected a number above 0, found \(value)") }
    provenance = try Provenance(reading: map)
  }
}

extension Acceptance {
  init(node: YAMLNode, axes: Int, isDarkPhoton: Bool = false) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(
      keys: ["value", "table"] + (isDarkPhoton ? ["sample_mixing"] : []) + ["trust", "source"])
    sampleMixing = try map.optional("sample_mixing")?.double(in: 1e-10...1)
    switch (map.optional("value"), map.optional("table")) {
    case (let value?, nil):
      let number = try value.double(in: 0...1)
      guard number > 0 else { throw value.error("expected a number above 0 and at most 1, found \(number)") }
      form = .constant(number)
    case (nil, let table?): form = .table(try Self.rows(table, axes), axes: axes)
    default: throw node.error("expected one of 'value' and 'table'")
    }
    provenance = try Provenance(reading: map)
  }

  private static func rows(_ node: YAMLNode, _ axes: Int) throws(ConfigurationError) -> [Row] {
    var masses: [Double] = []
    var entries: [[SIMD2<Double>]] = []
    for item in try node.sequence() {
      let parts = try item.sequence(count: axes + 1)
      let mass = try parts[0].mass()
      let value = try parts[axes].double(in: 0...1)
      guard mass >= masses.last ?? 0 else {
        throw item.error("expected masses that rise, found \(mass) MeV/c2 after \(masses.last ?? 0)")
      }
      if mass != masses.last {
        masses.append(mass)
        entries.append([])
      }
      let share = axes > 1 ? 2 * (try parts[1].mass()) / mass : 0
      guard share <= 1 else { throw item.error("expected a second mass of at most half the first one") }
      if let last = entries[masses.count - 1].last?.x, share <= last {
        throw item.error("expected each point once, in rising order")
      }
      entries[masses.count - 1].append(SIMD2(share, value))
    }
    guard !masses.isEmpty else { throw node.error("expected at least one point, found none") }
    return zip(masses, entries).map { Row(mass: $0, entries: $1) }
  }

  /// Throws unless a table covers the masses that are scanned.
  func check(covers grid: ScanGrid, _ node: YAMLNode) throws(ConfigurationError) {
    guard let range, !(range.contains(grid.range.lowerBound) && range.contains(grid.range.upperBound)) else {
      return
    }
    throw node.error(
      "the table covers \(range.lowerBound) to \(range.upperBound) MeV/c2, the scan goes from "
        + "\(grid.range.lowerBound) to \(grid.range.upperBound)",
      advice: "measure more points, or scan less")
  }
}

extension ScanObservation {
  /// Most events that a file may list.
  static let largestEventCount = 10_000

  init(node: YAMLNode, domain: [ClosedRange<Double>]) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["counts", "windows", "background", "events"])
    counts = try map.optional("counts").map { node throws(ConfigurationError) in
      let map = try node.mapping()
      try map.rejectUnknown(keys: ["selection", "scan"])
      return CountsName(
        selection: try map.required("selection").name(), scan: try map.required("scan").name())
    }
    let windowMap = try map.required("windows").mapping()
    try windowMap.rejectUnknown(keys: ["half_width", "half_widths", "trust", "source"])
    windows = try Self.windows(windowMap, axes: domain.count)
    windowProvenance = try Provenance(reading: windowMap)
    background = try ScanBackground(node: map.required("background"))
    guard let list = map.optional("events") else {
      events = []
      eventProvenance = nil
      return
    }
    let eventMap = try list.mapping()
    try eventMap.rejectUnknown(keys: ["masses", "trust", "source"])
    let masses = try eventMap.required("masses")
    let items = try masses.sequence()
    guard items.count <= Self.largestEventCount else {
      throw masses.error("\(items.count) events, expected \(Self.largestEventCount) at most")
    }
    var events: [SIMD2<Double>] = []
    for item in items {
      guard domain.count > 1 else {
        events.append(SIMD2(try item.mass(), 0))
        continue
      }
      let pair = try item.sequence(count: 2)
      events.append(SIMD2(try pair[0].mass(), try pair[1].mass()))
    }
    self.events = events
    eventProvenance = try Provenance(reading: eventMap)
  }

  /// `half_width`: one mass, or one for each axis; `half_widths`: a table of pairs, or one for each axis.
  private static func windows(_ map: YAMLMapping, axes: Int) throws(ConfigurationError) -> [MassWindow] {
    var windows: [MassWindow] = []
    switch (map.optional("half_width"), map.optional("half_widths")) {
    case (let node?, nil):
      for item in axes > 1 ? try node.sequence(count: axes) : [node] {
        windows.append(MassWindow(table: [SIMD2(0, try item.halfWidth())]))
      }
    case (nil, let node?):
      for list in axes > 1 ? try node.sequence(count: axes) : [node] {
        var table: [SIMD2<Double>] = []
        for item in try list.sequence() {
          let pair = try item.sequence(count: 2)
          table.append(SIMD2(try pair[0].mass(), try pair[1].halfWidth()))
        }
        guard !table.isEmpty, zip(table, table.dropFirst()).allSatisfy({ $0.x < $1.x }) else {
          throw list.error("expected pairs of a mass and half a width, with rising masses")
        }
        windows.append(MassWindow(table: table))
      }
    default: throw map.node.error("expected one of 'half_width' and 'half_widths'")
    }
    return windows
  }
}

extension ScanBackground {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["events", "uncertainty", "scope", "trust", "source"])
    estimate = BackgroundEstimate(
      events: try map.required("events").double(in: 0...1e6),
      uncertainty: try map.optional("uncertainty")?.double(in: 0...1e6) ?? 0)
    scope = try map.optional("scope")?.choice(Scope.self) ?? .window
    provenance = try Provenance(reading: map)
  }
}

extension YAMLNode {
  /// A mass in MeV/c².
  fileprivate func mass() throws(ConfigurationError) -> Double {
    let mass = try quantity(units: ["MeV/c2", "GeV/c2"], in: 0...1e6)
    return mass.unit == "GeV/c2" ? mass.value * 1000 : mass.value
  }

  fileprivate func halfWidth() throws(ConfigurationError) -> Double {
    let width = try mass()
    guard width > 0 else { throw error("expected a window wider than 0") }
    return width
  }

  /// `{ from, to, points or step, spacing }` of masses.
  fileprivate func massGrid() throws(ConfigurationError) -> ScanGrid {
    let map = try mapping()
    try map.rejectUnknown(keys: ["from", "to", "points", "step", "spacing"])
    let from = try map.required("from")
    let (low, high) = (try from.mass(), try map.required("to").mass())
    guard low > 0, low < high else { throw error("expected 'from' above 0 and below 'to'") }
    let spacing = try map.optional("spacing")?.choice(ScanGrid.Spacing.self) ?? .linear
    guard let step = map.optional("step") else {
      return ScanGrid(range: low...high, count: try points(map), spacing: spacing)
    }
    guard map.optional("points") == nil, spacing == .linear else {
      throw step.error("'step' is for linear spacing without 'points'")
    }
    let steps = (high - low) / (try step.halfWidth())
    guard steps < Double(ScanGrid.largestCount), abs(steps - steps.rounded()) < 1e-6 else {
      throw step.error(
        "the steps from \(low) do not end at \(high), or are more than \(ScanGrid.largestCount)",
        advice: "change 'to' or 'step'")
    }
    return ScanGrid(range: low...high, count: Int(steps.rounded()) + 1, spacing: .linear)
  }

  /// `{ from, to, points }` of ε.
  fileprivate func mixingGrid() throws(ConfigurationError) -> ScanGrid {
    let map = try mapping()
    try map.rejectUnknown(keys: ["from", "to", "points"])
    let low = try map.required("from").double(in: 1e-10...1)
    let high = try map.required("to").double(in: 1e-10...1)
    guard low < high else { throw error("expected 'from' below 'to'") }
    return ScanGrid(range: low...high, count: try points(map), spacing: .logarithmic)
  }

  private func points(_ map: YAMLMapping) throws(ConfigurationError) -> Int {
    try map.required("points").int(in: 2...ScanGrid.largestCount)
  }
}
