import CountingStatistics
import EventBuilding
import L1Trigger
import NIOConcurrencyHelpers
import Selections
import TriggerPipeline

/// Three or four tracks of L1 that together carry the momentum of the beam, as K+ -> pi+ pi+ pi- does. YAML compares
/// one quantity with a number; this adds several, so it is written in Swift.
struct BalancedMomentum: EventSelection {
  let experiment: CountingExperiment
  let conditionLabels = ["3 or 4 tracks", "their momenta add up to 70 to 80 GeV/c"]
  /// There is nothing to hide in a normalisation channel; without this line it would be blind.
  let isBlind = false

  private static let momenta: [L1Variable] = [.strawP0, .strawP1, .strawP2, .strawP3]

  func verdict(on input: SelectionInput) -> SelectionVerdict {
    guard input.isKept else { return .notEntered }
    // Not available where no chain ran STRAW, or its lists overflowed.
    guard case .integer(let tracks)? = input.value(of: .strawTracks) else {
      return .unavailable(condition: 0)
    }
    guard (3...4).contains(tracks) else { return .failed(condition: 0) }
    var sum = 0.0
    for variable in Self.momenta.prefix(tracks) {
      guard case .number(let momentum)? = input.value(of: variable) else { return .unavailable(condition: 1) }
      sum += momentum
    }
    return (70_000...80_000).contains(sum) ? .selected : .failed(condition: 1)
  }
}

@main
struct Program {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else {
      print("usage: balanced-momentum MENU CAPTURE")
      return
    }
    guard let menu = try TriggerMenu.load(path: arguments[1]).l1 else {
      print("\(arguments[1]): no chains of L1")
      return
    }
    let input = try ReplayInput(arguments: [arguments[2]], filter: nil)
    let selection = BalancedMomentum(
      experiment: try CountingExperiment(name: "balanced-momentum", background: 1.5))
    let account = NIOLockedValueBox(Blinded(selection))
    let pipeline = TriggerPipeline(
      configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps,
      options: TriggerPipeline.Options())
    try await pipeline.run(
      source: {
        let source = try input.open(layout: menu.layout)
        return { try source.next() }
      },
      take: { judged in
        // Batches come in order, in one task.
        try account.withLockedValue { account in
          for (index, event) in judged.batch.events.enumerated() {
            let verdict = selection.verdict(
              on: SelectionInput(
                event: event, evaluation: judged.evaluations[index], decision: judged.decisions[index]))
            try account.add(verdict, isBlind: selection.isBlind)
          }
        }
      })
    var open = account.withLockedValue { $0.open }
    print("events seen \(open.flow.seen), kept by L1 \(open.flow.entered)")
    for step in open.flow.steps {
      print("  \(step.label): \(step.passed) (not available \(step.unavailable))")
    }
    let result = try open.result()
    print(
      "selected \(result.observed), background 1.5: signal < \(Int(result.limit.upper.rounded(.up))) at 90 %")
  }
}
