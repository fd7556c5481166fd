import Configuration
import Foundation
import L1Trigger
import NA62Formats
import Selections
import TriggerPipeline

/// The configuration of a run as it takes effect, from the options: menu, selections, and what options change of them.
struct TriggerSetup {
  let menu: TriggerMenu
  let selections: SelectionSetup?
  let counters: CounterScope
  /// That of L1; nil where the menu has no chains.
  let l1: L1Configuration?
  /// What of the configuration can change a result.
  let hash: String

  /// Reads the files of the options.
  init(_ options: TriggerOptions) throws {
    try self.init(
      menu: options.menu, selections: options.selections, reconstruction: options.reconstruction,
      strawScratch: options.strawScratch, counters: options.counters)
  }

  /// Reads a menu and selections.
  init(
    menu path: String, selections files: [String], reconstruction: String, strawScratch: String?,
    counters: CounterScope
  ) throws {
    do throws(ConfigurationError) {
      menu = try TriggerMenu.load(path: path)
      selections =
        files.isEmpty
        ? nil
        : try SelectionSetup(set: PhysicsSelectionSet.load(paths: files), reconstruction: reconstruction)
    } catch { throw Failure.usage(error) }
    self.counters = counters
    var configuration = menu.l1?.configuration
    if let mode = strawScratch.flatMap(StrawScratch.init) { configuration?.strawScratch = mode }
    configuration?.counters = counters
    l1 = configuration
    // Counters that run on are the default: they have no word in the hash.
    let scope = counters == .run ? "" : " counters \(counters.rawValue)"
    if let menuOfL1 = menu.l1, let configuration {
      hash = SHA256.hex(
        of: "\(menuOfL1.hash) \(configuration.strawScratch.rawValue) \(selections?.hash ?? "-") "
          + (menu.l0?.hash ?? "-") + scope)
    } else {
      hash = SHA256.hex(of: (menu.l0?.hash ?? "-") + scope)
    }
  }

  /// What of the menu makes the decisions of a burst depend on those before it; empty where nothing does.
  var dependences: [String] {
    var found = menu.l1.map { ReportMenu($0, effective: l1).counters } ?? []
    if menu.l0 != nil, counters == .run { found.append("the downscalings and the last slot of L0") }
    return found
  }
}
