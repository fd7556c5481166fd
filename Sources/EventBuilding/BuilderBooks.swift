/// The books of event building: every datagram, every fragment and every event is in exactly one column.
///
/// Books are a commutative monoid: the books of the parts, merged, are the books of the whole.
public struct BuilderBooks: Hashable, Sendable, Codable {
  /// Datagrams given to the builder.
  public var datagrams: UInt64 = 0
  /// Datagrams to the L0 data port that were sound.
  public var l0Packets: UInt64 = 0
  /// Datagrams to the L1 (CREAM) data port that were sound.
  public var l1Packets: UInt64 = 0
  /// Datagrams to other ports.
  public var otherPort: UInt64 = 0
  /// Datagrams for another host, where the farm's address is set.
  public var otherHost: UInt64 = 0
  /// Datagrams thrown away, by reason, in the order of `PacketRejection.allCases`.
  public var rejected: [UInt64] = Array(repeating: 0, count: PacketRejectionOrder.count)
  /// Datagrams dropped while the burst was changing.
  public var flushed: UInt64 = 0

  /// L0 fragments in sound packets, those that the farm makes itself included.
  public var fragments: UInt64 = 0
  /// Fragments of events that were completed.
  public var fragmentsBuilt: UInt64 = 0
  /// Fragments whose last-of-burst flag contradicted their event's.
  public var fragmentsFlagMismatch: UInt64 = 0
  /// Fragments that came when their source was complete.
  public var fragmentsDuplicate: UInt64 = 0
  /// Fragments of a burst older than their event's.
  public var fragmentsOlderBurst: UInt64 = 0
  /// Fragments with an event number outside the pool.
  public var fragmentsOutOfRange: UInt64 = 0
  /// Fragments of events that were given up.
  public var fragmentsUnfinished: UInt64 = 0
  /// Fragments of events that are still pending, as a change.
  public var fragmentsPending: Int64 = 0

  /// L1 (CREAM) fragments in sound packets, but for those of other nodes.
  public var l1Fragments: UInt64 = 0
  /// Fragments of events that other nodes of the farm take.
  public var otherNode = OtherNodeBooks()

  /// Events begun.
  public var events: UInt64 = 0
  /// Events completed.
  public var eventsBuilt: UInt64 = 0
  /// Events given up.
  public var eventsUnfinished: UInt64 = 0
  /// Events that a flag mismatch had marked as corrupted when they were given up.
  public var eventsCorruptedHeader: UInt64 = 0
  /// Events still pending, as a change.
  public var eventsPending: Int64 = 0

  /// Empty books.
  public init() {}

  /// Adds the books of another part.
  public static func += (a: inout Self, b: Self) {
    a.datagrams += b.datagrams
    a.l0Packets += b.l0Packets
    a.l1Packets += b.l1Packets
    a.otherPort += b.otherPort
    a.otherHost += b.otherHost
    for i in a.rejected.indices { a.rejected[i] += b.rejected[i] }
    a.flushed += b.flushed
    a.fragments += b.fragments
    a.fragmentsBuilt += b.fragmentsBuilt
    a.fragmentsFlagMismatch += b.fragmentsFlagMismatch
    a.fragmentsDuplicate += b.fragmentsDuplicate
    a.fragmentsOlderBurst += b.fragmentsOlderBurst
    a.fragmentsOutOfRange += b.fragmentsOutOfRange
    a.fragmentsUnfinished += b.fragmentsUnfinished
    a.fragmentsPending += b.fragmentsPending
    a.l1Fragments += b.l1Fragments
    a.otherNode += b.otherNode
    a.events += b.events
    a.eventsBuilt += b.eventsBuilt
    a.eventsUnfinished += b.eventsUnfinished
    a.eventsCorruptedHeader += b.eventsCorruptedHeader
    a.eventsPending += b.eventsPending
  }

  /// What the columns miss of each total: datagrams, fragments, events. All zero when the books close.
  public var imbalance: (datagrams: Int64, fragments: Int64, events: Int64) {
    let rejectedTotal = rejected.reduce(0, +)
    let d = l0Packets + l1Packets + otherPort + otherHost + rejectedTotal + flushed
    let f =
      fragmentsBuilt + fragmentsFlagMismatch + fragmentsDuplicate + fragmentsOlderBurst
      + fragmentsOutOfRange + fragmentsUnfinished + otherNode.fragments
    let e = eventsBuilt + eventsUnfinished
    return (
      Int64(datagrams) - Int64(d), Int64(fragments) - Int64(f) - fragmentsPending,
      Int64(events) - Int64(e) - eventsPending
    )
  }

  /// Whether every item is in exactly one column.
  public var closes: Bool { imbalance == (0, 0, 0) }
}

/// The fragments that a node of a farm leaves to the others; all 0 where there is one node.
public struct OtherNodeBooks: Hashable, Sendable, Codable {
  /// L0 fragments in sound packets; also in ``BuilderBooks/fragments``.
  public var fragments: UInt64 = 0
  /// L1 (CREAM) fragments in sound packets; not in ``BuilderBooks/l1Fragments``.
  public var l1Fragments: UInt64 = 0

  /// Empty books.
  public init() {}

  /// Adds the books of another part.
  public static func += (a: inout Self, b: Self) {
    a.fragments += b.fragments
    a.l1Fragments += b.l1Fragments
  }
}

// Stored counts from before there were nodes lack these books, and those of one node keep the bytes that they had: the
// compiler's coding of `BuilderBooks` takes these two for them.
extension KeyedDecodingContainer {
  func decode(_ type: OtherNodeBooks.Type, forKey key: Key) throws -> OtherNodeBooks {
    try decodeIfPresent(type, forKey: key) ?? OtherNodeBooks()
  }
}

extension KeyedEncodingContainer {
  mutating func encode(_ books: OtherNodeBooks, forKey key: Key) throws {
    if books != OtherNodeBooks() { try encodeIfPresent(books, forKey: key) }
  }
}
