import Configuration

extension YAMLNode {
  /// The value as a list of whole numbers within `range`, exactly `count` of them if given.
  func integers(count: Int? = nil, in range: ClosedRange<Int>) throws(ConfigurationError) -> [Int] {
    let items: [YAMLNode]
    if let count { items = try sequence(count: count) } else { items = try sequence() }
    var values: [Int] = []
    for item in items { values.append(try item.int(in: range)) }
    return values
  }

  /// As `integers(count:in:)`, and throws if a number stands twice.
  func distinctIntegers(count: Int? = nil, in range: ClosedRange<Int>) throws(ConfigurationError) -> [Int] {
    let values = try integers(count: count, in: range)
    var seen: Set<Int> = []
    for value in values where !seen.insert(value).inserted {
      throw error("the number \(value) stands twice", advice: "list each number once")
    }
    return values
  }
}

extension ContiguousArray<Int32> {
  /// A map of `count` unmapped channels.
  static func unmapped(_ count: Int) -> Self { Self(repeating: -1, count: count) }
}
