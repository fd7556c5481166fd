import Configuration

extension AssociationConfiguration {
  /// Reads the key `association`; throws if a key is unknown or missing, a value out of range or a unit wrong.
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: [
      "downstreamWindow", "ktag", "chod", "newCHOD", "muv3", "rich", "lav", "irc", "sac", "lkr", "acceptance",
    ])
    downstreamWindow = try map.nanoseconds("downstreamWindow")
    let ktagMap = try map.required("ktag").mapping()
    try ktagMap.rejectUnknown(keys: ["cluster", "sectors", "search"])
    ktag = KTAG(
      cluster: try ktagMap.nanoseconds("cluster"), sectors: try ktagMap.required("sectors").int(in: 1...8),
      search: try ktagMap.nanoseconds("search"))
    chod = try CHOD(map.required("chod").mapping())
    newCHOD = try Tiles(map.required("newCHOD").mapping())
    muv3 = try Tiles(map.required("muv3").mapping())
    rich = try RICH(map.required("rich").mapping())
    let lavMap = try map.required("lav").mapping()
    try lavMap.rejectUnknown(keys: ["window", "lowThreshold", "highThreshold", "rise"])
    let low = try lavMap.required("lowThreshold").quantity(unit: "mV", in: 0.1...1000)
    let high = try lavMap.required("highThreshold")
    lav = LAV(
      window: try lavMap.nanoseconds("window"), low: Float(low),
      high: Float(try high.quantity(unit: "mV", in: 0.1...1000)), rise: try lavMap.nanoseconds("rise"))
    guard lav.high > lav.low else { throw high.error("expected more than the low threshold of \(low) mV") }
    ircWindow = try map.window("irc")
    sacWindow = try map.window("sac")
    lkr = try LKr(map.required("lkr").mapping())
    let places = try map.required("acceptance").mapping()
    try places.rejectUnknown(keys: TrackAcceptance.names)
    acceptance = []
    for name in TrackAcceptance.names { acceptance.append(try Acceptance(places.required(name).mapping())) }
  }
}

extension YAMLMapping {
  fileprivate func nanoseconds(_ key: String) throws(ConfigurationError) -> Float {
    Float(try required(key).quantity(unit: "ns", in: 0.01...1000))
  }

  fileprivate func window(_ key: String) throws(ConfigurationError) -> Float {
    let map = try required(key).mapping()
    try map.rejectUnknown(keys: ["window"])
    return try map.nanoseconds("window")
  }

  fileprivate func millimetres(
    _ key: String, in range: ClosedRange<Double> = 0...1e4
  ) throws(ConfigurationError) -> Double {
    try required(key).quantity(unit: "mm", in: range)
  }

  fileprivate func energy(_ key: String) throws(ConfigurationError) -> Float {
    Float(try required(key).quantity(unit: "GeV", in: 0...1000))
  }
}

extension AssociationConfiguration.CHOD {
  fileprivate init(_ map: YAMLMapping) throws(ConfigurationError) {
    try map.rejectUnknown(keys: [
      "search", "pair", "tolerance", "lightDelay", "lightOffset", "resolution", "window",
    ])
    search = try map.nanoseconds("search")
    pair = try map.nanoseconds("pair")
    tolerance = try map.millimetres("tolerance")
    lightDelay = try map.required("lightDelay").quantity(unit: "ns/mm", in: 0...1)
    lightOffset = try map.required("lightOffset").quantity(unit: "ns", in: 0...100)
    resolution = try map.nanoseconds("resolution")
    window = try map.nanoseconds("window")
  }
}

extension AssociationConfiguration.Tiles {
  fileprivate init(_ map: YAMLMapping) throws(ConfigurationError) {
    try map.rejectUnknown(keys: ["search", "pair", "tolerance", "scattering", "spreads", "window"])
    search = try map.nanoseconds("search")
    pair = try map.nanoseconds("pair")
    tolerance = try map.millimetres("tolerance")
    scattering = try map.required("scattering").quantity(unit: "mm*GeV/c", in: 0...1e5)
    spreads = try map.required("spreads").double(in: 0...20)
    window = try map.nanoseconds("window")
  }
}

extension AssociationConfiguration.RICH {
  fileprivate init(_ map: YAMLMapping) throws(ConfigurationError) {
    try map.rejectUnknown(keys: [
      "focalLength", "electronRing", "hits", "shiftJura", "shiftSaleve", "diskRadius", "resolution",
      "background",
      "search", "strawSearch", "window", "ringHits",
    ])
    focalLength = try map.millimetres("focalLength", in: 1000...1e5)
    electronRing = try map.millimetres("electronRing", in: 10...1000)
    hits = try map.required("hits").double(in: 0.1...200)
    shifts = SIMD2(
      Float(try map.millimetres("shiftJura", in: -1000...1000)),
      Float(try map.millimetres("shiftSaleve", in: -1000...1000)))
    diskRadius = try map.millimetres("diskRadius", in: 1...5000)
    resolution = try map.millimetres("resolution", in: 0.1...100)
    background = try map.required("background").quantity(unit: "mm^-2", in: 1e-9...1)
    search = try map.nanoseconds("search")
    strawSearch = try map.nanoseconds("strawSearch")
    window = try map.nanoseconds("window")
    ringHits = try map.required("ringHits").int(in: 1...100)
  }
}

extension AssociationConfiguration.LKr {
  fileprivate init(_ map: YAMLMapping) throws(ConfigurationError) {
    try map.rejectUnknown(keys: [
      "gain", "leastRange", "seedEnergy", "seedRatio", "seedOffset", "cellEnergy", "scale", "trackDistance",
      "trackTime", "extraDistance", "window", "extraWindows",
    ])
    gain = Float(try map.required("gain").quantity(unit: "MeV", in: 0.001...1000) / 1000)
    leastRange = try map.required("leastRange").int(in: 0...16_383)
    seedEnergy = try map.energy("seedEnergy")
    seedRatio = Float(try map.required("seedRatio").double(in: 0...100))
    seedOffset = try map.energy("seedOffset")
    cellEnergy = try map.energy("cellEnergy")
    scale = Float(try map.required("scale").double(in: 0.1...10))
    trackDistance = Float(try map.millimetres("trackDistance"))
    trackTime = try map.nanoseconds("trackTime")
    extraDistance = Float(try map.millimetres("extraDistance"))
    window = try map.nanoseconds("window")
    extraWindows = []
    for node in try map.required("extraWindows").sequence() {
      let row = try node.mapping()
      try row.rejectUnknown(keys: ["below", "spreads", "least"])
      let below = try row.energy("below")
      if let last = extraWindows.last, last.below >= below {
        throw node.error("expected rising energies, found \(below) GeV after \(last.below) GeV")
      }
      extraWindows.append(
        .init(
          below: below, spreads: Float(try row.required("spreads").double(in: 0...1000)),
          least: try row.nanoseconds("least")))
    }
  }
}

extension AssociationConfiguration.Acceptance {
  fileprivate init(_ map: YAMLMapping) throws(ConfigurationError) {
    try map.rejectUnknown(keys: ["holeX", "hole", "squareHole", "radius", "square", "octagon"])
    func length(_ key: String) throws(ConfigurationError) -> Double? {
      guard map.optional(key) != nil else { return nil }
      return try map.millimetres(key, in: -1e4...1e4)
    }
    let round = try length("hole")
    let square = try length("squareHole")
    holeX = try length("holeX") ?? 0
    hole = square ?? round ?? 0
    isSquare = square != nil
    guard round == nil || square == nil else { throw map.node.error("a hole is either round or square") }
    radius = try length("radius") ?? .infinity
    let octagon = try length("octagon")
    let side = try length("square")
    guard octagon == nil || side == nil else {
      throw map.node.error("an edge is either a square or an octagon")
    }
    half = octagon ?? side ?? .infinity
    isOctagon = octagon != nil
  }

  /// Whether a point is in it.
  @inline(__always)
  func contains(_ point: SIMD2<Double>) -> Bool {
    let (x, y) = (point.x - holeX, point.y)
    let isOutsideHole = isSquare ? max(abs(x), abs(y)) > hole : x * x + y * y > hole * hole
    guard isOutsideHole, (point * point).sum() < radius * radius else { return false }
    guard abs(point.x) < half, abs(point.y) < half else { return false }
    return !isOctagon || abs(point.x) + abs(point.y) < half * 2.0.squareRoot()
  }
}
