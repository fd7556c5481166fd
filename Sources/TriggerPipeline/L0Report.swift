public import Configuration
import CountingStatistics
import L0Trigger
import Pages

/// The results of L0 as tables and as structured values: one source for what is printed and what is written.
public struct L0Report: Sendable {
  private let account: L0Account
  private let index: Int

  /// The report of a menu of an account, by its place.
  public init(account: L0Account, menu index: Int = 0) {
    self.account = account
    self.index = index
  }

  private var menu: L0Menu { account.menus[index] }
  private var counters: L0MenuCounters { account.menuCounters[index] }
  private var liveTime: Double { account.liveTime(menu: index) }

  /// Whether there was any packet of primitives.
  public var hasPrimitives: Bool { account.books.grouped > 0 }

  /// Whether everything that came in is in exactly one column.
  public var closes: Bool { account.closes }

  /// Share of the packets of primitives that were lost, or of those of the input that were unreadable.
  public var lostShare: Double {
    let all = account.books.grouped + account.books.lostPackets
    let capture = account.capture
    return max(
      all > 0 ? Double(account.books.lostPackets) / Double(all) : 0,
      capture.offered > 0
        ? min(1, Double(capture.damaged) / Double(capture.offered)) : capture.damaged > 0 ? 1 : 0)
  }

  private struct Line {
    var number: String
    var name: String
    var condition: String
    var factor: Double
    var pre: UInt64
    var post: UInt64
    var sent: UInt64
  }

  private var lines: [Line] {
    var lines: [Line] = []
    for mask in menu.masks where mask.isEnabled {
      lines.append(
        Line(
          number: "\(mask.number)", name: mask.name, condition: text(of: mask.condition),
          factor: mask.downscaling.factor, pre: counters.pre[mask.number], post: counters.post[mask.number],
          sent: account.sentByLine[index][mask.number]))
    }
    if menu.control.isEnabled {
      lines.append(
        Line(
          number: "C", name: "control", condition: text(of: menu.control.condition),
          factor: menu.control.downscaling.factor, pre: counters.controlPre, post: counters.controlPost,
          sent: account.sentByLine[index][16]))
    }
    return lines
  }

  private func text(of condition: L0Condition) -> String {
    condition.expression(bits: menu.bits) ?? "registers"
  }

  // MARK: Lines

  /// The rates of the lines, for a person.
  public func linesText() throws -> String {
    var table = TextTable(
      ["mask", "name", "condition", "D", "matched", "fired", "sent", "rate sent"],
      alignments: [.right, .left, .left, .right, .right, .right, .right, .right])
    for line in lines {
      table.append([
        line.number, line.name, line.condition, TextTable.number(line.factor), "\(line.pre)",
        "\(line.post)", "\(line.sent)", try rateText(line.sent),
      ])
    }
    var out = "L0 triggers over \(TextTable.number(liveTime * 1000)) ms of primitives in \(account.bursts)"
    out += " burst\(account.bursts == 1 ? "" : "s") (errors: Garwood 68.27 %)\n"
    out += table.text
    out += "triggers \(counters.recordsAfterMerge): sent \(counters.sent) (\(try rateText(counters.sent)))"
    out += ", dead time \(counters.rejectedDeadTime), windows \(counters.rejectedWindow), end of burst "
    out += "\(counters.notSentEndOfBurst), late \(counters.rejectedLate)\n"
    return out
  }

  private func rate(_ count: UInt64) throws -> RateEstimate? {
    guard liveTime > 0, let count = Int(exactly: count) else { return nil }
    return try RateEstimate(count: count, liveTime: liveTime)
  }

  private func rateText(_ count: UInt64) throws -> String {
    guard let rate = try rate(count) else { return "-" }
    return "\(TextTable.number(rate.rate * 1e-3)) +\(TextTable.number(rate.errorUp * 1e-3)) "
      + "-\(TextTable.number(rate.errorDown * 1e-3)) kHz"
  }

  /// The rates of the lines as CSV.
  public func linesCSV() throws -> String {
    var out = "mask,name,condition,downscaling,matched,fired,sent,live_time_s,"
    out += "rate_hz,rate_low_hz,rate_high_hz\n"
    for line in lines {
      out += "\(line.number),\(CSV.field(line.name)),\(CSV.field(line.condition)),\(line.factor),"
      out += "\(line.pre),\(line.post),\(line.sent),\(liveTime),"
      if let rate = try rate(line.sent) {
        out += "\(rate.rate),\(rate.interval.lower),\(rate.interval.upper)\n"
      } else {
        out += ",,\n"
      }
    }
    return out
  }

  // MARK: Primitives

  /// What was watched of the primitives, for a person.
  public func primitivesText() -> String {
    var table = TextTable(
      [
        "detector", "packets", "missing", "primitives", "rate", "per frame", "overwritten", "mismatched",
        "unsorted", "t - t_ref",
      ],
      alignments: [.left, .right, .right, .right, .right, .right, .right, .right, .right, .right])
    for detector in L0Detector.allCases {
      let seen = account.statistics.detectors[detector.rawValue]
      guard seen.packets > 0 || seen.missing > 0 else { continue }
      let frames = Double(max(1, account.statistics.groups))
      table.append([
        detector.name, "\(seen.packets)", "\(seen.missing)", "\(seen.primitives)",
        "\(TextTable.number(rate(of: seen.primitives) * 1e-6)) MHz",
        TextTable.number(Double(seen.primitives) / frames), "\(seen.overwritten)",
        "\(seen.countMismatches + seen.lengthMismatches)", "\(seen.unsorted)", timeText(seen),
      ])
    }
    return "Primitives (times against \(menu.referenceDetector.name), mean and RMS in ns)\n" + table.text
      + bitsText()
  }

  private func rate(of count: UInt64) -> Double { liveTime > 0 ? Double(count) / liveTime : 0 }

  private func timeText(_ seen: PrimitiveStatistics.Detector) -> String {
    guard let moments = seen.timeMoments else { return "-" }
    return "\(TextTable.number(moments.mean)) ± \(TextTable.number(moments.rms))"
  }

  /// The rates of the bits that have names; `primitives.csv` has them all.
  private func bitsText() -> String {
    var out = ""
    for detector in L0Detector.allCases {
      let seen = account.statistics.detectors[detector.rawValue]
      var rates: [String] = []
      for (bit, count) in seen.bits.enumerated() where count > 0 {
        let name = menu.bits.name(of: .init(detector, bit))
        if !name.contains("[") { rates.append("\(name) \(TextTable.number(rate(of: count) * 1e-6))") }
      }
      if !rates.isEmpty { out += "  \(detector.name) bits (MHz): \(rates.joined(separator: ", "))\n" }
    }
    return out
  }

  /// What was watched of the primitives as CSV: a row for each detector and quantity.
  public func primitivesCSV() -> String {
    var out = "detector,quantity,bin,count\n"
    for detector in L0Detector.allCases {
      let seen = account.statistics.detectors[detector.rawValue]
      let single: [(String, UInt64)] = [
        ("packets", seen.packets), ("missing", seen.missing), ("primitives", seen.primitives),
        ("calibrations", seen.calibrations), ("overwritten", seen.overwritten),
        ("count_mismatches", seen.countMismatches), ("length_mismatches", seen.lengthMismatches),
        ("trailing_bytes", seen.trailingBytes), ("unsorted", seen.unsorted),
      ]
      for (name, count) in single { out += "\(detector.name),\(name),,\(count)\n" }
      for (bit, count) in seen.bits.enumerated() where count > 0 {
        out += "\(detector.name),bit,\(bit),\(count)\n"
      }
      for (primitives, count) in seen.multiplicity.enumerated() where count > 0 {
        out += "\(detector.name),multiplicity,\(primitives),\(count)\n"
      }
      for (bin, count) in seen.timeDifferences.enumerated() where count > 0 {
        out += "\(detector.name),time_difference,\(bin - 512),\(count)\n"
      }
    }
    return out
  }

  // MARK: Books and values

  /// The packets of primitives, in the columns of the books.
  public func booksText() -> String {
    let books = account.books
    var out = "primitive packets: \(books.datagrams - books.otherPort) in = \(books.grouped) grouped"
    for loss in PrimitivePacketLoss.allCases {
      if let count = books.lost[loss], count > 0 { out += " + \(count) lost (\(loss.rawValue))" }
    }
    if account.capture.cutInputs > 0 { out += "; cut inputs \(account.capture.cutInputs)" }
    let dropped = account.capture.offered - account.capture.packets
    if dropped > 0 { out += "; \(dropped) of all packets lost before they were read" }
    return out + (account.closes ? "; the books close\n" : "; THE BOOKS DO NOT CLOSE\n")
  }

  /// The results as structured values.
  public func summary() throws -> ConfigValue {
    var rows: [ConfigValue] = []
    for line in lines {
      var entries: [ConfigValue.Entry] = [
        .init("mask", .string(line.number)), .init("name", .string(line.name)),
        .init("condition", .string(line.condition)), .init("downscaling", .double(line.factor)),
        .init("matched", .int(Int(clamping: line.pre))), .init("fired", .int(Int(clamping: line.post))),
        .init("sent", .int(Int(clamping: line.sent))),
      ]
      if let rate = try rate(line.sent) {
        entries.append(.init("rate_hz", .double(rate.rate)))
        entries.append(
          .init("rate_interval_hz", .list([.double(rate.interval.lower), .double(rate.interval.upper)])))
      }
      rows.append(.map(entries))
    }
    return .map([
      .init("menu", .string(menu.name)),
      .init("menu_hash", .string(menu.hash)),
      .init("live_time_s", .double(liveTime)),
      .init("bursts", .int(Int(clamping: account.bursts))),
      .init("lines", .list(rows)),
      .init("counters", account.counters(menu: index)),
      .init("closes", .bool(account.closes)),
    ])
  }
}

extension PrimitiveStatistics.Detector {
  /// Mean and root mean square of the times against the reference, in ns; `nil` without times.
  var timeMoments: (mean: Double, rms: Double)? {
    var (count, sum, squares) = (0.0, 0.0, 0.0)
    for (bin, entries) in timeDifferences.enumerated() where entries > 0 {
      let time = Double(bin - 512) * RateTable.clockPeriod * 1e9 / 256
      count += Double(entries)
      sum += Double(entries) * time
      squares += Double(entries) * time * time
    }
    guard count > 0 else { return nil }
    let mean = sum / count
    return (mean, max(0, squares / count - mean * mean).squareRoot())
  }
}
