public import Configuration
public import Detectors
public import EventBuilding

/// An L1 menu: the `l1` of a menu file, with the detectors it was written for.
public struct L1Menu: Sendable, Equatable {
  /// The version of the file format that this code reads.
  public static let schema = MenuFile.schema

  /// Name of the menu, as `golden-default`.
  public let name: String
  /// What the menu is for; may be empty.
  public let description: String
  /// The configuration of the trigger.
  public let configuration: L1Configuration
  /// The sources, channel maps and time offsets.
  public let detectors: DetectorConfiguration
  /// The sources and boards of an event.
  public let layout: EventLayout
  /// Path of the menu's file, as it was given.
  public let path: String
  /// What is legal but is likely not meant, as a mask that no event can pass; one line each.
  public let warnings: [String]
  /// SHA-256, as 64 hexadecimal digits, of all that can change a decision or the data block: the effective
  /// trigger configuration, the sources and the channel maps, not the names of menu and files.
  public let hash: String

  /// Reads the menu at `path` and the files it names; their paths are relative to it.
  ///
  /// Throws if a file cannot be read, or holds an unknown, repeated or missing key, a value out of range or
  /// without its unit, an unknown algorithm, or two masks or algorithms in one place.
  public static func load(path: String) throws(ConfigurationError) -> L1Menu {
    try parse(text: ConfigurationFile.text(path: path), path: path)
  }

  /// Reads a menu from YAML text as if it stood in the file `path`. Throws as ``load(path:)`` does.
  public static func parse(text: String, path: String) throws(ConfigurationError) -> L1Menu {
    try read(YAMLNode.parse(text: text, file: path))
  }

  /// Reads the L1 part of a parsed menu file. Throws as ``load(path:)`` does.
  public static func read(_ root: YAMLNode) throws(ConfigurationError) -> L1Menu {
    let file = try MenuFile(root)
    let l1 = try file.required("l1")
    let detectorsNode = try file.required("detectors")
    var reader = L1MenuReader()
    try reader.read(l1)
    let detectors = try loadDetectors(detectorsNode)
    let layout = EventLayout(detectors.sources)
    guard layout.index(of: .l1) != nil else {
      throw detectorsNode.error(
        "the L0 sources lack the virtual source 0x44, in which L1 leaves its data block",
        advice: "add '{id: 0x44, boards: 1}' to them")
    }
    let check = L1MenuCheck(configuration: reader.configuration, layout: layout)
    return L1Menu(
      name: file.name, description: file.description, configuration: reader.configuration,
      detectors: detectors, layout: layout, path: root.file,
      warnings: reader.warnings
        + check.warnings.map { warning in
          let line = reader.maskLines[warning.mask].map { ":\($0)" } ?? ""
          return "\(root.file)\(line): mask \(warning.mask): \(warning.text)"
        })
  }

  private init(
    name: String, description: String, configuration: L1Configuration, detectors: DetectorConfiguration,
    layout: EventLayout, path: String, warnings: [String]
  ) {
    self.name = name
    self.description = description
    self.configuration = configuration
    self.detectors = detectors
    self.layout = layout
    self.path = path
    self.warnings = warnings
    hash =
      ConfigValue.map([
        .init("l1", configuration.effective), .init("detectors", detectors.effective(isNamed: false)),
      ]).sha256
  }

  /// The configuration as it takes effect, every default written out.
  ///
  /// The value of `l1` can be read back as the `l1` of a menu; of the maps only the SHA-256 is given.
  public func effective() -> ConfigValue {
    .map([
      .init("schema", .string(Self.schema)),
      .init("name", .string(name)),
      .init("description", .string(description)),
      .init("hash", .string(hash)),
      .init("detectors", detectors.effective(isNamed: true)),
      .init("l1", configuration.effective),
    ])
  }

  private static func loadDetectors(_ node: YAMLNode) throws(ConfigurationError) -> DetectorConfiguration {
    let path = try node.siblingPath()
    do {
      return try DetectorConfiguration.load(path: path)
    } catch {
      throw error.line == nil ? node.error("the file \(path): \(error.problem)", advice: error.advice) : error
    }
  }
}

extension EventLayout {
  /// The layout of the events of a list of sources.
  public init(_ sources: SourceList) {
    self.init(
      sources: sources.l0.map { Source(id: $0.id, fragments: $0.boards) },
      l1Sources: sources.l1.map { Source(id: $0.id, fragments: $0.boards) },
      timestampSource: sources.timestampSource)
  }
}
