public import Configuration

/// What the reconstruction takes the spectrometer, the beam and the dump to be, and its cuts: a file of
/// `Configs/reconstruction`. Lengths in mm, momenta in GeV/c, times in ns, slopes in rad.
public struct ReconstructionConfiguration: Sendable, Equatable {
  /// The version of the file format that this code reads.
  public static let format = "spillway-reconstruction/1"

  /// The spectrometer magnet as one kick.
  public struct Magnet: Sendable, Equatable {
    /// By how much it lowers the x component of the momentum of a particle of charge +1, GeV/c.
    public var kick: Double
    /// z of the plane of the kick, mm.
    public var z: Double
  }

  /// Cuts of the straw tracks.
  public struct Straw: Sendable, Equatable {
    /// Leading edges that count as drift times, ns from the trigger's fine time.
    public var leading: ClosedRange<Double>
    /// Trailing edges of a hit of the trigger, ns from its fine time.
    public var trailing: ClosedRange<Double>
    /// Radiation lengths of a chamber.
    public var radiationLengths: Double
    /// Steepest track before the magnet; behind it the kick comes on top, in x.
    public var largestSlope: Double
    /// Momenta of tracks, GeV/c.
    public var momentum: ClosedRange<Double>
    /// Largest chi-squared of two chambers, for each degree of freedom.
    public var segmentChi2: Double
    /// Largest chi-squared of a track, for each degree of freedom.
    public var trackChi2: Double
    /// Most views that a track goes through for sure without a hit.
    public var missedViews: Int
    /// Largest part of the hits behind the magnet that a track shares with a better one.
    public var sharedBehind: Double
    /// Largest part of all hits that a track shares with a better one.
    public var sharedInAll: Double
  }

  /// Cuts of the vertices.
  public struct Vertex: Sendable, Equatable {
    /// Largest difference of the times of two tracks, ns.
    public var timeWindow: Double
    /// Largest distance of closest approach of two tracks, mm.
    public var largestDistance: Double
    /// Where vertices are, mm.
    public var z: ClosedRange<Double>
    /// Largest chi-squared.
    public var chi2: Double
    /// Total charges of pairs, triples and quintuples that are tried.
    public var pairCharges: [Int]
    /// Total charges of triples that are tried.
    public var tripleCharges: [Int]
    /// Total charges of quintuples that are tried.
    public var quintupleCharges: [Int]
    /// Most tracks of an event that take part.
    public var tracks: Int
  }

  /// A straight line: a point and the slopes dx/dz, dy/dz.
  public struct Line: Sendable, Hashable {
    /// x, y, z of the point, mm.
    public var point: SIMD3<Double>
    /// dx/dz and dy/dz.
    public var slope: SIMD2<Double>

    /// A line through a point.
    public init(point: SIMD3<Double>, slope: SIMD2<Double>) {
      self.point = point
      self.slope = slope
    }
  }

  /// Name of the configuration, as `na62-2018`.
  public var name: String
  /// The magnet.
  public var magnet: Magnet
  /// Straw tracks.
  public var straw: Straw
  /// Vertices.
  public var vertex: Vertex
  /// The central beam.
  public var beam: Line
  /// Momentum of the central beam, GeV/c.
  public var beamMomentum: Double
  /// The line of the protons on the dump.
  public var dump: Line
  /// What the other detectors give to tracks and events.
  public var association: AssociationConfiguration

  /// Steepest slopes in x and y of the tracks that are looked for.
  func steepest(behindMagnet: Bool) -> SIMD2<Double> {
    let bend = behindMagnet ? magnet.kick / straw.momentum.lowerBound : 0
    return SIMD2(straw.largestSlope + bend, straw.largestSlope)
  }

  /// Reads the YAML file at `path`; throws if it cannot be read, or holds an unknown or missing key, a value
  /// out of range or a wrong unit.
  public static func load(path: String) throws(ConfigurationError) -> ReconstructionConfiguration {
    try ReconstructionConfiguration(node: YAMLNode.load(path: path))
  }

  /// Reads the root of a reconstruction file; throws as ``load(path:)`` does.
  public init(node: YAMLNode) throws(ConfigurationError) {
    let root = try node.mapping()
    try root.rejectUnknown(keys: [
      "format", "name", "magnet", "straw", "vertex", "beam", "dump", "association",
    ])
    let format = try root.required("format")
    guard try format.string() == Self.format else {
      throw format.error("expected '\(Self.format)', found \(format.summary)")
    }
    name = try root.required("name").string()
    magnet = try Magnet(node: root.required("magnet"))
    straw = try Straw(node: root.required("straw"))
    vertex = try Vertex(node: root.required("vertex"))
    let beamMap = try root.required("beam").mapping()
    try beamMap.rejectUnknown(keys: ["momentum", "slope", "at"])
    beamMomentum = try beamMap.required("momentum").quantity(unit: "GeV", in: 1...1000)
    let slope = try beamMap.required("slope").sequence(count: 2)
    beam = Line(
      point: try beamMap.required("at").point(),
      slope: SIMD2(
        try slope[0].quantity(unit: "mrad", in: -100...100) / 1000,
        try slope[1].quantity(unit: "mrad", in: -100...100) / 1000))
    let dumpMap = try root.required("dump").mapping()
    try dumpMap.rejectUnknown(keys: ["at"])
    dump = Line(point: try dumpMap.required("at").point(), slope: .zero)
    association = try AssociationConfiguration(node: root.required("association"))
  }
}

extension ReconstructionConfiguration.Magnet {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: ["kick", "z"])
    kick = try map.required("kick").quantity(unit: "GeV", in: 0.01...10)
    z = try map.required("z").quantity(unit: "m", in: 194.3...204.2) * 1000
  }
}

extension ReconstructionConfiguration.Straw {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: [
      "leading", "trailing", "radiationLengths", "largestSlope", "momentum", "segmentChi2",
      "trackChi2", "missedViews", "sharedBehind", "sharedInAll",
    ])
    leading = try map.required("leading").range(unit: "ns", in: -200...400)
    trailing = try map.required("trailing").range(unit: "ns", in: -200...1000)
    radiationLengths = try map.required("radiationLengths").double(in: 1e-6...0.1)
    largestSlope = try map.required("largestSlope").quantity(unit: "mrad", in: 1...100) / 1000
    momentum = try map.required("momentum").range(unit: "GeV", in: 0.5...1000)
    segmentChi2 = try map.required("segmentChi2").double(in: 0.1...1e4)
    trackChi2 = try map.required("trackChi2").double(in: 0.1...1e4)
    missedViews = try map.required("missedViews").int(in: 0...16)
    sharedBehind = try map.required("sharedBehind").double(in: 0...1)
    sharedInAll = try map.required("sharedInAll").double(in: 0...1)
  }
}

extension ReconstructionConfiguration.Vertex {
  init(node: YAMLNode) throws(ConfigurationError) {
    let map = try node.mapping()
    try map.rejectUnknown(keys: [
      "timeWindow", "largestDistance", "z", "chi2", "pairCharges", "tripleCharges", "quintupleCharges",
      "tracks",
    ])
    timeWindow = try map.required("timeWindow").quantity(unit: "ns", in: 0.1...1000)
    largestDistance = try map.required("largestDistance").quantity(unit: "mm", in: 0.1...1000)
    let metres = try map.required("z").range(unit: "m", in: 0...183.5)
    z = (metres.lowerBound * 1000)...(metres.upperBound * 1000)
    chi2 = try map.required("chi2").double(in: 0.1...1e6)
    pairCharges = try map.required("pairCharges").charges(of: 2)
    tripleCharges = try map.required("tripleCharges").charges(of: 3)
    quintupleCharges = try map.required("quintupleCharges").charges(of: 5)
    tracks = try map.required("tracks").int(in: 2...16)
  }
}

extension YAMLNode {
  /// Two ends of a range, in the unit.
  func range(
    unit: String, in limits: ClosedRange<Double>
  ) throws(ConfigurationError) -> ClosedRange<Double> {
    let ends = try sequence(count: 2)
    let low = try ends[0].quantity(unit: unit, in: limits)
    let high = try ends[1].quantity(unit: unit, in: limits)
    guard low <= high else { throw error("expected a range from low to high, found \(low) and \(high)") }
    return low...high
  }

  /// Total charges of so many tracks.
  func charges(of tracks: Int) throws(ConfigurationError) -> [Int] {
    var charges: [Int] = []
    for item in try sequence() {
      let charge = try item.int(in: -tracks...tracks)
      guard (charge - tracks) % 2 == 0 else {
        throw item.error("\(tracks) tracks have no charge of \(charge)")
      }
      charges.append(charge)
    }
    return charges
  }

  /// x and y in mm, and z in m, as mm.
  func point() throws(ConfigurationError) -> SIMD3<Double> {
    let parts = try sequence(count: 3)
    return SIMD3(
      try parts[0].quantity(unit: "mm", in: -1e4...1e4), try parts[1].quantity(unit: "mm", in: -1e4...1e4),
      try parts[2].quantity(unit: "m", in: -1000...1000) * 1000)
  }
}
