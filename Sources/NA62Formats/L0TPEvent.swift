/// The whole event data of the L0 trigger processor: the 88 bytes of a trigger, and the 840 bytes of the end
/// of a burst (`l0tp.md` 5.3, 5.4). `L0TPRecord` is the part of it that L1 reads.

/// One trigger as the processor sends it to the farm, 88 bytes.
public struct L0TPEvent: Hashable, Sendable {
  /// Inputs of the processor.
  public static let inputs = 7
  /// Length in bytes.
  public static let byteCount = L0TPRecord.byteCount

  /// What L1 reads: fine time, data type, trigger word, flags.
  public var record: L0TPRecord
  /// Primitive identifiers in the slots N, N-1, N+1 (in this order, seven each); 0 where there is none.
  public var identifiers = [UInt16](repeating: 0, count: 3 * inputs)
  /// Fine times in the same order.
  public var fineTimes = [UInt8](repeating: 0, count: 3 * inputs)
  /// Timestamp of the event before, in clock periods; 0 in the first one.
  public var previousTimestamp: UInt32 = 0
  /// Trigger word of the event before.
  public var previousWord: UInt8 = 0
  /// Primitives since the event before from CHOD, RICH, MUV3 and NewCHOD; 255 where there were more.
  public var primitiveCounts = [UInt8](repeating: 0, count: 4)
  /// The processor's clock when the record was made; 0 before the firmware of 2021.
  public var internalTimestamp: UInt32 = 0

  /// A trigger without primitives.
  public init(record: L0TPRecord) { self.record = record }

  /// Offsets of the seven identifiers and fine times of each slot.
  static let identifierOffsets = [2, 42, 66]
  static let fineTimeOffsets = [32, 56, 80]

  /// The trigger in a payload, or `nil` if it has fewer than 88 bytes.
  public init?(_ payload: RawSpan) {
    guard payload.byteCount >= Self.byteCount, let record = L0TPRecord(payload) else { return nil }
    self.init(record: record)
    for slot in 0..<3 {
      for input in 0..<Self.inputs {
        identifiers[slot * Self.inputs + input] = payload.little(
          Self.identifierOffsets[slot] + 2 * input, as: UInt16.self)
        fineTimes[slot * Self.inputs + input] = payload.little(
          Self.fineTimeOffsets[slot] + input, as: UInt8.self)
      }
    }
    previousTimestamp = payload.little(16, as: UInt32.self)
    previousWord = payload.little(21, as: UInt8.self)
    for i in 0..<4 { primitiveCounts[i] = payload.little(24 + i, as: UInt8.self) }
    internalTimestamp = payload.little(28, as: UInt32.self)
  }

  /// The 88 bytes.
  public var bytes: [UInt8] {
    var out = record.bytes
    for slot in 0..<3 {
      for input in 0..<Self.inputs {
        let place = slot * Self.inputs + input
        let identifier = identifiers.indices.contains(place) ? identifiers[place] : 0
        out.putLittle(UInt32(identifier), width: 2, at: Self.identifierOffsets[slot] + 2 * input)
        out[Self.fineTimeOffsets[slot] + input] = fineTimes.indices.contains(place) ? fineTimes[place] : 0
      }
    }
    out.putLittle(previousTimestamp, width: 4, at: 16)
    out[21] = previousWord
    for i in 0..<min(4, primitiveCounts.count) { out[24 + i] = primitiveCounts[i] }
    out.putLittle(internalTimestamp, width: 4, at: 28)
    return out
  }
}

/// The processor's event at the end of a burst: its settings and what it counted, 840 bytes.
public struct L0TPEndOfBurst: Hashable, Sendable {
  /// Length in bytes.
  public static let byteCount = 840
  /// Masks.
  public static let maskCount = 16

  /// One mask.
  public struct Mask: Hashable, Sendable {
    /// The downscaling factor, or 0 if the mask is off.
    public var factor: UInt32 = 0
    /// Triggers after downscaling.
    public var post: UInt32 = 0
    /// Triggers before downscaling.
    public var pre: UInt32 = 0
    /// The mask words of the inputs.
    public var mask = [UInt16](repeating: 0, count: L0TPEvent.inputs)
    /// The dontcare words of the inputs.
    public var dontcare = [UInt16](repeating: 0, count: L0TPEvent.inputs)

    /// A mask that is off.
    public init() {}
  }

  /// Clock periods from a trigger to its sending, 16 bits.
  public var fixedLatency: UInt16 = 0
  /// Bits of the fine time in a slot's address.
  public var fineTimeBits: UInt8 = 0
  /// The reference input.
  public var referenceDetector: UInt8 = 0
  /// The control input.
  public var controlDetector: UInt8 = 0
  /// The downscaling factor of control, or 0 if it is off.
  public var controlFactor: UInt16 = 0
  /// Control triggers before downscaling.
  public var controlPre: UInt32 = 0
  /// Control triggers after downscaling.
  public var controlPost: UInt32 = 0
  /// Timestamp of the last event.
  public var lastTimestamp: UInt32 = 0
  /// Trigger word of the last event.
  public var lastWord: UInt8 = 0
  /// Primitives received from each input.
  public var primitives = [UInt32](repeating: 0, count: L0TPEvent.inputs)
  /// Chokes.
  public var chokes: UInt32 = 0
  /// Errors.
  public var errors: UInt32 = 0
  /// Periodic triggers.
  public var periodics: UInt32 = 0
  /// Triggers of calibration primitives.
  public var calibrations: UInt32 = 0
  /// The masks.
  public var masks = [Mask](repeating: Mask(), count: maskCount)

  /// An event without counts.
  public init() {}

  /// The event in a payload.
  ///
  /// - Throws: `FormatError` if the payload is shorter than 840 bytes, or its second byte is not 0x23.
  public init(_ payload: RawSpan) throws(FormatError) {
    guard payload.byteCount >= Self.byteCount else {
      throw FormatError("end-of-burst event shorter than \(Self.byteCount) bytes", at: payload.byteCount)
    }
    guard payload.little(1, as: UInt8.self) == L0Word.endOfBurst.rawValue else {
      throw FormatError("end-of-burst event without 0x23", at: 1)
    }
    fixedLatency = payload.little(2, as: UInt16.self)
    fineTimeBits = payload.little(4, as: UInt8.self)
    referenceDetector = payload.little(5, as: UInt8.self)
    controlDetector = payload.little(6, as: UInt8.self)
    controlFactor = payload.little(10, as: UInt16.self)
    controlPre = payload.little(12, as: UInt32.self)
    lastTimestamp = payload.little(16, as: UInt32.self)
    lastWord = payload.little(21, as: UInt8.self)
    for i in 0..<L0TPEvent.inputs { primitives[i] = payload.little(24 + 4 * i, as: UInt32.self) }
    chokes = payload.little(52, as: UInt32.self)
    errors = payload.little(56, as: UInt32.self)
    periodics = payload.little(60, as: UInt32.self)
    calibrations = payload.little(64, as: UInt32.self)
    controlPost = payload.little(68, as: UInt32.self)
    for m in 0..<Self.maskCount {
      let offset = 72 + 48 * m
      masks[m].factor = payload.little(offset + 4, as: UInt32.self)
      masks[m].post = payload.little(offset + 8, as: UInt32.self)
      masks[m].pre = payload.little(offset + 12, as: UInt32.self)
      for i in 0..<L0TPEvent.inputs {
        masks[m].mask[i] = payload.little(offset + 16 + 4 * i, as: UInt16.self)
        masks[m].dontcare[i] = payload.little(offset + 18 + 4 * i, as: UInt16.self)
      }
    }
  }

  /// The 840 bytes.
  public var bytes: [UInt8] {
    var out: [UInt8] = [0, L0Word.endOfBurst.rawValue]
    out.reserveCapacity(Self.byteCount)
    out.appendLittle(fixedLatency)
    out += [fineTimeBits, referenceDetector, controlDetector, 0, 0, 0]
    out.appendLittle(controlFactor)
    out.appendLittle(controlPre)
    out.appendLittle(lastTimestamp)
    out += [L0Word.endOfBurst.rawValue, lastWord, 0, 0]
    for i in 0..<L0TPEvent.inputs { out.appendLittle(primitives.indices.contains(i) ? primitives[i] : 0) }
    for count in [chokes, errors, periodics, calibrations, controlPost] { out.appendLittle(count) }
    for m in 0..<Self.maskCount {
      let mask = masks.indices.contains(m) ? masks[m] : Mask()
      for number in [UInt32(m), mask.factor, mask.post, mask.pre] { out.appendLittle(number) }
      for i in 0..<L0TPEvent.inputs {
        out.appendLittle(mask.mask.indices.contains(i) ? mask.mask[i] : 0)
        out.appendLittle(mask.dontcare.indices.contains(i) ? mask.dontcare[i] : 0)
      }
      out.appendLittle(UInt32(0))
    }
    return out
  }
}
