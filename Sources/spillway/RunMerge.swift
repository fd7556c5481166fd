import Alerting
import Configuration
import Foundation
import PacketCapture
import RunStore
import TriggerPipeline

/// Runs that are added up into one: exact, as all that they have counted are whole numbers.
struct RunMerge {
  /// The runs, in the order of their data.
  let parts: [StoredReport]
  /// Their sum; its configuration is that of the first.
  private(set) var sum: StoredReport
  /// What is sealed in all of them.
  private let sealed: [SealedPartial]

  /// Adds runs up, one at least; throws where two hold the same burst, or are of different selections.
  init(_ parts: [StoredReport]) throws {
    guard let first = parts.first else { throw Failure.usage("there is no run to merge") }
    self.parts = parts
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
    self.sealed = sealed
    sum = StoredReport(parts, try Self.added(parts))
  }

  /// The counts of all runs: those of each node of a farm one behind the other, and the nodes side by side.
  private static func added(_ parts: [StoredReport]) throws -> RunPartial {
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
    guard var sum = all.first else { throw Failure.usage("there is no run to merge") }
    for other in all.dropFirst() {
      do { try sum.counts.merge(node: other.counts) } catch {
        throw Failure.usage("\(sum.directory), \(other.directory): \(error)")
      }
    }
    return sum.counts
  }

  /// The same sum with what a run over all inputs says of them.
  func of(_ input: String, _ inputs: [LedgerInput]) -> RunMerge {
    var merge = self
    merge.sum.stored.run.input = input
    merge.sum.stored.inputs = inputs
    return merge
  }

  /// What came of a merge.
  struct Results {
    let report: ReplayReport?
    let l0: L0Report?
    let account: ReplayAccount
    let name: String

    /// The results for a person or a program.
    func text(isJSON: Bool) throws -> String {
      isJSON ? try value().json() + "\n" : try StoredReport.text(report, l0, name: name, of: account)
    }

    /// The results for a program.
    func value() throws -> ConfigValue { try TriggerSession.summary(report?.summary() ?? .map([]), l0, nil) }

    /// Whether everything that came in is in exactly one column.
    var closes: Bool { report?.closes != false && l0?.closes != false }
    /// The share of the data that was lost or corrupt.
    var lostShare: Double { max(report?.lostShare ?? 0, l0?.lostShare ?? 0) }
  }

  /// Writes the run directory of the sum.
  ///
  /// - Parameters:
  ///   - directory: where to.
  ///   - option: the option that names it, for errors.
  ///   - manifest: the manifest, from its entries with results.
  ///   - joinsQuarantine: whether the packets in quarantine say their inputs as the sum does.
  ///   - alerts: writes the alerts of all parts.
  func write(
    to directory: String, option: String, joinsQuarantine: Bool = false,
    manifest: ([ConfigValue.Entry]) throws -> [ConfigValue.Entry], alerts: (AlertJoin) throws -> Void
  ) throws -> Results {
    let time = try WallClock.fromEnvironment().now()
    let account = try sum.account(sealed: sealed)
    let report = try sum.report(account)
    let l0 = sum.l0Report()
    var results: [ConfigValue.Entry] = []
    if let report { results += [.init("bursts", report.bursts()), .init("results", try report.summary())] }
    if let l0 { results.append(.init("l0", try l0.summary())) }
    let manifest = ConfigValue.map(try manifest(results) + [.init("t_wall", .string(time.rfc3339))])
    try OutputDirectory.make(directory, option: option)
    let record = try RunRecord(
      directory: directory,
      run: LedgerRun(
        input: sum.stored.run.input, configurationHash: sum.stored.run.configurationHash,
        version: Spillway.version, time: time.rfc3339),
      inputs: sum.stored.inputs, configurations: sum.stored.configurations)
    try StoredReport.write(report, l0, manifest: manifest, to: directory)
    if report != nil {
      let join = try AlertJoin(path: "\(directory)/alerts.jsonl")
      try alerts(join)
      try join.close()
    }
    try joinUnfinished(to: directory)
    for name in joinsQuarantine ? ["quarantine.pcap", "l0-quarantine.pcap"] : [] {
      let quarantine = QuarantineWriter(path: "\(directory)/\(name)")
      for part in parts { try quarantine.append(contentsOf: "\(part.directory)/\(name)") }
      try quarantine.close()
    }
    try OutputFile.write(manifest.json() + "\n", to: "\(directory)/run.json")
    try record.finish(
      sum.partial, sealed: sealed, results: report?.sealed() ?? [], inputs: sum.stored.inputs,
      books: report?.books ?? [], manifest: manifest, time: time.rfc3339)
    return Results(
      report: report, l0: l0, account: account, name: sum.menu?.name ?? sum.l0?.name ?? "")
  }

  /// Unfinished events of the runs, one after the other.
  private func joinUnfinished(to directory: String) throws {
    var file: OutputFile?
    for part in parts {
      guard let text = try? String(contentsOfFile: "\(part.directory)/unfinished.csv", encoding: .utf8) else {
        continue
      }
      if let file {
        try file.write(text.split(separator: "\n").dropFirst().map { "\($0)\n" }.joined())
      } else {
        file = try OutputFile(path: "\(directory)/unfinished.csv")
        try file?.write(text)
      }
    }
    try file?.close()
  }
}

/// The alerts of several runs, one behind the other.
struct AlertJoin {
  private let file: OutputFile

  init(path: String) throws { file = try OutputFile(path: path) }

  /// The lines of a run; none where it has no file of them.
  static func lines(_ path: String) -> [String] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").map(String.init)
  }

  /// Appends lines.
  func write(_ lines: [String]) throws { try file.write(lines.map { $0 + "\n" }.joined()) }

  /// Appends the lines of a run as they are.
  func write(contentsOf path: String) throws { try write(Self.lines(path)) }

  func close() throws { try file.close() }
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
