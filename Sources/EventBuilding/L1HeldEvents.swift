/// The events that wait for L1 data, by their numbers.
///
/// The fragments of a packet are of one event after another, and there are hundreds for each: so a table by the low
/// bits of the number answers nearly all, and the dictionary the rest.
struct L1HeldEvents: Sendable {
  /// Entries of the table, a power of 2.
  static let recent = 1024

  private struct Entry: BitwiseCopyable {
    var event: UInt32 = 0
    /// Place in `events`, or −1.
    var place: Int32 = -1
  }

  private var events: ContiguousArray<L1EventData?> = []
  private var free: [Int32] = []
  private var places: [UInt32: Int32] = [:]
  private var table = ContiguousArray(repeating: Entry(), count: L1HeldEvents.recent)

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

  /// Adds an event whose number is not there.
  mutating func insert(_ data: L1EventData) {
    let place = free.popLast() ?? Int32(truncatingIfNeeded: events.count)
    if Int(place) == events.count { events.append(data) } else { events[Int(place)] = data }
    places[data.event.number] = place
    table[Self.row(data.event.number)] = Entry(event: data.event.number, place: place)
  }

  /// Gives a fragment to its event.
  mutating func add(
    _ fragment: L1DataFragment, _ bytes: ContiguousArray<UInt8>, limits: [UInt16], keeps: L1DataKept
  ) -> L1EventData.Taken {
    let place = place(of: fragment.event)
    guard place >= 0 else { return .notRequested }
    return events[place]?.take(fragment, bytes, limits: limits, keeps: keeps) ?? .notRequested
  }

  /// Takes an event out.
  mutating func remove(_ event: UInt32) -> L1EventData? {
    guard let place = places.removeValue(forKey: event) else { return nil }
    let row = Self.row(event)
    if table[row].event == event { table[row].place = -1 }
    free.append(place)
    var data: L1EventData?
    swap(&data, &events[Int(place)])
    return data
  }
}
