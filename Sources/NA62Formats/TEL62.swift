/// The payload of a TEL62 readout board: TDC words of up to four FPGAs in frames (`l1.md` 4.1).

/// One edge of a TDC channel.
public struct TDCEdge: Hashable, Sendable, BitwiseCopyable {
  /// Time in 1/256 of a clock period since the start of burst.
  public var time: UInt64
  /// Readout channel: 32 × TDC identifier + channel, 0 to 511 for FPGAs 0 to 3.
  public var channel: UInt16
  /// Whether the edge is a leading one; every other word type counts as trailing.
  public var isLeading: Bool

  /// An edge with the given fields.
  @inlinable
  public init(time: UInt64, channel: UInt16, isLeading: Bool) {
    self.time = time
    self.channel = channel
    self.isLeading = isLeading
  }

  /// Time relative to the event, in ns: (time − timestamp × 256) × 0.0974… (`l1.md` 4.1).
  @inlinable @inline(__always)
  public func nanoseconds(from timestamp: UInt32) -> Double {
    (Double(time) - Double(timestamp) * 256.0) * ClockTicks.fineTimeUnit
  }
}

/// What became of decoding a board's payload.
public enum BoardStatus: UInt8, Hashable, Sendable, BitwiseCopyable {
  /// Decoded; the edges are there.
  case good
  /// Corrupted: edges up to the fault may have been delivered, and no algorithm uses them.
  case bad
  /// A special trigger: there are no data by intent. Algorithms treat it as bad data.
  case special
}

/// A growing store of plain values, reused from event to event: `removeAll` keeps the memory, so a
/// warm decoder does not allocate.
public struct ScratchList<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var storage: UnsafeMutablePointer<Element>
  @usableFromInline var capacity: Int
  /// Number of elements.
  public private(set) var count: Int

  /// An empty list with room for `capacity` elements.
  public init(capacity: Int = 64) {
    self.capacity = max(capacity, 1)
    storage = .allocate(capacity: self.capacity)
    count = 0
  }

  deinit { storage.deallocate() }

  /// Forgets the elements and keeps the memory.
  @inlinable @inline(__always)
  public mutating func removeAll() { setCount(0) }

  /// Forgets the last `n` elements, which have to be there.
  public mutating func removeLast(_ n: Int) {
    precondition(n >= 0 && n <= count)
    count -= n
  }

  @usableFromInline @inline(__always)
  mutating func setCount(_ value: Int) { count = value }

  /// Makes room for `extra` more elements.
  @inlinable @inline(__always)
  public mutating func reserve(_ extra: Int) {
    if count + extra > capacity { grow(count + extra) }
  }

  @usableFromInline
  mutating func grow(_ needed: Int) {
    let larger = max(needed, capacity * 2)
    let fresh = UnsafeMutablePointer<Element>.allocate(capacity: larger)
    fresh.update(from: storage, count: count)
    storage.deallocate()
    storage = fresh
    capacity = larger
  }

  /// Appends an element.
  @inlinable @inline(__always)
  public mutating func append(_ element: Element) {
    if count == capacity { grow(count + 1) }
    storage[count] = element
    setCount(count + 1)
  }

  /// Lets `body` write up to `most` elements behind the present ones, without a check of each: `body` gets
  /// where they begin and their number, which it has to raise and never beyond `most`.
  @inlinable @inline(__always)
  mutating func appendUnchecked<Result>(
    atMost most: Int, _ body: (UnsafeMutablePointer<Element>, inout Int) -> Result
  ) -> Result {
    reserve(most)
    var added = 0
    let result = body(storage + count, &added)
    precondition(added >= 0 && added <= most)
    setCount(count + added)
    return result
  }

  /// The element at an index, which has to be below `count`.
  @inlinable
  public subscript(index: Int) -> Element {
    @inline(__always) get {
      precondition(index >= 0 && index < count)
      return storage[index]
    }
    @inline(__always) set {
      precondition(index >= 0 && index < count)
      storage[index] = newValue
    }
  }

  /// The elements, for a loop without checks; the pointer is not to leave the closure.
  @inlinable @inline(__always)
  public func withElements<Result>(_ body: (UnsafeBufferPointer<Element>) -> Result) -> Result {
    body(UnsafeBufferPointer(start: storage, count: count))
  }
}

/// The decoder of TEL62 payloads.
public enum TEL62 {
  /// What a payload decodes to, besides its edges.
  public struct Result: Sendable {
    /// Good, bad, or special.
    public var status: BoardStatus
    /// The board's sub-ID in the payload, or `nil` where it was not reached.
    public var subID: UInt8?
    /// Byte offsets, in the payload, of the FPGA headers whose error bit 0 NA62's decoder clears in
    /// the raw data because no error block follows (`l1.md` 4.1 step 6); −1 where there is none.
    public var clearedErrorFlags: SIMD4<Int32> = SIMD4(repeating: -1)

    /// A result with no flag cleared.
    @inlinable
    public init(status: BoardStatus, subID: UInt8?) {
      self.status = status
      self.subID = subID
    }
  }

  /// An edge as it is unpacked: the TDC word, and what it takes from its frame and FPGA.
  public struct Code: Hashable, Sendable, BitwiseCopyable {
    /// The TDC word.
    @usableFromInline let word: UInt32
    /// The frame's time in clock periods, whose low 11 bits are zero, with the FPGA identifier in them.
    @usableFromInline let frame: UInt32

    @inlinable @inline(__always)
    init(word: UInt32, frame: UInt32) {
      self.word = word
      self.frame = frame
    }

    /// Whether the edge is a leading one.
    @inlinable @inline(__always)
    public var isLeading: Bool { word >> 28 == 4 }
    /// The FPGA's number, modulo 64: readout channels 0 to 511 are those of FPGAs 0 to 3.
    @inlinable @inline(__always)
    public var fpga: Int { Int(frame & 63) }
    /// Readout channel: 32 × TDC identifier + channel.
    @inlinable @inline(__always)
    public var channel: Int { Int((frame & 63) << 7 | (word >> 19) & 0x7F) }
    /// Time in 1/256 of a clock period since the start of burst, below 2⁴¹.
    @inlinable @inline(__always)
    public var time: Int64 { Int64(frame & 0xFFFF_F800) << 8 + Int64(word & 0x7FFFF) }
  }

  /// Decodes a payload and appends its edges.
  ///
  /// - Parameters:
  ///   - payload: the fragment's payload.
  ///   - timestamp: the event's timestamp in clock periods.
  ///   - edges: takes the edges, in stored order.
  public static func decode(
    _ payload: RawSpan, timestamp: UInt32, into edges: inout ScratchList<TDCEdge>
  ) -> Result {
    var codes = ScratchList<Code>(capacity: payload.byteCount / 4)
    let result = unpack(payload, byteCount: payload.byteCount, timestamp: timestamp, into: &codes)
    codes.withElements { codes in
      for code in codes {
        edges.append(
          TDCEdge(
            time: UInt64(code.time), channel: UInt16(truncatingIfNeeded: code.channel),
            isLeading: code.isLeading))
      }
    }
    return result
  }

  /// Unpacks a payload and appends its edges.
  ///
  /// Words outside the payload make the board bad, where the original reads behind it
  /// (`l1.md` section 10).
  ///
  /// - Parameters:
  ///   - bytes: the fragment's payload, and bytes behind it, which may be read and mean nothing: with 16 of
  ///     them the last frame is unpacked as fast as the others.
  ///   - byteCount: length of the payload; not more than `bytes` has.
  ///   - timestamp: the event's timestamp in clock periods.
  ///   - codes: takes the edges, in stored order.
  @inlinable
  public static func unpack(
    _ bytes: RawSpan, byteCount: Int, timestamp: UInt32, into codes: inout ScratchList<Code>
  ) -> Result {
    precondition(byteCount <= bytes.byteCount)
    let n = byteCount / 4
    guard n > 0 else { return Result(status: .bad, subID: nil) }
    let board = bytes.little(0, as: UInt32.self)
    if board & 0x8000 != 0 { return Result(status: .special, subID: nil) }
    var result = Result(status: .good, subID: UInt8(truncatingIfNeeded: board >> 16))
    let fpgaCount = (board & 0xFF).nonzeroBitCount
    if fpgaCount == 0 || fpgaCount > 4 {
      result.status = .bad
      return result
    }
    // Frames follow one another, so that no word is read twice as an edge: n edges at most, and three
    // elements without meaning behind them.
    return bytes.withUnsafeBytes { bytes in
      codes.appendUnchecked(atMost: n + 3) { out, added in
        unpackFPGAs(bytes, n, fpgaCount, timestamp, &result, out, &added)
        return result
      }
    }
  }

  /// Unpacks the frames of the FPGAs; every index of a word is found below `n` before it is used.
  @inlinable @inline(__always)
  static func unpackFPGAs(
    _ bytes: UnsafeRawBufferPointer, _ n: Int, _ fpgaCount: Int, _ timestamp: UInt32,
    _ result: inout Result, _ out: UnsafeMutablePointer<Code>, _ added: inout Int
  ) {
    guard let base = bytes.baseAddress else { return }
    @inline(__always)
    func word(_ index: Int) -> UInt32 {
      UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 4 &* index, as: UInt32.self))
    }
    // A word from which four can be loaded.
    let lastQuad = bytes.count / 4 - 4
    var count = 0
    defer { added = count }
    let high = timestamp & 0xFFFF_0000
    // Where the event is in the last or the first of 16 parts of its 16 low bits, a frame in the first or the
    // last part, `pivot`, is of the time after or before. No part is 1.
    let late = timestamp & 0xF000
    let pivot: UInt32 = late == 0xF000 ? 0 : late == 0 ? 0xF000 : 1
    let shift: UInt32 = late == 0xF000 ? 0x10000 : 0 &- 0x10000
    // Behind each frame `w` is at most 65535 beyond n, so that no sum overflows.
    var w = 0
    for f in 0..<fpgaCount {
      let headerIndex = 1 &+ f &+ w
      guard headerIndex < n else {
        result.status = .bad
        return
      }
      let header = word(headerIndex)
      let fpga = (header >> 16) & 0xFF
      var frames = header & 0xFF
      while frames != 0 {
        frames &-= 1
        let frameIndex = 2 &+ f &+ w
        guard frameIndex < n else {
          result.status = .bad
          return
        }
        let frame = word(frameIndex)
        let length = Int(frame >> 16)
        if length == 0 {
          result.status = .bad
          return
        }
        w &+= length
        // Of a time beyond 32 bits NA62's code keeps 32.
        let time = (high | frame & 0xFFFF) &+ (frame & 0xF000 == pivot ? shift : 0)
        let info = time & 0xFFFF_F800 | fpga
        var index = frameIndex &+ 1
        let end = min(frameIndex &+ length, n)
        // Most frames have one to four edges: four are taken at once, without a branch for each.
        while index < end, index <= lastQuad {
          let words = base.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD4<UInt32>.self)
          // Words and frames in turn, as the codes have them in memory.
          let raw = UnsafeMutableRawPointer(out + count)
          raw.storeBytes(of: SIMD4(words[0], info, words[1], info), as: SIMD4<UInt32>.self)
          raw.storeBytes(
            of: SIMD4(words[2], info, words[3], info), toByteOffset: 16, as: SIMD4<UInt32>.self)
          let step = min(end &- index, 4)
          count &+= step
          index &+= step
        }
        while index < end {
          out[count] = Code(word: word(index), frame: info)
          count &+= 1
          index &+= 1
        }
        if frameIndex &+ length > n {
          result.status = .bad
          return
        }
      }
      if header >> 24 & 1 != 0 {
        let errorIndex = 2 + f + w
        guard errorIndex <= n else {
          result.status = .bad
          return
        }
        // With nothing left behind this FPGA (errorIndex = n) there is no error block to skip.
        let isError =
          errorIndex < n
          && (word(errorIndex) >> 8) & 0xFF != 0xFF
          && w + fpgaCount + 1 != n
        if isError {
          let count = Int(word(errorIndex) >> 16)
          if count == 0 {
            result.status = .bad
            return
          }
          w += count
        } else {
          result.clearedErrorFlags[f] = Int32(truncatingIfNeeded: headerIndex * 4)
        }
      }
    }
  }
}
