import Alerting
import ArgumentParser
import Configuration
import Foundation
import NA62Formats
import RunStore
import TriggerPipeline

/// `spillway merge`.
struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Add runs up into one run, exactly.",
    discussion: """
      Adds the counts in the ledgers of finished runs (Docs/Ledger.md): rates.csv, hlt.csv, counts.json and the \
      tables of L0 are those of one run over all inputs. The runs must have the same configuration and no burst and \
      no input in common ('replay --run N --first-burst N' numbers the bursts of captures). What is sealed stays \
      sealed, under a key of the new run; a run in which something was unblinded is not merged. Alerts are those of \
      the runs, with the state that each had.

      Runs of the nodes of a farm ('--node K --of N') add up to the run of one machine over the same stream: nodes have \
      bursts and inputs in common, two runs of one node have not (Docs/Farm.md).

      Examples:
        spillway merge runs/8000-a runs/8000-b --into runs/8000
        spillway merge runs/node-0 runs/node-1 runs/node-2 --into runs/farm
      """)

  @Argument(help: ArgumentHelp("Run directories, two at least.", valueName: "run"))
  var runs: [String]

  @Option(help: "Write the merged run to this directory.")
  var into: String

  @Flag(help: "Print the results as JSON.")
  var json = false

  func validate() throws {
    guard runs.count > 1 else { throw ValidationError("expected two runs at least to merge") }
    if runs.contains(into) { throw ValidationError("--into \(into): this is one of the runs; name another") }
  }

  func run() throws {
    try RunLedger.checkFree(directory: into)
    var parts = try runs.map { try StoredReport(directory: $0) }
    try check(parts)
    // In the order of the data, so that the order of the arguments changes nothing.
    parts.sort { Self.place($0) < Self.place($1) }
    guard let first = parts.first else { return }
    let sum = try added(parts)
    var sealed = try first.sealed()
    for part in parts.dropFirst() {
      let theirs = try part.sealed()
      for index in sealed.indices {
        guard let other = theirs.first(where: { $0.selectionHash == sealed[index].selectionHash }) else {
          throw Failure(
            message: "\(part.directory): '\(sealed[index].selection)' has nothing sealed", code: 1)
        }
        try sealed[index].merge(other)
      }
    }
    try write(parts, StoredReport(parts, sum), sealed)
  }

  /// The counts of all runs: those of each node one behind the other, and the nodes side by side.
  private func added(_ parts: [StoredReport]) throws -> RunPartial {
    var nodes: [UInt32: (directory: String, counts: RunPartial)] = [:]
    for part in parts {
      let node = part.shard?.node ?? 0
      guard var sum = nodes[node] else {
        nodes[node] = (part.directory, part.partial)
        continue
      }
      do { try sum.counts.merge(part.partial) } catch {
        throw Failure.usage("\(sum.directory), \(part.directory): \(error)")
      }
      nodes[node] = sum
    }
    let all = nodes.sorted { $0.key < $1.key }.map(\.value)
    guard var sum = all.first else { throw Failure(message: "there is nothing to merge", code: 1) }
    for other in all.dropFirst() {
      do { try sum.counts.merge(node: other.counts) } catch {
        throw Failure.usage("\(sum.directory), \(other.directory): \(error)")
      }
    }
    return sum.counts
  }

  /// What a run begins with: it says where it goes.
  private static func place(_ part: StoredReport) -> (UInt32, UInt32, String) {
    let first = part.partial.bursts.map { ($0.burst.run, $0.burst.burst) }.min { $0 < $1 }
    return (first?.0 ?? .max, first?.1 ?? .max, part.stored.inputs.first?.path ?? "")
  }

  /// Refuses runs that cannot be one.
  private func check(_ parts: [StoredReport]) throws {
    guard let first = parts.first else { return }
    var inputs: [String: String] = [:]
    if let nodes = parts.compactMap({ $0.shard?.nodes }).first {
      for part in parts where part.shard?.nodes != nodes {
        throw Failure.usage(
          "\(part.directory): is \(part.shard.map { "of node \($0.text)" } ?? "of all events"), others are of nodes of "
            + "\(nodes); merge runs of one farm")
      }
    }
    for part in parts {
      guard part.stored.isFinished else {
        throw Failure.usage("\(part.directory): the run has not ended; end it with 'replay --resume' first")
      }
      guard part.stored.run.configurationHash == first.stored.run.configurationHash else {
        throw Failure.usage(
          "\(part.directory): its configuration hash is \(part.stored.run.configurationHash.prefix(12)), that of "
            + "\(first.directory) is \(first.stored.run.configurationHash.prefix(12)); merge runs of one configuration"
        )
      }
      guard part.setup?.hash == first.setup?.hash else {
        throw Failure.usage(
          "\(part.directory): its selections are not those of \(first.directory); merge runs of the same selections"
        )
      }
      if let entry = try RunLedger(directory: part.directory).unblindings().first {
        throw Failure.usage(
          "\(part.directory): '\(entry.selection)' was unblinded in it on \(entry.time); what is known cannot be "
            + "sealed again: replay the inputs of all runs as one")
      }
      for input in part.stored.inputs {
        // Each node of a farm reads its share of it. What an interface receives has no hash, and is never the same.
        let identity = (part.shard.map { "\($0.text) " } ?? "") + (input.sha256 ?? input.path)
        if part.shard != nil, input.sha256 == nil { continue }
        if let other = inputs.updateValue(part.directory, forKey: identity) {
          throw Failure.usage(
            "\(part.directory): its input \(input.path) is one of \(other) too; each input counts once")
        }
      }
    }
  }

  private func write(_ parts: [StoredReport], _ sum: StoredReport, _ sealed: [SealedPartial]) throws {
    let time = try WallClock.fromEnvironment().now()
    let account = try sum.account(sealed: sealed)
    let report = try sum.report(account)
    let l0 = sum.l0Report()
    let counters = sum.menu?.counters ?? []
    var entries: [ConfigValue.Entry] = []
    if case .map(let all) = sum.manifest {
      let own = ["inputs", "t_wall", "run", "first_burst", "stopped", "node"]
      entries = all.filter { !own.contains($0.key) }
    }
    entries += [
      .init("inputs", .list(Self.inputs(parts))),
      .init(
        "merged",
        .list(
          parts.map { part in
            .map(
              [
                .init("run", .string(part.directory)), .init("t_wall", .string(part.stored.run.time)),
                .init("bursts", .int(part.partial.bursts.count)),
              ] + (part.shard.map { [.init("node", $0.configValue)] } ?? []))
          })),
      .init("counters_of_their_own", .list(counters.map { .string($0) })),
    ]
    if let report {
      entries += [.init("bursts", report.bursts()), .init("results", try report.summary())]
    }
    if let l0 { entries.append(.init("l0", try l0.summary())) }
    entries.append(.init("t_wall", .string(time.rfc3339)))
    let manifest = ConfigValue.map(entries)
    try OutputDirectory.make(into, option: "--into")
    let record = try RunRecord(
      directory: into,
      run: LedgerRun(
        input: sum.stored.run.input, configurationHash: sum.stored.run.configurationHash,
        version: Spillway.version, time: time.rfc3339),
      inputs: sum.stored.inputs, configurations: sum.stored.configurations)
    try StoredReport.write(report, l0, manifest: manifest, to: into)
    try joinFiles(parts)
    try OutputFile.write(manifest.json() + "\n", to: "\(into)/run.json")
    try record.finish(
      sum.partial, sealed: sealed, results: report?.sealed() ?? [], inputs: sum.stored.inputs,
      books: report?.books ?? [], manifest: manifest, time: time.rfc3339)
    if json {
      Terminal.out(try TriggerSession.summary(report?.summary() ?? .map([]), l0, nil).json() + "\n")
    } else {
      Terminal.out(try StoredReport.text(report, l0, name: sum.menu?.name ?? sum.l0?.name ?? "", of: account))
      Terminal.out("\nrun directory: \(into)\n")
    }
    if !counters.isEmpty {
      Terminal.note(
        "note: in one run over all inputs these counters run on from event to event, here they began anew in each "
          + "run: \(counters.joined(separator: ", "))")
    }
    let missing = parts.first?.shard.map { farm in
      (0..<farm.nodes).filter { node in !parts.contains { $0.shard?.node == node } }
    }
    if let missing, !missing.isEmpty {
      Terminal.note(
        "warning: the shares of these nodes are not in the sums: \(missing.map { "\($0)" }.joined(separator: ", "))"
      )
    }
  }

  /// The inputs of all parts; what several nodes have read is there once.
  private static func inputs(_ parts: [StoredReport]) -> [ConfigValue] {
    var all: [ConfigValue] = []
    for part in parts {
      for input in inputs(part.manifest) where part.shard == nil || !all.contains(input) { all.append(input) }
    }
    return all
  }

  private static func inputs(_ manifest: ConfigValue) -> [ConfigValue] {
    guard case .map(let entries) = manifest,
      case .list(let inputs)? = entries.first(where: { $0.key == "inputs" })?.value
    else { return [] }
    return inputs
  }

  /// Alerts and unfinished events of the runs, one after the other; alerts of nodes in the order of the data.
  private func joinFiles(_ parts: [StoredReport]) throws {
    if parts.first?.shard != nil {
      let texts = parts.compactMap {
        try? String(contentsOfFile: "\($0.directory)/alerts.jsonl", encoding: .utf8)
      }
      let lines = texts.flatMap { $0.split(separator: "\n") }.compactMap { AlertLine(String($0)) }
      try OutputFile.write(lines.sorted().map { $0.text + "\n" }.joined(), to: "\(into)/alerts.jsonl")
    }
    let names = [("alerts.jsonl", false), ("unfinished.csv", true)]
    for (name, header) in names where header || parts.first?.shard == nil {
      let texts = parts.compactMap { try? String(contentsOfFile: "\($0.directory)/\(name)", encoding: .utf8) }
      guard !texts.isEmpty else { continue }
      let file = try OutputFile(path: "\(into)/\(name)")
      for (index, text) in texts.enumerated() {
        try file.write(
          header && index > 0 ? text.split(separator: "\n").dropFirst().map { "\($0)\n" }.joined() : text)
      }
      try file.close()
    }
  }
}

extension StoredReport {
  /// Runs that were added up: the first one's configuration, the inputs of all.
  init(_ parts: [StoredReport], _ partial: RunPartial) {
    directory = parts[0].directory
    var all = parts[0].stored
    all.inputs = []
    for part in parts {
      all.inputs += part.stored.inputs.filter { input in part.shard == nil || !all.inputs.contains(input) }
    }
    let names = all.inputs.map(\.path)
    all.run.input = ReplayInput.description(of: names)
    stored = all
    self.partial = partial
    menu = parts[0].menu
    l0 = parts[0].l0
    setup = parts[0].setup
  }
}
