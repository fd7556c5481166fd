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
    let merge = try RunMerge(parts)
    try write(parts, merge)
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

  private func write(_ parts: [StoredReport], _ merge: RunMerge) throws {
    let counters = merge.sum.menu?.counters ?? []
    let results = try merge.write(to: into, option: "--into") { results in
      var entries: [ConfigValue.Entry] = []
      if case .map(let all) = merge.sum.manifest {
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
      return entries + results
    } alerts: {
      // Each line with the state that its run had; those of nodes in the order of the data.
      if parts.first?.shard != nil {
        let lines = parts.flatMap { AlertJoin.lines("\($0.directory)/alerts.jsonl") }.compactMap(
          AlertLine.init)
        return try $0.write(lines.sorted().map(\.text))
      }
      for part in parts { try $0.write(contentsOf: "\(part.directory)/alerts.jsonl") }
    }
    Terminal.out(try results.text(isJSON: json))
    if !json { Terminal.out("\nrun directory: \(into)\n") }
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
}
