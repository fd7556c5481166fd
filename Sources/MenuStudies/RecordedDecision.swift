import NA62Formats
public import PacketCapture

/// A decision of the L0 trigger processor as the stream has it.
public struct RecordedDecision: Sendable, Hashable {
  /// The burst.
  public var burst: UInt32
  /// Clock periods since the start of burst.
  public var timestamp: UInt32
  /// The lines; empty where no line made the trigger.
  public var pattern: LinePattern
  /// Whether it is no trigger: start or end of burst, choke, error.
  public var isSpecial: Bool
  /// The packet it came in.
  public var packet: PacketReference

  /// A decision with the given fields.
  public init(
    burst: UInt32, timestamp: UInt32, pattern: LinePattern, isSpecial: Bool, packet: PacketReference
  ) {
    self.burst = burst
    self.timestamp = timestamp
    self.pattern = pattern
    self.isSpecial = isSpecial
    self.packet = packet
  }
}

/// What came of the packets of the L0 trigger processor. A commutative monoid.
public struct RecordedBooks: Sendable, Hashable {
  /// Packets of the processor.
  public internal(set) var packets: UInt64 = 0
  /// Of these, packets that were not sound.
  public internal(set) var rejected: UInt64 = 0
  /// Of these, the debugging packets behind the end of burst.
  public internal(set) var debugging: UInt64 = 0
  /// Records in the others.
  public internal(set) var records: UInt64 = 0

  /// Empty books.
  public init() {}

  /// Adds books.
  public static func += (a: inout Self, b: Self) {
    a.packets += b.packets
    a.rejected += b.rejected
    a.debugging += b.debugging
    a.records += b.records
  }
}

/// Finds the decisions of the L0 trigger processor in a stream: the records of source 0x40 in the MEPs on
/// the port of L0 data (`l0tp.md` 5.2, 5.3).
///
/// Records do not name their burst. It is counted: the next one begins with a start-of-burst record whose
/// event number is lower than those seen, with an event number that falls far back, or with a lower one
/// after a pause behind the end-of-burst record.
public struct RecordedDecisionReader: Sendable {
  /// Length of the pause behind the end of burst, in seconds; shorter than that between two bursts.
  static let burstPause = 0.5
  /// Events by which numbers may fall back within a burst.
  static let disorder: UInt32 = 1 << 16
  /// Sub-identifier of the debugging packet behind the end of burst (`l0tp.md` 5.4).
  static let debugging: UInt8 = 0xFF

  private let port: UInt16
  private var burst: UInt32
  private var newestEvent: UInt32?
  private var endSeen: DataTime?
  /// What came of the packets.
  public private(set) var books = RecordedBooks()

  /// A reader that begins in the given burst.
  public init(firstBurst: UInt32 = 1, port: UInt16 = 58913) {
    burst = firstBurst
    self.port = port
  }

  /// The decisions in a batch of packets, in the order they came.
  public mutating func decisions(in batch: PacketBatch) -> ContiguousArray<RecordedDecision> {
    var out: ContiguousArray<RecordedDecision> = []
    let storage = batch.bytes
    let bytes = storage.span.bytes
    for datagram in batch.datagrams where datagram.destinationPort == port {
      let begin = datagram.payloadOffset
      let payload = bytes.extracting(begin..<(begin + datagram.payloadLength))
      guard let header = L0MEPHeader(payload), header.source == .l0tp else { continue }
      books.packets += 1
      if header.subID == Self.debugging {
        books.debugging += 1
        continue
      }
      if L0MEP.validate(payload, isConfigured: { _ in true }) != nil {
        books.rejected += 1
        continue
      }
      L0MEP.forEachFragment(of: payload, header: header) { fragment in
        let end = fragment.payloadOffset + fragment.payloadLength
        guard let record = L0TPRecord(payload.extracting(fragment.payloadOffset..<end)) else { return }
        follow(fragment.event, record.word, datagram.time)
        books.records += 1
        let isSpecial = Self.isSpecial(record)
        out.append(
          RecordedDecision(
            burst: burst, timestamp: fragment.timestamp,
            pattern: isSpecial
              ? LinePattern(rawValue: 0) : LinePattern(flags: record.flags, dataType: record.dataType),
            isSpecial: isSpecial, packet: datagram.packet))
      }
    }
    return out
  }

  /// Words 0x22 to 0x27 are start and end of burst, choke and error (`l0tp.md` 4.6).
  private static func isSpecial(_ record: L0TPRecord) -> Bool { (0x22...0x27).contains(record.word.rawValue) }

  private mutating func follow(_ event: UInt32, _ word: L0Word, _ time: DataTime) {
    if let newest = newestEvent, event < newest {
      let isAfterPause = endSeen.map { time.seconds(since: $0) > Self.burstPause } ?? false
      if word == .startOfBurst || isAfterPause || newest - event > Self.disorder {
        burst &+= 1
        newestEvent = nil
        endSeen = nil
      }
    }
    newestEvent = max(newestEvent ?? event, event)
    if word == .endOfBurst { endSeen = time }
  }
}
