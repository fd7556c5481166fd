import Alerting
import ArgumentParser
import Configuration
import Detectors
import Foundation
import L0Trigger
import L1Trigger
import RateMonitoring
import Reconstruction
import Searches
import Selections
import Simulation

/// `spillway config`.
struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check configuration files, or show them as they take effect.",
    discussion: """
      Examples:
        spillway config check Configs/*/*.yaml
        spillway config show Configs/menus/golden-pnn.yaml
      """,
    subcommands: [Check.self, Show.self, ImportL0.self, ExportL0.self])

  /// A configuration file: what a person wants to know of it.
  struct File {
    /// One line.
    var summary: String
    /// What may not be meant.
    var warnings: [String] = []
    /// The file with every default written out; nil for files that have none.
    var effective: ConfigValue?

    /// Reads a file of one schema.
    private typealias Reader = @Sendable (YAMLNode) throws -> File

    /// The schemas that there are, each with its reader.
    private static let readers: KeyValuePairs<String, Reader> = [
      MenuFile.schema: { File(try Menu($0), path: $0.file) },
      SelectionSet.schema: { root in
        let set = try SelectionSet.load(path: root.file)
        return File(
          summary: "\(set.selections.count) selections, hash \(set.hash.prefix(12))", effective: set.effective
        )
      },
      PhysicsSelectionSet.schema: { root in
        let set = try PhysicsSelectionSet.load(paths: [root.file])
        let names = set.selections.map(\.name).joined(separator: ", ")
        return File(summary: "selections \(names), hash \(set.hash.prefix(12))", effective: set.effective)
      },
      DetectorConfiguration.format: {
        let detectors = try DetectorConfiguration.load(path: $0.file)
        return File(
          summary: "detectors \(detectors.name), hash \(detectors.effective(isNamed: true).sha256.prefix(12))"
        )
      },
      BurstConfiguration.format: {
        let burst = try BurstConfiguration(node: $0)
        guard BurstGenerator(configuration: burst, seed: 1) != nil else {
          throw $0.error(
            "a source has more events in a slice than can be numbered: take fewer framesPerSlice")
        }
        return File(summary: "simulation \(burst.name)")
      },
      ResponseConfiguration.format: {
        File(summary: "response \(try ResponseConfiguration(node: $0).name)")
      },
      ScanConfiguration.schema: {
        let scan = try ScanConfiguration(node: $0)
        return File(summary: "scan \(scan.name), hash \(scan.hash.prefix(12))", effective: scan.effective)
      },
      RateMonitoringConfiguration.schema: {
        let bands = try RateMonitoringConfiguration($0)
        return File(summary: "bands \(bands.name), \(bands.bands.count) lines", effective: bands.effective)
      },
      AlertRuleSet.schema: {
        let rules = try AlertRuleSet.read($0)
        return File(
          summary:
            "\(rules.rules.count) alert rules, \(rules.sinks.count) sinks, hash \(rules.hash.prefix(12))",
          effective: rules.effective)
      },
      ReconstructionConfiguration.format: {
        File(summary: "reconstruction \(try ReconstructionConfiguration(node: $0).name)")
      },
    ]

    init(path: String) throws {
      do {
        let root = try YAMLNode.load(path: path)
        guard !L0RegisterForm.isRegisterForm(root) else {
          self.init(Menu(l0: try L0RegisterForm.read(root)), path: path)
          return
        }
        let top = try root.mapping()
        let schema = try (top.optional("schema") ?? top.required("format")).string()
        guard let reader = Self.readers.first(where: { $0.key == schema })?.value else {
          throw top.node.error(
            "unknown schema \(ConfigurationError.quoted(schema))",
            suggestion: NearestName.of(schema, in: Self.readers.map(\.key)))
        }
        self = try reader(root)
      } catch let error as ConfigurationError { throw Failure.usage(error) }
    }

    private init(summary: String, effective: ConfigValue? = nil) {
      self.summary = summary
      self.effective = effective
    }

    private init(_ menu: Menu, path: String) {
      summary = menu.summary
      warnings = (menu.l0?.warnings ?? []).map { "\(path): l0: \($0)" } + (menu.l1?.warnings ?? [])
      effective = menu.effective
    }
  }

  /// The parts of a menu file.
  struct Menu {
    var l0: L0Menu?
    var l1: L1Menu?

    init(l0: L0Menu) { self.l0 = l0 }

    init(_ root: YAMLNode) throws(ConfigurationError) {
      let file = try MenuFile(root)
      if file.has("l0") { l0 = try L0Menu.read(root) }
      if file.has("l1") { l1 = try L1Menu.read(root) }
    }

    /// Both parts as they take effect.
    var effective: ConfigValue {
      guard let l1 else { return l0?.effective() ?? .map([]) }
      guard let l0, case .map(let entries) = l1.effective() else { return l1.effective() }
      return .map(
        entries.flatMap { entry -> [ConfigValue.Entry] in
          switch entry.key {
          case "hash": [.init("l0_hash", .string(l0.hash)), entry]
          case "l1": [.init("l0", l0.section), entry]
          default: [entry]
          }
        })
    }

    /// One line: name, number of L0 lines, hashes.
    var summary: String {
      var parts = ["menu \(l0?.name ?? l1?.name ?? "")"]
      if let l0 { parts += ["L0 masks \(l0.masks.count)", "l0_hash \(l0.hash.prefix(12))"] }
      if let l1 { parts.append("hash \(l1.hash.prefix(12))") }
      return parts.joined(separator: ", ")
    }
  }

  /// `spillway config check`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check files; each error names file, line and key.",
      discussion: "Example:\n  spillway config check Configs/menus/*.yaml")

    @Argument(
      help: ArgumentHelp(
        "Menus, selections, scans, detectors, simulation, reconstruction, L0 menus in register form (JSON).",
        valueName: "file"),
      transform: ShippedFile.find)
    var files: [String]

    func run() throws {
      for path in files {
        let file = try File(path: path)
        for warning in file.warnings { Terminal.note("warning: \(warning)") }
        Terminal.out("\(path): \(file.summary)\n")
      }
    }
  }

  /// `spillway config show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a file as it takes effect, with every default written out.",
      discussion: "Example:\n  spillway config show Configs/menus/kaon-2018.yaml --json")

    @Argument(help: "A menu, selections or a scan.", transform: ShippedFile.find)
    var file: String

    @Flag(help: "With all defaults; this is what is always shown.")
    var effective = false

    @Flag(help: "As JSON instead of YAML.")
    var json = false

    func run() throws {
      guard let value = try File(path: file).effective else {
        throw Failure.usage(
          "\(file): only menus, selections and scans have defaults to show; this file says all that there is")
      }
      Terminal.out(json ? value.json() + "\n" : value.yaml())
    }
  }
}
