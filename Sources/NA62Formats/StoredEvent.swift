/// The header of an event as it is stored, format 0x62 (`l1.md` 7.1).
public struct StoredEventHeader: Hashable, Sendable {
  /// Length in bytes.
  public static let byteCount = 32
  /// The format byte.
  public static let format: UInt8 = 0x62

  /// Number of the event, 24 bits.
  public var event: UInt32
  /// Burst.
  public var burst: UInt32
  /// Clock periods since the start of burst.
  public var timestamp: UInt32
  /// L0, L1 and L2 word from the low byte on, 24 bits.
  public var triggerWord: UInt32
  /// Fine time of the event.
  public var fineTime: UInt8
  /// Processing identifier, 0.
  public var processingID: UInt32
  /// Start of burst in seconds since the Unix epoch, 0 until the merger sets it.
  public var startOfBurst: UInt32
  /// Length of the whole event in 32-bit words; computed by the encoder.
  public var words: UInt32 = 0
  /// Number of sources; computed by the encoder.
  public var sourceCount: UInt8 = 0

  /// A header with the given fields.
  public init(
    event: UInt32, burst: UInt32, timestamp: UInt32, triggerWord: UInt32, fineTime: UInt8,
    processingID: UInt32 = 0, startOfBurst: UInt32 = 0
  ) {
    self.event = event
    self.burst = burst
    self.timestamp = timestamp
    self.triggerWord = triggerWord
    self.fineTime = fineTime
    self.processingID = processingID
    self.startOfBurst = startOfBurst
  }

  /// The header at the start of an event.
  ///
  /// - Throws: `FormatError` if there are too few bytes, or the format is another.
  public init(_ bytes: RawSpan) throws(FormatError) {
    guard bytes.holds(Self.byteCount, at: 0) else {
      throw FormatError("event shorter than its header", at: bytes.byteCount)
    }
    guard bytes.little(3, as: UInt8.self) == Self.format else {
      throw FormatError("event format is not 0x62", at: 3)
    }
    event = bytes.little24(0)
    words = bytes.little(4, as: UInt32.self)
    burst = bytes.little(8, as: UInt32.self)
    timestamp = bytes.little(12, as: UInt32.self)
    triggerWord = bytes.little24(16)
    fineTime = bytes.little(20, as: UInt8.self)
    sourceCount = bytes.little(21, as: UInt8.self)
    processingID = bytes.little(24, as: UInt32.self)
    startOfBurst = bytes.little(28, as: UInt32.self)
  }
}

/// A stored event (`l1.md` 7.1): its header, and where its sources and fragments lie. Payloads are not
/// copied.
public struct StoredEvent: Hashable, Sendable {
  /// What is put behind a block of source data to align the next one.
  public enum Alignment: String, Hashable, Sendable, CaseIterable {
    /// As NA62's serialiser does: offset mod 4 bytes, so that after an odd length the next source
    /// begins 2 bytes behind what its pointer says, and the trailer may be cut (`l1.md` 7.1).
    case faithful
    /// As it was meant: up to the next multiple of 4.
    case corrected

    func padding(after offset: Int) -> Int {
      self == .faithful ? offset & 3 : -offset & 3
    }
  }

  /// Stage at which a source is read, which decides the form of its fragments.
  public enum Stage: String, Hashable, Sendable {
    /// Read before L1, or made by the farm: 8-byte fragment headers.
    case l0
    /// Read after L1: the raw 16-byte headers.
    case l1
  }

  /// One fragment: what its header says, and where it lies.
  public struct Fragment: Hashable, Sendable, BitwiseCopyable {
    /// Where the fragment begins, header included, in bytes from the start of the event.
    public var offset: Int
    /// Length in bytes, header included.
    public var length: Int
    /// Length of the header: 8 or 16.
    public var headerLength: Int
    /// The board: 8 bits for L0 sources, 16 for L1 sources.
    public var subID: UInt16
    /// Clock periods since the start of burst; 0xFFFFFFFF for a missing fragment.
    public var timestamp: UInt32

    /// Where the payload lies, in bytes from the start of the event.
    public var payload: Range<Int> { offset + headerLength..<offset + length }
    /// Whether this stands for a fragment that never came.
    public var isMissing: Bool { timestamp == 0xFFFF_FFFF && length == headerLength }
  }

  /// One source of an event.
  public struct Source: Hashable, Sendable {
    /// The source.
    public var id: SourceID
    /// Stage at which it is read.
    public var stage: Stage
    /// Where its data begin, in bytes from the start of the event.
    public var offset: Int
    /// Length of its fragments in bytes, without padding.
    public var length: Int
    /// Its fragments, in arrival order.
    public var fragments: [Fragment]
  }

  /// An entry of the pointer table (`l1.md` 7.1).
  public struct Pointer: Hashable, Sendable {
    /// The source.
    public var id: SourceID
    /// Where its data begin, in bytes: a multiple of 4.
    public var offset: Int
  }

  /// Trigger word of an event that misses fragments.
  public static let incompleteTriggerWord: UInt32 = 0xFE_FE23
  /// Length of an LKr fragment that is not stored.
  public static let emptyLKrByteCount = 28
  /// Length of the trailer in bytes.
  public static let trailerByteCount = 4

  /// The header.
  public var header: StoredEventHeader
  /// The sources, in the order of the pointer table.
  public var sources: [Source]
  /// Where the trailer begins, in bytes; 2 mod 4 if it is cut.
  public var trailerOffset: Int

  /// Length of the event in bytes.
  public var byteCount: Int { Int(header.words) * 4 }

  /// The event at the start of some bytes; bytes behind its length are ignored.
  ///
  /// - Parameters:
  ///   - bytes: the event.
  ///   - l1Sources: the sources that are read after L1, whose fragments have 16-byte headers.
  ///   - alignment: how the event was written; matters only where a fragment's length is odd.
  /// - Throws: `FormatError` at the first byte that contradicts the format.
  public init(
    _ bytes: RawSpan, l1Sources: Set<SourceID>, alignment: Alignment = .faithful
  ) throws(FormatError) {
    let table = try Self.pointers(of: bytes)
    header = try StoredEventHeader(bytes)
    let end = Int(header.words) * 4
    sources = []
    sources.reserveCapacity(table.count)
    var cursor = StoredEventHeader.byteCount + 4 * table.count
    for (index, pointer) in table.enumerated() {
      guard cursor / 4 * 4 == pointer.offset else {
        throw FormatError("pointer is not where its source begins", at: 32 + 4 * index)
      }
      let next = index + 1 < table.count ? table[index + 1].offset : end - Self.trailerByteCount
      let stage: Stage = l1Sources.contains(pointer.id) ? .l1 : .l0
      var source = Source(id: pointer.id, stage: stage, offset: cursor, length: 0, fragments: [])
      // A block ends 2 bytes before to 1 byte behind the next pointer, and no header is that short.
      while next - cursor > 3 {
        let fragment = try Self.fragment(bytes, at: cursor, stage: stage)
        cursor += fragment.length
        guard cursor <= next + 1, cursor <= end else {
          throw FormatError("fragment reaches into the next block", at: fragment.offset)
        }
        source.fragments.append(fragment)
      }
      source.length = cursor - source.offset
      sources.append(source)
      cursor += alignment.padding(after: cursor)
    }
    trailerOffset = cursor
    guard cursor / 4 * 4 == end - Self.trailerByteCount else {
      throw FormatError("trailer is not where the last source ends", at: cursor)
    }
    let width = min(3, end - cursor)
    for byte in 0..<width
    where bytes.little(cursor + byte, as: UInt8.self) != bytes.little(byte, as: UInt8.self) {
      throw FormatError("trailer has another event number", at: cursor + byte)
    }
  }

  /// The pointer table of the event at the start of some bytes: each offset lies in the event, and none
  /// is below the one before.
  ///
  /// - Throws: `FormatError` if the header or the table contradicts the format.
  public static func pointers(of bytes: RawSpan) throws(FormatError) -> [Pointer] {
    let header = try StoredEventHeader(bytes)
    let end = Int(header.words) * 4
    guard end <= bytes.byteCount else { throw FormatError("event is cut short", at: bytes.byteCount) }
    let count = Int(header.sourceCount)
    var lowest = StoredEventHeader.byteCount + 4 * count
    guard lowest + trailerByteCount <= end else {
      throw FormatError("event has no room for its pointer table", at: 4)
    }
    var out: [Pointer] = []
    out.reserveCapacity(count)
    for index in 0..<count {
      let place = StoredEventHeader.byteCount + 4 * index
      let offset = Int(bytes.little24(place)) * 4
      guard offset >= lowest, offset + trailerByteCount <= end else {
        throw FormatError("pointer out of range", at: place)
      }
      lowest = offset
      out.append(Pointer(id: SourceID(rawValue: bytes.little(place + 3, as: UInt8.self)), offset: offset))
    }
    return out
  }

  private static func fragment(
    _ bytes: RawSpan, at offset: Int, stage: Stage
  ) throws(FormatError) -> Fragment {
    let minimum = stage == .l0 ? L0Fragment.headerByteCount : L1Packet.headerByteCount
    guard bytes.holds(minimum, at: offset) else {
      throw FormatError("no room for a fragment header", at: offset)
    }
    let length: Int
    let subID: UInt16
    switch stage {
    case .l0:
      length = Int(bytes.little(offset, as: UInt16.self))
      subID = UInt16(bytes.little(offset + 2, as: UInt8.self))
    case .l1:
      length = Int(bytes.little(offset + 4, as: UInt16.self)) * 4 % 65536
      subID = bytes.little(offset + 12, as: UInt16.self)
    }
    guard length >= minimum else { throw FormatError("fragment shorter than its header", at: offset) }
    return Fragment(
      offset: offset, length: length, headerLength: minimum, subID: subID,
      timestamp: bytes.little(offset + (stage == .l0 ? 4 : 8), as: UInt32.self))
  }
}

/// Writes stored events: the inverse of `StoredEvent` (`l1.md` 7.1).
public struct StoredEventEncoder: Sendable {
  /// A fragment to be stored.
  public enum Fragment: Hashable, Sendable {
    /// A fragment of an L0 source.
    case l0(subID: UInt8, timestamp: UInt32, payload: [UInt8])
    /// A fragment of an L1 source, its 16-byte header included.
    case l1(bytes: [UInt8])
  }

  /// A source to be stored.
  public struct Source: Hashable, Sendable {
    /// The source.
    public var id: SourceID
    /// Form of its fragments that are missing.
    public var stage: StoredEvent.Stage
    /// Its fragments, in arrival order.
    public var fragments: [Fragment]
    /// Number of fragments that never came.
    public var missing: Int

    /// A source with the given fragments.
    public init(id: SourceID, stage: StoredEvent.Stage = .l0, fragments: [Fragment], missing: Int = 0) {
      self.id = id
      self.stage = stage
      self.fragments = fragments
      self.missing = missing
    }
  }

  /// What is put behind a block of source data.
  public var alignment: StoredEvent.Alignment

  /// An encoder; it repeats NA62's alignment error unless told otherwise.
  public init(alignment: StoredEvent.Alignment = .faithful) { self.alignment = alignment }

  /// The bytes of an event.
  ///
  /// LKr fragments of 28 bytes are left out, and the trigger word becomes 0xFEFE23 if any fragment is
  /// missing.
  ///
  /// - Parameters:
  ///   - header: the fields of the header; its length and number of sources are computed.
  ///   - sources: the sources, L0 before L1, in configuration order.
  /// - Throws: `FormatError` if a length does not fit its field.
  public func encode(_ header: StoredEventHeader, sources: [Source]) throws(FormatError) -> [UInt8] {
    guard sources.count <= 255 else { throw FormatError("more than 255 sources", at: 21) }
    let isComplete = sources.allSatisfy { $0.missing <= 0 }
    var out: [UInt8] = []
    out.appendLittle24(header.event)
    out.append(StoredEventHeader.format)
    out.appendLittle(UInt32(0))
    out.appendLittle(header.burst)
    out.appendLittle(header.timestamp)
    out.appendLittle24(isComplete ? header.triggerWord : StoredEvent.incompleteTriggerWord)
    out.append(0)
    out.append(header.fineTime)
    out.append(UInt8(sources.count))
    out.appendLittle(UInt16(0))
    out.appendLittle(header.processingID)
    out.appendLittle(header.startOfBurst)
    for source in sources {
      out.appendLittle24(0)
      out.append(source.id.rawValue)
    }
    for (index, source) in sources.enumerated() {
      guard out.count / 4 < 1 << 24 else { throw FormatError("pointer over 24 bits", at: out.count) }
      out.putLittle(UInt32(out.count / 4), width: 3, at: StoredEventHeader.byteCount + 4 * index)
      for fragment in source.fragments { try append(fragment, of: source.id, to: &out) }
      for _ in 0..<max(source.missing, 0) {
        switch source.stage {
        case .l0:
          out += [8, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]
        case .l1:
          out += L1Packet.encode(
            event: header.event, source: source.id, timestamp: 0xFFFF_FFFF, subID: 0,
            l0Word: .endOfBurst, payload: [])
        }
      }
      out += [UInt8](repeating: 0, count: alignment.padding(after: out.count))
    }
    out.appendLittle24(header.event)
    out.append(0)
    out.removeLast(out.count % 4)
    guard let words = UInt32(exactly: out.count / 4) else { throw FormatError("event too long", at: 4) }
    out.putLittle(words, width: 4, at: 4)
    return out
  }

  private func append(
    _ fragment: Fragment, of source: SourceID, to out: inout [UInt8]
  ) throws(FormatError) {
    switch fragment {
    case .l0(let subID, let timestamp, let payload):
      guard let length = UInt16(exactly: payload.count + L0Fragment.headerByteCount) else {
        throw FormatError("payload over 65527 bytes", at: out.count)
      }
      out.appendLittle(length)
      out.append(subID)
      out.append(1)
      out.appendLittle(timestamp)
      out += payload
    case .l1(let bytes):
      if source == .lkr, bytes.count == StoredEvent.emptyLKrByteCount { return }
      out += bytes
    }
  }
}
