public import Configuration
import CountingStatistics

/// A scan with all that is shown of it.
public struct ScanReport: Sendable {
  /// What was scanned.
  public enum Result: Sendable {
    /// A dark photon.
    case darkPhoton(DarkPhotonScan)
    /// A kaon decay.
    case kaonDecay(KaonDecayScan)
  }

  /// The schema of `scan.json`.
  public static let schema = "spillway.scan-result/1"

  /// The search.
  public let configuration: ScanConfiguration
  /// The run whose counts were taken; nil for the events of the configuration.
  public let counts: CountsTable?
  /// Version of the program.
  public let version: String
  /// The scan.
  public let result: Result

  /// Makes the scan with the counts of a run, or the events of the configuration.
  ///
  /// Throws where counts or acceptances are missing, or a limit cannot be given.
  public init(_ configuration: ScanConfiguration, counts: CountsTable?, version: String) throws {
    self.configuration = configuration
    self.counts = counts
    self.version = version
    let observation = configuration.observation
    let observed: ObservedCounts = counts.map { .run($0) } ?? .events(observation)
    let limits = WindowLimits(confidenceLevel: configuration.confidenceLevel)
    switch configuration.model {
    case .darkPhoton(let search):
      result = .darkPhoton(try DarkPhotonScan(search, observation, observed, limits))
    case .kaonDecay(let search):
      result = .kaonDecay(try KaonDecayScan(search, observation, observed, limits))
    }
  }

  /// The most significant point; nil where nothing was seen.
  public var excess: ScanExcess? {
    switch result {
    case .darkPhoton(let scan): scan.excess
    case .kaonDecay(let scan): scan.excess
    }
  }

  var windows: Int {
    switch result {
    case .darkPhoton(let scan): scan.windows
    case .kaonDecay(let scan): scan.windows
    }
  }

  /// What the reader has to know of the numbers, a sentence each.
  var notes: [String] {
    var notes: [String] = []
    let coincide: Bool
    let acceptance: Acceptance
    switch result {
    case .darkPhoton(let scan):
      coincide = scan.contourPoints.allSatisfy(\.expected.coincide)
      acceptance = scan.search.acceptance
    case .kaonDecay(let scan):
      coincide = scan.points.allSatisfy(\.expected.coincide)
      acceptance = scan.search.acceptance
    }
    if coincide {
      notes.append(
        "expected: with so little background no event is the outcome from -2 to +2 sigma, so the bands are one line"
      )
    }
    let background = configuration.observation.background
    notes.append("background: \(background.provenance.trust.word), \(background.provenance.source)")
    notes.append("acceptance: \(acceptance.provenance.trust.word), \(acceptance.provenance.source)")
    return notes
  }

  /// Where the counts come from, in words.
  var countsText: String {
    if let counts { return "counts of \(counts.source)" }
    let events = configuration.observation.events
    guard !events.isEmpty else { return "no events" }
    return "\(events.count) event\(events.count == 1 ? "" : "s") of the configuration"
  }

  /// The result as structured values: `scan.json`.
  public func summary() -> ConfigValue {
    var entries: [ConfigValue.Entry] = [
      .init("schema", .string(Self.schema)), .init("name", .string(configuration.name)),
      .init("version", .string(version)), .init("configuration_hash", .string(configuration.hash)),
      .init("configuration", configuration.effective),
      .init(
        "counts",
        counts.map { .map([.init("file", .string($0.source)), .init("sha256", .string($0.hash))]) } ?? .null),
      .init("confidence_level", .double(configuration.confidenceLevel)),
      .init("method", .string(configuration.limitMethod.rawValue)),
      .init("expected_method", .string(WindowLimits.expectedMethod.rawValue)),
      .init("tail", .string(WindowLimits.tail.rawValue)),
      .init("notes", .list(notes.map { .string($0) })),
    ]
    switch result {
    case .darkPhoton(let scan): entries += scan.entries
    case .kaonDecay(let scan): entries += scan.entries
    }
    entries.append(.init("independent_windows", .int(windows)))
    entries.append(.init("most_significant", excess.map(\.value) ?? .null))
    return .map(entries)
  }
}

extension ScanExcess {
  var value: ConfigValue {
    func z(_ value: Double?) -> ConfigValue { value.map { .double($0) } ?? .null }
    return .map([
      .init("masses_mev", .list((masses.y == 0 ? [masses.x] : [masses.x, masses.y]).map { .double($0) })),
      .init("observed", .int(local.observed)), .init("background", .double(local.background)),
      .init("p_value_method", .string(local.method.rawValue)), .init("tail", .string(local.tail.rawValue)),
      .init("local_p_value", .double(local.pValue)), .init("local_z_one_sided", z(local.zOneSided)),
      .init("local_z_two_sided", z(local.zTwoSided)),
      .init("global_method", .string("Šidák over windows that do not overlap")),
      .init("global_p_value", .double(globalPValue)), .init("global_z_one_sided", z(globalZ)),
    ])
  }
}

extension Quantiles {
  var value: ConfigValue { .list(values.map { .double($0) }) }
}

extension DarkPhotonScan {
  var entries: [ConfigValue.Entry] {
    func value(_ interval: ExclusionInterval?) -> ConfigValue {
      guard let interval else { return .null }
      return .map([
        .init("lower", .double(interval.lower)), .init("upper", .double(interval.upper)),
        .init("open_below", .bool(interval.isLowerOpen)), .init("open_above", .bool(interval.isUpperOpen)),
      ])
    }
    let list = contourPoints.map { point in
      ConfigValue.map([
        .init("mass_mev", .double(point.mass)), .init("observed", .int(point.observed)),
        .init("background", .double(point.background.events)),
        .init("background_uncertainty", .double(point.background.uncertainty)),
        .init("acceptance", .double(point.acceptance)), .init("limit_events", .double(point.limit)),
        .init("expected_limit_events", point.expected.value),
        .init("largest_yield", .double(point.greatestYield)),
        .init("largest_yield_at", .double(point.greatestMixing)), .init("excluded", value(point.interval)),
        .init("expected_excluded", .list(point.expectedIntervals.map(value))),
      ])
    }
    return [
      .init("points", .list(list)),
      .init("contour", .list(observed.outlines.map(Self.value))),
      .init(
        "expected_contours",
        .map(
          zip(Quantiles.names, expected).map { .init($0, .list($1.outlines.map(Self.value))) })),
    ]
  }

  private static func value(_ outline: [(position: Double, coupling: Double)]) -> ConfigValue {
    .list(outline.map { .list([.double($0.position), .double($0.coupling)]) })
  }
}

extension KaonDecayScan {
  var entries: [ConfigValue.Entry] {
    let list = points.map { point in
      ConfigValue.map([
        .init(
          "masses_mev",
          .list(
            (search.axes.count > 1 ? [point.masses.x, point.masses.y] : [point.masses.x]).map { .double($0) })
        ),
        .init("observed", .int(point.observed)), .init("background", .double(point.background.events)),
        .init("background_uncertainty", .double(point.background.uncertainty)),
        .init("acceptance", .double(point.acceptance)), .init("limit_events", .double(point.limit)),
        .init("expected_limit_events", point.expected.value),
        .init("branching_ratio_limit", point.branchingRatio.map { .double($0) } ?? .null),
        .init("expected_branching_ratio_limit", point.expectedBranchingRatio.map(\.value) ?? .null),
      ])
    }
    return [.init("points", .list(list))]
  }
}
