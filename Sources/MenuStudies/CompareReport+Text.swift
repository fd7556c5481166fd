import CountingStatistics
import Pages
import TriggerPipeline

extension CompareReport {
  /// The tables for a person.
  public func text() throws -> String {
    var out = ""
    for menu in menus.indices { out += try menuText(menu) + "\n" }
    if menus.count > 1 {
      out += overlapText() + "\n"
      for (place, pair) in result.pairs.enumerated() {
        out += try differenceText(pair.first, pair.second, result.differences[place]) + "\n"
      }
    }
    for menu in result.comparisons.indices { out += try recordedText(menu) + "\n" }
    return out + booksText()
  }

  /// A count as a rate in Hz with its errors; `-` without live time.
  func rateText(_ count: UInt64, _ menu: Int) throws -> String {
    guard let rate = try rate(count, menu) else { return "-" }
    return "\(number(rate.rate)) +\(number(rate.errorUp)) -\(number(rate.errorDown))"
  }

  /// The proportional rate in Hz with its error; `-` without live time.
  func proportionalText(_ row: LineRow, _ menu: Int) -> String {
    let liveTime = result.menus[menu].liveTime
    guard liveTime > 0 else { return "-" }
    return "\(number(row.proportional / liveTime)) ± \(number(row.proportionalError / liveTime))"
  }

  private func menuText(_ menu: Int) throws -> String {
    let counts = result.menus[menu]
    let triggers = counts.triggers
    var out = "\(menus[menu].name): \(triggers.sent) triggers"
    out += " in \(number(counts.liveTime * 1000)) ms of live time"
    out += ", \(try rateText(triggers.sent, menu)) Hz"
    out += " (errors: \(StatisticalMethod.garwood.rawValue) 68.27 %)\n"
    var table = TextTable(
      [
        "line", "factor", "matched", "scaled", "sent", "rate [Hz]", "pure", "pure rate [Hz]",
        "proportional [Hz]", "not sent",
      ], alignments: [.left] + Array(repeating: .right, count: 9))
    for row in rows(menu) {
      table.append([
        row.line.label, number(row.line.downscaling), "\(row.before)", "\(row.after)", "\(row.sent)",
        try rateText(row.sent, menu), "\(row.pure)", try rateText(row.pure, menu),
        proportionalText(row, menu),
        "\(row.deadTimeLosses) (\(percent(row.deadTimeLosses, row.after)))",
      ])
    }
    out += table.text
    out += "pure: no other line made the trigger; proportional: a trigger of n lines counts 1/n for each\n"
    out += "not sent: dead time \(triggers.rejectedDeadTime), windows \(triggers.rejectedWindow), "
    out += "end of burst \(triggers.notSentEndOfBurst), late \(triggers.rejectedLate); "
    out += "\(percent(counts.notSent, triggers.recordsAfterMerge)) of \(triggers.recordsAfterMerge). "
    out += "Other sources: \(counts.otherSources)\n"
    let lines = menus[menu].lines
    guard lines.count > 1 else { return out }
    out += "\nOf the triggers of a row, the share that the column made as well, in %\n"
    var overlaps = TextTable(
      ["line"] + lines.map { $0.number == LinePattern.control ? "C" : "\($0.number)" },
      alignments: [.left] + lines.map { _ in .right })
    for row in lines {
      overlaps.append(
        [row.label]
          + lines.map { column in
            let all = counts.inclusive(row.number)
            return all == 0
              ? "-" : number(Double(counts.overlaps[row.number, column.number]) * 100 / Double(all))
          })
    }
    return out + overlaps.text
  }

  private func overlapText() -> String {
    var out = "Of the triggers of a row, the share that the column sent as well, in %\n"
    var table = TextTable(
      ["menu"] + menus.indices.map { "\($0 + 1)" }, alignments: [.left] + menus.map { _ in .right })
    for row in menus.indices {
      let all = result.menus[row].triggers.sent
      table.append(
        ["\(row + 1) \(menus[row].name)"]
          + menus.indices.map { column in
            all == 0 ? "-" : number(Double(common(row, column)) * 100 / Double(all))
          })
    }
    out += table.text
    return out
  }

  /// Triggers that two menus sent; of a menu with itself, all.
  func common(_ a: Int, _ b: Int) -> UInt64 {
    guard a != b else { return result.menus[a].triggers.sent }
    let wanted = (min(a, b), max(a, b))
    guard let place = result.pairs.firstIndex(where: { $0 == wanted }) else { return 0 }
    return result.differences[place].both
  }

  private func differenceText(_ first: Int, _ second: Int, _ difference: MenuDifference) throws -> String {
    let (lost, gained) = (difference.lost.total, difference.gained.total)
    let total = CountDifference(lost: lost, gained: gained, both: difference.both)
    var out = "\(menus[second].name) against \(menus[first].name): "
    out += "gained \(gained), lost \(lost), changed \(difference.changed.total), "
    out += "in both \(difference.both)"
    if difference.otherFineTime > 0 { out += " (\(difference.otherFineTime) with another fine time)" }
    out += "\n" + differenceLine(total, first) + "\n"
    var table = TextTable(
      ["line", "both", "lost", "gained", "difference", "lost at", "gained at"],
      alignments: [.left, .right, .right, .right, .right, .left, .left])
    for line in lines(first, second) {
      let counts = difference.lines[line]
      guard counts.lost.total + counts.gained.total > 0 else { continue }
      let change = CountDifference(
        lost: counts.lost.total, gained: counts.gained.total, both: counts.both)
      table.append([
        label(line, first, second), "\(counts.both)", "\(change.lost)", "\(change.gained)",
        "\(number(change.value)) ± \(number(change.error))", stepsText(counts.lost), stepsText(counts.gained),
      ])
    }
    table.append([
      "triggers", "\(difference.both)", "\(lost)", "\(gained)",
      "\(number(total.value)) ± \(number(total.error))", stepsText(difference.lost),
      stepsText(difference.gained),
    ])
    out += table.text
    for (kind, examples) in [
      ("lost", difference.lostExamples), ("gained", difference.gainedExamples),
      ("changed", difference.changedExamples),
    ] {
      for example in examples.elements.prefix(3) {
        out += "  \(kind): burst \(example.burst) timestamp \(example.timestamp), lines "
        out += "\(example.first.text) -> \(example.second.text), \(example.step.text)"
        out += example.packet.map { ", \($0)" } ?? ""
        out += "\n"
      }
    }
    return out
  }

  private func differenceLine(_ total: CountDifference, _ menu: Int) -> String {
    var out = "difference \(number(total.value)) ± \(number(total.error)) triggers"
    let liveTime = result.menus[menu].liveTime
    if liveTime > 0 {
      out += ", \(number(total.value / liveTime)) ± \(number(total.error / liveTime)) Hz"
    }
    return out + " (same data; ± \(number(total.errorIfIndependent)) if the data were not the same)"
  }

  /// Steps with their counts, as `time cut 3, downscaling 5`; `-` for none.
  func stepsText(_ counts: StepCounts) -> String {
    let parts = DifferenceStep.allCases.filter { counts[$0] > 0 }.map { "\($0.text) \(counts[$0])" }
    return parts.isEmpty ? "-" : parts.joined(separator: ", ")
  }

  private func recordedText(_ menu: Int) throws -> String {
    let counts = result.comparisons[menu]
    var out = "\(menus[menu].name) against recorded: both \(counts.all.both), only emulated "
    out += "\(counts.all.onlyEmulated), only recorded \(counts.all.onlyRecorded), other lines "
    out += "\(counts.otherLines) (intervals: Clopper-Pearson 68.27 %)\n"
    var table = TextTable(
      ["line", "both", "only emulated", "only recorded", "efficiency [%]", "purity [%]"],
      alignments: [.left] + Array(repeating: .right, count: 5))
    for row in recordedRows(menu) {
      table.append([
        row.label, "\(row.counts.both)", "\(row.counts.onlyEmulated)", "\(row.counts.onlyRecorded)",
        try shareText(row.counts.both, row.counts.both + row.counts.onlyRecorded),
        try shareText(row.counts.both, row.counts.both + row.counts.onlyEmulated),
      ])
    }
    out += table.text
    for example in counts.examples.elements.prefix(5) {
      out += "  \(example.kind): burst \(example.burst) timestamp \(example.timestamp), emulated "
      out += "\(example.emulated?.text ?? "none"), recorded \(example.recorded?.text ?? "none")"
      out += (example.recordPacket ?? example.primitivePacket).map { ", \($0)" } ?? ""
      out += "\n"
    }
    return out
  }

  /// The lines that were emulated or recorded, and all together.
  func recordedRows(_ menu: Int) -> [(label: String, line: Int?, counts: RecordedCounts.Line)] {
    let counts = result.comparisons[menu]
    let on = Set(menus[menu].lines.map(\.number))
    let shown = (0..<LinePattern.lineCount).filter {
      on.contains($0) || counts.lines[$0].onlyRecorded > 0
    }
    return shown.map { (menus[menu].label($0), $0, counts.lines[$0]) } + [("triggers", nil, counts.all)]
  }

  /// A share in % with its interval; `-` without trials.
  func shareText(_ passed: UInt64, _ trials: UInt64) throws -> String {
    guard let interval = try share(passed, trials) else { return "-" }
    let value = Double(passed) / Double(trials) * 100
    return
      "\(number(value)) +\(number(interval.upper * 100 - value)) -\(number(value - interval.lower * 100))"
  }

  private func booksText() -> String {
    var out = "Books \(closes ? "close" : "DO NOT CLOSE")\n"
    for level in ["capture", "datagrams", "records"] {
      let columns = books.filter { $0.level == level && $0.count != 0 }
      guard !columns.isEmpty else { continue }
      let padded = level + String(repeating: " ", count: max(0, 12 - level.count))
      out += "  \(padded) " + columns.map { "\($0.column) \($0.count)" }.joined(separator: ", ") + "\n"
    }
    return out
  }

  func percent(_ part: UInt64, _ whole: UInt64) -> String {
    whole == 0 ? "-" : "\(number((Double(part) * 10000 / Double(whole)).rounded() / 100)) %"
  }

  func number(_ value: Double) -> String { TextTable.number(value) }
}
