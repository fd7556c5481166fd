/// The L1 data block: what the trigger processor notes about its decision, the payload of fragment 0
/// of source 0x44 (`l1.md` 6.6).
public struct L1Block: Hashable, Sendable {
  /// Length in bytes of the global part; the whole block if no mask is listed.
  public static let globalByteCount = 12
  /// Length in bytes of the header of a mask.
  public static let maskByteCount = 8
  /// Length in 32-bit words of an algorithm packet, but for STRAW's.
  public static let algorithmWords = 4
  /// Length in 32-bit words of STRAW's packet.
  public static let strawWords = 13

  /// The packet of one algorithm in one mask (`l1.md` 6.6).
  public struct Algorithm: Hashable, Sendable {
    /// Where the packet begins.
    public var offset: Int
    /// Length in bytes.
    public var length: Int
    /// Place of the algorithm in the mask's order.
    public var processID: UInt8
    /// The algorithm, 0 to 7.
    public var id: UInt8
    /// Reference, processed, empty, bad, overflow and result bits.
    public var qualityFlags: UInt8
    /// Downscale factor.
    public var downscaleFactor: UInt16
    /// Time window, truncated.
    public var window: UInt8
    /// Enable, flag, logic and downscale bits.
    public var algorithmFlags: UInt8
    /// The data words: 2, or 11 for STRAW.
    public var data: [UInt32]

    /// Whether the time is relative to a reference detector.
    public var usesReference: Bool { qualityFlags & 0x80 != 0 }
    /// Whether the algorithm ran.
    public var isProcessed: Bool { qualityFlags & 0x40 != 0 }
    /// Whether the packet was empty.
    public var isEmpty: Bool { qualityFlags & 0x10 != 0 }
    /// Whether the data were bad.
    public var isBadData: Bool { qualityFlags & 0x04 != 0 }
    /// Whether STRAW had too many hits.
    public var isOverflow: Bool { qualityFlags & 0x02 != 0 }
    /// The algorithm's word for the mask, after its logic.
    public var isPassed: Bool { qualityFlags & 0x01 != 0 }
  }

  /// One listed mask (`l1.md` 6.6).
  public struct Mask: Hashable, Sendable {
    /// Where the mask begins.
    public var offset: Int
    /// Number of enabled algorithms.
    public var algorithmCount: UInt8
    /// The mask's word, 0 or 1.
    public var word: UInt8
    /// The mask.
    public var id: UInt8
    /// Flag, no-algorithm and timeout bits, or 1 for some STRAW variants.
    public var flags: UInt8
    /// Reduction factor.
    public var reductionFactor: UInt16
    /// Fine time of the event.
    public var fineTime: UInt8
    /// Bits 3 to 0: reference; bits 7 to 4: STRAW variants.
    public var reference: UInt8
    /// The packets of the algorithms.
    public var algorithms: [Algorithm]
  }

  /// Length field of the global part, 12.
  public var globalLength: UInt8
  /// Fine time of the event.
  public var fineTime: UInt8
  /// Source of the reference time, 4 bits.
  public var referenceSource: UInt8
  /// Flag mode, 4 bits.
  public var flagMode: UInt8
  /// Format, 2.
  public var format: UInt8
  /// Downscale factor of the whole.
  public var downscaleFactor: UInt16
  /// Reduction factor of the whole.
  public var reductionFactor: UInt16
  /// Number of listed masks.
  public var maskCount: UInt8
  /// Bypass probability, truncated.
  public var bypassProbability: UInt8
  /// Factor of the automatic flag.
  public var autoFlagFactor: UInt16
  /// The listed masks.
  public var masks: [Mask]

  /// The block in a payload.
  ///
  /// - Throws: `FormatError` where the payload ends early, a packet has another length than 4 or 13
  ///   words, or bytes are left over.
  public init(_ payload: RawSpan) throws(FormatError) {
    try self.init(globalOf: payload)
    var offset = Self.globalByteCount
    for _ in 0..<maskCount {
      var mask = try Self.mask(payload, at: offset)
      offset += Self.maskByteCount
      for _ in 0..<mask.algorithmCount {
        let algorithm = try Self.algorithm(payload, at: offset)
        mask.algorithms.append(algorithm)
        offset += algorithm.length
      }
      masks.append(mask)
    }
    guard offset == payload.byteCount else {
      throw FormatError("\(payload.byteCount - offset) bytes behind the last packet", at: offset)
    }
  }

  /// The global part alone, without masks.
  init(globalOf payload: RawSpan) throws(FormatError) {
    guard payload.holds(Self.globalByteCount, at: 0) else {
      throw FormatError("L1 block shorter than its global part", at: payload.byteCount)
    }
    globalLength = payload.little(0, as: UInt8.self)
    fineTime = payload.little(1, as: UInt8.self)
    referenceSource = payload.little(2, as: UInt8.self) & 15
    flagMode = payload.little(2, as: UInt8.self) >> 4
    format = payload.little(3, as: UInt8.self)
    downscaleFactor = payload.little(4, as: UInt16.self)
    reductionFactor = payload.little(6, as: UInt16.self)
    maskCount = payload.little(8, as: UInt8.self)
    bypassProbability = payload.little(9, as: UInt8.self)
    autoFlagFactor = payload.little(10, as: UInt16.self)
    masks = []
  }

  /// The header of the mask at an offset, without its packets.
  static func mask(_ payload: RawSpan, at offset: Int) throws(FormatError) -> Mask {
    guard payload.holds(maskByteCount, at: offset) else {
      throw FormatError("L1 block ends in a mask", at: offset)
    }
    return Mask(
      offset: offset,
      algorithmCount: payload.little(offset, as: UInt8.self),
      word: payload.little(offset + 1, as: UInt8.self),
      id: payload.little(offset + 2, as: UInt8.self),
      flags: payload.little(offset + 3, as: UInt8.self),
      reductionFactor: payload.little(offset + 4, as: UInt16.self),
      fineTime: payload.little(offset + 6, as: UInt8.self),
      reference: payload.little(offset + 7, as: UInt8.self),
      algorithms: [])
  }

  /// The algorithm packet at an offset.
  static func algorithm(_ payload: RawSpan, at offset: Int) throws(FormatError) -> Algorithm {
    guard payload.holds(1, at: offset) else {
      throw FormatError("L1 block ends before an algorithm packet", at: offset)
    }
    let words = Int(payload.little(offset, as: UInt8.self))
    guard words == algorithmWords || words == strawWords else {
      throw FormatError("algorithm packet of \(words) words", at: offset)
    }
    guard payload.holds(words * 4, at: offset) else {
      throw FormatError("L1 block ends in an algorithm packet", at: offset)
    }
    return Algorithm(
      offset: offset,
      length: words * 4,
      processID: payload.little(offset + 1, as: UInt8.self),
      id: payload.little(offset + 2, as: UInt8.self),
      qualityFlags: payload.little(offset + 3, as: UInt8.self),
      downscaleFactor: payload.little(offset + 4, as: UInt16.self),
      window: payload.little(offset + 6, as: UInt8.self),
      algorithmFlags: payload.little(offset + 7, as: UInt8.self),
      data: (2..<words).map { payload.little(offset + 4 * $0, as: UInt32.self) })
  }

  /// Name of an algorithm by its identifier in the block (`l1.md` 6.1).
  public static func algorithmName(_ id: UInt8) -> String {
    let names = ["CHOD", "RICH", "KTAG", "LAV", "IRCSAC", "STRAW", "MUV3", "NewCHOD"]
    return names.indices.contains(Int(id)) ? names[Int(id)] : "algorithm \(id)"
  }
}
