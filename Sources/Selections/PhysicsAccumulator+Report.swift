public import Configuration

extension PhysicsAccumulator {
  private static let hidden = ConfigValue.string("(blind)")

  /// All that was counted, for `counts.json` and reports.
  ///
  /// While the selection is blind this is called on the open part, and what would be a count of sealed events
  /// reads "(blind)": blind regions, their scans, the counting experiment, and the numbers that tie the cut
  /// flow to other totals (see ``ShownCutFlow``).
  public func report(isBlind: Bool) -> ConfigValue {
    var entries: [ConfigValue.Entry] = [
      .init("selection", .string(flow.selection)), .init("selection_hash", .string(selectionHash)),
      .init("blind", .bool(isBlind)),
    ]
    entries += flowEntries(isBlind)
    entries += [
      .init("regions", .list(regions.map { region($0, isBlind) })), .init("outside", Self.count(outside)),
      .init("ambiguous", Self.count(ambiguous)), .init("scans", .list(scanReports(isBlind))),
      .init("histograms", .list(histograms.map(Self.report))),
      .init("bursts", .list(bursts.periods.indices.map { burst($0, isBlind) })),
    ]
    if let counting {
      let isHidden = isBlind && plan.isCountingBlind
      entries.append(
        .init(
          "counting",
          .map([
            .init("observed", isHidden ? Self.hidden : .int(counting.observed)),
            .init("background", .double(counting.experiment.background)),
          ])))
    }
    return .map(entries)
  }

  private func flowEntries(_ isBlind: Bool) -> [ConfigValue.Entry] {
    let shown = ShownCutFlow(flow, isBlind: isBlind)
    func value(_ count: UInt64?) -> ConfigValue { count.map(Self.count) ?? Self.hidden }
    let steps = shown.steps.map { step in
      ConfigValue.map([
        .init("cut", .string(step.label)), .init("passed", Self.count(step.passed)),
        .init("failed", value(step.failed)), .init("unavailable", value(step.unavailable)),
      ])
    }
    return [
      .init("seen", value(shown.seen)), .init("not_entered", value(shown.notEntered)),
      .init("entered", value(shown.entered)), .init("selected", Self.count(flow.selected)),
      .init("cut_flow", .list(steps)),
    ]
  }

  private func region(_ region: RegionCount, _ isBlind: Bool) -> ConfigValue {
    .map([
      .init("name", .string(region.name)),
      .init("events", isBlind && region.isBlind ? Self.hidden : Self.count(region.events)),
    ])
  }

  /// Run and burst of a period.
  public static func entries(period: UInt64) -> [ConfigValue.Entry] {
    let (run, burst) = runAndBurst(ofPeriod: period)
    return [.init("run", .int(Int(run))), .init("burst", .int(Int(burst)))]
  }

  /// The counts of a burst; regions under their names, as `regions` has them for the run.
  private func burst(_ place: Int, _ isBlind: Bool) -> ConfigValue {
    var entries = Self.entries(period: bursts.periods[place])
    entries.append(.init("selected", Self.count(bursts[place, 0])))
    if counting != nil, !(isBlind && plan.isCountingBlind) {
      entries.append(.init("counting", Self.count(bursts[place, 1])))
    }
    let shown = regions.indices.filter { !(isBlind && regions[$0].isBlind) }
    if !shown.isEmpty {
      let counts = shown.map { ConfigValue.Entry(regions[$0].name, Self.count(bursts[place, 2 + $0])) }
      entries.append(.init("regions", .map(counts)))
    }
    return .map(entries)
  }

  private func scanReports(_ isBlind: Bool) -> [ConfigValue] {
    zip(scans, plan.areScansBlind).map { scan, isSealed in
      let masses = scan.points.indices.map { point in
        ConfigValue.list(scan.masses(point).map { .double($0) })
      }
      return .map([
        .init("name", .string(scan.name)),
        .init("variables", .list(scan.axes.map { .string($0.variable) })),
        .init("masses", .list(masses)),
        .init(
          "events", isBlind && isSealed ? Self.hidden : .list(scan.counts.map(Self.count))),
      ])
    }
  }

  private static func report(_ histogram: Histogram) -> ConfigValue {
    let axes = histogram.axes.map { axis in
      ConfigValue.map([
        .init("variable", .string(axis.variable)), .init("unit", axis.unit.map { .string($0) } ?? .null),
        .init("bins", .int(axis.bins)), .init("low", .double(axis.low)), .init("high", .double(axis.high)),
      ])
    }
    return .map([
      .init("name", .string(histogram.name)), .init("axes", .list(axes)),
      .init("counts", .list(histogram.counts.map(count))),
      .init("unavailable", count(histogram.unavailable)),
    ])
  }

  private static func count(_ value: UInt64) -> ConfigValue { .int(Int(clamping: value)) }
}
