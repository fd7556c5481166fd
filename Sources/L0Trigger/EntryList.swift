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

/// The times of the reference or control primitives, in the order they came (`l0tp.md` 3.2).
struct TimeQueue: ~Copyable {
  private var times: UnsafeMutablePointer<UInt64>
  private var capacity = 4096
  private var head = 0
  private var end = 0
  /// What the queue's output register holds: the last time read.
  private var register: UInt64 = 0

  init() { times = .allocate(capacity: capacity) }

  deinit { times.deallocate() }

  mutating func removeAll() {
    head = 0
    end = 0
    register = 0
  }

  /// Times that wait.
  var count: Int { end - head }

  /// Makes room for `count` more times, which `append` needs.
  mutating func reserve(_ count: Int) {
    guard end + count > capacity else { return }
    let waiting = end - head
    if waiting + count > capacity {
      capacity = max(2 * capacity, waiting + count)
      let bigger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
      bigger.update(from: times + head, count: waiting)
      times.deallocate()
      times = bigger
    } else {
      times.update(from: times + head, count: waiting)
    }
    head = 0
    end = waiting
  }

  /// Where the next times go: `reserve` has made room, and `advance` makes them count.
  var free: UnsafeMutablePointer<UInt64> { times + end }

  /// Makes the next `count` times count.
  mutating func advance(_ count: Int) { end += count }

  /// Takes `count` times; where too few wait, the last one is repeated, as the hardware does. The times
  /// hold until the next `reserve` or `advance`.
  mutating func take(_ count: Int) -> UnsafePointer<UInt64> {
    if count > end - head {
      let last = end > head ? times[end - 1] : register
      let lacking = count - (end - head)
      reserve(lacking)
      for i in 0..<lacking { free[i] = last }
      advance(lacking)
    }
    let first = UnsafePointer(times + head)
    head += count
    if count > 0 { register = times[head - 1] }
    if head == end {
      // What was taken stays where it is: only the marks move.
      head = 0
      end = 0
    }
    return first
  }
}

/// The entries of a group, with the primitive words that each collects.
///
/// The work on a group goes in passes over all of its entries: merge, collect, look up. So each is a short
/// loop, and what one entry has to wait for is done while the next is under way.
struct EntryList: ~Copyable {
  private(set) var entries: UnsafeMutablePointer<Entry>
  private(set) var words: UnsafeMutablePointer<SIMD2<UInt64>>
  private var capacity = 256
  /// Entries in the list.
  private(set) var count = 0

  init() {
    entries = .allocate(capacity: capacity)
    words = .allocate(capacity: capacity)
  }

  deinit {
    entries.deallocate()
    words.deallocate()
  }

  /// What the address of an entry is compared with, to skip it (`l0tp.md` 3.4, 1).
  struct Skip {
    /// Address or slot of the entry before.
    var last: UInt64 = 0
    /// The bits of the slot that are compared: those of the address, or all where this is corrected.
    var mask: UInt64
    /// Entries skipped.
    var count: UInt64 = 0
  }

  /// Merges the times of a group's reference and control primitives in the order of their slots
  /// (`l0tp.md` 3.3), without those that are skipped.
  ///
  /// - Parameter shift: bits of a time below its slot.
  /// - Returns: entries before any was skipped.
  mutating func merge(
    _ references: UnsafePointer<UInt64>, _ referenceCount: Int, _ controls: UnsafePointer<UInt64>,
    _ controlCount: Int, shift: UInt64, _ skip: inout Skip
  ) -> Int {
    if referenceCount + controlCount > capacity {
      capacity = max(2 * capacity, referenceCount + controlCount)
      entries.deallocate()
      words.deallocate()
      entries = .allocate(capacity: capacity)
      words = .allocate(capacity: capacity)
    }
    let (out, mask) = (entries, skip.mask)
    var last = skip.last
    var (i, j, n, all) = (0, 0, 0, 0)
    // Which list is next is as good as random, so it is chosen without a branch.
    while i < referenceCount && j < controlCount {
      let (a, b) = (references[i], controls[j])
      let (slotA, slotB) = (a &>> shift, b &>> shift)
      let takesA: UInt64 = slotA <= slotB ? 1 : 0
      let takesB: UInt64 = slotB <= slotA ? 1 : 0
      let slot = min(slotA, slotB) & mask
      out[n] = Entry(bits: (slotA <= slotB ? a : b) | takesA &<< 62 | takesB &<< 63)
      n &+= slot == last ? 0 : 1
      last = slot
      all &+= 1
      i &+= Int(truncatingIfNeeded: takesA)
      j &+= Int(truncatingIfNeeded: takesB)
    }
    func append(_ time: UInt64, _ origin: UInt64) {
      let slot = time &>> shift & mask
      out[n] = Entry(bits: time | origin)
      n &+= slot == last ? 0 : 1
      last = slot
      all &+= 1
    }
    while i < referenceCount {
      append(references[i], Entry.reference)
      i &+= 1
    }
    while j < controlCount {
      append(controls[j], Entry.control)
      j &+= 1
    }
    skip.last = last
    skip.count &+= UInt64(truncatingIfNeeded: all &- n)
    count = n
    return all
  }
}
