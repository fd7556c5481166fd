public import NA62Formats

/// Puts the fragments of each board into L0 multi-event packets.
///
/// Events come in order of their numbers, each with a fragment of every board. A value belongs to one worker.
public struct MEPWriter: Sendable {
  /// Most events of a packet.
  public let eventsPerPacket: Int
  private var open: [UInt16: (encoder: L0MEPEncoder, count: Int)] = [:]
  private var order: [UInt16] = []

  /// A writer of packets with up to `eventsPerPacket` events, 1 to 255.
  public init(eventsPerPacket: Int = 8) { self.eventsPerPacket = min(max(eventsPerPacket, 1), 255) }

  /// Adds the fragment of a board.
  ///
  /// - Parameters:
  ///   - source: the detector.
  ///   - board: the board.
  ///   - event: number of the event.
  ///   - timestamp: timestamp of the event.
  ///   - payload: the payload.
  ///   - isLastOfBurst: whether the event is the last of the burst.
  ///   - send: takes each packet that gets full.
  /// - Throws: `FormatError` if the payload is too long for any packet.
  public mutating func add(
    source: SourceID, board: UInt8, event: UInt32, timestamp: UInt32, payload: [UInt8],
    isLastOfBurst: Bool = false, send: ([UInt8]) -> Void
  ) throws(FormatError) {
    let key = UInt16(source.rawValue) << 8 | UInt16(board)
    if open[key] == nil { order.append(key) }
    var entry =
      open[key] ?? (encoder: L0MEPEncoder(firstEvent: event, source: source, subID: board), count: 0)
    // The old packet is not to hold on to the bytes that are appended to.
    open[key] = (encoder: L0MEPEncoder(firstEvent: event, source: source, subID: board), count: 0)
    if entry.count >= eventsPerPacket || entry.encoder.firstEvent &+ UInt32(entry.count) != event {
      if entry.count > 0 { send(entry.encoder.bytes) }
      entry = (encoder: L0MEPEncoder(firstEvent: event, source: source, subID: board), count: 0)
    }
    if !entry.encoder.append(payload: payload, timestamp: timestamp, isLastOfBurst: isLastOfBurst) {
      if entry.count > 0 { send(entry.encoder.bytes) }
      entry = (encoder: L0MEPEncoder(firstEvent: event, source: source, subID: board), count: 0)
      guard entry.encoder.append(payload: payload, timestamp: timestamp, isLastOfBurst: isLastOfBurst) else {
        throw FormatError("fragment longer than a packet, of event", at: Int(event))
      }
    }
    entry.count += 1
    open[key] = entry
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
