import Configuration
import L0Trigger
import L1Trigger
import NA62Formats
import Selections
import TriggerPipeline

/// What all nodes of a farm run, as their aggregator has to know it.
struct FarmConfiguration {
  let menuPath: String
  let l1: L1Menu
  let l0: L0Menu?
  let setup: SelectionSetup?
  /// Hash of the configuration as it takes effect.
  let hash: String

  /// Reads menu and selections.
  ///
  /// - Throws: `Failure`.
  init(
    menu path: String, selections: [String], reconstruction: String, scratch: String?, counters: CounterScope
  ) throws {
    menuPath = path
    let menu: TriggerMenu
    do throws(ConfigurationError) {
      menu = try TriggerMenu.load(path: path)
      guard let l1 = menu.l1 else {
        throw ConfigurationError(
          file: path, problem: "the menu has no chains of L1, and nodes judge events",
          advice: "give one with 'l1'")
      }
      self.l1 = l1
      l0 = menu.l0
      setup =
        selections.isEmpty
        ? nil
        : try SelectionSetup(set: PhysicsSelectionSet.load(paths: selections), reconstruction: reconstruction)
    } catch { throw Failure.usage(error) }
    hash = TriggerSetup.hash(
      menu, scratch.flatMap(StrawScratch.init) ?? l1.configuration.strawScratch, setup, counters)
  }

  /// Nothing counted.
  func empty(_ input: String) -> RunPartial {
    RunPartial(
      ReplayAccount(selections: setup, identity: identity(input)), stored: nil,
      l0: l0.map { L0Account(menus: [$0]) })
  }

  /// The account that counts were made of; without what is sealed, which never leaves the nodes.
  func account(_ counts: RunPartial, _ input: String) throws -> ReplayAccount {
    let blind = (setup?.set.selections ?? []).filter(\.isBlind)
    return try ReplayAccount(
      selections: setup, identity: identity(input), restoring: counts,
      sealed: blind.map { SealedPartial(empty: $0) })
  }

  /// The report of L0; nil without a menu of it, or without primitives.
  func l0Report(_ counts: RunPartial) -> L0Report? {
    guard let l0, let account = L0Account(menus: [l0], restoring: counts) else { return nil }
    let report = L0Report(account: account)
    return report.hasPrimitives ? report : nil
  }

  private func identity(_ input: String) -> RunIdentity {
    RunIdentity(input: input, configurationHash: hash)
  }
}
