public import Configuration
import CountingStatistics
import Foundation
import Pages
public import Selections

/// What of a blind selection only the ledger may take.
public struct SealedSelection: Sendable {
  /// Name of the selection.
  public let name: String
  /// Hash of the selection.
  public let hash: String
  /// How many numbers it counts, by its declaration alone.
  public let cells: Int
  /// The unblinded result.
  public let result: ConfigValue
  /// The same for a person.
  public let text: String
  /// The sealed events, in the order of the data; of many the first ones.
  public let events: [SealedCandidate]
  /// How many there are.
  public let count: UInt64
}

extension ReplayReport {
  /// A selection with its counts as they may be shown.
  struct Shown {
    let selection: PhysicsSelection
    let part: PhysicsAccumulator
    let isBlind: Bool
    let summary: CountingSummary?

    var result: CountingResult? { summary?.result }
  }

  /// The selections as they may be shown.
  var shown: [Shown] {
    guard let engine = account.selections?.engine else { return [] }
    return engine.set.selections.indices.map { index in
      let selection = engine.set.selections[index]
      return Shown(
        selection: selection, part: engine.accounts[index].open, isBlind: selection.isBlind,
        summary: results[index])
    }
  }

  // MARK: Text

  /// The selections for a person; empty without any.
  public func countsText() -> String {
    let shown = shown
    guard !shown.isEmpty else { return "" }
    var out = ""
    if shown.contains(where: { $0.selection.counting != nil }) {
      var table = TextTable(
        Self.countingColumns, alignments: [.left] + Self.countingColumns.dropFirst().map { _ in .right })
      for item in shown where item.selection.counting != nil { table.append(Self.countingRow(item)) }
      out += "Counting experiments (limits on signal events: exact CLs, one-sided; p at any time: Ville)\n"
      out += table.text
    } else {
      out += "Selections\n"
    }
    for item in shown { out += Self.flowText(item) }
    return out
  }

  static let countingColumns = [
    "selection", "observed", "background", "limit", "BR limit", "p", "Z (1-sided)", "Z (2-sided)",
    "p at any time",
  ]

  static func countingRow(_ item: Shown) -> [String] {
    let b = item.selection.counting.map { backgroundText($0.experiment.expectedBackground) } ?? "-"
    guard let result = item.result else {
      return [item.selection.name, item.isBlind ? "blind" : "-", b, "-", "-", "-", "-", "-", "-"]
    }
    return [
      item.selection.name, "\(result.observed)", b,
      "< \(TextTable.number(result.limit.upper)) at \(TextShare.percent(result.limit.confidenceLevel))",
      result.branchingRatioLimit.map { "< \(TextTable.number($0))" } ?? "-",
      TextTable.number(result.significance.pValue),
      result.significance.zOneSided.map(TextTable.number) ?? "-",
      result.significance.zTwoSided.map(TextTable.number) ?? "-",
      item.summary?.anytime.map { TextTable.number($0.pValue) } ?? "-",
    ]
  }

  private static func backgroundText(_ quantity: UncertainQuantity) -> String {
    TextTable.number(quantity.value)
      + (quantity.isKnown ? "" : " ± \(TextTable.number(quantity.uncertainty))")
  }

  /// Cut flow, regions and exposure of a selection, a line each.
  static func flowText(_ item: Shown) -> String {
    let flow = ShownCutFlow(item.part.flow, isBlind: item.isBlind)
    var out = "  \(item.selection.name): \(flow.entered.map { "\($0)" } ?? "(blind)") kept events"
    for step in flow.steps {
      out += " -> \(shortLabel(step.label)) \(step.passed)"
      if let unavailable = step.unavailable, unavailable > 0 { out += " (\(unavailable) not available)" }
    }
    out += "\n"
    if !item.part.regions.isEmpty {
      let regions = item.part.regions.map { region in
        "\(region.name) \(item.isBlind && region.isBlind ? "blind" : "\(region.events)")"
      }
      out += "    regions: " + regions.joined(separator: ", ") + "; outside \(item.part.outside)"
      if item.part.ambiguous > 0 { out += "; ambiguous \(item.part.ambiguous)" }
      out += "\n"
    }
    if let exposure = exposure(item), let flux = item.selection.flux {
      out += "    \(flux.unit): \(TextTable.number(exposure.value)) from \(events(exposure.events))\n"
    }
    if let alarms = item.summary?.alarmText { out += "    \(alarms)\n" }
    return out
  }

  /// The name of a cut; what it asks where it is a condition of schema 1, which have none.
  private static func shortLabel(_ label: String) -> String {
    guard let end = label.range(of: ": ") else { return label }
    return label.hasPrefix("condition-") ? String(label[end.upperBound...]) : String(label[..<end.lowerBound])
  }

  /// A number of events in words.
  static func events(_ count: UInt64) -> String { "\(count) event\(count == 1 ? "" : "s")" }

  /// The exposure that a selection measures; nil where it measures none, or where its events are blind.
  static func exposure(_ item: Shown) -> (value: Double, events: UInt64)? {
    guard let flux = item.selection.flux else { return nil }
    var events = item.part.flow.selected
    if flux.regions == 0 {
      guard !item.isBlind else { return nil }
    } else {
      events = 0
      for (index, region) in item.part.regions.enumerated() where flux.regions >> UInt64(index) & 1 == 1 {
        guard !(item.isBlind && region.isBlind) else { return nil }
        events += region.events
      }
    }
    return (flux.exposure(events: events), events)
  }

  // MARK: Values

  /// The selections as structured values, with all that was counted, or without histograms and scans.
  public func counts(isBrief: Bool = false) -> ConfigValue {
    let left: Set<String> = isBrief ? ["histograms", "scans", "bursts", "history"] : []
    return .map([
      .init("schema", .string("spillway.counts/2")),
      .init("selections", .list(shown.map { .map(Self.entries($0, leaving: left)) })),
    ])
  }

  static func entries(_ item: Shown, leaving left: Set<String> = []) -> [ConfigValue.Entry] {
    var entries: [ConfigValue.Entry] = []
    if case .map(let all) = item.part.report(isBlind: item.isBlind) {
      entries = all.filter { $0.key != "counting" && !left.contains($0.key) }
    }
    if let exposure = exposure(item), let flux = item.selection.flux {
      entries.append(
        .init(
          "exposure",
          .map([
            .init("unit", .string(flux.unit)), .init("value", .double(exposure.value)),
            .init("events", .int(Int(clamping: exposure.events))),
          ])))
    }
    if let counting = item.selection.counting {
      entries.append(.init("counting", .map(Self.entries(counting, item.summary, item.isBlind))))
    }
    if let history = item.summary?.history, !left.contains("history") {
      entries.append(.init("history", CountingSummary.value(history)))
    }
    return entries
  }

  private static func entries(
    _ counting: SelectionCounting, _ summary: CountingSummary?, _ isBlind: Bool
  ) -> [ConfigValue.Entry] {
    let experiment = counting.experiment
    var entries: [ConfigValue.Entry] = [
      .init("background", .double(experiment.background)),
      .init("background_uncertainty", .double(experiment.expectedBackground.uncertainty)),
      .init("background_shape", .string(experiment.expectedBackground.shape.rawValue)),
      .init("background_trust", .string(counting.backgroundProvenance.trust.rawValue)),
      .init("background_source", .string(counting.backgroundProvenance.source)),
      .init("efficiency", .double(experiment.efficiency)),
      .init("confidence_level", .double(experiment.confidenceLevel)),
    ]
    if let summary {
      let result = summary.result
      entries += [
        .init("method", .string(result.limit.method.rawValue)),
        .init("ordering", .string(result.limit.origin.ordering.rawValue)),
        .init("tail", .string(result.limit.tail.rawValue)),
        .init("observed", .int(result.observed)),
        .init("upper_limit_events", .double(result.limit.upper)),
        .init("upper_limit_branching_ratio", result.branchingRatioLimit.map { .double($0) } ?? .null),
        .init("p_value", .double(result.significance.pValue)),
        .init("p_value_method", .string(result.significance.method.rawValue)),
        .init("z_one_sided", result.significance.zOneSided.map { .double($0) } ?? .null),
        .init("z_two_sided", result.significance.zTwoSided.map { .double($0) } ?? .null),
      ]
      entries += summary.sequentialEntries
    } else if isBlind {
      entries.append(.init("observed", .string("(blind)")))
    }
    return entries
  }

  // MARK: What is sealed

  /// What of each blind selection only the ledger may take.
  ///
  /// - Throws: `SelectionError` or `StatisticsError`.
  public func sealed() throws -> [SealedSelection] {
    guard let run = account.selections else { return [] }
    let set = run.engine.set
    return try zip(set.selections, run.engine.accounts).filter { $0.0.isBlind }.map { selection, part in
      let whole = try part.unblinded()
      let item = Shown(
        selection: selection, part: whole, isBlind: false,
        summary: try CountingSummary(whole, periods: account.periods))
      let events = run.sealed.filter { $0.selectionHash == selection.hash }
      return SealedSelection(
        name: selection.name, hash: selection.hash, cells: selection.cellCount,
        // The list of bursts has no bound by declaration; the box has.
        result: .map(Self.entries(item, leaving: ["bursts"])),
        text: Self.unblindedText(item, events, part.sealed.flow.selected),
        events: events, count: part.sealed.flow.selected)
    }
  }

  private static func unblindedText(_ item: Shown, _ events: [SealedCandidate], _ count: UInt64) -> String {
    var out = ""
    if item.selection.counting != nil {
      var table = TextTable(
        Self.countingColumns, alignments: [.left] + Self.countingColumns.dropFirst().map { _ in .right })
      table.append(countingRow(item))
      out += table.text
    }
    out += flowText(item)
    out += "  sealed: \(Self.events(count))"
    out += events.isEmpty ? "\n" : ": run-burst-event, regions\n"
    for event in events.prefix(20) {
      out += "    \(event.run)-\(event.burst)-\(event.event)  \(event.regions.joined(separator: ", "))\n"
    }
    if count > 20 { out += "    and \(count - 20) more\n" }
    return out
  }

  /// How long reconstruction and selections took, for a person; empty where nothing was reconstructed. It tells of
  /// the machine, not of the data.
  public func timingText() -> String {
    guard let run = account.selections, run.timing.all.events > 0 else { return "" }
    let timing = run.timing
    func text(_ stage: StageTiming) -> String {
      [stage.mean, stage.quantile(0.5), stage.quantile(0.99)]
        .map { $0.map(TextTable.number) ?? "-" }.joined(separator: " / ")
    }
    return "reconstruction and selections: \(timing.all.events) events, mean / p50 / p99 in µs: "
      + "all \(text(timing.all)), reconstruction \(text(timing.reconstruction))"
  }

  /// How long reconstruction and selections took, as structured values.
  public func timing() -> ConfigValue {
    guard let run = account.selections, run.timing.all.events > 0 else { return .null }
    let names = run.engine.set.selections.map(\.name)
    let selections = zip(names, run.timing.selections).filter { $0.1.events > 0 }
    return .map([
      .init("schema", .string("spillway.timing/1")), .init("all", run.timing.all.configValue),
      .init("reconstruction", run.timing.reconstruction.configValue),
      .init("selections", .map(selections.map { .init($0, $1.configValue) })),
    ])
  }
}
