/// The packets of the boards that are read after L1 (CREAMs): a sequence of fragments with a 16-byte
/// header each and no packet header (`l1.md` 2.4).
public enum L1Packet {
  /// Length of a fragment header in bytes.
  public static let headerByteCount = 16
  /// Longest fragment that is accepted, in bytes.
  public static let maximumFragment = 9500

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
    public init?(_ payload: RawSpan, at offset: Int) {
      guard offset >= 0, offset + headerByteCount <= payload.byteCount else { return nil }
      event = payload.little24(offset)
      source = SourceID(rawValue: payload.little(offset + 3, as: UInt8.self))
      length = Int(payload.little(offset + 4, as: UInt16.self)) * 4 % 65536
      timestamp = payload.little(offset + 8, as: UInt32.self)
      subID = payload.little(offset + 12, as: UInt16.self)
      l0Word = L0Word(rawValue: payload.little(offset + 14, as: UInt8.self))
      self.offset = offset
    }
  }

  /// Checks a packet and calls `body` for each fragment; returns why the packet has to be rejected.
  ///
  /// `body` is called only if the whole packet is sound. Only the first fragment's source is checked, as
  /// in NA62's code; a fragment shorter than its header, on which that code hangs, is rejected.
  public static func forEachFragment(
    of payload: RawSpan, isConfigured: (SourceID) -> Bool, _ body: (Fragment) -> Void
  ) -> PacketRejection? {
    var offset = 0
    guard let first = Fragment(payload, at: 0) else { return .tooShort }
    guard isConfigured(first.source) else { return .unknownSource }
    while offset < payload.byteCount {
      guard let fragment = Fragment(payload, at: offset) else { return .fragmentBeyondEnd }
      if fragment.length < headerByteCount { return .fragmentTooShort }
      if fragment.length > maximumFragment { return .fragmentTooLong }
      if offset + fragment.length > payload.byteCount { return .fragmentBeyondEnd }
      offset += fragment.length
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
