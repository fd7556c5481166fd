import NA62Formats
import PacketCapture

/// The events that wait for fragments, addressed by event number without search.
///
/// A slot is the memory of one pending event; slots are used again, so a running builder does not
/// allocate.
struct PendingPool: ~Copyable {
  private struct Slot: BitwiseCopyable {
    var event: UInt32 = 0
    var burst: UInt32 = 0
    var total: Int32 = 0
    var isLastOfBurst = false
    var isCorrupted = false
    var isUsed = false
    var sequence: UInt64 = 0
    var used = 0
    var capacity = 0
    var bytes: UnsafeMutableRawPointer
    var fragments: UnsafeMutablePointer<EventFragment>
    var counts: UnsafeMutablePointer<UInt16>
  }

  private typealias Block = SIMD8<UInt64>
  /// Bytes of a block, in which short payloads are copied.
  private static let block = MemoryLayout<Block>.size

  private let fragmentCount: Int
  private let sourceCount: Int
  /// The slots; their numbers come from `begin` alone, so none is checked again.
  private var slots: UnsafeMutablePointer<Slot>
  private var slotCount = 0
  private var slotCapacity = 64
  private var freeSlots: [Int] = []
  private var slotOfEvent: ContiguousArray<Int32> = []
  private var nextSequence: UInt64 = 0
  /// Bytes of payload that pending events hold.
  private(set) var pendingBytes = 0
  /// Slots in the order of their beginning; entries of freed slots are skipped when they come up.
  private var queue: [(slot: Int, sequence: UInt64)] = []
  private var queueHead = 0

  init(layout: EventLayout) {
    fragmentCount = layout.fragmentCount
    sourceCount = layout.sources.count
    slots = .allocate(capacity: slotCapacity)
  }

  deinit {
    for i in 0..<slotCount {
      slots[i].bytes.deallocate()
      slots[i].fragments.deallocate()
      slots[i].counts.deallocate()
    }
    slots.deallocate()
  }

  /// The slot of an event, or −1.
  @inline(__always)
  func slot(of event: UInt32) -> Int {
    event < slotOfEvent.count ? Int(slotOfEvent[Int(event)]) : -1
  }

  mutating func begin(event: UInt32, burst: UInt32, isLastOfBurst: Bool) -> Int {
    let index: Int
    if let free = freeSlots.popLast() {
      index = free
    } else {
      index = slotCount
      if slotCount == slotCapacity { growSlots() }
      (slots + slotCount).initialize(
        to: Slot(
          capacity: 4096, bytes: .allocate(byteCount: 4096, alignment: 16),
          fragments: .allocate(capacity: max(fragmentCount, 1)),
          counts: .allocate(capacity: max(sourceCount, 1))))
      slotCount += 1
    }
    if Int(event) >= slotOfEvent.count {
      let wanted = max(Int(event) + 1, slotOfEvent.count * 2, 1024)
      slotOfEvent.append(contentsOf: repeatElement(-1, count: wanted - slotOfEvent.count))
    }
    slotOfEvent[Int(event)] = Int32(index)
    nextSequence += 1
    slots[index].event = event
    slots[index].burst = burst
    slots[index].total = 0
    slots[index].isLastOfBurst = isLastOfBurst
    slots[index].isCorrupted = false
    slots[index].isUsed = true
    slots[index].sequence = nextSequence
    slots[index].used = 0
    slots[index].counts.update(repeating: 0, count: sourceCount)
    pendingBytes += 256
    if queue.count > Self.queueLimit(pending: slotCount - freeSlots.count) { compactQueue() }
    queue.append((index, nextSequence))
    return index
  }

  /// Entries at which the queue is compacted: by then most are of events that have gone.
  static func queueLimit(pending: Int) -> Int { max(1024, 4 * pending) }

  /// Entries of the queue, those of events that have gone included.
  var queueCount: Int { queue.count }

  /// Takes out the entries of events that have gone, wherever they are: one event that waits for long, as one that is
  /// never completed, holds up no others.
  private mutating func compactQueue() {
    var kept = 0
    for place in queueHead..<queue.count where isPending(queue[place]) {
      queue[kept] = queue[place]
      kept += 1
    }
    queue.removeLast(queue.count - kept)
    queueHead = 0
  }

  private func isPending(_ entry: (slot: Int, sequence: UInt64)) -> Bool {
    slots[entry.slot].isUsed && slots[entry.slot].sequence == entry.sequence
  }

  /// Adds a fragment; `false`, and no change, if its source is complete already.
  @inline(__always)
  mutating func add(
    _ fragment: L0Fragment, _ payload: RawSpan?, to slot: Int, dense: Int, subID: UInt8,
    packet: PacketReference, limit: Int, start: Int
  ) -> Bool {
    let place = slots + slot
    let count = Int(place.pointee.counts[dense])
    guard count < limit else { return false }
    place.pointee.counts[dense] = UInt16(truncatingIfNeeded: count + 1)
    let length = fragment.payloadLength
    let offset = place.pointee.used
    place.pointee.fragments[start + count] = EventFragment(
      offset: UInt32(truncatingIfNeeded: offset), length: UInt32(truncatingIfNeeded: length),
      timestamp: fragment.timestamp, subID: subID, isVirtual: payload == nil, packet: packet)
    if let payload {
      let needed = offset + max(length, Self.block)
      if needed > place.pointee.capacity { grow(slot, needed) }
      let target = place.pointee.bytes + offset
      let begin = fragment.payloadOffset
      payload.extracting(begin..<(begin + length)).withUnsafeBytes { source in
        guard let source = source.baseAddress else { return }
        copy(source, length, to: target, hasBlock: begin + Self.block <= payload.byteCount)
      }
      // Payloads start at multiples of 4, so that words are aligned where boards send words.
      let used = (offset + length + 3) & ~3
      place.pointee.used = used
      pendingBytes += used - offset
    }
    place.pointee.total += 1
    return true
  }

  /// Whether a pending event has a fragment of a board of a source, whose fragments begin at `start`.
  func has(_ subID: UInt8, in slot: Int, dense: Int, start: Int) -> Bool {
    let fragments = slots[slot].fragments + start
    return (0..<Int(slots[slot].counts[dense])).contains { fragments[$0].subID == subID }
  }

  /// What the fragments of one packet have in common when they go to their slots.
  struct Packet {
    var firstEvent: UInt32
    var burst: UInt32
    var dense: Int
    var subID: UInt8
    var reference: PacketReference
    /// Fragments of the source in an event, and where they begin in it.
    var limit: Int
    var start: Int
    /// Payload length of the fragments of a virtual source, which have the headers of the packet's; nil for
    /// the packet's own source.
    var virtualByteCount: Int?
  }

  /// Adds fragments of a packet as long as they need no more than that: the event is there with the same
  /// burst and flag, has room, is not completed by it, and what is pending stays below `pendingLimit`.
  ///
  /// Nearly all fragments go this way, so that it is one loop with nothing to ask that a packet knows.
  ///
  /// - Parameters:
  ///   - bytes: a packet that `L0MEP.validate` found sound: each fragment's header and payload lie inside it.
  ///   - numbers: the fragments to try; those of event numbers that may not come are not among them.
  ///   - offset: where the first of them begins; where the first one begins that is left.
  /// - Returns: the number of the first fragment that is left.
  mutating func addPlain(
    _ bytes: UnsafeRawBufferPointer, _ packet: Packet, _ numbers: Range<Int>,
    at offset: inout Int, pendingLimit: Int
  ) -> Int {
    guard let base = bytes.baseAddress else { return numbers.lowerBound }
    let slots = slots
    let dense = packet.dense
    let virtual = packet.virtualByteCount
    let lastBlock = bytes.count - Self.block
    var pending = pendingBytes
    var at = offset
    var number = numbers.lowerBound
    slotOfEvent.withUnsafeBufferPointer { slotOfEvent in
      let end = min(numbers.upperBound, slotOfEvent.count - Int(packet.firstEvent))
      while number < end {
        let slot = Int(slotOfEvent[Int(packet.firstEvent) &+ number])
        guard slot >= 0 else { break }
        let place = slots + slot
        // Length, number, flags and timestamp of the fragment's header.
        let head = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        let isLastOfBurst = head & 0x8000_0000 != 0
        let count = Int(place.pointee.counts[dense])
        guard place.pointee.burst == packet.burst, place.pointee.isLastOfBurst == isLastOfBurst,
          count < packet.limit, Int(place.pointee.total) &+ 1 != fragmentCount
        else { break }
        let whole = Int(head & 0xFFFF)
        let length = virtual ?? whole &- L0Fragment.headerByteCount
        let used = place.pointee.used
        let stored = virtual == nil ? (length &+ 3) & ~3 : 0
        guard used &+ max(stored, Self.block) <= place.pointee.capacity, pending &+ stored <= pendingLimit
        else { break }
        place.pointee.fragments[packet.start &+ count] = EventFragment(
          offset: UInt32(truncatingIfNeeded: used), length: UInt32(truncatingIfNeeded: length),
          timestamp: UInt32(truncatingIfNeeded: head >> 32), subID: packet.subID, isVirtual: virtual != nil,
          packet: packet.reference)
        if virtual == nil {
          let begin = at &+ L0Fragment.headerByteCount
          copy(base + begin, length, to: place.pointee.bytes + used, hasBlock: begin <= lastBlock)
        }
        place.pointee.used = used &+ stored
        place.pointee.counts[dense] = UInt16(truncatingIfNeeded: count &+ 1)
        place.pointee.total &+= 1
        pending &+= stored
        at &+= whole
        number &+= 1
      }
    }
    offset = at
    pendingBytes = pending
    return number
  }

  /// Copies a payload to a slot that has room for it and for a block.
  ///
  /// Most payloads are short: a whole block, if the packet has one, costs less than a call does. What is too
  /// much lies behind the payload in the slot, where the next one is written.
  @inline(__always)
  private func copy(
    _ source: UnsafeRawPointer, _ length: Int, to target: UnsafeMutableRawPointer, hasBlock: Bool
  ) {
    if length <= Self.block, hasBlock {
      target.storeBytes(of: source.loadUnaligned(as: Block.self), as: Block.self)
    } else {
      target.copyMemory(from: source, byteCount: length)
    }
  }

  private mutating func growSlots() {
    let fresh = UnsafeMutablePointer<Slot>.allocate(capacity: slotCapacity * 2)
    fresh.moveInitialize(from: slots, count: slotCount)
    slots.deallocate()
    slots = fresh
    slotCapacity *= 2
  }

  private mutating func grow(_ slot: Int, _ needed: Int) {
    let capacity = max((needed + 15) & ~15, slots[slot].capacity * 2)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    fresh.copyMemory(from: slots[slot].bytes, byteCount: slots[slot].used)
    slots[slot].bytes.deallocate()
    slots[slot].bytes = fresh
    slots[slot].capacity = capacity
  }

  /// Copies a complete event's payloads and fragments to the end of an arena.
  mutating func move(_ slot: Int, to arena: inout Arena) {
    let base = UInt32(truncatingIfNeeded: arena.bytes.count)
    let used = min(slots[slot].used, slots[slot].capacity)
    arena.bytes.append(contentsOf: UnsafeRawBufferPointer(start: slots[slot].bytes, count: used))
    let from = slots[slot].fragments
    for i in 0..<fragmentCount { from[i].offset = from[i].isVirtual ? 0 : from[i].offset &+ base }
    arena.fragments.append(contentsOf: UnsafeBufferPointer(start: from, count: fragmentCount))
  }

  /// Makes blank fragments of those that have not come.
  mutating func blankMissing(_ slot: Int, starts: ContiguousArray<Int>, packet: PacketReference) {
    for dense in 0..<sourceCount {
      let first = starts[dense] + Int(slots[slot].counts[dense])
      for place in first..<max(first, starts[dense + 1]) {
        slots[slot].fragments[place] = EventFragment(
          offset: 0, length: 0, timestamp: .max, subID: 0, isVirtual: true, packet: packet)
      }
    }
  }

  mutating func free(_ slot: Int) {
    slots[slot].isUsed = false
    pendingBytes -= slots[slot].used + 256
    slotOfEvent[Int(slots[slot].event)] = -1
    freeSlots.append(slot)
  }

  /// The slot of the event that has waited longest.
  var oldest: Int? {
    mutating get {
      while queueHead < queue.count {
        if isPending(queue[queueHead]) { return queue[queueHead].slot }
        queueHead += 1
      }
      return nil
    }
  }

  /// The slots in use, in the order of their event numbers.
  func pendingSlotsByEvent() -> [Int] {
    (0..<slotCount).filter { slots[$0].isUsed }.sorted { slots[$0].event < slots[$1].event }
  }

  func event(_ slot: Int) -> UInt32 { slots[slot].event }
  func burst(_ slot: Int) -> UInt32 { slots[slot].burst }
  func total(_ slot: Int) -> Int { Int(slots[slot].total) }
  func isLastOfBurst(_ slot: Int) -> Bool { slots[slot].isLastOfBurst }
  func isCorrupted(_ slot: Int) -> Bool { slots[slot].isCorrupted }
  func received(_ slot: Int) -> [UInt16] {
    Array(UnsafeBufferPointer(start: slots[slot].counts, count: sourceCount))
  }

  /// Marks an event whose last-of-burst flags contradict each other; its flag becomes false.
  mutating func markCorrupted(_ slot: Int) {
    slots[slot].isCorrupted = true
    slots[slot].isLastOfBurst = false
  }
}
