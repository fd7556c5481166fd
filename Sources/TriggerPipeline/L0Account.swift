public import Configuration
public import L0Trigger

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
  /// Bursts that have ended.
  public private(set) var bursts = 0

  /// Nothing counted.
  public init(menus: [L0Menu]) {
    self.menus = menus
    menuCounters = menus.map { _ in L0MenuCounters() }
    alignmentCounters = menus.map { _ in L0AlignmentCounters() }
  }

  /// Adds a slice.
  public mutating func add(_ slice: L0Slice) {
    for menu in menus.indices {
      menuCounters[menu] += slice.menuCounters[menu]
      alignmentCounters[menu] += slice.alignmentCounters[menu]
    }
    statistics += slice.statistics
    books += slice.books
    bursts += slice.endsBurst ? 1 : 0
  }

  /// Whether everything that came in is in exactly one column.
  public var closes: Bool { books.closes && menuCounters.allSatisfy(\.closes) }

  /// Time that the primitives cover, in seconds: the groups of packets, each of 256 clock periods.
  public func liveTime(menu: Int) -> Double {
    Double(alignmentCounters[menu].groups) * 256 * ClockPeriod.seconds
  }

  /// The counters of a menu under the names of NA62's emulation.
  ///
  /// - Parameters:
  ///   - menu: the menu's place.
  ///   - packets: packets in the inputs, whatever they are.
  public func counters(menu: Int, packets: UInt64) -> ConfigValue {
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

/// The experiment's clock for rates.
enum ClockPeriod {
  /// One period in seconds.
  static let seconds = 24.951059536e-9
}
