import Foundation
import GRDB
import Glibc

/// The ledger of a run that goes on: it takes bursts, alerts and checkpoints, each all or nothing, and what was taken
/// is there after a crash.
///
/// While the run goes on SQLite keeps a write-ahead log beside the file, so that others can read; a finished run's
/// ledger is one file. For example:
///
///     let ledger = try RunningLedger.begin(directory: path, run: run, inputs: inputs)
///     try ledger.checkpoint(state, time: now, bursts: bursts, alerts: alerts)
///     try ledger.finish(sealed: results)
public final class RunningLedger {
  private let path: String
  private let keyPath: String
  private let database: DatabaseQueue
  private let run: LedgerRun
  private var box: SealedBox?

  private init(path: String, keyPath: String, database: DatabaseQueue, run: LedgerRun) {
    self.path = path
    self.keyPath = keyPath
    self.database = database
    self.run = run
  }

  private static func paths(_ directory: String) -> (ledger: String, key: String) {
    ("\(directory)/\(RunLedger.fileName)", "\(directory)/\(RunLedger.keyName)")
  }

  /// Begins the ledger of a run, in the place of one without unblindings.
  public static func begin(
    directory: String, run: LedgerRun, inputs: [LedgerInput] = [],
    configurations: [LedgerConfiguration] = []
  ) throws(RunStoreError) -> RunningLedger {
    try RunLedger.checkFree(directory: directory)
    let (path, keyPath) = paths(directory)
    // Under another name until it is whole: whoever finds a ledger finds its run in it.
    let fresh = path + ".new"
    for file in [path, path + "-journal", path + "-wal", path + "-shm", keyPath, fresh, fresh + "-journal"] {
      unlink(file)
    }
    do {
      let database = try RunLedger.open(fresh)
      try LedgerLayout.migrator.migrate(database)
      try database.write { db in
        try db.execute(
          sql: """
            INSERT INTO runs (input, configuration_hash, version, t_wall, state)
            VALUES (?, ?, ?, ?, 'running')
            """,
          arguments: [run.input, run.configurationHash, run.version, run.time])
        try set(db, inputs: inputs)
        for part in configurations {
          try db.execute(
            sql: "INSERT INTO configurations (name, hash, content) VALUES (?, ?, ?)",
            arguments: [part.name, part.hash, part.content])
        }
      }
      try database.close()
      guard rename(fresh, path) == 0 else {
        throw RunStoreError("\(path): cannot be written (\(String(cString: strerror(errno))))")
      }
      return RunningLedger(path: path, keyPath: keyPath, database: try open(path), run: run)
    } catch { throw RunLedger.failure(path, error) }
  }

  /// Goes on with the ledger of a run that was interrupted; throws where there is none.
  public static func resume(directory: String) throws(RunStoreError) -> RunningLedger {
    let (path, keyPath) = paths(directory)
    guard try RunLedger(directory: directory).isRunning() else {
      throw RunStoreError("\(path): the run has ended; there is nothing to go on with")
    }
    do {
      let database = try open(path)
      let run = try database.read { db in try RunLedger.run(db, path) }
      return RunningLedger(path: path, keyPath: keyPath, database: database, run: run)
    } catch { throw RunLedger.failure(path, error) }
  }

  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    let database = try DatabaseQueue(path: path, configuration: configuration)
    // What was taken is on the disk: a checkpoint that is gone after a power failure is none.
    try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    return database
  }

  // MARK: Writing

  /// Takes a checkpoint in the place of the last one, with what came since, in one transaction that is on the disk
  /// when it returns.
  ///
  /// - Parameters:
  ///   - state: the checkpoint.
  ///   - time: wall time, as RFC 3339.
  ///   - bursts: the bursts that have ended since the last one.
  ///   - alerts: the alerts since the last one.
  public func checkpoint(
    _ state: RunCheckpoint, time: String, bursts: [LedgerBurst] = [], alerts: [LedgerAlert] = []
  ) throws(RunStoreError) {
    do {
      try database.write { db in
        try add(db, bursts)
        try add(db, alerts)
        try set(db, state, time)
      }
    } catch { throw RunLedger.failure(path, error) }
  }

  /// Ends the run: takes what is left, and makes the ledger one file.
  ///
  /// - Parameters:
  ///   - sealed: the results of the blind selections.
  ///   - state: all that was counted, as a last checkpoint: `report` and `merge` take it.
  ///   - inputs: the inputs, with their hashes.
  ///   - counters: the books.
  ///   - manifest: the manifest, as JSON.
  public func finish(
    sealed: [SealedResult], state: RunCheckpoint? = nil, time: String = "", inputs: [LedgerInput]? = nil,
    bursts: [LedgerBurst] = [], alerts: [LedgerAlert] = [], counters: [LedgerCounter] = [],
    manifest: String? = nil
  ) throws(RunStoreError) {
    do {
      try database.write { db in
        try add(db, bursts)
        try add(db, alerts)
        if let state { try set(db, state, time) }
        if let inputs { try Self.set(db, inputs: inputs) }
        for counter in counters {
          try db.execute(
            sql: "INSERT OR REPLACE INTO counters (level, name, count) VALUES (?, ?, ?)",
            arguments: [counter.level, counter.column, counter.count])
        }
        for result in sealed {
          let box = try sealedBox()
          let content = [UInt8](try JSONEncoder().encode(result.content()))
          let data = try box.seal(
            content, size: result.size,
            context: RunLedger.context(run, result.selection, result.selectionHash))
          try db.execute(
            sql: "INSERT INTO sealed (selection, selection_hash, box) VALUES (?, ?, ?)",
            arguments: [result.selection, result.selectionHash, data])
        }
        if let box { try RunLedger.setHead(db, entries: 0, hash: run.hash, box) }
        try db.execute(sql: "UPDATE runs SET state = 'finished', manifest = ?", arguments: [manifest])
      }
      // All is written. Where somebody reads it just now, or the disk is full, it stays as it is: sound, in two files.
      database.writeWithoutTransaction { db in
        try? db.execute(sql: "PRAGMA journal_mode = DELETE")
        try? db.execute(sql: "VACUUM")
      }
      try database.close()
    } catch { throw RunLedger.failure(path, error) }
  }

  /// Bursts that were taken.
  public func burstCount() throws(RunStoreError) -> Int {
    do { return try database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM bursts") ?? 0 } } catch {
      throw RunLedger.failure(path, error)
    }
  }

  private static func set(_ db: Database, inputs: [LedgerInput]) throws {
    try db.execute(sql: "DELETE FROM inputs")
    for (number, input) in inputs.enumerated() {
      try db.execute(
        sql: "INSERT INTO inputs (number, path, bytes, sha256, run, burst) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [number, input.path, input.bytes, input.sha256, input.run, input.burst])
    }
  }

  private func add(_ db: Database, _ bursts: [LedgerBurst]) throws {
    for burst in bursts {
      try db.execute(
        sql: """
          INSERT INTO bursts (run, burst, begin_ns, end_ns, events, kept, statistics)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          burst.run, burst.burst, burst.begin, burst.end, burst.events, burst.kept,
          String(decoding: burst.statistics, as: UTF8.self),
        ])
      let number = db.lastInsertedRowID
      for mask in burst.masks {
        try db.execute(
          sql: """
            INSERT INTO burst_masks (number, mask, l0_input, l1_input, l1_accepted) VALUES (?, ?, ?, ?, ?)
            """,
          arguments: [number, mask.number, mask.l0Input, mask.l1Input, mask.l1Accepted])
      }
    }
  }

  private func add(_ db: Database, _ alerts: [LedgerAlert]) throws {
    for alert in alerts {
      if let candidate = alert.candidate {
        try db.execute(
          sql: """
            INSERT INTO candidates (id, selection, run, burst, event, t_data, line) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            alert.id, candidate.selection, candidate.run, candidate.burst, candidate.event, alert.time,
            alert.line,
          ])
      } else {
        try db.execute(
          sql: "INSERT INTO alerts (id, kind, t_data, line) VALUES (?, ?, ?, ?)",
          arguments: [alert.id, alert.kind, alert.time, alert.line])
      }
    }
  }

  private func set(_ db: Database, _ state: RunCheckpoint, _ time: String) throws {
    let files = String(decoding: try JSONEncoder().encode(state.files), as: UTF8.self)
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO checkpoints (id, t_wall, position, carry, partial, files, monitor)
        VALUES (1, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        time, state.position, state.carry, String(decoding: state.partial, as: UTF8.self), files,
        state.monitor,
      ])
    for part in state.sealed {
      // Encrypted before SQLite sees it: neither its log nor a free page ever holds it plain.
      let data = try sealedBox().seal(
        part.content, size: part.size + 8,
        context: RunLedger.partContext(run, part.selection, part.selectionHash))
      try db.execute(
        sql: "INSERT OR REPLACE INTO sealed_parts (selection, selection_hash, box) VALUES (?, ?, ?)",
        arguments: [part.selection, part.selectionHash, data])
    }
  }

  /// The run's own box; its key is made when it is first needed.
  private func sealedBox() throws(RunStoreError) -> SealedBox {
    if let box { return box }
    let isThere = FileManager.default.fileExists(atPath: keyPath)
    let made = SealedBox(key: try (isThere ? SealKey.read(path: keyPath) : SealKey.make(path: keyPath)).key)
    box = made
    return made
  }
}
