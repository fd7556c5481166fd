/// Makes Ethernet frames of UDP datagrams over IPv4, whole or as IP fragments.
public struct UDPFrameBuilder: Sendable {
  /// IPv4 source address, host order.
  public var sourceAddress: UInt32 = 0x0a00_0001
  /// IPv4 destination address, host order.
  public var destinationAddress: UInt32 = 0x0a00_0002
  /// UDP source port.
  public var sourcePort: UInt16 = 50000
  /// UDP destination port.
  public var destinationPort: UInt16 = 58913
  /// Identification field of the IPv4 header.
  public var identification: UInt16 = 0
  /// Tag control information of the VLAN tags, outermost first; the outer of two is a service tag (0x88a8).
  public var vlanTags: [UInt16] = []
  /// Options of the IPv4 header; padded to 4 bytes, cut at 40.
  public var ipOptions: [UInt8] = []
  /// Whether frames are padded to the 60 bytes that Ethernet needs.
  public var padsToMinimum = true

  /// A builder with default addresses and ports, no VLAN tag and no options.
  public init() {}

  /// Largest UDP payload that fits an IPv4 datagram with the options set, in bytes.
  public var maximumPayload: Int { 65535 - headerLength - 8 }

  /// The frame of one datagram; a payload longer than `maximumPayload` is cut.
  public func frame(payload: some Collection<UInt8>) -> [UInt8] {
    packet(datagram(payload)[...], offset: 0, moreFragments: false)
  }

  /// The frames of one datagram cut into IP fragments of at most `mtu` bytes of IPv4 each, in order; one
  /// frame where it fits. An `mtu` too small for 8 bytes of payload is raised to that.
  public func fragments(payload: some Collection<UInt8>, mtu: Int) -> [[UInt8]] {
    let datagram = datagram(payload)
    if headerLength + datagram.count <= mtu {
      return [packet(datagram[...], offset: 0, moreFragments: false)]
    }
    let step = max(8, (min(mtu, 65535) - headerLength) & ~7)
    return stride(from: 0, to: datagram.count, by: step).map { start in
      let end = min(start + step, datagram.count)
      return packet(datagram[start..<end], offset: start, moreFragments: end < datagram.count)
    }
  }

  /// One IP fragment of any bytes at any offset (bytes, a multiple of 8), to make wrong ones as well.
  public func fragment(bytes: some Collection<UInt8>, offset: Int, moreFragments: Bool) -> [UInt8] {
    packet(Array(bytes.prefix(65535 - headerLength))[...], offset: offset, moreFragments: moreFragments)
  }

  private var options: [UInt8] {
    let used = Array(ipOptions.prefix(40))
    return used + [UInt8](repeating: 0, count: (4 - used.count % 4) % 4)
  }

  private var headerLength: Int { 20 + options.count }

  private func datagram(_ payload: some Collection<UInt8>) -> [UInt8] {
    let payload = payload.prefix(maximumPayload)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(payload.count + 8)
    bytes.append(bigEndian: sourcePort)
    bytes.append(bigEndian: destinationPort)
    bytes.append(bigEndian: UInt16(clamping: payload.count + 8))
    bytes.append(bigEndian: 0 as UInt16)
    bytes.append(contentsOf: payload)
    return bytes
  }

  /// Appends the frame of one datagram without VLAN tags and options, whose payload fits, to bytes: as `frame`
  /// makes it, and without memory of its own.
  ///
  /// - Returns: whether it was appended; `false` if the builder has tags or options, or the payload is too long.
  public func append(payload: [UInt8], to bytes: inout ContiguousArray<UInt8>) -> Bool {
    guard vlanTags.isEmpty, ipOptions.isEmpty, payload.count <= maximumPayload else { return false }
    let begin = bytes.count
    let total = UInt16(payload.count + 28)
    bytes.append(contentsOf: Self.ethernet)
    let start = bytes.count
    let high = UInt64(0x4500) << 48 | UInt64(total) << 32 | UInt64(identification) << 16
    withUnsafeBytes(of: high.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: (UInt64(0x4011) << 48 | UInt64(sourceAddress)).bigEndian) {
      bytes.append(contentsOf: $0)
    }
    let low = UInt64(destinationAddress) << 32 | UInt64(sourcePort) << 16 | UInt64(destinationPort)
    withUnsafeBytes(of: low.bigEndian) { bytes.append(contentsOf: $0) }
    InternetChecksum.seal(header: start..<(start + 20), of: &bytes)
    withUnsafeBytes(of: (UInt32(total - 20) << 16).bigEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: payload)
    while padsToMinimum, bytes.count - begin < 60 { bytes.append(0) }
    return true
  }

  private static let ethernet: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]

  private func packet(_ content: ArraySlice<UInt8>, offset: Int, moreFragments: Bool) -> [UInt8] {
    var frame: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
    for (index, tag) in vlanTags.enumerated() {
      frame.append(bigEndian: index + 1 < vlanTags.count ? 0x88a8 : 0x8100 as UInt16)
      frame.append(bigEndian: tag)
    }
    frame.append(bigEndian: 0x0800 as UInt16)
    let start = frame.count
    let units = UInt16(clamping: max(0, offset) / 8) & 0x1fff
    frame.append(0x40 | UInt8(headerLength / 4))
    frame.append(0)
    frame.append(bigEndian: UInt16(clamping: headerLength + content.count))
    frame.append(bigEndian: identification)
    frame.append(bigEndian: units | (moreFragments ? 0x2000 : 0))
    frame.append(64)
    frame.append(17)
    frame.append(bigEndian: 0 as UInt16)
    frame.append(bigEndian: sourceAddress)
    frame.append(bigEndian: destinationAddress)
    frame.append(contentsOf: options)
    var sealed = ContiguousArray(frame)
    InternetChecksum.seal(header: start..<sealed.count, of: &sealed)
    sealed.append(contentsOf: content)
    if padsToMinimum, sealed.count < 60 {
      sealed.append(contentsOf: repeatElement(0, count: 60 - sealed.count))
    }
    return Array(sealed)
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }
}
