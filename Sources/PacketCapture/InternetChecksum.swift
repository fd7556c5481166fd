/// The ones' complement checksum of IPv4 headers.
enum InternetChecksum {
  /// Computes the checksum of the IPv4 header that lies in `header` of `frame` and writes it there.
  /// Does nothing where the range is shorter than a header or not inside the frame.
  static func seal(header: Range<Int>, of frame: inout ContiguousArray<UInt8>) {
    guard header.count >= 20, header.lowerBound >= 0, header.upperBound <= frame.count else { return }
    frame[header.lowerBound + 10] = 0
    frame[header.lowerBound + 11] = 0
    var sum: UInt32 = 0
    var at = header.lowerBound
    while at + 1 < header.upperBound {
      sum &+= UInt32(frame[at]) << 8 | UInt32(frame[at + 1])
      at += 2
    }
    while sum >> 16 != 0 { sum = (sum & 0xffff) &+ (sum >> 16) }
    let checksum = ~UInt16(truncatingIfNeeded: sum)
    frame[header.lowerBound + 10] = UInt8(checksum >> 8)
    frame[header.lowerBound + 11] = UInt8(checksum & 0xff)
  }
}
