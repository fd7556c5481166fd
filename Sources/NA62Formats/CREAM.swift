/// The payload of a CREAM, which reads calorimeters after L1: samples of up to 32 channels, behind the header of
/// an L1 fragment (`detectors.md` 12.2).
public enum CREAM {
  /// By how many clock periods the time in the fragment's header is behind that of the trigger.
  public static let latency: UInt32 = 0x1F01
  /// Length in bytes of a payload without a channel: its two words, and the last.
  @inlinable public static var emptyByteCount: Int { 12 }
  /// Largest value of a sample, 14 bits.
  public static let saturation: UInt16 = 16_383

  /// The samples of one channel.
  public struct Channel: Hashable, Sendable {
    /// Number on the board, 0 to 31.
    public var number: Int
    /// The samples, in order of time.
    public var samples: [UInt16]

    /// A channel.
    public init(number: Int, samples: [UInt16]) {
      self.number = number
      self.samples = samples
    }
  }

  /// The payload of a board.
  ///
  /// - Parameters:
  ///   - channels: the channels, by ascending number, each with `sampleCount` samples.
  ///   - sampleCount: samples of a channel, an even number.
  ///   - isZeroSuppressed: whether channels without a signal were left out.
  /// - Throws: `FormatError`, its offset the index of the channel that is out of order or has another number of
  ///   samples.
  public static func encode(
    _ channels: [Channel], sampleCount: Int, isZeroSuppressed: Bool
  ) throws(FormatError) -> [UInt8] {
    guard sampleCount % 2 == 0, (0...510).contains(sampleCount) else {
      throw FormatError("odd or too large number of samples", at: 0)
    }
    var mask: UInt32 = 0
    var out: [UInt8] = []
    let words = channels.count * sampleCount / 2 + 3
    out.appendLittle(UInt32(words) & 0xFFFF | UInt32(sampleCount) << 16 | (isZeroSuppressed ? 1 << 30 : 0))
    for (index, channel) in channels.enumerated() {
      guard (0..<32).contains(channel.number), mask >> UInt32(channel.number) == 0,
        channel.samples.count == sampleCount
      else { throw FormatError("wrong order or number of samples of channel", at: index) }
      mask |= 1 << UInt32(channel.number)
    }
    out.appendLittle(mask)
    for channel in channels {
      for sample in channel.samples { out.appendLittle(min(sample, saturation)) }
    }
    // A checksum that NA62's decoder does not look at, and whose algorithm is not known.
    out.appendLittle(UInt32(0))
    return out
  }

  /// A sound payload: its channels, and where their samples are.
  public struct Board: Sendable, Hashable, BitwiseCopyable {
    /// The channels that are there, one bit each.
    public let mask: UInt32
    /// Samples of a channel.
    public let sampleCount: Int

    /// Where the samples of the first channel begin, in bytes; those of the others follow, 16 bits each.
    @inlinable public static var firstSample: Int { 8 }

    /// The payload's header.
    ///
    /// - Throws: `FormatError` if lengths and the mask do not agree; else the samples of all channels of the mask are
    ///   within the payload.
    @inlinable
    public init(_ payload: RawSpan) throws(FormatError) {
      guard payload.byteCount >= CREAM.emptyByteCount else {
        throw FormatError("shorter than its header", at: payload.byteCount)
      }
      let head = payload.little(0, as: UInt32.self)
      mask = payload.little(4, as: UInt32.self)
      sampleCount = Int(head >> 16 & 0x1FF)
      let words = mask.nonzeroBitCount * sampleCount / 2 + 3
      guard sampleCount % 2 == 0, Int(head & 0xFFFF) == words, payload.byteCount >= 4 * words else {
        throw FormatError("length does not match channels and samples", at: 0)
      }
      guard head >> 31 == 0 else { throw FormatError("request bit is set", at: 3) }
    }

    /// The samples of a channel of a board with eight: of the `place`-th that is there, which has to be below their
    /// number.
    @inlinable @inline(__always)
    public func eightSamples(_ payload: RawSpan, place: Int) -> SIMD8<UInt16> {
      precondition(sampleCount == 8 && place >= 0 && place < mask.nonzeroBitCount)
      return payload.withUnsafeBytes { bytes in
        let raw = bytes.loadUnaligned(fromByteOffset: Self.firstSample + 16 * place, as: SIMD8<UInt16>.self)
        #if _endian(big)
          return raw &>> 8 | raw &<< 8
        #else
          return raw
        #endif
      }
    }
  }

  /// The channels of a payload.
  ///
  /// - Throws: `FormatError` if lengths and the mask do not agree.
  public static func decode(_ payload: RawSpan) throws(FormatError) -> [Channel] {
    let board = try Board(payload)
    var channels: [Channel] = []
    var offset = Board.firstSample
    for number in 0..<32 where board.mask >> UInt32(number) & 1 != 0 {
      var samples: [UInt16] = []
      samples.reserveCapacity(board.sampleCount)
      for _ in 0..<board.sampleCount {
        samples.append(payload.little(offset, as: UInt16.self))
        offset += 2
      }
      channels.append(Channel(number: number, samples: samples))
    }
    return channels
  }
}
