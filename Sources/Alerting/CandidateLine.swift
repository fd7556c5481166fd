/// A line of a candidate, as ``AlertEncoder`` has written it: what is needed to give it another state.
///
/// The order of the keys is fixed, and within a text quotes are escaped, so that a key behind a comma stands nowhere else:
/// the line need not be decoded as a whole, which would cost as much as its event.
public struct CandidateLine: Sendable {
  /// Name of the selection.
  public let selection: String
  /// Run of the event.
  public let run: UInt32
  /// Burst of the event.
  public let burst: UInt32
  /// Events that its counting experiment has; nil where the selection counts nothing.
  public let observed: Int?
  private let bytes: [UInt8]
  private let state: Range<Int>?

  /// Reads a line; nil where it is none of a candidate.
  public init?(_ line: String) {
    let bytes = Array(line.utf8)
    guard let name = Self.find(",\"selection\":\"", in: bytes, from: 0),
      let nameEnd = bytes[name...].firstIndex(of: UInt8(ascii: "\"")), !bytes[name..<nameEnd].contains(0x5C),
      let runBegin = Self.find(",\"run\":", in: bytes, from: nameEnd),
      let run = Self.number(bytes, runBegin).flatMap({ UInt32(exactly: $0) }),
      let burstBegin = Self.find(",\"burst\":", in: bytes, from: runBegin),
      let burst = Self.number(bytes, burstBegin).flatMap({ UInt32(exactly: $0) }),
      // The last ones: a quantity may have the name of a key.
      let end = Self.findLast(",\"t_data\":\"", in: bytes, before: bytes.count)
    else { return nil }
    self.bytes = bytes
    selection = String(decoding: bytes[name..<nameEnd], as: UTF8.self)
    (self.run, self.burst) = (run, burst)
    let open = ",\"state\":{\"observed\":"
    let begin = Self.findLast(open, in: bytes, before: end)
    observed = begin.flatMap { Self.number(bytes, $0 + open.utf8.count) }.flatMap { Int(exactly: $0) }
    state = observed == nil ? nil : begin.map { $0..<end }
  }

  /// The line with another state; as it is where it has none.
  public func with(_ other: AlertRecord.State) -> String {
    guard let state else { return String(decoding: bytes, as: UTF8.self) }
    return String(decoding: bytes[..<state.lowerBound], as: UTF8.self) + ",\"state\":"
      + AlertEncoder.text(of: other) + String(decoding: bytes[state.upperBound...], as: UTF8.self)
  }

  /// Where the text behind a pattern begins.
  private static func find(_ pattern: String, in bytes: [UInt8], from start: Int) -> Int? {
    let pattern = Array(pattern.utf8)
    guard start <= bytes.count - pattern.count else { return nil }
    return (start...(bytes.count - pattern.count)).first { matches(pattern, bytes, $0) }
      .map { $0 + pattern.count }
  }

  /// Where the last occurrence of a pattern ahead of a place begins.
  private static func findLast(_ pattern: String, in bytes: [UInt8], before end: Int) -> Int? {
    let pattern = Array(pattern.utf8)
    guard pattern.count <= end else { return nil }
    return (0...(end - pattern.count)).last { matches(pattern, bytes, $0) }
  }

  private static func matches(_ pattern: [UInt8], _ bytes: [UInt8], _ place: Int) -> Bool {
    for index in pattern.indices where bytes[place + index] != pattern[index] { return false }
    return true
  }

  /// The digits from a place on; nil where there are none, or too many.
  private static func number(_ bytes: [UInt8], _ place: Int) -> UInt64? {
    let digits = bytes[place...].prefix { $0 >= 0x30 && $0 <= 0x39 }
    return digits.isEmpty ? nil : UInt64(String(decoding: digits, as: UTF8.self))
  }
}
