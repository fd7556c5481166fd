import Configuration
import Foundation
import GRDB
import Glibc
import Testing

@testable import RunStore

/// The ledger of a run that goes on: checkpoints are whole or not there, survive, and hold nothing sealed plain.
@Suite struct RunningLedgerTests {
  private final class Directory {
    let path: String
    init(in parent: String = NSTemporaryDirectory()) throws {
      path = parent + "/spillway-running-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var ledger: String { path + "/ledger.sqlite" }
    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
  }

  private static let run = LedgerRun(
    input: "burst.pcap", configurationHash: "abc", version: "1", time: "2026-11-23T00:00:00.000Z")
  private static let secret = Array("seventeen sealed events".utf8)

  private static func state(_ number: Int) -> RunCheckpoint {
    RunCheckpoint(
      position: "{\"packets\":\(number)}", carry: Data([1, 2, 3, UInt8(truncatingIfNeeded: number)]),
      partial: Data("{\"rates\":{\"events\":\(number)}}".utf8),
      sealed: [SealedPart(selection: "search", selectionHash: "h", content: secret, size: 4096)],
      files: ["alerts.jsonl": UInt64(number) << 40])
  }

  private static func burst(_ number: UInt32) -> LedgerBurst {
    LedgerBurst(
      run: 8000, burst: number, begin: 1_500_000_000_000_000_000, end: 1_500_000_000_000_000_001, events: 10,
      kept: Int64(number), masks: [.init(number: 3, l0Input: 7, l1Input: 6, l1Accepted: Int64(number))],
      statistics: Data("{\"burst\":\(number)}".utf8))
  }

  private static func candidate(_ event: UInt32) -> LedgerAlert {
    LedgerAlert(
      id: "8000-1-\(event)-search", selection: "search", run: 8000, burst: 1, event: event,
      time: "2018-09-01T00:00:00.000Z", line: "{\"event\":\(event)}")
  }

  @Test func theLastCheckpointComesBackWhole() throws {
    let directory = try Directory()
    do {
      let ledger = try RunningLedger.begin(
        directory: directory.path, run: Self.run, inputs: [LedgerInput(path: "a", bytes: 5, sha256: nil)],
        configurations: [LedgerConfiguration(name: "menu", hash: "m", content: "x")])
      #expect(try RunLedger(directory: directory.path).lastCheckpoint() == nil)
      try ledger.checkpoint(Self.state(1), time: "t", bursts: [Self.burst(1)], alerts: [Self.candidate(4)])
      try ledger.checkpoint(Self.state(2), time: "t", bursts: [Self.burst(2)])
      // No end: as if the process had gone.
    }
    var expected = Self.state(2)
    expected.sealed[0].size = Self.secret.count
    let ledger = try RunLedger(directory: directory.path)
    #expect(try ledger.lastCheckpoint() == expected)
    #expect(try ledger.isRunning())
    let stored = try ledger.stored()
    #expect(stored.inputs == [LedgerInput(path: "a", bytes: 5, sha256: nil)])
    #expect(stored.configurations.map(\.content) == ["x"])
    #expect(stored.bursts.map { String(decoding: $0, as: UTF8.self) } == ["{\"burst\":1}", "{\"burst\":2}"])
    #expect(!stored.isFinished && stored.manifest == nil)
  }

  @Test func aRunGoesOnWhereItWasInterrupted() throws {
    let directory = try Directory()
    do {
      let ledger = try RunningLedger.begin(directory: directory.path, run: Self.run)
      try ledger.checkpoint(Self.state(1), time: "t", bursts: [Self.burst(1)])
    }
    let again = try RunningLedger.resume(directory: directory.path)
    #expect(try again.burstCount() == 1)
    try again.checkpoint(Self.state(2), time: "t", bursts: [Self.burst(2)])
    try again.finish(
      sealed: [], state: Self.state(3), time: "t",
      counters: [LedgerCounter(level: "events", column: "kept", count: 3)], manifest: "{}")
    #expect(directory.files == ["ledger.sqlite", "sealed.key"])
    let ledger = try RunLedger(directory: directory.path)
    #expect(try !ledger.isRunning())
    #expect(try ledger.stored().partial == Self.state(3).partial)
    #expect(throws: RunStoreError.self) { try RunningLedger.resume(directory: directory.path) }
  }

  @Test func whatIsSealedIsInNoFilePlain() throws {
    let directory = try Directory()
    let ledger = try RunningLedger.begin(directory: directory.path, run: Self.run)
    for number in 1...5 { try ledger.checkpoint(Self.state(number), time: "t") }
    #expect(directory.files.contains("ledger.sqlite-wal"))
    func check() throws {
      for name in directory.files {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(name)"))
        #expect(bytes.range(of: Data(Self.secret)) == nil, "\(name)")
        #expect(bytes.range(of: Data("sealed events".utf8)) == nil, "\(name)")
      }
    }
    try check()
    try ledger.finish(sealed: [])
    try check()
  }

  @Test func theSizeOfTheLedgerDoesNotTellHowMuchIsSealed() throws {
    func size(_ count: Int) throws -> [Int] {
      let directory = try Directory()
      var sizes: [Int] = []
      let ledger = try RunningLedger.begin(directory: directory.path, run: Self.run)
      var state = Self.state(1)
      state.sealed[0].content = [UInt8](repeating: 7, count: count)
      try ledger.checkpoint(state, time: "t")
      for end in [false, true] {
        if end { try ledger.finish(sealed: []) }
        sizes += try directory.files.map {
          try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\($0)")).count
        }
      }
      return sizes
    }
    #expect(try size(0) == size(4096))
  }

  @Test func aRunThatHasNotEndedIsNotOpened() throws {
    let directory = try Directory()
    let ledger = try RunningLedger.begin(directory: directory.path, run: Self.run)
    try ledger.checkpoint(Self.state(1), time: "t")
    let error = #expect(throws: RunStoreError.self) {
      try RunLedger(directory: directory.path).unblind(
        selection: "search", reason: "why", user: "a", time: "t")
    }
    #expect(error?.description.contains("has not ended") == true)
  }

  @Test func partsOfAnotherRunDoNotOpen() throws {
    let (one, two) = (try Directory(), try Directory())
    for directory in [one, two] {
      var run = Self.run
      run.time = directory.path
      let ledger = try RunningLedger.begin(directory: directory.path, run: run)
      try ledger.checkpoint(Self.state(1), time: "t")
      try ledger.finish(sealed: [])
    }
    try FileManager.default.removeItem(atPath: one.path + "/sealed.key")
    try FileManager.default.copyItem(atPath: two.path + "/sealed.key", toPath: one.path + "/sealed.key")
    #expect(throws: RunStoreError.self) { try RunLedger(directory: one.path).lastCheckpoint() }
  }

  @Test func aLedgerOfTheFirstLayoutStillOpens() throws {
    // As it was written before there were checkpoints: layout 1, a sealed result, one unblinding.
    let directory = try Directory()
    let key = try SealKey.make(path: directory.path + "/sealed.key").key
    let box = SealedBox(key: key)
    let content = [UInt8](
      try JSONEncoder().encode(SealedContent(text: "all", json: "{}", events: [[0, 1, 2]])))
    do {
      let database = try DatabaseQueue(path: directory.ledger)
      try LedgerLayout.migrator.migrate(database, upTo: "1 runs, seals, unblindings")
      try database.write { db in
        try db.execute(
          sql: "INSERT INTO runs (input, configuration_hash, version, t_wall) VALUES (?, ?, ?, ?)",
          arguments: [
            Self.run.input, Self.run.configurationHash, Self.run.version, Self.run.time,
          ])
        try db.execute(
          sql: "INSERT INTO sealed (selection, selection_hash, box) VALUES ('search', 'h', ?)",
          arguments: [
            try box.seal(content, size: 4096, context: RunLedger.context(Self.run, "search", "h"))
          ])
        try RunLedger.setHead(db, entries: 0, hash: Self.run.hash, box)
      }
      try database.close()
    }
    let ledger = try RunLedger(directory: directory.path)
    #expect(try ledger.sealedSelections() == ["search"])
    #expect(try !ledger.isRunning())
    #expect(try ledger.selectionsHiding(run: 0, burst: 1, event: 2) == ["search"])
    #expect(try ledger.unblind(selection: "search", reason: "r", user: "u", time: "t").text == "all")
    #expect(try ledger.lastCheckpoint() == nil)
    let error = #expect(throws: RunStoreError.self) { try ledger.stored() }
    #expect(error?.description.contains("holds no counts") == true)
    // A new run does not take its place.
    #expect(throws: RunStoreError.self) {
      try RunningLedger.begin(directory: directory.path, run: Self.run)
    }
  }

  @Test func theQueriesOfTheManualWork() throws {
    let directory = try Directory()
    let ledger = try RunningLedger.begin(
      directory: directory.path, run: Self.run,
      configurations: [LedgerConfiguration(name: "menu", hash: "m", content: "")])
    try ledger.finish(
      sealed: [], state: Self.state(2), time: "t", bursts: [Self.burst(1), Self.burst(2)],
      alerts: [Self.candidate(4), LedgerAlert(id: "x", kind: "drift", time: "t", line: "{}")],
      counters: [LedgerCounter(level: "fragments", column: "duplicate", count: 3)])
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Docs/Ledger.md").standardizedFileURL
    let text = try String(contentsOf: path, encoding: .utf8)
    let queries = text.components(separatedBy: "```sql\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
    #expect(queries.count >= 5)
    let database = try DatabaseQueue(path: directory.ledger)
    for query in queries {
      let rows = try database.read { try Row.fetchAll($0, sql: query) }
      #expect(!rows.isEmpty, "\(query)")
      #expect(rows.allSatisfy { row in row.databaseValues.allSatisfy { !$0.isNull } }, "\(query)")
    }
  }

  /// Where a small file system can be made: as root only.
  private static let canMount = geteuid() == 0 && access("/bin/mount", X_OK) == 0

  @Test(.enabled(if: canMount)) func aFullDiskEndsClearlyAndTheLedgerStaysSound() throws {
    let mount = NSTemporaryDirectory() + "/spillway-full-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: mount) }
    func command(_ arguments: [String]) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: arguments[0])
      process.arguments = Array(arguments.dropFirst())
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
    // A container may be root and yet not mount.
    guard try command(["/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount]) == 0 else { return }
    defer { _ = try? command(["/bin/umount", "-l", mount]) }
    var last = 0
    var failure: RunStoreError?
    do {
      let ledger = try RunningLedger.begin(directory: mount, run: Self.run)
      for number in 1...200 where failure == nil {
        var state = Self.state(number)
        state.carry = Data(repeating: UInt8(truncatingIfNeeded: number), count: 4096 * number)
        do {
          try ledger.checkpoint(state, time: "t", bursts: [Self.burst(UInt32(number))])
          last = number
        } catch { failure = error }
      }
    }
    #expect(failure?.description.contains("make room") == true)
    #expect(last > 3)
    let ledger = try RunLedger(directory: mount)
    #expect(try ledger.lastCheckpoint()?.position == Self.state(last).position)
    #expect(try ledger.stored().bursts.count == last)
    #expect(try ledger.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
  }
}
