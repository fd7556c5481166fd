/// The packets of the boards that are read after L1 (CREAMs): a sequence of fragments with a 16-byte
/// header each and no packet header (`l1.md` 2.4).
public enum L1Packet {
  /// Length of a fragment header in bytes.
  @inlinable public static var headerByteCount: Int { 16 }
  /// Longest fragment that is accepted, in bytes.
  @inlinable public static var maximumFragment: Int { 9500 }

  /// One fragment.
  public struct Fragment: Hashable, Sendable, BitwiseCopyable {
    /// Number of the event.
    public var event: UInt32
    /// The detector.
    public var source: SourceID
    /// Clock periods since the start of burst.
    public var timestamp: UInt32
    /// Crate (bits 10 to 5) and slot (bits 4 to 0).
    public var subID: UInt16
    /// The L0 trigger word.
    public var l0Word: L0Word
    /// Where the fragment begins, header included, in bytes from the start of the packet.
    public var offset: Int
    /// Length in bytes, header included.
    public var length: Int

    /// Slot of the CREAM in its crate.
    public var slot: Int { Int(subID & 0x1F) }
    /// Crate of the CREAM.
    public var crate: Int { Int(subID >> 5 & 0x3F) }

    /// A fragment with the given fields.
    public init(
      event: UInt32, source: SourceID, timestamp: UInt32, subID: UInt16, l0Word: L0Word, offset: Int,
      length: Int
    ) {
      self.event = event
      self.source = source
      self.timestamp = timestamp
      self.subID = subID
      self.l0Word = l0Word
      self.offset = offset
      self.length = length
    }

    /// The fragment at an offset of a packet, or `nil` if there is no room for its header.
    ///
    /// `length` is as the header has it, and may reach beyond the packet.
    @inlinable
    public init?(_ payload: RawSpan, at offset: Int) {
      guard offset >= 0, offset + headerByteCount <= payload.byteCount else { return nil }
      let head = payload.little(offset, as: UInt64.self)
      let tail = payload.little(offset + 8, as: UInt64.self)
      event = UInt32(truncatingIfNeeded: head & 0xFF_FFFF)
      source = SourceID(rawValue: UInt8(truncatingIfNeeded: head >> 24))
      length = Self.length(head)
      timestamp = UInt32(truncatingIfNeeded: tail)
      subID = UInt16(truncatingIfNeeded: tail >> 32)
      l0Word = L0Word(rawValue: UInt8(truncatingIfNeeded: tail >> 48))
      self.offset = offset
    }

    /// Length in bytes by the first eight bytes of a header.
    @inlinable @inline(__always)
    static func length(_ head: UInt64) -> Int { Int(head >> 32 & 0xFFFF) * 4 % 65536 }
  }

  /// Checks a packet and calls `body` for each fragment; returns why the packet has to be rejected.
  ///
  /// `body` is called only if the whole packet is sound. Only the first fragment's source is checked, as
  /// in NA62's code; a fragment shorter than its header, on which that code hangs, is rejected.
  @inlinable
  public static func forEachFragment(
    of payload: RawSpan, isConfigured: (SourceID) -> Bool, _ body: (Fragment) -> Void
  ) -> PacketRejection? {
    var offset = 0
    guard let first = Fragment(payload, at: 0) else { return .tooShort }
    guard isConfigured(first.source) else { return .unknownSource }
    while offset < payload.byteCount {
      // Nothing but the lengths is looked at as yet.
      guard offset + headerByteCount <= payload.byteCount else { return .fragmentBeyondEnd }
      let length = Fragment.length(payload.little(offset, as: UInt64.self))
      if length < headerByteCount { return .fragmentTooShort }
      if length > maximumFragment { return .fragmentTooLong }
      if offset + length > payload.byteCount { return .fragmentBeyondEnd }
      offset += length
    }
    offset = 0
    while let fragment = Fragment(payload, at: offset) {
      body(fragment)
      offset += fragment.length
    }
    return nil
  }

  /// The bytes of a fragment: header, then payload padded with zeros to whole words.
  public static func encode(
    event: UInt32, source: SourceID, timestamp: UInt32, subID: UInt16, l0Word: L0Word, payload: [UInt8]
  ) -> [UInt8] {
    let words = (headerByteCount + payload.count + 3) / 4
    var out: [UInt8] = []
    out.appendLittle24(event)
    out.append(source.rawValue)
    out.appendLittle(UInt16(truncatingIfNeeded: words))
    out.appendLittle(UInt16(0))
    out.appendLittle(timestamp)
    out.appendLittle(subID)
    out.append(l0Word.rawValue)
    out.append(0)
    out += payload
    out += [UInt8](repeating: 0, count: words * 4 - out.count)
    return out
  }
}
