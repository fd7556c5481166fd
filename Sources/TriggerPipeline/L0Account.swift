public import Configuration
public import L0Trigger
public import PacketCapture

/// All that is counted of L0 in a run, for a number of menus.
public struct L0Account: Sendable {
  /// The menus.
  public let menus: [L0Menu]
  /// For each menu what it counted.
  public private(set) var menuCounters: [L0MenuCounters]
  /// For each menu what was counted of primitives and entries.
  public private(set) var alignmentCounters: [L0AlignmentCounters]
  /// What was watched of the primitives.
  public private(set) var statistics = PrimitiveStatistics()
  /// The packets.
  public private(set) var books = L0Books()
  /// The capture's books.
  public private(set) var capture = CaptureBooks()
  /// For each menu the triggers sent by line: the masks, and in place 16 control.
  public private(set) var sentByLine: [[UInt64]]
  /// Bursts that have ended.
  public private(set) var bursts: UInt64 = 0

  /// Nothing counted.
  public init(menus: [L0Menu]) {
    self.menus = menus
    menuCounters = menus.map { _ in L0MenuCounters() }
    alignmentCounters = menus.map { _ in L0AlignmentCounters() }
    sentByLine = menus.map { _ in [UInt64](repeating: 0, count: 17) }
  }

  /// What L0 had counted before; nil where it is of other menus, or without L0.
  public init?(menus: [L0Menu], restoring partial: RunPartial) {
    guard let l0 = partial.l0 else { return nil }
    self.init(menus: menus, restoring: l0)
  }

  /// What L0 had counted before; nil where it is of other menus.
  init?(menus: [L0Menu], restoring partial: L0Partial) {
    self.init(menus: menus)
    guard partial.menuHashes == menus.map(\.hash) else { return nil }
    menuCounters = partial.menuCounters
    alignmentCounters = partial.alignmentCounters
    statistics = partial.statistics
    books = partial.books
    capture = partial.capture
    sentByLine = partial.sentByLine
    bursts = partial.bursts
  }

  /// All that was counted, to be stored.
  var partial: L0Partial {
    L0Partial(
      menuHashes: menus.map(\.hash), menuCounters: menuCounters, alignmentCounters: alignmentCounters,
      statistics: statistics, books: books, capture: capture, sentByLine: sentByLine, bursts: bursts)
  }

  /// Adds what the pipeline gave.
  public mutating func add(_ output: L0Pipeline.Output) {
    if output.isFirst, let packets = output.packets { capture += packets.books }
    for slice in output.slices { add(slice) }
  }

  /// Adds a slice.
  public mutating func add(_ slice: L0Slice) {
    for menu in menus.indices {
      menuCounters[menu] += slice.menuCounters[menu]
      alignmentCounters[menu] += slice.alignmentCounters[menu]
      for trigger in slice.triggers[menu] {
        var lines = UInt32(trigger.flags)
        if !trigger.dataType.contains(.physics) { lines = 0 }
        if trigger.dataType.contains(.control) { lines |= 1 << 16 }
        while lines != 0 {
          sentByLine[menu][lines.trailingZeroBitCount] += 1
          lines &= lines - 1
        }
      }
    }
    if let seen = slice.statistics { statistics += seen }
    books += slice.books
    bursts += slice.endsBurst ? 1 : 0
  }

  /// Whether everything that came in is in exactly one column.
  public var closes: Bool { capture.closes && books.closes && menuCounters.allSatisfy(\.closes) }

  /// Time that the primitives cover, in seconds: the groups of packets, each of 256 clock periods.
  public func liveTime(menu: Int) -> Double {
    Double(alignmentCounters[menu].groups) * 256 * RateTable.clockPeriod
  }

  /// The counters of a menu under the names of NA62's emulation.
  ///
  /// - Parameter menu: the menu's place.
  public func counters(menu: Int) -> ConfigValue {
    let packets = capture.packets
    let own = menuCounters[menu]
    let shared = alignmentCounters[menu]
    let used = books.grouped + (books.lost[.offset] ?? 0)
    func number(_ value: UInt64) -> ConfigValue { .int(Int(clamping: value)) }
    func numbers(_ values: [UInt64]) -> ConfigValue { .list(values.map(number)) }
    return .map([
      .init("frames", number(packets)),
      .init("ignored_frames", number(packets - min(packets, used))),
      .init("groups", number(shared.groups)),
      .init("packets", numbers(shared.packets)),
      .init("primitives", numbers(shared.primitives)),
      .init("calibration_primitives", numbers(shared.calibrationPrimitives)),
      .init("header_count_mismatches", number(shared.headerCountMismatches)),
      .init("entries_reference_only", number(shared.entriesReferenceOnly)),
      .init("entries_control_only", number(shared.entriesControlOnly)),
      .init("entries_both", number(shared.entriesBoth)),
      .init("entries_skipped_same_address", number(shared.entriesSkippedSameAddress)),
      .init("entries_vetoed_same_timestamp", number(own.entriesVetoedSameTimestamp)),
      .init("pre", numbers(own.pre)),
      .init("post", numbers(own.post)),
      .init("control_pre", number(own.controlPre)),
      .init("control_post", number(own.controlPost)),
      .init("fired", number(own.fired)),
      .init("other_sources", number(own.otherSources)),
      .init("records_after_merge", number(own.recordsAfterMerge)),
      .init("rejected_dead_time", number(own.rejectedDeadTime)),
      .init("rejected_window", number(own.rejectedWindow)),
      .init("rejected_late", number(own.rejectedLate)),
      .init("not_sent_end_of_burst", number(own.notSentEndOfBurst)),
      .init("sent", number(own.sent)),
      .init(
        "lost_packets",
        .map(
          PrimitivePacketLoss.allCases.map {
            ConfigValue.Entry($0.rawValue, number(books.lost[$0] ?? 0))
          })),
    ])
  }
}
