/// Why bytes cannot be read as, or fields cannot be written as, one of NA62's formats (`l1.md`
/// sections 2, 4, 6.6 and 7).
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, in words.
  public var what: String
  /// Where, in bytes from the start of what is decoded or encoded.
  public var offset: Int

  /// An error at a byte offset.
  public init(_ what: String, at offset: Int) {
    self.what = what
    self.offset = offset
  }

  /// The error and its place in one line.
  public var description: String { "\(what) at byte \(offset)" }
}

extension RawSpan {
  /// Whether `length` bytes lie at an offset; both may come from hostile bytes.
  func holds(_ length: Int, at offset: Int) -> Bool {
    offset >= 0 && length >= 0 && offset <= byteCount && length <= byteCount - offset
  }

  /// The big-endian integer at a byte offset; the offset is checked by the span.
  func big<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Value.Type) -> Value {
    Value(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type))
  }

  /// A copy of the bytes of a range, which the caller has checked.
  func copy(_ range: Range<Int>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(range.count)
    for offset in range { out.append(little(offset, as: UInt8.self)) }
    return out
  }
}

extension Array where Element == UInt8 {
  /// Appends an integer, most significant byte first: the order of the L1 data request (`l1.md` 2.5).
  mutating func appendBig<Value: FixedWidthInteger>(_ value: Value) {
    for byte in (0..<(Value.bitWidth / 8)).reversed() {
      append(UInt8(truncatingIfNeeded: value >> Value(8 * byte)))
    }
  }

  /// Overwrites the low `width` bytes of an integer at an offset, least significant byte first; bytes
  /// outside the array are left out.
  mutating func putLittle(_ value: UInt32, width: Int, at offset: Int) {
    for byte in 0..<width where indices.contains(offset + byte) {
      self[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt32(8 * byte))
    }
  }
}
