import Aggregation
import ArgumentParser
import EventBuilding
import Foundation
import NA62Formats
import TriggerPipeline

/// `spillway aggregate`.
struct Aggregate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Add up what the nodes of a farm count, while they run.",
    discussion: """
      Takes counts and candidates of nodes ('listen' or 'replay' with --node, --of and --report), adds them up, and \
      serves one dashboard of all (Docs/Farm.md). A node that dies, comes back or is late is shown; counts are neither \
      lost nor doubled. Ends when every node has ended, or with SIGINT (Ctrl-C) or SIGTERM, and then writes rates.csv, \
      counts.json and alerts.jsonl. What blind selections seal never leaves the nodes: 'spillway merge' of their run \
      directories adds that up too.

      Beyond this machine use keys: --make-key makes them. Without, anybody who reaches the port can tell counts.

      Examples:
        spillway aggregate --nodes 3 --menu my.yaml --serve 8462 --out runs/farm
        spillway listen --interface eth1 --node 0 --of 3 --report tcp://127.0.0.1:8463 --menu my.yaml --out runs/node-0
        spillway aggregate --make-key farm.key
        spillway aggregate --nodes 3 --bind 'tcp://*:8463' --key farm.key --menu my.yaml
      """)

  @Option(help: ArgumentHelp("Nodes of the farm, 1 to \(EventShard.most).", valueName: "n"))
  var nodes: UInt32?

  @Option(
    help: ArgumentHelp(
      "Where to listen; the host * is all addresses, port 0 any.", valueName: "tcp://host:port"))
  var bind = "tcp://127.0.0.1:8463"

  @Option(help: ArgumentHelp("File with the keys, as --make-key makes it.", valueName: "file"))
  var key: String?

  @Option(
    name: .customLong("make-key"),
    help: ArgumentHelp(
      "Make keys: this file for the aggregator, with .pub for the nodes; and end.", valueName: "file"))
  var makeKey: String?

  @Option(help: "The trigger menu of the nodes (YAML).")
  var menu = "Configs/menus/golden-default.yaml"

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Selections of the nodes (YAML).", valueName: "file"))
  var selections: [String] = []

  @Option(help: "The reconstruction of the nodes.")
  var reconstruction = "Configs/reconstruction/na62-2018.yaml"

  @Option(name: .customLong("straw-scratch"), help: "STRAW scratch memory of the nodes: clean or original.")
  var strawScratch: String?

  @Option(
    help: ArgumentHelp("How far counters of the nodes count: run or burst.", valueName: "run|burst"))
  var counters = CounterScope.run

  @Option(help: "Write the results here.")
  var out: String?

  @Flag(help: "Print the results as JSON.")
  var json = false

  @OptionGroup(title: "Monitoring") var server: ServerOptions

  func validate() throws {
    if makeKey != nil { return }
    guard let nodes, (1...EventShard.most).contains(nodes) else {
      throw ValidationError("--nodes: expected 1 to \(EventShard.most)")
    }
    try TriggerOptions.check(strawScratch: strawScratch)
  }

  func run() async throws {
    do throws(FarmError) {
      if let makeKey {
        try FarmKey().write(to: makeKey)
        return Terminal.note(
          "\(makeKey) is for the aggregator alone, \(makeKey).pub for the nodes (--report-key)")
      }
    } catch { throw Failure.usage("--make-key: \(error)") }
    let configuration = try FarmConfiguration(
      menu: menu, selections: selections, reconstruction: reconstruction, scratch: strawScratch,
      counters: counters)
    try await FarmSession(
      nodes: nodes ?? 1, bind: bind, key: key, configuration: configuration, out: out, isJSON: json,
      server: server
    ).run()
  }
}
