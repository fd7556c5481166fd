/// Datagrams that wait for their time: the first to go is found fast, and those of one time go in the order in
/// which they came.
struct DatagramQueue {
  private struct Entry {
    var datagram: OutgoingDatagram
    var order: UInt64

    func isBefore(_ other: Entry) -> Bool {
      datagram.time != other.datagram.time
        ? datagram.time < other.datagram.time : order < other.order
    }
  }

  /// A heap: each entry goes before the two at twice its place.
  private var heap: [Entry] = []
  private var order: UInt64 = 0

  /// Number of datagrams.
  var count: Int { heap.count }

  /// Time of the first datagram to go.
  var firstTime: Int64? { heap.first?.datagram.time }

  /// Adds a datagram.
  mutating func push(_ datagram: OutgoingDatagram) {
    heap.append(Entry(datagram: datagram, order: order))
    order += 1
    var place = heap.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard heap[place].isBefore(heap[parent]) else { break }
      heap.swapAt(place, parent)
      place = parent
    }
  }

  /// Takes the first datagram to go.
  mutating func pop() -> OutgoingDatagram? {
    guard !heap.isEmpty else { return nil }
    heap.swapAt(0, heap.count - 1)
    let first = heap.removeLast()
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
        if heap[child].isBefore(heap[least]) { least = child }
      }
      guard least != place else { break }
      heap.swapAt(place, least)
      place = least
    }
    return first.datagram
  }
}
