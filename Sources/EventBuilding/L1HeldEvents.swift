/// The events that wait for L1 data, by their numbers.
///
/// The fragments of a packet are of one event after another, and there are hundreds for each: so a table by the low
/// bits of the number answers nearly all, and the dictionary the rest. Most fragments are of a board without data and
/// are counted alone: the table counts those of the first source (LKr), and `settle` adds them to their event.
struct L1HeldEvents: Sendable {
  /// Entries of the table, a power of 2.
  static let recent = 1024

  private struct Entry: BitwiseCopyable {
    var event: UInt32 = 0
    /// Place in `events`, or −1.
    var place: Int32 = -1
    /// Fragments of the first source that may come before one has to be looked at: it completes the event, or is too
    /// many.
    var room: Int32 = 0
    /// Fragments and bytes that were counted here.
    var counted: Int32 = 0
    var bytes = 0
  }

  private var events: ContiguousArray<L1EventData?> = []
  private var free: [Int32] = []
  private var places: [UInt32: Int32] = [:]
  private var table = ContiguousArray(repeating: Entry(), count: L1HeldEvents.recent)
  private let limits: [UInt16]
  private let total: Int
  private let keeps: L1DataKept

  /// - Parameters:
  ///   - limits: fragments of each source.
  ///   - total: their sum.
  ///   - keeps: which of the fragments are kept.
  init(limits: [UInt16], total: Int, keeps: L1DataKept) {
    self.limits = limits
    self.total = total
    self.keeps = keeps
  }

  /// The numbers of the events, in no order.
  var numbers: Dictionary<UInt32, Int32>.Keys { places.keys }

  @inline(__always)
  private static func row(_ event: UInt32) -> Int { Int(event & UInt32(recent - 1)) }

  /// Where an event is, or −1.
  @inline(__always)
  func place(of event: UInt32) -> Int {
    let entry = table[Self.row(event)]
    if entry.place >= 0, entry.event == event { return Int(entry.place) }
    return places[event].map(Int.init) ?? -1
  }

  /// The serial number of an event that waits.
  func serial(of event: UInt32) -> UInt64? {
    let place = place(of: event)
    return place < 0 ? nil : events[place]?.serial
  }

  /// Adds an event whose number is not there, and gives its place.
  mutating func insert(_ data: L1EventData) -> Int {
    let place = free.popLast() ?? Int32(truncatingIfNeeded: events.count)
    if Int(place) == events.count { events.append(data) } else { events[Int(place)] = data }
    places[data.event.number] = place
    let row = Self.row(data.event.number)
    settle(row)
    table[row] = Entry(event: data.event.number, place: place)
    makeRoom(row)
    return Int(place)
  }

  /// Adds what was counted in an entry to its event.
  private mutating func settle(_ row: Int) {
    let entry = table[row]
    guard entry.place >= 0, entry.counted > 0 else { return }
    events[Int(entry.place)]?.take(Int(entry.counted), byteCount: entry.bytes)
    (table[row].counted, table[row].bytes) = (0, 0)
  }

  /// Says how many fragments an entry may count.
  private mutating func makeRoom(_ row: Int) {
    guard let limit = limits.first, let event = events[Int(table[row].place)] else { return }
    let room = min(Int(limit) - Int(event.received[0]), total - event.count - 1)
    table[row].room = Int32(clamping: max(room, 0))
  }

  /// Counts fragments from `range` on that are of a burst and need nothing else, up to the first that does.
  ///
  /// - Parameter bytes: the most bytes that they may have.
  /// - Returns: how many, and their bytes.
  mutating func count(
    _ fragments: ContiguousArray<L1DataFragment>, _ range: Range<Int>, run: UInt32, burst: UInt32, bytes: Int
  ) -> (fragments: Int, bytes: Int) {
    guard keeps != .all else { return (0, 0) }
    let keepsNothing = keeps == .nothing
    return table.withUnsafeMutableBufferPointer { table in
      fragments.withUnsafeBufferPointer { fragments in
        var sum = 0
        for i in range {
          let fragment = fragments[i]
          let row = Self.row(fragment.event)
          let length = Int(fragment.length)
          guard table[row].event == fragment.event, table[row].room > 0, fragment.source == 0,
            keepsNothing || !fragment.isFilled, fragment.burst == burst, fragment.run == run,
            sum &+ length <= bytes
          else { return (i - range.lowerBound, sum) }
          table[row].room &-= 1
          table[row].counted &+= 1
          table[row].bytes &+= length
          sum &+= length
        }
        return (range.count, sum)
      }
    }
  }

  /// Gives a fragment to its event.
  mutating func add(_ fragment: L1DataFragment, _ bytes: ContiguousArray<UInt8>) -> L1EventData.Taken {
    let place = place(of: fragment.event)
    guard place >= 0 else { return .notRequested }
    let row = Self.row(fragment.event)
    let isRecent = table[row].event == fragment.event && table[row].place >= 0
    if isRecent { settle(row) }
    let taken = events[place]?.take(fragment, bytes, limits: limits, keeps: keeps) ?? .notRequested
    if isRecent { makeRoom(row) }
    return taken
  }

  /// Takes an event out, and says what its place was.
  mutating func remove(_ event: UInt32) -> (data: L1EventData, place: Int)? {
    guard let place = places.removeValue(forKey: event) else { return nil }
    let row = Self.row(event)
    if table[row].event == event {
      settle(row)
      table[row] = Entry()
    }
    free.append(place)
    var data: L1EventData?
    swap(&data, &events[Int(place)])
    return data.map { ($0, Int(place)) }
  }
}
