import Configuration
public import Foundation
import GRDB

/// All that a ledger holds of a run but what is sealed.
public struct StoredRun: Sendable {
  /// The run.
  public var run: LedgerRun
  /// Whether it has ended.
  public var isFinished: Bool
  /// The manifest as JSON; nil of a run that has not ended.
  public var manifest: String?
  /// The inputs in their order.
  public var inputs: [LedgerInput]
  /// The configuration by its parts.
  public var configurations: [LedgerConfiguration]
  /// All that was counted, but the bursts.
  public var partial: Data
  /// The bursts, as the pipeline stored them.
  public var bursts: [Data]
}

extension RunLedger {
  /// Whether the run has not ended.
  public func isRunning() throws(RunStoreError) -> Bool {
    try read { db in
      guard try db.columns(in: "runs").contains(where: { $0.name == "state" }) else { return false }
      return try String.fetchOne(db, sql: "SELECT state FROM runs ORDER BY id LIMIT 1") == "running"
    }
  }

  /// The last checkpoint, with what is sealed in it; nil where the run has none.
  ///
  /// What is sealed comes open: it must go nowhere but into the counts of the run that goes on, or sealed again into
  /// another ledger. No entry is made, as nobody sees it.
  public func lastCheckpoint() throws(RunStoreError) -> RunCheckpoint? {
    guard try hasCheckpoints() else { return nil }
    let row = try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM checkpoints WHERE id = 1")
    }
    guard let row else { return nil }
    guard let position: String = row["position"], let carry: Data = row["carry"],
      let partial: String = row["partial"], let text: String = row["files"],
      let files = try? JSONDecoder().decode([String: UInt64].self, from: Data(text.utf8))
    else { throw RunStoreError("\(path): the checkpoint is not whole; replay the inputs again") }
    return RunCheckpoint(
      position: position, carry: carry, partial: Data(partial.utf8), sealed: try sealedParts(), files: files,
      monitor: row["monitor"])
  }

  /// What the ledger holds of the run; throws where it was made before ledgers held counts.
  public func stored() throws(RunStoreError) -> StoredRun {
    guard try hasCheckpoints() else { throw withoutCounts }
    let found: StoredRun? = try read { db in
      guard let partial = try String.fetchOne(db, sql: "SELECT partial FROM checkpoints WHERE id = 1") else {
        return nil
      }
      let state = try Row.fetchOne(db, sql: "SELECT state, manifest FROM runs ORDER BY id LIMIT 1")
      let inputs = try Row.fetchAll(
        db, sql: "SELECT path, bytes, sha256, run, burst FROM inputs ORDER BY number")
      let configurations = try Row.fetchAll(
        db, sql: "SELECT name, hash, content FROM configurations ORDER BY name")
      let bursts = try String.fetchAll(db, sql: "SELECT statistics FROM bursts ORDER BY number")
      return StoredRun(
        run: try Self.run(db, path), isFinished: state?["state"] == "finished", manifest: state?["manifest"],
        inputs: inputs.map {
          LedgerInput(
            path: $0["path"] ?? "", bytes: $0["bytes"], sha256: $0["sha256"], run: $0["run"],
            burst: $0["burst"])
        },
        configurations: configurations.map {
          LedgerConfiguration(name: $0["name"] ?? "", hash: $0["hash"] ?? "", content: $0["content"] ?? "")
        },
        partial: Data(partial.utf8), bursts: bursts.map { Data($0.utf8) })
    }
    guard let found else { throw withoutCounts }
    return found
  }

  private var withoutCounts: RunStoreError {
    RunStoreError(
      "\(path): holds no counts of the run; replay its inputs again with this version of Spillway")
  }

  private func hasCheckpoints() throws(RunStoreError) -> Bool {
    try read { db in try db.tableExists("checkpoints") }
  }

  /// The sealed parts, open; see ``lastCheckpoint()``.
  private func sealedParts() throws(RunStoreError) -> [SealedPart] {
    let rows = try read { db in
      try Row.fetchAll(db, sql: "SELECT selection, selection_hash, box FROM sealed_parts ORDER BY selection")
    }
    guard !rows.isEmpty else { return [] }
    let box = try key()
    let run = try read { db in try Self.run(db, path) }
    var parts: [SealedPart] = []
    for row in rows {
      guard let selection: String = row["selection"], let hash: String = row["selection_hash"],
        let data: Data = row["box"],
        let content = box.open(data, context: Self.partContext(run, selection, hash))
      else { throw wrongKey }
      parts.append(
        SealedPart(selection: selection, selectionHash: hash, content: content, size: content.count))
    }
    return parts
  }

  static func partContext(_ run: LedgerRun, _ selection: String, _ hash: String) -> String {
    ConfigValue.list([run.hash, selection, hash, "part of a run"].map { .string($0) }).json()
  }
}
