extension L0Downscaling {
  /// The factor as a menu writes it: a whole number, or a fraction as `5/2`.
  public var text: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }

  /// The factor that a menu's text means exactly: `100`, `2.5` or `5/2`; `nil` if it is none, or below 1.
  public init?(text: String, mode: Mode = .counter, seed: UInt64 = 0) {
    guard let (numerator, denominator) = Self.fraction(text), denominator > 0, numerator >= denominator else {
      return nil
    }
    self.init(numerator: numerator, denominator: denominator, mode: mode, seed: seed)
  }

  private static func fraction(_ text: String) -> (UInt32, UInt32)? {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 {
      guard let numerator = whole(parts[0]), let denominator = whole(parts[1]) else { return nil }
      return (numerator, denominator)
    }
    let decimals = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = decimals.first, decimals.count == 2 else {
      return whole(text[...]).map { ($0, 1) }
    }
    var digits = decimals[1]
    guard !digits.isEmpty else { return nil }
    while digits.last == "0" { digits = digits.dropLast() }
    guard !digits.isEmpty else { return whole(first).map { ($0, 1) } }
    guard digits.utf8.count <= 9, isDigits(first), let numerator = UInt64(first + digits) else { return nil }
    var scale: UInt64 = 1
    for _ in digits.utf8 { scale *= 10 }
    // 10^9 at most, so that only factors 2 and 5 are common; with them taken out both may fit.
    var (a, b) = (numerator, scale)
    for prime in [2, 5] as [UInt64] {
      while a.isMultiple(of: prime), b.isMultiple(of: prime), a > 0 { (a, b) = (a / prime, b / prime) }
    }
    guard let numerator = UInt32(exactly: a), let denominator = UInt32(exactly: b) else { return nil }
    return (numerator, denominator)
  }

  private static func whole(_ digits: Substring) -> UInt32? { isDigits(digits) ? UInt32(digits) : nil }

  private static func isDigits(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
