import Configuration
import Foundation
import GRDB
import Testing

@testable import RunStore

/// Blind results in the ledger of a run: sealed, opened on record, and safe from quiet changes.
@Suite struct RunLedgerTests {
  private final class Directory {
    let path = NSTemporaryDirectory() + "spillway-ledger-\(UUID().uuidString)"
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var ledger: String { path + "/ledger.sqlite" }
    var key: String { path + "/sealed.key" }
  }

  private static let run = LedgerRun(
    input: "burst.pcap", configurationHash: "abc", version: "1", time: "2026-11-23T00:00:00.000Z")

  private static func result(_ name: String = "search", events: Int = 3) -> SealedResult {
    SealedResult(
      selection: name, selectionHash: "hash of \(name)", cells: 100,
      result: .map([.init("observed", .int(events)), .init("note", .string("quite special"))]),
      text: "observed \(events) events in SR",
      candidates: (0..<events).map {
        SealedEvent(
          run: 0, burst: 1, event: UInt32(4000 + $0), record: .map([.init("mass", .double(17.25))]))
      })
  }

  private func write(_ results: [SealedResult]) throws -> Directory {
    let directory = try Directory()
    try RunLedger.write(directory: directory.path, run: Self.run, sealed: results)
    return directory
  }

  private func unblind(_ directory: Directory, _ name: String = "search") throws -> UnblindedResult {
    try RunLedger(directory: directory.path).unblind(
      selection: name, reason: "box opened by the group", user: "anna", time: "2026-11-24T10:00:00.000Z")
  }

  @Test func whatIsSealedComesBackWhole() throws {
    let directory = try write([Self.result()])
    let opened = try unblind(directory)
    #expect(opened.text == "observed 3 events in SR")
    #expect(opened.json.contains("\"observed\":3") && opened.json.contains("\"mass\":17.25"))
    #expect(opened.earlier.isEmpty)
    #expect(opened.entry.number == 1)
  }

  @Test func neitherNamesNorNumbersOfWhatIsSealedAreInTheFiles() throws {
    let directory = try write([Self.result()])
    for path in [directory.ledger, directory.key] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      for text in ["observed", "quite special", "17.25", "4000", "4001"] {
        #expect(bytes.range(of: Data(text.utf8)) == nil)
      }
    }
  }

  @Test func theSizeOfTheLedgerDoesNotTellTheNumberOfEvents() throws {
    func size(_ events: Int) throws -> Int {
      let directory = try write([Self.result(events: events)])
      return try withExtendedLifetime(directory) {
        try Data(contentsOf: URL(fileURLWithPath: directory.ledger)).count
      }
    }
    let empty = try size(0)
    #expect(try size(1) == empty)
    #expect(try size(5000) == empty)
  }

  @Test func manyCandidatesAreCountedWhereNotListed() throws {
    let directory = try write([Self.result(events: SealedResult.candidateLimit + 7)])
    #expect(try unblind(directory).json.contains("\"candidates_not_listed\":7"))
  }

  @Test func theKeyIsForItsOwnerAlone() throws {
    let directory = try write([Self.result()])
    let mode = try FileManager.default.attributesOfItem(atPath: directory.key)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func withoutABlindSelectionThereIsNoKey() throws {
    let directory = try write([])
    #expect(!FileManager.default.fileExists(atPath: directory.key))
    #expect(
      throws: RunStoreError(
        "\(directory.ledger): nothing is sealed in this run; its results are in counts.json")
    ) { try unblind(directory) }
  }

  @Test func aSecondOpeningSaysWhenAndWhyTheFirstWas() throws {
    let directory = try write([Self.result(), Self.result("other")])
    _ = try unblind(directory)
    _ = try unblind(directory, "other")
    let again = try unblind(directory)
    #expect(again.entry.number == 3)
    #expect(again.earlier.map(\.reason) == ["box opened by the group"])
    #expect(again.earlier.map(\.time) == ["2026-11-24T10:00:00.000Z"])
  }

  @Test(arguments: ["", " \n"]) func withoutAReasonNothingIsOpened(_ reason: String) throws {
    let directory = try write([Self.result()])
    let ledger = try RunLedger(directory: directory.path)
    #expect(throws: RunStoreError.self) {
      try ledger.unblind(selection: "search", reason: reason, user: "anna", time: "now")
    }
    #expect(try ledger.unblindings().isEmpty)
  }

  @Test func anUnknownSelectionIsNamedWithThoseThereAre() throws {
    let directory = try write([Self.result()])
    let error = #expect(throws: RunStoreError.self) { try unblind(directory, "serach") }
    #expect(error?.description.hasSuffix("no blind selection 'serach'; there are: search") == true)
  }

  @Test func anotherKeyOpensNothingAndLeavesNoEntry() throws {
    let directory = try write([Self.result()])
    let other = try write([Self.result()])
    try FileManager.default.removeItem(atPath: directory.key)
    try FileManager.default.copyItem(atPath: other.key, toPath: directory.key)
    let error = #expect(throws: RunStoreError.self) { try unblind(directory) }
    #expect(error?.description.contains("is not the key of this ledger") == true)
    #expect(error?.description.contains("\n") == false)
    #expect(try RunLedger(directory: directory.path).unblindings().isEmpty)
  }

  @Test(arguments: [
    "DELETE FROM unblindings", "UPDATE unblindings SET reason = 'a test'",
  ]) func entriesCannotBeTakenBack(_ statement: String) throws {
    let directory = try write([Self.result()])
    _ = try unblind(directory)
    #expect(throws: DatabaseError.self) {
      try DatabaseQueue(path: directory.ledger).write { try $0.execute(sql: statement) }
    }
  }

  @Test(arguments: [
    "DELETE FROM unblindings WHERE number = 1", "DELETE FROM unblindings",
    "DELETE FROM unblindings WHERE number = 2", "UPDATE unblindings SET reason = 'a test' WHERE number = 1",
    "DELETE FROM unblindings; UPDATE head SET entries = 0", "DELETE FROM head",
    "UPDATE sealed SET box = x'00'",
    "UPDATE sealed SET selection = 'renamed'; UPDATE sealed SET selection = 'search'; UPDATE runs SET input = 'x'",
  ]) func aChangedLedgerIsFoundOut(_ statement: String) throws {
    let directory = try write([Self.result()])
    _ = try unblind(directory)
    _ = try unblind(directory)
    try DatabaseQueue(path: directory.ledger).write {
      try $0.execute(sql: "DROP TRIGGER unblindings_stay; DROP TRIGGER unblindings_are_final; " + statement)
    }
    let error = #expect(throws: RunStoreError.self) { try unblind(directory) }
    #expect(error?.description.contains("\n") == false)
  }

  @Test func boxesCannotBeSwapped() throws {
    let directory = try write([Self.result("one", events: 1), Self.result("two", events: 2)])
    try DatabaseQueue(path: directory.ledger).write {
      try $0.execute(sql: "UPDATE sealed SET box = (SELECT box FROM sealed WHERE selection = 'one')")
    }
    #expect(throws: RunStoreError.self) { try unblind(directory, "two") }
  }

  @Test func aNewRunDoesNotWipeOutAnUnblinding() throws {
    let directory = try write([Self.result()])
    try RunLedger.write(directory: directory.path, run: Self.run, sealed: [Self.result()])
    _ = try unblind(directory)
    let error = #expect(throws: RunStoreError.self) {
      try RunLedger.write(directory: directory.path, run: Self.run, sealed: [Self.result()])
    }
    #expect(error?.description.contains("write the new run to another directory") == true)
  }

  @Test func theLedgerOfARunThatWasEndedBeforeItsTimeIsReplaced() throws {
    let directory = try write([Self.result()])
    try DatabaseQueue(path: directory.ledger).write { try $0.execute(sql: "DELETE FROM runs") }
    #expect(throws: RunStoreError.self) { try unblind(directory) }
    try RunLedger.write(directory: directory.path, run: Self.run, sealed: [Self.result()])
    #expect(try unblind(directory).entry.number == 1)
  }

  @Test func sealedEventsAreHiddenUntilTheirSelectionIsOpened() throws {
    let directory = try write([Self.result()])
    let ledger = try RunLedger(directory: directory.path)
    #expect(try ledger.selectionsHiding(run: 0, burst: 1, event: 4002) == ["search"])
    #expect(try ledger.selectionsHiding(run: 0, burst: 2, event: 4002).isEmpty)
    #expect(try ledger.selectionsHiding(run: 0, burst: 1, event: 5).isEmpty)
    _ = try unblind(directory)
    #expect(try ledger.selectionsHiding(run: 0, burst: 1, event: 4002).isEmpty)
  }

  @Test(arguments: ["", "not a database, but a text that is long enough to look like a file"])
  func aFileThatIsNoLedgerIsOneClearLine(_ text: String) throws {
    let directory = try Directory()
    try Data(text.utf8).write(to: URL(fileURLWithPath: directory.ledger))
    let error = #expect(throws: RunStoreError.self) { try RunLedger(directory: directory.path) }
    #expect(error?.description.hasPrefix(directory.ledger) == true)
    #expect(error?.description.contains("\n") == false)
  }

  @Test func aDirectoryThatIsNotThereIsOneClearLine() {
    let error = #expect(throws: RunStoreError.self) {
      try RunLedger.write(directory: "/nonexistent/run", run: Self.run, sealed: [Self.result()])
    }
    #expect(error?.description.hasPrefix("/nonexistent/run/ledger.sqlite: ") == true)
  }
}
