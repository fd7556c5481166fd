public import NA62Formats

/// What the fragments of one IPv4 datagram have in common.
public struct FragmentKey: Hashable, Sendable {
  /// Source address, host order.
  public var source: UInt32
  /// Destination address, host order.
  public var destination: UInt32
  /// IP protocol number.
  public var protocolNumber: UInt8
  /// The identification field.
  public var identification: UInt16

  /// The key of the given header fields.
  public init(source: UInt32, destination: UInt32, protocolNumber: UInt8, identification: UInt16) {
    self.source = source
    self.destination = destination
    self.protocolNumber = protocolNumber
    self.identification = identification
  }
}

/// One IPv4 fragment with its frame.
public struct Fragment: Sendable {
  /// Which datagram it belongs to.
  public var key: FragmentKey
  /// Data time of its packet.
  public var time: DataTime
  /// Its packet.
  public var packet: PacketReference
  /// Link layer of the frame.
  public var link: LinkType
  /// The captured frame.
  public var frame: ContiguousArray<UInt8>
  /// Length of the frame on the wire, in bytes.
  public var originalLength: Int
  /// Offset of the IPv4 header in the frame, in bytes.
  public var headerOffset: Int
  /// Offset of the IPv4 payload in the frame, in bytes.
  public var payloadOffset: Int
  /// Length of the IPv4 payload, in bytes.
  public var payloadLength: Int
  /// Place of the payload in that of the datagram, in bytes.
  public var fragmentOffset: Int
  /// Whether no more fragments follow it in the datagram.
  public var isLast: Bool

  /// A fragment; offsets and lengths in bytes. A payload that is not inside the frame is cut to it.
  public init(
    key: FragmentKey, time: DataTime, packet: PacketReference, link: LinkType,
    frame: ContiguousArray<UInt8>, originalLength: Int, headerOffset: Int, payloadOffset: Int,
    payloadLength: Int, fragmentOffset: Int, isLast: Bool
  ) {
    self.key = key
    self.time = time
    self.packet = packet
    self.link = link
    self.frame = frame
    self.originalLength = originalLength
    self.payloadOffset = min(max(payloadOffset, 0), frame.count)
    self.headerOffset = min(max(headerOffset, 0), self.payloadOffset)
    self.payloadLength = min(max(payloadLength, 0), frame.count - self.payloadOffset)
    self.fragmentOffset = min(max(fragmentOffset, 0), 65535)
    self.isLast = isLast
  }

  var end: Int { fragmentOffset + payloadLength }
  var payload: ContiguousArray<UInt8>.SubSequence {
    frame[payloadOffset..<payloadOffset + payloadLength]
  }
}

/// Fragments that will never be a datagram, and why.
public struct DiscardedFragments: Sendable {
  /// The fragments, by their place in the datagram.
  public var fragments: [Fragment]
  /// Why they were given up.
  public var reason: RejectReason
}

/// A datagram put together from its fragments.
public struct ReassembledDatagram: Sendable {
  /// The fragments, by their place in the datagram; the last to arrive completed it.
  public var fragments: [Fragment]
  /// A frame as if the datagram had never been cut: headers of the first fragment, made whole, and payload.
  public var frame: ContiguousArray<UInt8>
  /// Offset of the IPv4 payload in `frame`, in bytes.
  public var payloadOffset: Int
}

/// Puts IPv4 datagrams together from fragments that arrive in any order, in bounded memory.
///
/// A datagram is complete when exactly one last fragment is known and the fragments cover it from 0 to its
/// end. Two last fragments, or an overlap, discard the whole datagram; an identical copy of a fragment that
/// is not the last is dropped.
public struct FragmentReassembler: Sendable {
  /// What a fragment led to.
  public struct Outcome: Sendable {
    /// The datagram that it completed.
    public var completed: ReassembledDatagram?
    /// Whether it was an identical copy of one already there, and was dropped.
    public var isDuplicate = false
    /// What was given up at its arrival.
    public var discarded: [DiscardedFragments] = []
  }

  private struct Entry {
    var serial: UInt64
    var firstTime: DataTime
    var fragments: [Fragment] = []
    var covered = 0
    var bytes = 0
  }

  private var entries: [FragmentKey: Entry] = [:]
  private var order: [(key: FragmentKey, serial: UInt64)] = []
  private var orderHead = 0
  private var serial: UInt64 = 0
  private var newest = DataTime(nanoseconds: .min)
  private let maximumDatagrams: Int
  private let maximumBytes: Int
  private let timeoutNanoseconds: Int64

  /// Number of fragments that wait for the rest of their datagram.
  public private(set) var pendingFragments = 0
  /// Bytes of the frames that wait.
  public private(set) var pendingBytes = 0
  /// Number of datagrams that wait for fragments.
  public var pendingDatagrams: Int { entries.count }

  /// An empty table of at most `maximumDatagrams` datagrams and `maximumBytes` bytes of frames, in which a
  /// datagram may wait for `timeoutNanoseconds` ns of data time.
  public init(
    maximumDatagrams: Int = 4096, maximumBytes: Int = 64 << 20, timeoutNanoseconds: Int64 = 30_000_000_000
  ) {
    self.maximumDatagrams = max(1, maximumDatagrams)
    self.maximumBytes = max(0, maximumBytes)
    self.timeoutNanoseconds = max(0, timeoutNanoseconds)
  }

  /// Takes a fragment; returns the datagram it completes, and what is given up because of it or of its time.
  public mutating func add(_ fragment: Fragment) -> Outcome {
    var outcome = Outcome()
    outcome.discarded = expire(now: fragment.time)
    let key = fragment.key
    var entry: Entry
    // The entry leaves the table while it is changed, so that its array is never copied.
    if let known = entries.removeValue(forKey: key) {
      entry = known
      pendingFragments -= entry.fragments.count
      pendingBytes -= entry.bytes
    } else {
      serial &+= 1
      entry = Entry(serial: serial, firstTime: fragment.time)
      order.append((key, serial))
    }
    let place = entry.fragments.partitioningIndex { $0.fragmentOffset >= fragment.fragmentOffset }
    if place < entry.fragments.count, !fragment.isLast {
      let twin = entry.fragments[place]
      if !twin.isLast, twin.fragmentOffset == fragment.fragmentOffset,
        twin.payloadLength == fragment.payloadLength, twin.payload.elementsEqual(fragment.payload)
      {
        outcome.isDuplicate = true
        put(entry, key)
        return outcome
      }
    }
    let known = entry.fragments.last
    let before = place > 0 ? entry.fragments[place - 1].end : 0
    let after = place < entry.fragments.count ? entry.fragments[place].fragmentOffset : Int.max
    let hasLast = known?.isLast ?? false
    let overlaps =
      before > fragment.fragmentOffset || fragment.end > after
      || (fragment.isLast ? place < entry.fragments.count : hasLast && place == entry.fragments.count)
    let twoLast = fragment.isLast && entry.fragments.contains { $0.isLast }
    entry.fragments.insert(fragment, at: place)
    entry.covered += fragment.payloadLength
    entry.bytes += fragment.frame.count
    if twoLast || overlaps {
      outcome.discarded.append(
        DiscardedFragments(
          fragments: entry.fragments, reason: twoLast ? .fragmentDuplicateLast : .fragmentOverlap))
      return outcome
    }
    if let last = entry.fragments.last, last.isLast, entry.covered == last.end {
      outcome.completed = Self.join(entry.fragments)
      return outcome
    }
    put(entry, key)
    while entries.count > maximumDatagrams || pendingBytes > maximumBytes, let oldest = takeOldest() {
      outcome.discarded.append(DiscardedFragments(fragments: oldest.fragments, reason: .fragmentEvicted))
    }
    return outcome
  }

  /// Gives up the datagrams that have waited longer than the time-out at the data time `now`.
  public mutating func expire(now: DataTime) -> [DiscardedFragments] {
    newest = max(newest, now)
    var discarded: [DiscardedFragments] = []
    while let oldest = oldestEntry() {
      let waited = newest.nanoseconds.subtractingReportingOverflow(oldest.firstTime.nanoseconds)
      guard waited.overflow || waited.partialValue > timeoutNanoseconds, let taken = takeOldest() else {
        break
      }
      discarded.append(DiscardedFragments(fragments: taken.fragments, reason: .fragmentUnfinished))
    }
    compact()
    return discarded
  }

  /// Gives up all that waits, oldest first: at the end of the input, or of a burst.
  public mutating func purge(reason: RejectReason = .fragmentUnfinished) -> [DiscardedFragments] {
    var discarded: [DiscardedFragments] = []
    while let taken = takeOldest() {
      discarded.append(DiscardedFragments(fragments: taken.fragments, reason: reason))
    }
    order.removeAll()
    orderHead = 0
    return discarded
  }

  private mutating func put(_ entry: Entry, _ key: FragmentKey) {
    pendingFragments += entry.fragments.count
    pendingBytes += entry.bytes
    entries[key] = entry
  }

  private mutating func oldestEntry() -> Entry? {
    while orderHead < order.count {
      let head = order[orderHead]
      if let entry = entries[head.key], entry.serial == head.serial { return entry }
      orderHead += 1
    }
    return nil
  }

  private mutating func takeOldest() -> Entry? {
    guard let entry = oldestEntry() else { return nil }
    entries.removeValue(forKey: order[orderHead].key)
    orderHead += 1
    pendingFragments -= entry.fragments.count
    pendingBytes -= entry.bytes
    return entry
  }

  /// Keeps the order of arrival no longer than a multiple of what it orders.
  private mutating func compact() {
    guard order.count > 2 * entries.count + 1024 else { return }
    order.removeFirst(orderHead)
    orderHead = 0
    order.removeAll { entries[$0.key]?.serial != $0.serial }
  }

  private static func join(_ fragments: [Fragment]) -> ReassembledDatagram {
    guard let first = fragments.first else {
      return ReassembledDatagram(fragments: [], frame: [], payloadOffset: 0)
    }
    var frame = ContiguousArray(first.frame[..<first.payloadOffset])
    let payloadLength = fragments.last?.end ?? 0
    frame.reserveCapacity(first.payloadOffset + payloadLength)
    for fragment in fragments {
      frame.append(
        contentsOf: fragment.frame[fragment.payloadOffset..<fragment.payloadOffset + fragment.payloadLength])
    }
    let header = first.headerOffset
    if first.payloadOffset - header >= 20 {
      let total = UInt16(clamping: first.payloadOffset - header + payloadLength)
      frame[header + 2] = UInt8(total >> 8)
      frame[header + 3] = UInt8(total & 0xff)
      frame[header + 6] &= 0x40
      frame[header + 7] = 0
      InternetChecksum.seal(header: header..<first.payloadOffset, of: &frame)
    }
    return ReassembledDatagram(fragments: fragments, frame: frame, payloadOffset: first.payloadOffset)
  }
}

extension Array {
  /// The first index whose element satisfies `isAfter`, in an array where all such elements are at the end.
  fileprivate func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
