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
  private static let stride = 64
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

  init(fineTimeBits: Int) {
    self.fineTimeBits = UInt32(fineTimeBits)
    base = UnsafeMutableRawPointer.allocate(byteCount: Self.slots * Self.stride, alignment: Self.stride)
    for slot in 0..<Self.slots { clear(slot) }
  }

  deinit { base.deallocate() }

  /// Clears the memory for a new burst, as the hardware does: a cell of zeros has the tag 0 and counts as
  /// valid in the first 2048 clock periods; the last slot is not cleared.
  mutating func startBurst() {
    for slot in 0..<(Self.slots - 1) { clear(slot) }
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

  /// The address of a time: clock periods times 256, plus fine time.
  @inline(__always)
  func address(ofTime time: UInt64) -> Int {
    Int(truncatingIfNeeded: time >> UInt64(8 - fineTimeBits)) & (Self.slots - 1)
  }

  /// Writes a primitive in the cell of `lane`, an input 0 to 6; what was there is lost.
  ///
  /// - Returns: whether a primitive of the same slot and tag was lost.
  @inline(__always)
  func store(_ primitive: Primitive, lane: Int) -> Bool {
    let time = UInt64(primitive.timestamp) << 8 | UInt64(primitive.fineTime)
    let line = base + address(ofTime: time) * Self.stride + lane * 2
    let tag = primitive.timestamp >> 11 & Self.tagMask
    let low = UInt16(truncatingIfNeeded: tag)
    let high = UInt16(truncatingIfNeeded: tag >> 16)
    let isTaken =
      line.load(as: UInt16.self) != 0 && line.load(fromByteOffset: 32, as: UInt16.self) == low
      && line.load(fromByteOffset: 48, as: UInt16.self) == high
    line.storeBytes(of: primitive.identifier & 0x7FFF, as: UInt16.self)
    line.storeBytes(of: UInt16(truncatingIfNeeded: time), toByteOffset: 16, as: UInt16.self)
    line.storeBytes(of: low, toByteOffset: 32, as: UInt16.self)
    line.storeBytes(of: high, toByteOffset: 48, as: UInt16.self)
    return isTaken
  }

  /// Reads the slot at an address, 0 to 16383, for an entry of the given tag.
  @inline(__always)
  func read(_ address: Int, tag: UInt32) -> Slot {
    let line = UnsafeRawPointer(base + (address & (Self.slots - 1)) * Self.stride)
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
