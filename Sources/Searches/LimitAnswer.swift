public import Configuration
public import CountingStatistics
import Pages

/// Limits and significance of a counting experiment, or of several that share a signal, by several methods: one
/// source for what is printed and what is written.
public struct LimitAnswer: Sendable {
  /// An interval of the signal strength, whatever it was computed with.
  public struct Entry: Sendable {
    /// Lower end; 0 for an upper limit.
    public let lower: Double
    /// Upper end, in signal events before efficiencies.
    public let upper: Double
    let method: StatisticalMethod
    let tail: TailConvention
    let ordering: OrderingRule
    let confidenceLevel: Double
    let toys: ResultOrigin.Toys?
    let caution: String?

    init(_ interval: SignalInterval) {
      let origin = interval.origin
      (lower, upper, method, tail) = (interval.lower, interval.upper, origin.method, origin.tail)
      (ordering, confidenceLevel) = (origin.ordering, origin.confidenceLevel)
      (toys, caution) = (origin.toys, origin.caution)
    }

    init(_ interval: StrengthInterval) {
      (lower, upper, method, tail) = (interval.lower, interval.upper, interval.method, interval.tail)
      (ordering, confidenceLevel) = (interval.ordering, interval.confidenceLevel)
      (toys, caution) = (nil, interval.caution)
    }
  }

  /// The experiments; the efficiency of each has the uncertainty of the sensitivity too.
  public let channels: [CountingChannel]
  /// Branching ratio per signal event before efficiencies; nil where only events are wanted.
  public let sensitivity: UncertainQuantity?
  /// The intervals, or why a method has none, in the order asked for.
  public let intervals: [(method: IntervalMethod, result: Result<Entry, StatisticsError>)]
  /// The significance of each count.
  public let significances: [ExcessSignificance]
  /// Median expected limit with bands, by CLs; nil where not asked for, and for several channels.
  public let expected: ExpectedLimits?

  /// The answer for experiments of the given counts. The uncertainty of the sensitivity is one of the efficiency:
  /// both multiply the signal.
  ///
  /// Throws for inputs without meaning; what a single method cannot do stands in its place.
  public init(
    counts: [(observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity)],
    sensitivity: UncertainQuantity? = nil, confidenceLevel: Double, methods: [IntervalMethod],
    isExpectedWanted: Bool = false
  ) throws {
    if let sensitivity, sensitivity.value <= 0 {
      throw StatisticsError.invalidInput(
        name: "sensitivity", value: "\(sensitivity.value)", expected: "a number above 0")
    }
    self.sensitivity = sensitivity
    channels = try counts.enumerated().map { number, count in
      try CountingChannel(
        name: counts.count == 1 ? "counting" : "channel \(number + 1)", observed: count.observed, signal: 1,
        background: count.background, efficiency: Self.product(count.efficiency, sensitivity))
    }
    guard let first = channels.first else {
      throw StatisticsError.invalidInput(name: "counts", value: "none", expected: "one or more")
    }
    // A level without meaning is an error of the whole, not of a method.
    var calculator = try MarginalCLs(
      background: first.background, efficiency: first.efficiency, confidenceLevel: confidenceLevel)
    expected = isExpectedWanted && channels.count == 1 ? try calculator.expectedLimits() : nil
    significances = try channels.map {
      try ExcessSignificance(observed: $0.observed, background: $0.background)
    }
    let channels = channels
    intervals = try methods.map { method in
      do {
        guard channels.count == 1 else {
          let interval = try method.interval(channels: channels, confidenceLevel: confidenceLevel)
          return (method, .success(Entry(interval)))
        }
        let interval = try method.interval(
          observed: first.observed, background: first.background, efficiency: first.efficiency,
          confidenceLevel: confidenceLevel)
        return (method, .success(Entry(interval)))
      } catch let error as StatisticsError { return (method, .failure(error)) }
    }
  }

  /// The efficiency with the relative uncertainties of both.
  private static func product(
    _ efficiency: UncertainQuantity, _ sensitivity: UncertainQuantity?
  ) throws -> UncertainQuantity {
    guard let sensitivity, !sensitivity.isKnown, efficiency.value > 0 else { return efficiency }
    let a = efficiency.uncertainty / efficiency.value
    let b = sensitivity.uncertainty / sensitivity.value
    return try UncertainQuantity(
      efficiency.value, uncertainty: efficiency.value * (a * a + b * b).squareRoot(),
      shape: efficiency.isKnown ? sensitivity.shape : efficiency.shape)
  }

  /// The experiment as a HistFactory workspace: the strength counts signal events, or is the branching ratio.
  public func workspace() throws -> HistFactoryWorkspace {
    HistFactoryWorkspace(
      channels: try channels.map {
        try CountingChannel(
          name: $0.name, observed: $0.observed, signal: sensitivity.map { 1 / $0.value } ?? 1,
          background: $0.background, efficiency: $0.efficiency)
      })
  }

  // MARK: Text

  /// The answer for a person.
  public func text() -> String {
    var out = ""
    for channel in channels {
      if channels.count > 1 { out += "\(channel.name): " }
      out += "observed \(channel.observed), background \(channel.background)"
      if channel.efficiency != .one { out += ", efficiency \(channel.efficiency)" }
      out += "\n"
    }
    if let sensitivity { out += "branching ratio per event \(sensitivity)\n" }
    var columns = ["method", "signal events", "tail", "how"]
    if sensitivity != nil { columns.insert("branching ratio", at: 2) }
    var table = TextTable(columns, alignments: columns.map { _ in .left })
    var notes: [String] = []
    for (method, result) in intervals {
      switch result {
      case .success(let entry):
        var row = [method.rawValue, Self.range(entry, 1), entry.tail.rawValue, entry.method.rawValue]
        if let sensitivity { row.insert(Self.range(entry, sensitivity.value), at: 2) }
        table.append(row)
        if let caution = entry.caution { notes.append("\(method.rawValue): \(caution)") }
      case .failure(let error): notes.append("\(method.rawValue): not given: \(error)")
      }
    }
    let level = intervals.lazy.compactMap { try? $0.result.get() }.first?.confidenceLevel
    if let level { out += "\nconfidence level \(level)\n\(table.text)" }
    for note in notes { out += "  note: \(note)\n" }
    if let expected {
      let bands = [
        expected.minusTwoSigma, expected.minusOneSigma, expected.median, expected.plusOneSigma,
        expected.plusTwoSigma,
      ].map { TextTable.number($0.upper * (sensitivity?.value ?? 1)) }
      out += "\nexpected without a signal (-2, -1, median, +1, +2 σ): \(bands.joined(separator: ", "))\n"
      out += "  \(expected.method.rawValue)\n"
    }
    out += "\n"
    for (channel, significance) in zip(channels, significances) {
      if channels.count > 1 { out += "\(channel.name): " }
      out += "p = P(N >= \(channel.observed) | background) = \(TextTable.number(significance.pValue)); "
      out += "Z one-sided \(significance.zOneSided.map(TextTable.number) ?? "infinite"), "
      out += "two-sided \(significance.zTwoSided.map(TextTable.number) ?? "infinite") "
      out += "(\(significance.method.rawValue))\n"
    }
    return out
  }

  private static func range(_ interval: Entry, _ unit: Double) -> String {
    let upper = TextTable.number(interval.upper * unit)
    return interval.lower > 0 ? "\(TextTable.number(interval.lower * unit)) to \(upper)" : "< \(upper)"
  }

  // MARK: Values

  /// The answer as structured values.
  public var value: ConfigValue {
    var entries: [ConfigValue.Entry] = [
      .init("schema", .string("spillway.limit/1")),
      .init("channels", .list(zip(channels, significances).map(Self.value))),
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
    return .map(entries)
  }

  private static func value(_ channel: CountingChannel, _ significance: ExcessSignificance) -> ConfigValue {
    .map([
      .init("name", .string(channel.name)), .init("observed", .int(channel.observed)),
      .init("background", value(channel.background)), .init("efficiency", value(channel.efficiency)),
      .init(
        "significance",
        .map([
          .init("method", .string(significance.method.rawValue)),
          .init("tail", .string(significance.tail.rawValue)), .init("p_value", .double(significance.pValue)),
          .init("log_p_value", significance.logPValue.isFinite ? .double(significance.logPValue) : .null),
          .init("z_one_sided", significance.zOneSided.map { .double($0) } ?? .null),
          .init("z_two_sided", significance.zTwoSided.map { .double($0) } ?? .null),
        ])),
    ])
  }

  private func interval(
    _ item: (method: IntervalMethod, result: Result<Entry, StatisticsError>)
  ) -> ConfigValue {
    switch item.result {
    case .failure(let error):
      return .map([
        .init("name", .string(item.method.rawValue)), .init("refused", .string("\(error)")),
      ])
    case .success(let entry):
      return .map([
        .init("name", .string(item.method.rawValue)), .init("method", .string(entry.method.rawValue)),
        .init("tail", .string(entry.tail.rawValue)), .init("ordering", .string(entry.ordering.rawValue)),
        .init("confidence_level", .double(entry.confidenceLevel)), .init("lower", .double(entry.lower)),
        .init("upper", .double(entry.upper)),
        .init(
          "branching_ratio",
          sensitivity.map {
            .list([.double(entry.lower * $0.value), .double(entry.upper * $0.value)])
          } ?? .null),
        .init("seed", entry.toys.map { .string("\($0.seed)") } ?? .null),
        .init("toys", entry.toys.map { .int($0.count) } ?? .null),
        .init("caution", entry.caution.map { .string($0) } ?? .null),
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
