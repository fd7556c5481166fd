import CountingStatistics
import TriggerPipeline

extension CompareReport {
  /// A row for each menu and line, and one for each menu in total.
  public func linesCSV() throws -> String {
    var out =
      "menu,line,name,downscaling,matched,after_downscaling,sent,rate_hz,rate_low_hz,rate_high_hz,pure,"
      + "pure_rate_hz,proportional,proportional_error,proportional_rate_hz,not_sent,live_time_s\n"
    for menu in menus.indices {
      let counts = result.menus[menu]
      let liveTime = counts.liveTime
      let name = CSV.field(menus[menu].name)
      func perSecond(_ count: Double) -> String { liveTime > 0 ? "\(count / liveTime)" : "" }
      func rates(_ count: UInt64) throws -> String {
        guard let rate = try rate(count, menu) else { return ",," }
        return "\(rate.rate),\(rate.interval.lower),\(rate.interval.upper)"
      }
      for row in rows(menu) {
        let line = row.line.number == LinePattern.control ? "control" : "\(row.line.number)"
        out += "\(name),\(line),\(CSV.field(row.line.name)),\(row.line.downscaling),\(row.before),"
        out += "\(row.after),\(row.sent),\(try rates(row.sent)),\(row.pure),\(perSecond(Double(row.pure))),"
        out += "\(row.proportional),\(row.proportionalError),\(perSecond(row.proportional)),"
        out += "\(row.deadTimeLosses),\(liveTime)\n"
      }
      let triggers = counts.triggers
      out += "\(name),all,,,,\(triggers.recordsAfterMerge),\(triggers.sent),\(try rates(triggers.sent)),,,,,,"
      out += "\(counts.notSent),\(liveTime)\n"
    }
    return out
  }

  /// A row for each two lines of a menu, and for each two menus.
  public func overlapsCSV() throws -> String {
    var out = "menu,a,b,a_count,b_count,both,share_of_a,share_of_a_low,share_of_a_high\n"
    func row(_ menu: String, _ a: String, _ b: String, _ counts: (a: UInt64, b: UInt64, both: UInt64)) throws
    {
      out += "\(CSV.field(menu)),\(CSV.field(a)),\(CSV.field(b)),\(counts.a),\(counts.b),\(counts.both),"
      if let interval = try share(counts.both, counts.a) {
        out += "\(Double(counts.both) / Double(counts.a)),\(interval.lower),\(interval.upper)\n"
      } else {
        out += ",,\n"
      }
    }
    for menu in menus.indices {
      let counts = result.menus[menu]
      for a in menus[menu].lines {
        for b in menus[menu].lines where a.number != b.number {
          try row(
            menus[menu].name, a.label, b.label,
            (
              counts.inclusive(a.number), counts.inclusive(b.number), counts.overlaps[a.number, b.number]
            ))
        }
      }
    }
    for a in menus.indices {
      for b in menus.indices where a != b {
        try row("", menus[a].name, menus[b].name, (common(a, a), common(b, b), common(a, b)))
      }
    }
    return out
  }

  /// A row for each two menus, line (or `all`), kind of difference and step.
  public func differencesCSV() -> String {
    var out = "first,second,line,kind,step,count\n"
    for (pair, difference) in zip(result.pairs, result.differences) {
      let names = "\(CSV.field(menus[pair.first].name)),\(CSV.field(menus[pair.second].name))"
      func rows(_ line: String, _ kind: String, _ counts: StepCounts) {
        for step in DifferenceStep.allCases where counts[step] > 0 {
          out += "\(names),\(line),\(kind),\(step.key),\(counts[step])\n"
        }
      }
      out += "\(names),all,both,,\(difference.both)\n"
      rows("all", "lost", difference.lost)
      rows("all", "gained", difference.gained)
      rows("all", "changed", difference.changed)
      for line in lines(pair.first, pair.second) {
        let name = line == LinePattern.control ? "control" : "\(line)"
        out += "\(names),\(name),both,,\(difference.lines[line].both)\n"
        rows(name, "lost", difference.lines[line].lost)
        rows(name, "gained", difference.lines[line].gained)
      }
    }
    return out
  }

  /// The names of the columns of `disagreementsCSV`.
  public static let disagreementsHeader =
    "menu,burst,timestamp,kind,emulated,recorded,primitive_input,primitive_packet,record_input,record_packet\n"

  /// A row for each disagreement.
  public static func disagreementsCSV(_ disagreements: [Disagreement], menus: [StudyMenu]) -> String {
    var out = ""
    for d in disagreements {
      out += "\(CSV.field(menus[d.menu].name)),\(d.burst),\(d.timestamp),\(d.kind),"
      out += "\(d.emulated?.text ?? ""),\(d.recorded?.text ?? ""),"
      out += "\(d.primitivePacket.map { "\($0.input),\($0.number)" } ?? ","),"
      out += "\(d.recordPacket.map { "\($0.input),\($0.number)" } ?? ",")\n"
    }
    return out
  }
}
