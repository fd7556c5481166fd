import NA62Formats
import PacketCapture

/// A datagram that a board puts on the network.
struct OutgoingDatagram: Sendable {
  /// When, in ns since the Unix epoch.
  var time: Int64
  var sourceAddress: UInt32
  var destinationAddress: UInt32
  var sourcePort: UInt16
  var destinationPort: UInt16
  var payload: [UInt8]
}

/// Frames on the network in order of time: bytes, the frames as a capture has them, and the datagrams as a
/// reader of the capture gives them.
struct FrameBlock {
  /// Bytes of the headers of Ethernet, IPv4 and UDP.
  static let headerByteCount = 42

  private(set) var bytes: ContiguousArray<UInt8> = []
  private(set) var datagrams: ContiguousArray<Datagram> = []
  private(set) var frames: ContiguousArray<SimulatedFrame> = []
  /// Identification of the next datagram that is cut into fragments of IPv4.
  private var identification: UInt16 = 1

  /// Number of datagrams.
  var count: Int { datagrams.count }

  /// Appends a datagram.
  mutating func append(_ datagram: OutgoingDatagram) {
    var frame = UDPFrameBuilder()
    frame.sourceAddress = datagram.sourceAddress
    frame.destinationAddress = datagram.destinationAddress
    frame.sourcePort = datagram.sourcePort
    frame.destinationPort = datagram.destinationPort
    let offset = bytes.count
    if datagram.payload.count > ReadoutTiming.largestPayload {
      // As a reader gives it: the fragments in the capture, and the whole behind them.
      frame.identification = identification
      identification &+= 1
      for fragment in frame.fragments(payload: datagram.payload, mtu: ReadoutTiming.largestPayload + 28) {
        frames.append(SimulatedFrame(offset: bytes.count, length: fragment.count, time: datagram.time))
        bytes.append(contentsOf: fragment)
      }
      let whole = bytes.count
      bytes.append(contentsOf: frame.frame(payload: datagram.payload))
      index(datagram, at: whole)
    } else {
      _ = frame.append(payload: datagram.payload, to: &bytes)
      frames.append(SimulatedFrame(offset: offset, length: bytes.count - offset, time: datagram.time))
      index(datagram, at: offset)
    }
  }

  /// Appends a datagram of a batch that was made by a block and has no fragments.
  mutating func append(_ datagram: Datagram, of batch: PacketBatch) {
    var copy = datagram
    copy.frameOffset = bytes.count
    copy.payloadOffset = bytes.count + Self.headerByteCount
    copy.packet = PacketReference(input: 0, number: UInt32(truncatingIfNeeded: datagrams.count + 1))
    frames.append(
      SimulatedFrame(
        offset: bytes.count, length: datagram.frameLength, time: datagram.time.nanoseconds))
    bytes.append(
      contentsOf: batch.bytes[datagram.frameOffset..<(datagram.frameOffset + datagram.frameLength)])
    datagrams.append(copy)
  }

  private mutating func index(_ datagram: OutgoingDatagram, at offset: Int) {
    datagrams.append(
      Datagram(
        time: DataTime(nanoseconds: datagram.time),
        packet: PacketReference(input: 0, number: UInt32(truncatingIfNeeded: datagrams.count + 1)),
        frameOffset: offset, frameLength: bytes.count - offset,
        payloadOffset: offset + Self.headerByteCount, payloadLength: datagram.payload.count,
        sourceAddress: datagram.sourceAddress, destinationAddress: datagram.destinationAddress,
        sourcePort: datagram.sourcePort, destinationPort: datagram.destinationPort))
  }

  /// The datagrams as a batch of packets.
  func batch() -> PacketBatch {
    PacketBatch(
      bytes: bytes, datagrams: datagrams, watermark: datagrams.last?.time ?? DataTime(nanoseconds: .min))
  }
}

/// A frame of a capture.
public struct SimulatedFrame: Sendable, Hashable, BitwiseCopyable {
  /// Where it begins in the bytes of its batch.
  public var offset: Int
  /// Length in bytes.
  public var length: Int
  /// When it is sent, in ns since the Unix epoch.
  public var time: Int64
}
