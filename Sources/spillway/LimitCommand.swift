import ArgumentParser
import Configuration
import CountingStatistics
import Pages
import Searches
import TriggerPipeline

/// `spillway limit`: the calculator.
struct LimitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit",
    abstract: "Limits and significance of a counting experiment, by several methods.",
    discussion: """
      Numbers may have an uncertainty: 0.016±0.002 (or 0.016+-0.002, 7.03±13%), with a shape behind a colon \
      (gaussian, log-normal, gamma, auxiliary count), or an auxiliary count such as 25/50: 25 events where 50 times \
      the background is expected. Several channels share one signal: give their options in the same order. With --sensitivity (one signal event's branching ratio at efficiency 1) or --exposure \
      limits are also branching ratios. Docs/Statistics.md says which method to take when.

      Examples:
        spillway limit --observed 1 --background 0.016±0.002
        spillway limit --observed 3 --background 1.65 --sensitivity 3.462e-11 --method cls,fc
        spillway limit --observed 20 --background 7.03±0.94:log-normal --efficiency 0.9±5% --expected --json
        spillway limit --observed 0 --background 0.3±0.1 --pyhf workspace.json
        spillway limit --observed 1 --background 0.15 --efficiency 0.1 \\
                       --observed 2 --background 1.5 --efficiency 0.9 --method cls
      """)

  @Option(help: "Events seen; give it once for each channel.")
  var observed: [Int] = []

  @Option(help: ArgumentHelp("Expected background, in events; once for each channel.", valueName: "number"))
  var background: [String] = []

  @Option(
    help: ArgumentHelp(
      "Efficiency of the signal, at most 1 (default: 1); once, or once for each channel.", valueName: "number"
    ))
  var efficiency: [String] = []

  @Option(help: ArgumentHelp("Branching ratio per signal event at efficiency 1.", valueName: "number"))
  var sensitivity: String?

  @Option(
    help: ArgumentHelp(
      "Decays (or protons on target) times acceptance: 1 / sensitivity.", valueName: "number"))
  var exposure: String?

  @Option(name: [.customLong("cl")], help: "Confidence level.")
  var confidenceLevel = 0.9

  @Option(help: ArgumentHelp("Methods, with commas: \(MethodList.names).", valueName: "list"))
  var method = MethodList([.cls, .feldmanCousins, .rolke, .bayes])

  @Flag(help: "Add the median limit expected without a signal, with 68 % and 95 % bands, by CLs.")
  var expected = false

  @Option(help: ArgumentHelp("Write a pyhf (HistFactory) workspace here.", valueName: "file"))
  var pyhf: String?

  @Flag(help: "Print the results as JSON.")
  var json = false

  func validate() throws {
    if sensitivity != nil, exposure != nil {
      throw ValidationError("--sensitivity and --exposure: one is the inverse of the other; give one")
    }
    guard !observed.isEmpty else { throw ValidationError("--observed: expected the events seen") }
    guard background.count == observed.count else {
      throw ValidationError(
        "--background: \(background.count) given, expected \(observed.count), as many as --observed")
    }
    guard efficiency.count <= 1 || efficiency.count == observed.count else {
      throw ValidationError(
        "--efficiency: \(efficiency.count) given, expected none, 1 or \(observed.count), as many as --observed"
      )
    }
  }

  func run() throws {
    let answer: LimitAnswer
    do {
      let efficiencies = try efficiency.map { try Self.number($0, "--efficiency") }
      let counts = try zip(observed, background).enumerated().map { number, count in
        (
          observed: count.0, background: try Self.number(count.1, "--background"),
          efficiency: efficiencies.count > 1 ? efficiencies[number] : efficiencies.first ?? .one
        )
      }
      answer = try LimitAnswer(
        counts: counts,
        sensitivity: try Self.sensitivity(
          sensitivity.map { try Self.number($0, "--sensitivity") },
          exposure.map { try Self.number($0, "--exposure") }), confidenceLevel: confidenceLevel,
        methods: method.methods, isExpectedWanted: expected)
      if let pyhf { try OutputFile.write(answer.workspace().value.json() + "\n", to: pyhf) }
    } catch let error as StatisticsError { throw Failure.usage(error) }
    Terminal.out(json ? answer.value.json() + "\n" : answer.text())
    if let pyhf, !json { Terminal.out("\nworkspace: \(pyhf)\n") }
  }

  private static func number(_ text: String, _ option: String) throws -> UncertainQuantity {
    do { return try UncertainNumber.parse(text) } catch {
      throw Failure.usage("\(option) \(text): \(error)")
    }
  }

  private static func sensitivity(
    _ sensitivity: UncertainQuantity?, _ exposure: UncertainQuantity?
  ) throws -> UncertainQuantity? {
    guard let exposure else { return sensitivity }
    guard exposure.value > 0 else {
      throw StatisticsError.invalidInput(
        name: "exposure", value: "\(exposure.value)", expected: "a finite number above 0")
    }
    return try UncertainQuantity(
      1 / exposure.value, uncertainty: exposure.uncertainty / exposure.value / exposure.value,
      shape: exposure.isKnown ? .known : exposure.shape)
  }
}

/// Methods with commas.
struct MethodList: ExpressibleByArgument {
  static let names = IntervalMethod.allCases.map(\.rawValue).joined(separator: ", ")

  let methods: [IntervalMethod]

  init(_ methods: [IntervalMethod]) { self.methods = methods }

  init?(argument: String) {
    var methods: [IntervalMethod] = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let method = IntervalMethod(rawValue: String(name)) else { return nil }
      if !methods.contains(method) { methods.append(method) }
    }
    self.methods = methods
  }

  var defaultValueDescription: String { methods.map(\.rawValue).joined(separator: ",") }
}
