/// Little-endian loads and appends: the byte order of every NA62 structure but the network headers
/// (`l1.md` section 0).

extension RawSpan {
  /// The little-endian integer at a byte offset; the offset is checked by the span.
  @inlinable @inline(__always)
  func little<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Value.Type) -> Value {
    Value(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type))
  }

  /// The 24-bit little-endian integer at a byte offset.
  @inlinable @inline(__always)
  func little24(_ offset: Int) -> UInt32 {
    UInt32(little(offset, as: UInt16.self)) | UInt32(little(offset + 2, as: UInt8.self)) << 16
  }
}

extension Array where Element == UInt8 {
  /// Appends an integer, least significant byte first.
  @inlinable
  public mutating func appendLittle<Value: FixedWidthInteger>(_ value: Value) {
    for byte in 0..<(Value.bitWidth / 8) {
      append(UInt8(truncatingIfNeeded: value >> Value(8 * byte)))
    }
  }

  /// Appends the low 24 bits of an integer, least significant byte first.
  @inlinable
  public mutating func appendLittle24(_ value: UInt32) {
    append(UInt8(truncatingIfNeeded: value))
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value >> 16))
  }
}
