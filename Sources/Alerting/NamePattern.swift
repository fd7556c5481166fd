/// A name in which `*` stands for any run of characters, as in `L0-*`.
public struct NamePattern: Sendable, Hashable {
  /// The pattern as it was written.
  public let text: String

  /// A pattern.
  public init(_ text: String) { self.text = text }

  /// Whether there is no `*` in it, so that it is one name.
  public var isName: Bool { !text.utf8.contains(UInt8(ascii: "*")) }

  /// Whether the pattern fits the whole of `name`, case included.
  public func matches(_ name: String) -> Bool {
    let (pattern, name) = (Array(text.utf8), Array(name.utf8))
    var (p, n) = (0, 0)
    // Where the last star is, and where in the name what it stands for ends: the only place to go back to.
    var star: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        p = last.pattern + 1
        n = last.name + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

extension [NamePattern] {
  /// Whether one of the patterns fits.
  func matches(_ name: String) -> Bool { contains { $0.matches(name) } }
}
