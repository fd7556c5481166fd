/// The payload of a STRAW readout board (SRB): 16-bit edges, sorted into 25 ns slots (`l1.md` 4.2).
public enum SRB {
  /// One edge of a straw.
  public struct Edge: Hashable, Sendable, BitwiseCopyable {
    /// Time in ns relative to the event.
    public var time: Double
    /// Readout channel: 256 × SRB identifier + straw address.
    public var channel: UInt16
    /// Whether the edge is a leading one.
    public var isLeading: Bool

    /// An edge with the given fields.
    @inlinable
    public init(time: Double, channel: UInt16, isLeading: Bool) {
      self.time = time
      self.channel = channel
      self.isLeading = isLeading
    }
  }

  /// Decodes a payload and appends its edges in the order of the slots.
  ///
  /// The slot counts decide how many edges are delivered. Where they ask for more edges than the
  /// packet length announces, the extra ones are trailing edges of straw 0 of SRB 0, as in NA62's
  /// code; beyond its capacity of two edges per payload word the board is bad.
  @inlinable
  public static func decode(
    _ payload: RawSpan, timestamp: UInt32, into edges: inout ScratchList<Edge>
  ) -> BoardStatus {
    guard payload.byteCount >= 4 else { return .bad }
    let capacity = payload.byteCount / 4 * 2
    let packetLength = Int(payload.little(2, as: UInt16.self))
    let words = Int(UInt16(truncatingIfNeeded: packetLength / 4 - 6))
    let announced = Int(UInt16(truncatingIfNeeded: 2 * words))
    if announced > capacity { return .bad }
    let slots = (2 + words) * 4
    guard payload.byteCount >= 8, slots + 16 <= payload.byteCount else { return .bad }
    let board = UInt16(payload.little(0, as: UInt8.self) & 0x1F) << 8
    let firstSlot = Int64(payload.little(4, as: UInt32.self)) - Int64(timestamp)
    // The slots' edge counts have been found inside the payload, and so has each announced edge: there are
    // not more than fit between the slots and the header of 8 bytes, or the loop ends at `inside`.
    let inside = min(announced, (payload.byteCount - 8) / 2)
    return payload.withUnsafeBytes { bytes in
      edges.appendUnchecked(atMost: capacity) { out, index in
        for half in 0..<2 {
          // Eight counts at once; those that are not zero are found by their bits.
          var counts = UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: slots + 8 * half, as: UInt64.self))
          while counts != 0 {
            let place = counts.trailingZeroBitCount >> 3
            let count = Int((counts >> UInt64(8 * place)) & 0xFF)
            counts &= ~(0xFF << UInt64(8 * place))
            let offset = Double(firstSlot + Int64(8 * half + place)) * ClockTicks.strawPeriod
            let end = min(index + count, capacity)
            let isTooLong = index + count > capacity
            while index < min(end, inside) {
              let word = UInt16(
                littleEndian: bytes.loadUnaligned(fromByteOffset: 8 + 2 * index, as: UInt16.self))
              out[index] = Edge(
                time: Double(Int32(word & 31)) * ClockTicks.strawPeriod / 32 + offset,
                channel: board | (word >> 6) & 0xFF,
                isLeading: word & 0x20 == 0)
              index += 1
            }
            while index < end {
              out[index] = Edge(time: 0 + offset, channel: 0, isLeading: false)
              index += 1
            }
            if isTooLong { return .bad }
          }
        }
        return .good
      }
    }
  }
}
