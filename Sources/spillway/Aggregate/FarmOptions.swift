import ArgumentParser
import EventBuilding

/// The options of a command that may run as a node of a farm.
struct FarmOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Take the share of this node of a farm, counted from 0: eight events in turn to each node; with --of.",
      valueName: "k"))
  var node: UInt32?

  @Option(help: ArgumentHelp("Nodes of the farm, 1 to \(EventShard.most).", valueName: "n"))
  var of: UInt32?

  @Option(
    help: ArgumentHelp(
      "Tell counts and candidates to 'spillway aggregate' here; needs --node and --of.",
      valueName: "tcp://host:port"))
  var report: String?

  @Option(
    name: .customLong("report-key"),
    help: ArgumentHelp("File with the public key of the aggregator.", valueName: "file"))
  var reportKey: String?

  func validate() throws {
    guard (node == nil) == (of == nil) else { throw ValidationError("--node, --of: give both, or none") }
    if let node, let of, EventShard(node: node, of: of) == nil {
      throw ValidationError(
        "--node \(node) --of \(of): expected 1 to \(EventShard.most) nodes, and a node from 0 to one less than them"
      )
    }
    if report != nil, node == nil { throw ValidationError("--report: needs --node and --of") }
    if reportKey != nil, report == nil { throw ValidationError("--report-key: needs --report") }
  }

  /// The share; nil where all events are taken.
  var shard: EventShard? { node.flatMap { node in of.flatMap { EventShard(node: node, of: $0) } } }
}

extension EventShard {
  /// As it is written: `1/3`.
  var text: String { "\(node)/\(nodes)" }
}
