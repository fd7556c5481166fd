public import NA62Formats

/// Why a packet that should have held a UDP datagram could not be used.
public enum RejectReason: String, Sendable, Hashable, CaseIterable {
  /// The frame is shorter than its link-level header.
  case linkHeader = "link-header"
  /// IPv4 version or header length is wrong, or the header does not fit the frame.
  case ipv4Header = "ipv4-header"
  /// The IPv4 total length is shorter than the header or longer than the frame.
  case ipv4Length = "ipv4-length"
  /// A fragment of a length or at an offset that no IPv4 datagram can have.
  case ipv4Fragment = "ipv4-fragment"
  /// The IPv4 payload is shorter than a UDP header.
  case udpHeader = "udp-header"
  /// The UDP length is shorter than its header or longer than the IPv4 payload.
  case udpLength = "udp-length"
  /// The capture kept only the beginning of the packet.
  case truncatedBySnaplen = "truncated-by-snaplen"
  /// The fragments of the datagram overlap or contradict each other.
  case fragmentOverlap = "fragment-overlap"
  /// The datagram has more than one last fragment.
  case fragmentDuplicateLast = "fragment-duplicate-last"
  /// The fragment was given up because the table of pending fragments was full.
  case fragmentEvicted = "fragment-evicted"
  /// The datagram was still incomplete when its burst ended.
  case fragmentBurstEnd = "fragment-burst-end"
  /// The datagram was still incomplete at its time-out or at the end of the input.
  case fragmentUnfinished = "fragment-unfinished"
  /// The reassembled datagram has a malformed UDP header.
  case fragmentMalformed = "fragment-malformed-udp"
}

/// A packet for the quarantine: where its frame lies in the bytes of its `PacketBatch`, and the reason.
public struct RejectedPacket: Sendable {
  /// Data time stamped by the capture.
  public var time: DataTime
  /// The packet.
  public var packet: PacketReference
  /// Offset of the frame in `PacketBatch.bytes`, in bytes.
  public var frameOffset: Int
  /// Length of the captured frame, in bytes.
  public var frameLength: Int
  /// Length of the frame on the wire, in bytes.
  public var originalLength: Int
  /// Link layer of the frame.
  public var link: LinkType
  /// Why it was rejected.
  public var reason: RejectReason

  /// A rejected packet at the given place of its batch; lengths and offsets in bytes.
  public init(
    time: DataTime, packet: PacketReference, frameOffset: Int, frameLength: Int, originalLength: Int,
    link: LinkType = .ethernet, reason: RejectReason
  ) {
    self.time = time
    self.packet = packet
    self.frameOffset = frameOffset
    self.frameLength = frameLength
    self.originalLength = originalLength
    self.link = link
    self.reason = reason
  }
}
