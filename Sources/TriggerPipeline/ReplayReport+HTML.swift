public import Configuration
import CountingStatistics
import L1Trigger
import Pages
import Selections

extension ReplayReport {
  /// The results as a page that needs nothing else: no network, no script. Of blind selections it shows what
  /// ``counts(isBrief:)`` does, and nothing more.
  ///
  /// - Parameters:
  ///   - manifest: What `run.json` says.
  ///   - sections: Further parts of the page, with their titles: they stand behind the selections.
  /// - Throws: `StatisticsError`.
  public func html(
    manifest: ConfigValue, sections: [(title: String, html: String)] = []
  ) throws -> String {
    var out = HTML.paragraph("Input: \(account.inputName)")
    let bursts = account.rates.bursts
    out += HTML.paragraph(
      "\(account.rates.events) events in \(bursts) burst\(bursts == 1 ? "" : "s"), \(account.rates.kept) kept; "
        + "books \(closes ? "close" : "DO NOT CLOSE").")
    out += "<h2>Trigger rates</h2>\n" + (try ratesTable())
    if !shown.isEmpty {
      out += "<h2>Selections</h2>\n" + countingTable()
      for item in shown { out += section(item) }
    }
    for section in sections { out += "<h2>\(HTML.escaped(section.title))</h2>\n" + section.html }
    out += timingSection()
    out += "<h2>Books</h2>\n" + booksTable()
    out += "<h2>Provenance</h2>\n" + provenance(manifest)
    return HTML.page(title: "Replay through \(menu.name)", out)
  }

  // MARK: Rates and books

  private func ratesTable() throws -> String {
    let rows = try activeMasks.map { mask in
      let counts = account.rates.masks[mask]
      return [
        "\(mask)", menu.masks[mask].name, "\(counts.l0Input)", "\(counts.l1Input)",
        "\(counts.l1Accepted)", try rateText(counts.l1Accepted),
      ]
    }
    return HTML.table(
      ["mask", "name", "L0 input", "L1 in", "L1 accepted", "rate after L1"], rows, left: [1])
      + HTML.paragraph(
        "Over \(number(account.rates.liveTime * 1000)) ms of live time; errors: Garwood, 68.27 %.",
        isNote: true)
  }

  private func booksTable() -> String {
    let rows = Self.levels.flatMap { level in
      books.filter { $0.level == level && $0.count != 0 }.map { [level, $0.column, "\($0.count)"] }
    }
    return HTML.table(["level", "column", "count"], rows, left: [1])
  }

  private func timingSection() -> String {
    guard let run = account.selections, run.timing.all.events > 0 else { return "" }
    func row(_ name: String, _ stage: StageTiming) -> [String] {
      [name, "\(stage.events)"]
        + [stage.mean, stage.quantile(0.5), stage.quantile(0.99)].map { $0.map(number) ?? "-" }
    }
    var rows = [
      row("reconstruction and all selections", run.timing.all),
      row("reconstruction", run.timing.reconstruction),
    ]
    for (selection, stage) in zip(run.engine.set.selections, run.timing.selections) where stage.events > 0 {
      rows.append(row(selection.name, stage))
    }
    return "<h2>Time for each event</h2>\n"
      + HTML.table(["stage", "events", "mean [µs]", "p50 [µs]", "p99 [µs]"], rows)
      + HTML.paragraph("Wall time on the machine of the run; quantiles by bins of 12 %.", isNote: true)
  }

  private func provenance(_ manifest: ConfigValue) -> String {
    guard case .map(let entries) = manifest else { return "" }
    var rows: [[String]] = []
    for entry in entries where !["results", "l0", "bursts"].contains(entry.key) {
      switch entry.value {
      case .list(let items): for item in items { rows.append([entry.key, item.json()]) }
      case .string(let text): rows.append([entry.key, text])
      default: rows.append([entry.key, entry.value.json()])
      }
    }
    return HTML.table(["what", "value"], rows, left: [1])
  }

  // MARK: Selections

  private func countingTable() -> String {
    let rows = shown.filter { $0.selection.counting != nil }.map(Self.countingRow)
    guard !rows.isEmpty else { return "" }
    return HTML.table(Self.countingColumns, rows)
      + HTML.paragraph(
        "Limits on signal events: exact CLs, one-sided, ordered by count. The p-value at any time holds however "
          + "often the run is looked at (Docs/Sequential.md).", isNote: true)
  }

  private func section(_ item: Shown) -> String {
    var out = "<h3>\(HTML.escaped(item.selection.name))\(item.isBlind ? " (blind)" : "")</h3>\n"
    if !item.selection.description.isEmpty { out += HTML.paragraph(item.selection.description, isNote: true) }
    if !item.part.regions.isEmpty {
      let rows = zip(item.selection.regions, item.part.regions).map { region, count in
        [
          region.name, item.isBlind && region.isBlind ? "blind" : "\(count.events)", region.label,
        ]
      }
      out += HTML.table(
        ["region", "events", "where"], rows + [["outside", "\(item.part.outside)", ""]], left: [2])
    }
    if let exposure = Self.exposure(item), let flux = item.selection.flux {
      out += HTML.paragraph("\(flux.unit): \(number(exposure.value)), from \(Self.events(exposure.events)).")
    }
    if let alarms = item.summary?.alarmText { out += HTML.paragraph(alarms) }
    out += cutFlow(item)
    let plots =
      historyPlots(item) + item.part.histograms.map(plot)
      + item.part.scans.enumerated().map { plot($1, of: item, index: $0) }
    if !plots.isEmpty {
      out += "<div class=\"grid2 large\">\n" + plots.joined() + "</div>\n"
    }
    return out
  }

  private func cutFlow(_ item: Shown) -> String {
    let flow = ShownCutFlow(item.part.flow, isBlind: item.isBlind)
    func text(_ count: UInt64?) -> String { count.map { "\($0)" } ?? "blind" }
    let rows = flow.steps.map { step in
      [step.label, "\(step.passed)", text(step.failed), text(step.unavailable)]
    }
    return "<details open><summary>Cut flow</summary>\n"
      + HTML.table(
        ["cut", "passed", "failed", "not available"],
        [["entered", text(flow.entered), "", ""]] + rows, left: [0])
      + (item.isBlind
        ? HTML.paragraph(
          "Open events only. The numbers that would give the sealed ones by subtraction are withheld.",
          isNote: true) : "") + "</details>\n"
  }

  /// How limit and significance went along the run; none for a run of one burst.
  private func historyPlots(_ item: Shown) -> [String] {
    guard let points = item.summary?.history.points, let last = points.last, points.count > 1 else {
      return []
    }
    func plot(_ title: String, _ caption: String, _ lines: [[(x: Double, y: Double)]]) -> String {
      let values = lines.joined().map(\.y)
      let low = min(0, 1.05 * (values.min() ?? 0))
      var plot = SVGPlot(
        width: 520, height: 260, x: 0...Double(max(2, last.passed)),
        y: low...max(low + 1, 1.05 * (values.max() ?? 1)),
        xTitle: "bursts", yTitle: title)
      for (series, line) in lines.enumerated() { plot.curve(line, series: series, isDashed: series > 0) }
      return figure(plot.svg(label: caption), caption)
    }
    func line(_ value: (CountingHistory.Point) -> Double?) -> [(x: Double, y: Double)] {
      points.compactMap { point in value(point).map { (Double(point.passed), $0) } }
    }
    let level = TextShare.percent(last.result.limit.confidenceLevel)
    return [
      plot(
        "signal events",
        "history: upper limit at \(level) (line) and events seen (dashed), after each burst",
        [line { $0.result.limit.upper }, line { Double($0.result.observed) }]),
      plot(
        "Z, one-sided",
        "history: significance of the count (line) and one that holds at any time (dashed)",
        [line { $0.result.significance.zOneSided }, line { $0.anytime.map { $0.zOneSided ?? 0 } }]),
    ]
  }

  private func figure(_ svg: String, _ caption: String) -> String {
    "<figure>\(svg)<figcaption>\(HTML.escaped(caption))</figcaption></figure>\n"
  }

  private func title(_ axis: HistogramAxis) -> String {
    axis.unit.map { "\(axis.variable) [\($0)]" } ?? axis.variable
  }

  private func plot(_ histogram: Histogram) -> String {
    let first = histogram.axes[0]
    var caption = "\(histogram.name): \(Self.events(histogram.entries))"
    if let cut = histogram.after { caption += " after \(cut)" }
    if histogram.unavailable > 0 { caption += ", \(histogram.unavailable) without a value" }
    guard histogram.axes.count > 1 else {
      let values = (1...first.bins).map { Double(histogram.count($0)) }
      let out = [histogram.count(0), histogram.count(first.bins + 1)]
      if out != [0, 0] { caption += "; below \(out[0]), above \(out[1])" }
      var plot = SVGPlot(
        width: 520, height: 260, x: first.low...first.high, y: 0...max(1, 1.05 * (values.max() ?? 1)),
        xTitle: title(first), yTitle: "events")
      plot.histogram(
        values, start: first.low, width: (first.high - first.low) / Double(first.bins), series: 0,
        isFilled: true)
      return figure(plot.svg(label: caption), caption)
    }
    let second = histogram.axes[1]
    var plot = SVGPlot(
      width: 520, height: 340, x: first.low...first.high, y: second.low...second.high,
      xTitle: title(first), yTitle: title(second))
    let cells = (1...second.bins).flatMap { row in
      (1...first.bins).map { Double(histogram.count($0, row)) }
    }
    plot.cells(cells, columns: first.bins, rows: second.bins)
    return figure(plot.svg(label: caption), caption)
  }

  private func plot(_ scan: MassScan, of item: Shown, index: Int) -> String {
    let region = scan.region.map { " in \($0)" } ?? ""
    guard !(item.isBlind && item.part.isScanBlind(index)) else {
      return figure("", "\(scan.name)\(region): blind")
    }
    let first = scan.axes[0]
    let caption = "\(scan.name): events in the window of each mass\(region)"
    let low = first.masses.min() ?? 0
    let high = max(first.masses.max() ?? 1, low + 1)
    if scan.axes.count > 1 {
      let second = scan.axes[1]
      let base = second.masses.min() ?? 0
      let top = max(second.masses.max() ?? 1, base + 1)
      var cells = [Double](repeating: 0, count: first.masses.count * second.masses.count)
      for (point, place) in scan.points.enumerated() {
        cells[Int(place.y) * first.masses.count + Int(place.x)] = Double(scan.counts[point])
      }
      var plot = SVGPlot(
        width: 520, height: 340, x: low...high, y: base...top, xTitle: "\(first.variable) [MeV/c²]",
        yTitle: "\(second.variable) [MeV/c²]")
      plot.cells(cells, columns: first.masses.count, rows: second.masses.count)
      return figure(plot.svg(label: caption), caption)
    }
    let values = scan.counts.map { Double($0) }
    let step = first.masses.count > 1 ? first.masses[1] - first.masses[0] : 1
    var plot = SVGPlot(
      width: 520, height: 260, x: (low - step / 2)...(high + step / 2),
      y: 0...max(1, 1.05 * (values.max() ?? 1)),
      xTitle: "\(first.variable) [MeV/c²]", yTitle: "events")
    plot.histogram(values, start: low - step / 2, width: step, series: 1, isFilled: true)
    return figure(plot.svg(label: caption), caption)
  }
}
