/// The request for the data of the boards that are read after L1, called MRP by NA62: the one format
/// in network byte order (`l1.md` 2.5).
public struct L1DataRequest: Hashable, Sendable {
  /// Length of the header in bytes.
  public static let headerByteCount = 12
  /// Most triggers that fit into a UDP payload.
  public static let maximumTriggers = (0xFFFF - headerByteCount) / Trigger.byteCount
  /// Most triggers per packet in the farm's default configuration (`maxTriggerPerL1MRP`).
  public static let defaultTriggersPerPacket = 100

  /// One event whose data are requested (`l1.md` 2.5).
  public struct Trigger: Hashable, Sendable, BitwiseCopyable {
    /// Length in bytes.
    public static let byteCount = 12
    /// Clock periods since the start of burst.
    public var timestamp: UInt32
    /// Fine time of the event.
    public var fineTime: UInt8
    /// Whether zero-suppressed data are requested.
    public var isZeroSuppressed: Bool
    /// L0 word in the low byte, L1 word in the high one.
    public var word: UInt16
    /// Number of the event, 24 bits.
    public var event: UInt32

    /// A trigger with the given fields.
    public init(timestamp: UInt32, fineTime: UInt8, isZeroSuppressed: Bool, word: UInt16, event: UInt32) {
      self.timestamp = timestamp
      self.fineTime = fineTime
      self.isZeroSuppressed = isZeroSuppressed
      self.word = word
      self.event = event
    }
  }

  /// IPv4 address that wants the data, its first number in the high byte.
  public var address: UInt32
  /// The triggers, in the order of the packet.
  public var triggers: [Trigger]

  /// A request with the given triggers.
  public init(address: UInt32, triggers: [Trigger]) {
    self.address = address
    self.triggers = triggers
  }

  /// The request in a UDP payload.
  ///
  /// - Throws: `FormatError` if the payload is too short, or the lengths do not agree.
  public init(_ payload: RawSpan) throws(FormatError) {
    guard payload.byteCount >= Self.headerByteCount else {
      throw FormatError("shorter than the header", at: payload.byteCount)
    }
    let count = Int(payload.big(0, as: UInt16.self))
    let length = Int(payload.big(2, as: UInt16.self))
    guard length == payload.byteCount else { throw FormatError("length is not the payload's", at: 2) }
    guard length == Self.headerByteCount + Trigger.byteCount * count else {
      throw FormatError("length does not match the number of triggers", at: 0)
    }
    address = payload.big(4, as: UInt32.self)
    triggers = []
    triggers.reserveCapacity(count)
    for index in 0..<count {
      let offset = Self.headerByteCount + Trigger.byteCount * index
      triggers.append(
        Trigger(
          timestamp: payload.big(offset, as: UInt32.self),
          fineTime: payload.big(offset + 4, as: UInt8.self),
          isZeroSuppressed: payload.big(offset + 5, as: UInt8.self) != 0,
          word: payload.big(offset + 6, as: UInt16.self),
          event: payload.big(offset + 8, as: UInt32.self) & 0xFF_FFFF))
    }
  }

  /// The UDP payload.
  ///
  /// - Throws: `FormatError` if there are more triggers than a payload can hold.
  public func bytes() throws(FormatError) -> [UInt8] {
    guard triggers.count <= Self.maximumTriggers else { throw FormatError("too many triggers", at: 0) }
    var out: [UInt8] = []
    out.appendBig(UInt16(triggers.count))
    out.appendBig(UInt16(Self.headerByteCount + Trigger.byteCount * triggers.count))
    out.appendBig(address)
    out.appendBig(UInt32(0))
    for trigger in triggers {
      out.appendBig(trigger.timestamp)
      out.append(trigger.fineTime)
      out.append(trigger.isZeroSuppressed ? 1 : 0)
      out.appendBig(trigger.word)
      out.appendBig(trigger.event & 0xFF_FFFF)
    }
    return out
  }

  /// The requests that the farm makes of a waiting list: each takes triggers from the back of the
  /// list, so the order is reversed (`l1.md` 2.5).
  public static func requests(
    address: UInt32, waiting: [Trigger], perPacket: Int = defaultTriggersPerPacket
  ) -> [L1DataRequest] {
    let size = min(max(perPacket, 1), maximumTriggers)
    let reversed = Array(waiting.reversed())
    return stride(from: 0, to: reversed.count, by: size).map { start in
      L1DataRequest(address: address, triggers: Array(reversed[start..<min(start + size, reversed.count)]))
    }
  }
}
