public import Configuration

/// What a detectors file of `Configs/detectors` holds: the sources, the channel maps and time offsets.
public struct DetectorConfiguration: Sendable, Equatable {
  /// The version of the file format that this code reads.
  public static let format = "spillway-detectors/1"

  /// Name of the configuration, as `na62-2018`.
  public var name: String
  /// The data sources and their boards per event.
  public var sources: SourceList
  /// The channel maps and time offsets.
  public var maps: L1DetectorMaps

  /// A configuration from its parts.
  public init(name: String, sources: SourceList, maps: L1DetectorMaps) {
    self.name = name
    self.sources = sources
    self.maps = maps
  }

  /// Reads the YAML file at `path`; throws if it cannot be read, or holds an unknown or missing key, a value
  /// out of range, a wrong unit or an inconsistent table.
  public static func load(path: String) throws(ConfigurationError) -> DetectorConfiguration {
    try DetectorConfiguration(node: YAMLNode.load(path: path))
  }

  /// Reads the root of a detectors file; throws as ``load(path:)`` does.
  ///
  /// A file with the key `extends` takes everything from the file that it names but its own name and the sources
  /// that it lists.
  public init(node: YAMLNode) throws(ConfigurationError) {
    let root = try node.mapping()
    if let base = root.optional("extends") {
      self = try Self.extending(base, by: root)
      return
    }
    try root.rejectUnknown(keys: [
      "format", "name", "sources", "chod", "newCHOD", "muv3", "straw", "lav", "ircSac", "rich",
    ])
    try Self.check(format: root.required("format"))
    name = try root.required("name").string()
    sources = try SourceList(node: root.required("sources"))
    let straw = try STRAWLayout(node: root.required("straw"))
    let rich = try RICHLayout(node: root.required("rich"))
    maps = L1DetectorMaps(
      chod: try CHODLayout(node: root.required("chod")).channelMap,
      newCHOD: try NewCHODLayout(node: root.required("newCHOD")).channelMap,
      muv3: try MUV3Layout(node: root.required("muv3")).channelMap,
      straw: straw.channelMap,
      lav: try LAVLayout(node: root.required("lav")).channelMap,
      ircSac: try IRCSACLayout(node: root.required("ircSac")).channelMap,
      rich: rich.channelMap,
      richPosition: rich.positions,
      strawStationT0: straw.stationT0,
      strawMagicT0: straw.magicT0,
      strawMezzanineT0: straw.mezzanineT0)
  }

  private static func extending(
    _ base: YAMLNode, by root: YAMLMapping
  ) throws(ConfigurationError) -> DetectorConfiguration {
    try root.rejectUnknown(keys: ["format", "name", "extends", "sources"])
    try check(format: root.required("format"))
    let path = try base.siblingPath()
    let node: YAMLNode
    do { node = try YAMLNode.load(path: path) } catch {
      throw error.line == nil ? base.error("the file \(path): \(error.problem)", advice: error.advice) : error
    }
    guard try node.mapping().optional("extends") == nil else {
      throw base.error("the file \(path) extends another one", advice: "name that one")
    }
    var configuration = try DetectorConfiguration(node: node)
    configuration.name = try root.required("name").string()
    configuration.sources = try configuration.sources.changed(by: root.required("sources"))
    return configuration
  }

  private static func check(format: YAMLNode) throws(ConfigurationError) {
    guard try format.string() == Self.format else {
      throw format.error("expected '\(Self.format)', found \(format.summary)")
    }
  }
}
