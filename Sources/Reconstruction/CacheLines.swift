/// Reads memory into the cache, line by line.
///
/// The bytes of an event were written on another core, long before. The boards are decoded one after another, and
/// each would wait for its lines; read beforehand, without a use between, all of them are waited for at once.
struct CacheLines {
  /// Bytes of a line.
  private static let length = 64
  /// The sum of what was read, so that it has to be read.
  private var sum: UInt8 = 0

  /// Reads a byte of each line of a range, as far as it is there.
  @inline(never)
  mutating func read(_ bytes: RawSpan, from begin: Int, to end: Int) {
    let end = min(end, bytes.byteCount)
    var sum = sum
    bytes.withUnsafeBytes { bytes in
      var at = max(begin, 0)
      while at < end {
        sum &+= bytes[at]
        at += Self.length
      }
    }
    self.sum = sum
  }
}
