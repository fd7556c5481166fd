import Configuration

/// Reads a condition in the field's words, as `RICH & QX & !MUV3`, into the registers of a mask.
///
/// A condition joins bits by `&`; `!` forbids a bit. A bit is a name of ``PrimitiveBits``, or a detector with
/// a number from 0 to 14, as `LKr[8]`. `any` (or `true`) demands nothing. Parentheses may stand around a part.
/// A mask has no "or" (`l0tp.md` 4.1): `|`, and `!` before a conjunction, are errors.
public struct L0ConditionParser: Sendable {
  /// Most characters of a condition.
  public static let lengthLimit = 2000
  /// Deepest nesting of parentheses.
  static let depthLimit = 16

  /// The names of the bits.
  public let bits: PrimitiveBits

  /// A parser for the names of a run.
  public init(bits: PrimitiveBits) { self.bits = bits }

  /// The condition that `text` says.
  ///
  /// Throws for an unknown name or sign, a bit that is both required and forbidden, and what a mask cannot
  /// say.
  public func parse(_ text: String) throws(L0ConditionError) -> L0Condition {
    guard text.unicodeScalars.count <= Self.lengthLimit else {
      throw L0ConditionError(
        position: Self.lengthLimit, problem: "the condition is longer than \(Self.lengthLimit) characters",
        advice: "check that this is a condition")
    }
    var scanner = Scanner(text: text)
    guard try scanner.peek() != .end else {
      throw L0ConditionError(
        position: 1, problem: "the condition is empty", advice: "write 'any' for one without demands")
    }
    let terms = try conjunction(&scanner, depth: 0)
    switch try scanner.peek() {
    case .end: return try condition(terms)
    case .close: throw scanner.error("')' without '('", "remove it")
    case .name(let name): throw scanner.error("expected '&' before '\(name)'")
    default: throw scanner.error("expected '&'")
    }
  }

  /// A demand on one bit, with the name it was written by.
  private struct Term {
    var bit: PrimitiveBits.Bit
    var isRequired: Bool
    var name: String
    var position: Int
  }

  private func conjunction(_ scanner: inout Scanner, depth: Int) throws(L0ConditionError) -> [Term] {
    var terms = try factor(&scanner, depth: depth)
    while try scanner.peek() == .and {
      try scanner.advance()
      terms += try factor(&scanner, depth: depth)
    }
    return terms
  }

  private func factor(_ scanner: inout Scanner, depth: Int) throws(L0ConditionError) -> [Term] {
    var isNegated = false
    let token = try scanner.peek()
    let position = scanner.position
    if token == .not {
      try scanner.advance()
      isNegated = true
      if try scanner.peek() == .not {
        throw scanner.error("'!' stands twice", "write it once, or not at all")
      }
    }
    var terms = try primary(&scanner, depth: depth)
    guard isNegated else { return terms }
    guard terms.count == 1 else {
      throw L0ConditionError(
        position: position,
        problem: terms.isEmpty
          ? "'!' before a condition that demands nothing" : "'!' before a conjunction is an 'or' of vetoes",
        advice: terms.isEmpty ? "remove it" : "one mask has no 'or': write two masks, or veto each bit")
    }
    terms[0].isRequired.toggle()
    return terms
  }

  private func primary(_ scanner: inout Scanner, depth: Int) throws(L0ConditionError) -> [Term] {
    switch try scanner.peek() {
    case .open:
      guard depth < Self.depthLimit else {
        throw scanner.error("parentheses nested deeper than \(Self.depthLimit)", "remove some")
      }
      let position = scanner.position
      try scanner.advance()
      let terms = try conjunction(&scanner, depth: depth + 1)
      guard try scanner.peek() == .close else {
        throw L0ConditionError(position: position, problem: "'(' without ')'", advice: "add it")
      }
      try scanner.advance()
      return terms
    case .name(let name):
      let position = scanner.position
      let terms = try self.terms(of: name, position: position)
      try scanner.advance()
      return terms
    case .end: throw scanner.error("the condition ends where a name was expected")
    case .and: throw scanner.error("expected a name before '&'")
    case .close: throw scanner.error("expected a name before ')'")
    case .not: throw scanner.error("expected a name before '!'")
    }
  }

  private func terms(of name: String, position: Int) throws(L0ConditionError) -> [Term] {
    if let bit = bits[name] {
      return [Term(bit: bit, isRequired: true, name: name, position: position)]
    }
    if name == "any" || name == "true" { return [] }
    if name.hasSuffix("]"), let bracket = name.firstIndex(of: "[") {
      let detectorName = String(name[..<bracket])
      guard let detector = L0Detector(name: detectorName) else {
        throw L0ConditionError(
          position: position, problem: "unknown detector \(ConfigurationError.quoted(detectorName))",
          suggestion: NearestName.of(detectorName, in: L0Detector.names),
          advice: "detectors: \(L0Detector.names.joined(separator: ", "))")
      }
      let digits = name[name.index(after: bracket)...].dropLast()
      guard let number = Int(digits), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw L0ConditionError(
          position: position, problem: "expected the number of a bit in brackets, found '\(digits)'")
      }
      guard (0...14).contains(number) else {
        throw L0ConditionError(
          position: position, problem: "\(detectorName) has the bits 0 to 14, found \(number)",
          advice: number == 15 ? "bit 15 marks calibration primitives, which reach no mask" : "")
      }
      return [
        Term(
          bit: PrimitiveBits.Bit(detector, number), isRequired: true, name: name, position: position)
      ]
    }
    throw unknown(name, position: position)
  }

  private func unknown(_ name: String, position: Int) -> L0ConditionError {
    var advice = ""
    switch name.lowercased() {
    case "and": advice = "write '&'"
    case "not": advice = "write '!'"
    case "or": advice = "one mask has no 'or': write two masks"
    case "none", "false": advice = "write 'any' for no demands; to switch a mask off write 'enabled: false'"
    default:
      let rest = String(name.dropFirst())
      if name.hasPrefix("n"), bits[rest] != nil { advice = "a veto is written '!\(rest)'" }
    }
    return L0ConditionError(
      position: position,
      problem: "unknown name \(ConfigurationError.quoted(name)) among the bits of run \(bits.run)",
      suggestion: advice.isEmpty ? NearestName.of(name, in: bits.named.map(\.name)) : nil, advice: advice)
  }

  private func condition(_ terms: [Term]) throws(L0ConditionError) -> L0Condition {
    var condition = L0Condition()
    var seen: [PrimitiveBits.Bit: Term] = [:]
    for term in terms {
      if let other = seen[term.bit], other.isRequired != term.isRequired {
        let names =
          other.name == term.name ? "'\(term.name)'" : "'\(other.name)' and '\(term.name)', one bit,"
        throw L0ConditionError(
          position: term.position,
          problem: "\(names) \(other.name == term.name ? "is" : "are") both required and forbidden",
          advice: "no trigger could fire: remove one")
      }
      seen[term.bit] = term
      condition[term.bit.detector, term.bit.number] = term.isRequired ? .required : .forbidden
    }
    return condition
  }
}

/// Cuts the text of a condition into signs and names.
private struct Scanner {
  enum Token: Equatable {
    case and, not, open, close, end
    case name(String)
  }

  private let text: [Unicode.Scalar]
  private var at = 0
  /// The next token and the index behind it.
  private var next: (token: Token, end: Int)?

  init(text: String) { self.text = Array(text.unicodeScalars) }

  /// Character of the next token, from 1; after `peek`.
  var position: Int { at + 1 }

  /// The next token, which stays.
  mutating func peek() throws(L0ConditionError) -> Token {
    if let next { return next.token }
    while at < text.count, text[at].properties.isWhitespace { at += 1 }
    let found = try scan()
    next = found
    return found.token
  }

  /// Goes behind the next token.
  mutating func advance() throws(L0ConditionError) {
    _ = try peek()
    if let next { at = next.end }
    next = nil
  }

  func error(_ problem: String, _ advice: String = "") -> L0ConditionError {
    L0ConditionError(position: position, problem: problem, advice: advice)
  }

  private func scan() throws(L0ConditionError) -> (token: Token, end: Int) {
    guard at < text.count else { return (.end, at) }
    switch text[at] {
    case "&":
      if at + 1 < text.count, text[at + 1] == "&" { throw error("'&' stands twice", "write it once") }
      return (.and, at + 1)
    case "!": return (.not, at + 1)
    case "(": return (.open, at + 1)
    case ")": return (.close, at + 1)
    case "|": throw error("one mask has no 'or'", "write two masks")
    default: break
    }
    var end = at
    while end < text.count, Self.isWord(text[end]) { end += 1 }
    guard end > at else {
      throw error(
        "unexpected \(ConfigurationError.quoted(String(text[at])))",
        "join bits by '&' and forbid with '!', as 'RICH & QX & !MUV3'")
    }
    if end < text.count, text[end] == "[" {
      while end < text.count, text[end] != "]" { end += 1 }
      guard end < text.count else { throw error("'[' without ']'", "a bit is written as 'LKr[8]'") }
      end += 1
    }
    return (.name(String(String.UnicodeScalarView(text[at..<end]))), end)
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_")
  }
}
