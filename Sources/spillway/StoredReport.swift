import Configuration
import EventBuilding
import Foundation
import L0Trigger
import RunStore
import Selections
import TriggerPipeline

/// A finished run as its ledger has it: its reports can be written again, and it can be merged.
struct StoredReport {
  /// Where it came from, for errors.
  let directory: String
  var stored: StoredRun
  var partial: RunPartial
  /// What the menu of L1 says; nil without one.
  let menu: ReportMenu?
  let l0: L0Menu?
  let setup: SelectionSetup?

  /// Reads a run directory.
  init(directory: String) throws {
    try self.init(directory: directory, stored: RunLedger(directory: directory).stored())
  }

  private init(directory: String, stored: StoredRun) throws {
    self.directory = directory
    self.stored = stored
    func content(_ part: RunRecord.Part) -> String? {
      stored.configurations.first { $0.name == part.rawValue }?.content
    }
    let ledger = "\(directory)/\(RunLedger.fileName)"
    do {
      partial = try RunPartial(data: stored.partial, bursts: stored.bursts)
      menu = try content(.menu).map { text in
        guard let menu = try? JSONDecoder().decode(ReportMenu.self, from: Data(text.utf8)), menu.isWhole
        else {
          throw Failure(message: "\(ledger): the menu in it is not whole; replay the inputs again", code: 1)
        }
        return menu
      }
      l0 = try content(.l0).map { try L0Menu.parse(text: $0, path: ledger) }
      setup = try content(.selections).map {
        try SelectionSetup(
          set: PhysicsSelectionSet.parse(text: $0, file: ledger),
          reconstructionText: content(.reconstruction) ?? "")
      }
    } catch let error as PartialError {
      throw Failure(message: "\(ledger): \(error)", code: 1)
    } catch let error as ConfigurationError { throw Failure(message: "\(error)", code: 1) }
  }

  /// What is sealed: to be merged and sealed again, and for nothing else.
  func sealed() throws -> [SealedPartial] {
    guard let state = try RunLedger(directory: directory).lastCheckpoint() else { return [] }
    return try state.sealed.map {
      try SealedPartial(
        selection: $0.selection, selectionHash: $0.selectionHash, bursts: partial.bursts.count,
        bytes: $0.content)
    }
  }

  /// The account of events; without what is sealed, where nothing of it is given, blind selections have none of it.
  func account(sealed: [SealedPartial]? = nil) throws -> ReplayAccount {
    let blind = (setup?.set.selections ?? []).filter(\.isBlind)
    return try ReplayAccount(
      selections: setup,
      identity: RunIdentity(input: stored.run.input, configurationHash: stored.run.configurationHash),
      restoring: partial, sealed: sealed ?? blind.map { SealedPartial(empty: $0) })
  }

  /// The report of events; nil without a menu of L1.
  func report(_ account: ReplayAccount) throws -> ReplayReport? {
    try menu.map { try ReplayReport(account: account, menu: $0, stored: partial.stored) }
  }

  /// The report of L0; nil without a menu of it, or without primitives.
  func l0Report() -> L0Report? {
    guard let l0, let account = L0Account(menus: [l0], restoring: partial) else { return nil }
    let report = L0Report(account: account)
    return report.hasPrimitives ? report : nil
  }

  /// The share of the events that it is of; nil where it is of all of them.
  var shard: EventShard? { EventShard(manifest: manifest) }

  /// The manifest, as the ledger keeps it.
  var manifest: ConfigValue {
    guard let text = stored.manifest, let root = try? YAMLNode.parse(text: text, file: directory) else {
      return .map([])
    }
    return root.configValue
  }
}
