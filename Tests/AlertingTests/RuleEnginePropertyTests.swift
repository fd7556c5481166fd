import Alerting
import Foundation
import NA62Formats
import SpillwayTestSupport
import Testing

/// What holds for any stream of inputs.
@Suite struct RuleEnginePropertyTests {
  private typealias S = AlertSamples

  private static let rules = """
    - {name: all, on: candidate, selections: ['*'], throttle: {messages: 3, interval: 20 s}}
    - {name: event, on: candidate, selections: [k3pi, hidden], deduplicate: event}
    - {name: excess, on: significance, selections: ['*'], thresholds: [0.3, 0.1, 0.01]}
    - {name: rates, on: drift, throttle: {messages: 2, interval: 30 s}}
    - {name: loss, on: quality, share: 0.05}
    - {name: quiet, on: silence, after: 8 s}
    - {name: alive, on: heartbeat, every: 7 s}
    """

  /// A stream of a seed; `isSealed` says which of its inputs come from what is sealed.
  private static func stream(_ seed: UInt64) -> [(input: AlertInput, isSealed: Bool)] {
    var random = SplitMix64(seed: seed)
    func unit() -> Double { Double.random(in: 0..<1, using: &random) }
    var inputs: [(AlertInput, Bool)] = []
    var time = 100.0
    for number in 0..<150 {
      time += unit() * 3
      switch random.below(8) {
      case 0: inputs.append((.burst(from: S.at(time), to: S.at(time + 2)), false))
      case 1:
        inputs.append((S.drift("L\(random.below(4))", isFiring: random.below(2) == 0, at: time), false))
      case 2:
        let lost = UInt64(random.below(12))
        inputs.append(
          (
            .quality(.init(items: "events", received: 100, losses: [.init("x", lost)], dataTime: S.at(time))),
            false
          ))
      case 3:
        let record = S.record(
          UInt32(number), selection: "hidden", at: time + 5, isBlind: true, anytime: 0.001)
        inputs.append((.candidate(record, regions: ["signal"]), true))
      case 4:
        let correction = AlertCorrection(
          selection: "hidden", run: 8_000, burst: 17, event: UInt32(random.below(max(1, number))),
          reason: "gone",
          dataTime: S.at(time + 4))
        inputs.append((.retraction(correction), true))
        inputs.append(
          (
            .correction(
              S.record(UInt32(number), selection: "hidden", isBlind: true), regions: [], correction), true
          ))
        inputs.append(
          (
            .condition(
              AlertCondition(
                key: "hidden", labels: [.init("line", "hidden")], isFiring: true, text: "7 events",
                dataTime: S.at(time + 9), selection: "hidden")), true
          ))
      default:
        let record = S.record(UInt32(random.below(number + 1)), at: time, anytime: unit())
        inputs.append((.candidate(record, regions: ["control"]), false))
      }
    }
    return inputs
  }

  private static func messages(_ engine: inout RuleEngine, _ inputs: [AlertInput]) -> [AlertMessage] {
    inputs.flatMap { engine.add($0, wallTime: S.at(1)) }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func whatIsSealedChangesNothingAtAll(_ seed: UInt64) throws {
    let stream = Self.stream(seed)
    #expect(stream.contains { $0.isSealed } && stream.contains { !$0.isSealed })
    var (with, without) = (try S.engine(Self.rules), try S.engine(Self.rules))
    let a = Self.messages(&with, stream.map(\.input)) + with.finish(wallTime: S.at(1))
    let b =
      Self.messages(&without, stream.filter { !$0.isSealed }.map(\.input)) + without.finish(wallTime: S.at(1))
    #expect(a == b)
    // Nor what is kept with a checkpoint.
    #expect(with.state == without.state)
    #expect(!a.isEmpty)
    #expect(!a.map(AlertMessageEncoder.line).joined().contains("hidden"))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func anEngineThatGoesOnFromACheckpointSaysTheSame(_ seed: UInt64) throws {
    let inputs = Self.stream(seed).map(\.input)
    var whole = try S.engine(Self.rules)
    let expected = Self.messages(&whole, inputs)
    let cut = Int(seed) * 7 % inputs.count
    var first = try S.engine(Self.rules)
    var found = Self.messages(&first, Array(inputs[..<cut]))
    let kept = try JSONEncoder().encode(first.state)
    var second = RuleEngine(
      rules: first.rules, context: first.context,
      state: try JSONDecoder().decode(RuleEngine.State.self, from: kept))
    found += Self.messages(&second, Array(inputs[cut...]))
    #expect(found == expected)
    #expect(second.state == whole.state)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func theBooksOfEveryRuleCloseAndKeysAreUnique(_ seed: UInt64) throws {
    var engine = try S.engine(Self.rules)
    let messages =
      Self.messages(&engine, Self.stream(seed).map(\.input)) + engine.finish(wallTime: S.at(1))
    for rule in engine.rules.rules {
      let books = engine.books(rule: rule.name)
      #expect(books.closes, "\(rule.name)")
      #expect(books.summarised == books.held)
      #expect(UInt64(messages.count { $0.rule == rule.name }) == books.sent + books.summaries)
    }
    #expect(Set(messages.map(\.key)).count == messages.count)
    #expect(messages.allSatisfy { $0.key.utf8.count <= 200 })
  }

  @Test func aBlindCandidateMadeByHandTellsNothing() throws {
    var engine = try S.engine("- {name: a, on: candidate, selections: ['*']}")
    var message = try #require(
      engine.add(.candidate(S.record(1, observed: 77_777), regions: ["signal"]), wallTime: S.at(0)).first)
    message.candidate?.isBlind = true
    message.text = ""
    message.observed = 77_777
    let line = AlertMessageEncoder.line(message)
    for leak in ["77777", "493.677", "signal", "3.874"] { #expect(!line.contains(leak)) }
  }

  @Test func anOpenRegionOfABlindSelectionShowsNoStateOfItsExperiment() throws {
    var engine = try S.engine(
      "- {name: a, on: candidate, selections: ['*']}\n"
        + "- {name: x, on: significance, selections: ['*'], thresholds: [0.9]}")
    let record = S.record(1, selection: "hidden", observed: 77_777)
    let messages = engine.add(.candidate(record, regions: ["sideband"]), wallTime: S.at(0))
    #expect(messages.map(\.kind) == [.candidate])
    let line = messages.map(AlertMessageEncoder.line).joined()
    for leak in ["77777", "3.874", "p_value"] { #expect(!line.contains(leak)) }
  }

  @Test func aKeyOfAnyTextIsFitForAHeaderAndAnother() {
    let hostile = [
      "", "a", "a/b", "a\r\nBcc: x", "ü", "%", String(repeating: "x", count: 500),
      String(repeating: "x", count: 501),
    ]
    var keys: Set<String> = []
    for text in hostile {
      var engine: RuleEngine? = try? S.engine("- {name: r, on: drift}")
      let messages = engine?.add(S.drift(text, isFiring: true, at: 1), wallTime: S.at(0)) ?? []
      for key in messages.map(\.key) {
        keys.insert(key)
        #expect(key.utf8.allSatisfy { (0x21...0x7E).contains($0) } && key.utf8.count <= 200)
      }
    }
    #expect(keys.count == hostile.count)
  }
}
