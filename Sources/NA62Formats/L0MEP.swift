/// The multi-event packet of an L0 readout board: one fragment for each of a run of consecutive
/// events, the payload of one UDP datagram to the L0 data port (`l1.md` 2.1).

/// The 8-byte header of an L0 multi-event packet.
public struct L0MEPHeader: Hashable, Sendable {
  /// Length of the header in bytes.
  public static let byteCount = 8

  /// Number of the first event, 24 bits.
  public var firstEvent: UInt32
  /// The detector.
  public var source: SourceID
  /// Length in bytes of the whole packet, this header included.
  public var totalLength: UInt16
  /// Number of fragments that follow.
  public var eventCount: UInt8
  /// The board within the detector.
  public var subID: UInt8

  /// A header with the given fields.
  public init(firstEvent: UInt32, source: SourceID, totalLength: UInt16, eventCount: UInt8, subID: UInt8) {
    self.firstEvent = firstEvent
    self.source = source
    self.totalLength = totalLength
    self.eventCount = eventCount
    self.subID = subID
  }

  /// The header at the start of a UDP payload, or `nil` if the payload is shorter than a header.
  @inlinable
  public init?(_ payload: RawSpan) {
    guard payload.byteCount >= Self.byteCount else { return nil }
    firstEvent = payload.little24(0)
    source = SourceID(rawValue: payload.little(3, as: UInt8.self))
    totalLength = payload.little(4, as: UInt16.self)
    eventCount = payload.little(6, as: UInt8.self)
    subID = payload.little(7, as: UInt8.self)
  }
}

/// One fragment of an L0 multi-event packet: what its 8-byte header says, and where its payload lies.
public struct L0Fragment: Hashable, Sendable, BitwiseCopyable {
  /// Length of the fragment header in bytes.
  public static let headerByteCount = 8

  /// Number of the event: first event of the packet plus the fragment's index, without 24-bit wrap.
  public var event: UInt32
  /// Clock periods since the start of burst.
  public var timestamp: UInt32
  /// Whether the event is flagged as the last of the burst.
  public var isLastOfBurst: Bool
  /// Where the payload begins, in bytes from the start of the packet.
  public var payloadOffset: Int
  /// Length of the payload in bytes.
  public var payloadLength: Int

  /// A fragment with the given fields.
  @inlinable
  public init(
    event: UInt32, timestamp: UInt32, isLastOfBurst: Bool, payloadOffset: Int, payloadLength: Int
  ) {
    self.event = event
    self.timestamp = timestamp
    self.isLastOfBurst = isLastOfBurst
    self.payloadOffset = payloadOffset
    self.payloadLength = payloadLength
  }

  /// The fragment of an event at an offset of a packet, or `nil` if it does not lie inside it.
  @inlinable @inline(__always)
  public init?(_ payload: RawSpan, at offset: Int, event: UInt32) {
    guard offset + Self.headerByteCount <= payload.byteCount else { return nil }
    let head = payload.little(offset, as: UInt64.self)
    let length = Int(head & 0xFFFF)
    guard length >= Self.headerByteCount, offset + length <= payload.byteCount else { return nil }
    self.event = event
    timestamp = UInt32(truncatingIfNeeded: head >> 32)
    isLastOfBurst = head & 0x8000_0000 != 0
    payloadOffset = offset + Self.headerByteCount
    payloadLength = length - Self.headerByteCount
  }
}

/// Why an L0 multi-event packet, or an L1 packet, is thrown away whole.
public enum PacketRejection: String, Hashable, Sendable, CaseIterable {
  /// Shorter than one header.
  case tooShort = "too-short"
  /// The length in the header is not that of the UDP payload.
  case lengthMismatch = "length-mismatch"
  /// The source is not among the configured ones.
  case unknownSource = "unknown-source"
  /// A fragment's event number does not follow on (its low 8 bits are compared).
  case eventNumber = "event-number"
  /// A fragment is shorter than its own header.
  case fragmentTooShort = "fragment-too-short"
  /// A fragment ends behind the packet.
  case fragmentBeyondEnd = "fragment-beyond-end"
  /// Bytes are left over behind the last fragment.
  case trailingBytes = "trailing-bytes"
  /// An L0TP fragment is too short for the fields that L1 needs.
  case l0tpTooShort = "l0tp-too-short"
  /// An L1 fragment is longer than 9500 bytes.
  case fragmentTooLong = "fragment-too-long"
}

/// A validated view of an L0 multi-event packet.
///
/// Validation follows NA62's order (`l1.md` 2.1): header, length, source, then for each fragment its
/// number and its end, then left-over bytes. Fragment lengths 0 to 7, which the original lets through
/// to undefined behaviour, are rejected (`l1.md` section 10).
public enum L0MEP {
  /// Why the packet has to be rejected, or `nil` if it is sound.
  ///
  /// - Parameters:
  ///   - payload: the UDP payload.
  ///   - isConfigured: for each source identifier whether the farm expects it.
  @inlinable
  public static func validate(
    _ payload: RawSpan, isConfigured: (SourceID) -> Bool
  ) -> PacketRejection? {
    guard let header = L0MEPHeader(payload) else { return .tooShort }
    let end = payload.byteCount
    if Int(header.totalLength) != end { return .lengthMismatch }
    if !isConfigured(header.source) { return .unknownSource }
    let minimum = header.source == .l0tp ? L0Fragment.headerByteCount + L0TPRecord.bytesUsedByL1 : 8
    var offset = L0MEPHeader.byteCount
    for i in 0..<UInt32(header.eventCount) {
      if offset &+ L0Fragment.headerByteCount > end { return .fragmentBeyondEnd }
      // The header of the fragment as one word.
      let head = payload.little(offset, as: UInt64.self)
      let length = Int(head & 0xFFFF)
      if UInt8(truncatingIfNeeded: head >> 16) != UInt8(truncatingIfNeeded: header.firstEvent &+ i) {
        return .eventNumber
      }
      if offset &+ length > end { return .fragmentBeyondEnd }
      if length < minimum { return length < 8 ? .fragmentTooShort : .l0tpTooShort }
      offset &+= length
    }
    return offset < end ? .trailingBytes : nil
  }

  /// Calls `body` for each fragment of a packet that `validate` found sound.
  @inlinable
  public static func forEachFragment(
    of payload: RawSpan, header: L0MEPHeader, _ body: (L0Fragment) -> Void
  ) {
    var offset = L0MEPHeader.byteCount
    for i in 0..<UInt32(header.eventCount) {
      guard let fragment = L0Fragment(payload, at: offset, event: header.firstEvent &+ i) else { return }
      body(fragment)
      offset = fragment.payloadOffset + fragment.payloadLength
    }
  }
}

/// Builds L0 multi-event packets: the inverse of `L0MEP`.
public struct L0MEPEncoder: Sendable {
  /// Number of the first event.
  public let firstEvent: UInt32
  /// The detector.
  public let source: SourceID
  /// The board.
  public let subID: UInt8
  private var fragments: [UInt8] = []
  private var count: UInt8 = 0

  /// An empty packet of one board.
  public init(firstEvent: UInt32, source: SourceID, subID: UInt8) {
    self.firstEvent = firstEvent
    self.source = source
    self.subID = subID
  }

  /// Appends the fragment of the next event.
  ///
  /// Returns `false`, and appends nothing, if a packet of 65535 bytes or 255 events would be exceeded.
  public mutating func append(payload: [UInt8], timestamp: UInt32, isLastOfBurst: Bool = false) -> Bool {
    let length = payload.count + L0Fragment.headerByteCount
    guard count < 255, L0MEPHeader.byteCount + fragments.count + length <= 0xFFFF else { return false }
    fragments.appendLittle(UInt16(length))
    fragments.append(UInt8(truncatingIfNeeded: firstEvent &+ UInt32(count)))
    fragments.append(isLastOfBurst ? 0x80 : 0)
    fragments.appendLittle(timestamp)
    fragments += payload
    count += 1
    return true
  }

  /// The UDP payload.
  public var bytes: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(L0MEPHeader.byteCount + fragments.count)
    out.appendLittle24(firstEvent)
    out.append(source.rawValue)
    out.appendLittle(UInt16(L0MEPHeader.byteCount + fragments.count))
    out.append(count)
    out.append(subID)
    return out + fragments
  }
}
