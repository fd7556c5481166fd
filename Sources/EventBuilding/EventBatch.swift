public import NA62Formats
public import PacketCapture

/// One fragment of a built event.
public struct EventFragment: Hashable, Sendable, BitwiseCopyable {
  /// Where the payload begins in `EventBatch.bytes`.
  public var offset: UInt32
  /// Length of the payload in bytes.
  public var length: UInt32
  /// Timestamp of the fragment header, in clock periods.
  public var timestamp: UInt32
  /// The board, from the packet header.
  public var subID: UInt8
  /// Whether the farm made the fragment itself; its payload is then not stored and counts as zero.
  public var isVirtual: Bool
  /// The packet that brought it.
  public var packet: PacketReference
}

/// One complete event.
public struct BuiltEvent: Hashable, Sendable, BitwiseCopyable {
  /// Number of the event in its burst.
  public var number: UInt32
  /// Run number, or 0.
  public var run: UInt32 = 0
  /// Identifier of the burst.
  public var burst: UInt32
  /// Timestamp of the timestamp source's first fragment, in clock periods.
  public var timestamp: UInt32
  /// Index of the event's first fragment in `EventBatch.fragments`.
  public var firstFragment: UInt32
  /// What the L0 trigger processor says of the event; zero if it is not configured.
  public var l0: L0TPRecord
  /// Whether the event is flagged as the last of its burst.
  public var isLastOfBurst: Bool
  /// Data time of the packet that completed the event.
  public var time: DataTime
}

/// One fragment of the boards that are read after L1 (CREAMs), at its place among the events.
public struct L1DataFragment: Hashable, Sendable, BitwiseCopyable {
  /// Number of the event.
  public var event: UInt32
  /// Run in which it came, or 0.
  public var run: UInt32
  /// Burst in which it came.
  public var burst: UInt32
  /// Events of the batch that were complete before it came.
  public var eventsBefore: UInt32
  /// Place of its source in `EventLayout.l1Sources`, or −1.
  public var source: Int16
  /// Where the fragment begins in `EventBatch.bytes`, header included; 0 where the bytes are not kept.
  public var offset: UInt32
  /// Length in bytes, header included.
  public var length: UInt32

  /// A fragment with the given fields.
  @inlinable
  public init(
    event: UInt32, run: UInt32, burst: UInt32, eventsBefore: UInt32, source: Int16, offset: UInt32,
    length: UInt32
  ) {
    self.event = event
    self.run = run
    self.burst = burst
    self.eventsBefore = eventsBefore
    self.source = source
    self.offset = offset
    self.length = length
  }
}

/// Complete events, in the order of their completion, with their bytes in one arena.
///
/// Fragments lie in the dense order of the layout, and within a source in the order of arrival: the
/// order that NA62's algorithms depend on (`l1.md` section 0).
public final class EventBatch: Sendable {
  /// The sources and the number of their fragments.
  public let layout: EventLayout
  /// The payloads of all fragments.
  public let bytes: ContiguousArray<UInt8>
  /// The fragments of all events.
  public let fragments: ContiguousArray<EventFragment>
  /// The events, in the order of completion.
  public let events: ContiguousArray<BuiltEvent>
  /// The fragments of sources read after L1 that came meanwhile, in order of arrival.
  public let l1Fragments: ContiguousArray<L1DataFragment>
  /// What the packets of this batch add to the builder's books.
  public let books: BuilderBooks
  /// The events given up in this batch, with what is missing.
  public let unfinished: [UnfinishedEvent]
  /// Packets of this batch that the builder threw away.
  public let rejects: [RejectedDatagram]
  /// What the packets of this batch add to the capture's books.
  public let captureBooks: CaptureBooks
  /// Bursts that ended in this batch.
  public let endedBursts: [BurstSummary]
  /// Where in this batch each of them ended.
  public let burstEnds: [BurstEnd]
  /// Every later packet has a data time not before this one, where the input is in time order.
  public let watermark: DataTime
  /// The packets that the batch was made from: kept for the quarantine while there are rejects.
  public let packets: PacketBatch?
  private let pool: ArenaPool?

  init(
    layout: EventLayout, arena: Arena, books: BuilderBooks, unfinished: [UnfinishedEvent],
    rejects: [RejectedDatagram], captureBooks: CaptureBooks, endedBursts: [BurstSummary],
    burstEnds: [BurstEnd],
    watermark: DataTime, packets: PacketBatch?, pool: ArenaPool?
  ) {
    self.layout = layout
    bytes = arena.bytes
    fragments = arena.fragments
    events = arena.events
    l1Fragments = arena.l1Fragments
    self.books = books
    self.unfinished = unfinished
    self.rejects = rejects
    self.captureBooks = captureBooks
    self.endedBursts = endedBursts
    self.burstEnds = burstEnds
    self.watermark = watermark
    self.packets = packets
    self.pool = pool
  }

  deinit {
    pool?.give(Arena(bytes: bytes, fragments: fragments, events: events, l1Fragments: l1Fragments))
  }
}

/// The place in a batch where a burst ended.
public struct BurstEnd: Hashable, Sendable, BitwiseCopyable {
  /// Events of the batch that were complete before.
  public var eventsBefore: Int
  /// Fragments of `EventBatch.l1Fragments` that came before.
  public var l1FragmentsBefore: Int
  /// Events of the batch that were given up before, those that the end gave up included.
  public var unfinishedBefore: Int
}

/// A datagram that the builder threw away.
public struct RejectedDatagram: Hashable, Sendable {
  /// Why.
  public var reason: PacketRejection
  /// Index of the datagram in its `PacketBatch`.
  public var datagram: Int
  /// The packet.
  public var packet: PacketReference
}

/// An event that was given up before it was complete.
public struct UnfinishedEvent: Hashable, Sendable {
  /// Number of the event.
  public var number: UInt32
  /// Run number, or 0.
  public var run: UInt32
  /// Identifier of the burst.
  public var burst: UInt32
  /// Fragments received of each source, in the order of the layout.
  public var received: [UInt16]
  /// Why it was given up.
  public var reason: UnfinishedReason
  /// Whether contradicting last-of-burst flags had marked it as corrupted.
  public var isCorrupted: Bool
  /// Where its fragments begin in `EventBatch.fragments`, in the order of a complete event's; those of a
  /// source behind the number received are blank. Only of the last event of a burst, at the burst's end.
  public var firstFragment: UInt32?
}

extension UnfinishedEvent {
  /// A complete event that was given up before all its L1 data had come.
  public init(_ event: BuiltEvent, received: [UInt16], reason: UnfinishedReason) {
    self.init(
      number: event.number, run: event.run, burst: event.burst, received: received, reason: reason,
      isCorrupted: false)
  }
}

/// Why an event was given up.
public enum UnfinishedReason: String, Hashable, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  /// Its burst, or the input, ended.
  case burstEnd = "burst-end"
  /// A packet of a newer burst had the same event number.
  case newerBurst = "newer-burst"
  /// Too many events were pending at once.
  case pendingLimit = "pending-limit"
}

/// The end of a burst as the builder saw it.
public struct BurstSummary: Hashable, Sendable {
  /// Identifier of the burst.
  public var burst: UInt32
  /// Data time of the first datagram of the burst.
  public var begin: DataTime
  /// Data time of the last datagram of the burst.
  public var end: DataTime
  /// Lowest and highest event timestamp seen, in clock periods.
  public var timestamps: ClosedRange<UInt32>
  /// Complete events.
  public var events: UInt64
  /// Run number, or 0.
  public var run: UInt32 = 0
  /// Start of the burst in seconds since the Unix epoch, as the input says it or as the packet of the
  /// start-of-burst trigger is stamped; 0 where neither is known.
  public var startOfBurst: UInt32 = 0
  /// End of the burst in seconds since the Unix epoch, as the packet of the end-of-burst trigger is stamped;
  /// 0 where there was none.
  public var endOfBurst: UInt32 = 0

  /// A burst; see the properties.
  public init(
    burst: UInt32, begin: DataTime, end: DataTime, timestamps: ClosedRange<UInt32>, events: UInt64,
    run: UInt32 = 0, startOfBurst: UInt32 = 0, endOfBurst: UInt32 = 0
  ) {
    self.burst = burst
    self.begin = begin
    self.end = end
    self.timestamps = timestamps
    self.events = events
    self.run = run
    self.startOfBurst = startOfBurst
    self.endOfBurst = endOfBurst
  }
}
