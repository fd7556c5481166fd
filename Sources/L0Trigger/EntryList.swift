/// An entry of the list that is looked at for triggers: a time, and which list it came from.
struct Entry {
  /// Bits 0 to 7 the fine time, 8 to 38 the clock periods, 62 and 63 the origin.
  var bits: UInt64

  /// From the reference detector.
  static let reference: UInt64 = 1 << 62
  /// From the control detector.
  static let control: UInt64 = 1 << 63
  /// Bits of the time.
  static let timeMask: UInt64 = (1 << 62) - 1

  /// Clock periods times 256, plus fine time.
  @inline(__always) var time: UInt64 { bits & Self.timeMask }
  /// Clock periods, the 30 bits that the list keeps.
  @inline(__always) var timestamp: UInt32 { UInt32(truncatingIfNeeded: time >> 8) & 0x3FFF_FFFF }
  @inline(__always) var isReference: Bool { bits & Self.reference != 0 }
  @inline(__always) var isControl: Bool { bits & Self.control != 0 }
}

/// The times of the reference or control primitives, in the order they came (`l0tp.md` 3.2), and how many
/// of them each group of packets has.
struct TimeQueue {
  private var times: ContiguousArray<UInt64> = []
  private var head = 0
  /// What the queue's output register holds: the last time read.
  private var register: UInt64 = 0

  mutating func removeAll() {
    times.removeAll(keepingCapacity: true)
    head = 0
    register = 0
  }

  @inline(__always)
  mutating func append(_ time: UInt64) { times.append(time) }

  /// Times that wait.
  var count: Int { times.count - head }

  /// Moves `count` times to the end of `out`; where too few wait, the last one is repeated, as the
  /// hardware does.
  mutating func take(_ count: Int, into out: inout ContiguousArray<UInt64>) {
    out.removeAll(keepingCapacity: true)
    let present = min(count, times.count - head)
    for i in 0..<present { out.append(times[head + i]) }
    head += present
    if let last = out.last { register = last }
    for _ in present..<max(present, count) { out.append(register) }
    if head == times.count {
      times.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 4096 {
      times.removeFirst(head)
      head = 0
    }
  }
}

/// Merges the times of a group's reference and control primitives to one list (`l0tp.md` 3.3).
struct EntryMerger {
  /// The merged entries.
  private(set) var entries: ContiguousArray<Entry> = []
  /// The lists of the group, each ended by a time that is later than all.
  private var references: ContiguousArray<UInt64> = []
  private var controls: ContiguousArray<UInt64> = []

  /// Fills `entries` from the next times of both queues, in the order of their slots.
  ///
  /// - Parameter shift: bits of a time below its slot.
  mutating func merge(
    _ references: inout TimeQueue, _ referenceCount: Int, _ controls: inout TimeQueue, _ controlCount: Int,
    shift: UInt64
  ) {
    references.take(referenceCount, into: &self.references)
    controls.take(controlCount, into: &self.controls)
    self.references.append(.max)
    self.controls.append(.max)
    entries.removeAll(keepingCapacity: true)
    entries.reserveCapacity(referenceCount + controlCount)
    var i = 0
    var j = 0
    // Without branches: which list is next is as good as random.
    self.references.withUnsafeBufferPointer { r in
      self.controls.withUnsafeBufferPointer { c in
        while i < referenceCount || j < controlCount {
          let a = r[i]
          let b = c[j]
          let (slotA, slotB) = (a >> shift, b >> shift)
          let takesA: UInt64 = slotA <= slotB ? 1 : 0
          let takesB: UInt64 = slotB <= slotA ? 1 : 0
          entries.append(Entry(bits: (takesA != 0 ? a : b) | takesA << 62 | takesB << 63))
          i += Int(takesA)
          j += Int(takesB)
        }
      }
    }
  }
}
