public import NA62Formats

/// Puts the fragments of each board into L0 multi-event packets.
///
/// Events come in order of their numbers, each with a fragment of every board. A packet ends with the event whose
/// number is one below a multiple of `eventsPerPacket`, as the farm's nodes share out events by that, and earlier
/// where it would get too long. A value belongs to one worker.
public struct MEPWriter: Sendable {
  /// Most events of a packet.
  public let eventsPerPacket: Int
  /// Bytes from which on a packet is ended before its last event, if it has one at all.
  public let largestPacket: Int
  private var open: [UInt16: Open] = [:]
  private var order: [UInt16] = []

  private struct Open {
    var encoder: L0MEPEncoder
    var count = 0
    var size = L0MEPHeader.byteCount
  }

  /// A writer of packets with up to `eventsPerPacket` events, 1 to 255, and about `largestPacket` bytes.
  public init(eventsPerPacket: Int = 8, largestPacket: Int = 0xFFFF) {
    self.eventsPerPacket = min(max(eventsPerPacket, 1), 255)
    self.largestPacket = min(largestPacket, 0xFFFF)
  }

  /// Adds the fragment of a board.
  ///
  /// - Parameters:
  ///   - source: the detector.
  ///   - board: the board.
  ///   - event: number of the event.
  ///   - timestamp: timestamp of the event.
  ///   - payload: the payload.
  ///   - isLastOfBurst: whether the event is the last of the burst.
  ///   - send: takes each packet that ends.
  /// - Throws: `FormatError` if the payload is too long for any packet.
  public mutating func add(
    source: SourceID, board: UInt8, event: UInt32, timestamp: UInt32, payload: [UInt8],
    isLastOfBurst: Bool = false, send: ([UInt8]) -> Void
  ) throws(FormatError) {
    let key = UInt16(source.rawValue) << 8 | UInt16(board)
    let place: Dictionary<UInt16, Open>.Index
    if let known = open.index(forKey: key) {
      place = known
    } else {
      order.append(key)
      open[key] = Open(encoder: L0MEPEncoder(firstEvent: event, source: source, subID: board))
      guard let new = open.index(forKey: key) else { return }
      place = new
    }
    func begin() {
      open.values[place] = Open(encoder: L0MEPEncoder(firstEvent: event, source: source, subID: board))
    }
    let size = L0Fragment.headerByteCount + payload.count
    let entry = (count: open.values[place].count, size: open.values[place].size)
    if entry.count == 0 {
      begin()
    } else if open.values[place].encoder.firstEvent &+ UInt32(entry.count) != event
      || entry.size + size > largestPacket
    {
      send(open.values[place].encoder.bytes)
      begin()
    }
    guard
      open.values[place].encoder.append(
        payload: payload, timestamp: timestamp, isLastOfBurst: isLastOfBurst)
    else { throw FormatError("fragment longer than a packet, of event", at: Int(event)) }
    open.values[place].count += 1
    open.values[place].size += size
    if (UInt64(event) + 1) % UInt64(eventsPerPacket) == 0 {
      send(open.values[place].encoder.bytes)
      open.values[place].count = 0
    }
  }

  /// Sends the packets that are not full, in the order in which the boards first came.
  public mutating func flush(send: ([UInt8]) -> Void) {
    for key in order {
      if let entry = open[key], entry.count > 0 { send(entry.encoder.bytes) }
    }
    open.removeAll(keepingCapacity: true)
    order.removeAll(keepingCapacity: true)
  }
}
