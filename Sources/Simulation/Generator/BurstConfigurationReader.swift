public import Configuration

extension BurstConfiguration {
  /// The version of the file format that this code reads.
  public static let format = "spillway-simulation/1"

  /// Reads the YAML file at `path`; throws if it cannot be read, or holds an unknown or missing key, a value
  /// out of range, a wrong unit or parts that do not go together.
  public static func load(path: String) throws(ConfigurationError) -> BurstConfiguration {
    try BurstConfiguration(node: YAMLNode.load(path: path))
  }

  /// Reads the root of a simulation file; throws as ``load(path:)`` does.
  public init(node: YAMLNode) throws(ConfigurationError) {
    let root = try node.mapping()
    try root.rejectUnknown(keys: [
      "format", "name", "spill", "framesPerSlice", "end", "magnet", "kaonDecays", "pionZeroDecays",
      "newParticles", "beam", "halo", "dump", "promptPairs",
    ])
    let format = try root.required("format")
    guard try format.string() == Self.format else {
      throw format.error("expected '\(Self.format)', found \(format.summary)")
    }
    let halo = try root.optional("halo").map { node throws(ConfigurationError) in try Halo(node: node) }
    if let pairs = root.optional("promptPairs"), halo == nil {
      throw pairs.error("prompt pairs need halo muons", advice: "add the key 'halo'")
    }
    self.init(
      name: try root.required("name").string(),
      spill: try SpillShape(node: root.required("spill")),
      framesPerSlice: try root.required("framesPerSlice").int(in: 1...1_000_000),
      endZ: try root.required("end").place(),
      magnet: try MagnetKick(node: root.required("magnet")),
      kaonChannels: try root.required("kaonDecays").channels { (channel: KaonChannel) in
        channel.branchingFraction
      },
      pionZeroChannels: try root.required("pionZeroDecays").channels { (channel: PionZeroChannel) in
        channel.branchingFraction
      },
      newParticles: try NewParticleMasses(node: root.required("newParticles")),
      beam: try root.optional("beam").map { node throws(ConfigurationError) in try Beam(node: node) },
      halo: halo,
      dump: try root.optional("dump").map { node throws(ConfigurationError) in try DumpSignal(node: node) },
      promptPairs: try root.optional("promptPairs").map { node throws(ConfigurationError) in
        try PromptPairs(node: node)
      })
    if let beam, beam.decayRange.upperBound > endZ {
      throw node.error("beam.decays ends at \(beam.decayRange.upperBound / 1000) m, beyond 'end'")
    }
    if let production = dump?.production, production.decayRange.upperBound > endZ {
      throw node.error("dump.decays ends at \(production.decayRange.upperBound / 1000) m, beyond 'end'")
    }
    guard BurstGenerator(configuration: self, seed: 0) != nil else {
      throw node.error(
        "a slice would hold more than \(Int(BurstGenerator.largestMean)) events of a source",
        advice: "lower framesPerSlice or the rates")
    }
  }
}

extension YAMLNode {
  /// A place along the beam, in mm.
  fileprivate func place() throws(ConfigurationError) -> Double {
    try quantity(unit: "m", in: 0...1000) * 1000
  }

  /// A range of places along the beam, in mm.
  fileprivate func places() throws(ConfigurationError) -> ClosedRange<Double> {
    let ends = try sequence(count: 2)
    let low = try ends[0].place()
    let high = try ends[1].place()
    guard low < high else { throw error("the end is not beyond the start") }
    return low...high
  }

  /// A time, in ns.
  fileprivate func duration() throws(ConfigurationError) -> Double {
    let value = try quantity(units: ["s", "ms", "us", "ns"], in: 0...1e12)
    let units: [String: Double] = ["s": 1e9, "ms": 1e6, "us": 1e3]
    let time = value.value * (units[value.unit] ?? 1)
    guard time <= 1e12 else { throw error("expected at most 1000 s, found \(summary)") }
    return time
  }

  /// A rate, per second.
  fileprivate func rate() throws(ConfigurationError) -> Double {
    let value = try quantity(units: ["MHz", "kHz", "Hz"], in: 0...1e12)
    let units: [String: Double] = ["MHz": 1e6, "kHz": 1e3]
    return value.value * (units[value.unit] ?? 1)
  }

  /// A normal distribution cut to a range: mean, width and range in the given unit.
  fileprivate func cutNormal(unit: String) throws(ConfigurationError) -> CutNormal {
    let map = try mapping()
    try map.rejectUnknown(keys: ["mean", "width", "range"])
    let ends = try map.required("range").sequence(count: 2)
    let low = try ends[0].quantity(unit: unit)
    let high = try ends[1].quantity(unit: unit)
    guard low <= high,
      let result = CutNormal(
        mean: try map.required("mean").quantity(unit: unit),
        width: try map.required("width").quantity(unit: unit, in: 0...1e6), range: low...high)
    else {
      throw error("the range has to hold the mean and a tenth of the width to each side")
    }
    return result
  }

  /// Nine quantiles, times `scale`.
  fileprivate func quantiles(scale: Double = 1) throws(ConfigurationError) -> QuantileTable {
    var values: [Double] = []
    for item in try sequence(count: QuantileTable.count) {
      values.append(scale * (try item.double(in: -1e6...1e6)))
    }
    guard let table = QuantileTable(values) else { throw error("quantiles have to be in ascending order") }
    return table
  }

  /// `standard`, or a mapping of channels to relative fractions.
  fileprivate func channels<Channel: CaseIterable & RawRepresentable & Sendable & Equatable>(
    standard: (Channel) -> Double?
  ) throws(ConfigurationError) -> ChannelTable<Channel> where Channel.RawValue == String {
    var fractions: [(Channel, Double)] = []
    if case .some(let name) = try? string() {
      guard name == "standard" else {
        throw error("expected 'standard' or a mapping of channels to fractions, found \(summary)")
      }
      for channel in Channel.allCases {
        if let fraction = standard(channel) { fractions.append((channel, fraction)) }
      }
    } else {
      let map = try mapping()
      try map.rejectUnknown(keys: Channel.allCases.map(\.rawValue))
      // In the order of the code: the order of the file makes no other burst.
      for channel in Channel.allCases {
        if let value = map.optional(channel.rawValue) {
          fractions.append((channel, try value.double(in: 0...1e12)))
        }
      }
    }
    guard let table = ChannelTable(fractions) else {
      throw error(
        "no channel with a fraction above 0", advice: "name a channel, as '\(Self.example(Channel.self)): 1'")
    }
    return table
  }

  private static func example<Channel: CaseIterable & RawRepresentable>(_ type: Channel.Type) -> String
  where Channel.RawValue == String {
    Channel.allCases.first?.rawValue ?? ""
  }
}

extension SpillShape {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["duration", "rise", "fall", "rippleFrequency", "rippleAmplitude"])
    self.init(
      duration: try map.required("duration").duration(), rise: try map.required("rise").duration(),
      fall: try map.required("fall").duration(),
      rippleFrequency: try map.required("rippleFrequency").quantity(unit: "Hz", in: 0...1e9),
      rippleAmplitude: try map.required("rippleAmplitude").double(in: 0...1))
    guard duration > 0 else { throw node.error("the burst has no length") }
  }
}

extension MagnetKick {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["z", "kick"])
    self.init(
      z: try map.required("z").place(), kick: try map.required("kick").quantity(unit: "GeV", in: -10...10))
  }
}

extension NewParticleMasses {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["axion", "darkScalar", "darkPhoton"])
    guard
      let masses = NewParticleMasses(
        axion: try map.required("axion").quantity(unit: "GeV", in: 0...1),
        darkScalar: try map.required("darkScalar").quantity(unit: "GeV", in: 0...1),
        darkPhoton: try map.required("darkPhoton").quantity(unit: "GeV", in: 0...1))
    else {
      throw node.error(
        "no decay is possible with these masses",
        advice: "axion below 0.177 GeV, darkScalar below 0.354 GeV, darkPhoton below half of darkScalar")
    }
    self = masses
  }
}

extension Beam {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["rate", "fractions", "momentum", "z", "x", "y", "decays", "passing"])
    let fractionsNode = try map.required("fractions")
    let fractions = try fractionsNode.mapping()
    try fractions.rejectUnknown(keys: ["kaon", "pion"])
    let kaon = try fractions.required("kaon").double(in: 0...1)
    let pion = try fractions.required("pion").double(in: 0...1)
    guard kaon + pion <= 1 else { throw fractionsNode.error("the fractions add up to more than 1") }
    let z = try map.required("z").place()
    let decays = try map.required("decays")
    let range = try decays.places()
    guard range.lowerBound >= z else { throw decays.error("begins before the plane of the beam") }
    var passing: Set<Component> = []
    for item in try map.required("passing").sequence() { passing.insert(try item.choice(Component.self)) }
    let momentumNode = try map.required("momentum")
    let momentum = try momentumNode.cutNormal(unit: "GeV")
    guard momentum.range.lowerBound > 0 else { throw momentumNode.error("momenta have to be above 0") }
    self.init(
      rate: try map.required("rate").rate(), kaonFraction: kaon, pionFraction: pion, momentum: momentum, z: z,
      x: try Profile(node: map.required("x")), y: try Profile(node: map.required("y")), decayRange: range,
      passing: passing)
  }
}

extension Beam.Profile {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["position", "slope", "slopeWidth", "correlation"])
    self.init(
      position: try map.required("position").cutNormal(unit: "mm"),
      slope: try map.required("slope").quantity(unit: "mrad", in: -10...10) / 1000,
      slopeWidth: try map.required("slopeWidth").quantity(unit: "mrad", in: 0...5) / 1000,
      correlation: try map.required("correlation").double(in: -1...1))
  }
}

extension Halo {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["z", "components"])
    let list = try map.required("components")
    var components: [HaloComponent] = []
    for item in try list.sequence() { components.append(try HaloComponent(node: item)) }
    guard !components.isEmpty else { throw list.error("no components", advice: "leave 'halo' out for none") }
    self.init(z: try map.required("z").place(), components: components)
  }
}

extension HaloComponent {
  private enum Muon: String, CaseIterable {
    case plus = "mu+"
    case minus = "mu-"
  }

  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["particle", "rate", "momentum", "x", "y"])
    let muon = try map.required("particle").choice(Muon.self)
    self.init(
      species: muon == .plus ? .muonPlus : .muonMinus, rate: try map.required("rate").rate(),
      momentum: try map.required("momentum").quantiles(), x: try Profile(node: map.required("x")),
      y: try Profile(node: map.required("y")))
  }
}

extension HaloComponent.Profile {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["position", "slope", "correlation"])
    self.init(
      position: try map.required("position").quantiles(),
      slope: try map.required("slope").quantiles(scale: 0.001),
      correlation: try map.required("correlation").double(in: -1...1))
  }
}

extension DumpSignal {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: [
      "mass", "mixing", "rate", "channels", "protonMomentum", "origin", "decays", "leastEnergy",
      "largestTransverseMomentum",
    ])
    guard
      let darkPhoton = DarkPhoton(
        mass: try map.required("mass").quantity(unit: "GeV", in: 0...1),
        mixing: try map.required("mixing").double(in: 0...1))
    else {
      throw node.error("mass has to be above 0.00102 and at most 0.6 GeV, and mixing above 0")
    }
    let place = try map.required("origin").sequence(count: 3)
    let origin = Vector3(
      try place[0].quantity(unit: "mm", in: -1e4...1e4), try place[1].quantity(unit: "mm", in: -1e4...1e4),
      try place[2].place())
    guard
      let production = DumpProduction(
        darkPhoton: darkPhoton,
        protonMomentum: try map.required("protonMomentum").quantity(unit: "GeV", in: 10...1e5),
        origin: origin,
        decayRange: try map.required("decays").places(),
        leastEnergy: try map.required("leastEnergy").quantity(unit: "GeV", in: 0...1e5),
        largestTransverseMomentum: try map.required("largestTransverseMomentum").quantity(
          unit: "GeV", in: 0...100))
    else {
      throw node.error(
        "no dark photon decays in the range", advice: "check mass, mixing, leastEnergy and decays")
    }
    let channelsNode = try map.required("channels")
    let channels = try channelsNode.channels { (channel: DumpProduction.Channel) -> Double? in
      darkPhoton.leptonWidth(channel.lepton.mass)
    }
    for channel in channels.channels where darkPhoton.leptonWidth(channel.lepton.mass) == 0 {
      throw channelsNode.error("'\(channel.rawValue)' is not possible with this mass")
    }
    self.init(production: production, rate: try map.required("rate").rate(), channels: channels)
  }
}

extension PromptPairs {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: [
      "rate", "electronFraction", "z", "leastEnergyPart", "largestMass", "transverseMomentum",
    ])
    self.init(
      rate: try map.required("rate").rate(),
      electronFraction: try map.required("electronFraction").double(in: 0...1),
      z: try map.required("z").places(),
      leastEnergyPart: try map.required("leastEnergyPart").double(in: 1e-6...1),
      largestMass: try map.required("largestMass").quantity(unit: "GeV", in: 0...10),
      transverseMomentum: try map.required("transverseMomentum").quantity(unit: "GeV", in: 0...10))
  }
}
