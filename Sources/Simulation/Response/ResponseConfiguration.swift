public import Configuration

/// What the detector response and the readout take the detectors to be: a file of `Configs/simulation`.
public struct ResponseConfiguration: Sendable, Equatable {
  /// The version of the file format that this code reads.
  public static let format = "spillway-response/1"

  /// What every detector has.
  public struct Channels: Sendable, Equatable {
    /// Chance that a crossing makes a hit.
    public var efficiency: Double
    /// Spread of the time of one channel, ns.
    public var resolution: Double
    /// Mean time between leading and trailing edge, ns; of STRAW the mean trailing time.
    public var width: Double
    /// Spread of the width, ns.
    public var widthSpread: Double
    /// Two hits of a channel nearer than this become one, ns.
    public var merge: Double
    /// Rate of noise of one channel, Hz.
    public var noise: Double
    /// Clock periods of the readout window.
    public var slots: Int
    /// The last clock period of the readout window, from the trigger's.
    public var last: Int
    /// L0: a hit joins a cluster within this of its first hit, 1/256 of a clock period.
    public var clusterWindow: Int

    static let keys = [
      "efficiency", "resolution", "width", "widthSpread", "merge", "noise", "slots", "last",
      "clusterWindow",
    ]

    init(_ map: YAMLMapping) throws(ConfigurationError) {
      efficiency = try map.required("efficiency").double(in: 0...1)
      resolution = try map.required("resolution").quantity(unit: "ns", in: 0...1e3)
      width = try map.required("width").quantity(unit: "ns", in: 0...1e4)
      widthSpread = try map.required("widthSpread").quantity(unit: "ns", in: 0...1e4)
      merge = try map.required("merge").quantity(unit: "ns", in: 0...1e4)
      noise = try map.required("noise").quantity(unit: "Hz", in: 0...1e8)
      slots = try map.required("slots").int(in: 1...64)
      last = try map.required("last").int(in: -4096...4096)
      clusterWindow = try map.required("clusterWindow").int(in: 1...1024)
    }
  }

  /// A detector whose pulses are looked at with two thresholds.
  public struct Pulse: Sendable, Equatable {
    /// The lower threshold, mV.
    public var low: Double
    /// The upper threshold, mV.
    public var high: Double
    /// What the pulse has to fall below a threshold for the trailing edge, mV.
    public var hysteresis: Double
    /// Rise time of the pulse, ns.
    public var rise: Double
    /// Time in which it falls by e, ns.
    public var decay: Double
    /// Height for an energy, mV/GeV.
    public var amplitude: Double
    /// Relative spread of the energy at 1 GeV.
    public var energySpread: Double
    /// Energy that a muon leaves, GeV.
    public var muonEnergy: Double

    static let keys = [
      "lowThreshold", "highThreshold", "hysteresis", "rise", "decay", "amplitude", "energySpread",
      "muonEnergy",
    ]

    init(_ map: YAMLMapping) throws(ConfigurationError) {
      low = try map.required("lowThreshold").quantity(unit: "mV", in: 0.1...1e4)
      high = try map.required("highThreshold").quantity(unit: "mV", in: low...1e4)
      hysteresis = try map.required("hysteresis").quantity(unit: "mV", in: 0...(0.99 * low))
      rise = try map.required("rise").quantity(unit: "ns", in: 0...1e3)
      decay = try map.required("decay").quantity(unit: "ns", in: 0.01...1e3)
      amplitude = try map.required("amplitude").quantity(unit: "mV/GeV", in: 0...1e6)
      energySpread = try map.required("energySpread").double(in: 0...10)
      muonEnergy = try map.required("muonEnergy").quantity(unit: "GeV", in: 0...100)
    }
  }

  /// Name of the configuration.
  public var name: String
  /// By `SimulatedDetector`.
  var channels: [Channels]
  /// Kick of the magnet, GeV/c.
  public var magnetKick: Double
  /// Where it kicks, mm.
  public var magnetZ: Double
  /// Mean number of PMTs that a kaon hits in KTAG.
  public var ktagHitsPerKaon: Double
  /// The same of a pion of the beam.
  public var ktagHitsPerPion: Double
  /// Pulses of LAV.
  public var lav: Pulse
  /// Pulses of IRC.
  public var irc: Pulse
  /// Pulses of SAC.
  public var sac: Pulse
  /// Radiation lengths of a STRAW chamber.
  public var strawRadiationLengths: Double
  /// Added to the times of STRAW, ns.
  public var strawTimeOffset: Double
  /// Light path in a slab of CHOD, ns/mm.
  public var chodLightDelay: Double
  /// Mean light path, which is subtracted, ns.
  public var chodLightOffset: Double
  /// By how much a signal of CHOD gets shorter with the distance, ns/mm.
  public var chodWidthSlope: Double
  /// Radius of the ring at the speed of light, mm.
  public var richElectronRing: Double
  /// Mean number of photons of such a ring.
  public var richPhotons: Double
  /// Focal length of the mirrors, mm.
  public var richFocalLength: Double
  /// Shifts of the ring on the Jura and the Saleve disk, mm.
  public var richShifts: SIMD2<Double>
  /// Spread of a photon on the disk, in x and in y, mm.
  public var richPhotonSpread: Double
  /// Radius of the beam pipe through the RICH, in which tracks make no light, mm.
  public var richPipeRadius: Double
  /// x of the pipe's axis at z = 0, mm, extrapolated.
  public var richPipeX: Double
  /// Slope in x of the pipe's axis.
  public var richPipeSlope: Double
  /// Inner tiles of NewCHOD.
  public var newCHODInner: Set<Int>
  /// Energy resolution of LKr: stochastic, noise and constant term.
  public var lkrResolution: SIMD3<Double>
  /// Least energy of a cluster, GeV.
  public var lkrThreshold: Double
  /// Energy of a muon in LKr, GeV.
  public var lkrMuonEnergy: Double
  /// Share of pions that leave as much as a muon.
  public var lkrMuonLikePions: Double
  /// Radius of the hole of LKr, mm.
  public var lkrHoleRadius: Double
  /// Apothem of its octagon, mm.
  public var lkrApothem: Double
  /// Clusters nearer than this become one, mm.
  public var lkrMergeDistance: Double
  /// Displacement of a muon at MUV3 times its momentum, mm GeV/c.
  public var muv3Scattering: Double
  /// Least momentum of a muon at MUV3, GeV/c.
  public var muv3MinimumMomentum: Double

  /// What is common to all detectors, of one of them.
  public subscript(detector: SimulatedDetector) -> Channels {
    get { channels[detector.rawValue] }
    set { channels[detector.rawValue] = newValue }
  }

  /// Reads the YAML file at `path`; throws if it cannot be read, or holds an unknown or missing key, a value
  /// out of range or a wrong unit.
  public static func load(path: String) throws(ConfigurationError) -> ResponseConfiguration {
    try ResponseConfiguration(node: YAMLNode.load(path: path))
  }

  /// Reads the root of a file; throws as ``load(path:)`` does.
  public init(node: YAMLNode) throws(ConfigurationError) {
    let root = try node.mapping()
    let detectors = SimulatedDetector.allCases
    try root.rejectUnknown(keys: ["format", "name", "magnet"] + detectors.map(\.key))
    let format = try root.required("format")
    guard try format.string() == Self.format else {
      throw format.error("expected '\(Self.format)', found \(format.summary)")
    }
    name = try root.required("name").string()
    let magnet = try root.required("magnet").mapping()
    try magnet.rejectUnknown(keys: ["kick", "z"])
    magnetKick = try magnet.required("kick").quantity(unit: "GeV/c", in: -10...10)
    magnetZ = try magnet.required("z").quantity(unit: "mm", in: 194_100...204_400)
    var maps: [YAMLMapping] = []
    channels = []
    for detector in detectors {
      let map = try root.required(detector.key).mapping()
      try map.rejectUnknown(keys: Channels.keys + detector.ownKeys)
      channels.append(try Channels(map))
      maps.append(map)
    }
    func map(_ detector: SimulatedDetector) -> YAMLMapping { maps[detector.rawValue] }
    ktagHitsPerKaon = try map(.ktag).required("hitsPerKaon").double(in: 0...200)
    ktagHitsPerPion = try map(.ktag).required("hitsPerPion").double(in: 0...200)
    lav = try Pulse(map(.lav))
    irc = try Pulse(map(.irc))
    sac = try Pulse(map(.sac))
    strawRadiationLengths = try map(.straw).required("radiationLengths").double(in: 0...1)
    strawTimeOffset = try map(.straw).required("timeOffset").quantity(unit: "ns", in: -100...100)
    chodLightDelay = try map(.chod).required("lightDelay").quantity(unit: "ns/mm", in: 0...1)
    chodLightOffset = try map(.chod).required("lightOffset").quantity(unit: "ns", in: 0...100)
    chodWidthSlope = try map(.chod).required("widthSlope").quantity(unit: "ns/mm", in: 0...1)
    richElectronRing = try map(.rich).required("electronRing").quantity(unit: "mm", in: 1...1000)
    richPhotons = try map(.rich).required("photons").double(in: 0...200)
    richFocalLength = try map(.rich).required("focalLength").quantity(unit: "mm", in: 1000...1e5)
    richShifts = SIMD2(
      try map(.rich).required("shiftJura").quantity(unit: "mm", in: -1000...1000),
      try map(.rich).required("shiftSaleve").quantity(unit: "mm", in: -1000...1000))
    richPhotonSpread = try map(.rich).required("photonSpread").quantity(unit: "mm", in: 0...100)
    richPipeRadius = try map(.rich).required("pipeRadius").quantity(unit: "mm", in: 0...500)
    richPipeSlope = try map(.rich).required("pipeSlope").double(in: -0.1...0.1)
    let front = try map(.rich).required("pipeX").quantity(unit: "mm", in: -500...500)
    richPipeX = front - richPipeSlope * RingResponse.radiator.front
    newCHODInner = []
    for tile in try map(.newCHOD).required("inner").sequence() {
      newCHODInner.insert(try tile.int(in: 101...438))
    }
    let lkr = map(.lkr)
    lkrResolution = SIMD3(
      try lkr.required("stochastic").double(in: 0...1), try lkr.required("noiseTerm").double(in: 0...10),
      try lkr.required("constant").double(in: 0...1))
    lkrThreshold = try lkr.required("threshold").quantity(unit: "GeV", in: 0...100)
    lkrMuonEnergy = try lkr.required("muonEnergy").quantity(unit: "GeV", in: 0...100)
    lkrMuonLikePions = try lkr.required("muonLikePions").double(in: 0...1)
    lkrHoleRadius = try lkr.required("holeRadius").quantity(unit: "mm", in: 0...1000)
    lkrApothem = try lkr.required("apothem").quantity(unit: "mm", in: 0...1260)
    lkrMergeDistance = try lkr.required("mergeDistance").quantity(unit: "mm", in: 0...1000)
    muv3Scattering = try map(.muv3).required("scattering").quantity(unit: "mm*GeV/c", in: 0...1e5)
    muv3MinimumMomentum = try map(.muv3).required("minimumMomentum").quantity(unit: "GeV/c", in: 0...100)
  }
}

/// A detector of the simulation: a list of hits of its own.
public enum SimulatedDetector: Int, Sendable, Hashable, CaseIterable {
  /// The differential Cherenkov counter that sees kaons; readout channels 512 × board + channel.
  case ktag = 0
  /// The large-angle veto; readout channels 512 × board + channel.
  case lav
  /// The straw spectrometer; readout channels 256 × SRB + straw. Leading times are drift times on the aligned
  /// scale, without time offsets.
  case straw
  /// The hodoscope of slabs; readout channels.
  case chod
  /// The RICH; readout channels 512 × board + channel, board 4 for the ORs of supercells.
  case rich
  /// The intermediate-ring calorimeter; readout channels of the board that it shares.
  case irc
  /// The small-angle calorimeter; readout channels of the board that it shares.
  case sac
  /// The hodoscope of tiles; readout channels of the board that it shares.
  case newCHOD
  /// The muon veto; readout channels.
  case muv3
  /// The liquid-krypton calorimeter: clusters, by cell 1000 × column + row; the amplitude is in GeV.
  case lkr

  /// The key in a configuration.
  var key: String {
    switch self {
    case .ktag: "ktag"
    case .lav: "lav"
    case .straw: "straw"
    case .chod: "chod"
    case .rich: "rich"
    case .irc: "irc"
    case .sac: "sac"
    case .newCHOD: "newCHOD"
    case .muv3: "muv3"
    case .lkr: "lkr"
    }
  }

  /// Keys that no other detector has.
  var ownKeys: [String] {
    switch self {
    case .ktag: ["hitsPerKaon", "hitsPerPion"]
    case .lav, .irc, .sac: ResponseConfiguration.Pulse.keys
    case .straw: ["radiationLengths", "timeOffset"]
    case .chod: ["lightDelay", "lightOffset", "widthSlope"]
    case .rich:
      [
        "electronRing", "photons", "focalLength", "shiftJura", "shiftSaleve", "photonSpread", "pipeRadius",
        "pipeX", "pipeSlope",
      ]
    case .newCHOD: ["inner"]
    case .muv3: ["scattering", "minimumMomentum"]
    case .lkr:
      [
        "stochastic", "noiseTerm", "constant", "threshold", "muonEnergy", "muonLikePions", "holeRadius",
        "apothem", "mergeDistance",
      ]
    }
  }

  /// Readout channels, for lists by channel; 0 where the numbers are no readout channels.
  var channelCount: Int {
    switch self {
    case .ktag: 3072
    case .lav: 6144
    case .straw: 8192
    case .chod, .irc, .sac, .newCHOD, .muv3: 512
    case .rich: 2560
    case .lkr: 0
    }
  }
}
