import CountingStatistics
public import EventBuilding
import L0Trigger
public import NA62Formats
public import PacketCapture
public import TriggerPipeline

/// Watches the rates of a run: what is counted by burst and along it, what is wrong, and what is right again.
///
/// A value without a clock. It is told of the packets as they are read, and of the judged batches made of them, in
/// order. A packet is looked at when the events made of it are known, and tests are made at the end of bins and bursts
/// of data time alone: so the findings and their order depend on the stream, and not on batches or workers.
public struct RateMonitor: Sendable {
  /// What the packets are, as the stages in front of it take them.
  public struct Options: Sendable {
    /// The event builder's: ports, burst change, run.
    public var builder = EventBuilder.Options()
    /// UDP port of the primitives.
    public var primitivePort = MTP.port
    /// The format of the primitives.
    public var primitiveFormat = MTP.Format.words32
    /// Whether judged batches come; without them packets are looked at when they are told.
    public var hasEvents = true
    /// NA62's values, with events.
    public init() {}
  }

  /// A firing condition is over where what it sees speaks for the contrary: wrongly once in so many samples at most.
  static let clearingRunLength = 1000.0

  /// What the rates are compared with.
  public let configuration: RateMonitoringConfiguration
  /// The names of masks and selections.
  public let names: RateLineNames
  /// The counts of the last bursts that have ended.
  public internal(set) var counts: RateCounts
  /// Bursts that have ended.
  public internal(set) var burstsEnded: UInt64 = 0
  /// Counts of the lines in all bursts that have ended.
  var totals: [RateLine: UInt64] = [:]
  private var untaken: [(key: RateCounts.Key, burst: RateCounts.Burst)] = []

  let layout: EventLayout
  let options: Options
  let width: Int64
  var tally: PacketTally
  var tracker: BurstTracker
  var open: OpenBurst?
  /// A burst that is over, while packets of the next one come and the builder has not ended it.
  var closing: OpenBurst?
  var detectors: [SilenceWatch]
  var boards: [SilenceWatch] = []
  var boardShares: [ShareWatch] = []
  var bitShares: [ShareWatch]
  var steps: [StepWatch]
  var losses = [LossState](repeating: LossState(), count: 3)
  var isSilent = false
  var tallies: [EventTally] = []
  private var waiting: [(packets: PacketBatch, next: Int)] = []
  var identity: BurstIdentity?
  var run: UInt32

  /// A burst under way.
  struct OpenBurst: Sendable, Codable {
    var key: RateCounts.Key
    var begin: DataTime
    var end: DataTime
    var firstBin: Int64
    /// The bin that is being counted.
    var bin: Int64
    /// The counts of the bins that have ended.
    var bins: ContiguousArray<ContiguousArray<UInt64>> = []
    /// When the end-of-burst trigger came: silence behind it is no fault.
    var over: DataTime?
    /// Boards, by place, and detectors that were lost in it at some time.
    var lostBoards: Set<Int> = []
    var deadDetectors: Set<Int> = []
    /// Whether there was a silence in it.
    var wasSilent = false
  }

  /// Whether one kind of loss is above what is tolerated.
  struct LossState: Sendable, Codable {
    var isFiring = false
  }

  /// A monitor at the beginning of a run.
  ///
  /// - Parameters:
  ///   - configuration: what rates are compared with.
  ///   - layout: the sources of the events.
  ///   - names: names of masks and selections.
  ///   - options: what the packets are.
  /// - Throws: `StatisticsError` where a band cannot be tested.
  public init(
    configuration: RateMonitoringConfiguration, layout: EventLayout, names: RateLineNames = RateLineNames(),
    options: Options = Options()
  ) throws {
    let configuration = configuration.naming(names)
    self.configuration = configuration
    self.layout = layout
    self.names = names
    self.options = options
    width = max(1, Int64(max(1e-6, min(configuration.binSeconds, 1e6)) * 1e9))
    counts = RateCounts(binNanoseconds: width)
    tally = PacketTally(format: options.primitiveFormat)
    tracker = BurstTracker(options: options.builder.burst)
    run = options.builder.run
    detectors = Array(repeating: SilenceWatch(), count: L0Detector.count)
    bitShares = Array(repeating: ShareWatch(), count: L0Detector.count * 15)
    let bands = configuration.bands.filter { PacketTally.board($0.line) == nil }
    // Up and down are two of the kinds that share the false alarms.
    let share = 2 * configuration.share(among: bands.count)
    let binSeconds = Double(width) * 1e-9
    steps = try bands.map {
      try StepWatch(
        $0, falseAlarmRate: share, binSeconds: binSeconds, burstSeconds: configuration.burstSeconds)
    }
    expectBoards()
  }

  /// Boards of the reference are expected from the first packet on.
  private mutating func expectBoards() {
    var known: [(board: PacketTally.Board, count: UInt64)] = []
    for band in configuration.bands {
      guard case .counts(let count, _) = band.expectation, let board = PacketTally.board(band.line) else {
        continue
      }
      known.append((board, count))
    }
    let all = known.reduce(UInt64(0)) { $0 &+ $1.count }
    for (board, count) in known where tally.place(of: board) != nil && boards.count < tally.boards.count {
      boards.append(SilenceWatch(count: count, before: all &- count))
      boardShares.append(ShareWatch(count: count, whole: all))
    }
  }

  // MARK: What it is told

  /// Takes packets, as they are read, before the judged batches that are made of them.
  ///
  /// - Returns: what was found, where no events come; else nothing.
  /// - Throws: `StatisticsError` where a test cannot be made.
  public mutating func add(_ packets: PacketBatch) throws -> [RateFinding] {
    guard !options.hasEvents else {
      if !packets.datagrams.isEmpty { waiting.append((packets, 0)) }
      return []
    }
    var findings: [RateFinding] = []
    try look(packets, 0..<packets.datagrams.count, &findings)
    return findings
  }

  /// Takes a judged batch, in order; returns what was found, in the order of the data.
  ///
  /// - Throws: `StatisticsError` where a test cannot be made.
  public mutating func add(_ judged: JudgedBatch) throws -> [RateFinding] {
    let batch = judged.batch
    var place = -1
    for i in batch.events.indices {
      let event = batch.events[i]
      if place < 0 || tallies[place].key.burst != event.burst || tallies[place].key.run != event.run {
        place = tallyPlace(RateCounts.Key(run: event.run, burst: event.burst))
      }
      tallies[place].add(event, judged.evaluations[i], judged.decisions[i])
    }
    for event in batch.unfinished {
      let place = tallyPlace(RateCounts.Key(run: event.run, burst: event.burst))
      tallies[place].add(event, layout: layout)
    }
    judged.forEachSelected { event, selected in
      let place = tallyPlace(RateCounts.Key(run: event.run, burst: event.burst))
      tallies[place].add(selected: selected, at: event.time)
    }
    var findings: [RateFinding] = []
    var left = Int(clamping: batch.books.datagrams)
    while left > 0, let (packets, next) = waiting.first {
      let end = min(packets.datagrams.count, next + left)
      left -= end - next
      if end == packets.datagrams.count { waiting.removeFirst() } else { waiting[0].next = end }
      try look(packets, next..<end, &findings)
    }
    return findings
  }

  /// Ends the stream: the burst under way is over. Packets that no event was made of any more do not count.
  ///
  /// - Throws: `StatisticsError` where a test cannot be made.
  public mutating func finish() throws -> [RateFinding] {
    waiting = []
    var findings: [RateFinding] = []
    try endAll(&findings)
    return findings
  }

  /// Tells the data time that has come without packets, of a live stream: silence is found before the next packet.
  ///
  /// - Throws: `StatisticsError` where a test cannot be made.
  public mutating func advance(to time: DataTime) throws -> [RateFinding] {
    guard waiting.isEmpty else { return [] }
    var findings: [RateFinding] = []
    try closeBins(until: RateCounts.bin(of: time.nanoseconds, width: width), &findings)
    return findings
  }

  /// The bursts that have ended since the last call, in the order in which they did.
  public mutating func takeEnded() -> [(key: RateCounts.Key, burst: RateCounts.Burst)] {
    defer { untaken = [] }
    return untaken
  }

  // MARK: Packets

  private mutating func look(
    _ packets: PacketBatch, _ range: Range<Int>, _ findings: inout [RateFinding]
  ) throws {
    if packets.burst != identity {
      try endAll(&findings)
      identity = packets.burst
      if let identity {
        run = identity.run
        tracker.enter(identity.burst)
      }
    }
    let storage = packets.bytes
    let bytes = storage.span.bytes
    let datagrams = packets.datagrams
    var binEnd = endOfBin
    for i in range {
      let datagram = datagrams[i]
      let time = datagram.time
      let port = datagram.destinationPort
      let begin = datagram.payloadOffset
      let payload = bytes.extracting(begin..<(begin + datagram.payloadLength))
      let isL0 = port == options.builder.l0Port
      let isForUs = options.builder.hostAddress.map { $0 == datagram.destinationAddress } ?? true
      var header: L0MEPHeader?
      var rejected = false
      if isForUs, isL0 || port == options.builder.l1Port {
        // The burst changes as in the builder, which is fed with the same packets.
        switch identity == nil ? tracker.arrival(at: time) : .build {
        case .build: break
        case .flush: continue
        case .endBurst:
          try endBurst(&findings)
          binEnd = .min
        }
        if isL0 {
          let layout = layout
          if L0MEP.validate(payload, isConfigured: { layout.index(of: $0) != nil }) == nil {
            header = L0MEPHeader(payload)
          }
          rejected = header == nil
          if header?.source == .l0tp, let header {
            let marks = L0TPBurstMarks(payload, header: header)
            if identity == nil, tracker.see(marks, at: time) == .endBurst {
              try endBurst(&findings)
              binEnd = .min
            }
            if marks.endOfBurst != nil {
              beginIfNeeded(time)
              if open?.over == nil { open?.over = time }
            }
          }
        }
      }
      if !isL0, identity == nil, closing == nil, let over = open?.over,
        time.seconds(since: over) > options.builder.burst.flushAfter
      {
        // Primitives of the next burst come before its first trigger.
        closeLastBin(&findings)
        closing = open
        open = nil
        binEnd = .min
      }
      if time.nanoseconds >= binEnd {
        beginIfNeeded(time)
        try closeBins(until: RateCounts.bin(of: time.nanoseconds, width: width), &findings)
        binEnd = endOfBin
      }
      if let last = open?.end, last < time { open?.end = time }
      if let header {
        tally.counts[PacketTally.Place.l0Packets] &+= 1
        if let place = tally.place(of: .init(source: header.source, number: header.subID)) {
          tally.counts[place] &+= 1
          tally.counts[place + 1] &+= UInt64(header.eventCount)
        }
      } else if rejected {
        tally.counts[PacketTally.Place.l0Packets] &+= 1
        tally.counts[PacketTally.Place.rejectedPackets] &+= 1
      } else if port == options.primitivePort {
        tally.addPrimitives(payload)
      } else {
        let isL1 = isForUs && port == options.builder.l1Port
        tally.counts[isL1 ? PacketTally.Place.l1Packets : PacketTally.Place.otherPackets] &+= 1
      }
    }
  }

  /// The data time at which the bin under way ends; the earliest of all where no burst is open.
  private var endOfBin: Int64 {
    guard let open else { return .min }
    let (time, overflows) = (open.bin &+ 1).multipliedReportingOverflow(by: width)
    return overflows ? .max : time
  }

  private mutating func beginIfNeeded(_ time: DataTime) {
    guard open == nil else { return }
    let bin = RateCounts.bin(of: time.nanoseconds, width: width)
    let burst = closing == nil ? tracker.burst : tracker.burst &+ 1
    open = OpenBurst(
      key: RateCounts.Key(run: run, burst: burst), begin: time, end: time, firstBin: bin, bin: bin)
  }

  // MARK: Bursts

  /// The place of a burst's events.
  private mutating func tallyPlace(_ key: RateCounts.Key) -> Int {
    if let place = tallies.lastIndex(where: { $0.key == key }) { return place }
    tallies.append(
      EventTally(
        key, width: width, selections: min(64, names.selections.count),
        sources: layout.sources.count))
    return tallies.count - 1
  }

  /// Ends the stream, or the burst that an input names: whatever is open.
  private mutating func endAll(_ findings: inout [RateFinding]) throws {
    if closing != nil { try endBurst(&findings) }
    try endBurst(&findings)
  }

  /// Ends the burst under way, or the one that is over since: its last bin, its losses, its rates.
  private mutating func endBurst(_ findings: inout [RateFinding]) throws {
    var next: OpenBurst?
    if let over = closing {
      next = open
      open = over
      closing = nil
    } else {
      closeLastBin(&findings)
    }
    defer {
      open = next
      // Where the data end, or an input says so, the next burst may have another number.
      if let next {
        open?.key = RateCounts.Key(run: run, burst: max(tracker.burst, next.key.burst))
      }
    }
    guard let key = open?.key else { return }
    let events = tallies.first { $0.key == key }
    tallies.removeAll { $0.key <= key }
    let burst = burst(events, isOpen: false)
    judgeLosses(events, &findings)
    if let burst { try judgeSteps(burst, &findings) }
    burstsEnded += 1
    guard let burst else { return }
    for (line, value) in burst.lines { totals[line, default: 0] &+= value.count }
    untaken.append((key, burst))
    if counts.bursts[key] == nil { counts.bursts[key] = burst } else { counts.bursts[key]? += burst }
    while counts.bursts.count > max(1, configuration.burstsKept), let oldest = counts.bursts.keys.min() {
      counts.bursts[oldest] = nil
    }
  }

  /// The counts of the burst under way as far as it has come.
  func burst(_ events: EventTally?, isOpen: Bool) -> RateCounts.Burst? {
    guard let open else { return nil }
    var burst = RateCounts.Burst(begin: open.begin, end: open.end, firstBin: open.firstBin)
    for place in tally.counts.indices {
      guard let line = tally.line(at: place) else { continue }
      var counts = RateCounts.Line()
      for (bin, row) in open.bins.enumerated() where place < row.count && row[place] > 0 {
        counts.count &+= row[place]
        counts.add(row[place], bin: bin)
      }
      if isOpen, tally.counts[place] > 0 {
        counts.count &+= tally.counts[place]
        counts.add(tally.counts[place], bin: Int(clamping: open.bin &- open.firstBin))
      }
      if counts.count > 0 { burst.lines[line] = counts }
    }
    events?.pour(into: &burst, names: names)
    return burst
  }

  /// The counts of the burst under way, with the events that are known of it.
  var openCounts: (key: RateCounts.Key, burst: RateCounts.Burst)? {
    guard let key = open?.key, let burst = burst(tallies.first(where: { $0.key == key }), isOpen: true) else {
      return nil
    }
    return (key, burst)
  }
}
