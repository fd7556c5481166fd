/// The record of one trigger decision that the L0 trigger processor sends as its event data
/// (`l1.md` 2.3): the part that L1 reads.
public struct L0TPRecord: Hashable, Sendable, BitwiseCopyable {
  /// Payload bytes that have to be present for L1.
  public static let bytesUsedByL1 = 24
  /// Length of the whole payload of the production firmware.
  public static let byteCount = 88

  /// Fine time of the reference detector, in 1/256 of a clock period: the event's fine time.
  public var fineTime: UInt8
  /// Kind of trigger.
  public var dataType: L0DataType
  /// The L0 trigger word.
  public var word: L0Word
  /// Bit m: L0 mask m fired.
  public var flags: UInt16

  /// A record with the given fields.
  @inlinable
  public init(fineTime: UInt8, dataType: L0DataType, word: L0Word, flags: UInt16) {
    self.fineTime = fineTime
    self.dataType = dataType
    self.word = word
    self.flags = flags
  }

  /// The record in a payload, or `nil` if the payload has fewer than 24 bytes.
  @inlinable
  public init?(_ payload: RawSpan) {
    guard payload.byteCount >= Self.bytesUsedByL1 else { return nil }
    fineTime = payload.little(0, as: UInt8.self)
    dataType = L0DataType(rawValue: payload.little(1, as: UInt8.self))
    word = L0Word(rawValue: payload.little(20, as: UInt8.self))
    flags = payload.little(22, as: UInt16.self)
  }

  /// The payload with these fields, and zero in those that L1 does not read.
  public var bytes: [UInt8] {
    var out = [UInt8](repeating: 0, count: Self.byteCount)
    out[0] = fineTime
    out[1] = dataType.rawValue
    out[20] = word.rawValue
    out[22] = UInt8(truncatingIfNeeded: flags)
    out[23] = UInt8(truncatingIfNeeded: flags >> 8)
    return out
  }
}

/// The data-type byte of an L0 trigger (`l1.md` 2.3).
public struct L0DataType: OptionSet, Hashable, Sendable, BitwiseCopyable {
  /// The byte on the wire.
  public let rawValue: UInt8
  /// A data type with the given byte.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A physics trigger.
  public static let physics = L0DataType(rawValue: 0x01)
  /// A periodic trigger.
  public static let periodic = L0DataType(rawValue: 0x02)
  /// A trigger of a calibration primitive.
  public static let calibration = L0DataType(rawValue: 0x04)
  /// A control trigger.
  public static let control = L0DataType(rawValue: 0x10)
  /// A random trigger.
  public static let random = L0DataType(rawValue: 0x20)
}

/// The L0 trigger word (`l1.md` 2.3).
public struct L0Word: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  /// The byte on the wire.
  public let rawValue: UInt8
  /// A word with the given byte.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Start of burst.
  public static let startOfBurst = L0Word(rawValue: 0x22)
  /// End of burst.
  public static let endOfBurst = L0Word(rawValue: 0x23)
  /// GTK pulser: passes L1 unlooked at when the trigger is periodic.
  public static let gtkPulser = L0Word(rawValue: 0x31)

  /// Whether the event is special, whatever its data type: start and end of burst, choke on and off,
  /// LKr calibrations. Error on and off (0x26, 0x27) are not special.
  @inlinable
  public var isSpecial: Bool {
    switch rawValue {
    case 0x22, 0x23, 0x24, 0x25, 0x30, 0x32: true
    default: false
    }
  }
}
