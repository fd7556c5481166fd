/// The records that are added to the last event of a burst (`l1.md` 7.3).

/// The 8-byte header of an end-of-burst record (`l1.md` 7.3).
public struct EOBHeader: Hashable, Sendable {
  /// Length in bytes.
  public static let byteCount = 8
  /// Length of the record in 32-bit words, header included.
  public var words: UInt16
  /// Block; for L1 and L2 the index of the farm node.
  public var block: UInt8
  /// The detector.
  public var detector: SourceID
  /// Timestamp of the end of burst.
  public var timestamp: UInt32

  /// A header with the given fields.
  public init(words: UInt16, block: UInt8, detector: SourceID, timestamp: UInt32) {
    self.words = words
    self.block = block
    self.detector = detector
    self.timestamp = timestamp
  }

  /// The header at the start of a record.
  ///
  /// - Throws: `FormatError` if there are too few bytes, or the length is below the header's.
  public init(_ record: RawSpan) throws(FormatError) {
    guard record.holds(Self.byteCount, at: 0) else {
      throw FormatError("record shorter than its header", at: record.byteCount)
    }
    words = record.little(0, as: UInt16.self)
    block = record.little(2, as: UInt8.self)
    detector = SourceID(rawValue: record.little(3, as: UInt8.self))
    timestamp = record.little(4, as: UInt32.self)
    guard words >= 2 else { throw FormatError("record length below its header's", at: 0) }
  }

  /// The bytes.
  public var bytes: [UInt8] {
    var out: [UInt8] = []
    out.appendLittle(words)
    out.append(block)
    out.append(detector.rawValue)
    out.appendLittle(timestamp)
    return out
  }
}

/// The end-of-burst record of L1 or L2: what the trigger counted in the burst (`l1.md` 7.3).
public struct EOBTriggerRecord: Hashable, Sendable {
  /// The trigger level, which decides the layout.
  public enum Level: Hashable, Sendable, CaseIterable {
    /// L1: 264 bytes, 15 counters.
    case l1
    /// L2: 260 bytes, 13 counters.
    case l2

    /// Length of the record in bytes.
    public var byteCount: Int { self == .l1 ? 264 : 260 }
    /// Source under which the record goes.
    public var detector: SourceID { self == .l1 ? .l1 : .l2 }
    /// The counters, in their order.
    public var counters: [Counter] {
      Counter.allCases.filter { self == .l1 || ($0 != .corruptedHeader && $0 != .requestToCreams) }
    }
    var format: UInt8 { self == .l1 ? 1 : 0 }
    /// Where the counters begin: L2 has a reserved word more.
    var countersOffset: Int { self == .l1 ? 12 : 16 }
  }

  /// A counter of the record (`l1.md` 7.3).
  public enum Counter: String, Hashable, Sendable, CaseIterable {
    /// Events with a corrupted header; L1 only.
    case corruptedHeader = "CorruptedHeader"
    /// Events.
    case input = "Input"
    /// Special triggers.
    case special = "Special"
    /// Control triggers.
    case control = "Control"
    /// Periodic triggers.
    case periodics = "Periodics"
    /// Physics triggers.
    case physics = "Physics"
    /// Physics triggers of more than one mask.
    case physicsByMultipleMasks = "PhysicsByMultipleMasks"
    /// Requests to the CREAMs; L1 only.
    case requestToCreams = "RequestToCreams"
    /// Events kept.
    case output = "Output"
    /// Physics events accepted.
    case accepted = "Accepted"
    /// Events with the timeout bit.
    case timeout = "Timeout"
    /// Events with a mask without algorithms.
    case allDisabled = "AllDisabled"
    /// Events that bypassed the level.
    case bypass = "Bypass"
    /// Events kept by a flagging mask.
    case flagAlgo = "FlagAlgo"
    /// Events kept by the autopass.
    case autoPass = "AutoPass"
  }

  /// Counts of one mask (`l1.md` 7.3).
  public struct MaskCounts: Hashable, Sendable, BitwiseCopyable {
    /// Events in which the mask fired.
    public var input: UInt32
    /// Events which the mask accepted.
    public var accepted: UInt32

    /// The given counts.
    public init(input: UInt32 = 0, accepted: UInt32 = 0) {
      self.input = input
      self.accepted = accepted
    }
  }

  /// Number of masks.
  public static let maskCount = 16

  /// The level.
  public var level: Level
  /// Index of the farm node.
  public var node: UInt8
  /// Timestamp of the end of burst.
  public var timestamp: UInt32
  /// The counters; one that is absent is 0.
  public var counters: [Counter: UInt32]
  /// The counts of the 16 masks; those absent are 0, more are not written.
  public var masks: [MaskCounts]

  /// A record with the given counts.
  public init(
    level: Level, node: UInt8, timestamp: UInt32, counters: [Counter: UInt32] = [:],
    masks: [MaskCounts] = Array(repeating: MaskCounts(), count: maskCount)
  ) {
    self.level = level
    self.node = node
    self.timestamp = timestamp
    self.counters = counters
    self.masks = masks
  }

  /// The record in its bytes; detector and length tell the level.
  ///
  /// - Throws: `FormatError` if it is no record of L1 or L2.
  public init(_ record: RawSpan) throws(FormatError) {
    let header = try EOBHeader(record)
    guard let level = Level.allCases.first(where: { $0.detector == header.detector }) else {
      throw FormatError("record is of neither L1 nor L2", at: 3)
    }
    guard Int(header.words) * 4 == level.byteCount, record.byteCount == level.byteCount else {
      throw FormatError("record does not have \(level.byteCount) bytes", at: 0)
    }
    guard record.little(8, as: UInt8.self) == level.format else {
      throw FormatError("record format is not \(level.format)", at: 8)
    }
    self.init(level: level, node: header.block, timestamp: header.timestamp, masks: [])
    var offset = level.countersOffset
    for counter in level.counters {
      counters[counter] = record.little(offset, as: UInt32.self)
      offset += 4
    }
    for _ in 0..<Self.maskCount {
      masks.append(
        MaskCounts(
          input: record.little(offset + 4, as: UInt32.self),
          accepted: record.little(offset + 8, as: UInt32.self)))
      offset += 12
    }
  }

  /// The bytes: 264 or 260.
  public var bytes: [UInt8] {
    var out = EOBHeader(
      words: UInt16(level.byteCount / 4), block: node, detector: level.detector, timestamp: timestamp
    ).bytes
    out.append(level.format)
    out.append(counters[.timeout, default: 0] > 0 ? 1 : 0)
    out += [UInt8](repeating: 0, count: level.countersOffset - out.count)
    for counter in level.counters { out.appendLittle(counters[counter, default: 0]) }
    for index in 0..<Self.maskCount {
      let counts = masks.indices.contains(index) ? masks[index] : MaskCounts()
      out.appendLittle(UInt32(0))
      out.appendLittle(counts.input)
      out.appendLittle(counts.accepted)
    }
    return out
  }
}

/// The merger's insertion of end-of-burst records (`l1.md` 7.3).
public enum EndOfBurst {
  /// The event with the records of its burst at the end of its NSTD block.
  ///
  /// An event whose L0 word is not 0x23, or without NSTD, or for which there are no records, comes back
  /// as it is. As in NA62's merger the inserted length is added to the first 32-bit word of the NSTD
  /// block, so that above 65535 it carries into the sub-ID.
  ///
  /// - Parameters:
  ///   - records: the records; those of another time, or of a source that the event does not have, are
  ///     left out, and the others go in the order of the pointer table.
  ///   - event: the stored event.
  ///   - timestamp: the burst's end-of-burst time.
  /// - Throws: `FormatError` if the event or a record is none, or a pointer no longer fits.
  public static func insert(
    _ records: [[UInt8]], into event: [UInt8], timestamp: UInt32
  ) throws(FormatError) -> [UInt8] {
    let header = try StoredEventHeader(event.span.bytes)
    guard header.triggerWord & 0xFF == UInt32(L0Word.endOfBurst.rawValue) else { return event }
    let table = try StoredEvent.pointers(of: event.span.bytes)
    guard let nstd = table.firstIndex(where: { $0.id == .nstd }) else { return event }
    var bySource: [SourceID: [UInt8]] = [:]
    for record in records {
      let head = try EOBHeader(record.span.bytes)
      guard Int(head.words) * 4 == record.count else {
        throw FormatError("length of record is not what its header says", at: 0)
      }
      if head.timestamp == timestamp { bySource[head.detector, default: []] += record }
    }
    var added: [UInt8] = []
    for pointer in table {
      if let bytes = bySource.removeValue(forKey: pointer.id) { added += bytes }
    }
    if added.isEmpty { return event }
    let end = Int(header.words) * 4
    let start = table[nstd].offset
    let place = nstd + 1 < table.count ? table[nstd + 1].offset : end - StoredEvent.trailerByteCount
    guard place - start >= 4 else { throw FormatError("NSTD block is empty", at: start) }
    guard let words = UInt32(exactly: (end + added.count) / 4), words < 1 << 24 else {
      throw FormatError("event too long for its pointers", at: 4)
    }
    let first = event.span.bytes.little(start, as: UInt32.self)
    var out = Array(event[..<place]) + added + event[place...]
    out.putLittle(words, width: 4, at: 4)
    out.putLittle(first &+ UInt32(added.count), width: 4, at: start)
    for index in table.indices where index > nstd {
      let moved = UInt32((table[index].offset + added.count) / 4)
      out.putLittle(moved, width: 3, at: StoredEventHeader.byteCount + 4 * index)
    }
    return out
  }
}
