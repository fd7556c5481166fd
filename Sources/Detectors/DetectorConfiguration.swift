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
  public init(node: YAMLNode) throws(ConfigurationError) {
    let root = try node.mapping()
    try root.rejectUnknown(keys: [
      "format", "name", "sources", "chod", "newCHOD", "muv3", "straw", "lav", "ircSac", "rich",
    ])
    let format = try root.required("format")
    guard try format.string() == Self.format else {
      throw format.error("expected '\(Self.format)', found \(format.summary)")
    }
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
}
