public import Configuration
public import CountingStatistics
import Pages

/// Limits and significance of one counting experiment by several methods: one source for what is printed and
/// what is written.
public struct LimitAnswer: Sendable {
  /// What went in, at the efficiency of the signal events that limits are given in.
  public let inputs: StatisticalInputs
  /// Branching ratio per signal event; nil where only events are wanted.
  public let sensitivity: UncertainQuantity?
  /// The intervals, or why a method has none, in the order asked for.
  public let intervals: [(method: IntervalMethod, result: Result<SignalInterval, StatisticsError>)]
  /// The significance of the count.
  public let significance: ExcessSignificance
  /// Median expected limit with bands, by CLs; nil where not asked for.
  public let expected: ExpectedLimits?

  /// The answer. The uncertainty of the sensitivity is one of the efficiency: both multiply the signal.
  ///
  /// Throws for inputs without meaning; what a single method cannot do stands in its place.
  public init(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one,
    sensitivity: UncertainQuantity? = nil, confidenceLevel: Double, methods: [IntervalMethod],
    isExpectedWanted: Bool = false
  ) throws {
    guard efficiency.value > 0, efficiency.value <= 1 else {
      throw StatisticsError.invalidInput(
        name: "efficiency", value: "\(efficiency.value)", expected: "a number above 0 and at most 1")
    }
    if let sensitivity, sensitivity.value <= 0 {
      throw StatisticsError.invalidInput(
        name: "sensitivity", value: "\(sensitivity.value)", expected: "a number above 0")
    }
    let signal = try Self.product(efficiency, sensitivity)
    inputs = try StatisticalInputs(observed: observed, background: background, efficiency: signal)
    self.sensitivity = sensitivity
    var calculator = try MarginalCLs(
      background: background, efficiency: signal, confidenceLevel: confidenceLevel)
    expected = isExpectedWanted ? try calculator.expectedLimits() : nil
    significance = try ExcessSignificance(observed: observed, background: background)
    intervals = try methods.map { method in
      do {
        let interval = try method.interval(
          observed: observed, background: background, efficiency: signal, confidenceLevel: confidenceLevel)
        return (method, .success(interval))
      } catch let error as StatisticsError { return (method, .failure(error)) }
    }
  }

  /// The efficiency with the relative uncertainties of both.
  private static func product(
    _ efficiency: UncertainQuantity, _ sensitivity: UncertainQuantity?
  ) throws -> UncertainQuantity {
    guard let sensitivity, !sensitivity.isKnown else { return efficiency }
    let a = efficiency.uncertainty / efficiency.value
    let b = sensitivity.uncertainty / sensitivity.value
    return try UncertainQuantity(
      efficiency.value, uncertainty: efficiency.value * (a * a + b * b).squareRoot(),
      shape: efficiency.isKnown ? sensitivity.shape : efficiency.shape)
  }

  /// The experiment as a HistFactory workspace: the strength counts signal events, or is the branching ratio.
  public var workspace: HistFactoryWorkspace {
    HistFactoryWorkspace(channels: [
      .init(
        name: "counting", observed: inputs.observed, background: inputs.background,
        signalPerUnit: sensitivity.map { 1 / $0.value } ?? 1, efficiency: inputs.efficiency)
    ])
  }

  // MARK: Text

  /// The answer for a person.
  public func text() -> String {
    let level = intervals.lazy.compactMap { try? $0.result.get() }.first?.origin.confidenceLevel
    var out = "observed \(inputs.observed), background \(inputs.background)"
    if inputs.efficiency != .one { out += ", efficiency \(inputs.efficiency)" }
    if let sensitivity { out += ", branching ratio per event \(sensitivity)" }
    out += "\n\n"
    var columns = ["method", "signal events", "tail", "how"]
    if sensitivity != nil { columns.insert("branching ratio", at: 2) }
    var table = TextTable(columns, alignments: columns.map { _ in .left })
    var notes: [String] = []
    for (method, result) in intervals {
      switch result {
      case .success(let interval):
        var row = [
          method.rawValue, Self.range(interval, 1), interval.origin.tail.rawValue,
          interval.origin.method.rawValue,
        ]
        if let sensitivity { row.insert(Self.range(interval, sensitivity.value), at: 2) }
        table.append(row)
        if let caution = interval.origin.caution { notes.append("\(method.rawValue): \(caution)") }
      case .failure(let error): notes.append("\(method.rawValue): not given: \(error)")
      }
    }
    if table.rowCount > 0 {
      out += level.map { "at \(TextTable.number(100 * $0)) % confidence level\n" } ?? ""
      out += table.text
    }
    for note in notes { out += "  note: \(note)\n" }
    if let expected {
      let bands = [
        expected.minusTwoSigma, expected.minusOneSigma, expected.median, expected.plusOneSigma,
        expected.plusTwoSigma,
      ].map { TextTable.number($0.upper * (sensitivity?.value ?? 1)) }
      out += "\nexpected without a signal (-2, -1, median, +1, +2 σ): \(bands.joined(separator: ", "))\n"
      out += "  \(expected.method.rawValue)\n"
    }
    out += "\np = P(N >= \(inputs.observed) | background) = \(TextTable.number(significance.pValue)); "
    out += "Z one-sided \(significance.zOneSided.map(TextTable.number) ?? "infinite"), "
    out += "two-sided \(significance.zTwoSided.map(TextTable.number) ?? "infinite")\n"
    out += "  \(significance.method.rawValue)\n"
    return out
  }

  private static func range(_ interval: SignalInterval, _ unit: Double) -> String {
    let upper = TextTable.number(interval.upper * unit)
    return interval.lower > 0 ? "\(TextTable.number(interval.lower * unit)) to \(upper)" : "< \(upper)"
  }

  // MARK: Values

  /// The answer as structured values.
  public var value: ConfigValue {
    var entries: [ConfigValue.Entry] = [
      .init("schema", .string("spillway.limit/1")), .init("observed", .int(inputs.observed)),
      .init("background", Self.value(inputs.background)), .init("efficiency", Self.value(inputs.efficiency)),
      .init("sensitivity", sensitivity.map(Self.value) ?? .null),
      .init("intervals", .list(intervals.map(interval))),
    ]
    if let expected {
      let bands = [
        ("minus_two_sigma", expected.minusTwoSigma), ("minus_one_sigma", expected.minusOneSigma),
        ("median", expected.median), ("plus_one_sigma", expected.plusOneSigma),
        ("plus_two_sigma", expected.plusTwoSigma),
      ]
      entries.append(
        .init(
          "expected",
          .map(
            [.init("method", .string(expected.method.rawValue))]
              + bands.map { .init($0.0, .double($0.1.upper)) })))
    }
    entries.append(
      .init(
        "significance",
        .map([
          .init("method", .string(significance.method.rawValue)),
          .init("tail", .string(significance.tail.rawValue)), .init("p_value", .double(significance.pValue)),
          .init("log_p_value", significance.logPValue.isFinite ? .double(significance.logPValue) : .null),
          .init("z_one_sided", significance.zOneSided.map { .double($0) } ?? .null),
          .init("z_two_sided", significance.zTwoSided.map { .double($0) } ?? .null),
        ])))
    return .map(entries)
  }

  private func interval(
    _ item: (method: IntervalMethod, result: Result<SignalInterval, StatisticsError>)
  ) -> ConfigValue {
    switch item.result {
    case .failure(let error):
      return .map([
        .init("name", .string(item.method.rawValue)), .init("refused", .string("\(error)")),
      ])
    case .success(let interval):
      let origin = interval.origin
      return .map([
        .init("name", .string(item.method.rawValue)), .init("method", .string(origin.method.rawValue)),
        .init("tail", .string(origin.tail.rawValue)), .init("ordering", .string(origin.ordering.rawValue)),
        .init("confidence_level", .double(origin.confidenceLevel)), .init("lower", .double(interval.lower)),
        .init("upper", .double(interval.upper)),
        .init(
          "branching_ratio",
          sensitivity.map {
            .list([.double(interval.lower * $0.value), .double(interval.upper * $0.value)])
          } ?? .null),
        .init("seed", origin.toys.map { .string("\($0.seed)") } ?? .null),
        .init("toys", origin.toys.map { .int($0.count) } ?? .null),
        .init("caution", origin.caution.map { .string($0) } ?? .null),
      ])
    }
  }

  private static func value(_ quantity: UncertainQuantity) -> ConfigValue {
    .map([
      .init("value", .double(quantity.value)), .init("uncertainty", .double(quantity.uncertainty)),
      .init("shape", .string(quantity.shape.rawValue)),
    ])
  }
}
