import ArgumentParser
import Configuration
import Detectors
import Foundation
import L1Trigger
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
    subcommands: [Check.self, Show.self])

  /// A configuration file by its schema.
  enum File {
    case menu(L1Menu)
    case selections(SelectionSet)
    case detectors(DetectorConfiguration)

    init(path: String) throws {
      do {
        let top = try YAMLNode.load(path: path).mapping()
        let schema = try (top.optional("schema") ?? top.required("format")).string()
        switch schema {
        case L1Menu.schema: self = .menu(try L1Menu.load(path: path))
        case SelectionSet.schema: self = .selections(try SelectionSet.load(path: path))
        case DetectorConfiguration.format: self = .detectors(try DetectorConfiguration.load(path: path))
        default:
          throw top.node.error(
            "unknown schema \(ConfigurationError.quoted(schema))",
            suggestion: NearestName.of(
              schema, in: [L1Menu.schema, SelectionSet.schema, DetectorConfiguration.format]))
        }
      } catch let error as ConfigurationError { throw Failure.usage(error) }
    }
  }

  /// `spillway config check`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check files; each error names file, line and key.",
      discussion: "Example:\n  spillway config check Configs/menus/*.yaml")

    @Argument(help: ArgumentHelp("Menus, selections, detectors.", valueName: "file"))
    var files: [String]

    func run() throws {
      for path in files {
        switch try File(path: path) {
        case .menu(let menu):
          for warning in menu.warnings { Terminal.note("warning: \(warning)") }
          Terminal.out("\(path): menu \(menu.name), hash \(menu.hash.prefix(12))\n")
        case .selections(let set):
          Terminal.out("\(path): \(set.selections.count) selections, hash \(set.hash.prefix(12))\n")
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
      discussion: "Example:\n  spillway config show Configs/menus/golden-pnn.yaml --json")

    @Argument(help: "A menu or selections.")
    var file: String

    @Flag(help: "With all defaults; this is what is always shown.")
    var effective = false

    @Flag(help: "As JSON instead of YAML.")
    var json = false

    func run() throws {
      let value: ConfigValue
      switch try File(path: file) {
      case .menu(let menu): value = menu.effective()
      case .selections(let set): value = set.effective
      case .detectors:
        throw Failure.usage("\(file): detector files are shown by the menu that uses them")
      }
      Terminal.out(json ? value.json() + "\n" : value.yaml())
    }
  }
}
