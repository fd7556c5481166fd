/// The multi-trigger packet: the primitives that one L0 detector sends to the L0 trigger processor for one
/// frame of 256 clock periods, the payload of one UDP datagram (`l0tp.md` 1.2 to 1.4).

/// The 8-byte header of a multi-trigger packet.
public struct MTPHeader: Hashable, Sendable, BitwiseCopyable {
  /// Length of the header in bytes.
  public static let byteCount = 8

  /// Time at which the packet was sent, 24 bits: in frames of 256 clock periods in the 32-bit format, in
  /// clock periods in the 64-bit one. It runs some frames ahead of the primitives.
  public var timestamp: UInt32
  /// The detector's source identifier; the processor itself tells detectors by the port they come in at.
  public var source: SourceID
  /// Length in bytes of the whole packet, this header included, as the sender has it; the processor does
  /// not look at it.
  public var totalLength: UInt16
  /// Number of primitives, as the sender has it.
  public var primitiveCount: UInt8
  /// The board within the detector.
  public var subID: UInt8

  /// A header with the given fields; of the timestamp the low 24 bits count.
  public init(
    timestamp: UInt32, source: SourceID, totalLength: UInt16, primitiveCount: UInt8, subID: UInt8
  ) {
    self.timestamp = timestamp & 0xFF_FFFF
    self.source = source
    self.totalLength = totalLength
    self.primitiveCount = primitiveCount
    self.subID = subID
  }

  /// The header at the start of a UDP payload, or `nil` if the payload is shorter than a header.
  @inlinable
  public init?(_ payload: RawSpan) {
    guard payload.byteCount >= Self.byteCount else { return nil }
    timestamp = payload.little24(0)
    source = SourceID(rawValue: payload.little(3, as: UInt8.self))
    totalLength = payload.little(4, as: UInt16.self)
    primitiveCount = payload.little(6, as: UInt8.self)
    subID = payload.little(7, as: UInt8.self)
  }

  /// The bytes.
  public var bytes: [UInt8] {
    var out: [UInt8] = []
    out.appendLittle24(timestamp)
    out.append(source.rawValue)
    out.appendLittle(totalLength)
    out.append(primitiveCount)
    out.append(subID)
    return out
  }
}

/// One L0 primitive: what a detector says it saw at one time.
public struct Primitive: Hashable, Sendable, BitwiseCopyable {
  /// Clock periods since the start of burst, 31 bits.
  public var timestamp: UInt32
  /// Time within the clock period, in 1/256 of it.
  public var fineTime: UInt8
  /// The identifier: bit 15 marks a calibration, bits 0 to 14 are the detector's conditions.
  public var identifier: UInt16

  /// A primitive with the given fields.
  @inlinable
  public init(timestamp: UInt32, fineTime: UInt8, identifier: UInt16) {
    self.timestamp = timestamp
    self.fineTime = fineTime
    self.identifier = identifier
  }

  /// Bit of the identifier that marks a calibration primitive.
  public static let calibrationBit: UInt16 = 0x8000
  /// Bits of a timestamp.
  public static let timestampMask: UInt32 = 0x7FFF_FFFF
}

/// Reading of multi-trigger packets.
public enum MTP {
  /// UDP port to which detectors send primitives (`l0tp.md` 1.1).
  public static let port: UInt16 = 0xE622
  /// Longest payload in bytes: one unfragmented Ethernet frame.
  public static let maximumByteCount = 1472

  /// How the words behind the header are laid out.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// 32-bit words: primitives, and timestamps where the upper byte is 0 (`l0tp.md` 1.3).
    case words32 = "32-bit"
    /// 64-bit words, the older format (`l0tp.md` 1.4).
    case words64 = "64-bit"
  }

  /// Calls `body` for each primitive of a packet; bytes that do not fill a last word are left.
  ///
  /// - Returns: the number of bytes left over at the end, 0 in a well-formed packet.
  @inlinable @inline(__always)
  @discardableResult
  public static func forEachPrimitive(
    of payload: RawSpan, header: MTPHeader, format: Format = .words32, _ body: (Primitive) -> Void
  ) -> Int {
    let end = payload.byteCount
    var offset = MTPHeader.byteCount
    if format == .words64 {
      while offset + 8 <= end {
        let low = payload.little(offset, as: UInt32.self)
        let timestamp = payload.little(offset + 4, as: UInt32.self) & Primitive.timestampMask
        let identifier = UInt16(truncatingIfNeeded: low >> 16)
        // A word with identifier 0 is a null primitive: the processor does not store it.
        if identifier != 0 {
          body(
            Primitive(
              timestamp: timestamp, fineTime: UInt8(truncatingIfNeeded: low), identifier: identifier))
        }
        offset += 8
      }
      return end - offset
    }
    var high = (header.timestamp & 0x7F_FFFF) << 8
    while offset + 4 <= end {
      let word = payload.little(offset, as: UInt32.self)
      offset += 4
      if word >> 24 == 0 {
        high = (word & 0x7F_FFFF) << 8
      } else {
        body(
          Primitive(
            timestamp: high | (word >> 8) & 0xFF, fineTime: UInt8(truncatingIfNeeded: word),
            identifier: UInt16(truncatingIfNeeded: word >> 16)))
      }
    }
    return end - offset
  }
}

/// Builds multi-trigger packets: the inverse of `MTP`.
public struct MTPEncoder: Sendable {
  /// Sending time: see `MTPHeader.timestamp`.
  public let timestamp: UInt32
  /// The detector.
  public let source: SourceID
  /// The board.
  public let subID: UInt8
  /// The layout of the words.
  public let format: MTP.Format
  private var words: [UInt8] = []
  private var count: UInt8 = 0
  private var high: UInt32?

  /// An empty packet.
  public init(timestamp: UInt32, source: SourceID, subID: UInt8 = 0, format: MTP.Format = .words32) {
    self.timestamp = timestamp
    self.source = source
    self.subID = subID
    self.format = format
  }

  /// Appends a primitive, and the timestamp word that it needs.
  ///
  /// Returns `false`, and appends nothing, if the packet would hold more than 255 primitives or 1472 bytes,
  /// or if the format cannot say it: in the 32-bit format an identifier needs a bit in its upper byte, in
  /// the 64-bit format it must not be 0.
  public mutating func append(_ primitive: Primitive) -> Bool {
    let room = MTP.maximumByteCount - MTPHeader.byteCount - words.count
    guard count < 255 else { return false }
    switch format {
    case .words64:
      guard primitive.identifier != 0, room >= 8 else { return false }
      words.append(primitive.fineTime)
      words.append(0)
      words.appendLittle(primitive.identifier)
      words.appendLittle(primitive.timestamp & Primitive.timestampMask)
    case .words32:
      let upper = (primitive.timestamp & Primitive.timestampMask) >> 8
      guard primitive.identifier >> 8 != 0, room >= (upper == high ? 4 : 8) else { return false }
      if upper != high {
        words.appendLittle(upper)
        high = upper
      }
      words.append(primitive.fineTime)
      words.append(UInt8(truncatingIfNeeded: primitive.timestamp))
      words.appendLittle(primitive.identifier)
    }
    count += 1
    return true
  }

  /// The UDP payload; an empty packet has the two further words that recorded data have (`l0tp.md` 1.3).
  public var bytes: [UInt8] {
    let body = words.isEmpty ? [UInt8](repeating: 0, count: 8) : words
    return MTPHeader(
      timestamp: timestamp, source: source, totalLength: UInt16(MTPHeader.byteCount + body.count),
      primitiveCount: count, subID: subID
    ).bytes + body
  }
}
