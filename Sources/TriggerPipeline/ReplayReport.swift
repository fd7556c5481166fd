public import Configuration
public import CountingStatistics
import EventBuilding
public import L1Trigger
import NA62Formats
import PacketCapture
import Pages
import Selections

/// The results of a run as tables and as structured values: one source for what is printed and what is
/// written.
public struct ReplayReport: Sendable {
  let account: ReplayAccount
  /// What the counting experiments say, in the order of the selections; nil of those without one, and of
  /// blind ones.
  let results: [CountingSummary?]
  let menu: ReportMenu
  private let stored: BurstFileWriter.Books?

  /// The report of an account, and of the burst files if there are any.
  ///
  /// - Throws: `StatisticsError`.
  public init(account: ReplayAccount, menu: L1Menu, stored: BurstFileWriter.Books? = nil) throws {
    try self.init(account: account, menu: ReportMenu(menu), stored: stored)
  }

  /// The report of an account, with what it says of the menu.
  ///
  /// - Throws: `StatisticsError`.
  public init(account: ReplayAccount, menu: ReportMenu, stored: BurstFileWriter.Books? = nil) throws {
    self.account = account
    results =
      try (account.selections?.engine).map { engine in
        try zip(engine.set.selections, engine.accounts).map { selection, part in
          guard !selection.isBlind else { return nil }
          return try CountingSummary(part.open, periods: account.periods)
        }
      } ?? []
    self.menu = menu
    self.stored = stored
  }

  /// The counting experiments that may be seen, in the order of the selections.
  public var countingResults: [CountingResult] { results.compactMap { $0?.result } }

  /// Whether there was any event, complete or not.
  public var hasEvents: Bool { account.builder.events > 0 }

  // MARK: Rates

  var activeMasks: [Int] {
    (0..<16).filter { mask in
      account.rates.masks[mask].l0Input > 0
        || !menu.masks[mask].chain.isEmpty
    }
  }

  /// The rate table as CSV.
  public func ratesCSV() throws -> String {
    var out =
      "mask,name,l0_input,l1_input,l1_accepted,"
      + L1Algorithm.decisionOrder.map { "passed_\($0.name)" }.joined(separator: ",")
      + ",live_time_s,rate_hz,rate_low_hz,rate_high_hz\n"
    for mask in activeMasks {
      let counts = account.rates.masks[mask]
      let passed = L1Algorithm.decisionOrder.map { "\(counts.algorithmPassed[$0.rawValue])" }
      out += "\(mask),\(CSV.field(menu.masks[mask].name)),\(counts.l0Input),"
      out += "\(counts.l1Input),\(counts.l1Accepted),\(passed.joined(separator: ",")),"
      out += "\(account.rates.liveTime),"
      if let rate = try rate(counts.l1Accepted) {
        out += "\(rate.rate),\(rate.interval.lower),\(rate.interval.upper)\n"
      } else {
        out += ",\n"
      }
    }
    return out
  }

  func rate(_ count: UInt64) throws -> RateEstimate? {
    guard account.rates.liveTime > 0, let count = Int(exactly: count) else { return nil }
    return try RateEstimate(count: count, liveTime: account.rates.liveTime)
  }

  /// The rate table for a person.
  public func ratesText() throws -> String {
    let rates = account.rates
    var table = TextTable(
      ["mask", "name", "L0 input", "L1 in", "L1 acc", "rate", "passed in the chain"],
      alignments: [.right, .left, .right, .right, .right, .right, .left])
    for mask in activeMasks {
      let counts = rates.masks[mask]
      let chain = menu.chain(mask).map { "\($0.name) \(counts.algorithmPassed[$0.rawValue])" }
      table.append([
        "\(mask)", menu.masks[mask].name, "\(counts.l0Input)", "\(counts.l1Input)",
        "\(counts.l1Accepted)", try rateText(counts.l1Accepted), chain.joined(separator: ", "),
      ])
    }
    var out = "Trigger rates over \(number(rates.liveTime * 1000)) ms of live time"
    out += " in \(rates.bursts) burst\(rates.bursts == 1 ? "" : "s") (errors: Garwood 68.27 %)\n"
    out += table.text
    out += "events \(rates.events): physics \(rates.physics), control \(rates.control), periodic "
    out += "\(rates.periodic), special \(rates.special); kept \(rates.kept)"
    out += " (accepted \(rates.wordBits[0]), timeout \(rates.wordBits[3]), no algorithm "
    out += "\(rates.wordBits[4]), bypass \(rates.wordBits[5]), flagged \(rates.wordBits[6]), autopass "
    out += "\(rates.wordBits[7]))\n"
    return out
  }

  func rateText(_ count: UInt64) throws -> String {
    guard let rate = try rate(count) else { return "-" }
    let scale = rate.rate >= 1e5 || rate.interval.upper >= 1e5 ? (1e-3, "kHz") : (1.0, "Hz")
    return "\(number(rate.rate * scale.0)) +\(number(rate.errorUp * scale.0)) "
      + "-\(number(rate.errorDown * scale.0)) \(scale.1)"
  }

  // MARK: Bursts

  /// What the trigger counted in each burst, as NA62's HltStatistics (`l1.md` 3.5), as CSV.
  public func hltCSV() -> String {
    let counters = EOBTriggerRecord.Level.l1.counters
    var out = "run,burst,start_of_burst,end_of_burst," + counters.map(\.rawValue).joined(separator: ",")
    out += ",EventsToMerger,BytesToMerger"
    for mask in 0..<16 { out += ",input_\(mask),accepted_\(mask)" }
    out += ",words\n"
    for burst in account.bursts {
      let counts = burst.counts
      out += "\(burst.burst.run),\(burst.burst.burst),\(burst.burst.startOfBurst),\(burst.burst.endOfBurst),"
      out += counters.map { "\(counts[$0])" }.joined(separator: ",")
      out += ",\(counts.eventsToMerger),\(counts.bytesToMerger)"
      for mask in counts.rates.masks { out += ",\(mask.l0Input),\(mask.l1Accepted)" }
      let words = counts.words.indices.filter { counts.words[$0] > 0 }
      out += "," + words.map { "0x\(DecisionTable.hex($0, 2)):\(counts.words[$0])" }.joined(separator: " ")
      out += "\n"
    }
    return out
  }

  /// The bursts with their runs, as structured values.
  public func bursts() -> ConfigValue {
    .list(
      account.bursts.map { ended in
        .map([
          ConfigValue.Entry("run", .int(Int(ended.burst.run))),
          ConfigValue.Entry("burst", .int(Int(ended.burst.burst))),
          ConfigValue.Entry("start_of_burst", .int(Int(ended.burst.startOfBurst))),
          ConfigValue.Entry("end_of_burst", .int(Int(ended.burst.endOfBurst))),
          ConfigValue.Entry("events", count(ended.burst.events)),
        ])
      })
  }

  // MARK: Books

  /// The books, level by level: (level, column, count).
  public var books: [(level: String, column: String, count: Int64)] {
    var out: [(String, String, Int64)] = []
    func add(_ level: String, _ column: String, _ count: UInt64) {
      out.append((level, column, Int64(clamping: count)))
    }
    for entry in account.capture.entries { add("capture", entry.name, entry.count) }
    let b = account.builder
    add("datagrams", "in", b.datagrams)
    add("datagrams", "l0-packets", b.l0Packets)
    add("datagrams", "l1-packets", b.l1Packets)
    add("datagrams", "other-port", b.otherPort)
    add("datagrams", "other-host", b.otherHost)
    for (reason, count) in zip(PacketRejection.allCases, b.rejected) {
      add("datagrams", "rejected-\(reason.rawValue)", count)
    }
    add("datagrams", "flushed", b.flushed)
    add("fragments", "in", b.fragments)
    add("fragments", "built", b.fragmentsBuilt)
    add("fragments", "flag-mismatch", b.fragmentsFlagMismatch)
    add("fragments", "duplicate", b.fragmentsDuplicate)
    add("fragments", "older-burst", b.fragmentsOlderBurst)
    add("fragments", "out-of-range", b.fragmentsOutOfRange)
    add("fragments", "other-node", b.otherNode.fragments)
    add("fragments", "unfinished", b.fragmentsUnfinished)
    out.append(("fragments", "pending", b.fragmentsPending))
    let d = account.l1Data
    add("l1-fragments", "in", b.l1Fragments + b.otherNode.l1Fragments)
    add("l1-fragments", "other-node", b.otherNode.l1Fragments)
    add("l1-fragments", "used", d.fragmentsUsed)
    add("l1-fragments", "not-requested", d.fragmentsNotRequested)
    add("l1-fragments", "duplicate", d.fragmentsDuplicate)
    add("l1-fragments", "unknown-source", d.fragmentsUnknownSource)
    add("l1-fragments", "unfinished", d.fragmentsUnfinished)
    out.append(("l1-fragments", "pending", d.fragmentsPending))
    add("events", "in", b.events)
    add("events", "built", b.eventsBuilt)
    for reason in UnfinishedReason.allCases {
      add("events", "unfinished-\(reason.rawValue)", account.unfinished[reason] ?? 0)
    }
    out.append(("events", "pending", b.eventsPending))
    add("events", "judged", account.rates.events)
    add("events", "kept", account.rates.kept)
    add("events", "rejected-by-l1", account.rates.events - account.rates.kept)
    add("l1-data", "requested", d.events)
    add("l1-data", "complete", d.eventsComplete)
    add("l1-data", "duplicate", d.eventsDuplicate)
    add("l1-data", "unfinished-burst-end", d.eventsBurstEnd)
    add("l1-data", "unfinished-pending-limit", d.eventsPendingLimit)
    out.append(("l1-data", "pending", d.eventsPending))
    let r = account.reconstruction
    if r.events > 0 {
      add("reconstruction", "in", r.events)
      add("reconstruction", "complete", r.complete)
      add("reconstruction", "without-l1-data", r.withoutL1Data)
    }
    if let stored {
      add("stored", "in", stored.events)
      add("stored", "written", stored.written)
      add("stored", "duplicate", stored.duplicate)
      add("stored", "too-long", stored.tooLong)
    }
    add("alerts", "raised", account.alerts)
    return out
  }

  /// The levels of the books, in the way of the data.
  static let levels = [
    "capture", "datagrams", "fragments", "l1-fragments", "events", "l1-data", "reconstruction", "stored",
    "alerts",
  ]

  /// Whether the books close.
  public var closes: Bool { account.closes && stored?.closes != false }

  /// Share of the fragments that came and were lost, of the L1 fragments (without those of events that L1 did
  /// not keep), and of the packets that were rejected: the largest one.
  public var lostShare: Double {
    let b = account.builder
    let c = account.capture
    let own = b.fragments - b.otherNode.fragments
    let lost = own - b.fragmentsBuilt - UInt64(clamping: b.fragmentsPending)
    let rejected =
      b.rejected.reduce(0, +) + b.flushed + c.damaged
    let l1 = account.l1Data
    return max(
      l1.fragments > 0 ? Double(l1.fragmentsLost) / Double(l1.fragments) : 0,
      own > 0 ? Double(lost) / Double(own) : 0,
      c.offered > 0 ? Double(rejected) / Double(c.offered) : c.cutInputs > 0 ? 1 : 0)
  }

  /// The books for a person: what is not zero, and whether they close.
  public func booksText() -> String {
    var out = "Books \(closes ? "close" : "DO NOT CLOSE")\n"
    for level in Self.levels {
      let columns = books.filter { $0.level == level && $0.count != 0 }
      guard !columns.isEmpty else { continue }
      let padded = level + String(repeating: " ", count: max(0, 12 - level.count))
      out += "  \(padded) " + columns.map { "\($0.column) \($0.count)" }.joined(separator: ", ") + "\n"
    }
    return out
  }

  // MARK: Everything

  /// Rates, counts and books as structured values.
  public func summary() throws -> ConfigValue {
    let rates = account.rates
    var masks: [ConfigValue] = []
    for mask in activeMasks {
      let counts = rates.masks[mask]
      let rate = try rate(counts.l1Accepted)
      masks.append(
        ConfigValue.map([
          ConfigValue.Entry("mask", .int(mask)),
          ConfigValue.Entry("name", .string(menu.masks[mask].name)),
          ConfigValue.Entry("l0_input", count(counts.l0Input)),
          ConfigValue.Entry("l1_input", count(counts.l1Input)),
          ConfigValue.Entry("l1_accepted", count(counts.l1Accepted)),
          ConfigValue.Entry(
            "passed",
            .map(
              L1Algorithm.decisionOrder.map {
                ConfigValue.Entry($0.name, count(counts.algorithmPassed[$0.rawValue]))
              })),
          ConfigValue.Entry("rate_hz", rate.map { .double($0.rate) } ?? .null),
          ConfigValue.Entry("rate_low_hz", rate.map { .double($0.interval.lower) } ?? .null),
          ConfigValue.Entry("rate_high_hz", rate.map { .double($0.interval.upper) } ?? .null),
        ]))
    }
    var levels: [ConfigValue.Entry] = []
    for level in Self.levels where books.contains(where: { $0.level == level }) {
      levels.append(
        ConfigValue.Entry(
          level,
          .map(
            books.filter { $0.level == level }.map { ConfigValue.Entry($0.column, .int(Int($0.count))) })))
    }
    return .map([
      ConfigValue.Entry("schema", .string("spillway.replay/1")),
      ConfigValue.Entry("live_time_s", .double(rates.liveTime)),
      ConfigValue.Entry("bursts", count(rates.bursts)),
      ConfigValue.Entry("events", count(rates.events)),
      ConfigValue.Entry("kept", count(rates.kept)),
      ConfigValue.Entry("masks", .list(masks)),
      ConfigValue.Entry("counts", counts(isBrief: true)),
      ConfigValue.Entry("books_close", .bool(closes)),
      ConfigValue.Entry("books", .map(levels)),
    ])
  }

  func count(_ value: UInt64) -> ConfigValue { .int(Int(clamping: value)) }

  /// A number with four significant digits.
  func number(_ value: Double) -> String { TextTable.number(value) }
}
