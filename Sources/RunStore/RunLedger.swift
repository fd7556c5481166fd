import Configuration
import Foundation
import GRDB
import Glibc

/// A run as its ledger has it.
public struct LedgerRun: Sendable, Hashable {
  /// The inputs by name.
  public var input: String
  /// Hash of the effective configuration.
  public var configurationHash: String
  /// Version of Spillway.
  public var version: String
  /// When the run was made, as RFC 3339.
  public var time: String

  /// A run; see the properties.
  public init(input: String, configurationHash: String, version: String, time: String) {
    self.input = input
    self.configurationHash = configurationHash
    self.version = version
    self.time = time
  }

  /// What the chain of unblindings begins with.
  var hash: String {
    ConfigValue.list([input, configurationHash, version, time].map { .string($0) }).sha256
  }
}

/// What came out of an unblinding.
public struct UnblindedResult: Sendable {
  /// The entry that was made for it.
  public var entry: Unblinding
  /// The entries of earlier unblindings of the same selection.
  public var earlier: [Unblinding]
  /// The result for a person.
  public var text: String
  /// The result as JSON, with the candidates.
  public var json: String
}

/// The ledger of a run: `ledger.sqlite`, and beside it `sealed.key` where something is sealed.
///
/// Results of blind selections are sealed (see `SealedBox`); each opening makes an entry first. Entries are
/// chained by hashes, and their number and the last hash are signed with the run's key, so one cannot be changed
/// or taken away by a look into the database alone. See Docs/Blinding.md for what this keeps from, and what not.
public struct RunLedger {
  /// Name of the ledger in a run directory.
  public static let fileName = "ledger.sqlite"
  /// Name of the file with the key.
  public static let keyName = "sealed.key"

  let path: String
  private let keyPath: String
  private let database: DatabaseQueue

  // MARK: Writing

  /// Whether a run directory may take a new run; throws where its ledger holds unblindings, which a new one
  /// would wipe out, or where it cannot be written.
  public static func checkFree(directory: String) throws(RunStoreError) {
    let path = "\(directory)/\(fileName)"
    guard FileManager.default.fileExists(atPath: path) else { return }
    // Whatever else is wrong with it, as in one of a run that was ended before its time, entries stay.
    let entry: (selection: String, time: String)? = try RunLedger(directory: directory).read { db in
      let row = try Row.fetchOne(db, sql: "SELECT selection, t_wall FROM unblindings ORDER BY number LIMIT 1")
      return row.map { ($0["selection"] ?? "?", $0["t_wall"] ?? "?") }
    }
    guard let entry else { return }
    throw RunStoreError(
      "\(path): '\(entry.selection)' was unblinded here on \(entry.time), and that stays on record; "
        + "write the new run to another directory")
  }

  /// Writes the ledger of a finished run, in the place of one without unblindings.
  public static func write(
    directory: String, run: LedgerRun, sealed: [SealedResult]
  ) throws(RunStoreError) {
    let ledger = try RunningLedger.begin(directory: directory, run: run)
    try ledger.finish(sealed: sealed)
  }

  // MARK: Reading

  /// Opens the ledger of a run directory.
  public init(directory: String) throws(RunStoreError) {
    path = "\(directory)/\(Self.fileName)"
    keyPath = "\(directory)/\(Self.keyName)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunStoreError("\(path): there is no ledger; name the directory that 'replay --out' wrote")
    }
    do {
      database = try Self.open(path)
      // A ledger that cannot be written is read as it is.
      let isOlder = try database.read { db in
        try db.tableExists("grdb_migrations") && !LedgerLayout.migrator.hasCompletedMigrations(db)
      }
      if isOlder {
        try? LedgerLayout.migrator.migrate(database)
      }
      let isLedger = try database.read { db in try db.tableExists("runs") && db.tableExists("sealed") }
      guard isLedger else { throw RunStoreError("\(path): not a ledger of Spillway; name a run directory") }
    } catch { throw Self.failure(path, error) }
  }

  /// The selections with something sealed, by name, opened or not.
  public func sealedSelections() throws(RunStoreError) -> [String] {
    try read { db in try String.fetchAll(db, sql: "SELECT selection FROM sealed ORDER BY selection") }
  }

  /// The unblindings so far, in their order; throws where the chain is broken within itself.
  public func unblindings() throws(RunStoreError) -> [Unblinding] {
    try read { db in try entries(db) }
  }

  /// The selections that hold an event sealed and were not unblinded; throws where the key is not the run's.
  public func selectionsHiding(run: UInt32, burst: UInt32, event: UInt32) throws(RunStoreError) -> [String] {
    let names = try sealedSelections()
    let opened = Set(try unblindings().map(\.selection))
    var found: [String] = []
    for name in names where !opened.contains(name) {
      let box = try key()
      let content: SealedContent = try read { db in try unsealed(db, name, box) }
      let isHere = content.events.contains { listed -> Bool in
        guard listed.count == 3, listed[1] == burst, listed[2] == event else { return false }
        return run == 0 || listed[0] == 0 || listed[0] == run
      }
      if isHere { found.append(name) }
    }
    return found
  }

  // MARK: Unblinding

  /// Opens a selection: makes the entry first, then opens the box.
  ///
  /// - Parameters:
  ///   - selection: its name.
  ///   - reason: why; not empty.
  ///   - user: who.
  ///   - time: when, as RFC 3339.
  public func unblind(
    selection: String, reason: String, user: String, time: String
  ) throws(RunStoreError) -> UnblindedResult {
    guard reason.contains(where: { !$0.isWhitespace }) else {
      throw RunStoreError("--reason: expected why the selection is opened; it goes on record")
    }
    guard try !isRunning() else {
      throw RunStoreError("\(path): the run has not ended; end it with 'replay --resume', then open it")
    }
    let names = try sealedSelections()
    guard names.contains(selection) else {
      throw RunStoreError(
        names.isEmpty
          ? "\(path): nothing is sealed in this run; its results are in counts.json"
          : "\(path): no blind selection '\(selection)'; there are: \(names.joined(separator: ", "))")
    }
    let box = try key()
    let earlier: [Unblinding]
    let entry: Unblinding
    do {
      (earlier, entry) = try database.write { db in
        let before = try entries(db)
        try checkHead(db, before, box)
        let entry = Unblinding(
          number: before.count + 1, selection: selection, time: time, user: user, reason: reason,
          previous: try before.last?.hash ?? run(db).hash)
        try db.execute(
          sql: """
            INSERT INTO unblindings (number, selection, t_wall, user, reason, previous, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            entry.number, entry.selection, entry.time, entry.user, entry.reason, entry.previous, entry.hash,
          ])
        try Self.setHead(db, entries: entry.number, hash: entry.hash, box)
        return (before.filter { $0.selection == selection }, entry)
      }
    } catch { throw Self.failure(path, error) }
    let content: SealedContent = try read { db in try unsealed(db, selection, box) }
    return UnblindedResult(entry: entry, earlier: earlier, text: content.text, json: content.json)
  }

  func key() throws(RunStoreError) -> SealedBox {
    SealedBox(key: try SealKey.read(path: keyPath).key)
  }

  private func unsealed(_ db: Database, _ selection: String, _ box: SealedBox) throws -> SealedContent {
    let row = try Row.fetchOne(
      db, sql: "SELECT selection_hash, box FROM sealed WHERE selection = ?", arguments: [selection])
    guard let row, let hash: String = row["selection_hash"], let data: Data = row["box"],
      let bytes = try box.open(data, context: Self.context(run(db), selection, hash)),
      let content = try? JSONDecoder().decode(SealedContent.self, from: Data(bytes))
    else { throw wrongKey }
    return content
  }

  var wrongKey: RunStoreError {
    RunStoreError(
      "\(path): \(keyPath) is not the key of this ledger, or the ledger was changed; put the run's own files back"
    )
  }

  private func run(_ db: Database) throws -> LedgerRun { try Self.run(db, path) }

  static func run(_ db: Database, _ path: String) throws -> LedgerRun {
    guard
      let row = try Row.fetchOne(
        db, sql: "SELECT input, configuration_hash, version, t_wall FROM runs ORDER BY id LIMIT 1"),
      let input: String = row["input"], let hash: String = row["configuration_hash"],
      let version: String = row["version"], let time: String = row["t_wall"]
    else { throw RunStoreError("\(path): the ledger has no run; was the run ended before its time?") }
    return LedgerRun(input: input, configurationHash: hash, version: version, time: time)
  }

  /// The entries, whose hashes must be those of their fields and of the entries before.
  private func entries(_ db: Database) throws -> [Unblinding] {
    var previous = try run(db).hash
    var entries: [Unblinding] = []
    let rows = try Row.fetchAll(
      db, sql: "SELECT number, selection, t_wall, user, reason, hash FROM unblindings ORDER BY number")
    for row in rows {
      guard let selection: String = row["selection"], let time: String = row["t_wall"],
        let user: String = row["user"], let reason: String = row["reason"], let hash: String = row["hash"]
      else { throw changed(entries.count + 1) }
      let entry = Unblinding(
        number: entries.count + 1, selection: selection, time: time, user: user, reason: reason,
        previous: previous)
      guard row["number"] == entry.number, hash == entry.hash else { throw changed(entry.number) }
      entries.append(entry)
      previous = hash
    }
    return entries
  }

  private func changed(_ number: Int) -> RunStoreError {
    RunStoreError(
      "\(path): entry \(number) of the unblindings was changed or taken away; put the run's own ledger back")
  }

  /// Whether the entries are all there: their number and last hash are signed with the key.
  private func checkHead(_ db: Database, _ entries: [Unblinding], _ box: SealedBox) throws {
    let hash = try entries.last?.hash ?? run(db).hash
    guard let row = try Row.fetchOne(db, sql: "SELECT entries, hash, code FROM head"),
      let code: String = row["code"], let count: Int = row["entries"], let last: String = row["hash"],
      code == Self.headCode(entries: count, hash: last, box)
    else { throw wrongKey }
    guard count == entries.count, last == hash else { throw changed(min(count, entries.count) + 1) }
  }

  static func setHead(_ db: Database, entries: Int, hash: String, _ box: SealedBox) throws {
    try db.execute(
      sql: "INSERT OR REPLACE INTO head (id, entries, hash, code) VALUES (1, ?, ?, ?)",
      arguments: [entries, hash, headCode(entries: entries, hash: hash, box)])
  }

  private static func headCode(entries: Int, hash: String, _ box: SealedBox) -> String {
    box.code(of: "head \(entries) \(hash)")
  }

  static func context(_ run: LedgerRun, _ selection: String, _ hash: String) -> String {
    ConfigValue.list([run.hash, selection, hash].map { .string($0) }).json()
  }

  // MARK: Database

  func read<T>(_ body: (Database) throws -> T) throws(RunStoreError) -> T {
    do { return try database.read(body) } catch { throw Self.failure(path, error) }
  }

  static func open(_ path: String) throws -> DatabaseQueue {
    // The journal that the file has: a finished run's ledger is one file.
    var configuration = GRDB.Configuration()
    configuration.journalMode = .default
    configuration.busyMode = .timeout(5)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  static func failure(_ path: String, _ error: any Error) -> RunStoreError {
    switch error {
    case let error as RunStoreError: error
    case let error as DatabaseError where error.resultCode == .SQLITE_FULL:
      RunStoreError("\(path): the disk is full; make room, then go on with 'replay --resume'")
    case let error as DatabaseError:
      RunStoreError(
        "\(path): \(error.message ?? "the database failed"); check that the file is whole, and yours to write"
      )
    default: RunStoreError("\(path): \(error)")
    }
  }
}
