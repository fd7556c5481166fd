/// What a UDP datagram in a frame is: offsets from the start of the frame, in bytes.
struct UDPView {
  var payloadOffset: Int
  var payloadLength: Int
  var sourceAddress: UInt32
  var destinationAddress: UInt32
  var sourcePort: UInt16
  var destinationPort: UInt16
}

/// What an IPv4 fragment in a frame is: offsets from the start of the frame, in bytes.
struct FragmentView {
  var key: FragmentKey
  var headerOffset: Int
  var payloadOffset: Int
  var payloadLength: Int
  var fragmentOffset: Int
  var isLast: Bool
}

/// Kinds of packet that are counted and left alone.
enum PacketKind {
  case arp, ipv6, otherEtherType, notEthernetII, icmp, tcp, otherProtocol
}

/// What a frame turned out to be.
enum FrameVerdict {
  case datagram(UDPView)
  case fragment(FragmentView)
  case kind(PacketKind)
  case reject(RejectReason)
}

/// Reads the headers of a frame down to UDP. Every byte read is checked to be inside the frame.
struct FrameParser {
  private let base: UnsafeRawPointer
  private let length: Int
  private let wireLength: Int

  /// A parser of `frame`, whose length on the wire was `wireLength` bytes.
  @inline(__always)
  init(base: UnsafeRawPointer, length: Int, wireLength: Int) {
    self.base = base
    self.length = length
    self.wireLength = max(length, wireLength)
  }

  // The caller has checked that offset + 2 <= length.
  @inline(__always)
  private func word(_ offset: Int) -> UInt16 {
    UInt16(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  // The caller has checked that offset + 4 <= length.
  @inline(__always)
  private func long(_ offset: Int) -> UInt32 {
    UInt32(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  // The caller has checked that offset < length.
  @inline(__always)
  private func byte(_ offset: Int) -> UInt8 {
    base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// The frame needs `need` bytes and has fewer: cut by the capture, or malformed on the wire.
  private func short(_ need: Int, _ reason: RejectReason) -> FrameVerdict {
    .reject(need <= wireLength ? .truncatedBySnaplen : reason)
  }

  /// What the frame is.
  @inline(__always)
  func parse(_ link: LinkType) -> FrameVerdict {
    var offset: Int
    var type: UInt16
    switch link {
    case .ethernet:
      guard length >= 14 else { return short(14, .linkHeader) }
      type = word(12)
      offset = 14
    case .linuxCooked:
      guard length >= 16 else { return short(16, .linkHeader) }
      type = word(14)
      offset = 16
    case .linuxCooked2:
      guard length >= 20 else { return short(20, .linkHeader) }
      type = word(0)
      offset = 20
    case .rawIP:
      guard length >= 1 else { return short(1, .linkHeader) }
      type = byte(0) >> 4 == 6 ? 0x86dd : 0x0800
      offset = 0
    }
    while type == 0x8100 || type == 0x88a8 || type == 0x9100 {
      guard length >= offset + 4 else { return short(offset + 4, .linkHeader) }
      type = word(offset + 2)
      offset += 4
    }
    switch type {
    case 0x0800: return ipv4(offset)
    case 0x0806: return .kind(.arp)
    case 0x86dd: return .kind(.ipv6)
    case 0..<0x0600: return .kind(.notEthernetII)
    default: return .kind(.otherEtherType)
    }
  }

  @inline(__always)
  private func ipv4(_ start: Int) -> FrameVerdict {
    guard length >= start + 20 else { return short(start + 20, .ipv4Header) }
    let first = byte(start)
    let headerLength = Int(first & 15) * 4
    guard first >> 4 == 4, headerLength >= 20 else { return .reject(.ipv4Header) }
    switch byte(start + 9) {
    case 17: break
    case 1: return .kind(.icmp)
    case 6: return .kind(.tcp)
    default: return .kind(.otherProtocol)
    }
    let totalLength = Int(word(start + 2))
    guard totalLength >= headerLength else { return .reject(.ipv4Length) }
    guard length >= start + totalLength else { return short(start + totalLength, .ipv4Length) }
    let fragmentation = word(start + 6)
    let payload = start + headerLength
    let payloadLength = totalLength - headerLength
    if fragmentation & 0x3fff == 0 { return udp(start, payload, payloadLength) }
    let fragmentOffset = Int(fragmentation & 0x1fff) * 8
    let isLast = fragmentation & 0x2000 == 0
    guard
      payloadLength > 0, isLast || payloadLength % 8 == 0,
      fragmentOffset + payloadLength + headerLength <= 65535
    else { return .reject(.ipv4Fragment) }
    return .fragment(
      FragmentView(
        key: FragmentKey(
          source: long(start + 12), destination: long(start + 16), protocolNumber: 17,
          identification: word(start + 4)),
        headerOffset: start, payloadOffset: payload, payloadLength: payloadLength,
        fragmentOffset: fragmentOffset, isLast: isLast))
  }

  /// The UDP datagram of `available` bytes at `offset`, its IPv4 header at `header`; both inside the frame.
  @inline(__always)
  private func udp(_ header: Int, _ offset: Int, _ available: Int) -> FrameVerdict {
    guard available >= 8 else { return .reject(.udpHeader) }
    let udpLength = Int(word(offset + 4))
    guard udpLength >= 8, udpLength <= available else { return .reject(.udpLength) }
    return .datagram(
      UDPView(
        payloadOffset: offset + 8, payloadLength: udpLength - 8, sourceAddress: long(header + 12),
        destinationAddress: long(header + 16), sourcePort: word(offset), destinationPort: word(offset + 2)))
  }
}
