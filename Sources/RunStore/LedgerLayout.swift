import GRDB

/// The layouts of the ledger, from the first on. A layout that was written once never changes; see Docs/Ledger.md.
enum LedgerLayout {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 runs, seals, unblindings") { db in
      try db.execute(
        sql: """
          CREATE TABLE runs (
            id INTEGER PRIMARY KEY, input TEXT NOT NULL, configuration_hash TEXT NOT NULL,
            version TEXT NOT NULL, t_wall TEXT NOT NULL);
          CREATE TABLE sealed (
            selection TEXT PRIMARY KEY, selection_hash TEXT NOT NULL, box BLOB NOT NULL) WITHOUT ROWID;
          CREATE TABLE unblindings (
            number INTEGER PRIMARY KEY, selection TEXT NOT NULL, t_wall TEXT NOT NULL, user TEXT NOT NULL,
            reason TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
          CREATE TABLE head (
            id INTEGER PRIMARY KEY CHECK (id = 1), entries INTEGER NOT NULL, hash TEXT NOT NULL,
            code TEXT NOT NULL);
          CREATE TRIGGER unblindings_stay BEFORE DELETE ON unblindings
          BEGIN SELECT RAISE(ABORT, 'unblindings stay on record'); END;
          CREATE TRIGGER unblindings_are_final BEFORE UPDATE ON unblindings
          BEGIN SELECT RAISE(ABORT, 'unblindings are not changed'); END;
          """)
    }
    migrator.registerMigration("2 checkpoints, bursts, counts") { db in
      try db.execute(
        sql: """
          ALTER TABLE runs ADD COLUMN state TEXT NOT NULL DEFAULT 'finished';
          ALTER TABLE runs ADD COLUMN manifest TEXT;
          CREATE TABLE inputs (
            number INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes INTEGER, sha256 TEXT, run INTEGER,
            burst INTEGER);
          CREATE TABLE configurations (
            name TEXT PRIMARY KEY, hash TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE bursts (
            number INTEGER PRIMARY KEY, run INTEGER NOT NULL, burst INTEGER NOT NULL,
            begin_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, events INTEGER NOT NULL,
            kept INTEGER NOT NULL, statistics TEXT NOT NULL);
          CREATE INDEX bursts_by_name ON bursts (run, burst);
          CREATE TABLE burst_masks (
            number INTEGER NOT NULL REFERENCES bursts, mask INTEGER NOT NULL, l0_input INTEGER NOT NULL,
            l1_input INTEGER NOT NULL, l1_accepted INTEGER NOT NULL,
            PRIMARY KEY (number, mask)) WITHOUT ROWID;
          CREATE TABLE candidates (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL, selection TEXT NOT NULL, run INTEGER NOT NULL,
            burst INTEGER NOT NULL, event INTEGER NOT NULL, t_data TEXT NOT NULL, line TEXT NOT NULL);
          CREATE INDEX candidates_by_event ON candidates (run, burst, event);
          CREATE TABLE alerts (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, t_data TEXT NOT NULL,
            line TEXT NOT NULL);
          CREATE TABLE counters (
            level TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (level, name)) WITHOUT ROWID;
          CREATE TABLE checkpoints (
            id INTEGER PRIMARY KEY CHECK (id = 1), t_wall TEXT NOT NULL, position TEXT NOT NULL,
            carry BLOB NOT NULL, partial TEXT NOT NULL, files TEXT NOT NULL);
          CREATE TABLE sealed_parts (
            selection TEXT PRIMARY KEY, selection_hash TEXT NOT NULL, box BLOB NOT NULL) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("3 monitor") { db in
      try db.execute(sql: "ALTER TABLE checkpoints ADD COLUMN monitor BLOB")
    }
    return migrator
  }
}
