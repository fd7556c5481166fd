/// The payload of a STRAW readout board (SRB): 16-bit edges, sorted into 25 ns slots (`l1.md` 4.2).
public enum SRB {
  /// One edge of a straw.
  public struct Edge: Hashable, Sendable, BitwiseCopyable {
    /// Time in ns relative to the event.
    public var time: Double
    /// Readout channel: 256 × SRB identifier + straw address.
    public var channel: UInt16
    /// Whether the edge is a leading one.
    public var isLeading: Bool

    /// An edge with the given fields.
    @inlinable
    public init(time: Double, channel: UInt16, isLeading: Bool) {
      self.time = time
      self.channel = channel
      self.isLeading = isLeading
    }
  }

  /// A board whose payload has been found sound, before its edges are looked at.
  ///
  /// The slot counts decide how many edges there are. Where they ask for more than the packet length
  /// announces, the extra ones are trailing edges of straw 0 of SRB 0, as in NA62's code; beyond its
  /// capacity of two edges per payload word the board is bad.
  public struct Board: Sendable, BitwiseCopyable {
    /// Number of edges.
    public let edgeCount: Int
    /// Edges that are in the payload; the others are made up.
    @usableFromInline let stored: Int
    /// Identifier of the board, in the bits of `Code`.
    @usableFromInline let bits: UInt32
    /// Where the edge counts of the slots are in the payload, which has 16 bytes there.
    @usableFromInline let slots: Int
    /// Time of the first slot from the event, in clock periods.
    @usableFromInline let firstSlot: Int64
    /// Edge counts of the slots 0 to 7 and 8 to 15, one in each byte from the low one on.
    @usableFromInline let counts: (UInt64, UInt64)

    /// The board in a payload, or `nil` if it is bad.
    @inlinable @inline(__always)
    public init?(_ payload: RawSpan, timestamp: UInt32) {
      guard payload.byteCount >= 4 else { return nil }
      let capacity = payload.byteCount / 4 * 2
      let packetLength = Int(payload.little(2, as: UInt16.self))
      let words = Int(UInt16(truncatingIfNeeded: packetLength / 4 - 6))
      let announced = Int(UInt16(truncatingIfNeeded: 2 * words))
      slots = (2 &+ words) &* 4
      // The slots lie inside, so that the edges, between the header of 8 bytes and the slots, do as well.
      guard announced <= capacity, payload.byteCount >= 8, slots &+ 16 <= payload.byteCount else {
        return nil
      }
      counts = (payload.little(slots, as: UInt64.self), payload.little(slots + 8, as: UInt64.self))
      edgeCount = Self.sum(counts.0) + Self.sum(counts.1)
      guard edgeCount <= capacity else { return nil }
      stored = min(edgeCount, announced)
      bits = UInt32(payload.little(0, as: UInt8.self) & 0x1F) << 14
      firstSlot = Int64(payload.little(4, as: UInt32.self)) - Int64(timestamp)
    }

    /// The sum of the bytes of a word: by pairs, then by a multiplication that adds them up on top.
    @inlinable @inline(__always)
    static func sum(_ bytes: UInt64) -> Int {
      let pairs = (bytes & 0x00FF_00FF_00FF_00FF) + ((bytes >> 8) & 0x00FF_00FF_00FF_00FF)
      return Int((pairs &* 0x0001_0001_0001_0001) >> 48)
    }

    /// Unpacks the edges in the order of the slots, without a branch for a single edge.
    ///
    /// - Parameters:
    ///   - payload: the payload that the board was made from.
    ///   - codes: takes `edgeCount` codes, and up to 7 elements without meaning behind them.
    ///   - offsets: takes the times of the edges' slots from the event in ns, and up to 3 more elements.
    @inlinable @inline(__always)
    public func unpack(
      _ payload: RawSpan, codes: UnsafeMutablePointer<Code>, offsets: UnsafeMutablePointer<Double>
    ) {
      payload.withUnsafeBytes { bytes in
        guard let bytes = bytes.baseAddress else { return }
        // Eight edges at once: 16 bytes that begin before the slots end inside the payload.
        var first = 0
        while first < stored {
          let words = bytes.loadUnaligned(fromByteOffset: 8 &+ 2 &* first, as: SIMD8<UInt16>.self)
          let wide = SIMD8<UInt32>(truncatingIfNeeded: words) & 0x3FFF | SIMD8(repeating: bits)
          UnsafeMutableRawPointer(codes + first).storeBytes(of: wide, as: SIMD8<UInt32>.self)
          first &+= 8
        }
        for extra in stored..<edgeCount { codes[extra] = Code(rawValue: 0x20) }
        var out = offsets
        var left = Self.nonzero(counts.0) | Self.nonzero(counts.1) << 8
        while left != 0 {
          // The next slot that is not empty.
          let slot = left.trailingZeroBitCount
          left &= left &- 1
          let count = Int(bytes.load(fromByteOffset: slots &+ slot, as: UInt8.self))
          let offset = Double(firstSlot &+ Int64(slot)) * ClockTicks.strawPeriod
          // Four at once; the next slot writes over what is too much.
          var filled = 0
          repeat {
            UnsafeMutableRawPointer(out + filled).storeBytes(
              of: SIMD4(repeating: offset), as: SIMD4<Double>.self)
            filled &+= 4
          } while filled < count
          out += count
        }
      }
    }

    /// A bit for each byte that is not zero: their high bits, moved together by a multiplication.
    @inlinable @inline(__always)
    static func nonzero(_ bytes: UInt64) -> UInt32 {
      let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
      let high = ((((bytes & low) &+ low) | bytes) & ~low) >> 7
      return UInt32(truncatingIfNeeded: (high &* 0x0102_0408_1020_4080) >> 56)
    }
  }

  /// An edge as it is unpacked: bits 4 to 0 fine time, 5 trailing, 18 to 6 the readout channel.
  public struct Code: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// The bits.
    public let rawValue: UInt32
    /// A code with the given bits.
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Fine time in 1/32 of a clock period.
    @inlinable public var fineTime: Int { Int(rawValue & 31) }
    /// 1 for a trailing edge, 0 for a leading one.
    @inlinable public var trailing: Int { Int((rawValue >> 5) & 1) }
    /// Readout channel, below 8192: 256 × SRB identifier + straw address.
    @inlinable public var channel: Int { Int((rawValue >> 6) & 0x1FFF) }
  }

  /// Fine time in ns.
  @inlinable @inline(__always)
  public static func nanoseconds(fineTime: Int) -> Double { Double(fineTime) * ClockTicks.strawPeriod / 32 }

  /// Decodes a payload and appends its edges in the order of the slots; none of a bad board.
  public static func decode(
    _ payload: RawSpan, timestamp: UInt32, into edges: inout ScratchList<Edge>
  ) -> BoardStatus {
    guard let board = Board(payload, timestamp: timestamp) else { return .bad }
    let count = board.edgeCount
    withUnsafeTemporaryAllocation(of: Code.self, capacity: count + 8) { codes in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: count + 4) { offsets in
        guard let codes = codes.baseAddress, let offsets = offsets.baseAddress else { return }
        board.unpack(payload, codes: codes, offsets: offsets)
        for i in 0..<count {
          edges.append(
            Edge(
              time: nanoseconds(fineTime: codes[i].fineTime) + offsets[i],
              channel: UInt16(truncatingIfNeeded: codes[i].channel), isLeading: codes[i].trailing == 0))
        }
      }
    }
    return .good
  }
}
