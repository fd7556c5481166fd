public import Detectors
public import NA62Formats

/// What the readout boards send of a trigger: the hits in each detector's window, as raw fragments
/// (`detectors.md` section 0, `l1.md` section 4).
///
/// TEL62 boards send the edges of KTAG, LAV, CHOD, RICH, IRC, SAC, NewCHOD and MUV3, SRBs those of STRAW. For
/// LKr, which is read after L1, see `LKrReadout`. A value belongs to one worker.
public struct FragmentMaker: Sendable {
  /// A trigger, as the boards get it.
  public struct Trigger: Sendable, Hashable {
    /// Clock periods since the start of burst.
    public var timestamp: UInt32
    /// Whether it is one for which boards send no data, as start and end of burst.
    public var isSpecial: Bool

    /// A trigger.
    public init(timestamp: UInt32, isSpecial: Bool = false) {
      self.timestamp = timestamp
      self.isSpecial = isSpecial
    }
  }

  /// A board and the detectors that it reads.
  private struct Source {
    var id: SourceID
    var boards: Int
    var detectors: [SimulatedDetector]
  }

  private let configuration: ResponseConfiguration
  private let maps: L1DetectorMaps
  private let sources: [Source]
  private var edges: [[TDCEdge]] = []
  private var strawEdges: [[SRB.Edge]] = []

  /// A maker of the fragments of the sources in `detectors`; L0TP's own fragments come from L0, those of
  /// virtual sources from the farm.
  public init(configuration: ResponseConfiguration, detectors: DetectorConfiguration) {
    self.configuration = configuration
    maps = detectors.maps
    sources = detectors.sources.physicalL0.compactMap { entry in
      Self.detectors(of: entry.id).map { Source(id: entry.id, boards: entry.boards, detectors: $0) }
    }
  }

  /// The detectors that a source reads; `nil` for a source that the maker knows nothing of.
  static func detectors(of source: SourceID) -> [SimulatedDetector]? {
    switch source {
    case .ktag: [.ktag]
    case .lav: [.lav]
    case .straw: [.straw]
    case .chod: [.chod]
    case .rich: [.rich]
    case .ircSacNewCHOD: [.irc, .sac, .newCHOD]
    case .muv3: [.muv3]
    default: nil
    }
  }

  /// Calls `body` with the source, the board and the payload of each fragment of a trigger, in the order of the
  /// sources.
  ///
  /// - Parameters:
  ///   - trigger: the trigger.
  ///   - hits: the hits, arranged (`HitStore.arrange`), of at least the window.
  ///   - body: takes each fragment.
  /// - Throws: `FormatError` if a board has more edges than its format can hold.
  public mutating func forEachFragment(
    of trigger: Trigger, hits: HitStore, _ body: (SourceID, UInt8, [UInt8]) -> Void
  ) throws(FormatError) {
    for source in sources {
      if source.id == .straw {
        try makeStraw(source, trigger, hits[.straw], body)
      } else {
        try makeTEL62(source, trigger, hits, body)
      }
    }
  }

  /// The window of a detector in clock periods, from the first to the last.
  private func window(_ detector: SimulatedDetector, _ trigger: Trigger) -> ClosedRange<Int64> {
    let settings = configuration[detector]
    let last = Int64(trigger.timestamp) + Int64(settings.last)
    return (last - Int64(settings.slots) + 1)...last
  }

  // MARK: TEL62

  private mutating func makeTEL62(
    _ source: Source, _ trigger: Trigger, _ hits: HitStore, _ body: (SourceID, UInt8, [UInt8]) -> Void
  ) throws(FormatError) {
    while edges.count < source.boards { edges.append([]) }
    for board in 0..<source.boards { edges[board].removeAll(keepingCapacity: true) }
    if !trigger.isSpecial {
      for detector in source.detectors { collect(hits[detector], window(detector, trigger), source.boards) }
    }
    for board in 0..<source.boards {
      let subID = UInt8(truncatingIfNeeded: board)
      guard !trigger.isSpecial else {
        body(source.id, subID, try TEL62Encoder(subID: subID, triggerType: 0x80).bytes())
        continue
      }
      // Edges are stored in order of time, a channel's leading edge before its trailing one.
      edges[board].sort { a, b in
        if a.time != b.time { return a.time < b.time }
        if a.channel != b.channel { return a.channel < b.channel }
        return a.isLeading && !b.isLeading
      }
      let encoder = try TEL62Encoder(
        edges: edges[board], timestamp: trigger.timestamp, subID: subID,
        fpgaIDs: Self.fpgas(source.id, board: board))
      body(source.id, subID, try encoder.bytes())
    }
  }

  /// The FPGAs that a board reads (`detectors.md` section 0).
  private static func fpgas(_ source: SourceID, board: Int) -> [UInt8] {
    source == .muv3 || source == .lav && board < 5 ? [0, 1, 2] : [0, 1, 2, 3]
  }

  /// Collects the edges in a window by board.
  private mutating func collect(_ hits: HitList, _ window: ClosedRange<Int64>, _ boards: Int) {
    let period = ReadoutClock.period
    // Leading edges long before the window may have trailing ones in it.
    let start = Double(window.lowerBound) * period - 1000
    let end = Double(window.upperBound + 1) * period + ReadoutClock.unit
    for i in hits.range(from: start, to: end) {
      let board = Int(hits.channel[i]) / 512
      guard hits.channel[i] >= 0, board < boards else { continue }
      let channel = UInt16(truncatingIfNeeded: hits.channel[i] % 512)
      if let units = ReadoutClock.units(hits.leading[i]), window.contains(units >> 8) {
        edges[board].append(TDCEdge(time: UInt64(units), channel: channel, isLeading: true))
      }
      if let units = ReadoutClock.units(hits.trailing[i]), window.contains(units >> 8) {
        edges[board].append(TDCEdge(time: UInt64(units), channel: channel, isLeading: false))
      }
    }
  }

  // MARK: SRB

  /// Time that STRAW's offsets add to the edges of a channel, in ns: the inverse of what L1 takes off
  /// (`l1.md` 5.9.1).
  func strawOffset(channel: Int) -> Double {
    maps.strawStationT0 + maps.strawMezzanineT0[channel / 16] - maps.strawMagicT0
      + configuration.strawTimeOffset
  }

  private mutating func makeStraw(
    _ source: Source, _ trigger: Trigger, _ hits: HitList, _ body: (SourceID, UInt8, [UInt8]) -> Void
  ) throws(FormatError) {
    while strawEdges.count < source.boards { strawEdges.append([]) }
    for board in 0..<source.boards { strawEdges[board].removeAll(keepingCapacity: true) }
    let window = window(.straw, trigger)
    let period = ReadoutClock.period
    if !trigger.isSpecial {
      // Offsets differ by some 50 ns between channels, and trailing edges are late.
      let origin = -maps.strawStationT0
      let start = Double(window.lowerBound) * period + origin - 1000
      let end = Double(window.upperBound + 1) * period + origin + 200
      for i in hits.range(from: start, to: end) {
        let channel = Int(hits.channel[i])
        guard channel >= 0, channel < maps.straw.count, channel >> 8 < source.boards else { continue }
        let offset = strawOffset(channel: channel)
        append(hits.leading[i] + offset, channel, true, window, trigger)
        append(hits.trailing[i] + offset, channel, false, window, trigger)
      }
    }
    // Boards count slots from the first one, which cannot be before the burst.
    let first = UInt32(clamping: window.lowerBound)
    for board in 0..<source.boards {
      strawEdges[board].sort { a, b in
        if a.time != b.time { return a.time < b.time }
        if a.channel != b.channel { return a.channel < b.channel }
        return a.isLeading && !b.isLeading
      }
      let encoder = try SRBEncoder(
        edges: strawEdges[board], timestamp: trigger.timestamp, board: UInt8(truncatingIfNeeded: board),
        firstSlotTime: first)
      body(source.id, UInt8(truncatingIfNeeded: board), encoder.bytes)
    }
  }

  /// Notes an edge at a raw time since the start of burst, cut to 1/32 of a clock period, if it is in the window.
  private mutating func append(
    _ time: Double, _ channel: Int, _ isLeading: Bool, _ window: ClosedRange<Int64>, _ trigger: Trigger
  ) {
    let value = (time / ReadoutClock.period * 32).rounded(.down)
    guard value >= 0, value < 0x1p37 else { return }
    let ticks = Int64(value)
    guard window.contains(ticks >> 5), window.lowerBound >= 0 || ticks >> 5 < Int64(SRBEncoder.slotCount)
    else { return }
    let relative = Double(ticks - Int64(trigger.timestamp) << 5)
    strawEdges[channel >> 8].append(
      SRB.Edge(
        time: relative * ReadoutClock.period / 32, channel: UInt16(truncatingIfNeeded: channel),
        isLeading: isLeading))
  }
}
