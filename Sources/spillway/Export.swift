import ArgumentParser
import Foundation

/// `spillway export`.
struct Export: ParsableCommand {
  /// The formats that the Python package writes.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case root, parquet, csv
  }

  static let configuration = CommandConfiguration(
    abstract: "Write decisions and candidates of a run as ROOT, Parquet or CSV.",
    discussion: """
      Runs 'spillway-export' of the Python package in Tools/python, which uses uproot and pyarrow (Docs/Python.md):
        pip install './Tools/python[root,parquet]'
      ROOT is one file with a TTree for each table, Parquet and CSV are a directory with a file for each. The \
      environment variable SPILLWAY_EXPORT names the program where it is not on the path.

      Examples:
        spillway export runs/8000 --format root --out 8000.root
        spillway export runs/8000 --format parquet --out 8000 --decisions decisions.csv
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"))
  var directory: String

  @Option(help: "\(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: Format

  @Option(help: "The file (root) or the directory (parquet, csv) to write.")
  var out: String

  @Option(help: "The table of 'replay --decisions' (default: decisions.csv of the run, if it is there).")
  var decisions: String?

  @Option(
    name: .customLong("l0-decisions"),
    help: "The table of 'replay --l0-decisions' (default: l0-decisions.csv of the run, if it is there).")
  var l0Decisions: String?

  func run() throws {
    let program = ProcessInfo.processInfo.environment["SPILLWAY_EXPORT"] ?? "spillway-export"
    // What begins with a dash is no option of the program.
    let named = directory.hasPrefix("-") ? "./\(directory)" : directory
    var arguments = [program, named, "--format=\(format.rawValue)", "--out=\(out)"]
    if let decisions { arguments.append("--decisions=\(decisions)") }
    if let l0Decisions { arguments.append("--l0-decisions=\(l0Decisions)") }
    var words = arguments.map { strdup($0) }
    defer { for word in words { free(word) } }
    words.append(nil)
    // The program takes the place of this one; behind this line it could not be started.
    execvp(program, words)
    let code = errno
    guard code == ENOENT || code == EACCES else {
      throw Failure(
        message: "export: \(program) cannot be started (\(String(cString: strerror(code))))", code: 1)
    }
    throw Failure.usage(
      "export: there is no program '\(program)'; pip install './Tools/python[root,parquet]' brings it "
        + "(Docs/Python.md)")
  }
}
