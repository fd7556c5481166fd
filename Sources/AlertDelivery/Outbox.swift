public import Alerting
import Foundation
import GRDB
import NIOConcurrencyHelpers

/// Messages on their way, in a file of SQLite: what is in it goes out, whatever happens to the program.
///
/// A message is kept under its key, once. Each sink has a queue of its own, in the order of the messages. What was
/// delivered stays as a record; what was refused stays too, with the reason.
public final class Outbox: Sendable {
  /// Name of the outbox in a run directory.
  public static let fileName = "outbox.sqlite"

  /// The file.
  public let path: String
  /// Nil once it is closed. GRDB closes the file when the last access to it has ended.
  private let open: NIOLockedValueBox<DatabaseQueue?>

  /// Opens an outbox, and makes it where there is none.
  ///
  /// - Throws: `AlertDeliveryError`.
  public init(path: String) throws {
    self.path = path
    do {
      var configuration = GRDB.Configuration()
      configuration.journalMode = .wal
      configuration.busyMode = .timeout(5)
      // A message that was taken must be on the disk, also when the machine loses its power.
      configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
      let database = try DatabaseQueue(path: path, configuration: configuration)
      try Self.migrator.migrate(database)
      open = NIOLockedValueBox(database)
    } catch { throw Self.failure(path, error) }
  }

  /// Opens the outbox of a finished run to be read.
  ///
  /// - Throws: `AlertDeliveryError`, also where there is none.
  public init(reading path: String) throws {
    self.path = path
    do {
      var configuration = GRDB.Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(5)
      open = NIOLockedValueBox(try DatabaseQueue(path: path, configuration: configuration))
    } catch { throw Self.failure(path, error) }
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 messages, queue") { db in
      try db.execute(
        sql: """
          CREATE TABLE messages (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, severity TEXT NOT NULL,
            rule TEXT NOT NULL, series TEXT, firing INTEGER, title TEXT NOT NULL, t_data TEXT NOT NULL,
            t_wall TEXT NOT NULL, body TEXT NOT NULL);
          CREATE INDEX messages_by_series ON messages (series, id) WHERE series IS NOT NULL;
          CREATE TABLE queue (
            sink TEXT NOT NULL, message INTEGER NOT NULL REFERENCES messages (id),
            state INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)), reason TEXT,
            PRIMARY KEY (sink, message)) WITHOUT ROWID;
          CREATE INDEX queue_waiting ON queue (sink, message) WHERE state = 0;
          CREATE INDEX queue_by_message ON queue (message);
          """)
    }
    return migrator
  }

  // MARK: In

  /// Puts messages into the queues of their sinks, all or none; returns how many were new.
  ///
  /// One whose key is there already is the same message, and is not taken again.
  ///
  /// - Throws: `AlertDeliveryError`, where the disk is full, for example; the outbox stays as it was.
  @discardableResult
  public func enqueue(_ messages: [AlertMessage]) async throws -> Int {
    guard !messages.isEmpty else { return 0 }
    do {
      return try await database().write { db in
        var new = 0
        let insert = try db.cachedStatement(
          sql: """
            INSERT OR IGNORE INTO messages
              (key, kind, severity, rule, series, firing, title, t_data, t_wall, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        let queue = try db.cachedStatement(sql: "INSERT OR IGNORE INTO queue (sink, message) VALUES (?, ?)")
        for message in messages {
          try insert.execute(arguments: [
            message.key, message.kind.rawValue, message.severity.rawValue, message.rule, message.series,
            message.isFiring, message.title, message.dataTime.rfc3339, message.wallTime.rfc3339,
            AlertMessageEncoder.line(message),
          ])
          guard db.changesCount == 1 else { continue }
          new += 1
          let id = db.lastInsertedRowID
          for sink in message.sinks { try queue.execute(arguments: [sink, id]) }
        }
        return new
      }
    } catch { throw Self.failure(path, error) }
  }

  // MARK: Out

  /// The first messages that wait for a sink, in order.
  public func pending(sink: String, limit: Int) async throws -> [OutboxMessage] {
    try await messages(
      sql: """
        SELECT m.* FROM queue q JOIN messages m ON m.id = q.message
        WHERE q.sink = ? AND q.state = 0 ORDER BY q.message LIMIT ?
        """,
      arguments: [sink, limit])
  }

  /// Notes that a sink has taken messages.
  public func markDelivered(sink: String, _ messages: [OutboxMessage]) async throws {
    try await mark(sink, messages, state: 1, reason: nil)
  }

  /// Notes that a sink has refused messages for good.
  public func markRefused(sink: String, _ messages: [OutboxMessage], reason: String) async throws {
    try await mark(sink, messages, state: 2, reason: reason)
  }

  private func mark(_ sink: String, _ messages: [OutboxMessage], state: Int, reason: String?) async throws {
    do {
      try await database().write { db in
        let update = try db.cachedStatement(
          sql: "UPDATE queue SET state = ?, reason = ? WHERE sink = ? AND message = ? AND state = 0")
        for message in messages { try update.execute(arguments: [state, reason, sink, message.id]) }
      }
    } catch { throw Self.failure(path, error) }
  }

  /// What a sink was told to be firing, behind the message `after`, and nothing since.
  func firing(sink: String, after: Int64) async throws -> [OutboxMessage] {
    try await messages(
      sql: """
        SELECT m.* FROM messages m JOIN queue q ON q.message = m.id
        WHERE m.series IS NOT NULL AND m.firing = 1 AND m.id > ? AND q.sink = ? AND q.state = 1
          AND NOT EXISTS (SELECT 1 FROM messages n WHERE n.series = m.series AND n.id > m.id)
        ORDER BY m.id
        """,
      arguments: [after, sink])
  }

  /// The place of the newest message; 0 where there is none.
  func newest() async throws -> Int64 {
    try await read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM messages") ?? 0 }
  }

  // MARK: To look at

  /// The newest messages, newest first.
  public func recent(limit: Int) async throws -> [OutboxMessage] {
    try await messages(sql: "SELECT * FROM messages ORDER BY id DESC LIMIT ?", arguments: [limit])
  }

  /// All messages that were taken.
  public func count() async throws -> UInt64 {
    UInt64(try await read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM messages") ?? 0 })
  }

  /// Where messages have got to, by their keys.
  public func deliveries(keys: [String]) async throws -> [String: DeliveryState] {
    try await read { db in
      var states: [String: DeliveryState] = [:]
      let statement = try db.cachedStatement(
        sql: """
          SELECT q.sink, q.state FROM messages m JOIN queue q ON q.message = m.id WHERE m.key = ? ORDER BY q.sink
          """)
      for key in keys {
        var state = DeliveryState()
        for row in try Row.fetchAll(statement, arguments: [key]) {
          let sink: String = row["sink"] ?? ""
          switch row["state"] as Int? {
          case 1: state.delivered.append(sink)
          case 2: state.refused.append(sink)
          default: state.pending.append(sink)
          }
        }
        states[key] = state
      }
      return states
    }
  }

  /// The books of all sinks that ever had a message.
  public func books() async throws -> [String: SinkBooks] {
    try await read { db in
      var books: [String: SinkBooks] = [:]
      let rows = try Row.fetchAll(
        db, sql: "SELECT sink, state, count(*) AS n FROM queue GROUP BY sink, state")
      for row in rows {
        let count = UInt64(max(0, row["n"] as Int? ?? 0))
        var sink = books[row["sink"] ?? ""] ?? SinkBooks()
        sink.received += count
        switch row["state"] as Int? {
        case 1: sink.delivered += count
        case 2: sink.refused += count
        default: sink.pending += count
        }
        books[row["sink"] ?? ""] = sink
      }
      return books
    }
  }

  /// Whether SQLite finds the file sound.
  public func isSound() async throws -> Bool {
    try await read { db in try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok" }
  }

  /// Closes the file; what is asked of it afterwards fails.
  public func close() { open.withLockedValue { $0 = nil } }

  private func database() throws -> DatabaseQueue {
    guard let database = open.withLockedValue({ $0 }) else {
      throw AlertDeliveryError("\(path): it is closed")
    }
    return database
  }

  // MARK: Database

  private func messages(sql: String, arguments: StatementArguments) async throws -> [OutboxMessage] {
    try await read { db in try Row.fetchAll(db, sql: sql, arguments: arguments).map(Self.message) }
  }

  private func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    do { return try await database().read(body) } catch { throw Self.failure(path, error) }
  }

  private static func message(_ row: Row) throws -> OutboxMessage {
    guard let id: Int64 = row["id"], let key: String = row["key"], let kindName: String = row["kind"],
      let kind = AlertMessage.Kind(rawValue: kindName), let severityName: String = row["severity"],
      let severity = AlertSeverity(rawValue: severityName), let rule: String = row["rule"],
      let title: String = row["title"], let dataTime: String = row["t_data"],
      let wallTime: String = row["t_wall"], let body: String = row["body"]
    else { throw AlertDeliveryError("a message of the outbox is broken; put the run's own file back") }
    return OutboxMessage(
      id: id, key: key, kind: kind, severity: severity, rule: rule, series: row["series"],
      isFiring: row["firing"], title: title, dataTime: dataTime, wallTime: wallTime, body: body)
  }

  private static func failure(_ path: String, _ error: any Error) -> any Error {
    switch error {
    case is CancellationError: error
    case let error as AlertDeliveryError: error
    case let error as DatabaseError where error.resultCode == .SQLITE_FULL:
      AlertDeliveryError(
        "\(path): the disk is full; alerts cannot be kept. Make room and go on: what is in the outbox is sound"
      )
    case let error as DatabaseError:
      AlertDeliveryError(
        "\(path): \(error.message ?? "the database failed"); check the disk, and that the file is yours to write"
      )
    default: AlertDeliveryError("\(path): \(error)")
    }
  }
}
