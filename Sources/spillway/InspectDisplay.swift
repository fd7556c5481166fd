import Configuration
import L1Trigger
import PacketCapture
import Reconstruction
import RunStore
import Selections
import TriggerPipeline

/// What `spillway inspect --event N --display FILE` does.
struct InspectDisplay {
  /// The input.
  var input: String
  /// The event.
  var wanted: EventScene.Wanted
  /// Where the picture goes.
  var file: String
  /// The menu's file.
  var menu: String
  /// The file of the reconstruction.
  var reconstruction: String
  /// Files of selections that are asked whether they seal the event.
  var selections: [String]
  /// The run directory whose ledger is asked.
  var ledger: String?

  /// Draws the event; refuses where a blind selection seals it.
  func run() async throws {
    let both: TriggerMenu
    let configuration: ReconstructionConfiguration
    let setup: SelectionSetup?
    do throws(ConfigurationError) {
      both = try TriggerMenu.load(path: menu)
      configuration = try ReconstructionConfiguration.load(path: reconstruction)
      setup =
        selections.isEmpty
        ? nil
        : try SelectionSetup(
          set: PhysicsSelectionSet.load(paths: selections), reconstruction: reconstruction)
    } catch { throw Failure.usage(error) }
    guard let l1 = both.l1 else {
      throw Failure.usage(
        "--menu \(menu): no chains of L1, which say what an event is made of; give one with 'l1'")
    }
    let inputs: ReplayInput
    do throws(CaptureError) { inputs = try ReplayInput(arguments: [input], filter: nil) } catch {
      throw Failure.usage(error)
    }
    let scene: EventScene?
    do {
      scene = try await EventScene.find(
        wanted,
        source: { [layout = l1.layout] in
          let source = try inputs.open(layout: layout)
          return { try source.next() }
        }, menu: l1, configuration: configuration, selections: setup)
    } catch let error as CaptureError { throw Failure.usage(error) }
    guard let scene else {
      let place = wanted.burst.map { " of burst \($0)" } ?? ""
      throw Failure.usage(
        "\(input): event \(wanted.event)\(place) is not in it, or is not complete for the menu \(menu)")
    }
    try checkBlindness(scene)
    let display = EventDisplay(
      scene, menu: l1, configuration: configuration, title: "\(input), menu \(l1.name)")
    try OutputFile.write(display.svg(), to: file)
    Terminal.out("\(file): event \(scene.event.number) of burst \(scene.event.burst)\n")
  }

  private func checkBlindness(_ scene: EventScene) throws {
    var hiding: [String] = []
    var opened: Set<String> = []
    if let ledger {
      let ledger = try RunLedger(directory: ledger)
      opened = Set(try ledger.unblindings().map(\.selection))
      hiding = try ledger.selectionsHiding(
        run: scene.event.run, burst: scene.event.burst, event: scene.event.number)
    }
    hiding += scene.sealedBy.filter { !opened.contains($0) && !hiding.contains($0) }
    guard hiding.isEmpty else {
      throw Failure(
        message:
          "event \(scene.event.number) is sealed by \(hiding.joined(separator: ", ")) and is not shown; "
          + "after 'spillway unblind' give the run directory with --ledger", code: 1)
    }
    if ledger == nil, selections.isEmpty {
      Terminal.note(
        "warning: nobody was asked whether a blind selection seals this event; give --ledger or --selections")
    }
  }
}
