/// Looks over YAML text before it is handed to the recursive composer. Nothing here decides what the text
/// means: the checks are conservative, and what they let pass is checked again on the composed tree.
enum YAMLScan {
  /// Line of the first flow or block nesting beyond the composer's safe depth; nil if there is none.
  ///
  /// Brackets are counted line by line without regard to quotes, which a hostile file could use to hide
  /// them, so the bound is well above ``YAMLLimits/depth``.
  static func lineOfTooDeepNesting(_ text: String) -> Int? {
    let limit = 4 * YAMLLimits.depth
    var line = 1
    var flow = 0
    var lineHasOpened = 0
    var indicators = 0
    var isLeading = true
    for byte in text.utf8 {
      switch byte {
      case 0x0A:
        line += 1
        indicators = 0
        isLeading = true
        lineHasOpened = 0
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        isLeading = false
        flow += 1
        lineHasOpened += 1
        if flow > limit && lineHasOpened > YAMLLimits.depth { return line }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        isLeading = false
        flow = max(0, flow - 1)
        lineHasOpened = max(0, lineHasOpened - 1)
      case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"):
        if isLeading { indicators += 1 }
        if indicators > limit { return line }
      case 0x20, 0x09, 0x0D: break
      default: isLeading = false
      }
    }
    return nil
  }

  /// Line of an alias where the text also has keys that are aliases, lists or mappings; nil if none.
  ///
  /// The composer hashes keys by content, so an alias inside a key could cost exponential time; elsewhere
  /// an alias shares its value, and the number of values is checked while the tree is copied.
  static func lineOfDangerousAlias(_ text: String) -> Int? {
    var text = text
    return text.withUTF8 { bytes in
      guard let alias = firstAlias(bytes), hasStructuredKey(bytes) else { return nil }
      return 1 + bytes[..<alias].count { $0 == 0x0A }
    }
  }

  /// Line after `line` on which `key` stands at the same column, or `line` itself cannot be told: nil.
  static func lineOfRepeatedKey(_ key: String, in text: String, afterLine line: Int, column: Int) -> Int? {
    var number = 0
    for content in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      guard number > line, column >= 1 else { continue }
      let rest = content.dropFirst(column - 1)
      let lead = content.prefix(column - 1)
      guard lead.allSatisfy({ $0 == " " || $0 == "-" }) else { continue }
      for quote in ["", "\"", "'"] where rest.hasPrefix(quote + key + quote) {
        let after = rest.dropFirst(key.count + 2 * quote.count).drop { $0 == " " }
        if after.first == ":" { return number }
      }
    }
    return nil
  }

  private static func isName(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  private static func firstAlias(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    bytes.indices.first { at in
      bytes[at] == UInt8(ascii: "*") && at + 1 < bytes.count && isName(bytes[at + 1])
    }
  }

  private static func hasStructuredKey(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      var end = at + 1
      switch byte {
      case UInt8(ascii: "?"):
        if end == bytes.count || bytes[end] <= 0x20 || bytes[end] >= 0x80 { return true }
      case UInt8(ascii: "*"), UInt8(ascii: "]"), UInt8(ascii: "}"):
        while byte == UInt8(ascii: "*"), end < bytes.count, isName(bytes[end]) { end += 1 }
        while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 { end += 1 }
        if end < bytes.count, bytes[end] == UInt8(ascii: ":") { return true }
      default: break
      }
      at = end
    }
    return false
  }
}
