import CountingStatistics
import L0Trigger
import Pages
import TriggerPipeline

extension CompareReport {
  /// The results as a page that needs nothing else: no network, no script.
  public func html() throws -> String {
    var out = paragraph("Input: \(identity.input)")
    out += paragraph(
      "\(result.bursts) burst\(result.bursts == 1 ? "" : "s"); books \(closes ? "close" : "DO NOT CLOSE"). "
        + "Spillway \(identity.version), configuration \(identity.configurationHash.prefix(12)).")
    out += "<h2>Menus</h2>\n" + (try menusTable())
    if menus.count > 1 { out += menuOverlapTable() }
    out += "<h2>Rates</h2>\n" + (try ratesSection())
    out += "<h2>Rate along the burst</h2>\n" + profileSection()
    if !result.differences.isEmpty { out += "<h2>Differences</h2>\n" + differencesSection() }
    if !result.comparisons.isEmpty {
      out += "<h2>Against the recorded decisions</h2>\n" + (try recordedSection())
    }
    out += "<h2>Overlaps of the lines</h2>\n" + overlapsSection()
    if result.primitives.groups > 0 { out += "<h2>Time differences</h2>\n" + timesSection() }
    return HTML.page(title: "Comparison of L0 menus", out)
  }

  /// Number and name of a menu.
  private func title(_ menu: Int) -> String { "\(menu + 1) \(menus[menu].name)" }

  private func paragraph(_ text: String, isNote: Bool = false) -> String {
    HTML.paragraph(text, isNote: isNote)
  }

  private func table(_ header: [String], _ rows: [[String]], left: Set<Int> = []) -> String {
    HTML.table(header, rows, left: left)
  }

  /// A table of shares, darker where they are larger.
  private func heat(
    _ corner: String, _ rows: [String], _ columns: [String], _ share: (Int, Int) -> Double?
  ) -> String {
    var out = "<div class=\"wide\"><table>\n<tr><th>\(HTML.escaped(corner))</th>"
    for column in columns { out += "<th>\(HTML.escaped(column))</th>" }
    out += "</tr>\n"
    for (i, row) in rows.enumerated() {
      out += "<tr><td>\(HTML.escaped(row))</td>"
      for j in columns.indices {
        if let value = share(i, j) {
          let depth = (value * 1000).rounded() / 1000
          out += "<td class=\"heat\" style=\"--v:\(depth)\">\(number((value * 1000).rounded() / 10))</td>"
        } else {
          out += "<td>-</td>"
        }
      }
      out += "</tr>\n"
    }
    return out + "</table></div>\n"
  }

  private func keys() -> String {
    "<p>"
      + menus.indices.map { menu in
        "<span class=\"key s\(menu % SVGPlot.colours)\"><span>\(HTML.escaped(title(menu)))</span></span>"
      }.joined() + "</p>\n"
  }

  private func menusTable() throws -> String {
    let rows = try menus.indices.map { menu in
      let counts = result.menus[menu]
      let triggers = counts.triggers
      return [
        title(menu), menus[menu].path, String(menus[menu].hash.prefix(12)), "\(triggers.sent)",
        try rateText(triggers.sent, menu),
        "\(triggers.rejectedDeadTime) (\(percent(triggers.rejectedDeadTime, triggers.recordsAfterMerge)))",
        "\(counts.notSent - min(counts.notSent, triggers.rejectedDeadTime))", "\(counts.otherSources)",
        number(counts.liveTime * 1000),
      ]
    }
    return table(
      [
        "menu", "file", "hash", "sent", "rate [Hz]", "dead time", "otherwise not sent", "other sources",
        "live time [ms]",
      ], rows, left: [1, 2])
      + paragraph("Errors of rates: \(StatisticalMethod.garwood.rawValue), 68.27 %.", isNote: true)
  }

  private func menuOverlapTable() -> String {
    "<h3>Overlap of the menus</h3>\n"
      + paragraph("Of the triggers of a row, the share that the column sent as well, in %.", isNote: true)
      + heat("menu", menus.indices.map(title), menus.indices.map { "\($0 + 1)" }) { a, b in
        let all = common(a, a)
        return all == 0 ? nil : Double(common(a, b)) / Double(all)
      }
  }

  // MARK: Rates

  private func ratesSection() throws -> String {
    var out = try rateBars()
    for menu in menus.indices {
      let rows = try rows(menu).map { row in
        [
          row.line.label, number(row.line.downscaling), "\(row.before)", "\(row.after)", "\(row.sent)",
          try rateText(row.sent, menu), try rateText(row.pure, menu), proportionalText(row, menu),
          "\(row.deadTimeLosses) (\(percent(row.deadTimeLosses, row.after)))",
        ]
      }
      out += "<details\(menus.count <= 3 ? " open" : "")><summary>\(HTML.escaped(title(menu)))</summary>\n"
      out += table(
        [
          "line", "factor", "matched", "scaled", "sent", "rate [Hz]", "pure rate [Hz]",
          "proportional rate [Hz]", "not sent",
        ], rows)
      out += "</details>\n"
    }
    return out
      + paragraph(
        "Pure: no other line made the trigger. Proportional: a trigger of n lines counts 1/n for each. Not "
          + "sent: fired, and lost to dead time, windows or the end of the burst.", isNote: true)
  }

  /// Bars of the rates, the menus side by side for each line.
  private func rateBars() throws -> String {
    struct Bar {
      let label: String
      let menu: Int
      let rate: RateEstimate
    }
    var bars: [[Bar]] = []
    let numbers = Set(menus.flatMap { $0.lines.map(\.number) }).sorted()
    for number in numbers {
      var group: [Bar] = []
      for menu in menus.indices where menus[menu].lines.contains(where: { $0.number == number }) {
        guard let rate = try rate(result.menus[menu].inclusive(number), menu) else { continue }
        group.append(Bar(label: menus[menu].label(number), menu: menu, rate: rate))
      }
      if !group.isEmpty { bars.append(group) }
    }
    let largest = bars.joined().map(\.rate.interval.upper).max() ?? 0
    guard largest > 0 else { return "" }
    let (left, right, thickness, gap) = (230.0, 110.0, 13.0, 9.0)
    let width = 1040.0
    let scale = (width - left - right) / largest
    var body = ""
    var y = 4.0
    for group in bars {
      for (place, bar) in group.enumerated() {
        let middle = SVGPlot.text(y + thickness / 2)
        if place == 0 || bar.label != group[place - 1].label {
          body += "<text x=\"\(left - 8)\" y=\"\(middle)\" dy=\"0.35em\" text-anchor=\"end\">"
          body += "\(HTML.escaped(bar.label))</text>"
        }
        let end = left + bar.rate.rate * scale
        let low = SVGPlot.text(left + bar.rate.interval.lower * scale)
        let high = SVGPlot.text(left + bar.rate.interval.upper * scale)
        body += "<rect class=\"bar s\(bar.menu % SVGPlot.colours)\" x=\"\(left)\" y=\"\(SVGPlot.text(y))\" "
        body += "width=\"\(SVGPlot.text(end - left))\" height=\"\(thickness - 2)\"/>"
        body += "<line class=\"error\" x1=\"\(low)\" x2=\"\(high)\" y1=\"\(middle)\" y2=\"\(middle)\"/>"
        body += "<text x=\"\(SVGPlot.text(left + bar.rate.interval.upper * scale + 6))\" y=\"\(middle)\" "
        body += "dy=\"0.35em\">\(number(bar.rate.rate)) Hz</text>\n"
        y += thickness
      }
      y += gap
    }
    return keys() + "<svg viewBox=\"0 0 \(width) \(SVGPlot.text(y))\" role=\"img\" "
      + "aria-label=\"Rates of the lines\">\n\(body)</svg>\n"
  }

  private func profileSection() -> String {
    let exponent = result.menus.map(\.profile.exponent).max() ?? BurstProfile.leastExponent
    let binWidth = Double(UInt64(1) << UInt64(exponent)) * StudyClock.period
    let bursts = Double(max(1, result.bursts))
    let curves = result.menus.map { menu in
      trimmed(menu.profile.widened(to: exponent).counts).map { Double($0) / (binWidth * bursts) }
    }
    let bins = curves.map(\.count).max() ?? 0
    let largest = curves.joined().max() ?? 0
    guard bins > 0, largest > 0 else { return paragraph("No trigger was sent.") }
    let unit = binWidth * Double(bins) > 1 ? (scale: 1.0, name: "s") : (scale: 1000.0, name: "ms")
    var plot = SVGPlot(
      x: 0...(binWidth * Double(bins) * unit.scale), y: 0...(largest * 1.05 / 1000),
      xTitle: "time since the start of burst [\(unit.name)]", yTitle: "rate [kHz]")
    for (menu, curve) in curves.enumerated() {
      plot.histogram(
        curve.map { $0 / 1000 }, start: 0, width: binWidth * unit.scale, series: menu, isFilled: false)
    }
    return keys() + plot.svg(label: "Rate of triggers along the burst for each menu")
      + paragraph(
        "Bins of \(number(binWidth * 1000)) ms, mean of the bursts. The last bin may be cut by the end of the "
          + "data.", isNote: true)
  }

  // MARK: Differences

  private func differencesSection() -> String {
    var rows: [[String]] = []
    var details = ""
    for (pair, difference) in zip(result.pairs, result.differences) {
      let name = "\(title(pair.first)) → \(title(pair.second))"
      let total = CountDifference(
        lost: difference.lost.total, gained: difference.gained.total, both: difference.both)
      rows.append([
        name, "\(difference.both)", "\(total.lost)", "\(total.gained)",
        "\(difference.changed.total)", "\(number(total.value)) ± \(number(total.error))",
        "± \(number(total.errorIfIndependent))",
      ])
      guard total.lost + total.gained + difference.changed.total > 0 else { continue }
      let isOnly = result.differences.count == 1
      details += "<details\(isOnly ? " open" : "")><summary>\(HTML.escaped(name))</summary>\n"
      details += stepBars(difference)
      details += lineDifferences(pair.first, pair.second, difference)
      details += examples(difference)
      details += "</details>\n"
    }
    return table(
      ["menus", "both", "lost", "gained", "changed", "difference", "if independent"], rows)
      + paragraph(
        "Both menus saw the same data: what they have in common cancels, and the error of the difference is "
          + "√(gained + lost). The last column is what it would be with data of their own.", isNote: true)
      + details
  }

  /// Bars of what was lost, gained and changed at each step.
  private func stepBars(_ difference: MenuDifference) -> String {
    let kinds = [
      ("lost", difference.lost, 3), ("gained", difference.gained, 2), ("changed", difference.changed, 1),
    ]
    let steps = DifferenceStep.allCases.filter { step in kinds.contains { $0.1[step] > 0 } }
    let largest = Double(kinds.flatMap { kind in steps.map { kind.1[$0] } }.max() ?? 0)
    guard largest > 0 else { return "" }
    let (left, right, thickness, width) = (170.0, 110.0, 13.0, 1040.0)
    var body = ""
    var y = 4.0
    for step in steps {
      var isFirst = true
      for (kind, counts, colour) in kinds where counts[step] > 0 {
        let middle = SVGPlot.text(y + thickness / 2)
        if isFirst {
          body +=
            "<text x=\"\(left - 8)\" y=\"\(middle)\" dy=\"0.35em\" text-anchor=\"end\">\(step.text)</text>"
        }
        isFirst = false
        let length = Double(counts[step]) / largest * (width - left - right)
        body += "<rect class=\"bar s\(colour)\" x=\"\(left)\" y=\"\(SVGPlot.text(y))\" "
        body += "width=\"\(SVGPlot.text(length))\" height=\"\(thickness - 2)\"/>"
        body += "<text x=\"\(SVGPlot.text(left + length + 6))\" y=\"\(middle)\" dy=\"0.35em\">"
        body += "\(counts[step]) \(kind)</text>\n"
        y += thickness
      }
      y += 7
    }
    return "<svg viewBox=\"0 0 \(width) \(SVGPlot.text(y))\" role=\"img\" "
      + "aria-label=\"Differences by the step at which they arose\">\n\(body)</svg>\n"
  }

  private func lineDifferences(_ first: Int, _ second: Int, _ difference: MenuDifference) -> String {
    let rows = lines(first, second).map { line in
      let counts = difference.lines[line]
      let change = CountDifference(
        lost: counts.lost.total, gained: counts.gained.total, both: counts.both)
      return [
        label(line, first, second), "\(change.both)", "\(change.lost)", "\(change.gained)",
        "\(number(change.value)) ± \(number(change.error))", stepsText(counts.lost), stepsText(counts.gained),
      ]
    }
    return table(
      ["line", "both", "lost", "gained", "difference", "lost at", "gained at"], rows, left: [5, 6])
  }

  private func examples(_ difference: MenuDifference) -> String {
    let kinds = [
      ("lost", difference.lostExamples), ("gained", difference.gainedExamples),
      ("changed", difference.changedExamples),
    ]
    let rows = kinds.flatMap { kind, few in
      few.elements.map { example in
        [
          kind, "\(example.burst)", "\(example.timestamp)", example.first.text, example.second.text,
          example.step.text, example.packet?.description ?? "-",
        ]
      }
    }
    return "<details><summary>Examples</summary>\n"
      + table(
        ["kind", "burst", "timestamp", "lines of the first", "lines of the second", "step", "packet"], rows,
        left: [5, 6]) + "</details>\n"
  }

  // MARK: Recorded decisions

  private func recordedSection() throws -> String {
    var out = ""
    for menu in result.comparisons.indices {
      let counts = result.comparisons[menu]
      let rows = try recordedRows(menu).map { row in
        let counts = row.counts
        return [
          row.label, "\(counts.both)", "\(counts.onlyEmulated)", "\(counts.onlyRecorded)",
          try shareText(counts.both, counts.both + counts.onlyRecorded),
          try shareText(counts.both, counts.both + counts.onlyEmulated),
        ]
      }
      out += "<h3>\(HTML.escaped(menus[menu].name))</h3>\n"
      out += table(
        ["line", "both", "only emulated", "only recorded", "efficiency [%]", "purity [%]"], rows)
      let examples = counts.examples.elements.map { example in
        [
          example.kind, "\(example.burst)", "\(example.timestamp)", example.emulated?.text ?? "none",
          example.recorded?.text ?? "none",
          (example.recordPacket ?? example.primitivePacket)?.description ?? "-",
        ]
      }
      guard !examples.isEmpty else { continue }
      out += "<details><summary>First disagreements</summary>\n"
      out += table(
        ["kind", "burst", "timestamp", "emulated lines", "recorded lines", "packet"], examples, left: [5])
      out += "</details>\n"
    }
    return out
      + paragraph(
        "Efficiency: of the recorded triggers, those that were emulated. Purity: of the emulated ones, those "
          + "that were recorded. Intervals: Clopper-Pearson, 68.27 %.", isNote: true)
  }

  // MARK: Overlaps and times

  private func overlapsSection() -> String {
    var out = paragraph(
      "Of the triggers of a row, the share that the column made as well, in %.", isNote: true)
    for menu in menus.indices where menus[menu].lines.count > 1 {
      let counts = result.menus[menu]
      let lines = menus[menu].lines
      out += "<details\(menus.count <= 3 ? " open" : "")><summary>\(HTML.escaped(title(menu)))</summary>\n"
      out += heat(
        "line", lines.map(\.label), lines.map { $0.number == LinePattern.control ? "C" : "\($0.number)" }
      ) { a, b in
        let all = counts.inclusive(lines[a].number)
        return all == 0 ? nil : Double(counts.overlaps[lines[a].number, lines[b].number]) / Double(all)
      }
      out += "</details>\n"
    }
    return out
  }

  private func timesSection() -> String {
    let fineTime = StudyClock.period * 1e9 / 256
    // The first and last bin have all that lies farther off.
    let reach =
      result.primitives.detectors.map { seen in
        let half = seen.timeDifferences.count / 2
        return seen.timeDifferences.indices.dropFirst().dropLast()
          .reduce(0) { seen.timeDifferences[$1] > 0 ? max($0, abs($1 - half)) : $0 }
      }.max() ?? 0
    // About a hundred bins, a power of two of the finest together.
    var merged = 1
    while reach / merged > 50 { merged *= 2 }
    let bins = reach / merged + 1
    var out = "<div class=\"grid2\">\n"
    for (detector, seen) in zip(L0Detector.allCases, result.primitives.detectors) {
      let half = seen.timeDifferences.count / 2
      var values = [Double](repeating: 0, count: 2 * bins)
      for bin in seen.timeDifferences.indices.dropFirst().dropLast() {
        let place = (bin - half + bins * merged) / merged
        if values.indices.contains(place) { values[place] += Double(seen.timeDifferences[bin]) }
      }
      guard let largest = values.max(), largest > 0 else { continue }
      let range = Double(bins * merged) * fineTime
      var plot = SVGPlot(
        width: 360, height: 200, x: -range...range, y: 0...(largest * 1.05),
        xTitle: "time to the reference [ns]", yTitle: "primitives")
      plot.histogram(
        values, start: -range, width: Double(merged) * fineTime, series: 0, isFilled: true)
      if let menu = menus.first, menu.timeCuts.indices.contains(detector.rawValue) {
        let cut = Double(menu.timeCuts[detector.rawValue]) * fineTime
        plot.mark(-cut)
        plot.mark(cut)
      }
      out += "<div><h3>\(detector.name)</h3>\n"
      out += plot.svg(label: "Time differences of \(detector.name)") + "</div>\n"
    }
    let name = menus.first.map { HTML.escaped($0.name) } ?? ""
    return out
      + "</div>\n<p class=\"note\">As \(name) lines them up, in the three slots around entries of the "
      + "reference detector, before any cut; the dashed lines are its time cuts. One group of packets in eight."
      + "</p>\n"
  }
}
