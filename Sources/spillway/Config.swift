import ArgumentParser
import Configuration
import Detectors
import Foundation
import L0Trigger
import L1Trigger
import Reconstruction
import Selections

/// `spillway config`.
struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check configuration files, or show them as they take effect.",
    discussion: """
      Examples:
        spillway config check Configs/menus/*.yaml
        spillway config show Configs/menus/golden-pnn.yaml
      """,
    subcommands: [Check.self, Show.self, ImportL0.self, ExportL0.self])

  /// A configuration file by its schema.
  enum File {
    case menu(Menu)
    case selections(SelectionSet)
    case physicsSelections(PhysicsSelectionSet)
    case reconstruction(ReconstructionConfiguration)
    case detectors(DetectorConfiguration)

    init(path: String) throws {
      do {
        let root = try YAMLNode.load(path: path)
        guard !L0RegisterForm.isRegisterForm(root) else {
          self = .menu(Menu(l0: try L0RegisterForm.read(root)))
          return
        }
        let top = try root.mapping()
        let schema = try (top.optional("schema") ?? top.required("format")).string()
        switch schema {
        case MenuFile.schema: self = .menu(try Menu(root))
        case SelectionSet.schema: self = .selections(try SelectionSet.load(path: path))
        case PhysicsSelectionSet.schema:
          self = .physicsSelections(try PhysicsSelectionSet.load(paths: [path]))
        case ReconstructionConfiguration.format:
          self = .reconstruction(try ReconstructionConfiguration.load(path: path))
        case DetectorConfiguration.format: self = .detectors(try DetectorConfiguration.load(path: path))
        default:
          throw top.node.error(
            "unknown schema \(ConfigurationError.quoted(schema))",
            suggestion: NearestName.of(
              schema,
              in: [
                MenuFile.schema, SelectionSet.schema, PhysicsSelectionSet.schema,
                DetectorConfiguration.format,
                ReconstructionConfiguration.format,
              ]))
        }
      } catch let error as ConfigurationError { throw Failure.usage(error) }
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
      help: ArgumentHelp("Menus, selections, detectors, L0 menus in register form (JSON).", valueName: "file")
    )
    var files: [String]

    func run() throws {
      for path in files {
        switch try File(path: path) {
        case .menu(let menu):
          for warning in menu.l0?.warnings ?? [] { Terminal.note("warning: \(path): l0: \(warning)") }
          for warning in menu.l1?.warnings ?? [] { Terminal.note("warning: \(warning)") }
          Terminal.out("\(path): \(menu.summary)\n")
        case .selections(let set):
          Terminal.out("\(path): \(set.selections.count) selections, hash \(set.hash.prefix(12))\n")
        case .physicsSelections(let set):
          let names = set.selections.map { $0.isBlind ? "\($0.name) (blind)" : $0.name }
          Terminal.out("\(path): \(names.joined(separator: ", ")), hash \(set.hash.prefix(12))\n")
        case .reconstruction(let configuration):
          Terminal.out("\(path): reconstruction \(configuration.name)\n")
        case .detectors(let detectors):
          Terminal.out("\(path): detectors \(detectors.name)\n")
        }
      }
    }
  }

  /// `spillway config show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a file as it takes effect, with every default written out.",
      discussion: "Example:\n  spillway config show Configs/menus/kaon-2018.yaml --json")

    @Argument(help: "A menu or selections.")
    var file: String

    @Flag(help: "With all defaults; this is what is always shown.")
    var effective = false

    @Flag(help: "As JSON instead of YAML.")
    var json = false

    func run() throws {
      let value: ConfigValue
      switch try File(path: file) {
      case .menu(let menu): value = menu.effective
      case .selections(let set): value = set.effective
      case .physicsSelections(let set): value = set.effective
      case .detectors:
        throw Failure.usage("\(file): detector files are shown by the menu that uses them")
      case .reconstruction:
        throw Failure.usage("\(file): a file of the reconstruction has no defaults; it is shown as it is")
      }
      Terminal.out(json ? value.json() + "\n" : value.yaml())
    }
  }
}
