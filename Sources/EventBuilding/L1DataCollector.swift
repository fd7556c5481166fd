import NA62Formats

/// Puts the fragments that are read after L1 (CREAMs) to the events that L1 kept (`l1.md` 3.3).
///
/// A pure state machine: it is told, in order, of the events that L1 kept and of the fragments that came, and
/// answers which events are complete and which are given up. Its order is that of the events and the fragments
/// in the stream, so batches and workers change nothing.
///
/// As in NA62's farm only the number of fragments of a source is compared, a fragment whose event does not
/// wait for data is not requested, and what is unfinished at the end of a burst is given up.
public struct L1DataCollector<Payload: Sendable>: Sendable {
  /// Options of the collector.
  public struct Options: Sendable, Hashable {
    /// Bytes that waiting events may hold; beyond, the oldest one is given up.
    public var maximumPendingBytes = 512 << 20
    /// Which of the fragments are kept with their bytes, and not counted alone. Changes no answer.
    public var keeps = L1DataKept.all
    /// The default limit.
    public init() {}
  }

  /// An event that waited for its data.
  public struct Held: Sendable {
    /// What the caller keeps with it.
    public let payload: Payload
    /// The event with what came of it.
    public let data: L1EventData
    /// The event.
    public var event: BuiltEvent { data.event }
    /// Fragments received of each source, in the order of `EventLayout.l1Sources`.
    public var received: [UInt16] { data.received }
    /// The fragments that are kept, in order of arrival; their offsets are into `bytes`.
    public var fragments: ContiguousArray<L1DataFragment> { data.fragments }
    /// The bytes of the fragments that are kept, headers included.
    public var bytes: ContiguousArray<UInt8> { data.bytes }
  }

  /// What became of an event.
  public enum Action: Sendable {
    /// It has all its fragments.
    case complete(Held)
    /// It is given up.
    case giveUp(Held, UnfinishedReason)
  }

  private let limits: [UInt16]
  private let total: Int
  private let options: Options
  // The payloads are apart, by the places of their events: their type is known to the caller alone, and for a fragment
  // nothing must be looked up at run time.
  private var held: L1HeldEvents
  private var payloads: ContiguousArray<Payload?> = []
  private var current: L1DataBurst?
  private var serial: UInt64 = 0
  private var pendingBytes = 0
  /// Events in the order of their request; entries of events that have gone are skipped when they come up.
  private var queue: [(event: UInt32, serial: UInt64)] = []
  private var queueHead = 0
  private var books = L1DataBooks()

  /// A collector for the sources that a layout reads after L1; there has to be one at least.
  public init(layout: EventLayout, options: Options = Options()) {
    limits = layout.l1Sources.map { UInt16(clamping: $0.fragments) }
    total = layout.l1Sources.reduce(0) { $0 + $1.fragments }
    self.options = options
    held = L1HeldEvents(limits: limits, total: total, keeps: options.keeps)
  }

  /// The books since the last call.
  public mutating func takeBooks() -> L1DataBooks {
    defer { books = L1DataBooks() }
    return books
  }

  /// Begins to wait for the data of an event that L1 kept.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - byteCount: bytes that it holds meanwhile.
  ///   - payload: what the caller keeps with it.
  ///   - actions: takes what becomes of this event and of others.
  public mutating func request(
    _ event: BuiltEvent, byteCount: Int, payload: Payload, into actions: inout [Action]
  ) {
    enter(L1DataBurst(run: event.run, burst: event.burst), &actions)
    books.events += 1
    // NA62's farm has one place for each number; a copy can only come of copied packets.
    guard held.place(of: event.number) < 0 else {
      books.eventsDuplicate += 1
      return
    }
    serial += 1
    let size = byteCount + 256
    let place = held.insert(
      L1EventData(
        event: event, received: [UInt16](repeating: 0, count: limits.count), serial: serial, byteCount: size,
        keeps: options.keeps, total: total))
    if place < payloads.count { payloads[place] = payload } else { payloads.append(payload) }
    forgetDone()
    queue.append((event.number, serial))
    pendingBytes += size
    books.eventsPending += 1
    shrink(&actions)
  }

  /// Takes fragments one after the other, as with ``add(_:_:into:)``.
  ///
  /// - Parameters:
  ///   - fragments: the fragments.
  ///   - range: those of them that are taken.
  ///   - bytes: the bytes that their offsets are into.
  ///   - actions: takes what becomes of events.
  public mutating func add(
    _ fragments: ContiguousArray<L1DataFragment>, _ range: Range<Int>, _ bytes: ContiguousArray<UInt8>,
    into actions: inout [Action]
  ) {
    var next = range.lowerBound
    while next < range.upperBound {
      if let current {
        let counted = held.count(
          fragments, next..<range.upperBound, run: current.run, burst: current.burst,
          bytes: options.maximumPendingBytes - pendingBytes)
        next += counted.fragments
        pendingBytes += counted.bytes
        books.fragments += UInt64(counted.fragments)
        books.fragmentsPending += Int64(counted.fragments)
        guard next < range.upperBound else { return }
      }
      add(fragments[next], bytes, into: &actions)
      next += 1
    }
  }

  /// Takes a fragment.
  ///
  /// - Parameters:
  ///   - fragment: the fragment.
  ///   - bytes: the bytes that its offset is into.
  ///   - actions: takes what becomes of events.
  public mutating func add(
    _ fragment: L1DataFragment, _ bytes: ContiguousArray<UInt8>, into actions: inout [Action]
  ) {
    enter(L1DataBurst(run: fragment.run, burst: fragment.burst), &actions)
    books.fragments += 1
    // One access for each fragment, in place.
    switch held.add(fragment, bytes) {
    case .notRequested:
      books.fragmentsNotRequested += 1
      return
    case .unknownSource:
      books.fragmentsUnknownSource += 1
      return
    case .duplicate:
      books.fragmentsDuplicate += 1
      return
    case .taken(let count):
      pendingBytes += Int(fragment.length)
      books.fragmentsPending += 1
      if count == total {
        complete(fragment.event, &actions)
      } else if pendingBytes > options.maximumPendingBytes {
        shrink(&actions)
      }
    }
  }

  // Not inlined, as the two below: what needs the type of the payload looks it up at run time, and that is not to
  // be done for every fragment.
  @inline(never)
  private mutating func complete(_ event: UInt32, _ actions: inout [Action]) {
    guard let done = remove(event) else { return }
    books.eventsComplete += 1
    books.fragmentsUsed += UInt64(done.data.count)
    actions.append(.complete(done))
  }

  /// Ends a burst, if it is the present one: what waits is given up, in the order of the event numbers.
  public mutating func end(run: UInt32, burst: UInt32, into actions: inout [Action]) {
    guard current == L1DataBurst(run: run, burst: burst) else { return }
    giveUpAll(&actions)
  }

  private mutating func enter(_ burst: L1DataBurst, _ actions: inout [Action]) {
    guard current != burst else { return }
    giveUpAll(&actions)
    current = burst
  }

  @inline(never)
  private mutating func giveUpAll(_ actions: inout [Action]) {
    for number in held.numbers.sorted() { giveUp(number, .burstEnd, &actions) }
    queue.removeAll(keepingCapacity: true)
    queueHead = 0
  }

  private mutating func giveUp(_ number: UInt32, _ reason: UnfinishedReason, _ actions: inout [Action]) {
    guard let event = remove(number) else { return }
    if reason == .pendingLimit { books.eventsPendingLimit += 1 } else { books.eventsBurstEnd += 1 }
    books.fragmentsUnfinished += UInt64(event.data.count)
    actions.append(.giveUp(event, reason))
  }

  private mutating func remove(_ number: UInt32) -> Held? {
    guard let (data, place) = held.remove(number), let payload = payloads[place] else { return nil }
    payloads[place] = nil
    pendingBytes -= data.byteCount
    books.eventsPending -= 1
    books.fragmentsPending -= Int64(data.count)
    return Held(payload: payload, data: data)
  }

  /// Gives up the oldest events until the rest is below the limit.
  @inline(never)
  private mutating func shrink(_ actions: inout [Action]) {
    while pendingBytes > options.maximumPendingBytes, queueHead < queue.count {
      let head = queue[queueHead]
      queueHead += 1
      if isWaiting(head) { giveUp(head.event, .pendingLimit, &actions) }
    }
  }

  /// Forgets the events at the head of the queue that have gone.
  private mutating func forgetDone() {
    while queueHead < queue.count, !isWaiting(queue[queueHead]) { queueHead += 1 }
    if queueHead > 1024, queueHead * 2 > queue.count {
      queue.removeFirst(queueHead)
      queueHead = 0
    }
  }

  private func isWaiting(_ entry: (event: UInt32, serial: UInt64)) -> Bool {
    held.serial(of: entry.event) == entry.serial
  }
}

/// A burst of a run: outside of the collector, as a type inside a generic one is looked up at run time.
private struct L1DataBurst: Equatable {
  var run: UInt32
  var burst: UInt32
}

/// Which fragments that are read after L1 are kept.
public enum L1DataKept: Sendable, Hashable {
  /// None: they are counted.
  case nothing
  /// Those that have data: boards without a channel above threshold, as nearly all are, send a fragment too.
  case filled
  /// All, to be stored.
  case all
}

extension L1DataFragment {
  /// Whether it has more than the words of a board without a channel.
  public var isFilled: Bool { Int(length) != L1Packet.headerByteCount + CREAM.emptyByteCount }
}

/// An event that waits, or waited, for its L1 data, with what has come of it.
public struct L1EventData: Sendable {
  /// The event.
  public let event: BuiltEvent
  /// Fragments received of each source, in the order of `EventLayout.l1Sources`.
  public fileprivate(set) var received: [UInt16]
  /// The fragments that are kept, in order of arrival; their offsets are into `bytes`.
  public fileprivate(set) var fragments: ContiguousArray<L1DataFragment> = []
  /// The bytes of the fragments that are kept, headers included.
  public fileprivate(set) var bytes: ContiguousArray<UInt8> = []
  /// Of the fragments that are kept those that have data.
  public var filled: ContiguousArray<L1DataFragment> {
    fragments.allSatisfy { $0.isFilled } ? fragments : ContiguousArray(fragments.lazy.filter { $0.isFilled })
  }
  /// Fragments that have come, whether they are kept or not.
  private(set) var count = 0
  let serial: UInt64
  /// Bytes that count for the limit.
  fileprivate var byteCount: Int

  fileprivate init(
    event: BuiltEvent, received: [UInt16], serial: UInt64, byteCount: Int, keeps: L1DataKept, total: Int
  ) {
    self.event = event
    self.received = received
    self.serial = serial
    self.byteCount = byteCount
    switch keeps {
    case .nothing: break
    case .filled:
      // What most events need of 432 boards.
      fragments.reserveCapacity(min(total, 48))
      bytes.reserveCapacity(min(total, 48) * 96)
    case .all:
      fragments.reserveCapacity(total)
      // A fragment without data has 28 bytes.
      bytes.reserveCapacity(32 * total)
    }
  }

  /// Takes fragments of the first source that are not kept, of which so many may come.
  mutating func take(_ number: Int, byteCount bytes: Int) {
    received[0] += UInt16(number)
    count += number
    byteCount += bytes
  }

  /// What becomes of a fragment.
  enum Taken {
    /// Its event does not wait for data.
    case notRequested
    case unknownSource
    case duplicate
    /// It is one of so many.
    case taken(Int)
  }

  /// Takes a fragment, if its source is known and has not sent all of its own.
  mutating func take(
    _ fragment: L1DataFragment, _ arena: ContiguousArray<UInt8>, limits: [UInt16], keeps: L1DataKept
  ) -> Taken {
    let source = Int(fragment.source)
    guard limits.indices.contains(source) else { return .unknownSource }
    guard received[source] < limits[source] else { return .duplicate }
    let length = Int(fragment.length)
    let isKept: Bool =
      switch keeps {
      case .nothing: false
      case .filled: fragment.isFilled
      case .all: true
      }
    if isKept {
      var kept = fragment
      let begin = min(Int(fragment.offset), arena.count)
      kept.offset = UInt32(truncatingIfNeeded: bytes.count)
      let end = min(begin + length, arena.count)
      // Other tasks hold the arena too: a slice of it would count references in memory that they share.
      arena.withUnsafeBufferPointer {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[begin..<end]))
      }
      fragments.append(kept)
    }
    received[source] += 1
    count += 1
    byteCount += length
    return .taken(count)
  }
}
