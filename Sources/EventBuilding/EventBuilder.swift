public import NA62Formats
public import PacketCapture

/// Puts fragments together to events, as NA62's farm does (`l1.md` 2.2, 3.1, 3.2).
///
/// Each fragment is copied once, on arrival, to the memory of its pending event; a complete event is
/// copied once more, as a whole, to the arena of the batch that carries it on. So packets never outlive
/// their batch, and pending events cost their own size.
public final class EventBuilder {
  /// Options of event building.
  public struct Options: Sendable, Hashable {
    /// UDP port of L0 data.
    public var l0Port: UInt16 = 58913
    /// UDP port of L1 (CREAM) data.
    public var l1Port: UInt16 = 58915
    /// IPv4 address of the farm node, host order: datagrams for other hosts are dropped. `nil` takes all.
    public var hostAddress: UInt32?
    /// Event numbers from this one on are not accepted (`maxNumberOfEventsPerBurst`).
    public var maximumEvents: UInt32 = 2_000_000
    /// Bytes that pending events may hold; beyond, the oldest one is given up.
    public var maximumPendingBytes = 512 << 20
    /// Bytes of the L1 data block, the payload of the virtual source 0x44.
    public var l1BlockByteCount = 12
    /// The burst change.
    public var burst = BurstTracker.Options()
    /// Run number of the events of inputs that do not say it themselves, or 0.
    public var run: UInt32 = 0
    /// Whether batches carry the bytes of L1 (CREAM) fragments, and not their headers alone.
    public var keepsL1Bytes = true
    /// Whether a second fragment of a board of a source is a duplicate, and not only one beyond the number of
    /// the source's fragments, as in NA62's farm.
    public var requiresDistinctBoards = false
    /// Whether a fragment of an event that was completed in the same burst is a duplicate, and does not begin
    /// the event anew, as it does in NA62's farm.
    public var dropsLateCopies = false
    /// The share of the events that is built where this is a node of a farm; nil builds all.
    public var shard: EventShard?
    /// NA62's values.
    public init() {}
  }

  /// The sources and their fragments.
  public let layout: EventLayout
  private var core: BuilderCore

  /// What a builder carries over the end of a burst.
  public struct Carry: Codable, Hashable, Sendable {
    /// The burst that begins, where the input does not say it.
    public var burst: UInt32
    /// Run number of its events, where the input does not say it, or 0.
    public var run: UInt32
    /// The burst that the input has said itself; nil where bursts are found from the data.
    public var identity: BurstIdentity?
  }

  /// A builder for the given layout: at the beginning of a stream, or where another one ended a segment.
  public init(layout: EventLayout, options: Options = Options(), resuming carry: Carry? = nil) {
    self.layout = layout
    core = BuilderCore(layout: layout, options: options)
    if let carry { core.resume(carry) }
  }

  /// Builds with the datagrams `range` of a batch of packets.
  ///
  /// The events that became complete wait in the builder until `takeBatch`.
  ///
  /// - Parameters:
  ///   - packets: the packets.
  ///   - range: which of their datagrams.
  ///   - limit: the number of complete events at which to stop.
  /// - Returns: where the datagrams begin that are left.
  @discardableResult
  public func add(_ packets: PacketBatch, _ range: Range<Int>, untilReady limit: Int = .max) -> Int {
    core.add(packets, range, untilReady: limit)
  }

  /// Complete events that wait to be taken.
  public var readyEvents: Int { core.readyEvents }

  /// Takes what was built since the last call as a batch; the batch may have no events.
  ///
  /// - Parameters:
  ///   - packets: the packets that the batch was made from, to be kept for the quarantine.
  ///   - isLast: whether this is the last batch from these packets: the one that carries their books.
  public func takeBatch(packets: PacketBatch? = nil, isLast: Bool = true) -> EventBatch {
    core.takeBatch(packets: packets, isLast: isLast)
  }

  /// Ends the last burst: what is pending is given up.
  public func finish() {
    core.endBurst()
  }

  /// Ends the burst where its end is known from outside (`PacketBatch.beginsSegment`), and goes on as
  /// a new builder would with what is returned.
  public func endSegment() -> Carry { core.endSegment() }
}

/// What a builder has and does: a struct, so that a call costs one check of exclusive access, and not one
/// for each list and each column of the books.
struct BuilderCore: ~Copyable {
  private let layout: EventLayout
  private let options: EventBuilder.Options
  private var tracker: BurstTracker
  private var pool: PendingPool
  /// The complete events of the burst; with the option `dropsLateCopies` only.
  private var completed = CompletedEvents()
  private let arenas = ArenaPool()
  private var arena = Arena()
  private var books = BuilderBooks()
  private var unfinished: [UnfinishedEvent] = []
  private var rejects: [RejectedDatagram] = []
  private var endedBursts: [BurstSummary] = []
  private var burstEnds: [BurstEnd] = []
  private var configured = [Bool](repeating: false, count: 256)
  private let virtualSources: [(dense: Int, byteCount: Int)]
  /// Fragments of each source in an event, by dense number.
  private let limits: ContiguousArray<Int>
  /// Where each source's fragments begin in an event, by dense number.
  private let starts: ContiguousArray<Int>
  private let fragmentCount: Int
  private let timestampFragment: Int
  private let l0tpFragment: Int?
  private var summary: BurstSummary?
  private var run: UInt32
  /// The burst that the input says itself; nil where it is found from the data.
  private var identity: BurstIdentity?
  private var startOfBurst: UInt32 = 0
  private var endOfBurst: UInt32 = 0
  private var watermark = DataTime(nanoseconds: .min)

  init(layout: EventLayout, options: EventBuilder.Options) {
    self.layout = layout
    self.options = options
    tracker = BurstTracker(options: options.burst)
    run = options.run
    pool = PendingPool(layout: layout)
    limits = ContiguousArray(layout.sources.map(\.fragments))
    starts = ContiguousArray(layout.starts)
    fragmentCount = layout.fragmentCount
    for source in layout.sources { configured[Int(source.id.rawValue)] = true }
    virtualSources = [
      (SourceID.l1, options.l1BlockByteCount), (SourceID.l2, 4), (SourceID.nstd, 4),
    ].compactMap { id, size in layout.index(of: id).map { ($0, size) } }
    timestampFragment = layout.fragments(of: layout.timestampSource).lowerBound
    l0tpFragment = layout.index(of: .l0tp).map { layout.starts[$0] }
    arena = arenas.take(like: arena)
  }

  /// Builds with the datagrams `range` of a batch of packets.
  ///
  /// The events that became complete wait in the builder until `takeBatch`.
  mutating func add(_ packets: PacketBatch, _ range: Range<Int>, untilReady limit: Int) -> Int {
    let storage = packets.bytes
    let bytes = storage.span.bytes
    let datagrams = packets.datagrams
    if packets.burst != identity { enter(packets.burst) }
    watermark = packets.watermark
    for i in range {
      if readyEvents >= limit { return i }
      let datagram = datagrams[i]
      books.datagrams += 1
      if let host = options.hostAddress, datagram.destinationAddress != host {
        books.otherHost += 1
        continue
      }
      let isL0 = datagram.destinationPort == options.l0Port
      guard isL0 || datagram.destinationPort == options.l1Port else {
        books.otherPort += 1
        continue
      }
      switch identity == nil ? tracker.arrival(at: datagram.time) : .build {
      case .build: break
      case .flush:
        books.flushed += 1
        continue
      case .endBurst: endBurst()
      }
      let begin = datagram.payloadOffset
      let payload = bytes.extracting(begin..<(begin + datagram.payloadLength))
      let rejection =
        isL0 ? addL0(payload, datagram) : addL1(payload)
      if let rejection {
        books.rejected[PacketRejectionOrder.index(of: rejection)] += 1
        rejects.append(RejectedDatagram(reason: rejection, datagram: i, packet: datagram.packet))
      } else {
        note(datagram.time)
      }
    }
    return range.upperBound
  }

  /// Complete events that wait to be taken.
  var readyEvents: Int { arena.events.count }

  /// Takes what was built since the last call as a batch; the batch may have no events.
  ///
  /// - Parameters:
  ///   - packets: the packets that the batch was made from, to be kept for the quarantine.
  ///   - isLast: whether this is the last batch from these packets: the one that carries their books.
  mutating func takeBatch(packets: PacketBatch?, isLast: Bool) -> EventBatch {
    defer {
      arena = arenas.take(like: arena)
      books = BuilderBooks()
      unfinished = []
      rejects = []
      endedBursts = []
      burstEnds = []
    }
    let keeps = !rejects.isEmpty || isLast && !(packets?.rejects.isEmpty ?? true)
    return EventBatch(
      layout: layout, arena: arena, books: books, unfinished: unfinished, rejects: rejects,
      captureBooks: isLast ? packets?.books ?? CaptureBooks() : CaptureBooks(), endedBursts: endedBursts,
      burstEnds: burstEnds, watermark: watermark, packets: keeps ? packets : nil, pool: arenas)
  }

  // MARK: Packets

  private mutating func addL0(_ payload: RawSpan, _ datagram: Datagram) -> PacketRejection? {
    if let rejection = L0MEP.validate(payload, isConfigured: { configured[Int($0.rawValue)] }) {
      return rejection
    }
    guard let header = L0MEPHeader(payload), let dense = layout.index(of: header.source) else {
      return .unknownSource
    }
    if header.source == .l0tp { see(L0TPBurstMarks(payload, header: header), at: datagram.time) }
    books.l0Packets += 1
    if header.source == .l0tp {
      for virtual in virtualSources {
        addAll(payload, header, dense: virtual.dense, subID: 0, virtualByteCount: virtual.byteCount, datagram)
      }
    }
    addAll(payload, header, dense: dense, subID: header.subID, virtualByteCount: nil, datagram)
    return nil
  }

  /// Adds all fragments of a sound packet, or those of a virtual source that come with them.
  private mutating func addAll(
    _ payload: RawSpan, _ header: L0MEPHeader, dense: Int, subID: UInt8, virtualByteCount: Int?,
    _ datagram: Datagram
  ) {
    let count = Int(header.eventCount)
    let portion = options.shard?.portion(of: header.firstEvent, count: count) ?? .all
    if portion == .none {
      books.fragments += UInt64(count)
      books.otherNode.fragments += UInt64(count)
      return
    }
    // With distinct boards, and in a packet of events of several nodes, each fragment is looked at by itself.
    let accepted =
      options.requiresDistinctBoards || portion == .some
      ? 0 : min(count, max(Int(options.maximumEvents) - Int(place(of: header.firstEvent)), 0))
    var packet = PendingPool.Packet(
      firstEvent: header.firstEvent, burst: tracker.burst, dense: dense, subID: subID,
      reference: datagram.packet, limit: limits[dense], start: starts[dense],
      virtualByteCount: virtualByteCount)
    var offset = L0MEPHeader.byteCount
    var number = 0
    while number < count {
      if number < accepted {
        packet.burst = tracker.burst
        let end = payload.withUnsafeBytes { bytes in
          pool.addPlain(
            bytes, packet, number..<accepted, at: &offset, pendingLimit: options.maximumPendingBytes)
        }
        books.fragments += UInt64(end - number)
        books.fragmentsPending += Int64(end - number)
        number = end
        if number == count { return }
      }
      guard var fragment = L0Fragment(payload, at: offset, event: header.firstEvent &+ UInt32(number)) else {
        return
      }
      offset = fragment.payloadOffset + fragment.payloadLength
      if let virtualByteCount { fragment.payloadLength = virtualByteCount }
      add(fragment, virtualByteCount == nil ? payload : nil, dense: dense, subID: subID, datagram)
      number += 1
    }
  }

  /// The place of an event in the memory of the node.
  private func place(of event: UInt32) -> UInt32 { options.shard?.index(of: event) ?? event }

  private mutating func addL1(_ payload: RawSpan) -> PacketRejection? {
    let sources = layout.l1Set
    var others: UInt64 = 0
    // Where the packet will lie in the arena, if it is sound.
    let base = arena.bytes.count
    let first = arena.l1Fragments.count
    let rejection = L1Packet.forEachFragment(
      of: payload, isConfigured: { sources.contains($0) }
    ) { fragment in
      if let shard = options.shard, !shard.holds(fragment.event) {
        others += 1
        return
      }
      arena.l1Fragments.append(
        L1DataFragment(
          event: fragment.event, run: run, burst: tracker.burst,
          eventsBefore: UInt32(truncatingIfNeeded: arena.events.count),
          source: layout.l1Index(of: fragment.source),
          offset: options.keepsL1Bytes ? UInt32(truncatingIfNeeded: base + fragment.offset) : 0,
          length: UInt32(truncatingIfNeeded: fragment.length)))
    }
    if let rejection { return rejection }
    // A multiple of 4 bytes, so that the payloads behind it stay aligned.
    if options.keepsL1Bytes, arena.l1Fragments.count > first {
      payload.withUnsafeBytes { arena.bytes.append(contentsOf: $0) }
    }
    books.l1Packets += 1
    books.otherNode.l1Fragments += others
    books.l1Fragments += UInt64(arena.l1Fragments.count - first)
    return nil
  }

  // MARK: Bursts

  /// Goes over to a burst that the input says itself, or back to those found from the data.
  private mutating func enter(_ burst: BurstIdentity?) {
    endBurst()
    identity = burst
    guard let burst else { return }
    run = burst.run
    startOfBurst = burst.startOfBurst
    tracker.enter(burst.burst)
  }

  /// Looks at what an L0TP packet says of the beginning and the end of a burst.
  private mutating func see(_ marks: L0TPBurstMarks, at time: DataTime) {
    if identity == nil, tracker.see(marks, at: time) == .endBurst { endBurst() }
    let seconds = UInt32(clamping: time.nanoseconds / 1_000_000_000)
    // Without its start in the input, the data time of a stored burst is no time of day.
    let isDated = identity.map { $0.startOfBurst != 0 } ?? true
    if identity == nil, marks.firstWord == .startOfBurst, startOfBurst == 0 { startOfBurst = seconds }
    if isDated, marks.endOfBurst != nil, endOfBurst == 0 { endOfBurst = seconds }
  }

  // MARK: Fragments

  private mutating func add(
    _ fragment: L0Fragment, _ payload: RawSpan?, dense: Int, subID: UInt8, _ datagram: Datagram
  ) {
    books.fragments += 1
    if let shard = options.shard, !shard.holds(fragment.event) {
      books.otherNode.fragments += 1
      return
    }
    guard place(of: fragment.event) < options.maximumEvents else {
      books.fragmentsOutOfRange += 1
      return
    }
    var slot = pool.slot(of: fragment.event)
    if slot < 0 {
      if options.dropsLateCopies, completed.contains(fragment.event) {
        books.fragmentsDuplicate += 1
        return
      }
      slot = begin(fragment)
    } else if pool.isLastOfBurst(slot) != fragment.isLastOfBurst {
      pool.markCorrupted(slot)
      books.fragmentsFlagMismatch += 1
      return
    } else if pool.burst(slot) != tracker.burst {
      guard pool.burst(slot) < tracker.burst else {
        books.fragmentsOlderBurst += 1
        return
      }
      giveUp(slot, .newerBurst)
      slot = begin(fragment)
    }
    if options.requiresDistinctBoards, pool.has(subID, in: slot, dense: dense, start: starts[dense]) {
      books.fragmentsDuplicate += 1
      return
    }
    guard
      pool.add(
        fragment, payload, to: slot, dense: dense, subID: subID, packet: datagram.packet,
        limit: limits[dense], start: starts[dense])
    else {
      books.fragmentsDuplicate += 1
      return
    }
    books.fragmentsPending += 1
    if pool.total(slot) == fragmentCount {
      complete(slot, datagram.time)
    } else if pool.pendingBytes > options.maximumPendingBytes, let oldest = pool.oldest {
      giveUp(oldest, .pendingLimit)
    }
  }

  private mutating func begin(_ fragment: L0Fragment) -> Int {
    books.events += 1
    books.eventsPending += 1
    return pool.begin(event: fragment.event, burst: tracker.burst, isLastOfBurst: fragment.isLastOfBurst)
  }

  private mutating func complete(_ slot: Int, _ time: DataTime) {
    if options.dropsLateCopies { completed.insert(pool.event(slot)) }
    let first = arena.fragments.count
    pool.move(slot, to: &arena)
    let timestamp = arena.fragments[first + timestampFragment].timestamp
    var l0 = L0TPRecord(fineTime: 0, dataType: [], word: L0Word(rawValue: 0), flags: 0)
    if let l0tpFragment {
      let fragment = arena.fragments[first + l0tpFragment]
      let begin = Int(fragment.offset)
      let span = arena.bytes.span.bytes.extracting(begin..<(begin + Int(fragment.length)))
      if let record = L0TPRecord(span) { l0 = record }
    }
    arena.events.append(
      BuiltEvent(
        number: pool.event(slot), run: run, burst: pool.burst(slot), timestamp: timestamp,
        firstFragment: UInt32(first), l0: l0, isLastOfBurst: pool.isLastOfBurst(slot), time: time))
    books.fragmentsBuilt += UInt64(fragmentCount)
    books.fragmentsPending -= Int64(fragmentCount)
    books.eventsBuilt += 1
    books.eventsPending -= 1
    pool.free(slot)
    summary?.events += 1
    if var range = summary {
      range.timestamps =
        range.events == 1
        ? timestamp...timestamp
        : min(range.timestamps.lowerBound, timestamp)...max(range.timestamps.upperBound, timestamp)
      summary = range
    }
  }

  private mutating func giveUp(_ slot: Int, _ reason: UnfinishedReason) {
    let count = pool.total(slot)
    var event = UnfinishedEvent(
      number: pool.event(slot), run: run, burst: pool.burst(slot), received: pool.received(slot),
      reason: reason, isCorrupted: pool.isCorrupted(slot))
    if reason == .burstEnd, pool.isLastOfBurst(slot) {
      // NA62's farm sends the last event of a burst as it is.
      pool.blankMissing(slot, starts: starts, packet: PacketReference(input: 0, number: 0))
      event.firstFragment = UInt32(arena.fragments.count)
      pool.move(slot, to: &arena)
    }
    unfinished.append(event)
    books.fragmentsUnfinished += UInt64(count)
    books.fragmentsPending -= Int64(count)
    books.eventsUnfinished += 1
    books.eventsPending -= 1
    if event.isCorrupted { books.eventsCorruptedHeader += 1 }
    pool.free(slot)
  }

  mutating func endBurst() {
    for slot in pool.pendingSlotsByEvent() { giveUp(slot, .burstEnd) }
    completed.removeAll()
    if var summary {
      summary.startOfBurst = startOfBurst
      summary.endOfBurst = endOfBurst
      endedBursts.append(summary)
      burstEnds.append(
        BurstEnd(
          eventsBefore: readyEvents, l1FragmentsBefore: arena.l1Fragments.count,
          unfinishedBefore: unfinished.count))
    }
    summary = nil
    startOfBurst = 0
    endOfBurst = 0
  }

  mutating func endSegment() -> EventBuilder.Carry {
    endBurst()
    if identity == nil { tracker.endBurst() }
    let carry = EventBuilder.Carry(burst: tracker.burst, run: run, identity: identity)
    resume(carry)
    return carry
  }

  /// Begins a burst with what another builder carried over. Nothing else outlives a burst: only memory is kept.
  mutating func resume(_ carry: EventBuilder.Carry) {
    tracker = BurstTracker(options: options.burst)
    tracker.enter(carry.burst)
    run = carry.run
    identity = carry.identity
    startOfBurst = carry.identity?.startOfBurst ?? 0
  }

  private mutating func note(_ time: DataTime) {
    guard summary != nil else {
      summary = BurstSummary(
        burst: tracker.burst, begin: time, end: time, timestamps: 0...0, events: 0, run: run)
      return
    }
    summary?.end = time
  }
}
