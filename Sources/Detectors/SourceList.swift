public import Configuration
public import NA62Formats

/// The data sources of a run and their boards per event, in the dense order of the farm (`l1.md` 2.7).
///
/// The order fixes the order of the pointer table of an event. The virtual sources L1, L2 and NSTD are
/// made by the farm where they are listed among the L0 sources (`l1.md` 2.2).
public struct SourceList: Sendable, Equatable {
  /// A source and the number of boards that send a fragment per event.
  public struct Entry: Sendable, Equatable {
    /// The source.
    public var id: SourceID
    /// Boards per event, 1...65535.
    public var boards: Int

    /// A source with its boards per event.
    public init(id: SourceID, boards: Int) {
      self.id = id
      self.boards = boards
    }
  }

  /// Most boards accepted for one source.
  public static let boardLimit = 65535

  /// Sources read for every L0 trigger, virtual ones included.
  public var l0: [Entry]
  /// Sources read after an L1 request.
  public var l1: [Entry]
  /// The L0 source whose timestamp is the event's.
  public var timestampSource: SourceID

  /// The sources made by the farm itself: L1, L2 and NSTD (`l1.md` 2.2).
  public static let virtualSources: [SourceID] = [.l1, .l2, .nstd]

  /// The L0 sources that arrive over the network, in order.
  public var physicalL0: [Entry] { l0.filter { !Self.virtualSources.contains($0.id) } }

  /// Sources from lists; throws if a source is repeated, the timestamp source is not an L0 source or a
  /// number of boards is out of range. `file` names the origin in the error.
  public init(
    l0: [Entry], l1: [Entry] = [], timestampSource: SourceID = .l0tp, file: String = "sources"
  ) throws(ConfigurationError) {
    self.l0 = l0
    self.l1 = l1
    self.timestampSource = timestampSource
    var seen: Set<SourceID> = []
    for entry in l0 + l1 {
      guard seen.insert(entry.id).inserted else {
        throw ConfigurationError(
          file: file, problem: "the source \(entry.id.hex) stands twice", advice: "list each source once")
      }
      let limit = Self.virtualSources.contains(entry.id) ? 1 : Self.boardLimit
      guard (1...limit).contains(entry.boards) else {
        throw ConfigurationError(
          file: file,
          problem: "the source \(entry.id.hex) has \(entry.boards) boards, expected 1 to \(limit)")
      }
    }
    guard l0.contains(where: { $0.id == timestampSource }) else {
      throw ConfigurationError(
        file: file, problem: "the timestamp source \(timestampSource.hex) is not an L0 source",
        advice: "add it to the L0 sources")
    }
  }

  /// Reads the mapping with the keys `timestampSource`, `l0` and `l1`; throws as the other initialiser does,
  /// and for what is not a source list, naming file and line.
  public init(node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["timestampSource", "l0", "l1"])
    let timestamp = try mapping.optional("timestampSource").map(Self.identifier) ?? .l0tp
    let l0 = try Self.entries(mapping.required("l0"))
    var l1: [Entry] = []
    if let list = mapping.optional("l1") { l1 = try Self.entries(list) }
    do {
      try self.init(l0: l0, l1: l1, timestampSource: timestamp, file: node.file)
    } catch {
      throw node.error(error.problem, advice: error.advice)
    }
  }

  /// These sources with those that the mapping lists in place of its own; throws as ``init(node:)`` does.
  func changed(by node: YAMLNode) throws(ConfigurationError) -> SourceList {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["timestampSource", "l0", "l1"])
    let l0 = try mapping.optional("l0").map(Self.entries) ?? l0
    let l1 = try mapping.optional("l1").map(Self.entries) ?? l1
    let timestamp = try mapping.optional("timestampSource").map(Self.identifier) ?? timestampSource
    do {
      return try SourceList(l0: l0, l1: l1, timestampSource: timestamp, file: node.file)
    } catch {
      throw node.error(error.problem, advice: error.advice)
    }
  }

  /// Parses a list as the farm's options have it, `0x04:6,0x10:12`: identifiers and boards in decimal, or in
  /// hexadecimal with `0x` (`l1.md` 2.7). Throws if an item is not of that form; `option` names the origin.
  public static func parse(option text: String, name option: String) throws(ConfigurationError) -> [Entry] {
    var entries: [Entry] = []
    guard !text.isEmpty else { return [] }
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = item.split(separator: ":", omittingEmptySubsequences: false).map(integer)
      guard parts.count == 2, let id = parts[0].flatMap({ UInt8(exactly: $0) }),
        let boards = parts[1], (1...boardLimit).contains(boards)
      else {
        throw ConfigurationError(
          file: option,
          problem:
            "expected a source and its boards as 0x10:12, found \(ConfigurationError.quoted(String(item)))",
          advice: "separate the sources by commas")
      }
      entries.append(Entry(id: SourceID(rawValue: id), boards: boards))
    }
    return entries
  }

  private static func integer(_ text: Substring) -> Int? {
    let digits = text.drop { $0 == " " }
    guard let first = digits.first, first.isHexDigit else { return nil }
    return digits.hasPrefix("0x") || digits.hasPrefix("0X")
      ? digits.dropFirst(2).first?.isHexDigit == true ? Int(digits.dropFirst(2), radix: 16) : nil
      : Int(digits)
  }

  private static func identifier(_ node: YAMLNode) throws(ConfigurationError) -> SourceID {
    SourceID(rawValue: UInt8(truncatingIfNeeded: try node.int(in: 0...255)))
  }

  private static func entries(_ node: YAMLNode) throws(ConfigurationError) -> [Entry] {
    var entries: [Entry] = []
    for item in try node.sequence() {
      let mapping = try item.mapping()
      try mapping.rejectUnknown(keys: ["id", "boards"])
      entries.append(
        Entry(
          id: try identifier(mapping.required("id")),
          boards: try mapping.required("boards").int(in: 1...boardLimit)))
    }
    return entries
  }
}
