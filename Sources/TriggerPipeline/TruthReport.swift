public import Configuration
import CountingStatistics
public import L0Trigger
public import L1Trigger
public import Selections
public import Simulation

/// Efficiencies, purities and acceptances of a replay against the truth: as tables, as CSV and as values.
public struct TruthReport: Sendable {
  /// One efficiency: passed of tried, of a channel.
  public struct Row: Sendable, Hashable {
    /// What it is an efficiency of: `l0`, `l0_any`, `l1`, `kept`, `purity`, `ktag`, `straw_tracks`,
    /// `straw_multi_track` or `selection`.
    public var quantity: String
    /// Where the L0 triggers come from: `emulated` or `recorded`.
    public var source: String
    /// Line, mask, or number of tracks.
    public var number: Int?
    /// Its name.
    public var name: String
    /// Downscaling of the line, where the menu says it; it is part of the efficiency.
    public var downscaling: Double?
    /// The channel.
    public var channel: String
    /// How many passed.
    public var passed: UInt64
    /// Of how many.
    public var tried: UInt64
  }

  private let header: TruthHeader
  private let path: String
  private let window: Double
  private let events: TruthTable?
  private let emulated: TruthTable?
  private let menuFileHash: String
  private let l0: L0Menu?
  private let l1: L1Menu?
  private let selections: SelectionSet?
  /// The efficiencies, in the order of lines, channels and quantities.
  public let rows: [Row]

  /// A report.
  ///
  /// - Parameters:
  ///   - header: of the truth at `path`.
  ///   - window: ns from a trigger within which its decays begin.
  ///   - events: what the join with judged events counted, if there were any.
  ///   - emulated: what the join with emulated triggers counted, if there were any.
  ///   - menuFileHash: SHA-256 of the menu's file, as the truth has that of its own.
  ///   - l0: the lines of the menu.
  ///   - l1: the chains of the menu.
  ///   - selections: the selections that the events went through.
  public init(
    header: TruthHeader, path: String, window: Double, events: TruthTable?, emulated: TruthTable?,
    menuFileHash: String, l0: L0Menu?, l1: L1Menu?, selections: SelectionSet?
  ) {
    self.menuFileHash = menuFileHash
    self.header = header
    self.path = path
    self.window = window
    self.events = events
    self.emulated = emulated
    self.l0 = l0
    self.l1 = l1
    self.selections = selections
    var rows: [Row] = []
    if let emulated { rows += Self.lineRows(emulated, "emulated", l0, l1) }
    if let events {
      rows += Self.lineRows(events, "recorded", l0, l1) + Self.eventRows(events, l0, l1, selections)
    }
    self.rows = rows
  }

  // MARK: Rows

  private static func lineRows(_ table: TruthTable, _ source: String, _ l0: L0Menu?, _ l1: L1Menu?) -> [Row] {
    var rows: [Row] = []
    func add(_ quantity: String, _ line: Int?, _ channel: String, _ passed: UInt64, _ tried: UInt64) {
      guard tried > 0 else { return }
      rows.append(
        Row(
          quantity: quantity, source: source, number: line, name: line.map { name($0, l0, l1) } ?? "any",
          downscaling: line.flatMap { downscaling($0, l0) }, channel: channel, passed: passed, tried: tried))
    }
    let channels = table.channels.sorted { $0.key < $1.key }
    for (name, counts) in channels { add("l0_any", nil, name, counts.triggered, counts.fiducial) }
    for line in 0..<16 where table.lineTriggers[line] > 0 {
      for (name, counts) in channels { add("l0", line, name, counts.lines[line], counts.fiducial) }
      for (name, counts) in channels where counts.dominant[line] > 0 {
        add("purity", line, name, counts.dominant[line], table.lineTriggers[line])
      }
      add("purity", line, "accidental", table.accidentals[line], table.lineTriggers[line])
    }
    return rows
  }

  private static func eventRows(
    _ table: TruthTable, _ l0: L0Menu?, _ l1: L1Menu?, _ selections: SelectionSet?
  ) -> [Row] {
    var rows: [Row] = []
    func add(_ quantity: String, _ number: Int?, _ name: String, _ channel: String, _ share: TruthTable.Share)
    {
      guard share.tried > 0 else { return }
      rows.append(
        Row(
          quantity: quantity, source: "recorded", number: number, name: name, downscaling: nil,
          channel: channel, passed: share.passed, tried: share.tried))
    }
    for (channel, counts) in table.channels.sorted(by: { $0.key < $1.key }) {
      for mask in 0..<16 {
        add(
          "l1", mask, name(mask, l0, l1), channel,
          .init(passed: counts.masks[mask], tried: counts.lines[mask]))
      }
      add("kept", nil, "kept by L1", channel, .init(passed: counts.kept, tried: counts.triggered))
      add("ktag", nil, "KTAG", channel, counts.ktag)
      for (i, straw) in counts.straw.enumerated() {
        let name = "\(i + 1) track\(i == 0 ? "" : "s")\(i == 3 ? " or more" : "")"
        add("straw_tracks", i + 1, name, channel, straw.tracks)
        add("straw_multi_track", i + 1, name, channel, straw.multiTrack)
      }
      for (s, selection) in (selections?.selections ?? []).enumerated() where !selection.isBlind && s < 64 {
        add(
          "selection", nil, selection.name, channel, .init(passed: counts.selected[s], tried: counts.fiducial)
        )
      }
    }
    return rows
  }

  private static func name(_ line: Int, _ l0: L0Menu?, _ l1: L1Menu?) -> String {
    if let name = l0?.masks.first(where: { $0.number == line })?.name, !name.isEmpty { return name }
    return l1?.configuration.masks[line].name ?? ""
  }

  private static func downscaling(_ line: Int, _ l0: L0Menu?) -> Double? {
    l0?.masks.first { $0.number == line }?.downscaling.factor
  }

  private static func interval(_ row: Row) -> ConfidenceInterval? {
    guard let passed = Int(exactly: row.passed), let tried = Int(exactly: row.tried) else { return nil }
    // A truth that was cut may have more triggered decays than its totals: there is no efficiency then.
    return try? ClopperPearsonInterval.of(passed: passed, trials: tried)
  }

  // MARK: For a person

  /// Notes on what does not fit together.
  public var notes: [String] {
    var notes: [String] = []
    if let made = header.configuration("menu"), !made.sha256.isEmpty, made.sha256 != menuFileHash {
      notes.append(
        "simulated with menu \(made.name), replayed with another: recorded triggers are of the former")
    }
    if let events, events.unjudged > 0 {
      notes.append(
        "\(events.unjudged) triggers of the truth are not in the stream: recorded efficiencies are too low")
    }
    if let events, events.withoutTruth > 0 {
      notes.append("\(events.withoutTruth) events are not in the truth")
    }
    if let emulated, emulated.withoutTruth > 0 {
      notes.append("\(emulated.withoutTruth) emulated triggers are in bursts that are not in the truth")
    }
    let strays = events?.strayDecays ?? emulated?.strayDecays ?? 0
    if strays > 0 { notes.append("\(strays) hits are of decays that the truth does not have") }
    return notes
  }

  /// The tables for a person, of 120 columns at most.
  public func text() -> String {
    var out = "Truth: a decay belongs to a trigger within \(TextTable.number(window)) ns; fiducial from "
    out += "\(TextTable.number(header.fiducial.lowerBound / 1000)) to "
    out += "\(TextTable.number(header.fiducial.upperBound / 1000)) m; errors: Clopper-Pearson 68.27 %\n"
    for note in notes { out += "  note: \(note)\n" }
    if let emulated, !isEmulationRecorded { out += lines(emulated, "emulated", "L0 as emulated") }
    if let events {
      out += lines(
        events, "recorded", isEmulationRecorded ? "L0 as recorded and as emulated" : "L0 as recorded")
    }
    if let events { out += algorithms(events) }
    return out
  }

  /// Whether the emulated triggers have the very efficiencies of the recorded ones: one table is enough then.
  private var isEmulationRecorded: Bool {
    guard let events, let emulated else { return false }
    return events.lineTriggers == emulated.lineTriggers && events.accidentals == emulated.accidentals
      && events.channels.mapValues { [$0.triggered] + $0.lines + $0.dominant }
        == emulated.channels.mapValues { [$0.triggered] + $0.lines + $0.dominant }
  }

  private func lines(_ table: TruthTable, _ source: String, _ title: String) -> String {
    var text = TextTable(
      ["line", "D", "channel", "decays", "L0 efficiency", "L1 of L0", "share of triggers"],
      alignments: [.left, .right, .left, .right, .right, .right, .right])
    let isRecorded = source == "recorded"
    func find(_ quantity: String, _ number: Int?, _ channel: String) -> Row? {
      rows.first {
        $0.quantity == quantity && $0.source == source && $0.number == number && $0.channel == channel
      }
    }
    func append(_ line: Int?, _ channel: String, isFirst: Bool) {
      let l0 = find(line == nil ? "l0_any" : "l0", line, channel)
      let l1 = isRecorded ? find(line == nil ? "kept" : "l1", line, channel) : nil
      let purity = line == nil ? nil : find("purity", line, channel)
      guard (l0?.passed ?? 0) + (purity?.passed ?? 0) > 0 else { return }
      let title = line.map { "\($0) \(Self.name($0, self.l0, self.l1))" } ?? "any"
      text.append([
        isFirst ? Self.cut(title, 18) : "",
        isFirst ? line.flatMap { Self.downscaling($0, self.l0) }.map { TextTable.number($0) } ?? "-" : "",
        Self.cut(channel, 24), "\(l0?.passed ?? 0)", l0?.passed == 0 ? "-" : Self.share(l0), Self.share(l1),
        Self.share(purity),
      ])
    }
    let channels = table.channels.keys.sorted()
    for line in [nil] + (0..<16).map(Optional.some) {
      var isFirst = true
      for channel in channels + ["accidental"] {
        let before = text.rowCount
        append(line, channel, isFirst: isFirst)
        isFirst = isFirst && text.rowCount == before
      }
    }
    return "\n\(title), \(table.triggers) triggers: decays in the fiducial range with a trigger, "
      + "downscaling included\n" + text.text
  }

  private func algorithms(_ table: TruthTable) -> String {
    var text = TextTable(
      ["algorithm, run alone", "of", "channel", "passed", "of", "efficiency"],
      alignments: [.left, .left, .left, .right, .right, .right])
    for (quantity, title) in [
      ("ktag", "KTAG"), ("straw_tracks", "STRAW, as many tracks"),
      ("straw_multi_track", "STRAW, multi-track"),
    ] {
      // One track is never several.
      for row in rows where row.quantity == quantity && (quantity != "straw_multi_track" || row.number != 1) {
        text.append([
          title, row.number == nil ? "K+" : row.name, Self.cut(row.channel, 24), "\(row.passed)",
          "\(row.tried)",
          Self.share(row),
        ])
      }
    }
    var out = text.rowCount > 0 ? "\nL1 algorithms on triggers by their dominant decay\n" + text.text : ""
    var chosen = TextTable(
      ["selection", "channel", "decays", "fiducial", "acceptance x efficiency"],
      alignments: [.left, .left, .right, .right, .right])
    for (s, selection) in (selections?.selections ?? []).enumerated() {
      if selection.isBlind { chosen.append([selection.name, "blind: not given", "-", "-", "-"]) }
      for row in rows
      where row.quantity == "selection" && row.name == selection.name && s < 64 && row.passed > 0 {
        chosen.append([
          Self.cut(row.name, 32), Self.cut(row.channel, 24), "\(row.passed)", "\(row.tried)", Self.share(row),
        ])
      }
    }
    if chosen.rowCount > 0 { out += "\nSelections: fiducial decays whose event passes\n" + chosen.text }
    return out
  }

  private static func share(_ row: Row?) -> String {
    guard let row, let interval = interval(row) else { return "-" }
    let value = Double(row.passed) / Double(row.tried)
    let number = { (value: Double) in TextTable.number((value * 1e5).rounded() / 1e3) }
    return "\(number(value)) +\(number(interval.upper - value)) -\(number(value - interval.lower)) %"
  }

  /// A name in a column of limited width.
  private static func cut(_ text: String, _ width: Int) -> String {
    text.count > width ? text.prefix(width - 1) + "~" : text
  }

  // MARK: For a program

  /// The efficiencies as CSV.
  public func csv() -> String {
    var out = "quantity,source,number,name,downscaling,channel,passed,tried,efficiency,low,high\n"
    for row in rows {
      out += "\(row.quantity),\(row.source),\(row.number.map(String.init) ?? ""),\(CSV.field(row.name)),"
      out += "\(row.downscaling.map { "\($0)" } ?? ""),\(CSV.field(row.channel)),\(row.passed),\(row.tried),"
      if let interval = Self.interval(row) {
        out += "\(Double(row.passed) / Double(row.tried)),\(interval.lower),\(interval.upper)\n"
      } else {
        out += ",,\n"
      }
    }
    return out
  }

  /// Everything as structured values.
  public func summary() -> ConfigValue {
    func count(_ value: UInt64) -> ConfigValue { .int(Int(clamping: value)) }
    func books(_ table: TruthTable?) -> ConfigValue {
      guard let table else { return .null }
      return .map([
        .init("triggers", count(table.triggers)), .init("without_truth", count(table.withoutTruth)),
        .init("not_in_stream", count(table.unjudged)), .init("stray_hits", count(table.strayDecays)),
        .init("bursts", count(table.bursts)),
      ])
    }
    let channels = (events ?? emulated)?.channels.sorted { $0.key < $1.key } ?? []
    return .map([
      .init("schema", .string("spillway.efficiencies/1")), .init("file", .string(path)),
      .init("made_by", .string(header.version)), .init("seed", .string("\(header.seed)")),
      .init(
        "configurations",
        .list(
          header.configurations.map {
            .map([
              .init("kind", .string($0.kind)), .init("name", .string($0.name)),
              .init("sha256", .string($0.sha256)),
            ])
          })), .init("window_ns", .double(window)),
      .init(
        "fiducial_mm", .list([.double(header.fiducial.lowerBound), .double(header.fiducial.upperBound)])),
      .init("method", .string(StatisticalMethod.clopperPearson.rawValue)),
      .init("confidence_level", .double(ConfidenceInterval.oneSigma)),
      .init("tail", .string(TailConvention.central.rawValue)),
      .init("notes", .list(notes.map { .string($0) })), .init("events", books(events)),
      .init("emulated", books(emulated)),
      .init(
        "channels",
        .list(
          channels.map { name, counts in
            .map([
              .init("channel", .string(name)), .init("generated", count(counts.generated)),
              .init("fiducial", count(counts.fiducial)), .init("written", count(counts.written)),
            ])
          })),
      .init(
        "efficiencies",
        .list(
          rows.map { row in
            let interval = Self.interval(row)
            return .map([
              .init("quantity", .string(row.quantity)), .init("source", .string(row.source)),
              .init("number", row.number.map { .int($0) } ?? .null), .init("name", .string(row.name)),
              .init("downscaling", row.downscaling.map { .double($0) } ?? .null),
              .init("channel", .string(row.channel)), .init("passed", count(row.passed)),
              .init("tried", count(row.tried)),
              .init("efficiency", interval == nil ? .null : .double(Double(row.passed) / Double(row.tried))),
              .init("low", interval.map { .double($0.lower) } ?? .null),
              .init("high", interval.map { .double($0.upper) } ?? .null),
            ])
          })),
    ])
  }
}
