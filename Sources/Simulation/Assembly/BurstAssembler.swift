import EventBuilding
public import L0Trigger
public import L1Trigger
import NA62Formats
public import PacketCapture

/// A trigger of a simulated burst, with what belongs to it.
public struct SimulatedTrigger: Sendable {
  /// Number of the event in the burst.
  public let event: UInt32
  /// What L0 recorded.
  public let record: L0TriggerRecord
  /// The verdict of L1; nil until it is known, and where there are no chains.
  public internal(set) var decision: L1Decision?
  /// The hits in the readout windows of the detectors.
  public let hits: [TruthHit]
}

/// Frames of a simulated burst, in order of time, and what was counted meanwhile.
public struct SimulatedOutput: Sendable {
  /// Frames with the datagrams in them.
  public struct Packets: Sendable {
    /// The bytes, and the datagrams in them as a reader of a capture gives them.
    public let batch: PacketBatch
    /// The frames of the capture.
    public let frames: ContiguousArray<SimulatedFrame>
  }

  /// The burst.
  public let burst: UInt32
  /// The frames.
  public var packets: [Packets] = []
  /// What was counted.
  public var counts = SimulationCounts()
  /// The events of the slice that came in, by time; empty unless the truth is kept.
  public var events: [SimulatedEvent] = []
  /// The hits that each of the events made.
  public var hitCounts: [TruthHitCounts] = []
  /// The triggers that were judged, in order; empty unless the truth is kept. Start and end of burst are none.
  public var triggers: [SimulatedTrigger] = []
  /// Up to when all events and triggers were given, in ns since the start of burst; infinite at its end.
  public var horizon = 0.0
}

/// The trigger and the readout of a run: from slices, in order, to the frames on the network.
///
/// L0 emulates on the packets of primitives. Each trigger makes the boards send their fragments, and the farm,
/// which is in the loop, makes the CREAMs send theirs. Nothing leaves before everything earlier is known, so the
/// frames come in order of time; hits are dropped as soon as no trigger can ask for them. Counters of
/// downscalings run on from burst to burst as in a replay.
public final class BurstAssembler {
  /// How long before and behind a trigger a hit may begin of which its fragments hold something, ns.
  private struct Reach {
    /// Before, of the detectors that TDCs read.
    var before = 0.0
    /// Before, of any detector.
    var longest = LKrReadout.reach
    /// Behind.
    var after = 1000.0

    init(_ setup: SimulationSetup) {
      for detector in SimulatedDetector.allCases where detector != .lkr {
        let settings = setup.response[detector]
        let origin = detector == .straw ? -setup.detectors.maps.strawStationT0 : 0
        let first = Double(settings.last - settings.slots + 1) * ReadoutClock.period + origin
        // Trailing edges come up to 1 µs behind their leading ones; offsets of straws differ by some 50 ns.
        before = max(before, 1300 - first)
        after = max(after, Double(settings.last + 1) * ReadoutClock.period + origin + 300)
      }
      longest = max(longest, before)
    }
  }

  private let setup: SimulationSetup
  private let emulator: L0Emulator
  private var output: FarmOutput
  private var maker: FragmentMaker
  private let reach: Reach
  private let finder: TruthHitFinder
  private var writer: MEPWriter
  private let farm: FarmLoop
  private let ranks: [UInt16: Int64]
  private var totals = (L0MenuCounters(), L0AlignmentCounters())

  private var burst: UInt32
  private var sob: Int64
  private var seed: UInt64
  /// Slices whose hits may still be asked for.
  private var kept: [SliceProduct] = []
  private var primitives: [PacketBatch] = []
  private var nextPrimitive = 0
  private var queue = DatagramQueue()
  private var nextEvent: UInt32 = 0
  private var horizon: UInt64 = 0
  private var unjudged: [SimulatedTrigger] = []
  private var result: SimulatedOutput

  /// An assembler of bursts from `firstBurst` on.
  public init(_ setup: SimulationSetup, firstBurst: UInt32 = 1) {
    self.setup = setup
    var options = L0Emulator.Options()
    options.firstBurst = firstBurst
    emulator = L0Emulator(menus: [setup.l0], options: options)
    output = Self.output(setup)
    maker = FragmentMaker(configuration: setup.response, detectors: setup.detectors)
    reach = Reach(setup)
    finder = TruthHitFinder(configuration: setup.response, fragments: maker, maps: setup.detectors.maps)
    writer = Self.writer
    farm = FarmLoop(setup)
    var ranks: [UInt16: Int64] = [:]
    for entry in setup.detectors.sources.physicalL0 where entry.id != .l0tp {
      for board in 0..<entry.boards {
        ranks[UInt16(entry.id.rawValue) << 8 | UInt16(board & 0xFF)] = Int64(ranks.count)
      }
    }
    self.ranks = ranks
    burst = firstBurst
    sob = setup.start(ofBurst: firstBurst).nanoseconds
    seed = setup.seed(ofBurst: firstBurst)
    result = SimulatedOutput(burst: firstBurst)
  }

  private static func output(_ setup: SimulationSetup) -> FarmOutput {
    var menu = setup.l0
    // The time that the record of the end of burst has; it cuts off no trigger here.
    menu.endOfBurst = setup.endOfBurst
    var output = FarmOutput(menu: menu)
    output.startOfBurst = setup.startOfBurst
    return output
  }

  private static var writer: MEPWriter {
    MEPWriter(eventsPerPacket: 8, largestPacket: ReadoutTiming.largestPayload)
  }

  /// Hits that are kept for triggers to come: bounded, whatever the length of the burst.
  public var keptHits: Int {
    kept.reduce(0) { sum, product in
      sum + SimulatedDetector.allCases.reduce(0) { $0 + product.hits[$1].count }
    }
  }

  /// Slices whose hits are kept.
  var keptSlices: Int { kept.count }

  /// Takes the next slice of the burst.
  ///
  /// - Throws: `FormatError` if a board has more to send than its format can hold.
  public func add(_ product: SliceProduct) throws -> SimulatedOutput {
    result = SimulatedOutput(burst: burst)
    result.counts.slices += 1
    for (channel, count) in product.channels { result.counts.channels[channel, default: 0] += count }
    for input in product.primitives.indices {
      result.counts.primitives[input] += product.primitives[input]
    }
    result.counts.lostPrimitives += product.lostPrimitives
    if setup.keepsTruth {
      result.events = product.events
      result.hitCounts = product.hitCounts
    }
    kept.append(product)
    primitives.append(product.packets)
    emulator.add(product.packets, 0..<product.packets.datagrams.count)
    for slice in emulator.take() { try send(slice) }
    let frames =
      Int64(setup.burst.framesPerSlice) * Int64(product.slice + 1) + Int64(ReadoutTiming.framesAhead)
    let nextFrame = sob + Int64((Double(frames) * ReadoutClock.frame).rounded(.down))
    let nextTrigger = sentTime(horizon) + min(ReadoutTiming.processor, ReadoutTiming.board.first)
    try drain(until: min(nextFrame, nextTrigger))
    let oldest = Double(horizon) * ReadoutClock.period - reach.longest
    kept.removeAll { Double($0.slice + 1) * setup.sliceDuration < oldest }
    let given = unjudged.first.map { min(UInt64($0.record.timestamp), horizon) } ?? horizon
    result.horizon = min(
      Double(product.slice + 1) * setup.sliceDuration, Double(given) * ReadoutClock.period)
    return result
  }

  /// Ends the burst: everything that is under way leaves. The next slices are those of the next burst.
  ///
  /// - Throws: `FormatError` as `add` does.
  public func endBurst() throws -> SimulatedOutput {
    result = SimulatedOutput(burst: burst)
    emulator.finish()
    for slice in emulator.take() { try send(slice) }
    try drain(until: .max)
    result.counts.bursts += 1
    result.counts.unfinishedEvents = farm.endBurst()
    result.horizon = .infinity
    kept.removeAll()
    totals = (L0MenuCounters(), L0AlignmentCounters())
    output = Self.output(setup)
    writer = Self.writer
    nextEvent = 0
    horizon = 0
    burst &+= 1
    sob = setup.start(ofBurst: burst).nanoseconds
    seed = setup.seed(ofBurst: burst)
    return result
  }

  /// When a trigger of a time in clock periods is sent to the boards, in ns since the Unix epoch.
  private func sentTime(_ timestamp: UInt64) -> Int64 {
    let periods = Double(timestamp) + Double(setup.l0.fixedLatency)
    return sob + Int64((periods * ReadoutClock.period).rounded(.down))
  }

  // MARK: Triggers

  /// Makes the boards send what a slice of triggers asks for.
  private func send(_ slice: L0Slice) throws {
    totals.0 += slice.menuCounters[0]
    totals.1 += slice.alignmentCounters[0]
    if !slice.endsBurst { horizon = max(horizon, slice.horizon) }
    if nextEvent == 0 {
      try sendBoards(
        L0TriggerRecord(
          timestamp: setup.startOfBurst, fineTime: 0, dataType: L0DataType(rawValue: 0x22),
          word: L0Word.startOfBurst.rawValue, flags: 0x22), isBorder: true)
    }
    for trigger in slice.triggers[0] {
      result.counts.add(trigger)
      try sendBoards(trigger)
    }
    if slice.endsBurst {
      try sendBoards(
        L0TriggerRecord(
          timestamp: setup.endOfBurst, fineTime: 0, dataType: L0DataType(rawValue: 0x23),
          word: L0Word.endOfBurst.rawValue, flags: 0), isBorder: true, isLast: true)
      writer.flush { push($0, of: setup.endOfBurst) }
    }
    for packet in output.packets(of: slice, menu: 0, totals: totals) {
      guard let last = Self.lastTimestamp(packet) else { continue }
      queue.push(
        OutgoingDatagram(
          time: sentTime(UInt64(last)) + ReadoutTiming.processor,
          sourceAddress: ReadoutAddress.processor, destinationAddress: ReadoutAddress.farm,
          sourcePort: FarmOutput.sourcePort, destinationPort: FarmOutput.port, payload: packet))
    }
  }

  /// Timestamp of the last event of a multi-event packet.
  private static func lastTimestamp(_ packet: [UInt8]) -> UInt32? {
    let bytes = packet.span.bytes
    guard let header = L0MEPHeader(bytes) else { return nil }
    var last: UInt32?
    L0MEP.forEachFragment(of: bytes, header: header) { last = $0.timestamp }
    return last
  }

  /// Makes the boards send their fragments of a trigger, or of the start or the end of the burst.
  private func sendBoards(_ trigger: L0TriggerRecord, isBorder: Bool = false, isLast: Bool = false) throws {
    let isSpecial = isBorder || L0Word(rawValue: trigger.word).isSpecial
    let event = nextEvent
    nextEvent += 1
    let hits = isSpecial ? HitStore() : gather(trigger.timestamp)
    farm.expect(
      FarmLoop.Pending(
        event: event, timestamp: trigger.timestamp, word: trigger.word,
        clusters: farm.wantsClusters ? hits[.lkr] : HitList()))
    if setup.keepsTruth, !isBorder {
      var found: [TruthHit] = []
      finder.appendHits(ofTriggerAt: trigger.timestamp, in: hits, to: &found)
      unjudged.append(SimulatedTrigger(event: event, record: trigger, hits: found))
    }
    var failure: FormatError?
    try maker.forEachFragment(
      of: FragmentMaker.Trigger(timestamp: trigger.timestamp, isSpecial: isSpecial), hits: hits
    ) { source, board, payload in
      do throws(FormatError) {
        try writer.add(
          source: source, board: board, event: event, timestamp: trigger.timestamp, payload: payload,
          isLastOfBurst: isLast
        ) { push($0, of: trigger.timestamp) }
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Puts the packet of a board, which ends at a trigger of the given time, on its way.
  private func push(_ packet: [UInt8], of timestamp: UInt32) {
    let source = SourceID(rawValue: packet[3])
    let board = packet[7]
    let rank = ranks[UInt16(source.rawValue) << 8 | UInt16(board)] ?? 0
    queue.push(
      OutgoingDatagram(
        time: sentTime(UInt64(timestamp)) + ReadoutTiming.board.first + rank * ReadoutTiming.board.step,
        sourceAddress: ReadoutAddress.board(source, board), destinationAddress: ReadoutAddress.farm,
        sourcePort: ReadoutAddress.boardPort, destinationPort: ReadoutAddress.l0Port, payload: packet))
  }

  /// The hits around a trigger.
  private func gather(_ timestamp: UInt32) -> HitStore {
    var hits = HitStore()
    let time = Double(timestamp) * ReadoutClock.period
    for product in kept {
      let start = Double(product.slice) * setup.sliceDuration
      guard start <= time + reach.after, start + setup.sliceDuration >= time - reach.longest else {
        continue
      }
      for detector in SimulatedDetector.allCases {
        let before = detector == .lkr ? LKrReadout.reach : reach.before
        let list = product.hits[detector]
        SliceMaker.copy(
          list, list.range(from: time - before, to: time + reach.after), from: time - before,
          to: time + reach.after, into: &hits[detector])
      }
    }
    return hits
  }

  // MARK: Packets in order of time

  private func firstTime() -> Int64? {
    while let batch = primitives.first, nextPrimitive >= batch.datagrams.count {
      primitives.removeFirst()
      nextPrimitive = 0
    }
    let primitive = primitives.first.map { $0.datagrams[nextPrimitive].time.nanoseconds }
    guard let other = queue.firstTime else { return primitive }
    return min(primitive ?? other, other)
  }

  /// Sends what goes before `limit`.
  private func drain(until limit: Int64) throws {
    while let first = firstTime(), first < limit {
      // Nothing that the farm asks for now comes earlier.
      let end = min(limit, first + ReadoutTiming.cream.first)
      var block = FrameBlock()
      while let time = firstTime(), time < end {
        if queue.firstTime == time, let datagram = queue.pop() {
          block.append(datagram)
        } else if let batch = primitives.first {
          block.append(batch.datagrams[nextPrimitive], of: batch)
          nextPrimitive += 1
        }
      }
      let batch = block.batch()
      result.packets.append(SimulatedOutput.Packets(batch: batch, frames: block.frames))
      result.counts.add(batch, frames: block.frames.count)
      try farm.take(batch, seed: seed, verdict: { judge($0) }, send: { queue.push($0) })
    }
  }

  private func judge(_ verdict: FarmLoop.Verdict) {
    result.counts.events += 1
    if verdict.decision.map({ !$0.word.isEmpty }) ?? true { result.counts.kept += 1 }
    guard setup.keepsTruth, let place = unjudged.firstIndex(where: { $0.event == verdict.event }) else {
      return
    }
    var trigger = unjudged[place]
    trigger.decision = verdict.decision
    unjudged.removeFirst(place + 1)
    result.triggers.append(trigger)
  }
}
