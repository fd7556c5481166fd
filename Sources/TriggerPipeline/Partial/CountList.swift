/// A list of counts as short text: the numbers with a space between, and `0*4012` for 4012 zeros. Histograms have many.
struct CountList: Codable, Hashable, Sendable {
  /// Most numbers in a list: what claims more is not read.
  static let most = 1 << 24

  var values: [UInt64]

  init(_ values: [UInt64]) { self.values = values }

  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    values = []
    for item in text.utf8.split(separator: UInt8(ascii: " ")) {
      let parts = item.split(separator: UInt8(ascii: "*"), maxSplits: 1)
      guard let value = parts.first.flatMap({ UInt64(Substring($0)) }),
        let times = parts.count < 2 ? 1 : Int(Substring(parts[1])), times > 0,
        times <= Self.most - values.count
      else { throw PartialError.broken("a list of counts") }
      values.append(contentsOf: repeatElement(value, count: times))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var text = ""
    var place = 0
    while place < values.count {
      let value = values[place]
      let end = values[place...].firstIndex { $0 != value } ?? values.count
      if place > 0 { text += " " }
      text += end - place > 1 ? "\(value)*\(end - place)" : "\(value)"
      place = end
    }
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  /// Adds the counts of another list; throws where it is of other length or a sum is too large.
  mutating func merge(_ other: CountList) throws(PartialError) {
    guard values.count == other.values.count else { throw .broken("lists of different length") }
    for place in values.indices {
      let (sum, overflow) = values[place].addingReportingOverflow(other.values[place])
      guard !overflow else { throw .broken("a count beyond its range") }
      values[place] = sum
    }
  }
}
