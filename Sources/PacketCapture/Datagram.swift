public import NA62Formats

/// One UDP datagram: where it lies in the bytes of its `PacketBatch`, and its addresses.
public struct Datagram: Sendable, BitwiseCopyable {
  private var nanoseconds: Int64
  /// The packet it came in; for a reassembled datagram, the packet that completed it.
  public var packet: PacketReference
  /// Offset in `PacketBatch.bytes` of the link-level frame, in bytes. For a reassembled datagram it is a
  /// synthesised frame: the headers of the first fragment and the whole payload.
  public var frameOffset: Int
  /// Length of the link-level frame, in bytes.
  public var frameLength: Int
  /// Offset in `PacketBatch.bytes` of the UDP payload, in bytes.
  public var payloadOffset: Int
  /// Length of the UDP payload, in bytes.
  public var payloadLength: Int
  /// IPv4 source address, host order.
  public var sourceAddress: UInt32
  /// IPv4 destination address, host order.
  public var destinationAddress: UInt32
  /// UDP source port.
  public var sourcePort: UInt16
  /// UDP destination port.
  public var destinationPort: UInt16

  /// Data time stamped by the capture; for a reassembled datagram, that of the completing packet.
  public var time: DataTime {
    get { DataTime(nanoseconds: nanoseconds) }
    set { nanoseconds = newValue.nanoseconds }
  }

  /// A datagram at the given place of its batch; lengths and offsets in bytes.
  public init(
    time: DataTime, packet: PacketReference, frameOffset: Int, frameLength: Int, payloadOffset: Int,
    payloadLength: Int, sourceAddress: UInt32, destinationAddress: UInt32, sourcePort: UInt16,
    destinationPort: UInt16
  ) {
    self.nanoseconds = time.nanoseconds
    self.packet = packet
    self.frameOffset = frameOffset
    self.frameLength = frameLength
    self.payloadOffset = payloadOffset
    self.payloadLength = payloadLength
    self.sourceAddress = sourceAddress
    self.destinationAddress = destinationAddress
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
  }
}
