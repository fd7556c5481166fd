import NA62Formats
import Selections
import SpillwayTestSupport

@testable import EventBuilding
@testable import L1Trigger

extension SelectionInput {
  /// A physics event that L1 accepted by mask 12, with no algorithm run.
  static var sample: SelectionInput {
    let l0 = L0TPRecord(fineTime: 7, dataType: .physics, word: L0Word(rawValue: 1), flags: 0x1010)
    let event = BuiltEvent(
      number: 1, burst: 2, timestamp: 1000, firstFragment: 0, l0: l0, isLastOfBurst: false,
      time: DataTime(nanoseconds: 0))
    let plan = L1Plan(path: .masks, isAutopass: false, reducedMasks: 0)
    let decision = L1Decision(
      word: .accepted, masks: 1 << 12, isZeroSuppressed: true, writesBlock: true)
    return SelectionInput(event: event, evaluation: L1Evaluation(plan: plan), decision: decision)
  }

  /// The sample with STRAW run, with tracks of 10, 20, 30 and 40 GeV/c as far as there are so many.
  static func straw(flags: UInt8, tracks: UInt32) -> SelectionInput {
    var input = sample
    input.evaluation.info.straw.flags = flags
    input.evaluation.info.straw.tracks = tracks
    for i in 0..<min(4, Int(tracks)) {
      input.evaluation.info.straw.momenta[i] = Float(10_000 * (i + 1))
    }
    _ = input.evaluation.info.mark(.straw, result: flags)
    return input
  }

  /// An event with everything drawn at random.
  static func random(_ random: inout SplitMix64) -> SelectionInput {
    var input = straw(flags: .random(in: 0...63, using: &random), tracks: .random(in: 0...6, using: &random))
    if Bool.random(using: &random) { input.evaluation.info = L1EventInfo() }
    if Int.random(in: 0..<4, using: &random) == 0 { input.decision.word = [] }
    if Int.random(in: 0..<4, using: &random) == 0 { input.event.l0.dataType = .control }
    return input
  }
}

/// A selection file with one selection of the given conditions (one flow mapping per line).
func file(
  _ conditions: [String], name: String = "sample", background: String = "0.5", extra: [String] = []
) -> String {
  var lines = ["schema: spillway.selections/1", "selections:"]
  lines += entry(conditions, name: name, background: background, extra: extra)
  return lines.joined(separator: "\n") + "\n"
}

/// The lines of one selection.
func entry(
  _ conditions: [String], name: String = "sample", background: String = "0.5", extra: [String] = []
) -> [String] {
  var lines = ["  - name: \(name)", "    conditions:"]
  lines += conditions.map { "      - \($0)" }
  lines.append("    background: { events: \(background), trust: I, source: test }")
  lines += extra.map { "    \($0)" }
  return lines
}
