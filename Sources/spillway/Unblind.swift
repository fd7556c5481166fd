import Alerting
import ArgumentParser
import Foundation
import Glibc
import NA62Formats
import RunStore
import TriggerPipeline

/// `spillway unblind`.
struct Unblind: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Open what a blind selection has sealed in a run.",
    discussion: """
      First makes an entry in the run's ledger: who, when and why; it stays on record. Then prints the counts, \
      the cut flow, the candidates and the limit, and writes them to unblinded/SELECTION.json in the run directory.

      Examples:
        spillway unblind runs/8000 Kpi4e --reason "background estimate approved on 3 May"
        spillway unblind runs/8000 --list
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"))
  var directory: String

  @Argument(help: ArgumentHelp("The selection.", valueName: "selection"))
  var selection: String?

  @Option(help: "Why it is opened; it goes on record.")
  var reason: String?

  @Flag(help: "Only say what is sealed, and what was opened, when, by whom and why.")
  var list = false

  func validate() throws {
    if list, selection != nil || reason != nil {
      throw ValidationError("--list: opens nothing; leave the selection and --reason out")
    }
    guard !list else { return }
    guard selection != nil else {
      throw ValidationError("expected a selection; --list says which are sealed")
    }
    guard let reason, reason.contains(where: { !$0.isWhitespace }) else {
      throw ValidationError("--reason: expected why the selection is opened; it goes on record")
    }
  }

  func run() throws {
    let ledger = try RunLedger(directory: directory)
    guard let selection, let reason else { return try printList(ledger) }
    // The name goes into the name of a file.
    let target = "\(directory)/unblinded"
    try OutputDirectory.make(target, option: "unblinded results")
    let time = try WallClock.fromEnvironment().now().rfc3339
    let opened = try ledger.unblind(selection: selection, reason: reason, user: Self.user, time: time)
    for entry in opened.earlier {
      Terminal.note("'\(selection)' was opened before: \(entry.time) by \(entry.user): \(entry.reason)")
    }
    let name = selection.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
    let path = "\(target)/\(String(name)).json"
    try OutputFile.write(opened.json + "\n", to: path)
    Terminal.out("\(selection), opened on \(time) as entry \(opened.entry.number) of the ledger: \(reason)\n")
    Terminal.out(opened.text + "written to \(path)\n")
  }

  private func printList(_ ledger: RunLedger) throws {
    let sealed = try ledger.sealedSelections()
    let entries = try ledger.unblindings()
    if sealed.isEmpty { Terminal.out("nothing is sealed in \(directory)\n") }
    for name in sealed {
      let mine = entries.filter { $0.selection == name }
      Terminal.out("\(name): \(mine.isEmpty ? "sealed" : "opened")\n")
      for entry in mine {
        Terminal.out("  \(entry.number). \(entry.time) by \(entry.user): \(entry.reason)\n")
      }
    }
  }

  /// Who is at the terminal, as the system says.
  private static var user: String {
    let id = getuid()
    guard let entry = getpwuid(id), let name = entry.pointee.pw_name else { return "user \(id)" }
    return String(cString: name)
  }
}

extension SealedResult {
  /// What of a selection goes into the ledger.
  init(_ sealed: SealedSelection) {
    self.init(
      selection: sealed.name, selectionHash: sealed.hash, cells: sealed.cells, result: sealed.result,
      text: sealed.text,
      candidates: sealed.events.map {
        SealedEvent(run: $0.run, burst: $0.burst, event: $0.event, record: $0.configValue)
      }, count: Int(clamping: sealed.count))
  }
}
