import NA62Formats

/// The memory in which the processor lines up primitives in time: 16384 slots, in each a cell for every
/// input (`l0tp.md` 3.2).
///
/// A slot is one cache line, so that one look at a slot reads all seven cells: identifiers, comparison
/// times, and the two halves of the tags, each as eight 16-bit lanes.
struct AlignmentRAM: ~Copyable {
  /// Number of slots.
  static let slots = 1 << 14
  /// Bytes of a slot.
  fileprivate static let stride = 64
  /// The bits of a time that the tag holds: 11 to 29.
  static let tagMask: UInt32 = 0x7_FFFF

  /// One slot as it is read.
  struct Slot {
    /// Identifiers, 15 bits; 0 in a cell that was not written in this burst.
    var identifiers: SIMD8<UInt16>
    /// Comparison times: the low byte of the clock count, and the fine time.
    var times: SIMD8<UInt16>
    /// Lanes whose tag is that of the entry: all ones or all zeros.
    var valid: SIMD8<UInt16>
  }

  private let base: UnsafeMutableRawPointer
  /// Bits of the fine time in an address.
  let fineTimeBits: UInt32
  /// Bits of a time below its slot.
  private let shift: UInt64

  init(fineTimeBits: Int) {
    self.fineTimeBits = UInt32(fineTimeBits)
    shift = UInt64(8 - fineTimeBits)
    base = UnsafeMutableRawPointer.allocate(byteCount: Self.slots * Self.stride, alignment: Self.stride)
    for slot in 0..<Self.slots { clear(slot) }
  }

  deinit { base.deallocate() }

  /// Clears the memory for a new burst, as the hardware does: a cell of zeros has the tag 0 and counts as
  /// valid in the first 2048 clock periods; the last slot is not cleared.
  ///
  /// - Parameter clearsAll: whether the last slot is cleared nevertheless.
  mutating func startBurst(clearsAll: Bool) {
    for slot in 0..<(clearsAll ? Self.slots : Self.slots - 1) { clear(slot) }
  }

  /// The last slot, the only one that outlives a burst.
  var lastSlot: [UInt64] {
    get {
      (0..<Self.stride / 8).map {
        base.load(fromByteOffset: (Self.slots - 1) * Self.stride + 8 * $0, as: UInt64.self)
      }
    }
    nonmutating set {
      for (word, value) in newValue.prefix(Self.stride / 8).enumerated() {
        base.storeBytes(of: value, toByteOffset: (Self.slots - 1) * Self.stride + 8 * word, as: UInt64.self)
      }
    }
  }

  private func clear(_ slot: Int) {
    let zero = SIMD8<UInt16>(repeating: 0)
    // A cell of zeros is compared with the time at which its slot begins.
    let start = UInt16(truncatingIfNeeded: UInt32(slot) << (8 - fineTimeBits))
    let line = base + slot * Self.stride
    line.storeBytes(of: zero, as: SIMD8<UInt16>.self)
    line.storeBytes(of: SIMD8<UInt16>(repeating: start), toByteOffset: 16, as: SIMD8<UInt16>.self)
    line.storeBytes(of: zero, toByteOffset: 32, as: SIMD8<UInt16>.self)
    line.storeBytes(of: zero, toByteOffset: 48, as: SIMD8<UInt16>.self)
  }

  /// Writes a primitive in a cell; what was there is lost.
  ///
  /// - Parameter time: clock periods times 256, plus fine time.
  /// - Returns: 1 if a primitive of the same slot and tag was lost, else 0.
  @inline(__always)
  private static func store(
    _ identifier: UInt16, time: UInt64, tagLow: UInt16, tagHigh: UInt16, in cell: UnsafeMutableRawPointer
  ) -> Int {
    let isTaken =
      cell.load(as: UInt16.self) != 0 && cell.load(fromByteOffset: 32, as: UInt16.self) == tagLow
      && cell.load(fromByteOffset: 48, as: UInt16.self) == tagHigh
    cell.storeBytes(of: identifier, as: UInt16.self)
    cell.storeBytes(of: UInt16(truncatingIfNeeded: time), toByteOffset: 16, as: UInt16.self)
    cell.storeBytes(of: tagLow, toByteOffset: 32, as: UInt16.self)
    cell.storeBytes(of: tagHigh, toByteOffset: 48, as: UInt16.self)
    return isTaken ? 1 : 0
  }

  /// What came of the primitives of a packet.
  struct Stored {
    /// Primitives, calibrations among them.
    var primitives = 0
    /// Calibration primitives, which are not written.
    var calibrations = 0
    /// Primitives that replaced another one in their slot.
    var overwritten = 0
    /// Bytes left over at the end.
    var trailing = 0
  }

  /// Writes the primitives of a packet, and their times to `times`, which has room for one in every word.
  ///
  /// This is `MTP.forEachPrimitive` for the 32-bit format, taken apart: what the words of one frame share
  /// is computed once for each timestamp word.
  @inline(__always)
  func store(
    words32 payload: UnsafeRawBufferPointer, header: MTPHeader, lane: Int,
    times: UnsafeMutablePointer<UInt64>
  ) -> Stored {
    var stored = Stored()
    let count = (payload.count - MTPHeader.byteCount) / 4
    stored.trailing = payload.count - MTPHeader.byteCount - 4 * count
    guard count > 0, let first = payload.baseAddress else { return stored }
    let words = first + MTPHeader.byteCount
    let (cells, shift) = (base + lane &* 2, shift)
    var high = UInt64(header.timestamp & 0x7F_FFFF) << 16
    var (n, overwritten) = (0, 0)
    for i in 0..<count {
      let word = UInt32(littleEndian: words.loadUnaligned(fromByteOffset: 4 &* i, as: UInt32.self))
      if word >> 24 == 0 {
        high = UInt64(word & 0x7F_FFFF) << 16
        continue
      }
      // The low half of a word is its time within the frame: clock period and fine time.
      let time = high | UInt64(word & 0xFFFF)
      times[n] = time
      n &+= 1
      if word & 0x8000_0000 != 0 {
        stored.calibrations &+= 1
        continue
      }
      let address = Int(truncatingIfNeeded: time &>> shift) & (Self.slots - 1)
      overwritten &+= Self.store(
        UInt16(truncatingIfNeeded: word &>> 16), time: time,
        tagLow: UInt16(truncatingIfNeeded: high &>> 19),
        tagHigh: UInt16(truncatingIfNeeded: high &>> 35) & 7, in: cells + address &* Self.stride)
    }
    stored.primitives = n
    stored.overwritten = overwritten
    return stored
  }

  /// The same for the 64-bit format.
  func store(
    words64 payload: RawSpan, header: MTPHeader, lane: Int, times: UnsafeMutablePointer<UInt64>
  ) -> Stored {
    var stored = Stored()
    stored.trailing = MTP.forEachPrimitive(of: payload, header: header, format: .words64) { primitive in
      let time = UInt64(primitive.timestamp) << 8 | UInt64(primitive.fineTime)
      times[stored.primitives] = time
      stored.primitives += 1
      if primitive.identifier & Primitive.calibrationBit != 0 {
        stored.calibrations += 1
        return
      }
      stored.overwritten += Self.store(
        primitive.identifier, time: time, tagLow: UInt16(truncatingIfNeeded: time &>> 19),
        tagHigh: UInt16(truncatingIfNeeded: time &>> 35) & 7,
        in: base + (reader.address(ofTime: time) * Self.stride + lane * 2))
    }
    return stored
  }

  /// A view of the memory for reading, which a loop can keep in registers.
  struct Reader {
    fileprivate let base: UnsafeRawPointer
    fileprivate let shift: UInt64

    /// The address of a time: clock periods times 256, plus fine time.
    @inline(__always)
    func address(ofTime time: UInt64) -> Int {
      Int(truncatingIfNeeded: time &>> shift) & (AlignmentRAM.slots - 1)
    }

    /// The comparison time of one cell, or 0 if its tag is another one.
    @inline(__always)
    func time(_ address: Int, lane: Int, tag: UInt32) -> UInt16 {
      let cell = base + (address &* AlignmentRAM.stride &+ lane &* 2)
      let isValid =
        cell.load(fromByteOffset: 32, as: UInt16.self) == UInt16(truncatingIfNeeded: tag)
        && cell.load(fromByteOffset: 48, as: UInt16.self) == UInt16(truncatingIfNeeded: tag >> 16)
      return isValid ? cell.load(fromByteOffset: 16, as: UInt16.self) : 0
    }

    /// Reads the slot at an address, 0 to 16383, for an entry of the given tag.
    @inline(__always)
    func read(_ address: Int, tag: UInt32) -> Slot {
      let line = base + (address & (AlignmentRAM.slots - 1)) &* AlignmentRAM.stride
      let low = line.load(fromByteOffset: 32, as: SIMD8<UInt16>.self)
      let high = line.load(fromByteOffset: 48, as: SIMD8<UInt16>.self)
      // Zero where both halves of the tag are equal.
      let difference =
        (low ^ SIMD8(repeating: UInt16(truncatingIfNeeded: tag)))
        | (high ^ SIMD8(repeating: UInt16(truncatingIfNeeded: tag >> 16)))
      let zero = SIMD8<UInt16>(repeating: 0)
      return Slot(
        identifiers: line.load(as: SIMD8<UInt16>.self),
        times: line.load(fromByteOffset: 16, as: SIMD8<UInt16>.self),
        valid: zero.replacing(with: SIMD8(repeating: 0xFFFF), where: difference .== zero))
    }
  }

  /// The memory for reading.
  var reader: Reader { Reader(base: UnsafeRawPointer(base), shift: shift) }
}
