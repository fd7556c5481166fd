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
    do throws(ConfigurationError) {
      menu = try TriggerMenu.load(path: options.menu)
      selections =
        options.selections.isEmpty
        ? nil
        : try SelectionSetup(
          set: PhysicsSelectionSet.load(paths: options.selections), reconstruction: options.reconstruction)
    } catch { throw Failure.usage(error) }
    counters = options.counters
    var configuration = menu.l1?.configuration
    if let mode = options.strawScratch.flatMap(StrawScratch.init) { configuration?.strawScratch = mode }
    configuration?.counters = counters
    l1 = configuration
    hash = Self.hash(menu, configuration?.strawScratch, selections, counters)
  }

  /// The hash of a configuration: what all nodes of a farm, and all parts of a run, have in common.
  static func hash(
    _ menu: TriggerMenu, _ scratch: StrawScratch?, _ selections: SelectionSetup?, _ counters: CounterScope
  ) -> String {
    // Counters that run on are the default: they have no word in the hash.
    let scope = counters == .run ? "" : " counters \(counters.rawValue)"
    guard let l1 = menu.l1, let scratch else { return SHA256.hex(of: (menu.l0?.hash ?? "-") + scope) }
    return SHA256.hex(
      of: "\(l1.hash) \(scratch.rawValue) \(selections?.hash ?? "-") \(menu.l0?.hash ?? "-")" + scope)
  }

  /// What of the menu makes the decisions of a burst depend on those before it; empty where nothing does.
  var dependences: [String] {
    var found = menu.l1.map { ReportMenu($0, effective: l1).counters } ?? []
    if menu.l0 != nil, counters == .run { found.append("the downscalings and the last slot of L0") }
    return found
  }
}
