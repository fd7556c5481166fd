/// What is wrong in a line of the truth.
struct TruthSyntaxError: Error, Equatable {
  /// The key, as `particles[3]`; empty for the line.
  var key: String
  /// What is wrong, and what was expected.
  var problem: String
}

/// The keys of an object, all of which have to be there.
struct TruthKeys: Sendable {
  let names: [String]
  let bytes: [[UInt8]]

  init(_ names: [String]) {
    self.names = names
    bytes = names.map { Array($0.utf8) }
  }
}

/// Reads the JSON of one line, value by value, and nothing that is not expected. It never reads outside the line.
struct TruthScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private(set) var at = 0
  /// The key that is being read, for messages.
  private var key = ""
  private var index: Int?

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  // MARK: Structure

  /// The byte at the place, 0 behind the end.
  @inline(__always)
  private var byte: UInt8 { at < bytes.count ? bytes[at] : 0 }

  @inline(__always)
  private mutating func skipSpace() { while byte == 0x20 || byte == 0x09 || byte == 0x0D { at += 1 } }

  /// Takes a character if it is the next one.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(TruthSyntaxError) {
    guard take(character) else { throw expected("'\(character)'") }
  }

  /// The line has to end here.
  mutating func expectEnd() throws(TruthSyntaxError) {
    skipSpace()
    guard at == bytes.count else {
      key = ""
      throw expected("the end of the line")
    }
  }

  /// An error that says what stands at the place instead.
  func expected(_ what: String) -> TruthSyntaxError {
    guard at < bytes.count else { return problem("expected \(what), but the line ends") }
    let rest = bytes[at..<min(bytes.count, at + 16)]
    let shown = rest.map { (0x20...0x7E).contains($0) ? Character(Unicode.Scalar($0)) : "?" }
    return problem("expected \(what) at column \(at + 1), found '\(String(shown))'")
  }

  func problem(_ text: String) -> TruthSyntaxError {
    TruthSyntaxError(key: index.map { "\(key)[\($0)]" } ?? key, problem: text)
  }

  /// Reads the rest of an object behind its first members, or an object if `isBegun` is not set; calls `body` with
  /// the number of each key.
  mutating func object(
    _ keys: TruthKeys, isBegun: Bool = false, areRequired: Bool = true,
    _ body: (inout TruthScanner, Int) throws(TruthSyntaxError) -> Void
  ) throws(TruthSyntaxError) {
    let outer = (key, index)
    if !isBegun { try expect("{") }
    var seen: UInt64 = 0
    var next = 0
    var isFirst = !isBegun
    while !take("}") {
      if !isFirst { try expect(",") }
      isFirst = false
      let number = try memberKey(keys, from: next)
      guard seen & 1 << UInt64(number) == 0 else { throw problem("the key stands twice") }
      seen |= 1 << UInt64(number)
      next = number + 1
      try body(&self, number)
    }
    if areRequired, let missing = keys.names.indices.first(where: { seen & 1 << UInt64($0) == 0 }) {
      key = keys.names[missing]
      index = nil
      throw problem("the key is missing")
    }
    (key, index) = outer
  }

  /// Reads a key and its colon; keys mostly come in their order.
  private mutating func memberKey(_ keys: TruthKeys, from next: Int) throws(TruthSyntaxError) -> Int {
    skipSpace()
    let count = keys.bytes.count
    for step in 0..<count {
      let number = (next + step) % count
      if takeKey(keys.bytes[number]) {
        key = keys.names[number]
        index = nil
        try expect(":")
        return number
      }
    }
    let place = at
    let name = try string(limit: 64)
    at = place
    index = nil
    key = name
    throw problem("unknown key; expected one of \(keys.names.joined(separator: ", "))")
  }

  private mutating func takeKey(_ name: [UInt8]) -> Bool {
    let end = at + name.count + 1
    guard end < bytes.count, bytes[at] == 0x22, bytes[end] == 0x22 else { return false }
    for i in name.indices where bytes[at + 1 + i] != name[i] { return false }
    at = end + 1
    return true
  }

  /// Takes a key that has to be the next one, with its colon.
  mutating func expectKey(_ keys: TruthKeys, _ number: Int) throws(TruthSyntaxError) {
    skipSpace()
    guard takeKey(keys.bytes[number]) else { throw expected("the key '\(keys.names[number])'") }
    key = keys.names[number]
    try expect(":")
  }

  /// Reads a list; calls `body` for each element.
  mutating func list(
    _ body: (inout TruthScanner, Int) throws(TruthSyntaxError) -> Void
  ) throws(TruthSyntaxError) {
    let outer = (key, index)
    try expect("[")
    var number = 0
    while !take("]") {
      if number > 0 { try expect(",") }
      (key, index) = (outer.0, number)
      try body(&self, number)
      number += 1
    }
    (key, index) = outer
  }

  // MARK: Values

  /// Whether the value is `null`, which is taken.
  mutating func takeNull() -> Bool {
    skipSpace()
    guard at + 4 <= bytes.count, bytes[at] == 0x6E, bytes[at + 1] == 0x75, bytes[at + 2] == 0x6C,
      bytes[at + 3] == 0x6C
    else { return false }
    at += 4
    return true
  }

  /// A whole number of a type, within its range.
  mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(TruthSyntaxError) -> Value {
    skipSpace()
    let start = at
    let isNegative = byte == 0x2D
    if isNegative { at += 1 }
    let digits = at
    var magnitude: UInt64 = 0
    var overflows = false
    while case let digit = byte &- 0x30, digit < 10 {
      let (product, isLarge) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, isLarger) = product.addingReportingOverflow(UInt64(digit))
      overflows = overflows || isLarge || isLarger
      magnitude = sum
      at += 1
    }
    let isWhole = at > digits && byte != 0x2E && byte | 0x20 != 0x65
    let hasZero = at > digits + 1 && bytes[digits] == 0x30
    let value: Value? =
      overflows ? nil : isNegative ? Value(exactly: 0 - Int128(magnitude)) : Value(exactly: magnitude)
    guard isWhole, !hasZero, let value else {
      at = start
      throw expected("a whole number from \(Value.min) to \(Value.max)")
    }
    return value
  }

  /// A finite number.
  mutating func number() throws(TruthSyntaxError) -> Double {
    skipSpace()
    let start = at
    let isNegative = byte == 0x2D
    if isNegative { at += 1 }
    var mantissa: UInt64 = 0
    var digits = 0
    var scale = 0
    let whole = at
    while case let digit = byte &- 0x30, digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      digits += 1
      at += 1
    }
    var isNumber = at > whole && (at == whole + 1 || bytes[whole] != 0x30)
    if byte == 0x2E {
      at += 1
      let first = at
      while case let digit = byte &- 0x30, digit < 10 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
        digits += 1
        scale += 1
        at += 1
      }
      isNumber = isNumber && at > first
    }
    var isSimple = digits < 19 && mantissa < 1 << 53 && scale <= 22
    if byte | 0x20 == 0x65 {
      at += 1
      isSimple = false
      if byte == 0x2B || byte == 0x2D { at += 1 }
      let first = at
      while byte &- 0x30 < 10 { at += 1 }
      isNumber = isNumber && at > first
    }
    // Both are exact, so the quotient is the nearest number.
    var value: Double? = Double(mantissa) / Self.powers[min(scale, 22)]
    if isNegative, let magnitude = value { value = -magnitude }
    if !isSimple, isNumber { value = Double(String(decoding: bytes[start..<at], as: UTF8.self)) }
    guard isNumber, let value, value.isFinite else {
      at = start
      throw expected("a number")
    }
    return value
  }

  private static let powers: [Double] = (0...22).map { power in
    (0..<power).reduce(1.0) { product, _ in product * 10 }
  }

  /// Three numbers, without brackets.
  mutating func vector() throws(TruthSyntaxError) -> Vector3 {
    let x = try number()
    try expect(",")
    let y = try number()
    try expect(",")
    return Vector3(x, y, try number())
  }

  /// Two numbers in brackets, the second not below the first.
  mutating func range() throws(TruthSyntaxError) -> ClosedRange<Double> {
    try expect("[")
    let low = try number()
    try expect(",")
    let high = try number()
    try expect("]")
    guard low <= high else { throw problem("expected the lower end first, found \(low) and \(high)") }
    return low...high
  }

  /// A text of up to `limit` bytes.
  mutating func string(limit: Int) throws(TruthSyntaxError) -> String {
    guard take("\"") else { throw expected("a text") }
    let start = at
    while at < bytes.count, bytes[at] >= 0x20, bytes[at] != 0x22, bytes[at] != 0x5C, at - start <= limit {
      at += 1
    }
    var text = Array(bytes[start..<at])
    while byte != 0x22 {
      guard text.count <= limit, at < bytes.count, bytes[at] >= 0x20 else {
        throw expected("the end of a text of at most \(limit) bytes")
      }
      if bytes[at] == 0x5C {
        try appendEscape(to: &text)
      } else {
        text.append(bytes[at])
        at += 1
      }
    }
    guard text.count <= limit, let value = String(validating: text, as: UTF8.self) else {
      throw expected("a text in UTF-8 of at most \(limit) bytes before this")
    }
    at += 1
    return value
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(TruthSyntaxError) {
    at += 1
    let character = byte
    switch character {
    case 0x22, 0x5C, 0x2F: text.append(character)
    case 0x62: text.append(0x08)
    case 0x66: text.append(0x0C)
    case 0x6E: text.append(0x0A)
    case 0x72: text.append(0x0D)
    case 0x74: text.append(0x09)
    case 0x75:
      guard at + 4 < bytes.count,
        let code = UInt32(String(decoding: bytes[(at + 1)...(at + 4)], as: UTF8.self), radix: 16),
        bytes[at + 1] != 0x2B, bytes[at + 1] != 0x2D, let scalar = Unicode.Scalar(code)
      else { throw expected("four hexadecimal digits of a character behind 'u'") }
      text.append(contentsOf: String(Character(scalar)).utf8)
      at += 4
    default: throw expected("an escape of JSON")
    }
    at += 1
  }
}
