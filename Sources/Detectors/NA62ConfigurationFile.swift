import Configuration

/// A configuration file of NA62, split as its own parsers do (`l1.md` 8): lines end at a newline, a last line
/// without one is not read; fields are separated by white space; a line whose first field is `#` is ignored.
struct NA62ConfigurationFile {
  struct Line {
    var number: Int
    var fields: [String]
  }

  let path: String
  let lines: [Line]

  init(path: String) throws(ConfigurationError) {
    self.init(path: path, bytes: try ConfigurationFile.bytes(path: path))
  }

  init(path: String, bytes: [UInt8]) {
    self.path = path
    var lines: [Line] = []
    var start = 0
    var number = 0
    for (at, byte) in bytes.enumerated() where byte == 0x0A {
      number += 1
      let fields = bytes[start..<at].split { $0 == 0x20 || (0x09...0x0D).contains($0) }
        .map { String(decoding: $0, as: UTF8.self) }
      start = at + 1
      guard let first = fields.first, first != "#" else { continue }
      lines.append(Line(number: number, fields: fields))
    }
    self.lines = lines
  }

  /// The channel map in the rows `ChRemap_n= v0 ... v15`, in `count` entries; -1 where no row is.
  ///
  /// Rows at or beyond `NROChannels` / 16 are ignored, as by NA62. Throws if `NROChannels=` is missing or
  /// larger than `count`, if a row is short, not of whole numbers, or repeated.
  func channelMap(count: Int) throws(ConfigurationError) -> ContiguousArray<Int32> {
    guard let header = lines.first(where: { $0.fields[0] == "NROChannels=" }) else {
      throw ConfigurationError(file: path, problem: "no line 'NROChannels= n' was found", advice: fileAdvice)
    }
    guard header.fields.count > 1, let channels = Int(header.fields[1]), (1...count).contains(channels) else {
      throw ConfigurationError(
        file: path, line: header.number, keyPath: "NROChannels",
        problem: "expected a number of channels from 1 to \(count)", advice: fileAdvice)
    }
    var map = ContiguousArray<Int32>.unmapped(count)
    for (index, line) in try rows(prefix: "ChRemap_") where index < channels / 16 {
      for (offset, value) in try values(line, count: 16, as: { Int32($0) }).enumerated() {
        map[16 * index + offset] = value
      }
    }
    return map
  }

  /// The one number after `key`; throws if there is no such line or no number.
  func number(key: String) throws(ConfigurationError) -> Double {
    guard let line = lines.first(where: { $0.fields[0] == key }) else {
      throw ConfigurationError(file: path, problem: "no line '\(key) x' was found", advice: fileAdvice)
    }
    return try values(line, count: 1, as: Self.finite)[0]
  }

  /// First field of the last line, which is how the magic T0 is read (`l1.md` 8.6).
  func firstNumberOfLastLine() throws(ConfigurationError) -> Double {
    guard let line = lines.last(where: { !$0.fields[0].hasPrefix("#") }) else {
      throw ConfigurationError(file: path, problem: "no line with a number was found", advice: fileAdvice)
    }
    guard let value = Self.finite(line.fields[0]) else { throw notANumber(line, line.fields[0], "") }
    return value
  }

  /// `rowCount` rows `prefix` n `=` with `columns` numbers each, all of which must be there.
  func table(prefix: String, rowCount: Int, columns: Int) throws(ConfigurationError) -> [Double] {
    let rows = try rows(prefix: prefix)
    var table: [Double] = []
    for index in 0..<rowCount {
      guard let line = rows[index] else {
        throw ConfigurationError(
          file: path, keyPath: "\(prefix)\(index)",
          problem: "the row is missing, expected \(rowCount) rows, found \(rows.count)",
          advice: "a last line without a newline is not read")
      }
      table += try values(line, count: columns, as: Self.finite)
    }
    return table
  }

  private let fileAdvice = "check that this is NA62's file of that detector"

  private func rows(prefix: String) throws(ConfigurationError) -> [Int: Line] {
    var rows: [Int: Line] = [:]
    for line in lines {
      let key = line.fields[0]
      guard key.hasPrefix(prefix), key.hasSuffix("=") else { continue }
      let digits = key.dropFirst(prefix.count).dropLast()
      guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(digits)
      else {
        throw ConfigurationError(
          file: path, line: line.number, problem: "expected \(prefix) and a number, found \(key)")
      }
      if let other = rows.updateValue(line, forKey: index) {
        throw ConfigurationError(
          file: path, line: line.number, keyPath: "\(prefix)\(digits)",
          problem: "the row is repeated; it is already on line \(other.number)", advice: "keep one of them")
      }
    }
    return rows
  }

  private func values<Value>(
    _ line: Line, count: Int, as convert: (String) -> Value?
  ) throws(ConfigurationError) -> [Value] {
    let key = String(line.fields[0].dropLast())
    guard line.fields.count > count else {
      throw ConfigurationError(
        file: path, line: line.number, keyPath: key,
        problem: "expected \(count) values, found \(line.fields.count - 1)")
    }
    var values: [Value] = []
    for field in line.fields[1...count] {
      guard let value = convert(field) else { throw notANumber(line, field, key) }
      values.append(value)
    }
    return values
  }

  private func notANumber(_ line: Line, _ field: String, _ key: String) -> ConfigurationError {
    ConfigurationError(
      file: path, line: line.number, keyPath: key,
      problem: "expected a number, found \(ConfigurationError.quoted(field))")
  }

  private static func finite(_ text: String) -> Double? {
    Double(text).flatMap { $0.isFinite ? $0 : nil }
  }
}
