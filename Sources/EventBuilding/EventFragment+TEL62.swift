public import NA62Formats

extension EventFragment {
  /// Unpacks the fragment as a TEL62 payload and appends its edges.
  ///
  /// - Parameters:
  ///   - bytes: the batch's bytes: what lies behind the payload is the batch's as well, and may be read.
  ///   - timestamp: the event's timestamp in clock periods.
  ///   - codes: takes the edges, in stored order.
  @inlinable @inline(__always)
  public func unpackTEL62(
    _ bytes: RawSpan, timestamp: UInt32, into codes: inout ScratchList<TEL62.Code>
  ) -> TEL62.Result {
    let begin = Int(offset)
    let count = isVirtual ? 0 : Int(length)
    let end = min(begin + count + 16, bytes.byteCount)
    return TEL62.unpack(bytes.extracting(begin..<end), byteCount: count, timestamp: timestamp, into: &codes)
  }
}
